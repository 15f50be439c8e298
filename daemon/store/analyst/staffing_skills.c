/*
 * staffing_skills.c - parts of a service that only some of its people can serve, each planned for
 * itself.
 *
 * A part of contacts that scatter as the service's do scatters in the same way (thinning keeps the
 * dispersion), takes as long and is promised the same. Parts need more people than the service as
 * one pool: those of one cannot help in another.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "roster.h"
#include "staffing_plan.h"
#include "staffing_rule.h"

/* --- which parts there are --- */

static enum status
kept_shares(struct staffing_work *w, struct staffing_service *s, const char *today,
            struct error *err)
{
    struct query *q = NULL;
    enum status st =
        store_query(w->pass->store, &q,
                    "SELECT skill, share FROM service_skill WHERE service = ?1 AND as_of = ?2"
                    " ORDER BY skill = '" SKILLS_OTHERS "', skill",
                    err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, s->name);
    query_set_str(q, 2, today);
    while (s->skills.count <= SKILLS_MOST && (st = query_next(q, err)) == ST_OK) {
        struct span name = query_text(q, 0);

        s->skills.at[s->skills.count++] =
            (struct skill){xstrndup(name.p, name.n), query_real(q, 1)};
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
keep_shares(struct staffing_work *w, const struct staffing_service *s, const char *today,
            struct error *err)
{
    struct query *q = NULL;
    enum status st =
        store_query(w->pass->store, &q, "DELETE FROM service_skill WHERE service = ?1", err);

    if (st == ST_OK) {
        query_set_str(q, 1, s->name);
        st = query_run(q, err);
    }
    query_free(q);
    q = NULL;
    if (st == ST_OK)
        st = store_query(w->pass->store, &q,
                         "INSERT INTO service_skill(service, skill, share, as_of)"
                         " VALUES(?1, ?2, ?3, ?4)",
                         err);
    for (size_t i = 0; st == ST_OK && i < s->skills.count; i++) {
        query_set_str(q, 1, s->name);
        query_set_str(q, 2, s->skills.at[i].name);
        query_set_real(q, 3, s->skills.at[i].share);
        query_set_str(q, 4, today);
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}

/* Are all that are configured among them? A segment may have got its first customers since. */
static bool
all_there(const struct skills *s, const char *const *texts)
{
    size_t named = 0, wanted = 0;

    while (texts[wanted])
        wanted++;
    for (size_t i = 0; i < s->count; i++)
        named += strcmp(s->at[i].name, SKILLS_OTHERS) != 0;
    return named == wanted;
}

enum status
staffing_skills(struct staffing_work *w, struct staffing_service *s, struct error *err)
{
    const char *const *texts = (const char *const *)s->config->skills;
    char today[CIVIL_TEXT];
    enum status st = ST_OK;

    format_day(today, w->local_today);
    if (texts && texts[0] && !w->pass->settings_changed)
        st = kept_shares(w, s, today, err);
    if (st != ST_OK || (texts && texts[0] && all_there(&s->skills, texts)))
        return st;
    skills_clear(&s->skills);
    st = skills_find(w->pass->store, texts, true, &s->skills, err);
    return st == ST_OK ? keep_shares(w, s, today, err) : st;
}

/* --- what they need --- */

struct skill_need {
    double contacts;
    struct erlang_plan mean, expected;
};

static struct erlang_demand
demand_of(const struct staffing_service *s, struct outlook *o, size_t k,
          const struct staffing_interval *at)
{
    struct erlang_demand d = staffing_skill_rule(&at->whole, &s->skills.at[k]);

    d.calls = at->contacts * s->skills.at[k].share;
    if (o->carry)
        erlang_carry(&d, &o->skill_load[k]);
    return d;
}

void
staffing_skills_carry(const struct staffing_service *s, struct outlook *o,
                      const struct staffing_interval *at)
{
    for (size_t k = 0; k < s->skills.count; k++)
        demand_of(s, o, k, at);
}

/* Heads of each skill. Who has none is known only where it is known who has one. */
static enum status
heads(struct staffing_work *w, const struct staffing_service *s, const struct staffing_interval *at,
      double *out, struct error *err)
{
    struct query *q = w->skill_own;
    enum status st = ST_OK;
    bool any = false;

    for (size_t k = 0; st == ST_OK && k < s->skills.count; k++) {
        const char *skill = s->skills.at[k].name;
        bool others = strcmp(skill, SKILLS_OTHERS) == 0; /* comes last */
        char *name = others ? xstrdup(s->name) : skill_name(s->name, skill);

        query_set_str(q, 1, name);
        query_set_str(q, 2, at->from);
        query_set_str(q, 3, at->to);
        st = query_next(q, err);
        out[k] = st == ST_OK && (!others || any) ? query_real(q, 0) : NAN;
        any |= !isnan(out[k]);
        query_reset(q);
        free(name);
    }
    return st;
}

static enum status
write_skill(struct staffing_work *w, const struct staffing_service *s, const struct outlook *o,
            const struct staffing_interval *at, size_t k, const struct skill_need *n, double have,
            struct error *err)
{
    struct query *q = w->skill_insert;
    double low, high;

    forecast_low_high(&o->spread, n->contacts, &low, &high);
    query_set_str(q, 1, s->name);
    query_set_str(q, 2, s->skills.at[k].name);
    query_set_str(q, 3, at->from);
    query_set_int(q, 4, s->config->interval);
    query_set_real(q, 5, s->skills.at[k].share);
    query_set_real(q, 6, n->contacts);
    query_set_real(q, 7, low);
    query_set_real(q, 8, high);
    query_set_int(q, 9, n->mean.agents);
    query_set_int(q, 10, n->mean.scheduled);
    query_set_int(q, 11, n->expected.agents);
    query_set_int(q, 12, n->expected.scheduled);
    query_set_real(q, 13, have);
    query_set_real(q, 14, have - n->mean.scheduled);
    query_set_real(q, 15, n->mean.queue.service_level);
    query_set_real(q, 16, n->mean.queue.occupancy);
    query_set_str(q, 17, w->pass->now_text);
    return query_run(q, err);
}

static enum status
prepare(struct staffing_work *w, struct error *err)
{
    enum status st = ST_OK;

    if (!w->skill_own)
        st = store_query(w->pass->store, &w->skill_own, ROSTER_FEWEST_SQL("?1", "?2", "?3"), err);
    if (st == ST_OK && !w->skill_insert)
        st = store_query(
            w->pass->store, &w->skill_insert,
            "INSERT OR REPLACE INTO staffing_skill(service, skill, start, minutes, share, forecast,"
            " low, high, required, scheduled, required_expected, scheduled_expected, rostered, gap,"
            " service_level, occupancy, as_of) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
            " ?12, ?13, ?14, ?15, ?16, ?17)",
            err);
    return st;
}

enum status
staffing_skills_write(struct staffing_work *w, const struct staffing_service *s, struct outlook *o,
                      const struct staffing_interval *at, struct error *err)
{
    double have[SKILLS_MOST + 1];
    enum status st = ST_OK;

    if (s->skills.count == 0)
        return ST_OK;
    st = prepare(w, err);
    if (st == ST_OK)
        st = heads(w, s, at, have, err);
    for (size_t k = 0; st == ST_OK && k < s->skills.count; k++) {
        struct erlang_demand d = demand_of(s, o, k, at);
        struct skill_need n = {.contacts = d.calls};

        staffing_plan(&w->pass->a->plans, &d, o->spread.phi_usual, &n.mean, &n.expected);
        st = write_skill(w, s, o, at, k, &n, have[k], err);
    }
    return st;
}
