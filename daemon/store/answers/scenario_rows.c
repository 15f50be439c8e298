/*
 * scenario_rows.c - what the coming week would need, as rows for programs.
 */
#include <math.h>

#include "answers.h"
#include "civil.h"
#include "scenario.h"

static const struct answer_column columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"scenario", ANSWER_TEXT, NULL,
     "now; then: if things were so; skill: a part of then; skill_now: that part as it is", NULL,
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
put_totals(const struct scenario_service *s, const char *scenario, const char *skill,
           const struct what_if_totals *t, scenario_put *put, void *arg)
{
    struct row_value v[sizeof columns / sizeof columns[0]];

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
scenario_rows(const struct scenario_answer *a, scenario_put *put, void *arg)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct scenario_service *s = &a->services[i];

        put_totals(s, "now", NULL, &s->now, put, arg);
        put_totals(s, "then", NULL, &s->then, put, arg);
        for (size_t k = 0; k < s->skill_count; k++) {
            put_totals(s, "skill_now", s->skills[k].name, &s->skills[k].now, put, arg);
            put_totals(s, "skill", s->skills[k].name, &s->skills[k].then, put, arg);
        }
    }
}

/* --- by interval --- */

static const struct answer_column interval_columns[] = {
    {"service", ANSWER_TEXT, NULL, "the service", .must = true},
    {"skill", ANSWER_TEXT, NULL, "a part of it; NULL: the service as one pool"},
    {"start", ANSWER_TIME, NULL, "the interval's beginning", .must = true},
    {"minutes", ANSWER_INT, "min", "the interval's length", .must = true},
    {"rostered", ANSWER_INT, "people", "on the roster, the fewest"},
    {"required", ANSWER_INT, "people", "at their desks, as it is", .must = true},
    {"scheduled", ANSWER_INT, "people", "on the roster for that", .must = true},
    {"gap", ANSWER_INT, "people", "rostered less scheduled: negative is too few"},
    {"required_then", ANSWER_INT, "people", "at their desks, if things were so", .must = true},
    {"scheduled_then", ANSWER_INT, "people", "on the roster for that", .must = true},
    {"gap_then", ANSWER_INT, "people", "rostered less scheduled_then"},
};
const struct answer scenario_interval_table = {.name = "what_if_intervals",
                                               ANSWER_COLUMNS(interval_columns)};

static void
put_heads(struct row_value *out, const struct scenario_interval *in, double less)
{
    if (isnan(in->rostered))
        value_null(out);
    else
        value_int(out, (int64_t)(in->rostered - less));
}

static void
put_intervals(const struct scenario_service *s, const char *skill,
              const struct scenario_interval *in, scenario_put *put, void *arg)
{
    struct row_value v[sizeof interval_columns / sizeof interval_columns[0]];
    char start[CIVIL_TEXT];

    for (size_t i = 0; i < s->intervals; i++) {
        value_str(&v[0], s->name);
        value_str(&v[1], skill);
        value_str(&v[2], format_utc(start, s->start[i]));
        value_int(&v[3], s->minutes);
        put_heads(&v[4], &in[i], 0);
        value_int(&v[5], in[i].required[0]);
        value_int(&v[6], in[i].scheduled[0]);
        put_heads(&v[7], &in[i], in[i].scheduled[0]);
        value_int(&v[8], in[i].required[1]);
        value_int(&v[9], in[i].scheduled[1]);
        put_heads(&v[10], &in[i], in[i].scheduled[1]);
        put(arg, v);
    }
}

void
scenario_interval_rows(const struct scenario_answer *a, scenario_put *put, void *arg)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct scenario_service *s = &a->services[i];

        put_intervals(s, NULL, s->in, put, arg);
        for (size_t k = 0; k < s->skill_count; k++)
            put_intervals(s, s->skills[k].name, s->skills[k].in, put, arg);
    }
}
