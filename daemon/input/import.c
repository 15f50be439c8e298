/*
 * import.c - a file read as fast as the engine takes it.
 *
 * Imports have checkpoints of their own, under the name IMPORT_INPUT. Their identity is
 * "import:LEN:HASH": the first bytes of the content (uncompressed, at most 64 KiB, all there
 * was if it was less), hashed together with the names of the format and of the source: content
 * read by the wrong format first must still be importable by the right one, and what two systems
 * wrote is not one file because it begins alike. Name, compression and inode do not matter. The
 * same beginning alone proves little, so the bytes before the position must be the same as well
 * when reading gets there.
 *
 * The checkpoints of followed files (tail.h) of the same format and source are looked at, too: what
 * was rotated and compressed is gone on with where it was read to.
 */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "gather.h"
#include "hash.h"
#include "input.h"
#include "unpack.h"

#define HEAD_BYTES  (64 * 1024)
#define BLOCK_BYTES (1024 * 1024)
#define PROGRESS_MS 200
#define CLAIM_MS    5000

struct import {
    struct engine *engine;
    const struct import_options *opt;
    struct import_progress *progress;
    struct unpack *unpack;
    struct gather g;
    char *head, identity[64];
    size_t head_n;
    enum status head_status; /* what ended the head early */
    struct error *err;
    struct cursor *known; /* what was read before and began like this */
    size_t known_n;
    bool ends_before;       /* the content ends before a place that an earlier import reached, */
    enum status end_status; /* well or badly */
    int64_t told_ms;
};

static void
tell(struct import *im, bool now)
{
    int64_t ms = clock_mono_ms();

    im->progress->bytes_read = unpack_bytes_in(im->unpack);
    im->progress->position = im->g.offset;
    if (!im->opt->progress || (!now && ms - im->told_ms < PROGRESS_MS))
        return;
    im->told_ms = ms;
    im->opt->progress(im->opt->progress_arg, im->progress);
}

/* --- where an earlier import stopped --- */

static uint64_t
head_hash(const struct import *im, size_t n)
{
    const char *format = im->opt->format, *source = im->opt->source ? im->opt->source : "";
    uint64_t seed = hash_bytes(source, strlen(source), 0);

    return hash_bytes(im->head, n, hash_bytes(format, strlen(format), seed));
}

static enum status
read_head(struct import *im)
{
    im->head = xmalloc(HEAD_BYTES);
    while (im->head_n < HEAD_BYTES) {
        size_t got;

        im->head_status =
            unpack_read(im->unpack, im->head + im->head_n, HEAD_BYTES - im->head_n, &got, im->err);
        if (im->head_status != ST_OK || got == 0)
            break;
        im->head_n += got;
    }
    snprintf(im->identity, sizeof im->identity, "import:%zu:%016llx", im->head_n,
             (unsigned long long)head_hash(im, im->head_n));
    return im->head_status == ST_BAD_INPUT ? ST_OK : im->head_status;
}

static void
keep_known(struct import *im, const struct cursor *c)
{
    im->known = xrealloc(im->known, (im->known_n + 1) * sizeof *im->known);
    im->known[im->known_n++] = *c;
}

static void
consider(void *arg, const struct cursor *c)
{
    struct import *im = arg;
    unsigned long long hash;
    size_t n;

    if (sscanf(c->identity, "import:%zu:%llx", &n, &hash) == 2 && n <= im->head_n &&
        c->position > 0 && head_hash(im, n) == hash)
        keep_known(im, c);
}

/* A file that is followed may have been known by few bytes, or none. A pipe cannot go back when
 * they deceive, so there it takes all of them to look further than the head. */
static void
consider_followed(void *arg, const struct cursor *c)
{
    struct import *im = arg;
    unsigned long long hash;
    unsigned n;

    if (sscanf(c->identity, "%*x:%*x:%x:%llx", &n, &hash) != 2 || n > TRAIL_MAX || n > im->head_n ||
        c->position == 0 || hash_bytes(im->head, n, 0) != hash)
        return;
    if (c->position <= im->head_n || n == TRAIL_MAX || lseek(im->opt->fd, 0, SEEK_CUR) >= 0)
        keep_known(im, c);
}

static bool
is_import(const struct cursor *c)
{
    return strncmp(c->identity, "import:", 7) == 0;
}

static int
by_position(const void *a, const void *b)
{
    const struct cursor *x = a, *y = b;

    return (x->position > y->position) - (x->position < y->position);
}

/* Reads on from `from` until `to`, keeping the last bytes in *t. *from is where it got. */
static enum status
skip_to(struct import *im, uint64_t *from, uint64_t to, struct trail *t)
{
    char p[16384];

    if (to - *from > TRAIL_MAX && unpack_seek(im->unpack, to - TRAIL_MAX)) {
        *from = to - TRAIL_MAX;
        t->n = 0;
    }
    while (*from < to) {
        size_t want = to - *from < sizeof p ? (size_t)(to - *from) : sizeof p, got;
        enum status st = unpack_read(im->unpack, p, want, &got, im->err);

        if (st != ST_OK || got == 0)
            return st == ST_OK ? ST_MORE : st;
        trail_add(t, p, got);
        *from += got;
        tell(im, false);
    }
    return ST_OK;
}

