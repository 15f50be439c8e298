/*
 * gather.c - bytes of one stream collected into blocks of whole frames.
 */
#include "gather.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash.h"

/* A line of exactly the longest length may still be followed by CR and LF. */
#define LINE_END 2

void
trail_add(struct trail *t, const char *p, size_t n)
{
    size_t keep;

    if (n >= TRAIL_MAX) {
        memcpy(t->p, p + n - TRAIL_MAX, TRAIL_MAX);
        t->n = TRAIL_MAX;
        return;
    }
    if (n == 0)
        return;
    keep = t->n + n > TRAIL_MAX ? TRAIL_MAX - n : t->n;
    memmove(t->p, t->p + t->n - keep, keep);
    memcpy(t->p + keep, p, n);
    t->n = keep + n;
}

uint64_t
trail_hash(const struct trail *t)
{
    return hash_bytes(t->p, t->n, 0);
}

bool
trail_load(struct trail *t, int fd, uint64_t position)
{
    size_t n = position < TRAIL_MAX ? (size_t)position : TRAIL_MAX;

    t->n = n;
    return n == 0 || pread(fd, t->p, n, (off_t)(position - n)) == (ssize_t)n;
}

bool
trail_is_at(const struct trail *t, int fd, uint64_t position)
{
    char now[TRAIL_MAX];

    if (t->n == 0)
        return true;
    if (t->n > position)
        return false;
    return pread(fd, now, t->n, (off_t)(position - t->n)) == (ssize_t)t->n &&
           memcmp(now, t->p, t->n) == 0;
}

void
gather_init(struct gather *g, struct source *s, uint64_t offset)
{
    memset(g, 0, sizeof *g);
    g->source = s;
    g->offset = offset;
    g->want_header = source_needs_header(s);
}

enum status
gather_renew(struct gather *g, struct source *s, struct error *err)
{
    bool at_beginning = g->want_header || (g->offset == 0 && !g->head);
    enum status st = at_beginning ? ST_OK : source_header_of(s, g->source, err);

    g->want_header = at_beginning && source_needs_header(s);
    source_unref(g->source);
    g->source = s;
    return st;
}

/* The buffer from now on; the one before is somebody else's, or freed. */
static void
hold(struct gather *g, char *p, size_t cap)
{
    account_sub(HOLDER_INPUTS, g->cap);
    account_add(HOLDER_INPUTS, cap);
    g->p = p;
    g->cap = cap;
}

void
gather_clear(struct gather *g)
{
    buffer_give(g->p);
    hold(g, NULL, 0);
    free(g->head);
    if (g->source)
        source_unref(g->source);
    memset(g, 0, sizeof *g);
}

void
gather_restart(struct gather *g, uint64_t offset)
{
    free(g->head);
    g->head = NULL;
    g->skipping = false;
    g->n = 0;
    g->offset = offset;
    g->trail.n = 0;
    g->want_header = source_needs_header(g->source);
}

char *
gather_room(struct gather *g, size_t n)
{
    if (g->cap - g->n < n) {
        char *p = buffer_take(g->n + n);

        if (g->n)
            memcpy(p, g->p, g->n);
        buffer_give(g->p);
        hold(g, p, g->n + n);
    }
    return g->p + g->n;
}

void
gather_drop(struct gather *g, size_t n)
{
    trail_add(&g->trail, g->p, n);
    g->offset += n;
    g->n -= n;
    memmove(g->p, g->p + n, g->n);
}

void
gather_added(struct gather *g, size_t n)
{
    const char *end;

    g->n += n;
    if (!g->skipping || g->n == 0)
        return;
    end = memchr(g->p, '\n', g->n);
    if (end)
        g->skipping = false;
    gather_drop(g, end ? (size_t)(end - g->p) + 1 : g->n);
}

void
gather_add(struct gather *g, const char *p, size_t n)
{
    memcpy(gather_room(g, n), p, n);
    gather_added(g, n);
}

/* Another buffer for the bytes behind the first `from`. */
static void
move_rest(struct gather *g, size_t from)
{
    size_t rest = g->n - from;
    char *p = rest ? buffer_take(rest) : NULL;

    if (rest)
        memcpy(p, g->p + from, rest);
    hold(g, p, rest);
    g->n = rest;
}

void
gather_trim(struct gather *g)
{
    char *old = g->p;

    if (g->n > g->cap / 4)
        return;
    move_rest(g, 0);
    buffer_give(old);
}

uint64_t
gather_place(const struct gather *g)
{
    return g->head ? g->head_offset : g->offset;
}

