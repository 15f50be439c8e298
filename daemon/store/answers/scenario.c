/*
 * scenario.c - the people that the coming week would need if things were otherwise.
 */
#include "scenario.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "scenario_text.h"
#include "shares.h"
#include "staffing_rule.h"

#define MAX_INTERVALS 1024 /* of a service's week */

/* A service's week as the store has it. */
struct week {
    const struct config_service *config;
    struct staffing_learned learned;
    struct what_if_interval *in;
    int64_t *start; /* the service's, too */
    size_t count;
};

/* By what rule, and with what change of what comes: as it is, and if things were so. */
struct sides {
    struct erlang_demand rule[2];
    struct what_if_change change[2];
};

struct run {
    struct store *store;
    const struct config *config;
    const struct scenario *asked;
    struct scenario_numbers numbers;
    struct scenario_answer *answer;
    struct week *weeks;       /* beside answer->services */
    bool used[SCENARIO_LIST]; /* features that are contacts of a service */
};

/* --- the week --- */

static struct week *
week_for(struct run *r, struct span name)
{
    struct scenario_answer *a = r->answer;
    struct week *w;

    if (a->count && span_is(name, a->services[a->count - 1].name))
        return &r->weeks[a->count - 1];
    a->services = xrealloc(a->services, (a->count + 1) * sizeof *a->services);
    r->weeks = xrealloc(r->weeks, (a->count + 1) * sizeof *r->weeks);
    a->services[a->count] =
        (struct scenario_service){.name = xstrndup(name.p, name.n), .split_hours = NAN};
    w = &r->weeks[a->count++];
    *w = (struct week){.config = &config_service_defaults};
    w->in = xcalloc(MAX_INTERVALS, sizeof *w->in);
    w->start = xcalloc(MAX_INTERVALS, sizeof *w->start);
    for (size_t i = 0; i < r->config->service_count; i++)
        if (span_is(name, r->config->services[i].name))
            w->config = &r->config->services[i];
    a->services[a->count - 1].rate = w->config->rate > 0 ? w->config->rate : NAN;
    a->services[a->count - 1].start = w->start;
    a->services[a->count - 1].minutes = (unsigned)w->config->interval;
    return w;
}

static void
add_interval(struct run *r, const struct query *q)
{
    struct week *w = week_for(r, query_text(q, 0));
    bool has_offset;

    if (w->count == MAX_INTERVALS ||
        !parse_rfc3339(query_text(q, 1), &w->start[w->count], &has_offset))
        return;
    w->in[w->count++] = (struct what_if_interval){
        .calls = query_real(q, 2), .aht_s = query_real(q, 3), .rostered = query_real(q, 4)};
    w->learned = (struct staffing_learned){query_is_null(q, 5) ? 0 : query_real(q, 5),
                                           query_is_null(q, 6) ? 0 : query_real(q, 6)};
    snprintf(r->answer->as_of, sizeof r->answer->as_of, "%.*s", SPAN_ARG(query_text(q, 7)));
}

static enum status
load(struct run *r, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        r->store, &q,
        "SELECT service, start, forecast, handle_seconds, rostered, patience_seconds, availability,"
        " as_of FROM staffing WHERE (service, as_of) IN (SELECT service, max(as_of) FROM staffing"
        " GROUP BY service HAVING max(start) >= (SELECT max(as_of) FROM staffing)) AND"
        " (?1 IS NULL OR service = ?1) ORDER BY service, start",
        err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, r->asked->service);
    while ((st = query_next(q, err)) == ST_OK)
        add_interval(r, q);
    query_free(q);
    if (st == ST_NOT_FOUND && r->answer->count == 0)
        return fail(err, ST_NOT_FOUND, "there is no forecast%s%.100s yet",
                    r->asked->service ? " for " : "", r->asked->service ? r->asked->service : "");
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* --- parts of what comes --- */