static bool
is_in_head(const struct import *im, const struct cursor *c)
{
    struct trail t = {0};

    trail_add(&t, im->head, (size_t)c->position);
    return trail_hash(&t) == c->fingerprint;
}

/* The content ended at a place before known[i]. Had all 64 KiB of its beginning been imported, this
 * is less of the same; the few bytes that followed files are known by do not prove that. */
static void
note_end(struct import *im, size_t i, enum status st)
{
    for (; i < im->known_n && !im->ends_before; i++)
        im->ends_before = is_import(&im->known[i]);
    im->end_status = st == ST_MORE ? ST_OK : st;
}

/* The furthest place where this content was read to; 0 if it never was. *at is how far the stream
 * was read to find out. */
static enum status
find_place(struct import *im, uint64_t *place, uint64_t *at)
{
    struct trail t = {0};

    *place = 0;
    *at = im->head_n;
    trail_add(&t, im->head, im->head_n);
    engine_checkpoints(im->engine, IMPORT_INPUT, consider, im);
    engine_followed(im->engine, im->opt->format, im->opt->source, consider_followed, im);
    if (im->known_n > 1)
        qsort(im->known, im->known_n, sizeof *im->known, by_position);
    for (size_t i = 0; i < im->known_n; i++) {
        const struct cursor *c = &im->known[i];
        enum status st;

        if (c->position <= im->head_n) {
            if (is_in_head(im, c))
                *place = c->position;
            continue;
        }
        if (im->head_status != ST_OK)
            break;
        st = skip_to(im, at, c->position, &t);
        if (st == ST_MORE || st == ST_BAD_INPUT) {
            note_end(im, i, st);
            break;
        }
        if (st != ST_OK)
            return st;
        if (trail_hash(&t) == c->fingerprint)
            *place = c->position;
    }
    return ST_OK;
}

/* A reader that begins in the middle still needs the header line. */
static enum status
header_from_head(struct import *im)
{
    for (size_t at = 0; im->g.want_header && at < im->head_n;) {
        const char *end = memchr(im->head + at, '\n', im->head_n - at);
        size_t n = end ? (size_t)(end - im->head) + 1 - at : im->head_n - at;
        enum status st = gather_header(&im->g, span_of(im->head + at, n), im->err);

        if (st != ST_OK)
            return st;
        at += n;
    }
    return ST_OK;
}

/* Brings gather and stream to `place`; the stream was read up to `at`. */
static enum status
go_to(struct import *im, uint64_t place, uint64_t at)
{
    enum status st = place > 0 ? header_from_head(im) : ST_OK;
    uint64_t from = 0;

    if (st != ST_OK)
        return st;
    im->g.offset = im->progress->resumed_at = place;
    if (at == im->head_n && place <= at) {
        trail_add(&im->g.trail, im->head, (size_t)place);
        if (place < at)
            gather_add(&im->g, im->head + place, (size_t)(at - place));
        return ST_OK;
    }
    if (!unpack_rewind(im->unpack))
        return fail(im->err, ST_BAD_INPUT,
                    "this begins like what was read before but goes on differently, and a pipe "
                    "cannot be read again: import it from a file");
    return skip_to(im, &from, place, &im->g.trail);
}

static enum status
cut_off(struct import *im)
{
    struct error cause = *im->err;

    return fail(im->err, ST_BAD_INPUT, "%.60s: %.80s; imported up to byte %llu of the content",
                im->opt->path, cause.text, (unsigned long long)im->g.offset);
}

static enum status
resume(struct import *im, bool *done)
{
    uint64_t place, at;
    enum status st = find_place(im, &place, &at);

    *done = false;
    if (st != ST_OK)
        return st;
    if (im->ends_before && place == 0) {
        /* The beginning, all 64 KiB of it, was imported before, and more than there is here:
         * an older or shorter copy. */
        if (unpack_is_plain(im->unpack) && im->progress->bytes_total)
            at = im->progress->bytes_total;
        im->g.offset = im->progress->resumed_at = at;
        *done = true;
        return im->end_status == ST_OK ? ST_OK : cut_off(im);
    }
    if (place > im->head_n && place == at) {
        st = header_from_head(im);
        im->g.offset = im->progress->resumed_at = place;
        return st;
    }
    return go_to(im, place, at);
}

/* --- reading --- */

/* Of a compressed file only how far it has been read says how much more it holds. */
static uint64_t
bytes_to_come(const struct import *im)
{
    uint64_t all = im->progress->bytes_total, in = unpack_bytes_in(im->unpack);

    if (all <= in || in == 0)
        return 0;
    return (uint64_t)((double)(all - in) / (double)in * (double)(im->g.offset + im->g.n));
}

