/*
 * attribution.c - which parts of a whole explain its change?
 */
#include "attribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* p log2(2p / (p + q)), 0 at 0. */
static double
half_divergence(double p, double q)
{
    return p > 0 ? p * log2(2 * p / (p + q)) : 0;
}

static double
divergence(double before, double after, double all_before, double all_after)
{
    double p = all_before > 0 ? fmax(before, 0) / all_before : 0;
    double q = all_after > 0 ? fmax(after, 0) / all_after : 0;

    return (half_divergence(p, q) + half_divergence(q, p)) / 2;
}

void
attribution_score(struct attribution_element *e, size_t count, double before, double after)
{
    double change = after - before;

    for (size_t i = 0; i < count; i++) {
        e[i].power = change != 0 ? (e[i].after - e[i].before) / change : 0;
        e[i].surprise = divergence(e[i].before, e[i].after, before, after);
    }
}

void
attribution_score_ratio(struct attribution_element *e, const struct attribution_ratio *parts,
                        size_t count)
{
    double before[2] = {0, 0}, after[2] = {0, 0}, sum = 0;

    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < 2; k++) {
            before[k] += parts[i].before[k];
            after[k] += parts[i].after[k];
        }
    for (size_t i = 0; i < count; i++) {
        double up = parts[i].after[0] - parts[i].before[0];
        double down = parts[i].after[1] - parts[i].before[1];
        double below = before[1] * (before[1] + down);

        e[i].power = below > 0 ? (up * before[1] - down * before[0]) / below : 0;
        e[i].surprise = 0;
        for (int k = 0; k < 2; k++)
            e[i].surprise += divergence(parts[i].before[k], parts[i].after[k], before[k], after[k]);
        sum += e[i].power;
    }
    for (size_t i = 0; i < count; i++)
        e[i].power = sum != 0 ? e[i].power / sum : 0;
}

static int
by_surprise(const void *a, const void *b)
{
    const struct attribution_element *x = a, *y = b;

    if (x->surprise != y->surprise)
        return x->surprise > y->surprise ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int
by_explanation(const void *a, const void *b)
{
    const struct attribution_dimension *x = a, *y = b;

    if ((x->named > 0) != (y->named > 0))
        return x->named > 0 ? -1 : 1;
    if (x->surprise != y->surprise)
        return x->surprise > y->surprise ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* What is named goes to the front, in order. */
static void
explain(struct attribution_dimension *d)
{
    size_t named = 0;

    d->power = d->surprise = 0;
    qsort(d->element, d->count, sizeof *d->element, by_surprise);
    for (size_t i = 0; i < d->count && d->power <= ATTRIBUTION_WHOLE; i++) {
        struct attribution_element e = d->element[i];

        if (!(e.power > ATTRIBUTION_POWER))
            continue;
        memmove(&d->element[named + 1], &d->element[named], (i - named) * sizeof e);
        d->element[named++] = e;
        d->power += e.power;
        d->surprise += e.surprise;
    }
    d->named = d->power > ATTRIBUTION_WHOLE ? named : 0;
}

void
attribution_explain(struct attribution_dimension *d, size_t count)
{
    for (size_t i = 0; i < count; i++)
        explain(&d[i]);
    qsort(d, count, sizeof *d, by_explanation);
}

bool
attribution_pair_says_it(double pair, double first, double second)
{
    return pair > ATTRIBUTION_POWER && pair >= ATTRIBUTION_PAIR * first &&
           pair >= ATTRIBUTION_PAIR * second;
}
