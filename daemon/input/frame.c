/*
 * frame.c - finding the frames of a byte stream as syslog senders write them (RFC 6587).
 */
#include "frame.h"

#include <stdlib.h>
#include <string.h>

#include "sixteen.h"

/* Seven digits reach above FRAME_OCTETS_MAX; ten, as in epoch seconds, begin a line. */
#define COUNT_DIGITS 7

enum kind { KIND_LINE, KIND_OCTETS, KIND_SHORT, KIND_BAD };

struct front {
    enum kind kind;
    size_t skip; /* bytes of "LEN SP" */
    size_t n;    /* LEN */
};

bool
framing_parse(const char *text, enum framing *out)
{
    static const char *const names[] = {"auto", "lines", "octets"};

    for (int i = 0; i < 3; i++)
        if (!text || !*text || strcmp(text, names[i]) == 0) {
            *out = (enum framing)i;
            return true;
        }
    return false;
}

/* "77 <134>1 2026-05-01T..." is a count, "77,acme,..." a line. */
static struct front
look(const struct framer *f, const char *p, size_t n)
{
    struct front r = {.kind = f->framing == FRAMING_OCTETS ? KIND_BAD : KIND_LINE};
    size_t i = 0;

    if (n == 0)
        r.kind = KIND_SHORT;
    if (n == 0 || p[0] < '1' || p[0] > '9')
        return r;
    while (i < n && i < COUNT_DIGITS && p[i] >= '0' && p[i] <= '9')
        r.n = r.n * 10 + (size_t)(p[i++] - '0');
    if (i == n) {
        r.kind = KIND_SHORT;
    } else if (p[i] == ' ') {
        r.kind = r.n > FRAME_OCTETS_MAX ? KIND_BAD : KIND_OCTETS;
        r.skip = i + 1;
    }
    return r;
}

/* --- where lines end and a count begins --- */

size_t
frame_lines_plain(struct span s, bool eof)
{
    static const struct framer by_itself = {.framing = FRAMING_AUTO};
    const char *p = s.p, *end = p + s.n, *lf;

    while ((lf = memchr(p, '\n', (size_t)(end - p)))) {
        struct front next;

        p = lf + 1;
        if (p == end)
            break;
        next = look(&by_itself, p, (size_t)(end - p));
        if (next.kind == KIND_SHORT ? !eof : next.kind != KIND_LINE)
            return (size_t)(p - s.p);
    }
    return s.n;
}

#ifdef HAVE_SIXTEEN
#define STEP 64 /* bytes between two branches */

/* Which of the sixteen bytes at p are a space behind a digit. */
static inline __m128i
digit_space(const char *p)
{
    __m128i is_space =
        _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8(' '));
    __m128i value =
        _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p - 1)), _mm_set1_epi8('0'));

    return _mm_and_si128(is_space, _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value));
}

/* Where the count begins, behind a LF, that ends at the space s[at]; 0: none does. */
static size_t
count_before(const char *s, size_t at)
{
    size_t begin = at;

    while (begin > 0 && at - begin <= COUNT_DIGITS && s[begin - 1] >= '0' && s[begin - 1] <= '9')
        begin--;
    if (begin == 0 || at - begin > COUNT_DIGITS || s[begin - 1] != '\n' || s[begin] == '0')
        return 0;
    return begin;
}

static size_t
count_among(const char *s, size_t from)
{
    for (size_t at = from; at < from + STEP; at += 16) {
        unsigned mask = (unsigned)_mm_movemask_epi8(digit_space(s + at));

        for (; mask; mask &= mask - 1) {
            size_t begin = count_before(s, at + (size_t)__builtin_ctz(mask));

            if (begin)
                return begin;
        }
    }
    return 0;
}

/* A digit and a space are rarer than lines, and what is not there costs no branch. */
size_t
frame_lines(struct span s, bool eof)
{
    const char *lf;
    size_t at = 1; /* nothing is before the first byte */

    for (; at + STEP <= s.n; at += STEP) {
        const char *p = s.p + at;
        __m128i any = _mm_or_si128(_mm_or_si128(digit_space(p), digit_space(p + 16)),
                                   _mm_or_si128(digit_space(p + 32), digit_space(p + 48)));
        size_t begin = _mm_movemask_epi8(any) ? count_among(s.p, at) : 0;

        if (begin)
            return begin;
    }
    lf = s.n ? memrchr(s.p, '\n', at < s.n ? at : s.n) : NULL;
    at = lf ? (size_t)(lf - s.p) : 0;
    return at + frame_lines_plain(span_of(s.p + at, s.n - at), eof);
}
#else
size_t
frame_lines(struct span s, bool eof)
{
    return frame_lines_plain(s, eof);
}
#endif

/* --- counted frames --- */

/* A frame that would be too long for any parser: its beginning goes on, so that it is put
 * aside with the others of its kind, the rest is dropped as it comes. */
