/*
 * sketch_union.c - registers in the open, and a list of those in use.
 */
#include "sketch_union.h"

#include <stdlib.h>

#include "sketch_private.h"

struct sketch_union {
    uint8_t rank[SKETCH_REGISTERS];
    bool all;                            /* more are in use than are listed: look at each */
    unsigned count;                      /* otherwise: the registers in use, */
    uint16_t used[SKETCH_REGISTERS + 1]; /* in no order; one place is written to in vain */
};

struct sketch_union *
sketch_union_new(void)
{
    return xcalloc(1, sizeof(struct sketch_union));
}

void
sketch_union_free(struct sketch_union *u)
{
    free(u);
}

void
sketch_union_reset(struct sketch_union *u)
{
    if (u->all)
        memset(u->rank, 0, sizeof u->rank);
    else
        for (unsigned i = 0; i < u->count; i++)
            u->rank[u->used[i]] = 0;
    u->all = false;
    u->count = 0;
}

/* Without a branch: whether a register is known already cannot be foreseen. */
void
sketch_union_add(struct sketch_union *u, const struct sketch *s)
{
    const uint32_t *pairs;
    unsigned places, count = u->count;

    if (sketch_is_dense(s)) {
        sketch_merge_dense(u->rank, s->dense);
        u->all = true;
        return;
    }
    pairs = sketch_pairs(s, &places);
    for (unsigned i = 0; i < places; i++) {
        unsigned reg = pairs[i] >> 6, rank = pairs[i] & 63, before = u->rank[reg];

        u->used[count] = (uint16_t)reg;
        count += (before == 0) & (rank != 0); /* a place may be empty */
        u->rank[reg] = (uint8_t)(rank > before ? rank : before);
    }
    u->count = count;
}

double
sketch_union_estimate(const struct sketch_union *u)
{
    return u->all ? sketch_estimate_dense(u->rank)
                  : sketch_estimate_listed(u->rank, u->used, u->count);
}

bool
sketch_merge_union(struct sketch *into, const struct sketch_union *u)
{
    bool changed = false;

    if (u->all) /* borrowed for the while */
        return sketch_merge(into, &(struct sketch){.dense = (uint8_t *)u->rank,
                                                   .cap = SKETCH_DENSE_CAP,
                                                   .form = SKETCH_DENSE});
    for (unsigned i = 0; i < u->count; i++) {
        uint32_t reg = u->used[i], pair = reg << 6 | u->rank[reg];

        changed |= sketch_is_dense(into) ? sketch_dense_add(into, pair)
                                         : sketch_add_pair(into, pair, NULL);
    }
    return changed;
}
