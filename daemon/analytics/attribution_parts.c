/*
 * attribution_parts.c - exact decompositions of a change: the population, factors, mix and rate.
 */
#include "attribution.h"

#include <math.h>

/* --- who --- */

void
attribution_population_add(struct attribution_population *p, double before, double after,
                           bool earlier)
{
    if (before <= 0 && after <= 0)
        return;
    if (before <= 0) {
        *(earlier ? &p->resurrected : &p->fresh) += after;
        *(earlier ? &p->resurrected_count : &p->fresh_count) += 1;
    } else if (after <= 0) {
        p->lost += before;
        p->lost_count++;
    } else if (after > before) {
        p->expansion += after - before;
        p->expansion_count++;
    } else if (after < before) {
        p->contraction += before - after;
        p->contraction_count++;
    }
}

/* --- how --- */

/* The logarithmic mean, steady where its two sides meet. */
static double
logarithmic_mean(double a, double b)
{
    double x = (a - b) / b;

    if (a == b)
        return a;
    return fabs(x) < 1e-4 ? b * (1 + x / 2 - x * x / 12) : (a - b) / log(a / b);
}

void
attribution_factors(struct attribution_chain *c)
{
    double before = 1, after = 1, mean;
    bool both = true;

    for (size_t i = 0; i < c->count; i++) {
        before *= c->before[i];
        after *= c->after[i];
        both = both && c->before[i] > 0 && c->after[i] > 0;
        c->effect[i] = 0;
    }
    c->whole = both ? 0 : after - before;
    if (!both)
        return;
    mean = logarithmic_mean(after, before);
    for (size_t i = 0; i < c->count; i++)
        c->effect[i] = mean * log(c->after[i] / c->before[i]);
}

#define SEGMENT_SHARE 0.05 /* smaller ones do not speak for or against the whole */

struct sums {
    double weight0, amount0, weight1, amount1;
};

/* The rate of a segment that was not there is that of the other period: all of it is mix. */
static void
rates_of(const struct attribution_segment *s, double *r0, double *r1)
{
    *r0 = s->weight0 > 0 ? s->amount0 / s->weight0 : NAN;
    *r1 = s->weight1 > 0 ? s->amount1 / s->weight1 : NAN;
    if (isnan(*r0))
        *r0 = *r1;
    if (isnan(*r1))
        *r1 = *r0;
}

void
attribution_mix(struct attribution_segment *s, size_t count, struct attribution_mix *out)
{
    struct sums all = {0};
    bool up = true, down = true, any = false;
    double middle;

    for (size_t i = 0; i < count; i++) {
        all.weight0 += s[i].weight0;
        all.amount0 += s[i].amount0;
        all.weight1 += s[i].weight1;
        all.amount1 += s[i].amount1;
        s[i].mix = s[i].rate = 0;
    }
    *out = (struct attribution_mix){NAN, NAN, 0, 0, false};
    if (!(all.weight0 > 0) || !(all.weight1 > 0))
        return;
    out->before = all.amount0 / all.weight0;
    out->after = all.amount1 / all.weight1;
    middle = (out->before + out->after) / 2;
    for (size_t i = 0; i < count; i++) {
        double share0 = s[i].weight0 / all.weight0, share1 = s[i].weight1 / all.weight1, r0, r1;

        rates_of(&s[i], &r0, &r1);
        if (isnan(r0))
            continue;
        s[i].mix = (share1 - share0) * ((r0 + r1) / 2 - middle);
        s[i].rate = (share0 + share1) / 2 * (r1 - r0);
        out->mix += s[i].mix;
        out->rate += s[i].rate;
        if (share0 >= SEGMENT_SHARE && share1 >= SEGMENT_SHARE) {
            any = true;
            up = up && r1 > r0;
            down = down && r1 < r0;
        }
    }
    out->only_mix = any && ((up && out->after < out->before) || (down && out->after > out->before));
}
