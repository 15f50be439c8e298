/*
 * sketch_estimate.c - how many different elements a sketch has seen: Ertl 2017, "New cardinality
 * estimation algorithms for HyperLogLog sketches", algorithms 5 and 6 with q = SKETCH_RANK_BITS.
 */
#include <math.h>
#include <pthread.h>

#include "sketch_private.h"
#include "wide.h"

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
struct rank_sum {
    uint64_t weight;
    unsigned used, full;
};

static inline void
add_rank(struct rank_sum *s, unsigned rank)
{
    s->weight += table.weight[rank];
    s->full += rank > SKETCH_RANK_BITS;
}

static double
estimate(const struct rank_sum *s)
{
    const double m = SKETCH_REGISTERS;
    double z;

    if (s->used == 0)
        return 0;
    z = (m * tau((m - s->full) / m) + (double)s->weight) /
        (double)(UINT64_C(1) << SKETCH_RANK_BITS);
    z += m * (s->used <= SKETCH_MAX_PAIRS ? table.sigma[s->used] : sigma((m - s->used) / m));
    return m * m / (2 * M_LN2 * z);
}

static void
need_table(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_table);
}

#ifdef HAVE_WIDE
/* 32 registers at a time. A register that is not in use shifts by nothing, which is put right at
 * the end: sums are modulo 2^64. */
WIDE static struct rank_sum
sum_wide(const uint8_t *reg)
{
    const __m256i one = _mm256_set1_epi64x((int64_t)1 << SKETCH_RANK_BITS);
    struct rank_sum sum = {0};
    __m256i weights = _mm256_setzero_si256();
    uint64_t part[4], unused = 0;

    for (unsigned i = 0; i < SKETCH_REGISTERS; i += 32) {
        __m256i r = _mm256_loadu_si256((const __m256i *)(const void *)(reg + i));
        __m256i zero = _mm256_cmpeq_epi8(r, _mm256_setzero_si256());
        __m256i full = _mm256_cmpgt_epi8(r, _mm256_set1_epi8(SKETCH_RANK_BITS));

        unused += (unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(zero));
        sum.full += (unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(full));
        for (unsigned k = 0; k < 32; k += 4) {
            __m256i rank = _mm256_cvtepu8_epi64(_mm_loadu_si32(reg + i + k));

            weights = _mm256_add_epi64(weights, _mm256_srlv_epi64(one, rank));
        }
    }
    _mm256_storeu_si256((__m256i *)(void *)part, weights);
    sum.weight = part[0] + part[1] + part[2] + part[3] - (unused << SKETCH_RANK_BITS);
    sum.used = (unsigned)(SKETCH_REGISTERS - unused);
    return sum;
}
#endif

static struct rank_sum
sum_narrow(const uint8_t *reg)
{
    struct rank_sum sum = {0};

    for (unsigned i = 0; i < SKETCH_REGISTERS; i++) {
        add_rank(&sum, reg[i]);
        sum.used += reg[i] > 0;
    }
    return sum;
}

double
sketch_estimate_dense(const uint8_t *reg)
{
    struct rank_sum sum;

    need_table();
#ifdef HAVE_WIDE
    if (wide_works())
        sum = sum_wide(reg);
    else
#endif
        sum = sum_narrow(reg);
    return estimate(&sum);
}

double
sketch_estimate_listed(const uint8_t *reg, const uint16_t *list, unsigned count)
{
    struct rank_sum sum = {.used = count};

    need_table();
    for (unsigned i = 0; i < count; i++)
        add_rank(&sum, reg[list[i]]);
    return estimate(&sum);
}

double
sketch_estimate(const struct sketch *s)
{
    struct rank_sum sum = {.used = s->count};
    const uint32_t *pairs;
    unsigned places;

    if (sketch_is_dense(s))
        return sketch_estimate_dense(s->dense);
    need_table();
    pairs = sketch_pairs(s, &places);
    for (unsigned i = 0; i < places; i++)
        add_rank(&sum, pairs[i] & 63);
    return estimate(&sum);
}
