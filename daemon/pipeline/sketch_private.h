/*
 * sketch_private.h - what sketch.c and sketch_codec.c share.
 */
#ifndef SKETCH_PRIVATE_H
#define SKETCH_PRIVATE_H

#include "sketch.h"

#define SKETCH_MAX_PAIRS 1792 /* above that a sketch is dense */
#define SKETCH_MAX_RANK  51

enum { SKETCH_FEW, SKETCH_LIST, SKETCH_HASH, SKETCH_DENSE };

static inline bool
sketch_is_dense(const struct sketch *s)
{
    return s->form == SKETCH_DENSE;
}

static inline unsigned
sketch_rank(uint64_t hash)
{
    return (unsigned)__builtin_ctzll(hash >> 14 | UINT64_C(1) << 50) + 1;
}

/* sketch_add for a dense sketch, one compare; false if it is not dense. */
static inline bool
sketch_add_dense(struct sketch *s, uint64_t hash)
{
    uint8_t *reg;
    unsigned rank;

    if (!sketch_is_dense(s))
        return false;
    reg = &s->dense[hash & (SKETCH_REGISTERS - 1)];
    rank = sketch_rank(hash);
    if (*reg < rank)
        *reg = (uint8_t)rank;
    return true;
}

/* Pairs (register << 6 | rank) of a sketch that is not dense, ascending; how many. */
unsigned sketch_sorted(const struct sketch *s, uint32_t *out);
void sketch_from_sorted(struct sketch *s, const uint32_t *pairs, unsigned count);

#endif
