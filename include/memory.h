/*
 * memory.h - allocation that cannot fail, the per-batch arena, the growing buffer.
 *
 * Running out of memory ends the process: the crash path is the tested path. Sizes
 * that come from outside meet a limit before they get here.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "span.h"

void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *text);         /* NULL gives NULL */
char *xstrndup(const char *p, size_t n); /* always NUL-ended */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Pages straight from the system, zeroed and at hand: who asks for so many uses them all, and a
 * fault for each would cost more. What is freed goes back. n is a multiple of PAGES_UNIT, and the
 * address is too, so that a system that gives huge pages unasked can. (Asked for, they cost more
 * than they save where the memory of a virtual machine comes from its host when first touched.) */
#define PAGES_UNIT ((size_t)2 << 20)
void *pages_alloc(size_t n);
void pages_free(void *p, size_t n); /* accepts NULL */

/* Buffers for what is read in bulk. A few of 128 KiB to 2 MiB, 8 MiB in all, are kept for the next
 * who asks, whatever its thread: their memory is at hand, and still in the processor's cache.
 * malloc would cut them up for small things or give them back to the system each time. Both are
 * also malloc's and free's, with which they may be mixed. */
void *buffer_take(size_t n); /* not cleared */
void buffer_give(void *p);   /* accepts NULL */
size_t buffers_kept(void);   /* bytes of those that lie there now */

/* Arena: many small pieces with one end of life. Not for more than one thread. */
struct arena {
    struct arena_chunk *head;
    size_t used, total; /* bytes given out; bytes held */
};

void arena_init(struct arena *a);
void *arena_alloc(struct arena *a, size_t n); /* aligned for any object, not cleared */
struct span arena_copy(struct arena *a, struct span s);
void arena_reset(struct arena *a); /* gives everything back, keeps one chunk for reuse */
void arena_clear(struct arena *a); /* frees all */

/* Buffer: bytes that grow. p is NUL-ended after every buf_ call that adds. */
struct buf {
    char *p;
    size_t n, cap;
};

void buf_grow(struct buf *b, size_t more); /* what buf_reserve does when there is no room */

/* The small ones are here because counters are written a byte at a time. */
static inline void
buf_reserve(struct buf *b, size_t more)
{
    if (b->n + more + 1 > b->cap)
        buf_grow(b, more);
}

static inline void
buf_add(struct buf *b, const void *p, size_t n)
{
    buf_reserve(b, n);
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

static inline void
buf_span(struct buf *b, struct span s)
{
    buf_add(b, s.p, s.n);
}

static inline void
buf_char(struct buf *b, char c)
{
    buf_reserve(b, 1);
    b->p[b->n++] = c;
    b->p[b->n] = '\0';
}

static inline void
buf_varint(struct buf *b, uint64_t v) /* LEB128 */
{
    buf_reserve(b, 10);
    while (v >= 0x80) {
        b->p[b->n++] = (char)(v | 0x80);
        v >>= 7;
    }
    b->p[b->n++] = (char)v;
    b->p[b->n] = '\0';
}

void buf_str(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_i64(struct buf *b, int64_t v); /* decimal */
void buf_u64(struct buf *b, uint64_t v);
void buf_clear(struct buf *b); /* frees; b is usable again */
static inline void
buf_reset(struct buf *b) /* empties, keeps the memory */
{
    b->n = 0;
}

/* Reads one LEB128 number from [*p, end); false when cut off or over 64 bits. */
int varint_read(const uint8_t **p, const uint8_t *end, uint64_t *out);

/* The same for numbers that have one or two bytes, nearly always: without a branch on which. */
static inline int
varint_read_short(const uint8_t **p, const uint8_t *end, uint64_t *out)
{
    const uint8_t *at = *p;
    unsigned two;

    if (end - at < 2 || (at[0] & at[1] & 0x80))
        return varint_read(p, end, out);
    two = at[0] >> 7;
    *out = (at[0] & 0x7Fu) | (two ? (uint64_t)at[1] << 7 : 0);
    *p = at + 1 + two;
    return 1;
}

#endif
