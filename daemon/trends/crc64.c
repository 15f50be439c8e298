/*
 * crc64.c - sixteen bytes at a time, by tables; and the sum of two pieces from theirs.
 */
#include "crc64.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>

#define POLYNOMIAL UINT64_C(0x95AC9329AC4BC9B5)
#define SLICES     16
#define ONE        (UINT64_C(1) << 63) /* x to the 0: in reflected form it is the highest bit */

static uint64_t table[SLICES][256];

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
}

/* What eight bytes, `later` ones behind them in the block, do to the sum. */
static uint64_t
slice(uint64_t v, unsigned later)
{
    const uint64_t(*t)[256] = table + later;

    return t[7][v & 0xFF] ^ t[6][v >> 8 & 0xFF] ^ t[5][v >> 16 & 0xFF] ^ t[4][v >> 24 & 0xFF] ^
           t[3][v >> 32 & 0xFF] ^ t[2][v >> 40 & 0xFF] ^ t[1][v >> 48 & 0xFF] ^ t[0][v >> 56];
}

uint64_t
crc64_add(uint64_t crc, const void *bytes, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const uint8_t *p = bytes;
    uint64_t block[2];

    pthread_once(&once, make_table);
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
