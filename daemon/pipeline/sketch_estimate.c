/*
 * sketch_estimate.c - how many different elements a sketch has seen: Ertl 2017, "New cardinality
 * estimation algorithms for HyperLogLog sketches", algorithms 5 and 6 with q = SKETCH_RANK_BITS.
 */
#include <math.h>
#include <pthread.h>

#include "sketch_private.h"

/* x + sum over k of x^(2^k) 2^(k-1) */
static double
sigma(double x)
{
    double weight = 1, sum = x, before;

    if (x == 1.0)
        return INFINITY;
    do {
        before = sum;
        x *= x;
        sum += x * weight;
        weight += weight;
    } while (sum != before);
    return sum;
}

/* What most estimates are put together from: sketches are small, and sigma is costly. */
static struct {
    double sigma[SKETCH_MAX_PAIRS + 1]; /* when so many registers are in use */
    uint64_t weight[64]; /* 2^-rank in units of 2^-SKETCH_RANK_BITS; 0 and the last: none */
} table;

static void
make_table(void)
{
    for (unsigned used = 0; used <= SKETCH_MAX_PAIRS; used++)
        table.sigma[used] = sigma((SKETCH_REGISTERS - used) / (double)SKETCH_REGISTERS);
    for (unsigned rank = 1; rank <= SKETCH_RANK_BITS; rank++)
        table.weight[rank] = UINT64_C(1) << (SKETCH_RANK_BITS - rank);
}

/* (1 - x - sum over k of (1 - x^(2^-k))^2 2^-k) / 3 */
static double
tau(double x)
{
    double weight = 1, sum = 1 - x, before;

    if (x == 0.0 || x == 1.0)
        return 0;
    do {
        before = sum;
        x = sqrt(x);
        weight *= 0.5;
        sum -= (1 - x) * (1 - x) * weight;
    } while (sum != before);
    return sum / 3;
}

/* The sum over ranks, which the paper adds up from the highest, in whole numbers: 2^63 at most. */
double
sketch_estimate(const struct sketch *s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const double m = SKETCH_REGISTERS;
    unsigned used = 0, full = 0, places;
    uint64_t sum = 0;
    double z;

    pthread_once(&once, make_table);
    if (s->form == SKETCH_DENSE) {
        for (unsigned i = 0; i < SKETCH_REGISTERS; i++) {
            sum += table.weight[s->dense[i]];
            used += s->dense[i] > 0;
            full += s->dense[i] > SKETCH_RANK_BITS;
        }
    } else {
        const uint32_t *pairs = sketch_pairs(s, &places);

        for (unsigned i = 0; i < places; i++) {
            sum += table.weight[pairs[i] & 63];
            full += (pairs[i] & 63) > SKETCH_RANK_BITS;
        }
        used = s->count;
    }
    if (used == 0)
        return 0;
    z = (m * tau((m - full) / m) + (double)sum) / (double)(UINT64_C(1) << SKETCH_RANK_BITS);
    z += m * (used <= SKETCH_MAX_PAIRS ? table.sigma[used] : sigma((m - used) / m));
    return m * m / (2 * M_LN2 * z);
}
