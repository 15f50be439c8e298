/*
 * why_sizes.c - attempts by how large their conferences were, from the store's conferences.
 *
 * A leg is counted when it comes, before anybody knows how large its conference will be; the store
 * knows afterwards, a row a conference. So the legs of conferences are put beside the totals of
 * the day on which these began, and what is left of a day is a part of its own: all parts add up
 * to the whole.
 */
#include <stdio.h>

#include "civil.h"
#include "conference_size.h"
#include "why_gather.h"

#define UNKNOWN_MOST 0.05 /* share of the legs of a period that may lack it */

/* Of the day from ?1 to ?2: class, legs, and of these those of conferences that went on. */
static const char sizes_sql[] =
    "SELECT " CONFERENCE_SIZE_SQL ", sum(legs), sum(legs) FILTER (WHERE until >= ?2)"
    " FROM conference WHERE start >= ?1 AND start < ?2%s GROUP BY 1";

static enum status
read_day(struct why_gather *g, struct query *q, int32_t day, struct span customer,
         struct error *err)
{
    int32_t place = g->place[day - g->first];
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    enum status st;

    if (place < 0)
        return ST_OK;
    query_set_str(q, 1, format_day(from, day));
    query_set_str(q, 2, format_day(to, day + 1));
    if (customer.n)
        query_set_text(q, 3, customer);
    while ((st = query_next(q, err)) == ST_OK) {
        why_series_of(g, LIST_SIZE, query_text(q, 0))->daily[place] += query_int(q, 1);
        why_series_of(g, LIST_SIZE_LATER, query_text(q, 0))->daily[place] += query_int(q, 2);
    }
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
read_sizes(struct why_asking *k, struct span customer, struct error *err)
{
    struct query *q = NULL;
    char sql[sizeof sizes_sql + 32];
    enum status st;

    snprintf(sql, sizeof sql, sizes_sql, customer.n ? " AND customer = ?3" : "");
    st = store_query(k->store, &q, sql, err);
    for (int32_t day = k->g.first; st == ST_OK && day < k->g.end; day++)
        st = read_day(&k->g, q, day, customer, err);
    query_free(q);
    return st;
}

/* Takes from a day's sizes what they say too much, into the next day where there is one. */
static int64_t
take(const struct why_list *sizes, const struct why_list *most, int32_t day, int32_t next,
     int64_t too_many)
{
    for (size_t i = 0; i < sizes->count && too_many > 0; i++) {
        int64_t *daily = sizes->at[i].daily, n = most->at[i].daily[day];

        n = n < too_many ? n : too_many;
        daily[day] -= n;
        if (next >= 0)
            daily[next] += n;
        too_many -= n;
    }
    return too_many;
}

/* Where conferences have more legs than their day has: who came after midnight was counted on the
 * day after. Beyond that, legs were taken back (a void) that their conference still tells. */
static void
fit_into_days(struct why_gather *g)
{
    const struct why_list *sizes = &g->list[LIST_SIZE];
    int32_t days = g->end - g->first;

    for (int32_t d = 0; d < days; d++) {
        int32_t day = g->place[d], next = d + 1 < days ? g->place[d + 1] : -1;
        int64_t too_many;

        if (day < 0)
            continue;
        too_many = -g->ok[day];
        for (size_t i = 0; i < sizes->count; i++)
            too_many += sizes->at[i].daily[day];
        too_many = take(sizes, &g->list[LIST_SIZE_LATER], day, next, too_many);
        take(sizes, sizes, day, -1, too_many);
    }
}

/* Of a part that is no size. */
static void
add_rest(struct why_gather *g, const char *name, size_t day, int64_t n)
{
    struct why_series *s;

    if (n == 0)
        return;
    s = why_series_of(g, LIST_SIZE, span_str(name));
    s->rest = true;
    s->daily[day] = n;
}

enum status
why_gather_sizes(struct why_asking *k, struct span customer, bool *known, struct error *err)
{
    struct why_gather *g = &k->g;
    size_t sizes;
    int64_t *unknown;
    double legs[2], without[2];
    enum status st = k->store ? read_sizes(k, customer, err) : ST_OK;

    *known = false;
    sizes = g->list[LIST_SIZE].count;
    if (st != ST_OK || sizes == 0)
        return st;
    fit_into_days(g);
    unknown = arena_alloc(&g->a->mem, g->days * sizeof *unknown);
    for (size_t day = 0; day < g->days; day++) {
        unknown[day] = g->ok[day];
        for (size_t i = 0; i < sizes; i++)
            unknown[day] -= g->list[LIST_SIZE].at[i].daily[day];
        add_rest(g, "not known", day, unknown[day]);
        add_rest(g, "not let in", day, g->whole[day] - g->ok[day]);
    }
    why_amounts(k, g->ok, legs);
    why_amounts(k, unknown, without);
    *known = without[0] <= UNKNOWN_MOST * legs[0] && without[1] <= UNKNOWN_MOST * legs[1];
    return ST_OK;
}
