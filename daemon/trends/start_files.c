/*
 * start_files.c - the base in the form of an RDB file, the log as it is, the manifest.
 *
 * Base (Redis 7, src/rdb.c and src/rdb.h):
 *   "REDIS0010", 0xFE and the number of the database, 0xFB and how many keys it has and how many of
 *   them have an end (both 0x80 and 4 bytes, high first), keys, 0xFF, CRC-64 of all that (8 bytes,
 *   low first)
 * Key: 0xFC and the end of its life (8 bytes, low first) where it has one, its type, name, value
 * Text: its length, then itself. The length is
 *   00llllll   or   01llllll llllllll   or   0x80 and 4 bytes, high first
 *
 * How many keys there are is known at the end only, so the head is written last, and its sum is
 * joined to that of the rest.
 */
#include "start_files.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc64.h"
#include "hash.h"
#include "managed_files.h"
#include "redis_dump.h"

#define BASE_NAME "appendonly.aof.1.base.rdb"
#define LOG_NAME  "appendonly.aof.1.incr.aof"

#define OP_END_MS   0xFC
#define OP_SIZES    0xFB
#define OP_DATABASE 0xFE
#define OP_EOF      0xFF
#define TYPE_STRING 0
#define HEAD_BYTES  22
#define CHUNK       ((size_t)1024 * 1024)
#define MOST_HEAD   32 /* of a key: the end of its life, its type, two lengths */

struct file {
    int fd; /* -1: not open */
    uint64_t bytes;
    struct buf held;
};

struct start_files {
    char *folder;
    size_t least;
    struct file base, log;
    uint64_t crc; /* of the base without its head */
    uint32_t keys, mortals;
    uint64_t *seen; /* hashes of keys, 0 is empty */
    size_t seen_count, seen_slots;
    bool failed;
};

struct start_files *
start_files_new(const char *folder, size_t least)
{
    struct start_files *f = xcalloc(1, sizeof *f);

    f->folder = xstrdup(folder);
    f->least = least;
    f->base.fd = f->log.fd = -1;
    f->base.bytes = HEAD_BYTES;
    return f;
}

bool
start_files_begun(const struct start_files *f)
{
    return f->base.fd >= 0;
}

static void
close_file(struct file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    buf_clear(&file->held);
}

void
start_files_free(struct start_files *f)
{
    if (!f)
        return;
    if (start_files_begun(f))
        managed_files_remove(f->folder);
    close_file(&f->base);
    close_file(&f->log);
    free(f->seen);
    free(f->folder);
    free(f);
}

/* --- which keys there are --- */

void
start_files_forget(struct start_files *f)
{
    if (f->seen_count > 0)
        memset(f->seen, 0, f->seen_slots * sizeof *f->seen);
    f->seen_count = 0;
}

/* False if it is there. */
static bool
note_seen(uint64_t *seen, size_t slots, uint64_t hash)
{
    size_t place = hash & (slots - 1);

    for (; seen[place]; place = (place + 1) & (slots - 1))
        if (seen[place] == hash)
            return false;
    seen[place] = hash;
    return true;
}

static void
grow_seen(struct start_files *f)
{
    size_t slots = f->seen_slots ? 2 * f->seen_slots : 4096;
    uint64_t *seen = xcalloc(slots, sizeof *seen);

    for (size_t i = 0; i < f->seen_slots; i++)
        if (f->seen[i])
            note_seen(seen, slots, f->seen[i]);
    free(f->seen);
    f->seen = seen;
    f->seen_slots = slots;
}

/* Two keys of one hash are taken for one, which does no harm: the second goes into the log. */
bool
start_files_first(struct start_files *f, struct span key)
{
    uint64_t hash = hash_bytes(key.p, key.n, 0);
    bool first;

    if (2 * f->seen_count >= f->seen_slots)
        grow_seen(f);
    first = note_seen(f->seen, f->seen_slots, hash ? hash : 1);
    f->seen_count += first;
    return first;
}

/* --- keys --- */

static char *
put_length(char *p, size_t n)
{
    uint32_t high_first = htobe32((uint32_t)n);

    if (n < 64) {
        *p++ = (char)n;
    } else if (n < 16384) {
        *p++ = (char)(0x40 | n >> 8);
        *p++ = (char)n;
    } else {
        *p++ = (char)0x80;
        memcpy(p, &high_first, 4);
        p += 4;
    }
    return p;
}

/* Room for the value, too. */
static char *
begin_key(struct start_files *f, int type, struct span key, size_t value, int64_t at_ms)
{
    struct buf *b = &f->base.held;
    uint64_t low_first = htole64((uint64_t)at_ms);
    char *p;

    buf_reserve(b, MOST_HEAD + key.n + value);
    p = b->p + b->n;
    if (at_ms) {
        *p++ = (char)OP_END_MS;
        memcpy(p, &low_first, 8);
        p += 8;
        f->mortals++;
    }
    f->keys++;
    *p++ = (char)type;
    p = put_length(p, key.n);
    memcpy(p, key.p, key.n);
    return p + key.n;
}

void
start_files_string(struct start_files *f, struct span key, struct span value, int64_t at_ms)
{
    char *p = put_length(begin_key(f, TYPE_STRING, key, value.n, at_ms), value.n);

    memcpy(p, value.p, value.n);
    f->base.held.n = (size_t)(p + value.n - f->base.held.p);
}

