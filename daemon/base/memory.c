/*
 * memory.c - allocation that cannot fail, arenas, buffers.
 */
#include "memory.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *
checked(void *p)
{
    if (!p) {
        static const char text[] = "event=out_of_memory\n";

        fwrite(text, 1, sizeof text - 1, stderr);
        abort();
    }
    return p;
}

void *
xmalloc(size_t n)
{
    return checked(malloc(n ? n : 1));
}

void *
xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *
xrealloc(void *p, size_t n)
{
    return checked(realloc(p, n ? n : 1));
}

char *
xstrndup(const char *p, size_t n)
{
    char *copy = xmalloc(n + 1);

    if (n)
        memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

char *
xstrdup(const char *text)
{
    return text ? xstrndup(text, strlen(text)) : NULL;
}

char *
xasprintf(const char *fmt, ...)
{
    struct buf b = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    return b.p;
}

/* --- pages --- */

void *
pages_alloc(size_t n)
{
    size_t more = n + PAGES_UNIT, before;
    char *p = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    checked(p == MAP_FAILED ? NULL : p);
    before = -(uintptr_t)p & (PAGES_UNIT - 1);
    if (before)
        munmap(p, before);
    munmap(p + before + n, PAGES_UNIT - before);
    madvise(p + before, n, MADV_POPULATE_WRITE); /* a kernel before 5.14 waits for the faults */
    return p + before;
}

void
pages_free(void *p, size_t n)
{
    if (p)
        munmap(p, n);
}

/* --- buffers that go round --- */

#define ROUND_MIN   ((size_t)128 << 10)
#define ROUND_MAX   ((size_t)2 << 20)
#define ROUND_STEP  ((size_t)64 << 10) /* sizes that differ by less are the same */
#define ROUND_SPARE 16
#define ROUND_BYTES ((size_t)8 << 20) /* of all that are kept */

static struct {
    pthread_mutex_t lock;
    void *spare[ROUND_SPARE];
    size_t count, bytes;
} buffers = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The last one given back that is large enough, and of which not most would lie idle; or NULL. */
static void *
take_spare(size_t n)
{
    void *p = NULL;

    pthread_mutex_lock(&buffers.lock);
    for (size_t i = buffers.count; i-- > 0 && !p;) {
        size_t room = malloc_usable_size(buffers.spare[i]);

        if (room >= n && room / 2 <= n) {
            p = buffers.spare[i];
            buffers.bytes -= room;
            buffers.spare[i] = buffers.spare[--buffers.count];
        }
    }
    pthread_mutex_unlock(&buffers.lock);
    return p;
}

static bool
keep_spare(void *p, size_t room)
{
    bool kept;

    pthread_mutex_lock(&buffers.lock);
    kept = buffers.count < ROUND_SPARE && buffers.bytes + room <= ROUND_BYTES;
    if (kept) {
        buffers.spare[buffers.count++] = p;
        buffers.bytes += room;
    }
    pthread_mutex_unlock(&buffers.lock);
    return kept;
}

void *
buffer_take(size_t n)
{
    void *p;

    if (n < ROUND_MIN || n > ROUND_MAX)
        return xmalloc(n);
    p = take_spare(n);
    return p ? p : xmalloc((n + ROUND_STEP - 1) / ROUND_STEP * ROUND_STEP);
}

void
buffer_give(void *p)
{
    size_t room = p ? malloc_usable_size(p) : 0;

    if (room < ROUND_MIN || room > ROUND_MAX || !keep_spare(p, room))
        free(p);
}

size_t
buffers_kept(void)
{
    size_t n;

    pthread_mutex_lock(&buffers.lock);
    n = buffers.bytes;
    pthread_mutex_unlock(&buffers.lock);
    return n;
}

/* --- arena --- */

#define ARENA_CHUNK (64 * 1024)
#define ARENA_ALIGN 16

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    _Alignas(ARENA_ALIGN) char bytes[];
};

void
arena_init(struct arena *a)
{
    memset(a, 0, sizeof *a);
}

static struct arena_chunk *
arena_grow(struct arena *a, size_t n)
{
    size_t size = n > ARENA_CHUNK ? n : ARENA_CHUNK;
    struct arena_chunk *c = xmalloc(sizeof *c + size);

    c->used = 0;
    c->size = size;
    c->next = a->head;
    a->head = c;
    a->total += sizeof *c + size;
    return c;
}

void *
arena_alloc(struct arena *a, size_t n)
{
    struct arena_chunk *c = a->head;
    void *p;

    n = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (!c || c->size - c->used < n)
        c = arena_grow(a, n);
    p = c->bytes + c->used;
    c->used += n;
    a->used += n;
    return p;
}

struct span
arena_copy(struct arena *a, struct span s)
{
    char *p = arena_alloc(a, s.n + 1);

    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct span){p, s.n};
}

static void
arena_free_chunks(struct arena *a, struct arena_chunk *c)
{
    while (c) {
        struct arena_chunk *next = c->next;

        a->total -= sizeof *c + c->size;
        free(c);
        c = next;
    }
}

void
arena_reset(struct arena *a)
{
    if (a->head) {
        arena_free_chunks(a, a->head->next);
        a->head->next = NULL;
        a->head->used = 0;
    }
    a->used = 0;
}

void
arena_clear(struct arena *a)
{
    arena_free_chunks(a, a->head);
    arena_init(a);
}

/* --- buffer --- */

void
buf_grow(struct buf *b, size_t more)
{
    size_t want = b->n + more + 1;

    b->cap = b->cap * 2 > want ? b->cap * 2 : want + 64;
    b->p = xrealloc(b->p, b->cap);
}

void
buf_str(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0)
        abort();
    buf_reserve(b, (size_t)n);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    va_end(again);
    b->n += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

static unsigned
decimal_length(uint64_t v)
{
    uint64_t limit = 10;
    unsigned n = 1;

    for (; n < 20 && v >= limit; n++)
        limit *= 10;
    return n;
}

/* Two digits for every division, where they belong. */
void
buf_u64(struct buf *b, uint64_t v)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    unsigned n = decimal_length(v);
    char *p;

    buf_reserve(b, n);
    b->n += n;
    p = b->p + b->n;
    *p = '\0';
    for (; v >= 100; v /= 100)
        memcpy(p -= 2, pairs + 2 * (v % 100), 2);
    if (v >= 10)
        memcpy(p - 2, pairs + 2 * v, 2);
    else
        p[-1] = (char)('0' + v);
}

void
buf_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_char(b, '-');
    buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void
buf_clear(struct buf *b)
{
    free(b->p);
    memset(b, 0, sizeof *b);
}

int
varint_read(const uint8_t **p, const uint8_t *end, uint64_t *out)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t byte = *(*p)++;

        if (shift == 63 && byte > 1)
            return 0;
        v |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *out = v;
            return 1;
        }
    }
    return 0;
}
