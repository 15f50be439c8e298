/*
 * redis_batch.c - commands written in RESP, the wire form of Redis' requests.
 *
 *   *3\r\n $3\r\nSET\r\n $3\r\nkey\r\n $5\r\nvalue\r\n
 */
#include "redis_link.h"

#include <stdarg.h>
#include <stdlib.h>

/* The digits of a length and the line's end, after its mark; at most 22 bytes. */
static char *
put_count(char *p, char mark, size_t n)
{
    *p++ = mark;
    if (n < 10) {
        *p++ = (char)('0' + n);
    } else if (n < 100) {
        *p++ = (char)('0' + n / 10);
        *p++ = (char)('0' + n % 10);
    } else {
        struct buf digits = {p, 0, 24};

        buf_u64(&digits, n);
        p += digits.n;
    }
    *p++ = '\r';
    *p++ = '\n';
    return p;
}

void
redis_batch_begin(struct redis_batch *b, unsigned partition, unsigned argc)
{
    if (b->count == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 256;
        b->at = xrealloc(b->at, b->cap * sizeof *b->at);
    }
    b->at[b->count++] = (struct redis_command){.partition = (uint8_t)partition};
    b->args = 0;
    buf_reserve(&b->out, 32);
    b->out.n = (size_t)(put_count(b->out.p + b->out.n, '*', argc) - b->out.p);
}

char *
redis_batch_room(struct redis_batch *b, size_t n)
{
    struct redis_command *c = &b->at[b->count - 1];
    char *p;

    buf_reserve(&b->out, n + 32);
    p = put_count(b->out.p + b->out.n, '$', n);
    if (b->args++ == 1) {
        c->key_at = (size_t)(p - b->out.p);
        c->key_n = (uint32_t)n;
    }
    memcpy(p + n, "\r\n", 3);
    b->out.n = (size_t)(p - b->out.p) + n + 2;
    c->end = b->out.n;
    return p;
}

void
redis_batch_arg(struct redis_batch *b, struct span s)
{
    char *p = redis_batch_room(b, s.n);

    if (s.n)
        memcpy(p, s.p, s.n);
}

void
redis_batch_str(struct redis_batch *b, const char *s)
{
    redis_batch_arg(b, span_str(s));
}

void
redis_batch_i64(struct redis_batch *b, int64_t v)
{
    char digits[24];
    struct buf text = {digits, 0, sizeof digits};

    buf_i64(&text, v);
    redis_batch_arg(b, span_of(text.p, text.n));
}

void
redis_batch_add(struct redis_batch *b, unsigned partition, ...)
{
    const char *arg;
    unsigned argc = 0;
    va_list ap;

    va_start(ap, partition);
    while (va_arg(ap, const char *))
        argc++;
    va_end(ap);
    redis_batch_begin(b, partition, argc);
    va_start(ap, partition);
    while ((arg = va_arg(ap, const char *)) != NULL)
        redis_batch_str(b, arg);
    va_end(ap);
}

void
redis_batch_copy(struct redis_batch *b, const struct redis_batch *from, size_t i)
{
    size_t start = i ? from->at[i - 1].end : 0, at = b->out.n;
    struct redis_command c = from->at[i];

    redis_batch_begin(b, c.partition, 0);
    b->out.n = at; /* the copied bytes bring their own beginning */
    buf_add(&b->out, from->out.p + start, c.end - start);
    c.key_at = at + (c.key_at - start);
    c.end = b->out.n;
    c.watch = 0;
    b->at[b->count - 1] = c;
}

struct span
redis_batch_argument(const struct redis_batch *b, size_t i, unsigned argument)
{
    const char *p = b->out.p + (i ? b->at[i - 1].end : 0), *end = b->out.p + b->at[i].end;

    p = memchr(p, '\n', (size_t)(end - p)); /* behind the number of arguments */
    for (unsigned k = 0; p && p + 1 < end; k++) {
        size_t n = strtoul(p + 2, NULL, 10);
        const char *text = (char *)memchr(p + 1, '\n', (size_t)(end - p - 1)) + 1;

        if (k == argument)
            return span_of(text, n);
        p = text + n + 1;
    }
    return span_of("", 0);
}

struct span
redis_batch_key(const struct redis_batch *b, size_t i)
{
    if (span_is(redis_batch_argument(b, i, 0), "EVAL"))
        return redis_batch_argument(b, i, 3);
    return span_of(b->out.p + b->at[i].key_at, b->at[i].key_n);
}

void
redis_batch_reset(struct redis_batch *b)
{
    buf_reset(&b->out);
    b->count = 0;
}

void
redis_batch_clear(struct redis_batch *b)
{
    buf_clear(&b->out);
    free(b->at);
    *b = (struct redis_batch){0};
}

size_t
redis_batch_held(const struct redis_batch *b)
{
    return b->out.cap + b->cap * sizeof *b->at;
}