void
start_files_hash(struct start_files *f, struct span key, struct span entries, size_t fields,
                 int64_t at_ms)
{
    size_t bytes = dump_value_bytes(entries.n);
    char *p = begin_key(f, DUMP_TYPE_HASH, key, bytes, at_ms);

    memcpy(dump_value_begin(p, entries.n, fields), entries.p, entries.n);
    f->base.held.n = (size_t)(p + bytes - f->base.held.p);
}

void
start_files_log(struct start_files *f, struct span commands)
{
    buf_span(&f->log.held, commands);
}

/* --- files --- */

size_t
start_files_held(const struct start_files *f)
{
    return f->base.held.n + f->log.held.n;
}

size_t
start_files_memory(const struct start_files *f)
{
    return f->base.held.cap + f->log.held.cap + f->seen_slots * sizeof *f->seen;
}

bool
start_files_due(const struct start_files *f)
{
    return start_files_held(f) > (start_files_begun(f) ? CHUNK : f->least);
}

static enum status
write_at(const struct start_files *f, int fd, const char *p, size_t n, uint64_t at,
         struct error *err)
{
    while (n > 0) {
        ssize_t written = pwrite(fd, p, n, (off_t)at);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail(err, ST_IO, "Cannot write in %.120s: %s", f->folder, strerror(errno));
        p += written;
        n -= (size_t)written;
        at += (uint64_t)written;
    }
    return ST_OK;
}

static enum status
open_file(const struct start_files *f, int *fd, const char *name, struct error *err)
{
    char *path = xasprintf("%s/%s", f->folder, name);

    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    free(path);
    if (*fd < 0)
        return fail(err, ST_IO, "Cannot make %s in %.120s: %s", name, f->folder, strerror(errno));
    return ST_OK;
}

static enum status
begin_files(struct start_files *f, struct error *err)
{
    enum status st;

    managed_files_remove(f->folder);
    if (mkdir(f->folder, 0700) != 0)
        return fail(err, ST_IO, "Cannot make %.120s: %s", f->folder, strerror(errno));
    st = open_file(f, &f->base.fd, BASE_NAME, err);
    return st == ST_OK ? open_file(f, &f->log.fd, LOG_NAME, err) : st;
}

/* Begins to bring it to the disk, so that less is left to wait for at the end. */
static enum status
flush_file(const struct start_files *f, struct file *file, struct error *err)
{
    enum status st = write_at(f, file->fd, file->held.p, file->held.n, file->bytes, err);

    if (st != ST_OK)
        return st;
    if (file->held.n > 0)
        sync_file_range(file->fd, (off_t)file->bytes, (off_t)file->held.n, SYNC_FILE_RANGE_WRITE);
    file->bytes += file->held.n;
    buf_reset(&file->held);
    return ST_OK;
}

bool
start_files_failed(const struct start_files *f)
{
    return f->failed;
}

enum status
start_files_flush(struct start_files *f, struct error *err)
{
    enum status st = ST_OK;

    if (!start_files_begun(f)) {
        if (!start_files_due(f))
            return ST_OK;
        st = begin_files(f, err);
    }
    if (st == ST_OK) {
        f->crc = crc64_add(f->crc, f->base.held.p, f->base.held.n);
        st = flush_file(f, &f->base, err);
    }
    if (st == ST_OK)
        st = flush_file(f, &f->log, err);
    f->failed |= st != ST_OK;
    return st;
}

static void
put_32(char *p, uint32_t v)
{
    uint32_t high_first = htobe32(v);

    *p = (char)0x80;
    memcpy(p + 1, &high_first, 4);
}

static enum status
seal_base(struct start_files *f, struct error *err)
{
    char head[HEAD_BYTES + 1], end = (char)OP_EOF;
    uint64_t body = f->base.bytes - HEAD_BYTES + 1, low_first;
    enum status st;

    snprintf(head, sizeof head, "REDIS%04d", DUMP_RDB_VERSION);
    head[9] = (char)OP_DATABASE;
    head[10] = 0;
    head[11] = (char)OP_SIZES;
    put_32(head + 12, f->keys);
    put_32(head + 17, f->mortals);
    f->crc = crc64_join(crc64_add(0, head, HEAD_BYTES), crc64_add(f->crc, &end, 1), body);
    low_first = htole64(f->crc);
    st = write_at(f, f->base.fd, head, HEAD_BYTES, 0, err);
    if (st == ST_OK)
        st = write_at(f, f->base.fd, &end, 1, f->base.bytes, err);
    if (st == ST_OK)
        st = write_at(f, f->base.fd, (char *)&low_first, 8, f->base.bytes + 1, err);
    return st;
}

static enum status
write_manifest(const struct start_files *f, int *fd, struct error *err)
{
    static const char text[] = "file " BASE_NAME " seq 1 type b\nfile " LOG_NAME " seq 1 type i\n";
    enum status st = open_file(f, fd, "appendonly.aof.manifest", err);

    return st == ST_OK ? write_at(f, *fd, text, sizeof text - 1, 0, err) : st;
}

enum status
start_files_end(struct start_files *f, struct error *err)
{
    int manifest = -1, folder = -1;
    enum status st = start_files_flush(f, err);

    if (st == ST_OK)
        st = seal_base(f, err);
    if (st == ST_OK)
        st = write_manifest(f, &manifest, err);
    if (st == ST_OK) {
        folder = open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0 || fsync(f->base.fd) != 0 || fsync(f->log.fd) != 0 || fsync(manifest) != 0 ||
            fsync(folder) != 0)
            st = fail(err, ST_IO, "Cannot write in %.120s: %s", f->folder, strerror(errno));
    }
    if (manifest >= 0)
        close(manifest);
    if (folder >= 0)
        close(folder);
    f->failed |= st != ST_OK;
    return st;
}
