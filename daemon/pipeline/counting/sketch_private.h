/*
 * sketch_private.h - what the files about sketches share.
 */
#ifndef SKETCH_PRIVATE_H
#define SKETCH_PRIVATE_H

#include "pool.h"
#include "sketch.h"

#define SKETCH_MAX_PAIRS 1792 /* room for all of one that is not dense */
#define SKETCH_RANK_BITS 50   /* of a hash, behind the register's 14 */
#define SKETCH_MAX_RANK  (SKETCH_RANK_BITS + 1)
#define SKETCH_DENSE_CAP (SKETCH_REGISTERS / sizeof(uint32_t)) /* counted as pairs */

enum { SKETCH_FEW, SKETCH_LIST, SKETCH_HASH, SKETCH_DENSE };

static inline bool
sketch_is_dense(const struct sketch *s)
{
    return s->form == SKETCH_DENSE;
}

/* Those of a sketch that is not dense; places of a hash table may be empty, 0. */
static inline const uint32_t *
sketch_pairs(const struct sketch *s, unsigned *places)
{
    *places = s->form == SKETCH_HASH ? s->cap : s->count;
    return s->form == SKETCH_FEW ? s->few : s->pairs;
}

static inline unsigned
sketch_rank(uint64_t hash)
{
    return (unsigned)__builtin_ctzll(hash >> 14 | UINT64_C(1) << SKETCH_RANK_BITS) + 1;
}

static inline uint32_t
sketch_pair(uint64_t hash)
{
    return (uint32_t)(hash & (SKETCH_REGISTERS - 1)) << 6 | sketch_rank(hash);
}

/* As those of sketch.h; the memory comes from a pool (NULL: from malloc), always the same one
 * for one sketch. */
static inline bool sketch_add_in(struct sketch *s, uint64_t hash, struct pool *pool);
bool sketch_merge_in(struct sketch *into, const struct sketch *from, struct pool *pool);
void sketch_clear_in(struct sketch *s, struct pool *pool);

bool sketch_add_pair(struct sketch *s, uint32_t pair, struct pool *pool);

/* Most elements of a large count change nothing, and one look says so. */
static inline bool
sketch_dense_add(struct sketch *s, uint32_t pair)
{
    uint8_t *rank = &s->dense[pair >> 6];

    if (*rank >= (pair & 63))
        return false;
    *rank = pair & 63;
    return true;
}

static inline bool
sketch_add_in(struct sketch *s, uint64_t hash, struct pool *pool)
{
    uint32_t pair = sketch_pair(hash);

    return sketch_is_dense(s) ? sketch_dense_add(s, pair) : sketch_add_pair(s, pair, pool);
}

/* Of SKETCH_REGISTERS ranks; of those that are listed, when the others are 0. */
double sketch_estimate_dense(const uint8_t *reg);
double sketch_estimate_listed(const uint8_t *reg, const uint16_t *list, unsigned count);
/* True if a register of `into` changed. */
bool sketch_merge_dense(uint8_t *into, const uint8_t *from);

/* Pairs (register << 6 | rank) of a sketch that is not dense, ascending; how many. */
unsigned sketch_sorted(const struct sketch *s, uint32_t *out);
void sketch_from_sorted(struct sketch *s, const uint32_t *pairs, unsigned count);

#endif
