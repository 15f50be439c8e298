/*
 * fuzz_frame.c - the frames of a syslog stream on any bytes. The first byte chooses the framing and
 * the size of pieces: whatever that is, the same frames are found, and the same streams are out of
 * step. In one piece they are what a plain reading of RFC 6587 finds, byte by byte.
 */
#include <stdarg.h>

#include "../unit/fake_engine.h"
#include "../../daemon/input/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the engine of the tests calls when it is used wrongly. */
void
test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    abort();
}

static void
must(bool so)
{
    if (!so)
        abort();
}

/* True: the stream was read to its end. */
static bool
take_frames(struct engine *e, enum framing framing, struct span all, size_t piece)
{
    struct source_options opt = {.input = "t", .format = "lines", .name = "x"};
    struct framer f = {.framing = framing};
    enum status st = ST_MORE;
    struct source *s;
    struct gather g;
    struct error err;

    must(engine_source(e, &s, &opt, &err) == ST_OK);
    gather_init(&g, s, 0);
    for (size_t at = 0; at < all.n && st == ST_MORE; at += piece) {
        size_t n = all.n - at < piece ? all.n - at : piece;
        struct block b;

        gather_add(&g, all.p + at, n);
        while ((st = framer_take(&f, &g, at + n == all.n, &b, &err)) == ST_OK)
            must(engine_submit(e, &b) == ST_OK);
    }
    gather_clear(&g);
    return st == ST_MORE;
}

/* How long a count is with its space, and *frame what it counts; 0: there is none. */
static size_t
count_at(struct span s, size_t *frame)
{
    size_t i = 0;

    *frame = 0;
    while (i < s.n && i < 7 && s.p[i] >= (i ? '0' : '1') && s.p[i] <= '9')
        *frame = *frame * 10 + (size_t)(s.p[i++] - '0');
    return i > 0 && i < s.n && s.p[i] == ' ' ? i + 1 : 0;
}

/* The frames of a stream with nothing wrong in it, or as many as there are before that. */
static void
check_plainly(const struct engine *e, enum framing framing, struct span s, bool whole)
{
    bool counted = false;
    size_t n = 0, frame;

    while (s.n > 0) {
        size_t skip = framing == FRAMING_LINES ? 0 : count_at(s, &frame);
        const char *lf = memchr(s.p, '\n', s.n);
        struct span rest = span_of(s.p + 1, s.n - 1);

        if (!skip &&
            ((counted && *s.p == ' ' && count_at(rest, &frame) && frame <= FRAME_OCTETS_MAX) ||
             (framing == FRAMING_OCTETS && *s.p == '\n'))) {
            s = rest;
            continue;
        }
        if (!skip && framing == FRAMING_OCTETS)
            break;
        if (!skip)
            frame = lf ? (size_t)(lf - s.p) + 1 : s.n;
        if (frame > s.n - skip) /* cut off, or a count that is none */
            break;
        must(n < e->frame_n && e->frames[n].n == frame);
        must(memcmp(e->frames[n].p, s.p + skip, frame) == 0);
        n++;
        counted = skip > 0;
        s = span_of(s.p + skip + frame, s.n - skip - frame);
    }
    must(n == e->frame_n && whole == (s.n == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct engine *whole, *pieces;
    enum framing framing;
    struct span all;
    bool good;

    if (size < 2 || size > FAKE_MAX_RECORD) /* how much of what is too long is kept differs */
        return 0;
    framing = (enum framing)(data[0] % 3);
    all = span_of((const char *)data + 1, size - 1);
    whole = fake_engine();
    pieces = fake_engine();
    good = take_frames(whole, framing, all, all.n);
    check_plainly(whole, framing, all, good);
    must(take_frames(pieces, framing, all, 1u + data[0] / 3) == good);
    must(whole->frame_n == pieces->frame_n);
    for (size_t i = 0; i < whole->frame_n; i++)
        must(whole->frames[i].n == pieces->frames[i].n &&
             memcmp(whole->frames[i].p, pieces->frames[i].p, whole->frames[i].n) == 0);
    fake_free(whole);
    fake_free(pieces);
    return 0;
}
