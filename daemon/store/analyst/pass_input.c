/*
 * pass_input.c - on which days was there any input at all, and how complete are they?
 *
 * A day on which no record of any kind arrived is a day on which a feed was down or the house
 * was closed; either way it says nothing about one customer or one service. How complete the
 * others are is known from the feeds' rhythms (pass_trust.c) for the last weeks.
 */
#include "pass.h"

#include <math.h>
#include <string.h>

static bool
place(const struct pass *p, int32_t day, int32_t *age)
{
    *age = p->today - day;
    return *age >= 0 && *age < INPUT_DAYS;
}

void
pass_note_input(struct pass *p, int32_t day)
{
    int32_t age;

    if (place(p, day, &age))
        p->input_days[age / 64] |= UINT64_C(1) << (age % 64);
}

static bool
is_noted(const struct pass *p, int32_t day)
{
    int32_t age;

    return place(p, day, &age) && (p->input_days[age / 64] >> (age % 64) & 1);
}

/* A day of which most is missing says as little as one without anything. */
bool
pass_had_input(const struct pass *p, int32_t day)
{
    return is_noted(p, day) && !(pass_trust_days(p, day, day + 1) < 0.5);
}

enum status
pass_load_input(struct pass *p, struct error *err)
{
    struct query *q = NULL;
    char from[CIVIL_TEXT];
    enum status st = store_query(p->store, &q, "SELECT day FROM input_day WHERE day > ?1", err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, format_day(from, p->today - INPUT_DAYS));
    while ((st = query_next(q, err)) == ST_OK) {
        int32_t day;

        if (parse_day(query_text(q, 0), &day))
            pass_note_input(p, day);
    }
    memcpy(p->saved_days, p->input_days, sizeof p->saved_days);
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* Nobody asks for those that lie further back. */
static enum status
forget_days(struct pass *p, struct error *err)
{
    struct query *q = NULL;
    char before[CIVIL_TEXT];
    enum status st = store_query(p->store, &q, "DELETE FROM input_day WHERE day <= ?1", err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK) {
        query_set_str(q, 1, format_day(before, p->today - INPUT_DAYS));
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}

enum status
pass_save_input(struct pass *p, struct error *err)
{
    struct query *q = NULL;
    enum status st;

    if (memcmp(p->saved_days, p->input_days, sizeof p->saved_days) == 0)
        return ST_OK;
    st = store_query(p->store, &q, "INSERT OR IGNORE INTO input_day(day) VALUES(?1)", err);

    for (int32_t age = 0; st == ST_OK && age < INPUT_DAYS; age++) {
        char day[CIVIL_TEXT];

        if (!is_noted(p, p->today - age))
            continue;
        st = store_tick(p->store, err);
        if (st != ST_OK)
            break;
        query_set_str(q, 1, format_day(day, p->today - age));
        st = query_run(q, err);
    }
    query_free(q);
    return st == ST_OK ? forget_days(p, err) : st;
}

double
pass_completeness(const struct pass *p, int32_t from, int32_t to)
{
    int32_t first = p->today - INPUT_DAYS + 1, days = 0;
    double there = 0;

    while (first < to && !is_noted(p, first))
        first++;
    for (int32_t d = from > first ? from : first; d < to; d++) {
        double share = pass_trust_days(p, d, d + 1);

        days++;
        there += isnan(share) ? is_noted(p, d) : share;
    }
    return days > 0 ? there / days : NAN;
}