/* So much more or less of what a customer brings. */
static enum status
apply_customers(struct run *r, struct error *err)
{
    for (size_t i = 0; r->asked->customer[i]; i++) {
        double factor, share = 0;
        const char *change;
        struct span name;
        enum status st;

        if (!scenario_split(r->asked->customer[i], &name, &change) ||
            !scenario_percent(change, &factor))
            return scenario_wrong(err, "customer", r->asked->customer[i],
                                  "NAME=CHANGE such as ACME=+50%");
        st = share_of_customer(r->store, name, &share, err);
        if (st != ST_OK)
            return st;
        if (!(share > 0))
            return fail(err, ST_NOT_FOUND, "customer: %.100s had no legs in four weeks",
                        r->asked->customer[i]);
        r->numbers.calls_factor += share * (factor - 1);
    }
    return ST_OK;
}

/* Uses of a feature that are contacts of this service. */
static enum status
apply_features(struct run *r, const struct week *w, struct what_if_change *change,
               struct error *err)
{
    const char *match = w->config->match;

    for (size_t i = 0; r->asked->feature[i]; i++) {
        double factor, more;
        const char *text;
        struct span name;

        if (!scenario_split(r->asked->feature[i], &name, &text) ||
            (!scenario_percent(text, &factor) && !scenario_number(text, &more)))
            return scenario_wrong(err, "feature", r->asked->feature[i],
                                  "NAME=CHANGE such as recording=+2000 or video=-5%");
        if (!match || strncmp(match, "feature:", 8) != 0 || !span_is(name, match + 8))
            continue;
        if (scenario_percent(text, &factor))
            change->calls_factor *= factor;
        else
            change->extra_calls += more;
        r->used[i] = true;
    }
    return ST_OK;
}

/* --- people --- */

/* The week on both sides; the caller frees. */
static struct scenario_interval *
plan_sides(const struct sides *sides, const struct what_if_interval *in, size_t n,
           struct what_if_totals *now, struct what_if_totals *then)
{
    struct scenario_interval *out = xcalloc(n + 1, sizeof *out);
    struct erlang_plan *plans = xcalloc(n + 1, sizeof *plans);

    for (int side = 0; side < 2; side++) {
        what_if_plan(&sides->rule[side], &sides->change[side], in, n, plans, side ? then : now);
        for (size_t i = 0; i < n; i++) {
            out[i].rostered = in[i].rostered;
            out[i].required[side] = plans[i].agents;
            out[i].scheduled[side] = plans[i].scheduled;
        }
    }
    free(plans);
    return out;
}

/* --- skills --- */

