/*
 * why.c - the reason for a change: is there one, where is it, and is that more than chance?
 */
#include "why.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "forecast.h"
#include "memory.h"

#define LEAST_EVENTS 5 /* away from what was usual; fewer are not stated */

bool
why_weigh(const bool *in, const uint8_t *weekday, size_t count, double *usual)
{
    double period[7] = {0}, before[7] = {0}, all_period = 0, all_before = 0;
    bool whole = true;

    for (size_t i = 0; i < count; i++) {
        (in[i] ? period : before)[weekday[i]]++;
        *(in[i] ? &all_period : &all_before) += 1;
    }
    for (int w = 0; w < 7; w++)
        whole = whole && (period[w] == 0 || before[w] > 0);
    for (size_t i = 0; i < count; i++) {
        if (in[i])
            usual[i] = 0;
        else
            usual[i] = whole ? period[weekday[i]] / before[weekday[i]] : all_period / all_before;
    }
    return whole;
}

/* --- amounts and their dispersion --- */

/* The days before, as change.h wants them. */
struct base {
    size_t days;
    double period;    /* days */
    double *exposure; /* of the whole, by the shape of its week */
    int64_t *count;   /* of the part being looked at */
    const struct why_days *all;
};

/* A weekday like none of the period says nothing. */
static bool
is_before(const struct why_days *days, size_t i)
{
    return !days->in[i] && days->usual[i] > 0;
}

static void
base_init(struct base *b, const struct why_days *days, const int64_t *whole)
{
    double seen[7] = {0}, times[7] = {0}, all = 0, sum = 0, mean;
    size_t n = 0;

    *b = (struct base){.all = days};
    b->exposure = xcalloc(days->count + 1, sizeof *b->exposure);
    b->count = xcalloc(days->count + 1, sizeof *b->count);
    for (size_t i = 0; i < days->count; i++) {
        b->period += days->in[i];
        if (!is_before(days, i))
            continue;
        seen[days->weekday[i]] += (double)whole[i];
        times[days->weekday[i]]++;
        all += (double)whole[i];
        b->days++;
    }
    mean = b->days && all > 0 ? all / (double)b->days : 1;
    for (size_t i = 0; i < days->count; i++)
        if (is_before(days, i)) {
            int w = days->weekday[i];

            /* Drawn towards an even week by one day's worth. */
            b->exposure[n] = (seen[w] + mean) / (times[w] + 1) / mean;
            sum += b->exposure[n++];
        }
    for (size_t i = 0; i < n; i++)
        b->exposure[i] *= (double)n / sum;
}

static void
base_clear(struct base *b)
{
    free(b->exposure);
    free(b->count);
}

/* Seven means were taken from the same days. */
static struct change_baseline
base_of(struct base *b, const int64_t *daily)
{
    struct change_days days = {b->count, b->exposure, b->days};
    struct change_baseline found;
    size_t n = 0;

    for (size_t i = 0; i < b->all->count; i++)
        if (is_before(b->all, i))
            b->count[n++] = daily[i];
    found = change_baseline(&days);
    if (found.days > 8)
        found.variance *= (found.days - 1) / (found.days - 7);
    return found;
}

static void
measure(const struct why_days *days, const int64_t *daily, double *before, double *after)
{
    *before = *after = 0;
    for (size_t i = 0; i < days->count; i++) {
        *before += days->usual[i] * (double)daily[i];
        *after += days->in[i] ? (double)daily[i] : 0;
    }
}

/* --- tests --- */

/* Windows such that their rates are in the ratio of what came to what was usual. */
static struct change_counts
counts_of(const struct base *b, const struct why_part *part, const struct change_baseline *base)
{
    struct change_counts c = {part->after, b->period, base->total, (double)b->days};

    if (base->total > 0 && part->before > 0)
        c.t1 = c.t0 * part->before / base->total;
    return c;
}

static double
two_sided(const struct change_counts *c, double phi)
{
    struct change_test t = change_negbin(c, phi > 0 ? 1 / phi : INFINITY);

    return change_two_sided(&t);
}

static void
test_dimension(struct why_dimension *d, struct base *b, double pooled, double growth)
{
    double *p = xcalloc(4 * d->count + 1, sizeof *p), *q = p + d->count, *shift = q + d->count;
    double *shift_q = shift + d->count;

    for (size_t i = 0; i < d->count; i++) {
        struct change_baseline base = base_of(b, d->part[i].daily);
        struct change_counts c = counts_of(b, &d->part[i], &base);
        double phi = change_phi(&base, pooled);

        p[i] = two_sided(&c, phi);
        c.t1 *= growth;
        shift[i] = c.t1 > 0 ? two_sided(&c, phi) : 1;
    }
    change_fdr(p, q, d->count);
    change_fdr(shift, shift_q, d->count);
    for (size_t i = 0; i < d->count; i++) {
        struct why_part *part = &d->part[i];

        part->q = q[i];
        part->changed = q[i] <= CHANGE_FALSE && fabs(part->after - part->before) >= LEAST_EVENTS;
        part->shifted = part->changed && shift_q[i] <= CHANGE_FALSE &&
                        fabs(part->after - part->before * growth) >= LEAST_EVENTS;
    }
    free(p);
}

