/*
 * draw.h - random counts for tests, the same for the same seed.
 *
 * Gamma-mixed Poisson laws: Marsaglia and Tsang 2000; Knuth.
 */
#ifndef DRAW_H
#define DRAW_H

#include <math.h>
#include <stdint.h>

static uint64_t draw_state;

static inline void
draw_seed(uint64_t seed)
{
    draw_state = seed;
}

static inline double
draw_uniform(void)
{
    uint64_t z = draw_state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static inline double
draw_normal(void)
{
    return sqrt(-2 * log(draw_uniform())) * cos(6.283185307179586 * draw_uniform());
}

static inline double
draw_gamma(double shape)
{
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d), x, v;

    do {
        do {
            x = draw_normal();
            v = 1 + c * x;
        } while (v <= 0);
        v = v * v * v;
    } while (log(draw_uniform()) > x * x / 2 + d - d * v + d * log(v));
    return d * v * (shape < 1 ? pow(draw_uniform(), 1 / shape) : 1);
}

static inline int64_t
draw_poisson(double mean)
{
    double product = 1, limit;
    int64_t n = -1;

    if (mean > 30) {
        n = llround(mean + sqrt(mean) * draw_normal());
        return n > 0 ? n : 0;
    }
    for (limit = exp(-mean); product > limit; n++)
        product *= draw_uniform();
    return n;
}

/* Variance m + m^2 / kappa. */
static inline int64_t
draw_negbin(double mean, double kappa)
{
    return draw_poisson(mean / kappa * draw_gamma(kappa));
}

#endif
