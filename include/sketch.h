/*
 * sketch.h - distinct counts in Redis' own HyperLogLog representation.
 *
 * 2^14 registers of 6 bits (standard error 0.81 %). Few elements are kept as a list of
 * (register, rank), many as registers. Merging takes the maximum of each register, so it
 * is idempotent, commutative and associative; taking elements out is impossible.
 * Format of the export: comment at the top of Redis 7 src/hyperloglog.c (magic "HYLL").
 * Estimator: Ertl 2017, arXiv:1702.01284, algorithm 6, as Redis uses.
 */
#ifndef SKETCH_H
#define SKETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "status.h"

struct sketch {
    uint32_t *sparse;  /* (register << 6 | rank), sorted prefix + unsorted tail; NULL if dense */
    uint8_t *dense;    /* 16384 bytes, one register each */
    uint32_t count, cap, sorted;
};

void sketch_init(struct sketch *s);
void sketch_clear(struct sketch *s);
bool sketch_empty(const struct sketch *s);

/* Adds an element by its hash_sketch. True if a register may have changed. */
bool sketch_add(struct sketch *s, uint64_t hash);
bool sketch_merge(struct sketch *into, const struct sketch *from);

double sketch_estimate(const struct sketch *s);

/* Redis string value: sparse encoding when it is below 3000 bytes, else dense. */
void sketch_to_redis(const struct sketch *s, struct buf *out);
/* Reads such a string back (verification). ST_CORRUPT: not a HyperLogLog. */
enum status sketch_from_redis(struct sketch *out, struct span value, struct error *err);
bool sketch_same(const struct sketch *a, const struct sketch *b);

/* Compact form for the ledger; decode advances *p. */
void sketch_encode(const struct sketch *s, struct buf *out);
enum status sketch_decode(struct sketch *out, const uint8_t **p, const uint8_t *end,
                          struct error *err);
size_t sketch_bytes(const struct sketch *s); /* heap held */

#endif
