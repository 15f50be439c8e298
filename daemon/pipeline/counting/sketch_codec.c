/*
 * sketch_codec.c - sketches as bytes: Redis' strings, and the ledger's compact form.
 *
 * Ledger form: one byte says which.
 *   0  empty
 *   1  sparse: varint count, then per pair, ascending, varint (gap << 2 | low) where gap is the
 *      registers skipped since the last one and low is rank - 1 for ranks 1..3; low 3 is
 *      followed by one byte with the rank
 *   2  dense: one byte base (the lowest rank), 8192 bytes of two registers each (low nibble
 *      first) holding rank - base, where 15 means: a whole byte with the rank follows after
 *      the nibbles, in order of registers
 */
#include "sketch.h"

#include <string.h>

#include "sketch_private.h"

#define SPARSE_MAX_BYTES 3000 /* hll-sparse-max-bytes of Redis */
#define HEADER_BYTES     16
#define DENSE_BYTES      (HEADER_BYTES + SKETCH_REGISTERS * 6 / 8)
#define SPARSE_MAX_RANK  32

enum { CODE_EMPTY, CODE_SPARSE, CODE_DENSE };
enum { REDIS_DENSE, REDIS_SPARSE };

/* --- to Redis --- */

static void
redis_header(struct buf *out, int encoding)
{
    char header[HEADER_BYTES] = {'H', 'Y', 'L', 'L', (char)encoding};

    header[15] = (char)0x80; /* the cached cardinality is not valid */
    buf_add(out, header, sizeof header);
}

static void
redis_zeros(struct buf *out, unsigned n)
{
    if (n > 64) {
        buf_char(out, (char)(0x40 | (n - 1) >> 8));
        buf_char(out, (char)(n - 1));
    } else if (n > 0) {
        buf_char(out, (char)(n - 1));
    }
}

/* False if these registers have no sparse form, or none that is short enough. */
static bool
redis_sparse(struct buf *out, const uint32_t *pairs, unsigned count)
{
    size_t begin = out->n;
    unsigned next = 0, i = 0;

    redis_header(out, REDIS_SPARSE);
    while (i < count) {
        unsigned reg = pairs[i] >> 6, rank = pairs[i] & 63, run = 1;

        if (rank > SPARSE_MAX_RANK)
            return false;
        while (run < 4 && i + run < count && pairs[i + run] == ((reg + run) << 6 | rank))
            run++;
        redis_zeros(out, reg - next);
        buf_char(out, (char)(0x80 | (rank - 1) << 2 | (run - 1)));
        next = reg + run;
        i += run;
    }
    redis_zeros(out, SKETCH_REGISTERS - next);
    return out->n - begin <= SPARSE_MAX_BYTES;
}

/* Four registers in three bytes, low bits first. */
static void
redis_dense(struct buf *out, const uint8_t *reg)
{
    redis_header(out, REDIS_DENSE);
    buf_reserve(out, DENSE_BYTES);
    for (unsigned i = 0; i < SKETCH_REGISTERS; i += 4) {
        uint32_t bits = reg[i] | (uint32_t)reg[i + 1] << 6 | (uint32_t)reg[i + 2] << 12 |
                        (uint32_t)reg[i + 3] << 18;

        out->p[out->n++] = (char)bits;
        out->p[out->n++] = (char)(bits >> 8);
        out->p[out->n++] = (char)(bits >> 16);
    }
    out->p[out->n] = '\0';
}

void
sketch_to_redis(const struct sketch *s, struct buf *out)
{
    uint32_t pairs[SKETCH_MAX_PAIRS];
    uint8_t reg[SKETCH_REGISTERS];
    size_t begin = out->n;
    unsigned n;

    if (sketch_is_dense(s)) {
        redis_dense(out, s->dense);
        return;
    }
    n = sketch_sorted(s, pairs);
    if (redis_sparse(out, pairs, n))
        return;
    out->n = begin;
    memset(reg, 0, sizeof reg);
    for (unsigned i = 0; i < n; i++)
        reg[pairs[i] >> 6] = pairs[i] & 63;
    redis_dense(out, reg);
}

/* --- from Redis --- */

/* Keeps to the rule that the form follows from the number of registers set. */
static void
from_registers(struct sketch *out, const uint8_t *reg)
{
    uint32_t pairs[SKETCH_REGISTERS];
    unsigned n = 0;

    for (unsigned i = 0; i < SKETCH_REGISTERS; i++)
        if (reg[i])
            pairs[n++] = i << 6 | reg[i];
    sketch_from_sorted(out, pairs, n);
}

