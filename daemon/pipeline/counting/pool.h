/*
 * pool.h - pieces of memory of many sizes that live and die with one set of cells.
 *
 * Denser and faster than malloc for millions of small pieces: no header, sizes in steps of 16
 * bytes, free lists by size, and all of it given back at once. Not for more than one thread.
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

#define POOL_CLASSES 64

struct pool_chunk;
struct pool_large;

/* All zero bytes are an empty pool. */
struct pool {
    struct pool_chunk *first, *now; /* chunks in order of use; those after now are spare */
    struct pool_large *large;
    char *at, *end;            /* what is left of the chunk in use */
    void *spare[POOL_CLASSES]; /* free lists */
    size_t bytes;              /* held */
};

void *pool_alloc(struct pool *p, size_t n);            /* 16-byte aligned, not cleared */
void pool_free(struct pool *p, void *piece, size_t n); /* n as it was asked for; accepts NULL */
/* Takes everything back; frees the chunks that were not used since the last reset. */
void pool_reset(struct pool *p);
void pool_clear(struct pool *p);

#endif
