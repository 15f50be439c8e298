/*
 * unpack.c - bytes of a file or pipe, uncompressed on the way.
 */
#include "unpack.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "memory.h"

#define IN_BYTES    (256 * 1024)
#define WAIT_MS     200 /* how long a cancel may go unnoticed */
#define GZIP_WINDOW (15 + 16)
#define MAGIC_BYTES 4

struct unpack {
    int fd;
    volatile int *cancel;
    off_t begin; /* -1: cannot seek */
    uint64_t in;
    char *p; /* compressed (or plain) bytes read, [at, n) not used yet */
    size_t at, n;
    bool known, eof, inside; /* inside: within a member or frame */
    const char *damaged;     /* zstd: told after the bytes before it were given */
    const struct method *method;
    z_stream z;
    ZSTD_DStream *zstd;
};

/* Takes from the input buffer, which is not empty, and gives at most n bytes. */
struct method {
    const char *name, *magic;
    size_t magic_n;
    enum status (*give)(struct unpack *u, char *p, size_t n, size_t *got, struct error *err);
};

static enum status
give_plain(struct unpack *u, char *p, size_t n, size_t *got, struct error *err)
{
    (void)err;
    *got = u->n - u->at < n ? u->n - u->at : n;
    memcpy(p, u->p + u->at, *got);
    u->at += *got;
    return ST_OK;
}

/* A member ended: another may follow, or the zeros that tapes and some tools pad with. */
static enum status
next_member(struct unpack *u, struct error *err)
{
    while (u->at < u->n && u->p[u->at] == '\0')
        u->at++;
    if (u->at == u->n)
        return ST_OK;
    if ((unsigned char)u->p[u->at] != 0x1f)
        return fail(err, ST_BAD_INPUT, "bytes after the end of the gzip data are not gzip");
    inflateReset(&u->z);
    u->inside = true;
    return ST_OK;
}

static enum status
give_gzip(struct unpack *u, char *p, size_t n, size_t *got, struct error *err)
{
    int r;

    if (!u->z.state && inflateInit2(&u->z, GZIP_WINDOW) != Z_OK)
        return fail(err, ST_IO, "zlib does not start");
    if (!u->inside) {
        enum status st = next_member(u, err);

        if (st != ST_OK || !u->inside)
            return st;
    }
    u->z.next_in = (Bytef *)u->p + u->at;
    u->z.avail_in = (uInt)(u->n - u->at);
    u->z.next_out = (Bytef *)p;
    u->z.avail_out = (uInt)n;
    r = inflate(&u->z, Z_NO_FLUSH);
    u->at = u->n - u->z.avail_in;
    *got = n - u->z.avail_out;
    if (r == Z_STREAM_END)
        u->inside = false;
    else if (r != Z_OK && r != Z_BUF_ERROR && *got == 0)
        return fail(err, ST_BAD_INPUT, "the gzip data is damaged: %s",
                    u->z.msg ? u->z.msg : "unknown error");
    return ST_OK;
}

static enum status
give_zstd(struct unpack *u, char *p, size_t n, size_t *got, struct error *err)
{
    ZSTD_inBuffer in = {u->p, u->n, u->at};
    ZSTD_outBuffer out = {p, n, 0};
    size_t r;

    if (u->damaged)
        return fail(err, ST_BAD_INPUT, "the zstd data is damaged: %s", u->damaged);
    if (!u->zstd)
        u->zstd = ZSTD_createDStream();
    if (!u->zstd)
        return fail(err, ST_IO, "zstd does not start");
    r = ZSTD_decompressStream(u->zstd, &out, &in);
    u->at = in.pos;
    *got = out.pos;
    if (ZSTD_isError(r)) {
        u->damaged = ZSTD_getErrorName(r);
        return out.pos > 0 ? ST_OK : give_zstd(u, p, n, got, err);
    }
    u->inside = r != 0;
    return ST_OK;
}

static const struct method methods[] = {
    {"gzip", "\x1f\x8b", 2, give_gzip},
    {"zstd", "\x28\xb5\x2f\xfd", 4, give_zstd},
    {"plain", "", 0, give_plain},
};

