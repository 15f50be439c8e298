/*
 * wanted.h - is this one of a few fingerprints that are looked for among very many?
 *
 * Most are told by a bit each of a table that stays in the processor's cache.
 */
#ifndef WANTED_H
#define WANTED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "memory.h"

#define WANTED_BITS (1u << 20)

struct wanted {
    const uint64_t *fp; /* ascending, each once; borrowed */
    size_t count;
    uint64_t *bits;
};

static inline struct wanted
wanted_of(const uint64_t *fp, size_t count)
{
    struct wanted w = {fp, count, xcalloc(WANTED_BITS / 64, sizeof *w.bits)};

    for (size_t i = 0; i < count; i++)
        w.bits[fp[i] % WANTED_BITS / 64] |= UINT64_C(1) << fp[i] % 64;
    return w;
}

/* Its place among those that are wanted, or `count`. */
static inline size_t
wanted_find(const struct wanted *w, uint64_t fp)
{
    size_t from = 0, to = w->count;

    if (!(w->bits[fp % WANTED_BITS / 64] >> fp % 64 & 1))
        return w->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (w->fp[middle] < fp)
            from = middle + 1;
        else
            to = middle;
    }
    return from < w->count && w->fp[from] == fp ? from : w->count;
}

#endif
