/*
 * sketch_private.h - what sketch.c and sketch_codec.c share.
 */
#ifndef SKETCH_PRIVATE_H
#define SKETCH_PRIVATE_H

#include "sketch.h"

#define SKETCH_MAX_PAIRS 1792 /* above that a sketch is dense */
#define SKETCH_MAX_RANK  51

bool sketch_is_dense(const struct sketch *s);
/* Raises a register. True if it changed. */
bool sketch_set(struct sketch *s, unsigned reg, unsigned rank);
/* Pairs (register << 6 | rank) of a sketch that is not dense, ascending; how many. */
unsigned sketch_sorted(const struct sketch *s, uint32_t *out);
void sketch_from_sorted(struct sketch *s, const uint32_t *pairs, unsigned count);

#endif