/* Heads of a skill, where its roster is known. */
static enum status
skill_roster(struct run *r, const struct week *w, const char *service, const char *skill,
             struct what_if_interval *in, struct error *err)
{
    struct query *q = NULL;
    size_t at = 0;
    enum status st = store_query(r->store, &q,
                                 "SELECT start, rostered FROM staffing_skill WHERE service = ?1"
                                 " AND skill = ?2 ORDER BY start",
                                 err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, service);
    query_set_str(q, 2, skill);
    while ((st = query_next(q, err)) == ST_OK) {
        bool has_offset;
        int64_t start;

        if (!parse_rfc3339(query_text(q, 0), &start, &has_offset))
            continue;
        while (at < w->count && w->start[at] < start)
            at++;
        if (at < w->count && w->start[at] == start)
            in[at].rostered = query_real(q, 1);
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* The skill's part of both sides. A split that is only asked for has no roster. */
static enum status
add_skill(struct run *r, const struct week *w, const struct sides *whole, const struct skill *skill,
          struct scenario_service *s, struct error *err)
{
    struct scenario_skill *k = &s->skills[s->skill_count++];
    struct what_if_interval *in = xcalloc(w->count + 1, sizeof *in);
    struct sides part = *whole;
    enum status st = ST_OK;

    *k = (struct scenario_skill){.name = xstrdup(skill->name), .share = skill->share};
    for (int i = 0; i < 2; i++) {
        part.rule[i] = staffing_skill_rule(&whole->rule[i], skill);
        part.change[i].calls_factor *= skill->share;
        part.change[i].extra_calls *= skill->share;
    }
    for (size_t i = 0; i < w->count; i++) {
        in[i] = w->in[i];
        in[i].rostered = NAN;
    }
    if (!r->asked->split[0])
        st = skill_roster(r, w, s->name, skill->name, in, err);
    if (st == ST_OK)
        k->in = plan_sides(&part, in, w->count, &k->now, &k->then);
    free(in);
    return st;
}

static enum status
split(struct run *r, const struct week *w, const struct sides *sides, struct scenario_service *s,
      struct error *err)
{
    bool asked = r->asked->split[0] != NULL;
    struct skills skills;
    enum status st = skills_find(r->store,
                                 asked ? (const char *const *)r->asked->split
                                       : (const char *const *)w->config->skills,
                                 !asked, &skills, err);

    if (st != ST_OK || skills.count == 0)
        return st;
    s->skills = xcalloc(skills.count, sizeof *s->skills);
    for (size_t i = 0; st == ST_OK && i < skills.count; i++)
        st = add_skill(r, w, sides, &skills.at[i], s, err);
    skills_clear(&skills);
    s->split_hours = -s->then.scheduled_hours;
    for (size_t i = 0; i < s->skill_count; i++)
        s->split_hours += s->skills[i].then.scheduled_hours;
    return st;
}

/* --- all of it --- */

static double
either(double asked, double otherwise)
{
    return isnan(asked) ? otherwise : asked;
}

static struct erlang_demand
asked_rule(const struct scenario_numbers *n, const struct week *w)
{
    struct config_service c = *w->config;
    struct erlang_demand d;

    c.shrinkage = either(n->shrinkage, c.shrinkage);
    c.availability = either(n->availability, c.availability);
    d = staffing_rule(&c, w->learned);
    d.service_level = either(n->sl, d.service_level);
    d.answer_within_s = either(n->within, d.answer_within_s);
    d.max_occupancy = either(n->occupancy, d.max_occupancy);
    d.patience_s = either(n->patience, d.patience_s);
    return d;
}

static enum status
compute(struct run *r, struct error *err)
{
    const struct scenario_numbers *n = &r->numbers;
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < r->answer->count; i++) {
        struct scenario_service *s = &r->answer->services[i];
        struct week *w = &r->weeks[i];
        struct sides sides = {
            .rule = {staffing_rule(w->config, w->learned), asked_rule(n, w)},
            .change = {{.calls_factor = 1, .aht_factor = 1},
                       {.calls_factor = fmax(0, n->calls_factor),
                        .aht_factor = n->aht_factor,
                        .aht_s = n->aht_s}},
        };

        st = apply_features(r, w, &sides.change[1], err);
        if (st != ST_OK)
            break;
        s->intervals = w->count;
        s->in = plan_sides(&sides, w->in, w->count, &s->now, &s->then);
        s->busiest = w->count ? w->start[s->then.peak] : 0;
        st = split(r, w, &sides, s, err);
    }
    for (size_t i = 0; st == ST_OK && r->asked->feature[i]; i++)
        if (!r->used[i])
            st = fail(err, ST_NOT_FOUND,
                      "feature: uses of %.60s are no contacts of any service (service { match ="
                      " \"feature:NAME\" })",
                      r->asked->feature[i]);
    return st;
}

enum status
scenario_run(struct scenario_answer **out, struct store *s, const struct config *c,
             const struct scenario *asked, struct error *err)
{
    struct run r = {.store = s, .config = c, .asked = asked};
    enum status st = scenario_read(asked, &r.numbers, err);

    r.answer = xcalloc(1, sizeof *r.answer);
    if (st == ST_OK)
        st = load(&r, err);
    if (st == ST_OK)
        st = apply_customers(&r, err);
    if (st == ST_OK)
        st = compute(&r, err);
    for (size_t i = 0; i < r.answer->count; i++)
        free(r.weeks[i].in);
    free(r.weeks);
    if (st == ST_OK)
        *out = r.answer;
    else
        scenario_free(r.answer);
    return st;
}

void
scenario_free(struct scenario_answer *a)
{
    for (size_t i = 0; a && i < a->count; i++) {
        struct scenario_service *s = &a->services[i];

        for (size_t k = 0; k < s->skill_count; k++) {
            free(s->skills[k].name);
            free(s->skills[k].in);
        }
        free(s->skills);
        free(s->in);
        free(s->start);
        free(s->name);
    }
    if (a)
        free(a->services);
    free(a);
}
