/*
 * pool.c - size classes in chunks; what is larger than the largest class comes from malloc.
 *
 * The first chunks are of 64 KiB; a pool that has grown takes huge pages.
 */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define CHUNK      ((size_t)64 * 1024)
#define GROWN      ((size_t)1024 * 1024) /* from here on chunks are of PAGES_UNIT */
#define SMALL      512 /* up to here a class every 16 bytes, then four to a doubling */
#define LARGE      (16 * 1024)
#define LINE_CLASS (SMALL / 16)

struct pool_chunk {
    struct pool_chunk *next;
    size_t size; /* with this */
    _Alignas(16) char bytes[];
};

struct pool_large {
    struct pool_large *next, *prev;
    size_t n;
    _Alignas(16) char bytes[];
};

/* The class that holds n bytes, and in *size what a piece of that class takes. */
static unsigned
class_of(size_t n, size_t *size)
{
    unsigned doubling, step;

    if (n <= SMALL) {
        *size = n ? (n + 15) & ~(size_t)15 : 16;
        return (unsigned)(*size / 16 - 1);
    }
    doubling = 63 - (unsigned)__builtin_clzll(n - 1); /* 2^doubling < n <= 2^(doubling + 1) */
    step = doubling - 2;
    *size = ((n - 1) >> step << step) + ((size_t)1 << step);
    return LINE_CLASS + (doubling - 9) * 4 + (unsigned)((*size >> step) - 5);
}

static struct pool_chunk *
new_chunk(struct pool *p)
{
    size_t size = p->bytes < GROWN ? CHUNK : PAGES_UNIT;
    struct pool_chunk *c = size == CHUNK ? xmalloc(size) : pages_alloc(size);

    c->next = NULL;
    c->size = size;
    p->bytes += size;
    return c;
}

static void
next_chunk(struct pool *p)
{
    struct pool_chunk *c = p->now ? p->now->next : p->first;

    if (!c) {
        c = new_chunk(p);
        if (p->now)
            p->now->next = c;
        else
            p->first = c;
    }
    p->now = c;
    p->at = c->bytes;
    p->end = (char *)c + c->size;
}

static void *
large_alloc(struct pool *p, size_t n)
{
    struct pool_large *l = xmalloc(sizeof *l + n);

    l->n = n;
    l->prev = NULL;
    l->next = p->large;
    if (l->next)
        l->next->prev = l;
    p->large = l;
    p->bytes += sizeof *l + n;
    return l->bytes;
}

static void
large_free(struct pool *p, struct pool_large *l)
{
    if (l->next)
        l->next->prev = l->prev;
    if (l->prev)
        l->prev->next = l->next;
    else
        p->large = l->next;
    p->bytes -= sizeof *l + l->n;
    free(l);
}

void *
pool_alloc(struct pool *p, size_t n)
{
    unsigned class;
    size_t size;
    void *piece;

    if (n > LARGE)
        return large_alloc(p, n);
    class = class_of(n, &size);
    piece = p->spare[class];
    if (piece) {
        memcpy(&p->spare[class], piece, sizeof(void *));
        return piece;
    }
    if ((size_t)(p->end - p->at) < size)
        next_chunk(p);
    piece = p->at;
    p->at += size;
    return piece;
}

void
pool_free(struct pool *p, void *piece, size_t n)
{
    unsigned class;
    size_t size;

    if (!piece)
        return;
    if (n > LARGE) {
        large_free(p, (struct pool_large *)((char *)piece - offsetof(struct pool_large, bytes)));
        return;
    }
    class = class_of(n, &size);
    memcpy(piece, &p->spare[class], sizeof(void *));
    p->spare[class] = piece;
}

static void
free_chunks(struct pool *p, struct pool_chunk *c)
{
    while (c) {
        struct pool_chunk *next = c->next;

        p->bytes -= c->size;
        if (c->size == CHUNK)
            free(c);
        else
            pages_free(c, c->size);
        c = next;
    }
}

void
pool_reset(struct pool *p)
{
    while (p->large)
        large_free(p, p->large);
    if (p->now) {
        free_chunks(p, p->now->next);
        p->now->next = NULL;
    } else {
        free_chunks(p, p->first);
        p->first = NULL;
    }
    memset(p->spare, 0, sizeof p->spare);
    p->now = NULL;
    p->at = p->end = NULL;
}

void
pool_clear(struct pool *p)
{
    while (p->large)
        large_free(p, p->large);
    free_chunks(p, p->first);
    memset(p, 0, sizeof *p);
}
