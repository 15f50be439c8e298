/*
 * scenario.c - the people that the coming week would need if things were otherwise.
 */
#include "scenario.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
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
    int64_t *start;
    size_t count;
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

/* --- skills --- */

static void
add_skill(const struct week *w, const struct erlang_demand *rule,
          const struct what_if_change *change, const struct skill *skill,
          struct scenario_service *s)
{
    struct what_if_change part = *change;
    struct erlang_demand own = staffing_skill_rule(rule, skill);
    struct scenario_skill *k = &s->skills[s->skill_count++];
    struct what_if_interval *in = xcalloc(w->count + 1, sizeof *in);

    part.calls_factor *= skill->share;
    part.extra_calls *= skill->share;
    for (size_t i = 0; i < w->count; i++) {
        in[i] = w->in[i];
        in[i].rostered = NAN; /* a split that is asked for has no roster */
    }
    *k = (struct scenario_skill){.name = xstrdup(skill->name), .share = skill->share};
    what_if_plan(&own, &part, in, w->count, NULL, &k->then);
    free(in);
}

static enum status
split(struct run *r, const struct week *w, const struct erlang_demand *rule,
      const struct what_if_change *change, struct scenario_service *s, struct error *err)
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
    for (size_t i = 0; i < skills.count; i++)
        add_skill(w, rule, change, &skills.at[i], s);
    skills_clear(&skills);
    s->split_hours = -s->then.scheduled_hours;
    for (size_t i = 0; i < s->skill_count; i++)
        s->split_hours += s->skills[i].then.scheduled_hours;
    return ST_OK;
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
    static const struct what_if_change none = {.calls_factor = 1, .aht_factor = 1};
    const struct scenario_numbers *n = &r->numbers;
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < r->answer->count; i++) {
        struct scenario_service *s = &r->answer->services[i];
        struct week *w = &r->weeks[i];
        struct erlang_demand now = staffing_rule(w->config, w->learned), then = asked_rule(n, w);
        struct what_if_change change = {.calls_factor = fmax(0, n->calls_factor),
                                        .aht_factor = n->aht_factor,
                                        .aht_s = n->aht_s};

        st = apply_features(r, w, &change, err);
        if (st != ST_OK)
            break;
        what_if_plan(&now, &none, w->in, w->count, NULL, &s->now);
        what_if_plan(&then, &change, w->in, w->count, NULL, &s->then);
        s->busiest = w->count ? w->start[s->then.peak] : 0;
        st = split(r, w, &then, &change, s, err);
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
    for (size_t i = 0; i < r.answer->count; i++) {
        free(r.weeks[i].in);
        free(r.weeks[i].start);
    }
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

        for (size_t k = 0; k < s->skill_count; k++)
            free(s->skills[k].name);
        free(s->skills);
        free(s->name);
    }
    if (a)
        free(a->services);
    free(a);
}

/* --- as rows --- */

static const struct answer_column columns[SCENARIO_COLUMNS] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"scenario", ANSWER_TEXT, NULL, "now; then: if things were so; skill: a part of then", NULL,
     true},
    {"skill", ANSWER_TEXT, NULL, "which part"},
    {"contacts", ANSWER_REAL, "contacts", "in the coming week", .must = true},
    {"handle_seconds", ANSWER_REAL, "s", "handling of one", .must = true},
    {"peak_agents", ANSWER_INT, "people", "at their desks when it is busiest", .must = true},
    {"scheduled_hours", ANSWER_REAL, "h", "of people on the roster that are needed", .must = true},
    {"service_level", ANSWER_REAL, "share", "answered in time with those", .must = true},
    {"short_hours", ANSWER_REAL, "h", "that the roster lacks"},
    {"rostered_level", ANSWER_REAL, "share", "answered in time with the roster as it is"},
    {"cost", ANSWER_REAL, NULL, "of the scheduled hours, where the service has a rate"},
};
const struct answer scenario_table = {.name = "what_if", ANSWER_COLUMNS(columns)};

static void
put_row(const struct scenario_service *s, const char *scenario, const char *skill,
        const struct what_if_totals *t, void (*put)(void *, const struct row_value *), void *arg)
{
    struct row_value v[SCENARIO_COLUMNS];

    value_str(&v[0], s->name);
    value_str(&v[1], scenario);
    value_str(&v[2], skill);
    value_real(&v[3], t->calls);
    value_real(&v[4], t->aht_s);
    value_int(&v[5], t->peak_agents);
    value_real(&v[6], t->scheduled_hours);
    value_real(&v[7], t->service_level);
    value_real(&v[8], t->short_hours);
    value_real(&v[9], t->rostered_level);
    value_real(&v[10], t->scheduled_hours * s->rate);
    put(arg, v);
}

void
scenario_rows(const struct scenario_answer *a,
              void (*put)(void *arg, const struct row_value *values), void *arg)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct scenario_service *s = &a->services[i];

        put_row(s, "now", NULL, &s->now, put, arg);
        put_row(s, "then", NULL, &s->then, put, arg);
        for (size_t k = 0; k < s->skill_count; k++)
            put_row(s, "skill", s->skills[k].name, &s->skills[k].then, put, arg);
    }
}
