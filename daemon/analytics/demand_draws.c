/*
 * demand_draws.c - how sure is a rank: the customers drawn again and again.
 *
 * Poisson bootstrap (Chamandy et al. 2012): drawing n of n with replacement is, for many
 * customers, the same as taking each of them Poisson(1) times, which needs no list of them.
 */
#include "demand.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "numeric.h"

#define WINDOW 28.0
/* Of 200 sorted ranks: 5 % and 95 %. */
#define LOW_AT  10
#define HIGH_AT 189
/* Beyond it the chance is less than one in 10^15. */
#define MOST_DRAWN 17

unsigned
demand_drawn(unsigned draw, uint64_t customer)
{
    double u = (double)(numeric_mix64((draw + UINT64_C(1)) * 1000003 + customer) >> 11) * 0x1p-53;
    double p = exp(-1), sum = p;
    unsigned n = 0;

    while (u >= sum && n < MOST_DRAWN) {
        p /= ++n;
        sum += p;
    }
    return n;
}

void
demand_draw(const uint8_t drawn[DEMAND_DRAWS], double part, double sums[DEMAND_DRAWS])
{
    for (int b = 0; b < DEMAND_DRAWS; b++)
        sums[b] += drawn[b] * part;
}

struct placed {
    double score;
    size_t feature;
};

static int
by_score(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

static int
by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

void
demand_rank_intervals(const double *scores, size_t features, struct demand_interval *out)
{
    struct placed *order = xcalloc(features + 1, sizeof *order);
    unsigned *ranks = xcalloc(features * DEMAND_DRAWS + 1, sizeof *ranks);

    for (size_t b = 0; b < DEMAND_DRAWS; b++) {
        for (size_t f = 0; f < features; f++)
            order[f] = (struct placed){scores[f * DEMAND_DRAWS + b], f};
        qsort(order, features, sizeof *order, by_score);
        for (size_t i = 0; i < features; i++)
            ranks[order[i].feature * DEMAND_DRAWS + b] = (unsigned)i + 1;
    }
    for (size_t f = 0; f < features; f++) {
        qsort(&ranks[f * DEMAND_DRAWS], DEMAND_DRAWS, sizeof *ranks, by_number);
        out[f].low = ranks[f * DEMAND_DRAWS + LOW_AT];
        out[f].high = ranks[f * DEMAND_DRAWS + HIGH_AT];
    }
    free(order);
    free(ranks);
}

double
demand_days_to(double line, double people, double recent, double lost)
{
    double net = recent - lost;

    return people < line && net > 0 ? (line - people) * WINDOW / net : NAN;
}