static enum status
submit_all(struct import *im, bool eof)
{
    const struct import_options *opt = im->opt;
    struct block b;
    enum status st;

    while ((st = gather_take(&im->g, im->g.n, eof, &b, im->err)) == ST_OK) {
        memcpy(b.cursor.identity, im->identity, sizeof im->identity);
        b.bulk = true;
        b.follows = bytes_to_come(im);
        b.done = opt->done;
        b.done_arg = opt->done_arg;
        st = engine_submit_wait(im->engine, &b);
        if (st != ST_OK) {
            block_clear(&b);
            return fail(im->err, ST_RETRY, "%s",
                        st == ST_FULL ? "too many records were refused: replay or drop them"
                                        " (callswell quarantine), then import again"
                                      : "the engine is shutting down");
        }
        tell(im, false);
    }
    return st == ST_MORE ? ST_OK : st;
}

/* Until a block is full, the end, or (a pipe) nothing more is there yet. */
static enum status
read_block(struct import *im, size_t size, bool *eof)
{
    if (im->g.n < size)
        gather_room(&im->g, size - im->g.n);
    while (im->g.n < size) {
        size_t got, room = size - im->g.n;
        enum status st = unpack_read(im->unpack, gather_room(&im->g, room), room, &got, im->err);

        if (st != ST_OK)
            return st;
        *eof = got == 0;
        gather_added(&im->g, got);
        tell(im, false);
        if (*eof || unpack_would_wait(im->unpack))
            break;
    }
    return ST_OK;
}

/* This ends: every turn reads at least one byte, or finds the end. For that the buffer must not be
 * full when a turn begins, and it never is: gather_take says ST_MORE only to less than a record of
 * the longest kind with its line end, which is less than `size`; of more it takes a block, or drops
 * what belongs to no record. (What the longest record is does not change while a process runs.) */
static enum status
read_all(struct import *im)
{
    size_t max = source_max_record(im->g.source), size = BLOCK_BYTES;
    enum status st = im->head_status;
    bool eof = false;

    if (size < 2 * max)
        size = 2 * max;
    while (st == ST_OK && !eof) {
        assert(im->g.n < size);
        st = read_block(im, size, &eof);
        if (st == ST_OK)
            st = submit_all(im, eof);
        if (im->opt->cancel && *im->opt->cancel && st == ST_OK && !eof)
            return fail(im->err, ST_RETRY, "stopped");
    }
    if (st == ST_BAD_INPUT && !im->g.want_header) {
        struct error cause = *im->err;

        st = submit_all(im, false);
        if (st == ST_OK) {
            *im->err = cause;
            return cut_off(im);
        }
    }
    return st;
}

static enum status
begin(struct import *im)
{
    const struct import_options *opt = im->opt;
    struct source_options so = {.input = IMPORT_INPUT,
                                .format = opt->format,
                                .timezone = opt->timezone,
                                .source = opt->source,
                                .name = opt->path,
                                .identity = IDENTITY_POSITION,
                                .left_out = opt->left_out};
    struct source *s;
    struct stat st;
    enum status r = engine_source(im->engine, &s, &so, im->err);

    if (r != ST_OK)
        return r;
    gather_init(&im->g, s, 0);
    im->unpack = unpack_open(opt->fd, opt->cancel);
    if (fstat(opt->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        off_t at = lseek(opt->fd, 0, SEEK_CUR);

        im->progress->bytes_total = at < st.st_size ? (uint64_t)(st.st_size - at) : 0;
    }
    return read_head(im);
}

/* An import of the same content that was just cancelled needs a moment to notice. */
static bool
claim(const struct import *im)
{
    int64_t until = clock_mono_ms() + CLAIM_MS;

    while (!engine_claim(im->engine, im->identity)) {
        if (clock_mono_ms() >= until || (im->opt->cancel && *im->opt->cancel))
            return false;
        poll(NULL, 0, 20);
    }
    return true;
}

enum status
import_stream(struct engine *e, const struct import_options *opt, struct import_progress *result,
              struct error *err)
{
    struct import_progress progress = {0};
    struct error own = {.pos = -1};
    struct import im = {.engine = e, .opt = opt, .progress = &progress, .err = err ? err : &own};
    bool done = false, claimed;
    enum status st = begin(&im);

    claimed = st == ST_OK && claim(&im);
    if (st == ST_OK && !claimed)
        st = fail(im.err, ST_RETRY, "the same content is being imported already");
    if (st == ST_OK)
        st = resume(&im, &done);
    if (st == ST_OK && !done)
        st = read_all(&im);
    if (claimed)
        engine_disclaim(e, im.identity);
    if (im.unpack)
        tell(&im, true);
    if (result)
        *result = progress;
    unpack_close(im.unpack);
    gather_clear(&im.g);
    free(im.head);
    free(im.known);
    return st;
}
