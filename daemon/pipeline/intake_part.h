/*
 * intake_part.h - the lists of intake.h that a worker fills and the ledger thread gathers.
 */
#ifndef INTAKE_PART_H
#define INTAKE_PART_H

#include "engine.h"
#include "intake.h"

struct intake_list { /* texts are borrowed; all zero is an empty one */
    struct intake *item;
    size_t count, cap;
};

struct intake *intake_list_find(struct intake_list *list, const struct intake *like);
struct intake *intake_list_add(struct intake_list *list, const struct intake *one);
void intake_list_empty(struct intake_list *list);
void intake_list_clear(struct intake_list *list);

/* Adds what one worker took to what all of them did; texts are borrowed from it. */
void intake_gather(struct intake_list *all, const struct intake_list *part);

/* Where the block's stream is counted. Valid until the next call for the same part. */
struct part;
struct intake *part_intake(struct part *p, const struct source *s, const struct block *b);
/* Notes by which input a customer or service came; once, until it is forgotten. */
void part_way(struct part *p, struct engine *e, enum cell_kind kind, struct span name,
              const char *input);
/* ... those of the part's cells from the from-th on. */
void part_ways(struct part *p, struct engine *e, const char *input, size_t from);
/* Whose totals have left the ledger: when one comes again, that is noted again. */
void ways_forget(struct engine *e, enum cell_kind kind, struct span name);

#endif
