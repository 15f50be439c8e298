/*
 * demand.c - how badly is a feature wanted, and how sure is that?
 *
 * Interval of a share: E.B. Wilson 1927. Standard error of a HyperLogLog: 1.04 / sqrt(m)
 * (Flajolet et al. 2007).
 */
#include "demand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"

#define Z95                1.959963984540054
#define SKETCH_REGISTERS   16384.0
#define VOTE_HALF_LIFE     30.0
#define GROWTH_WINDOW_DAYS 28.0

static double
clip(double v, double low, double high)
{
    return fmin(fmax(v, low), high);
}

void
demand_wilson(double x, double n, double *low, double *high)
{
    double z2 = Z95 * Z95, p, middle, half;

    *low = 0;
    *high = 1;
    if (!(n > 0))
        return;
    p = x / n;
    middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    half = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    /* At the ends the bound is 0 or 1 exactly; rounding must not say otherwise. */
    *low = x <= 0 ? 0 : clip(middle - half, 0, 1);
    *high = x >= n ? 1 : clip(middle + half, 0, 1);
}

double
demand_vote(double age_days, double strength)
{
    return strength * exp2(-fmax(age_days, 0) / VOTE_HALF_LIFE);
}

double
demand_customer_weight(double value, double median)
{
    return median > 0 ? clip(sqrt(fmax(value, 0) / median), 0.25, 4) : 1;
}

double
demand_value(double weight, double votes)
{
    return weight * sqrt(fmax(votes, 0));
}

double
demand_growth_p(double recent, double before)
{
    struct change_counts c = {recent, GROWTH_WINDOW_DAYS, before, GROWTH_WINDOW_DAYS};
    struct change_test t = change_poisson(&c);

    return change_two_sided(&t);
}

double
demand_growth_factor(double recent, double before, double q)
{
    return q <= 0.05 ? clip((recent + 5) / (before + 5), 0.5, 2) : 1;
}

bool
demand_decided(const struct demand_reach *r, bool was_decided)
{
    double sure = r->people;

    if (was_decided)
        return r->people >= DEMAND_CLEAR_LINE;
    if (r->estimated)
        sure *= 1 - 2 * 1.04 / sqrt(SKETCH_REGISTERS);
    return sure >= DEMAND_LINE && r->customers >= 25 && r->largest_share <= 0.5;
}

static int
by_score(const void *a, const void *b)
{
    const struct demand_rank *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->people != y->people)
        return x->people > y->people ? -1 : 1;
    return strcmp(x->name, y->name);
}

void
demand_rank(struct demand_rank *features, size_t count)
{
    if (count > 0)
        qsort(features, count, sizeof *features, by_score);
    for (size_t i = 0; i < count; i++)
        features[i].rank = (unsigned)(i + 1);
}
