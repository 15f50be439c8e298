/*
 * pass_change.c - which customers are surging or declining, beyond chance?
 *
 * The last 7 whole days against the 28 before: both whole weeks, so that weekdays weigh the
 * same. Days are UTC days, as in customer_day. A customer's daily counts vary more than chance
 * alone would have it, by an amount estimated from all customers and drawn towards each one's
 * own; the test given the total of both windows needs no other assumption. About one signal in
 * ten to twenty is expected to be false: the false discovery rate is held at 5 %, surge and
 * decline as separate families.
 */
#include "pass.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "change.h"
#include "forecast.h"
#include "json_write.h"
#include "profile.h"
#include "signals.h"

#define RECENT_DAYS 7
#define BASE_DAYS   28
#define MIN_BASE    14
#define MIN_EVENTS  10
#define MAX_RATE    0.05 /* of false discoveries */
/* From these changes on, in legs and as a share of what all customers usually have. */
#define CRITICAL_LEGS  50
#define CRITICAL_SHARE 0.005
#define WARNING_LEGS   20
#define WARNING_SHARE  0.0005
/* Ratios to less than this are arithmetic, not news. */
#define FEW_USUAL 5

struct subject {
    char *customer;
    int64_t daily[BASE_DAYS + RECENT_DAYS]; /* oldest first */
    struct change_counts counts;
    double phi;
    double p[2], q[2]; /* surge, decline */
};

struct work {
    struct pass *pass;
    struct subject *subjects;
    struct change_baseline *baselines;
    size_t count, cap;
    double business;     /* usual legs of all customers in a recent window */
    struct buf usual;    /* the same as text: every signal has it */
    double completeness; /* of the days looked at */
    struct query *owner; /* of a customer: few are signalled */
    bool input[BASE_DAYS + RECENT_DAYS];
};

/* "[1,2,...]" with PROFILE_RECENT numbers; the last is today and not over. */
static bool
parse_recent(struct span text, int64_t *daily)
{
    const char *p = text.p, *end = text.p + text.n;

    for (int i = 0; i < BASE_DAYS + RECENT_DAYS; i++) {
        uint64_t n = 0;

        if (p >= end || (*p != '[' && *p != ','))
            return false;
        for (p++; p < end && *p >= '0' && *p <= '9'; p++)
            n = n * 10 + (uint64_t)(*p - '0');
        daily[i] = (int64_t)n;
    }
    return true;
}

/* Sums over the days on which there was input; the baseline begins with the customer's first
 * week. A day without any input is missing for everybody and counts for nobody. */
static bool
make_counts(struct work *w, struct subject *s, int32_t first_day, struct change_baseline *base)
{
    int32_t start = w->pass->today - BASE_DAYS - RECENT_DAYS;
    int skip = first_day > start ? (first_day - start + 6) / 7 * 7 : 0;
    int64_t days[BASE_DAYS];
    size_t n = 0;

    for (int i = skip; i < BASE_DAYS; i++)
        if (w->input[i]) {
            s->counts.x0 += (double)s->daily[i];
            days[n++] = s->daily[i];
        }
    for (int i = BASE_DAYS; i < BASE_DAYS + RECENT_DAYS; i++)
        if (w->input[i]) {
            s->counts.x1 += (double)s->daily[i];
            s->counts.t1++;
        }
    s->counts.t0 = (double)n;
    if (n > 0)
        w->business += s->counts.x0 / (double)n * s->counts.t1;
    if (BASE_DAYS - skip < MIN_BASE || n < MIN_BASE / 2 || s->counts.t1 < 1)
        return false;
    *base = change_baseline(days, n);
    return true;
}

static struct subject *
grow(struct work *w)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 1024;
        w->subjects = xrealloc(w->subjects, w->cap * sizeof *w->subjects);
        w->baselines = xrealloc(w->baselines, w->cap * sizeof *w->baselines);
    }
    w->subjects[w->count] = (struct subject){0};
    return &w->subjects[w->count];
}

