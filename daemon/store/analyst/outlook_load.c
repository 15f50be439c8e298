/*
 * outlook_load.c - the dated facts of each customer's life.
 *
 * Use is a day with a leg that went well, or with an order. What people said is read by
 * outlook_talks.c.
 */
#include "outlook.h"

#include <math.h>
#include <stdlib.h>

enum {
    AT_CUSTOMER,
    AT_OWNER,
    AT_SEEN,
    AT_FIRST,
    AT_LAST,
    AT_SECOND,
    AT_TRIED,
    AT_STAGE,
    AT_SINCE,
    AT_HABIT,
    AT_ORDERS,
    AT_TALKS,
    AT_SURGE,
    AT_DECLINE
};

/* ?1 the first day that is counted. A new store asks its history what it said last. */
#define LOAD_SQL(before)                                                                           \
    "SELECT c.id, c.owner, substr(c.first_seen, 1, 10), s.first_day, s.last_day,"                  \
    " CASE WHEN o.second_day IS NULL AND s.last_day > s.first_day THEN"                            \
    " (SELECT min(day) FROM customer_day WHERE customer = c.id AND day > s.first_day"              \
    " AND legs > 0) ELSE o.second_day END,"                                                        \
    " CASE WHEN s.first_day IS NULL THEN"                                                          \
    " (SELECT min(day) FROM customer_day WHERE customer = c.id AND failed > 0) END," before        \
    " (SELECT min(day) || max(day) || count(*) FROM customer_day WHERE customer = c.id"            \
    " AND day >= ?1 AND legs > 0),"                                                                \
    " (SELECT substr(min(start), 1, 10) || substr(max(start), 1, 10) FROM orders"                  \
    " WHERE customer = c.id AND kind = 'order'),"                                                  \
    " EXISTS(SELECT 1 FROM activity WHERE customer = c.id)"                                        \
    " OR EXISTS(SELECT 1 FROM booking WHERE customer = c.id),"                                     \
    " EXISTS(SELECT 1 FROM signal WHERE kind = 'surge' AND subject = c.id AND state <> 'closed')," \
    " EXISTS(SELECT 1 FROM signal WHERE kind = 'decline' AND subject = c.id"                       \
    " AND state <> 'closed')"                                                                      \
    " FROM customer c LEFT JOIN customer_stat s ON s.customer = c.id"                              \
    " LEFT JOIN customer_outlook o ON o.customer = c.id WHERE c.merged_into IS NULL"
#define BEFORE " o.stage, o.stage_since,"
#define BEFORE_FIRST                                                                               \
    " (SELECT to_stage FROM stage_history WHERE customer = c.id AND dimension = 'stage'"           \
    " ORDER BY id DESC LIMIT 1), NULL,"

static const char first_sql[] = LOAD_SQL(BEFORE_FIRST) " ORDER BY c.id";
static const char all_sql[] = LOAD_SQL(BEFORE) " ORDER BY c.id";
static const char touched_sql[] =
    LOAD_SQL(BEFORE) " AND c.id IN (SELECT customer FROM temp.touched) ORDER BY c.id";

static int32_t
day_at(struct span text)
{
    int32_t day;

    return parse_day(text, &day) ? day : LIFE_NEVER;
}

static int32_t
day_in(struct query *q, int column)
{
    return query_is_null(q, column) ? LIFE_NEVER : day_at(query_text(q, column));
}

/* --- use and orders --- */