static bool
read_redis_dense(uint8_t *reg, const uint8_t *p)
{
    for (unsigned i = 0; i < SKETCH_REGISTERS; i += 4, p += 3) {
        uint32_t bits = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;

        for (unsigned k = 0; k < 4; k++, bits >>= 6)
            if ((reg[i + k] = bits & 63) > SKETCH_MAX_RANK)
                return false;
    }
    return true;
}

static bool
read_redis_sparse(uint8_t *reg, const uint8_t *p, const uint8_t *end)
{
    unsigned at = 0, run;

    while (p < end) {
        uint8_t op = *p++;

        if (op & 0x80) {
            run = (op & 3) + 1u;
            if (run > SKETCH_REGISTERS - at)
                return false;
            memset(reg + at, (op >> 2 & 31) + 1, run);
        } else if (op & 0x40) {
            if (p == end)
                return false;
            run = ((op & 63u) << 8 | *p++) + 1;
        } else {
            run = op + 1u;
        }
        if (run > SKETCH_REGISTERS - at)
            return false;
        at += run;
    }
    return at == SKETCH_REGISTERS;
}

enum status
sketch_from_redis(struct sketch *out, struct span value, struct error *err)
{
    const uint8_t *p = (const uint8_t *)value.p;
    uint8_t reg[SKETCH_REGISTERS] = {0};
    bool good = false;

    if (value.n < HEADER_BYTES || memcmp(p, "HYLL", 4) != 0)
        return fail(err, ST_CORRUPT, "not a HyperLogLog: no HYLL header");
    if (p[4] == REDIS_DENSE)
        good = value.n == DENSE_BYTES && read_redis_dense(reg, p + HEADER_BYTES);
    else if (p[4] == REDIS_SPARSE)
        good = read_redis_sparse(reg, p + HEADER_BYTES, p + value.n);
    if (!good)
        return fail(err, ST_CORRUPT, "not a HyperLogLog: registers are damaged");
    from_registers(out, reg);
    return ST_OK;
}

/* --- the ledger's form --- */

#define SPARSE_PAIR_BYTES 4 /* at most: 16 bits as a varint, and a rank */

static void
encode_sparse(const uint32_t *pairs, unsigned count, struct buf *out)
{
    unsigned next = 0;
    char *p;

    buf_char(out, CODE_SPARSE);
    buf_varint(out, count);
    buf_reserve(out, (size_t)count * SPARSE_PAIR_BYTES);
    p = out->p + out->n;
    for (unsigned i = 0; i < count; i++) {
        unsigned gap = (pairs[i] >> 6) - next, rank = pairs[i] & 63;
        unsigned v = gap << 2 | (rank <= 3 ? rank - 1 : 3);

        for (; v >= 0x80; v >>= 7)
            *p++ = (char)(v | 0x80);
        *p++ = (char)v;
        if (rank > 3)
            *p++ = (char)rank;
        next = (pairs[i] >> 6) + 1;
    }
    out->n = (size_t)(p - out->p);
}

void
sketch_prefetch_all(const struct sketch *s)
{
    if (s->form == SKETCH_FEW)
        return;
    __builtin_prefetch(s->pairs);
    if (s->cap > 16)
        __builtin_prefetch((const char *)s->pairs + 64);
}

static void
encode_dense(const uint8_t *reg, struct buf *out)
{
    uint8_t base = SKETCH_MAX_RANK, exact[SKETCH_REGISTERS];
    unsigned n = 0;

    for (unsigned i = 0; i < SKETCH_REGISTERS; i++)
        base = reg[i] < base ? reg[i] : base;
    buf_char(out, CODE_DENSE);
    buf_char(out, (char)base);
    buf_reserve(out, SKETCH_REGISTERS / 2);
    for (unsigned i = 0; i < SKETCH_REGISTERS; i += 2) {
        unsigned nibble[2];

        for (unsigned k = 0; k < 2; k++) {
            nibble[k] = reg[i + k] - base;
            if (nibble[k] >= 15) {
                nibble[k] = 15;
                exact[n++] = reg[i + k];
            }
        }
        out->p[out->n++] = (char)(nibble[0] | nibble[1] << 4);
    }
    buf_add(out, exact, n);
}

void
sketch_encode(const struct sketch *s, struct buf *out)
{
    uint32_t pairs[SKETCH_MAX_PAIRS];

    if (sketch_empty(s))
        buf_char(out, CODE_EMPTY);
    else if (sketch_is_dense(s))
        encode_dense(s->dense, out);
    else
        encode_sparse(pairs, sketch_sorted(s, pairs), out);
}

