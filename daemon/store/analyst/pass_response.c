/*
 * pass_response.c - does it pay to answer soon? What became of the inquiries of two years, by the
 * time to their answer (response.h); once a day.
 *
 * A lead is an inquiry after 30 days without one of the same customer. Its answer is the first
 * response in the 30 days after it, and an order in the 30 days after that counts for it: from the
 * answer on, or else who was answered late would have had less time left. Whoever ordered without
 * an answer, or waits for it still, is in a row of his own and held against nobody.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pass.h"
#include "response.h"

#define WINDOW_DAYS 30
#define WINDOW      (WINDOW_DAYS * (int64_t)DAY_SECONDS)
#define YEARS_TEXT  "730 days"

enum { BUCKETS = 6, LATE = BUCKETS - 1, UNANSWERED = BUCKETS, PLACES };

static const struct {
    const char *name;
    int64_t most; /* seconds */
} bucket[PLACES] = {
    {"up to 5 min", 300}, {"5 to 30 min", 1800},  {"30 min to 1 h", 3600}, {"1 to 4 h", 14400},
    {"4 to 24 h", 86400}, {"after 24 h", WINDOW}, {"not answered", 0},
};

struct lead {
    unsigned place;
    size_t source;   /* number of its source */
    double followed; /* days since the answer, at most WINDOW_DAYS */
    bool ordered;    /* after so many */
    bool over;       /* all of them have passed by now */
};

struct leads {
    struct lead *at;
    size_t count, cap;
    char *source; /* the last one */
    size_t sources;
};

/* Sorted by source. Texts of times compare as the times do. */
static const char leads_sql[] =
    "SELECT ifnull(json_extract(i.record, '$.source'), '') AS source, i.start,"
    " (SELECT min(r.start) FROM activity r WHERE r.customer = i.customer AND r.kind = 'response'"
    " AND r.start >= i.start),"
    " (SELECT min(o.start) FROM orders o WHERE o.customer = i.customer AND o.kind = 'order'"
    " AND o.start >= i.start)"
    " FROM activity i WHERE i.kind = 'inquiry'"
    " AND i.start BETWEEN strftime('%Y-%m-%dT%H:%M:%SZ', ?1, '-" YEARS_TEXT "') AND ?1"
    " AND NOT EXISTS(SELECT 1 FROM activity b WHERE b.customer = i.customer AND b.kind = 'inquiry'"
    " AND b.start < i.start AND b.start > strftime('%Y-%m-%dT%H:%M:%SZ', i.start,"
    " '-" AS_TEXT(WINDOW_DAYS) " days'))"
                               " ORDER BY source";

/* --- reading --- */

/* No later than `until`; false: there is none. */
static bool
time_in(struct query *q, int column, int64_t until, int64_t *at)
{
    bool has_offset;

    return !query_is_null(q, column) && parse_rfc3339(query_text(q, column), at, &has_offset) &&
           *at <= until;
}

static unsigned
place_of(int64_t wait)
{
    unsigned i = 0;

    while (i < LATE && wait > bucket[i].most)
        i++;
    return i;
}

static size_t
source_number(struct leads *l, struct span name)
{
    if (!l->source || !span_is(name, l->source)) {
        free(l->source);
        l->source = xstrndup(name.p, name.n);
        l->sources++;
    }
    return l->sources - 1;
}

/* False: not to be judged yet, because the answer may still come. */
static bool
read_lead(struct query *q, int64_t now, struct lead *out)
{
    int64_t asked, answered, ordered, from, until;
    bool has_order;

    if (!time_in(q, 1, now, &asked))
        return false;
    has_order = time_in(q, 3, now, &ordered);
    if (time_in(q, 2, asked + WINDOW < now ? asked + WINDOW : now, &answered) &&
        (!has_order || ordered >= answered)) {
        out->place = place_of(answered - asked);
        from = answered;
    } else {
        out->place = UNANSWERED;
        from = asked;
    }
    until = from + WINDOW < now ? from + WINDOW : now;
    out->ordered = has_order && ordered <= until;
    out->followed = (double)((out->ordered ? ordered : until) - from) / DAY_SECONDS;
    out->over = until == from + WINDOW;
    return out->place != UNANSWERED || out->over;
}

