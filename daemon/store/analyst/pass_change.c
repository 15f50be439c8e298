/*
 * pass_change.c - which customers are surging or declining, beyond chance?
 *
 * The last 7 whole days against the 28 before. Days are UTC days, as in customer_day. What most
 * customers of a like rhythm do together, be it weekends, a holiday or a season, is not theirs:
 * each day weighs as much as it did for those (usual_days.h). A customer's daily counts vary more
 * than chance alone would have it, by an amount that is estimated from all customers and from its
 * own; the test given the total of both windows needs no other assumption. At most one signal in
 * twenty is expected to be false: the false discovery rate is held at 5 %, surge and decline as
 * separate families.
 */
#include "pass.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "change.h"
#include "forecast.h"
#include "json_write.h"
#include "profile.h"
#include "signals.h"
#include "usual_days.h"
#include "why_answer.h"

#define RECENT_DAYS 7
#define BASE_DAYS   28
#define DAYS        (BASE_DAYS + RECENT_DAYS)
#define MIN_BASE    14
/* From these changes on, in legs and as a share of what all customers usually have. */
#define CRITICAL_LEGS  50
#define CRITICAL_SHARE 0.005
#define WARNING_LEGS   20
#define WARNING_SHARE  0.0005
/* Ratios to less than this are arithmetic, not news. */
#define FEW_USUAL 5

struct subject {
    char *customer;
    int64_t daily[DAYS];     /* oldest first */
    int64_t base[BASE_DAYS]; /* of days with input */
    int skip;                /* of these: before its first week */
    int begun;               /* the first day of that */
    unsigned group;
};

struct work {
    struct pass *pass;
    struct subject *subjects;
    struct change_case *cases; /* one for each */
    size_t count, cap;
    double business;     /* usual legs of all customers in a recent window */
    struct buf usual;    /* the same as text: every signal has it */
    double completeness; /* of the days looked at */
    struct query *owner; /* of a customer: few are signalled */
    bool input[DAYS];
    int base_days, recent_days; /* with input */
};

/* Customers of a like rhythm: hours of the day, and whether there is next to nothing on two days of
 * the week. A group's week is that of most in it; of one whose own is another, weekends would pass
 * for luck and make every change seem small. */
static const char *const hours[] = {"", "office", "evening", "night", "weekend", "mixed"};
#define HOURS       (sizeof hours / sizeof hours[0])
#define GROUPS      (2 * HOURS)
#define REST_EVENTS 30  /* of fewer nobody can say */
#define REST_SHARE  0.1 /* of all, on two days that would have 0.29 */

/* "[1,2,...]" with PROFILE_RECENT numbers; the last is today and not over. */
static bool
parse_recent(struct span text, int64_t *daily)
{
    const char *p = text.p, *end = text.p + text.n;

    for (int i = 0; i < DAYS; i++) {
        uint64_t n = 0;

        if (p >= end || (*p != '[' && *p != ','))
            return false;
        for (p++; p < end && *p >= '0' && *p <= '9'; p++)
            n = n * 10 + (uint64_t)(*p - '0');
        daily[i] = (int64_t)n;
    }
    return true;
}

/* The baseline begins with the customer's first week. A day without any input is missing for
 * everybody and counts for nobody. False: too short to say anything. */
static bool
take_days(const struct work *w, struct subject *s, int32_t first_day)
{
    int32_t start = w->pass->today - DAYS;
    int skip = first_day > start ? (first_day - start + 6) / 7 * 7 : 0, n = 0;

    s->skip = 0;
    s->begun = skip;
    for (int i = 0; i < BASE_DAYS; i++)
        if (w->input[i]) {
            s->skip += i < skip;
            s->base[n++] = s->daily[i];
        }
    return BASE_DAYS - skip >= MIN_BASE && n - s->skip >= MIN_BASE / 2 && w->recent_days > 0;
}

static unsigned
hours_of(struct span persona)
{
    for (unsigned g = 1; g < HOURS; g++) {
        size_t n = strlen(hours[g]);

        if (persona.n >= n && memcmp(persona.p, hours[g], n) == 0)
            return g;
    }
    return 0;
}

/* Whatever days of the week a country rests on: the two days in a row with least, before the window
 * that is judged. */
static bool
rests(const struct subject *s)
{
    int64_t day[7] = {0}, total = 0, least = INT64_MAX;

    for (int i = 0; i < BASE_DAYS; i++) {
        day[i % 7] += s->daily[i];
        total += s->daily[i];
    }
    for (int d = 0; d < 7; d++)
        if (day[d] + day[(d + 1) % 7] < least)
            least = day[d] + day[(d + 1) % 7];
    return total >= REST_EVENTS && (double)least < REST_SHARE * (double)total;
}

static struct subject *
grow(struct work *w)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 1024;
        w->subjects = xrealloc(w->subjects, w->cap * sizeof *w->subjects);
    }
    w->subjects[w->count] = (struct subject){0};
    return &w->subjects[w->count];
}

