/*
 * pass_trust.c - completeness of every feed's quarter hours, into the store and for other steps.
 *
 * Learned anew with every quarter hour, and when a feed falls silent or comes back. Only rows that
 * say something new are written.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "engine.h"
#include "pass.h"
#include "share_text.h"
#include "trust.h"

#define KEEP_DAYS 400  /* of feed_interval */
#define MUCH      1000 /* records */

static bool
is_expected(void *arg, struct span input)
{
    const struct config *c = arg;

    for (size_t i = 0; i < c->input_count && !c->clock_data; i++)
        if (span_is(input, c->inputs[i].title))
            return true;
    return false;
}

/* --- rows --- */

static const char put_sql[] =
    "INSERT INTO feed_interval(input, start, records, usual, completeness, still_expected)"
    " SELECT c0, c1, c2, c3, c4, c5 FROM offered WHERE true ON CONFLICT(input, start) DO UPDATE SET"
    " records = excluded.records, usual = excluded.usual, completeness = excluded.completeness,"
    " still_expected = excluded.still_expected WHERE records IS NOT excluded.records"
    " OR completeness IS NOT excluded.completeness";

struct interval_rows {
    const struct trust *trust;
    const struct trust_feed *feed;
    int32_t from;
    char start[CIVIL_TEXT];
};

static double
rounded(double v)
{
    return round(v * 1e4) / 1e4; /* smaller changes are no news */
}

static void
interval_row(void *arg, size_t row, struct row_value *out)
{
    struct interval_rows *in = arg;
    const struct trust_feed *f = in->feed;
    int32_t quarter = in->from + (int32_t)row;
    double usual = trust_usual(in->trust, f, quarter), share = trust_quarter(in->trust, f, quarter);
    bool gap = f->gap[quarter - in->trust->base];

    format_utc(in->start, (int64_t)quarter * RHYTHM_QUARTER);
    value_str(out++, f->input);
    value_str(out++, in->start);
    value_int(out++, f->count[quarter - in->trust->base]);
    value_real(out++, rounded(usual));
    value_real(out++, rounded(share));
    value_real(out, gap ? 0 : rounded(usual * (1 - share)));
}

static enum status
put_feed(struct pass *p, struct query *q, const struct trust_feed *f, struct error *err)
{
    const struct trust *t = p->a->trust;
    int32_t over = (int32_t)(t->now / RHYTHM_QUARTER), to = f->expected ? over : f->last + 1;
    struct interval_rows in = {.trust = t, .feed = f, .from = f->first};
    struct row_source rows = {interval_row, &in};

    to = to < over ? to : over;
    if (f->first >= to)
        return ST_OK;
    return query_tick_rows(p->store, q, &rows, (size_t)(to - f->first), err);
}

struct way_rows {
    const struct trust *trust;
    size_t feed;
    const struct trust_way **way;
};

static void
way_row(void *arg, size_t row, struct row_value *out)
{
    const struct way_rows *in = arg;
    const struct trust_way *w = in->way[row];

    value_str(out++, w->kind == CELL_CUSTOMER ? "customer" : "service");
    value_str(out++, w->name);
    value_str(out, in->trust->feed[in->feed].input);
}

static uint64_t
known_ways(const struct trust *former, const struct trust *t, const struct trust_way *w)
{
    uint64_t feeds =
        former ? trust_feeds_of(former, (enum cell_kind)w->kind, span_str(w->name)) : 0;

    (void)t;
    return feeds == UINT64_MAX ? 0 : feeds;
}

/* Feeds keep their places from one time to the next as long as none is new: then all are put. */
static enum status
put_ways(struct pass *p, const struct trust *former, struct error *err)
{
    struct trust *t = p->a->trust;
    struct way_rows in = {.trust = t, .way = xcalloc(t->ways + 1, sizeof *in.way)};
    struct row_source rows = {way_row, &in};
    struct query *q = NULL;
    enum status st = store_query(p->store, &q,
                                 "INSERT OR IGNORE INTO way(kind, name, input)"
                                 " SELECT c0, c1, c2 FROM offered WHERE true",
                                 err);

    for (size_t i = 0; i < t->feeds && st == ST_OK; i++) {
        size_t n = 0;

        for (size_t j = 0; j < t->ways; j++)
            if (t->way[j].feeds >> i & 1 && !(known_ways(former, t, &t->way[j]) >> i & 1))
                in.way[n++] = &t->way[j];
        in.feed = i;
        if (n)
            st = query_tick_rows(p->store, q, &rows, n, err);
    }
    query_free(q);
    free(in.way);
    return st;
}