/* A gap with its rank, and one byte more for a rank that is high. */
static inline bool
read_pair(const uint8_t **p, const uint8_t *end, uint64_t *gap, unsigned *rank)
{
    const uint8_t *at = *p;
    uint64_t v;

    if (!varint_read_short(&at, end, &v))
        return false;
    *gap = v >> 2;
    *rank = (v & 3) + 1;
    if (*rank == 4 && (at == end || (*rank = *at++) < 4 || *rank > SKETCH_MAX_RANK))
        return false;
    *p = at;
    return true;
}

static bool
peek_sparse(struct sketch *out, uint32_t *room, const uint8_t **p, const uint8_t *end)
{
    const uint8_t *at = *p;
    uint64_t count, gap, next = 0;
    unsigned rank;

    if (!varint_read(&at, end, &count) || count == 0 || count > SKETCH_REGISTERS)
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (!read_pair(&at, end, &gap, &rank) || gap >= SKETCH_REGISTERS - next)
            return false;
        next += gap;
        room[i] = (uint32_t)next++ << 6 | rank;
    }
    *p = at;
    *out = (struct sketch){.pairs = room, .count = (uint32_t)count, .form = SKETCH_LIST};
    return true;
}

/* Sixteen registers at once; false if one of them has a byte of its own, or too high a rank. */
static inline bool
plain_nibbles(uint8_t *reg, const uint8_t *p, unsigned base)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), low = 15 * ones;
    uint64_t both, even, odd;

    memcpy(&both, p, sizeof both);
    even = both & low;
    odd = both >> 4 & low;
    if (base + 14 > SKETCH_MAX_RANK || ((even + ones) | (odd + ones)) & ~low)
        return false;
    for (unsigned k = 0; k < 8; k++) {
        reg[2 * k] = (uint8_t)(base + (p[k] & 15));
        reg[2 * k + 1] = (uint8_t)(base + (p[k] >> 4));
    }
    return true;
}

static bool
peek_dense(struct sketch *out, uint32_t *room, const uint8_t **p, const uint8_t *end)
{
    uint8_t *reg = (uint8_t *)room;
    const uint8_t *nibbles, *exact;
    unsigned base;

    if (end - *p < 1 + SKETCH_REGISTERS / 2)
        return false;
    base = **p;
    nibbles = *p + 1;
    exact = nibbles + SKETCH_REGISTERS / 2;
    for (unsigned i = 0; i < SKETCH_REGISTERS; i += 16) {
        if (plain_nibbles(reg + i, nibbles + i / 2, base))
            continue;
        for (unsigned k = i; k < i + 16; k++) {
            unsigned nibble = nibbles[k / 2] >> (k & 1) * 4 & 15, rank = base + nibble;

            if (nibble == 15) {
                if (exact == end || *exact < rank)
                    return false;
                rank = *exact++;
            }
            if (rank > SKETCH_MAX_RANK)
                return false;
            reg[k] = (uint8_t)rank;
        }
    }
    *out = (struct sketch){.dense = reg, .cap = SKETCH_DENSE_CAP, .form = SKETCH_DENSE};
    *p = exact;
    return true;
}

enum status
sketch_peek(struct sketch *out, uint32_t *room, const uint8_t **p, const uint8_t *end,
            struct error *err)
{
    bool good = false;

    if (*p < end) {
        uint8_t code = *(*p)++;

        if (code == CODE_EMPTY) {
            sketch_init(out);
            good = true;
        } else if (code == CODE_SPARSE) {
            good = peek_sparse(out, room, p, end);
        } else if (code == CODE_DENSE) {
            good = peek_dense(out, room, p, end);
        }
    }
    return good ? ST_OK : fail(err, ST_CORRUPT, "a stored sketch is damaged");
}

void
sketch_keep(struct sketch *out, const struct sketch *peeked)
{
    if (sketch_is_dense(peeked))
        from_registers(out, peeked->dense);
    else
        sketch_from_sorted(out, peeked->count ? peeked->pairs : NULL, peeked->count);
}

enum status
sketch_decode(struct sketch *out, const uint8_t **p, const uint8_t *end, struct error *err)
{
    uint32_t room[SKETCH_REGISTERS];
    struct sketch peeked;
    enum status st = sketch_peek(&peeked, room, p, end, err);

    if (st == ST_OK)
        sketch_keep(out, &peeked);
    return st;
}