static enum status
read_leads(struct pass *p, struct leads *l, struct error *err)
{
    struct query *q;
    enum status st = store_query(p->store, &q, leads_sql, err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, p->now_text);
    while ((st = query_next(q, err)) == ST_OK) {
        struct lead lead;

        if (!read_lead(q, p->now, &lead))
            continue;
        lead.source = source_number(l, query_text(q, 0));
        if (l->count == l->cap) {
            l->cap = l->cap ? 2 * l->cap : 256;
            l->at = xrealloc(l->at, l->cap * sizeof *l->at);
        }
        l->at[l->count++] = lead;
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static void
leads_clear(struct leads *l)
{
    free(l->source);
    free(l->at);
}

/* --- judging --- */

struct judged {
    struct response_bucket bucket[PLACES];
    struct response_trend trend;
    double within[PLACES], within_low[PLACES], within_high[PLACES];
    double expected[PLACES], late_p[PLACES];
};

static void
judge_within(const struct leads *l, unsigned place, struct judged *out)
{
    struct response_source *s = xcalloc(l->sources + 1, sizeof *s);

    for (size_t i = 0; i < l->count; i++) {
        const struct lead *lead = &l->at[i];
        struct response_source *of = &s[lead->source];

        if (!lead->over)
            continue;
        of->soon_n += lead->place == place;
        of->soon_converted += lead->place == place && lead->ordered;
        of->late_n += lead->place == LATE;
        of->late_converted += lead->place == LATE && lead->ordered;
    }
    response_within(s, l->sources, &out->within[place], &out->within_low[place],
                    &out->within_high[place]);
    free(s);
}

/* Group 0: of this place; 1: late. */
static void
judge_survival(const struct leads *l, unsigned place, struct judged *out)
{
    struct survival *s = xcalloc(l->count + 1, sizeof *s);
    struct survival_step *step = xcalloc(l->count + 1, sizeof *step);
    struct survival_test test;
    size_t own = 0, n, steps;

    for (size_t i = 0; i < l->count; i++)
        if (l->at[i].place == place)
            s[own++] = (struct survival){l->at[i].followed, l->at[i].ordered, 0};
    steps = survival_curve(s, own, 0, step);
    if (own > 0)
        out->expected[place] = steps ? 1 - step[steps - 1].share : 0;
    n = own;
    for (size_t i = 0; place != LATE && i < l->count; i++)
        if (l->at[i].place == LATE)
            s[n++] = (struct survival){l->at[i].followed, l->at[i].ordered, 1};
    if (own > 0 && n > own) {
        survival_compare(s, n, &test);
        out->late_p[place] = test.p;
    }
    free(step);
    free(s);
}

static void
judge(const struct leads *l, struct judged *out)
{
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < PLACES; i++)
        out->within[i] = out->within_low[i] = out->within_high[i] = out->expected[i] =
            out->late_p[i] = NAN;
    for (size_t i = 0; i < l->count; i++) {
        out->bucket[l->at[i].place].n += l->at[i].over;
        out->bucket[l->at[i].place].converted += l->at[i].over && l->at[i].ordered;
    }
    response_judge(out->bucket + UNANSWERED, 1, &out->trend); /* no more than its rate */
    response_judge(out->bucket, BUCKETS, &out->trend);
    for (unsigned i = 0; i < BUCKETS; i++) {
        judge_survival(l, i, out);
        if (i != LATE)
            judge_within(l, i, out);
    }
}

/* --- writing --- */

static enum status
write_place(struct pass *p, struct query *q, const struct judged *j, unsigned i, struct error *err)
{
    const struct response_bucket *b = &j->bucket[i];
    enum status st = store_tick(p->store, err);

    query_set_int(q, 1, i);
    query_set_str(q, 2, bucket[i].name);
    query_set_int(q, 3, (int64_t)b->n);
    query_set_int(q, 4, (int64_t)b->converted);
    query_set_real(q, 5, b->rate);
    query_set_real(q, 6, b->n > 0 ? b->low : NAN);
    query_set_real(q, 7, b->n > 0 ? b->high : NAN);
    query_set_real(q, 8, b->ratio);
    query_set_real(q, 9, b->ratio_low);
    query_set_real(q, 10, b->ratio_high);
    query_set_real(q, 11, j->within[i]);
    query_set_real(q, 12, j->within_low[i]);
    query_set_real(q, 13, j->within_high[i]);
    query_set_real(q, 14, j->expected[i]);
    query_set_real(q, 15, j->late_p[i]);
    query_set_real(q, 16, i == UNANSWERED ? NAN : j->trend.trend_p);
    query_set_str(q, 17, p->now_text);
    return st == ST_OK ? query_run(q, err) : st;
}

static enum status
write_all(struct pass *p, const struct leads *l, struct error *err)
{
    struct judged judged;
    struct query *q;
    enum status st =
        store_query(p->store, &q,
                    "INSERT INTO response(place, answered, leads, ordered, rate, low, high, ratio,"
                    " ratio_low, ratio_high, within, within_low, within_high, expected, late_p,"
                    " trend_p, as_of) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                    " ?13, ?14, ?15, ?16, ?17)",
                    err);

    judge(l, &judged);
    for (unsigned i = 0; st == ST_OK && i < PLACES; i++)
        st = write_place(p, q, &judged, i, err);
    query_free(q);
    return st;
}

enum status
pass_response(struct pass *p, struct error *err)
{
    struct leads leads = {0};
    enum status st;

    if (!p->full)
        return ST_OK;
    st = store_tick(p->store, err);
    if (st == ST_OK)
        st = store_run(p->store, "DELETE FROM response", err);
    if (st == ST_OK)
        st = read_leads(p, &leads, err);
    if (st == ST_OK && leads.count > 0)
        st = write_all(p, &leads, err);
    leads_clear(&leads);
    return st;
}
