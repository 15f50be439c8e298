/*
 * digits.h - decimal digits to numbers, eight at a time. Private to parsers/.
 */
#ifndef DIGITS_H
#define DIGITS_H

#include <endian.h>

#include "span.h"

/* The values of four digits, the first in the lowest byte; no digit gives a byte above 9. */
static inline uint64_t
digits_four(const char *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof w);
    return le32toh(w) ^ UINT32_C(0x30303030);
}

/* Eight values as one number; false if one is above 9. A value up to 9 stays below 0x80 when 0x76
 * is added; what a byte of 0x80 or more carries over does not matter, since it is bad itself. */
static inline bool
digits_join(uint64_t x, uint32_t *out)
{
    const uint64_t pairs = UINT64_C(0x000000FF000000FF);

    if ((x | (x + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080))
        return false;
    x = x * 10 + (x >> 8); /* a pair in every second byte */
    x = (x & pairs) * (100 + (UINT64_C(1000000) << 32)) +
        (x >> 16 & pairs) * (1 + (UINT64_C(10000) << 32));
    *out = (uint32_t)(x >> 32);
    return true;
}

/* One to eight digits and nothing else, at most 99 999 999. */
static inline bool
digits_read(struct span s, uint32_t *out)
{
    uint64_t x;

    if (s.n - 1 >= 8)
        return false;
    if (s.n >= 4) /* the last four, and of the first four those before them */
        x = digits_four(s.p + s.n - 4) << 32 | (uint32_t)(digits_four(s.p) << (8 * (8 - s.n)));
    else
        x = (uint64_t)(unsigned char)(s.p[s.n - 1] ^ '0') << 56 |
            (uint64_t)(unsigned char)(s.n > 1 ? s.p[s.n - 2] ^ '0' : 0) << 48 |
            (uint64_t)(unsigned char)(s.n > 2 ? s.p[0] ^ '0' : 0) << 40;
    return digits_join(x, out);
}

#endif
