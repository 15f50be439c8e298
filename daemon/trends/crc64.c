/*
 * crc64.c - sixteen bytes at a time, by tables, or sixty-four, where the processor multiplies
 * polynomials; and the sum of two pieces from theirs.
 */
#include "crc64.h"

#include <endian.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL UINT64_C(0x95AC9329AC4BC9B5)
#define SLICES     16
#define ONE        (UINT64_C(1) << 63) /* x to the 0: in reflected form it is the highest bit */

static uint64_t table[SLICES][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void make_powers(void);

/* Times x. */
static uint64_t
shifted(uint64_t v)
{
    return v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
}

static void
make_table(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint64_t v = i;

        for (int bit = 0; bit < 8; bit++)
            v = shifted(v);
        table[0][i] = v;
    }
    for (unsigned s = 1; s < SLICES; s++)
        for (unsigned i = 0; i < 256; i++) {
            uint64_t v = table[s - 1][i];

            table[s][i] = v >> 8 ^ table[0][v & 0xFF];
        }
    make_powers();
}

/* What eight bytes, `later` ones behind them in the block, do to the sum. */
static uint64_t
slice(uint64_t v, unsigned later)
{
    const uint64_t(*t)[256] = table + later;

    return t[7][v & 0xFF] ^ t[6][v >> 8 & 0xFF] ^ t[5][v >> 16 & 0xFF] ^ t[4][v >> 24 & 0xFF] ^
           t[3][v >> 32 & 0xFF] ^ t[2][v >> 40 & 0xFF] ^ t[1][v >> 48 & 0xFF] ^ t[0][v >> 56];
}

/* --- by products --- */

#ifdef __x86_64__
#include <immintrin.h>

#define FOLDS __attribute__((target("pclmul,sse4.1")))
#define LANES 4
#define LANE  sizeof(__m128i)

static bool folds; /* the processor can */

/* What carries 16 bytes over the next 16, or over 64: first and second half of them are multiplied
 * by x to the bits in between. Less 1, because a product of reflected halves has one x more. */
static struct reach {
    uint64_t first, second;
} next_lane, next_block;

static uint64_t
power(unsigned n)
{
    uint64_t v = ONE;

    while (n-- > 0)
        v = shifted(v);
    return v;
}

static void
make_powers(void)
{
    next_lane = (struct reach){power(128 + 64 - 1), power(128 - 1)};
    next_block = (struct reach){power(LANES * 128 + 64 - 1), power(LANES * 128 - 1)};
    folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

FOLDS static inline __m128i
carried(__m128i v, __m128i reach, __m128i onto)
{
    __m128i first = _mm_clmulepi64_si128(v, reach, 0x00);
    __m128i second = _mm_clmulepi64_si128(v, reach, 0x11);

    return _mm_xor_si128(_mm_xor_si128(first, second), onto);
}

/* Of whole blocks of four lanes, at least one. */
FOLDS static uint64_t
add_blocks(uint64_t crc, const uint8_t *p, size_t n)
{
    const __m128i far = _mm_set_epi64x((long long)next_block.second, (long long)next_block.first);
    const __m128i near = _mm_set_epi64x((long long)next_lane.second, (long long)next_lane.first);
    __m128i lane[LANES];

    for (size_t i = 0; i < LANES; i++)
        lane[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + i * LANE));
    lane[0] = _mm_xor_si128(lane[0], _mm_cvtsi64_si128((long long)crc));
    while ((n -= sizeof lane) > 0) {
        p += sizeof lane;
        for (size_t i = 0; i < LANES; i++)
            lane[i] = carried(lane[i], far,
                              _mm_loadu_si128((const __m128i *)(const void *)(p + i * LANE)));
    }
    for (size_t i = 1; i < LANES; i++)
        lane[i] = carried(lane[i - 1], near, lane[i]);
    return slice((uint64_t)_mm_cvtsi128_si64(lane[LANES - 1]), 8) ^
           slice((uint64_t)_mm_extract_epi64(lane[LANES - 1], 1), 0);
}

static uint64_t
add_whole_blocks(uint64_t crc, const uint8_t **p, size_t *n)
{
    size_t whole = *n - *n % (LANES * LANE);

    if (!folds || whole == 0)
        return crc;
    crc = add_blocks(crc, *p, whole);
    *p += whole;
    *n -= whole;
    return crc;
}
#else
static void
make_powers(void)
{
}

static uint64_t
add_whole_blocks(uint64_t crc, const uint8_t **p, size_t *n)
{
    (void)p, (void)n;
    return crc;
}
#endif

uint64_t
crc64_add(uint64_t crc, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t block[2];

    pthread_once(&once, make_table);
    crc = add_whole_blocks(crc, &p, &n);
    for (; n >= sizeof block; p += sizeof block, n -= sizeof block) {
        memcpy(block, p, sizeof block);
        crc = slice(crc ^ le64toh(block[0]), 8) ^ slice(le64toh(block[1]), 0);
    }
    for (; n > 0; p++, n--)
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xFF];
    return crc;
}

/* The product of two polynomials, modulo the one of this sum. */
static uint64_t
product(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;

    for (; a; a <<= 1, b = shifted(b))
        if (a & ONE)
            sum ^= b;
    return sum;
}

/* Bytes behind a sum multiply it by x to the 8 each; a sum that begins with 0 is otherwise only
 * added to. */
uint64_t
crc64_join(uint64_t first, uint64_t second, uint64_t n)
{
    uint64_t power = ONE >> 8; /* x to the 8 */

    for (; n > 0; n >>= 1, power = product(power, power))
        if (n & 1)
            first = product(power, first);
    return first ^ second;
}
