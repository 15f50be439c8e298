/*
 * body.c - gzip and zstd in slices, with a limit on size and on ratio; counting records.
 *
 * zlib reaches 1030:1, zstd far more: neither may decide how much memory is used.
 */
#include "body.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define SLICE       65536
#define FREE_BYTES  (1 << 20) /* the ratio is not looked at below this */
#define ZSTD_WINDOW 25        /* log2: 32 MiB */

struct unpacker {
    struct span in;
    size_t at; /* consumed of in */
    struct buf out;
    const struct unpack_limits *limits;
    bool done;
    void *stream;
};

enum coding
body_coding(struct span name)
{
    static const struct {
        const char *name;
        enum coding coding;
    } rows[] = {{"", CODING_IDENTITY},
                {"identity", CODING_IDENTITY},
                {"gzip", CODING_GZIP},
                {"x-gzip", CODING_GZIP},
                {"zstd", CODING_ZSTD}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (span_eq_nocase(name, span_str(rows[i].name)))
            return rows[i].coding;
    return CODING_UNKNOWN;
}

/* One slice of output; sets done at the end of the stream. False: broken. */
static bool
gzip_slice(struct unpacker *u)
{
    z_stream *z = u->stream;
    int rc;

    z->next_in = (Bytef *)(uintptr_t)(u->in.p + u->at);
    z->avail_in = (uInt)(u->in.n - u->at);
    z->next_out = (Bytef *)u->out.p + u->out.n;
    z->avail_out = SLICE;
    rc = inflate(z, Z_NO_FLUSH);
    u->at = u->in.n - z->avail_in;
    u->out.n += SLICE - z->avail_out;
    u->done = rc == Z_STREAM_END;
    return rc == Z_OK || rc == Z_STREAM_END;
}

static bool
zstd_slice(struct unpacker *u)
{
    ZSTD_inBuffer in = {u->in.p, u->in.n, u->at};
    ZSTD_outBuffer out = {u->out.p + u->out.n, SLICE, 0};
    size_t rc = ZSTD_decompressStream(u->stream, &out, &in);

    u->done = rc == 0;
    if (ZSTD_isError(rc) || (!u->done && out.pos == 0 && in.pos == u->at))
        return false;
    u->at = in.pos;
    u->out.n += out.pos;
    return true;
}

static enum status
unpack_all(struct unpacker *u, bool (*slice)(struct unpacker *u), struct error *err)
{
    while (!u->done) {
        buf_reserve(&u->out, SLICE);
        if (!slice(u))
            return fail(err, ST_BAD_INPUT, "the compressed body is broken or cut off");
        if (u->out.n > u->limits->max_bytes)
            return fail(err, ST_FULL, "the unpacked body is larger than %llu bytes",
                        (unsigned long long)u->limits->max_bytes);
        if (u->out.n > FREE_BYTES && u->out.n / u->limits->max_ratio > u->at)
            return fail(err, ST_FULL, "the body unpacks to more than %u times its size",
                        u->limits->max_ratio);
    }
    if (u->at != u->in.n)
        return fail(err, ST_BAD_INPUT, "something follows the compressed body");
    return ST_OK;
}

static enum status
unpack_gzip(struct unpacker *u, struct error *err)
{
    z_stream z = {0};
    enum status st;

    if (inflateInit2(&z, 15 + 16) != Z_OK) /* 16: gzip header, not zlib's */
        return fail(err, ST_IO, "zlib cannot start");
    u->stream = &z;
    st = unpack_all(u, gzip_slice, err);
    inflateEnd(&z);
    return st;
}

static enum status
unpack_zstd(struct unpacker *u, struct error *err)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    enum status st;

    if (!z || ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW))) {
        ZSTD_freeDCtx(z);
        return fail(err, ST_IO, "zstd cannot start");
    }
    u->stream = z;
    st = unpack_all(u, zstd_slice, err);
    ZSTD_freeDCtx(z);
    return st;
}

enum status
body_unpack(struct buf *body, enum coding coding, const struct unpack_limits *limits,
            struct error *err)
{
    struct unpacker u = {.in = {body->p, body->n}, .limits = limits};
    enum status st;

    if (coding == CODING_IDENTITY)
        return ST_OK;
    st = coding == CODING_GZIP ? unpack_gzip(&u, err) : unpack_zstd(&u, err);
    if (st != ST_OK) {
        buf_clear(&u.out);
        return st;
    }
    buf_clear(body);
    *body = u.out;
    return ST_OK;
}

/* --- measuring --- */

bool
body_is_blank(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr(" \t\r\n", s.p[i]))
            return false;
    return true;
}

bool
body_is_array(struct span s)
{
    size_t i = 0;

    while (i < s.n && s.p[i] && strchr(" \t\r\n", s.p[i]))
        i++;
    return i < s.n && s.p[i] == '[';
}

size_t
body_count_lines(struct span s)
{
    size_t n = 0;

    while (s.n > 0) {
        const char *end = memchr(s.p, '\n', s.n);
        size_t step = end ? (size_t)(end - s.p) + 1 : s.n;

        n++;
        s.p += step;
        s.n -= step;
    }
    return n;
}

/* One more than the commas between the elements of the outer array. */
size_t
body_count_elements(struct span s)
{
    size_t n = 1, depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        } else if (c == ',' && depth == 1) {
            n++;
        }
    }
    return n;
}