/* The whole's own uncertainty: that of the days before, and that of the period. */
static void
judge_whole(struct why *w, const struct base *b, const struct change_baseline *base)
{
    double mean = w->whole.before, phi = w->phi, spread;
    struct change_counts c = counts_of(b, &w->whole, base);

    if (base->total > 0 && mean > 0) {
        double times = c.t1 / c.t0;
        double noise = base->total + phi * base->total * base->total / (double)b->days;

        spread = (times * times * noise + phi / c.t1 * mean * mean) / (mean * mean);
        forecast_interval(mean, spread, 0.8, &w->low, &w->high);
    } else {
        w->low = w->high = 0;
    }
    w->whole.q = two_sided(&c, phi);
    w->inside = w->whole.after >= w->low && w->whole.after <= w->high;
    w->whole.changed = w->whole.q <= CHANGE_FALSE && fabs(w->whole.after - mean) >= LEAST_EVENTS;
}

/* --- explaining --- */

static void
score(struct why_dimension *d, size_t count, const struct why *w)
{
    const struct why_part *whole = &w->whole;

    for (size_t k = 0; k < count; k++) {
        struct attribution_element *e = xcalloc(d[k].count + 1, sizeof *e);
        struct why_part *sorted = xcalloc(d[k].count + 1, sizeof *sorted);
        struct attribution_dimension one = {.name = d[k].name, .element = e, .count = d[k].count};

        for (size_t i = 0; i < d[k].count; i++)
            e[i] = (struct attribution_element){.name = d[k].part[i].name,
                                                .before = d[k].part[i].before,
                                                .after = d[k].part[i].after,
                                                .number = i};
        attribution_score(e, d[k].count, whole->before, whole->after);
        attribution_explain(&one, 1);
        for (size_t i = 0; i < d[k].count; i++) {
            sorted[i] = d[k].part[e[i].number];
            sorted[i].power = e[i].power;
            sorted[i].surprise = e[i].surprise;
        }
        memcpy(d[k].part, sorted, d[k].count * sizeof *sorted);
        d[k].named = one.named;
        d[k].power = one.power;
        d[k].surprise = one.surprise;
        d[k].cause = one.named > 0 && !w->inside && whole->before > 0 && whole->after > 0;
        for (size_t i = 0; i < one.named; i++)
            d[k].cause = d[k].cause && d[k].part[i].shifted && !d[k].part[i].rest;
        free(sorted);
        free(e);
    }
}

static int
causes_first(const void *a, const void *b)
{
    const struct why_dimension *x = a, *y = b;

    if (x->cause != y->cause)
        return x->cause ? -1 : 1;
    if ((x->named > 0) != (y->named > 0))
        return x->named ? -1 : 1;
    if (x->surprise != y->surprise)
        return x->surprise > y->surprise ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The part of a dimension that is its only cause, or NULL. */
static const struct why_part *
cause_named(const struct why_dimension *d, size_t count, const char *dimension, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(d[i].name, dimension) == 0 && d[i].cause && d[i].named == 1 &&
            strcmp(d[i].part[0].name, name) == 0)
            return &d[i].part[0];
    return NULL;
}

static int
preferred_first(const void *a, const void *b)
{
    const struct why_pair *x = a, *y = b;

    if (x->preferred != y->preferred)
        return x->preferred ? -1 : 1;
    return (x->surprise < y->surprise) - (x->surprise > y->surprise);
}

static void
score_pairs(const struct why *w, const struct why_days *days, const struct why_dimension *d,
            size_t count, struct why_pair *pairs, size_t pair_count)
{
    for (size_t i = 0; i < pair_count; i++) {
        struct why_pair *p = &pairs[i];
        const struct why_part *first = cause_named(d, count, p->dimension[0], p->name[0]);
        const struct why_part *second = cause_named(d, count, p->dimension[1], p->name[1]);
        struct attribution_element e = {.name = ""};

        measure(days, p->daily, &e.before, &e.after);
        attribution_score(&e, 1, w->whole.before, w->whole.after);
        p->before = e.before;
        p->after = e.after;
        p->power = e.power;
        p->surprise = e.surprise;
        p->preferred =
            first && second && attribution_pair_says_it(e.power, first->power, second->power);
    }
    if (pair_count > 0)
        qsort(pairs, pair_count, sizeof *pairs, preferred_first);
}

void
why_conclude(struct why *w, const struct why_days *days, struct why_dimension *d, size_t count,
             struct why_pair *pairs, size_t pair_count)
{
    size_t parts = 1, n = 0;
    struct change_baseline *all;
    struct base b;
    double pooled, growth;

    base_init(&b, days, w->whole.daily);
    for (size_t k = 0; k < count; k++)
        parts += d[k].count;
    all = xcalloc(parts, sizeof *all);
    all[n++] = base_of(&b, w->whole.daily);
    measure(days, w->whole.daily, &w->whole.before, &w->whole.after);
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < d[k].count; i++) {
            struct why_part *part = &d[k].part[i];

            measure(days, part->daily, &part->before, &part->after);
            all[n++] = base_of(&b, part->daily);
        }
    pooled = change_pooled_phi(all, n);
    w->phi = change_phi(&all[0], pooled);
    judge_whole(w, &b, &all[0]);
    growth = w->whole.before > 0 ? w->whole.after / w->whole.before : 1;
    for (size_t k = 0; k < count; k++)
        test_dimension(&d[k], &b, pooled, growth);
    score(d, count, w);
    score_pairs(w, days, d, count, pairs, pair_count);
    if (count > 0)
        qsort(d, count, sizeof *d, causes_first);
    free(all);
    base_clear(&b);
}
