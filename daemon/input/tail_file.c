/*
 * tail_file.c - one followed file: reading, truncation, the end.
 *
 * After every read the bytes before it are looked at again: if they changed, the file was
 * truncated (and may have grown past us since), so what was just read is of another file and
 * is thrown away. What is missing of the old content is then looked for in a copy.
 */
#include "tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

/* A line that began further back than this before the end is taken as cut there. */
#define FROM_END_MAX (16 * 1024 * 1024)

struct tail_file *
tail_file_find(struct input *in, dev_t dev, ino_t ino)
{
    for (struct tail_file *f = in->files; f; f = f->next)
        if (f->dev == dev && f->ino == ino)
            return f;
    return NULL;
}

/* What logrotate leaves beside a log that a glob may match: not text, and read before. */
static bool
is_packed(const char *p, size_t n)
{
    static const struct span magic[] = {{"\x1f\x8b", 2},
                                        {"\x28\xb5\x2f\xfd", 4},
                                        {"BZh", 3},
                                        {"\xfd"
                                         "7zXZ",
                                         5}};

    for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
        if (n >= magic[i].n && memcmp(p, magic[i].p, magic[i].n) == 0)
            return true;
    return false;
}

struct tail_file *
tail_file_open(struct input *in, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct tail_file *f;
    struct stat st;
    char front[8];
    ssize_t n;

    if (fd < 0) {
        if (errno != ENOENT)
            tail_problem(in, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        tail_problem(in, "%s: not a regular file", path);
        close(fd);
        return NULL;
    }
    n = pread(fd, front, sizeof front, 0);
    if (tail_file_find(in, st.st_dev, st.st_ino) || (n > 0 && is_packed(front, (size_t)n))) {
        close(fd);
        return NULL;
    }
    f = xcalloc(1, sizeof *f);
    f->tail = in;
    f->path = xstrdup(path);
    f->fd = fd;
    f->wd = -1;
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    f->size = (uint64_t)st.st_size;
    return f;
}

void
tail_file_release(struct tail_file *f)
{
    if (f->has_out)
        block_clear(&f->out);
    gather_clear(&f->g);
    if (f->wd >= 0 && f->tail->notify >= 0)
        inotify_rm_watch(f->tail->notify, f->wd);
    close(f->fd);
    free(f->path);
    free(f->born);
    free(f);
}

static void
broken(struct tail_file *f, const char *why)
{
    f->broken = true;
    snprintf(f->problem, sizeof f->problem, "%.80s: %.70s", f->path, why);
    log_warn("tail_file_refused", "input=%s path=\"%s\" reason=\"%s\"", f->tail->title, f->path,
             why);
}

static bool
new_source(struct tail_file *f, uint64_t offset)
{
    const struct input *in = f->tail;
    struct source_options opt = {.input = in->title,
                                 .format = in->format,
                                 .timezone = in->timezone,
                                 .source = in->source,
                                 .name = f->path,
                                 .identity = IDENTITY_POSITION};
    struct source *s;
    struct error err;

    if (engine_source(in->engine, &s, &opt, &err) != ST_OK) {
        broken(f, err.text);
        return false;
    }
    gather_init(&f->g, s, offset);
    return true;
}

/* Reading that begins in the middle still needs the file's first line. */
static void
read_header(struct tail_file *f)
{
    size_t max = source_max_record(f->g.source) + 2, n, at = 0;
    struct error err = {.text = "no header line"};
    char *p = xmalloc(max);
    ssize_t got = pread(f->fd, p, max, 0);

    for (n = got > 0 ? (size_t)got : 0; f->g.want_header && at < n;) {
        const char *end = memchr(p + at, '\n', n - at);
        size_t len = end ? (size_t)(end - p) + 1 - at : n - at;

        if (gather_header(&f->g, span_of(p + at, len), &err) != ST_OK)
            break;
        at += len;
    }
    free(p);
    if (f->g.want_header)
        broken(f, err.text);
}

static void
go_to(struct tail_file *f, uint64_t position)
{
    gather_restart(&f->g, position);
    if (position > 0 && f->g.want_header)
        read_header(f);
    if (!trail_load(&f->g.trail, f->fd, position))
        f->g.trail.n = 0;
    f->seen = f->g.trail;
}

void
tail_file_append(struct tail_file *f)
{
    struct tail_file **end = &f->tail->files;

    while (*end)
        end = &(*end)->next;
    *end = f;
    tail_watch_file(f);
    tail_wake(f->tail, f);
}

void
tail_file_begin(struct tail_file *f, uint64_t position)
{
    struct input *in = f->tail;

    if (new_source(f, position))
        go_to(f, position);
    tail_file_append(f);
    log_info("tail_file", "input=%s path=\"%s\" position=%llu", in->title, f->path,
             (unsigned long long)position);
}

/* A block of nothing, so that a restart finds this place instead of choosing one anew. */
static void
mark_place(struct tail_file *f)
{
    if (!f->g.source || f->g.offset == 0)
        return;
    gather_fill(&f->g, &f->out, xmalloc(1), 0, f->g.offset);
    memcpy(f->out.cursor.identity, f->identity, sizeof f->identity);
    f->has_out = true;
}

void
tail_file_from_end(struct tail_file *f)
{
    uint64_t at = f->size, low = at > FROM_END_MAX ? at - FROM_END_MAX : 0;
    char p[65536];

    while (at > low) {
        size_t n = at - low < sizeof p ? (size_t)(at - low) : sizeof p;
        const char *end;

        if (pread(f->fd, p, n, (off_t)(at - n)) != (ssize_t)n)
            break;
        end = memrchr(p, '\n', n);
        if (end) {
            at = at - n + (size_t)(end - p) + 1;
            break;
        }
        at -= n;
    }
    tail_file_begin(f, at == low && low > 0 ? f->size : at);
    mark_place(f);
}

/* --- submitting --- */

static enum tail_step
submit(struct tail_file *f, bool eof)
{
    struct input *in = f->tail;
    struct error err;

    for (;;) {
        enum status st;

        if (f->has_out) {
            st = engine_submit(in->engine, &f->out);
            if (st != ST_OK) {
                in->full = st == ST_FULL;
                in->closing = st != ST_FULL;
                return TAIL_STOP;
            }
            f->has_out = false;
        }
        st = gather_take(&f->g, f->g.n, eof, &f->out, &err);
        if (st == ST_MORE)
            return TAIL_IDLE;
        if (st != ST_OK) {
            broken(f, err.text);
            return TAIL_IDLE;
        }
        memcpy(f->out.cursor.identity, f->identity, sizeof f->identity);
        f->has_out = true;
    }
}

/* --- reading --- */

bool
tail_file_changed(struct tail_file *f)
{
    uint64_t at = f->g.offset + f->g.n;
    struct stat st;

    if (fstat(f->fd, &st) != 0)
        return false;
    f->size = (uint64_t)st.st_size;
    return f->size < at || !trail_is_at(&f->seen, f->fd, at);
}

/* What the file held is gone from it. A copy made just before (logrotate's copytruncate) is
 * read from where we stopped; this file is a new one from its first byte on. */
static void
truncated(struct tail_file *f)
{
    struct tail_mark m = tail_mark_of(f);
    uint64_t resume = gather_place(&f->g);
    struct tail_file *copy = tail_copy_settle(f, &m, resume);

    if (!copy)
        copy = tail_copy_of_another(f, &m, resume);
    if (!copy && m.position > 0) {
        copy = tail_find_copy(f, &m);
        if (copy)
            tail_file_begin(copy, resume);
    }
    log_info("tail_file_truncated", "input=%s path=\"%s\" position=%llu copy=\"%s\"",
             f->tail->title, f->path, (unsigned long long)resume, copy ? copy->path : "");
    gather_clear(&f->g);
    f->seen.n = 0;
    f->hole = 0;
    f->broken = false;
    f->problem[0] = '\0';
    tail_identify(f);
    new_source(f, 0);
}

void
tail_file_check(struct tail_file *f)
{
    if (!f->original && f->g.source && tail_file_changed(f))
        truncated(f);
}

static enum tail_step
at_end(struct tail_file *f)
{
    if (f->polled)
        f->empty_polls++;
    f->polled = false;
    gather_trim(&f->g);
    return TAIL_IDLE;
}

/* A writer without O_APPEND goes on at its old place after a truncation: up to there the file is a
 * hole, which reads as NULs. They are stepped over, so that the first record behind is whole. */
static void
skip_hole(struct tail_file *f, size_t fresh)
{
    struct gather *g = &f->g;
    size_t n = 0;

    if (g->n > fresh || g->skipping || g->head)
        return;
    while (n < g->n && g->p[n] == '\0')
        n++;
    if (n > 0)
        gather_drop(g, n);
    f->hole += n;
    if (f->hole > 0 && g->n > 0) {
        log_warn("tail_hole",
                 "input=%s path=\"%s\" bytes=%llu reason=\"NULs before a record: a"
                 " writer without O_APPEND, after a truncation\"",
                 f->tail->title, f->path, (unsigned long long)f->hole);
        f->hole = 0;
    }
}

static enum tail_step
read_once(struct tail_file *f)
{
    uint64_t at = f->g.offset + f->g.n;
    char *p = gather_room(&f->g, TAIL_READ);
    ssize_t n = pread(f->fd, p, TAIL_READ, (off_t)at);

    if (n < 0) {
        if (errno == EINTR)
            return TAIL_MORE;
        snprintf(f->problem, sizeof f->problem, "%.100s: %.50s", f->path, strerror(errno));
        return TAIL_IDLE;
    }
    if (tail_file_changed(f)) {
        truncated(f);
        return TAIL_MORE;
    }
    if (n == 0)
        return at_end(f);
    if (at == 0 && is_packed(p, (size_t)n)) {
        broken(f, "compressed; use import");
        return TAIL_IDLE;
    }
    f->problem[0] = '\0';
    trail_add(&f->seen, p, (size_t)n);
    gather_added(&f->g, (size_t)n);
    skip_hole(f, (size_t)n);
    standing_arrived(&f->tail->standing, (size_t)n);
    f->empty_polls = 0;
    if (submit(f, false) == TAIL_STOP)
        return TAIL_STOP;
    /* After a short read the next write makes an event of its own. */
    return n == TAIL_READ ? TAIL_MORE : TAIL_IDLE;
}

enum tail_step
tail_file_step(struct tail_file *f)
{
    if (f->original)
        return tail_copy_step(f);
    if (!f->g.source)
        return TAIL_IDLE;
    if (f->broken)
        return tail_file_changed(f) ? truncated(f), TAIL_MORE : at_end(f);
    if (submit(f, false) == TAIL_STOP)
        return TAIL_STOP;
    return read_once(f);
}

static unsigned
polls_needed(const struct tail_file *f)
{
    struct stat st;

    for (const struct tail_file *o = f->tail->files; o; o = o->next)
        if (o != f && o->linked && (!f->born || strcmp(o->path, f->born) == 0))
            return TAIL_EMPTY_POLLS;
    if (fstat(f->fd, &st) == 0 && st.st_nlink == 0)
        return TAIL_DELETED_POLLS;
    return TAIL_GONE_POLLS;
}

bool
tail_file_finished(struct tail_file *f)
{
    if (f->original)
        return !f->linked; /* nothing in it that was not read elsewhere */
    if (f->linked || f->empty_polls < TAIL_EMPTY_POLLS || f->empty_polls < polls_needed(f))
        return false;
    if (f->broken || !f->g.source)
        return true;
    return submit(f, true) == TAIL_IDLE;
}