static enum status
take_long(struct framer *f, struct gather *g, struct front front, struct block *out)
{
    size_t keep = source_max_record(g->source) + 2;
    uint64_t offset = g->offset;
    char *p;

    if (g->n < front.skip + keep)
        return ST_MORE;
    p = xmalloc(keep);
    memcpy(p, g->p + front.skip, keep);
    gather_drop(g, front.skip + keep);
    f->dropping = front.n - keep;
    gather_fill(g, out, p, keep, offset);
    out->frame_end = xmalloc(sizeof *out->frame_end);
    out->frame_end[0] = (uint32_t)keep;
    out->frame_count = 1;
    return ST_OK;
}

/* How many whole counted frames stand at the front, and their bytes with and without counts. */
static uint32_t
count_run(const struct framer *f, const struct gather *g, size_t *whole, size_t *payload)
{
    uint32_t frames = 0;

    for (*whole = *payload = 0; *whole < g->n;) {
        struct front r = look(f, g->p + *whole, g->n - *whole);

        if (r.kind != KIND_OCTETS || g->n - *whole - r.skip < r.n ||
            r.n > source_max_record(g->source) + 2)
            break;
        *whole += r.skip + r.n;
        *payload += r.n;
        frames++;
    }
    return frames;
}

static enum status
take_octets(struct framer *f, struct gather *g, bool eof, struct block *out, struct error *err)
{
    size_t whole, payload, n = 0;
    uint32_t frames = count_run(f, g, &whole, &payload), i = 0;
    uint64_t offset = g->offset;
    uint32_t *ends;
    char *p;

    if (frames == 0) {
        struct front r = look(f, g->p, g->n);

        if (r.n > source_max_record(g->source) + 2) {
            enum status st = take_long(f, g, r, out);

            if (st == ST_OK || !eof)
                return st;
        }
        return eof ? fail(err, ST_BAD_INPUT, "the last frame is cut off") : ST_MORE;
    }
    p = xmalloc(payload);
    ends = xmalloc(frames * sizeof *ends);
    for (size_t at = 0; at < whole;) {
        struct front r = look(f, g->p + at, g->n - at);

        memcpy(p + n, g->p + at + r.skip, r.n);
        at += r.skip + r.n;
        ends[i++] = (uint32_t)(n += r.n);
    }
    gather_drop(g, whole);
    gather_fill(g, out, p, payload, offset);
    out->frame_end = ends;
    out->frame_count = frames;
    return ST_OK;
}

/* The first counted frame may be the header line of its stream. */
static enum status
octets_header(struct gather *g, struct front r, struct error *err)
{
    enum status st;

    if (!g->want_header || g->n - r.skip < r.n)
        return ST_SKIP;
    st = gather_header(g, span_of(g->p + r.skip, r.n), err);
    if (st == ST_OK)
        gather_drop(g, r.skip + r.n);
    return st;
}

/* A blank right behind a counted frame belongs to no record if another count follows. ST_MORE: that
 * cannot be told yet. */
static enum status
skip_blank(struct framer *f, struct gather *g, bool eof)
{
    struct front next;

    if (!f->counted || g->p[0] != ' ')
        return ST_OK;
    next = look(f, g->p + 1, g->n - 1);
    if (next.kind == KIND_SHORT && !eof)
        return ST_MORE;
    if (next.kind == KIND_OCTETS)
        gather_drop(g, 1);
    return ST_OK;
}

enum status
framer_take(struct framer *f, struct gather *g, bool eof, struct block *out, struct error *err)
{
    if (f->framing == FRAMING_LINES || g->head)
        return gather_take(g, g->n, eof, out, err);
    for (;;) {
        size_t drop = f->dropping < g->n ? (size_t)f->dropping : g->n;
        struct front r;
        enum status st;

        if (drop)
            gather_drop(g, drop);
        f->dropping -= drop;
        if (f->dropping || g->n == 0)
            return f->dropping && eof ? fail(err, ST_BAD_INPUT, "the last frame is cut off")
                                      : ST_MORE;
        if (skip_blank(f, g, eof) != ST_OK)
            return ST_MORE;
        r = look(f, g->p, g->n);
        if (r.kind == KIND_SHORT && !eof)
            return ST_MORE;
        if (r.kind == KIND_BAD && g->p[0] == '\n') { /* some senders end counted frames so */
            gather_drop(g, 1);
            continue;
        }
        if (r.kind == KIND_BAD || (r.kind == KIND_SHORT && f->framing == FRAMING_OCTETS))
            return fail(err, ST_BAD_INPUT, "expected a frame's length of 1 to %d and a space",
                        FRAME_OCTETS_MAX);
        f->counted = r.kind == KIND_OCTETS;
        if (!f->counted) {
            bool wanted = g->want_header;

            st = gather_take(g, frame_lines(span_of(g->p, g->n), eof), eof, out, err);
            if (st == ST_MORE && wanted && !g->want_header && g->n > 0)
                continue; /* the run was the header alone */
            return st;
        }
        st = octets_header(g, r, err);
        if (st == ST_SKIP)
            return take_octets(f, g, eof, out, err);
        if (st != ST_OK)
            return st;
    }
}