/* Ways stay for whom anything is known here, or in the ledger: put_ways says those again. */
static enum status
forget_old(struct pass *p, struct error *err)
{
    struct query *q = NULL;
    char before[CIVIL_TEXT];
    enum status st = store_query(p->store, &q, "DELETE FROM feed_interval WHERE start < ?1", err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK) {
        query_set_str(q, 1, format_day(before, p->today - KEEP_DAYS));
        st = query_run(q, err);
    }
    query_free(q);
    if (st == ST_OK)
        st = store_run(p->store,
                       "DELETE FROM way WHERE CASE kind WHEN 'customer' THEN NOT EXISTS (SELECT 1"
                       " FROM customer_day WHERE customer = name) ELSE NOT EXISTS (SELECT 1 FROM"
                       " service_interval WHERE service = name) END",
                       err);
    return st;
}

static bool
same_feeds(const struct trust *a, const struct trust *b)
{
    if (!a || a->feeds != b->feeds)
        return false;
    for (size_t i = 0; i < a->feeds; i++)
        if (strcmp(a->feed[i].input, b->feed[i].input) != 0)
            return false;
    return true;
}

/* --- the step --- */

static enum status
learn(struct pass *p, struct trust **former, struct error *err)
{
    struct analyst *a = p->a;
    struct day_factors *days = NULL;
    struct trust *t;
    enum status st = day_factors_load(&days, p->store, err);

    if (st == ST_OK)
        st = trust_learn(&t, a->reader, a->zone, days, p->now, is_expected,
                         (void *)(uintptr_t)a->config, err);
    day_factors_free(days);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < t->feeds; i++) {
        const struct trust_feed *f =
            a->trust ? trust_feed(a->trust, span_str(t->feed[i].input)) : NULL;

        if (f)
            t->feed[i].first_noticed = f->first_noticed;
        trust_hear(t, &t->feed[i], f ? f->heard : 0, p->now);
    }
    *former = a->trust;
    a->trust = t;
    a->trust_stale = false;
    a->trust_records = p->ledger->ever.accepted;
    return ST_OK;
}

/* An import: within one quarter hour the past may become another. */
static bool
much_came(const struct pass *p)
{
    uint64_t before = p->a->trust_records;

    return p->ledger->ever.accepted > before + before / 20 + MUCH;
}

enum status
pass_trust(struct pass *p, struct error *err)
{
    struct trust *former = NULL;
    struct query *q = NULL;
    enum status st;

    if (p->a->trust && !p->slot_changed && !p->full && !p->edited && !p->a->trust_stale &&
        !much_came(p))
        return ST_OK;
    st = learn(p, &former, err);
    if (st != ST_OK)
        return st;
    p->trust_changed = true;
    st = store_query(p->store, &q, put_sql, err);
    for (size_t i = 0; i < p->a->trust->feeds && st == ST_OK; i++)
        st = put_feed(p, q, &p->a->trust->feed[i], err);
    query_free(q);
    if (st == ST_OK && p->full)
        st = forget_old(p, err);
    if (st == ST_OK)
        st = put_ways(p, same_feeds(former, p->a->trust) && !p->full ? former : NULL, err);
    if (st != ST_OK)
        p->a->trust_stale = true;
    trust_free(former);
    return st;
}

/* --- what other steps ask --- */

static int32_t
quarter_of_day(int32_t day)
{
    return day * (DAY_SECONDS / RHYTHM_QUARTER);
}

double
pass_trust_days(const struct pass *p, int32_t from, int32_t to)
{
    struct trust_answer a = {.completeness = NAN};

    if (p->a->trust)
        trust_over(p->a->trust, UINT64_MAX, quarter_of_day(from), quarter_of_day(to), &a);
    return a.completeness;
}

bool
pass_trust_in(const struct pass *p, const char *subject_type, struct span subject, int64_t from,
              int64_t to, struct trust_answer *out)
{
    const struct trust *t = p->a->trust;
    uint64_t feeds = UINT64_MAX;

    *out = (struct trust_answer){.completeness = NAN};
    if (!t)
        return false;
    if (strcmp(subject_type, "customer") == 0)
        feeds = trust_feeds_of(t, CELL_CUSTOMER, subject);
    else if (strcmp(subject_type, "service") == 0)
        feeds = trust_feeds_of(t, CELL_SERVICE, subject);
    else if (strcmp(subject_type, "skill") == 0)
        feeds = trust_feeds_of(t, CELL_SERVICE, skill_service(subject));
    trust_over(t, feeds, (int32_t)(from / RHYTHM_QUARTER), (int32_t)(to / RHYTHM_QUARTER), out);
    return !isnan(out->completeness);
}