void
gather_fill(struct gather *g, struct block *out, char *p, size_t n, uint64_t offset)
{
    memset(out, 0, sizeof *out);
    out->p = p;
    out->n = n;
    out->offset = offset;
    out->source = source_ref(g->source);
    out->patient = true;
    out->cursor.position = g->offset;
    out->cursor.fingerprint = trail_hash(&g->trail);
}

/* The whole block is one frame, whatever the parser would say. */
static void
frame_whole(struct block *b)
{
    b->frame_end = xmalloc(sizeof *b->frame_end);
    b->frame_end[0] = (uint32_t)b->n;
    b->frame_count = 1;
}

/* Moves the first n bytes into a block. A buffer that is mostly used goes along with them,
 * so that bulk reading copies nothing but the rest of the last frame. */
static void
take_bytes(struct gather *g, size_t n, struct block *out)
{
    uint64_t offset = g->offset;
    char *p;

    if (n >= g->cap / 2) {
        p = g->p;
        trail_add(&g->trail, p, n);
        move_rest(g, n);
        g->offset += n;
    } else {
        p = buffer_take(n);
        memcpy(p, g->p, n);
        gather_drop(g, n);
    }
    gather_fill(g, out, p, n, offset);
}

/* Keeps the beginning of a frame that is too long and drops the rest as it comes. */
static void
begin_skip(struct gather *g, size_t keep)
{
    g->head = xmalloc(keep);
    memcpy(g->head, g->p, keep);
    g->head_n = keep;
    g->head_offset = g->offset;
    g->skipping = true;
    gather_drop(g, g->n);
}

static void
take_head(struct gather *g, struct block *out)
{
    g->skipping = false;
    gather_fill(g, out, g->head, g->head_n, g->head_offset);
    frame_whole(out);
    g->head = NULL;
}

/* source_cut found nothing although the longest record would fit. Either one line is too long,
 * or a record that should end somewhere does not (an open quote): then, as parsers do, one line
 * is given up and the rest gets another chance. */
static enum status
take_overlong(struct gather *g, size_t max, struct block *out)
{
    const char *end = memchr(g->p, '\n', g->n);

    if (end) {
        take_bytes(g, (size_t)(end - g->p) + 1, out);
        frame_whole(out);
        return ST_OK;
    }
    begin_skip(g, max + LINE_END);
    return ST_MORE;
}

enum status
gather_header(struct gather *g, struct span line, struct error *err)
{
    enum status st;

    if (!g->want_header)
        return ST_SKIP;
    if (line.n > 0 && line.p[line.n - 1] == '\n')
        line.n--;
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    st = source_header(g->source, line, err);
    if (st == ST_SKIP) /* a comment or blank line above the header */
        return ST_OK;
    if (st == ST_OK)
        g->want_header = false;
    return st;
}

static enum status
take_header(struct gather *g, bool eof, struct error *err)
{
    while (g->want_header && g->n > 0) {
        const char *end = memchr(g->p, '\n', g->n);
        size_t n = end ? (size_t)(end - g->p) + 1 : g->n;
        enum status st;

        if (!end && !eof) {
            if (g->n < source_max_record(g->source) + LINE_END)
                return ST_MORE;
            return fail(err, ST_BAD_INPUT, "the header line is longer than %zu bytes",
                        source_max_record(g->source));
        }
        st = gather_header(g, span_of(g->p, n), err);
        if (st != ST_OK)
            return st;
        gather_drop(g, n);
    }
    return g->n > 0 ? ST_OK : ST_MORE;
}

enum status
gather_take(struct gather *g, size_t limit, bool eof, struct block *out, struct error *err)
{
    size_t max = source_max_record(g->source), n;
    bool all;

    if (g->head && (!g->skipping || eof)) {
        take_head(g, out);
        return ST_OK;
    }
    if (g->skipping || g->n == 0)
        return ST_MORE;
    if (g->want_header) {
        size_t before = g->n;
        enum status st = take_header(g, eof, err);

        if (st != ST_OK)
            return st;
        limit -= limit < before - g->n ? limit : before - g->n;
        if (limit == 0)
            return ST_MORE;
    }
    all = limit >= g->n;
    limit = all ? g->n : limit;
    n = source_cut(g->source, span_of(g->p, limit), eof || !all);
    if (n == 0 && (eof || !all))
        n = limit;
    if (n == 0)
        return g->n < max + LINE_END ? ST_MORE : take_overlong(g, max, out);
    take_bytes(g, n, out);
    return ST_OK;
}

void
block_clear(struct block *b)
{
    buffer_give(b->p);
    free(b->frame_end);
    free(b->frame_origin);
    if (b->source)
        source_unref(b->source);
    memset(b, 0, sizeof *b);
}
