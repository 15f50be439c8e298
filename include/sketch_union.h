/*
 * sketch_union.h - the union of many sketches of few elements, again and again.
 *
 * A sketch pays for being small: what is added to it looks for its place. Here all registers lie
 * open, beside a list of those in use, so that a union is added to, estimated and emptied in time
 * that goes with its elements, not with the number of registers.
 */
#ifndef SKETCH_UNION_H
#define SKETCH_UNION_H

#include "sketch.h"

struct sketch_union;

struct sketch_union *sketch_union_new(void);
void sketch_union_free(struct sketch_union *u); /* accepts NULL */
void sketch_union_reset(struct sketch_union *u);

void sketch_union_add(struct sketch_union *u, const struct sketch *s);
double sketch_union_estimate(const struct sketch_union *u); /* sketch_estimate of the same */
/* Adds all of it to a sketch. True if a register changed. */
bool sketch_merge_union(struct sketch *into, const struct sketch_union *u);

#endif