static enum status
load(struct work *w, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(w->pass->store, &q,
                                 "SELECT customer, recent_legs, first_day, persona"
                                 " FROM customer_stat"
                                 " WHERE recent_legs IS NOT NULL AND first_day IS NOT NULL"
                                 " ORDER BY customer",
                                 err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        struct subject *s = grow(w);
        struct span name = query_text(q, 0);
        int32_t first_day;

        if (!parse_recent(query_text(q, 1), s->daily) || !parse_day(query_text(q, 2), &first_day) ||
            !take_days(w, s, first_day))
            continue;
        s->group = hours_of(query_text(q, 3)) + (rests(s) ? HOURS : 0);
        s->customer = xstrndup(name.p, name.n);
        w->count++;
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* exposure: GROUPS * DAYS, how much of a usual day each was. */
static enum status
learn_days(const struct work *w, double *exposure, struct error *err)
{
    struct usual_customer *customers = xcalloc(w->count + 1, sizeof *customers);
    int32_t first = w->pass->today - DAYS;
    struct day_factors *factors = NULL;
    double calendar[DAYS];
    const struct usual_days u = {
        .days = DAYS,
        .groups = GROUPS,
        .first_weekday = (unsigned)weekday_from_days(first),
        .known = w->input,
        .calendar = calendar,
    };
    enum status st = day_factors_load(&factors, w->pass->store, err);

    for (int i = 0; st == ST_OK && i < DAYS; i++)
        calendar[i] = day_factor(factors, "", first + i, NULL);
    for (size_t i = 0; i < w->count; i++)
        customers[i] = (struct usual_customer){w->subjects[i].daily, w->subjects[i].group};
    if (st == ST_OK)
        usual_days(&u, customers, w->count, exposure);
    day_factors_free(factors);
    free(customers);
    return st;
}

/* base: exposures of the baseline's days with input. Windows are as long as the days in them
 * weigh; the baseline as it is. */
static void
make_case(const struct work *w, struct subject *s, const double *base, double recent,
          struct change_case *c)
{
    double weight = 0;

    c->days =
        (struct change_days){s->base + s->skip, base + s->skip, (size_t)(w->base_days - s->skip)};
    for (size_t i = 0; i < c->days.days; i++) {
        c->counts.x0 += (double)c->days.count[i];
        weight += c->days.exposure[i];
    }
    for (int i = BASE_DAYS; i < DAYS; i++)
        c->counts.x1 += w->input[i] ? (double)s->daily[i] : 0;
    c->counts.t0 = (double)c->days.days;
    c->counts.t1 = recent * c->counts.t0 / weight;
    c->baseline = change_baseline(&c->days);
}

static enum status
judge(struct work *w, struct error *err)
{
    double *exposure = xcalloc(GROUPS * DAYS, sizeof *exposure);
    double base[GROUPS][BASE_DAYS], recent[GROUPS] = {0};

    enum status st = learn_days(w, exposure, err);

    if (st != ST_OK) {
        free(exposure);
        return st;
    }
    for (size_t g = 0; g < GROUPS; g++)
        for (int i = 0, n = 0; i < DAYS; i++) {
            double e = exposure[g * DAYS + (size_t)i];

            if (w->input[i] && i < BASE_DAYS)
                base[g][n++] = e;
            else if (w->input[i])
                recent[g] += e;
        }
    w->cases = xcalloc(w->count + 1, sizeof *w->cases);
    for (size_t i = 0; i < w->count; i++) {
        struct subject *s = &w->subjects[i];
        struct change_case *c = &w->cases[i];

        make_case(w, s, base[s->group], recent[s->group], c);
        w->business += c->counts.x0 / c->counts.t0 * c->counts.t1;
    }
    change_judge(w->cases, w->count);
    for (size_t i = 0; i < w->count; i++) /* what they are made of goes */
        w->cases[i].days = (struct change_days){0};
    free(exposure);
    return ST_OK;
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
write_evidence(struct buf *out, const struct work *w, const struct subject *s,
               const struct change_case *c, int way, const struct why_answer *why)
{
    char day[CIVIL_TEXT];
    int32_t first = w->pass->today - DAYS;
    struct json_writer j;

    json_begin(&j, out);
    json_object(&j, NULL);
    json_text(&j, "first_day", format_day(day, first));
    json_array(&j, "daily_legs");
    for (int i = 0; i < DAYS; i++)
        json_i64(&j, NULL, s->daily[i]);
    json_close(&j);
    json_real(&j, "recent_legs", c->counts.x1);
    json_i64(&j, "recent_days", w->recent_days);
    json_real(&j, "recent_days_weigh", c->counts.t1);
    json_real(&j, "baseline_legs", c->counts.x0);
    json_real(&j, "baseline_days", c->counts.t0);
    json_raw(&j, "all_customers_usual_legs", span_of(w->usual.p, w->usual.n));
    json_real(&j, "dispersion", c->phi);
    json_real(&j, "false_discovery_rate", c->q[way]);
    if (why)
        why_causes_json(why, &j);
    json_close(&j);
}

static void
write_reason(struct buf *out, const struct change_counts *c, int days, double usual)
{
    double ratio = usual > 0 ? c->x1 / usual : INFINITY;

    if (usual == 0) {
        buf_printf(out, "%.0f legs in %d days after %.0f days without any", c->x1, days, c->t0);
        return;
    }
    if (usual < FEW_USUAL && ratio > 1) {
        buf_printf(out, "%.0f legs in %d days after %.0f in the %.0f days before", c->x1, days,
                   c->x0, c->t0);
        return;
    }
    buf_printf(out, "%.0f legs in %d days where %.*f were usual", c->x1, days, usual < 10 ? 1 : 0,
               usual);
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

/* The reason for a change, where there is one; *found: the answer is to be cleared. */
static enum status
find_reason(const struct work *w, const struct subject *s, struct why_answer *out, bool *found,
            struct error *err)
{
    const struct pass *p = w->pass;
    const struct why_ask ask = {.kind = WHY_CUSTOMER,
                                .name = span_str(s->customer),
                                .from = p->today - RECENT_DAYS,
                                .to = p->today,
                                .against = p->today - DAYS + s->begun,
                                .against_to = p->today - RECENT_DAYS,
                                .today = p->today};
    enum status st = why_answer(out, p->a->reader, p->store, p->a->zone, &ask, err);

    *found = st == ST_OK;
    return st == ST_NOT_FOUND || st == ST_BAD_INPUT ? ST_OK : st;
}

static enum status
raise_one(struct signals *sg, struct work *w, size_t i, int way, struct error *err)
{
    const struct subject *s = &w->subjects[i];
    const struct change_case *c = &w->cases[i];
    int32_t today = w->pass->today;
    double usual = c->counts.x0 / c->counts.t0 * c->counts.t1;
    char start[CIVIL_TEXT], end[CIVIL_TEXT];
    struct why_answer why;
    bool has_why = false;
    struct buf reason = {0}, evidence = {0}, owner = {0};
    struct signal_row row = {
        .subject = span_str(s->customer),
        .subject_type = "customer",
        .severity = severity(usual > 0 ? c->counts.x1 / usual : INFINITY, c->counts.x1 - usual,
                             w->business),
        .value = c->counts.x1,
        .baseline = usual,
        .delta = c->counts.x1 - usual,
        .p_value = c->p[way],
        .completeness = w->completeness,
        .window_start = format_day(start, today - RECENT_DAYS),
        .window_end = format_day(end, today - 1),
    };
    enum status st;

    st = find_owner(w, s->customer, &owner, err);
    if (st == ST_OK)
        st = find_reason(w, s, &why, &has_why, err);
    if (st != ST_OK) {
        buf_clear(&owner);
        return st;
    }
    row.owner = span_of(owner.p, owner.n);
    /* What such a window would usually hold: the sum of t1 days has a t1-th of a day's
     * dispersion. */
    forecast_interval(usual, c->phi / c->counts.t1, 0.95, &row.low, &row.high);
    write_reason(&reason, &c->counts, w->recent_days, usual);
    if (has_why)
        why_half_sentence(&why, &reason);
    write_evidence(&evidence, w, s, c, way, has_why ? &why : NULL);
    row.reason = reason.p;
    row.evidence = evidence.p;
    st = signals_raise(sg, &row, err);
    if (has_why)
        why_answer_clear(&why);
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
    w->completeness = pass_completeness(w->pass, today - DAYS, today);
}

static enum status
signal_way(struct work *w, int way, const char *kind, struct error *err)
{
    struct signals *sg = NULL;
    char end[CIVIL_TEXT];
    enum status st = signals_begin(&sg, w->pass, kind, err);

    for (size_t i = 0; st == ST_OK && i < w->count; i++)
        if (w->cases[i].stands[way])
            st = raise_one(sg, w, i, way, err);
    return signals_end(sg, st, format_day(end, w->pass->today - 1), err);
}

enum status
pass_change(struct pass *p, struct error *err)
{
    struct work w = {.pass = p};
    enum status st;

    if (!p->closed_days_changed && !p->full)
        return ST_OK;
    for (int i = 0; i < DAYS; i++) {
        w.input[i] = pass_had_input(p, p->today - DAYS + i);
        *(i < BASE_DAYS ? &w.base_days : &w.recent_days) += w.input[i];
    }
    st = store_query(p->store, &w.owner, "SELECT owner FROM customer WHERE id = ?1", err);
    if (st == ST_OK)
        st = load(&w, err);
    if (st == ST_OK)
        st = judge(&w, err);
    if (st == ST_OK) {
        describe_all(&w);
        st = signal_way(&w, 0, "surge", err);
    }
    if (st == ST_OK)
        st = signal_way(&w, 1, "decline", err);
    for (size_t i = 0; i < w.count; i++)
        free(w.subjects[i].customer);
    query_free(w.owner);
    buf_clear(&w.usual);
    free(w.subjects);
    free(w.cases);
    return st;
}
