/*
 * sketch.h - distinct counts in Redis' own HyperLogLog representation.
 *
 * 2^14 registers of 6 bits (standard error 0.81 %). Few elements are kept as (register, rank)
 * pairs, many as registers: two pairs inline, then a scanned list, then a hash table, then one
 * byte per register. Which form holds a sketch follows from how many registers are set, never
 * from the order of events. Merging takes the maximum of each register, so it is idempotent,
 * commutative and associative; taking elements out is impossible.
 * Format of the export: comment at the top of Redis 7 src/hyperloglog.c (magic "HYLL").
 * Estimator: Ertl 2017, arXiv:1702.01284, algorithm 6, as Redis uses.
 */
#ifndef SKETCH_H
#define SKETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "span.h"
#include "status.h"

#define SKETCH_REGISTERS 16384

/* All zero bytes are an empty sketch. The members are for sketch.c. */
struct sketch {
    union {
        uint32_t few[2]; /* register << 6 | rank */
        uint32_t *pairs; /* the same: a list up to 16, above that hashed by register */
        uint8_t *dense;  /* SKETCH_REGISTERS ranks */
    };
    uint32_t count; /* pairs in use; not kept when dense */
    uint16_t cap;   /* room, in pairs of four bytes */
    uint8_t form;
};

void sketch_init(struct sketch *s);
void sketch_clear(struct sketch *s); /* frees; s is empty and usable */
bool sketch_empty(const struct sketch *s);

/* Adds an element by its hash_sketch. True if a register changed. */
bool sketch_add(struct sketch *s, uint64_t hash);
bool sketch_merge(struct sketch *into, const struct sketch *from);

double sketch_estimate(const struct sketch *s); /* llround of it is Redis' PFCOUNT */

/* Appends the Redis string value: sparse when that is possible and at most 3000 bytes long
 * (Redis' own default limit), else dense. */
void sketch_to_redis(const struct sketch *s, struct buf *out);
/* Reads such a string back (verification). out is overwritten without being cleared.
 * ST_CORRUPT: not a HyperLogLog; out is untouched. */
enum status sketch_from_redis(struct sketch *out, struct span value, struct error *err);
bool sketch_same(const struct sketch *a, const struct sketch *b);

/* Compact form for the ledger, the same bytes for the same registers; decode advances *p and
 * overwrites *out without clearing it, on ST_OK only. */
void sketch_encode(const struct sketch *s, struct buf *out);
enum status sketch_decode(struct sketch *out, const uint8_t **p, const uint8_t *end,
                          struct error *err);
/* The same without a copy, for reading once: *out borrows room (SKETCH_REGISTERS numbers) and may
 * be estimated, merged from and kept, not changed and not cleared. */
enum status sketch_peek(struct sketch *out, uint32_t *room, const uint8_t **p, const uint8_t *end,
                        struct error *err);
/* Makes *out, overwriting it, a sketch of its own of a peeked one. */
void sketch_keep(struct sketch *out, const struct sketch *peeked);
size_t sketch_bytes(const struct sketch *s); /* heap held */

/* Asks the processor to fetch a sketch of few elements. */
void sketch_prefetch_all(const struct sketch *s);
/* Asks the processor to fetch what sketch_add is about to touch. */
void sketch_prefetch(const struct sketch *s, uint64_t hash);

#endif