struct unpack *
unpack_open(int fd, volatile int *cancel)
{
    struct unpack *u = xcalloc(1, sizeof *u);

    u->fd = fd;
    u->cancel = cancel;
    u->begin = lseek(fd, 0, SEEK_CUR);
    u->p = xmalloc(IN_BYTES);
    return u;
}

void
unpack_close(struct unpack *u)
{
    if (!u)
        return;
    if (u->z.state)
        inflateEnd(&u->z);
    ZSTD_freeDStream(u->zstd);
    free(u->p);
    free(u);
}

static bool
is_cancelled(const struct unpack *u)
{
    return u->cancel && *u->cancel;
}

/* Pipes are waited for in short turns, so that a cancel is seen. */
static enum status
read_some(struct unpack *u, char *p, size_t room, size_t *got, struct error *err)
{
    struct pollfd pfd = {u->fd, POLLIN, 0};
    ssize_t n;

    do {
        while (u->begin < 0 && !is_cancelled(u) && poll(&pfd, 1, WAIT_MS) == 0)
            continue;
        if (is_cancelled(u))
            return fail(err, ST_RETRY, "stopped");
        n = read(u->fd, p, room);
    } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    if (n < 0)
        return fail(err, ST_IO, "reading: %s", strerror(errno));
    u->eof = n == 0;
    u->in += (uint64_t)n;
    *got = (size_t)n;
    return ST_OK;
}

static enum status
fill(struct unpack *u, struct error *err)
{
    enum status st;
    size_t got;

    if (u->at == u->n)
        u->at = u->n = 0;
    st = read_some(u, u->p + u->n, IN_BYTES - u->n, &got, err);
    if (st == ST_OK)
        u->n += got;
    return st;
}

static enum status
recognise(struct unpack *u, struct error *err)
{
    const struct method *m = methods;

    while (u->n < MAGIC_BYTES && !u->eof) {
        enum status st = fill(u, err);

        if (st != ST_OK)
            return st;
    }
    while (u->n < m->magic_n || memcmp(u->p, m->magic, m->magic_n) != 0)
        m++;
    u->method = m;
    u->known = true;
    u->inside = m->give == give_gzip;
    return ST_OK;
}

enum status
unpack_read(struct unpack *u, char *p, size_t n, size_t *got, struct error *err)
{
    enum status st = u->known ? ST_OK : recognise(u, err);

    *got = 0;
    if (st == ST_OK && u->at == u->n && !u->eof && n >= IN_BYTES && unpack_is_plain(u))
        return read_some(u, p, n, got, err); /* nothing to do on the way */
    while (st == ST_OK && *got == 0) {
        if (u->at == u->n && !u->eof) {
            st = fill(u, err);
            continue;
        }
        /* Within a member the library may hold bytes back that did not fit the last time. */
        if (u->at == u->n && !u->inside)
            break;
        st = u->method->give(u, p, n, got, err);
        if (u->at == u->n && u->eof && *got == 0)
            break;
    }
    if (st == ST_OK && *got == 0 && u->inside)
        return fail(err, ST_BAD_INPUT, "the %s data is cut off", u->method->name);
    return st;
}

uint64_t
unpack_bytes_in(const struct unpack *u)
{
    return u->in;
}

bool
unpack_is_plain(const struct unpack *u)
{
    return u->known && u->method->give == give_plain;
}

bool
unpack_would_wait(const struct unpack *u)
{
    struct pollfd pfd = {u->fd, POLLIN, 0};

    return u->begin < 0 && u->at == u->n && !u->eof && poll(&pfd, 1, 0) == 0;
}

bool
unpack_rewind(struct unpack *u)
{
    if (u->begin < 0 || lseek(u->fd, u->begin, SEEK_SET) < 0)
        return false;
    if (u->z.state)
        inflateReset(&u->z);
    if (u->zstd)
        ZSTD_DCtx_reset(u->zstd, ZSTD_reset_session_only);
    u->at = u->n = 0;
    u->in = 0;
    u->damaged = NULL;
    u->eof = false;
    u->inside = u->known && u->method->give == give_gzip;
    return true;
}

bool
unpack_seek(struct unpack *u, uint64_t position)
{
    if (!unpack_is_plain(u) || u->begin < 0 ||
        lseek(u->fd, u->begin + (off_t)position, SEEK_SET) < 0)
        return false;
    u->at = u->n = 0;
    u->in = position;
    u->eof = false;
    return true;
}
