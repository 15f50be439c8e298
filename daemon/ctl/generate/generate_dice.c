/*
 * generate_dice.c - random numbers that are the same everywhere.
 */
#include "generate_world.h"

uint64_t
dice_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

void
dice_seed(struct dice *d, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9E3779B97F4A7C15);
        d->s[i] = dice_mix(seed);
    }
}

static inline uint64_t
rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t
dice_next(struct dice *d)
{
    uint64_t *s = d->s, result = rotate(s[1] * 5, 7) * 9, shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t
dice_below(struct dice *d, uint64_t n)
{
    /* The high half of a product; its unevenness, n / 2^64, is of no concern here. */
    return (uint64_t)(((unsigned __int128)dice_next(d) * n) >> 64);
}

bool
dice_permille(struct dice *d, unsigned permille)
{
    return dice_below(d, 1000) < permille;
}

/* -1000 ln(1 - i / 32), the last value cut off at five times the mean. */
static const uint16_t exponential[33] = {
    0,   32,  65,  98,  134,  170,  208,  247,  288,  330,  375,  421,  470,  521,  575,  633, 693,
    758, 827, 901, 981, 1068, 1163, 1269, 1386, 1520, 1674, 1856, 2079, 2367, 2773, 3466, 5000};

uint32_t
dice_exponential(struct dice *d, uint32_t mean)
{
    uint64_t r = dice_next(d);
    unsigned i = r & 31;
    uint64_t part = (r >> 5) & 0xFFFF;
    uint64_t v = exponential[i] * UINT64_C(65536) + (exponential[i + 1] - exponential[i]) * part;

    return (uint32_t)(v * mean / 1000 >> 16);
}

int32_t
dice_normal(struct dice *d)
{
    int64_t sum = 0;

    /* Twelve uniform numbers have a variance of 1. */
    for (int i = 0; i < 3; i++)
        for (uint64_t r = dice_next(d), k = 0; k < 4; k++, r >>= 16)
            sum += (int64_t)(r & 0xFFFF);
    return (int32_t)(sum - 6 * 65536);
}
