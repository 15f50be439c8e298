/*
 * generate_truth.h - what a right count of generated records must come to.
 *
 * Its own arithmetic from the counting rules, with exact distinct sets: nothing here is
 * shared with the counting it is compared with.
 */
#ifndef GENERATE_TRUTH_H
#define GENERATE_TRUTH_H

#include "generate_world.h"
#include "status.h"

struct truth;

struct truth *truth_new(const struct world *w, const struct world_options *opt);
void truth_free(struct truth *t); /* accepts NULL */

void truth_record(struct truth *t, const struct planned *p);
void truth_duplicate(struct truth *t);
void truth_broken(struct truth *t);

/* Writes all of it as JSON. ST_IO: err says why. */
enum status truth_write(struct truth *t, const char *path, struct error *err);

#endif