static int
by_day(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* The first two days of use or order, and the last one. */
static void
set_use(struct life_facts *f, int32_t days[5])
{
    qsort(days, 5, sizeof *days, by_day); /* LIFE_NEVER sorts first */
    for (int i = 0; i < 5; i++) {
        if (days[i] == LIFE_NEVER)
            continue;
        if (f->first == LIFE_NEVER)
            f->first = days[i];
        else if (f->second == LIFE_NEVER && days[i] > f->first)
            f->second = days[i];
        f->last = days[i];
    }
}

/* Days on which nobody was heard of say nothing about one customer. For each age of a last use, the
 * days after it and before today on which there was any input. */
static void
count_gaps(const struct pass *p, int32_t gap[OUTLOOK_DAYS + 1])
{
    gap[0] = gap[1] = 0;
    for (int32_t age = 2; age <= OUTLOOK_DAYS; age++)
        gap[age] = gap[age - 1] + pass_had_input(p, p->today - age + 1);
}

/* The same of the days that are time for habits. Weekends and holidays are; weeks on end without a
 * feed would pass for weeks in which nobody called: all would seem to have left, and those who came
 * back to call seldom. */
static void
count_time(const struct pass *p, int32_t time[OUTLOOK_DAYS + 1])
{
    int32_t silent = 0; /* days in a row, up to this age */

    time[0] = time[1] = 0;
    for (int32_t age = 2; age <= OUTLOOK_DAYS; age++) {
        silent = pass_had_input(p, p->today - age + 1) ? 0 : silent + 1;
        time[age] = time[age - 1] + 1;
        if (silent < OUTLOOK_HOLE)
            continue;
        for (int32_t back = 0; back < OUTLOOK_HOLE; back++)
            time[age - back] = time[age - OUTLOOK_HOLE];
    }
}

static int32_t
days_since(const struct outlooks *all, const int32_t by_age[], int32_t last)
{
    int32_t age = all->pass->today - last;

    if (age > OUTLOOK_DAYS)
        return age;
    return age > 0 ? by_age[age] : 0;
}

int32_t
outlook_days(const struct outlooks *all, int32_t from, int32_t to)
{
    if (all->pass->today - from > OUTLOOK_DAYS)
        return to - from;
    return days_since(all, all->time, from) - days_since(all, all->time, to) +
           (to >= all->pass->today && to > from);
}

/* "2026-01-022026-11-2017": first and last active day that count, and how many there are. */
static void
set_habit(const struct outlooks *all, struct outlook *o, struct span text)
{
    int32_t first, last, days;

    if (text.n < 21 || (first = day_at(span_of(text.p, 10))) == LIFE_NEVER ||
        (last = day_at(span_of(text.p + 10, 10))) == LIFE_NEVER)
        return;
    for (size_t i = 20; i < text.n; i++)
        o->active_days = o->active_days * 10 + (text.p[i] - '0');
    o->habit.repeats = (uint32_t)(o->active_days - 1);
    days = outlook_days(all, first, last);
    if (days < (int32_t)o->habit.repeats) /* a day of use was none without input */
        days = (int32_t)o->habit.repeats;
    o->habit.last = days / 7.0;
    if (o->facts.today > last)
        days += days_since(all, all->time, last) + 1;
    o->habit.age = days / 7.0;
}

static void
add_row(struct outlooks *all, struct query *q)
{
    struct span orders = query_text(q, AT_ORDERS), stage = query_text(q, AT_STAGE);
    int32_t days[5] = {day_in(q, AT_FIRST), day_in(q, AT_SECOND), day_in(q, AT_LAST), LIFE_NEVER,
                       LIFE_NEVER};
    struct outlook *o;

    if (all->count == all->cap) {
        all->cap = all->cap ? all->cap * 2 : 1024;
        all->rows = xrealloc(all->rows, all->cap * sizeof *all->rows);
    }
    o = &all->rows[all->count++];
    *o = (struct outlook){.expected_4w = NAN, .expected_13w = NAN, .silence = NAN};
    o->customer = arena_copy(&all->mem, query_text(q, AT_CUSTOMER));
    o->owner = arena_copy(&all->mem, query_text(q, AT_OWNER));
    o->facts = (struct life_facts){.today = all->pass->today,
                                   .known = day_in(q, AT_SEEN),
                                   .intent = day_in(q, AT_TRIED),
                                   .contact = LIFE_NEVER,
                                   .first = LIFE_NEVER,
                                   .second = LIFE_NEVER,
                                   .last = LIFE_NEVER,
                                   .cancelled = LIFE_NEVER,
                                   .silent = INT32_MAX,
                                   .lost = INT32_MAX,
                                   .surge = query_int(q, AT_SURGE) != 0,
                                   .decline = query_int(q, AT_DECLINE) != 0};
    if (orders.n == 20) {
        days[3] = day_at(span_of(orders.p, 10));
        days[4] = day_at(span_of(orders.p + 10, 10));
    }
    set_use(&o->facts, days);
    set_habit(all, o, query_text(q, AT_HABIT));
    if (o->facts.last != LIFE_NEVER)
        o->gap = days_since(all, all->gap, o->facts.last);
    o->before = (struct life){life_stage_find(stage.p, stage.n), day_in(q, AT_SINCE)};
    o->talked = query_int(q, AT_TALKS) != 0;
}

enum status
outlooks_load(struct outlooks *o, bool all, struct error *err)
{
    struct query *q = NULL;
    const char *sql = !all ? touched_sql : o->pass->first ? first_sql : all_sql;
    char from[CIVIL_TEXT];
    enum status st = store_query(o->pass->store, &q, sql, err);

    count_gaps(o->pass, o->gap);
    count_time(o->pass, o->time);
    if (st == ST_OK)
        query_set_str(q, 1, format_day(from, o->pass->today - OUTLOOK_DAYS + 1));
    while (st == ST_OK && (st = query_next(q, err)) == ST_OK)
        add_row(o, q);
    query_free(q);
    st = st == ST_NOT_FOUND ? ST_OK : st;
    return st == ST_OK ? outlooks_load_talks(o, err) : st;
}