static enum status
load(struct work *w, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(w->pass->store, &q,
                                 "SELECT customer, recent_legs, first_day FROM customer_stat"
                                 " WHERE recent_legs IS NOT NULL AND first_day IS NOT NULL"
                                 " ORDER BY customer",
                                 err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        struct subject *s = grow(w);
        struct span name = query_text(q, 0);
        int32_t first_day;

        if (!parse_recent(query_text(q, 1), s->daily) || !parse_day(query_text(q, 2), &first_day) ||
            !make_counts(w, s, first_day, &w->baselines[w->count]))
            continue;
        s->customer = xstrndup(name.p, name.n);
        w->count++;
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* p values of the eligible only: the rest would dilute the families. */
static void
judge(struct work *w)
{
    double pooled = change_pooled_phi(w->baselines, w->count);
    double *p = xcalloc(w->count + 1, sizeof *p), *q = xcalloc(w->count + 1, sizeof *q);
    size_t *index = xcalloc(w->count + 1, sizeof *index), n = 0;

    for (size_t i = 0; i < w->count; i++) {
        struct subject *s = &w->subjects[i];
        struct change_test t;

        s->q[0] = s->q[1] = 1;
        if (s->counts.x0 + s->counts.x1 < MIN_EVENTS)
            continue;
        s->phi = change_phi(&w->baselines[i], pooled);
        t = change_negbin(&s->counts, s->phi > 0 ? 1 / s->phi : INFINITY);
        s->p[0] = t.mid_more;
        s->p[1] = t.mid_less;
        index[n++] = i;
    }
    for (int way = 0; way < 2; way++) {
        for (size_t i = 0; i < n; i++)
            p[i] = w->subjects[index[i]].p[way];
        change_fdr(p, q, n);
        for (size_t i = 0; i < n; i++)
            w->subjects[index[i]].q[way] = q[i];
    }
    free(p);
    free(q);
    free(index);
}

/* A change weighs by what it moves for the whole business: three legs that became thirty are
 * news for the account's owner and for nobody else. */
static const char *
severity(double ratio, double delta, double business)
{
    double moved = fabs(delta), share = business > 0 ? moved / business : 1;
    bool doubled = ratio >= 2 || ratio <= 0.5;

    if (doubled && moved >= CRITICAL_LEGS && share >= CRITICAL_SHARE)
        return "critical";
    if (doubled && moved >= WARNING_LEGS && (moved >= CRITICAL_LEGS || share >= WARNING_SHARE))
        return "warning";
    return moved >= CRITICAL_LEGS && share >= CRITICAL_SHARE ? "warning" : "info";
}

static void
write_evidence(struct buf *out, const struct work *w, const struct subject *s, int way)
{
    char day[CIVIL_TEXT];
    int32_t first = w->pass->today - BASE_DAYS - RECENT_DAYS;
    struct json_writer j;

    json_begin(&j, out);
    json_object(&j, NULL);
    json_text(&j, "first_day", format_day(day, first));
    json_array(&j, "daily_legs");
    for (int i = 0; i < BASE_DAYS + RECENT_DAYS; i++)
        json_i64(&j, NULL, s->daily[i]);
    json_close(&j);
    json_real(&j, "recent_legs", s->counts.x1);
    json_real(&j, "recent_days", s->counts.t1);
    json_real(&j, "baseline_legs", s->counts.x0);
    json_real(&j, "baseline_days", s->counts.t0);
    json_raw(&j, "all_customers_usual_legs", span_of(w->usual.p, w->usual.n));
    json_real(&j, "dispersion", s->phi);
    json_real(&j, "false_discovery_rate", s->q[way]);
    json_close(&j);
}

static void
write_reason(struct buf *out, const struct change_counts *c, double usual)
{
    double ratio = usual > 0 ? c->x1 / usual : INFINITY;

    if (usual == 0) {
        buf_printf(out, "%.0f legs in %.0f days after %.0f days without any", c->x1, c->t1, c->t0);
        return;
    }
    if (usual < FEW_USUAL && ratio > 1) {
        buf_printf(out, "%.0f legs in %.0f days after %.0f in the %.0f days before", c->x1, c->t1,
                   c->x0, c->t0);
        return;
    }
    buf_printf(out, "%.0f legs in %.0f days where %.*f were usual", c->x1, c->t1,
               usual < 10 ? 1 : 0, usual);
    if (c->x1 == 0)
        buf_str(out, ": none at all");
    else if (ratio >= 1)
        buf_printf(out, ": %.1f times", ratio);
    else
        buf_printf(out, ": %.0f %% less", 100 * (1 - ratio));
}

/* A copy: an open question would hold an old snapshot over the transactions that follow. */
static enum status
find_owner(struct work *w, const char *customer, struct buf *out, struct error *err)
{
    enum status st;

    query_set_str(w->owner, 1, customer);
    st = query_next(w->owner, err);
    if (st == ST_OK)
        buf_span(out, query_text(w->owner, 0));
    query_reset(w->owner);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
raise_one(struct signals *sg, struct work *w, const struct subject *s, int way, struct error *err)
{
    int32_t today = w->pass->today;
    double usual = s->counts.x0 / s->counts.t0 * s->counts.t1;
    char start[CIVIL_TEXT], end[CIVIL_TEXT];
    struct buf reason = {0}, evidence = {0}, owner = {0};
    struct signal_row row = {
        .subject = span_str(s->customer),
        .subject_type = "customer",
        .severity = severity(usual > 0 ? s->counts.x1 / usual : INFINITY, s->counts.x1 - usual,
                             w->business),
        .value = s->counts.x1,
        .baseline = usual,
        .delta = s->counts.x1 - usual,
        .p_value = s->p[way],
        .completeness = w->completeness,
        .window_start = format_day(start, today - RECENT_DAYS),
        .window_end = format_day(end, today - 1),
    };
    enum status st;

    st = find_owner(w, s->customer, &owner, err);
    if (st != ST_OK)
        return st;
    row.owner = span_of(owner.p, owner.n);
    /* What such a window would usually hold: the sum of t1 days has a t1-th of a day's
     * dispersion. */
    forecast_interval(usual, s->phi / s->counts.t1, 0.95, &row.low, &row.high);
    write_reason(&reason, &s->counts, usual);
    write_evidence(&evidence, w, s, way);
    row.reason = reason.p;
    row.evidence = evidence.p;
    st = signals_raise(sg, &row, err);
    buf_clear(&owner);
    buf_clear(&reason);
    buf_clear(&evidence);
    return st;
}

/* What is the same in all signals. */
static void
describe_all(struct work *w)
{
    int32_t today = w->pass->today;
    struct json_writer j;

    json_begin(&j, &w->usual);
    json_real(&j, NULL, w->business);
    w->completeness = pass_completeness(w->pass, today - BASE_DAYS - RECENT_DAYS, today);
}

static bool
stands(const struct subject *s, int way)
{
    bool more = s->counts.x1 * s->counts.t0 > s->counts.x0 * s->counts.t1;

    return s->q[way] <= MAX_RATE && more == (way == 0) && change_is_large(&s->counts);
}

static enum status
signal_way(struct work *w, int way, const char *kind, struct error *err)
{
    struct signals *sg = NULL;
    char end[CIVIL_TEXT];
    enum status st = signals_begin(&sg, w->pass, kind, err);

    for (size_t i = 0; st == ST_OK && i < w->count; i++)
        if (stands(&w->subjects[i], way))
            st = raise_one(sg, w, &w->subjects[i], way, err);
    return signals_end(sg, st, format_day(end, w->pass->today - 1), err);
}

enum status
pass_change(struct pass *p, struct error *err)
{
    struct work w = {.pass = p};
    enum status st;

    if (!p->closed_days_changed && !p->full)
        return ST_OK;
    for (int i = 0; i < BASE_DAYS + RECENT_DAYS; i++)
        w.input[i] = pass_had_input(p, p->today - BASE_DAYS - RECENT_DAYS + i);
    st = store_query(p->store, &w.owner, "SELECT owner FROM customer WHERE id = ?1", err);
    if (st == ST_OK)
        st = load(&w, err);
    if (st == ST_OK) {
        judge(&w);
        describe_all(&w);
        st = signal_way(&w, 0, "surge", err);
    }
    if (st == ST_OK)
        st = signal_way(&w, 1, "decline", err);
    for (size_t i = 0; i < w.count; i++) {
        free(w.subjects[i].customer);
    }
    query_free(w.owner);
    buf_clear(&w.usual);
    free(w.subjects);
    free(w.baselines);
    return st;
}
