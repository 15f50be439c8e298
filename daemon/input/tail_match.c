/*
 * tail_match.c - which file is which.
 *
 * The identity kept in the ledger is "DEV:INO:LEN:HASH": device and inode in hex, then length
 * and hash of the first bytes (at most 256) as they were when the file was first seen, and
 * ":GENERATION" where the same inode got the same first bytes again (a long header line
 * after a truncation). Inodes are reused at once on many file systems, so neither they nor
 * names are believed alone: the bytes at the front and before the position decide.
 */
#include "tail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "hash.h"

/* Content is compared with the newest checkpoints only: each costs a read per file. */
#define MOVED_MAX 256
/* A folder with more entries than this is not searched to its end. */
#define FOLDER_MAX 65536

static void
keep_checkpoint(void *arg, const struct cursor *c)
{
    struct input *in = arg;

    if ((in->known_n & (in->known_n - 1)) == 0)
        in->known = xrealloc(in->known, (in->known_n ? 2 * in->known_n : 1) * sizeof *in->known);
    in->known[in->known_n++] = *c;
}

void
tail_load_checkpoints(struct input *in)
{
    in->known_n = 0;
    engine_checkpoints(in->engine, in->title, keep_checkpoint, in);
}

static bool
parse_identity(const struct cursor *c, unsigned long long *dev, unsigned long long *ino,
               struct tail_mark *m)
{
    unsigned long long hash;

    if (sscanf(c->identity, "%llx:%llx:%x:%llx", dev, ino, &m->head_n, &hash) != 4 ||
        m->head_n > TRAIL_MAX)
        return false;
    m->head_hash = hash;
    m->position = c->position;
    m->fingerprint = c->fingerprint;
    return true;
}

bool
tail_mark_fits(const struct tail_mark *m, int fd, uint64_t size)
{
    char head[TRAIL_MAX];
    struct trail t;

    if (size < m->position || size < m->head_n)
        return false;
    if (m->head_n > 0 && (pread(fd, head, m->head_n, 0) != (ssize_t)m->head_n ||
                          hash_bytes(head, m->head_n, 0) != m->head_hash))
        return false;
    return trail_load(&t, fd, m->position) && trail_hash(&t) == m->fingerprint;
}

struct tail_mark
tail_mark_of(const struct tail_file *f)
{
    return (struct tail_mark){.head_n = f->mark.head_n,
                              .head_hash = f->mark.head_hash,
                              .position = f->g.offset + f->g.n,
                              .fingerprint = trail_hash(&f->seen)};
}

void
tail_identify(struct tail_file *f)
{
    struct input *in = f->tail;
    char head[TRAIL_MAX], before[sizeof f->identity];
    ssize_t n = pread(f->fd, head, sizeof head, 0);
    struct cursor c;

    memcpy(before, f->identity, sizeof before);
    f->mark.head_n = n > 0 ? (uint32_t)n : 0;
    f->mark.head_hash = hash_bytes(head, f->mark.head_n, 0);
    for (unsigned generation = 0; generation < 0xffffff; generation++) {
        int len = snprintf(f->identity, sizeof f->identity, "%llx:%llx:%x:%016llx",
                           (unsigned long long)f->dev, (unsigned long long)f->ino, f->mark.head_n,
                           (unsigned long long)f->mark.head_hash);

        if (generation)
            snprintf(f->identity + len, sizeof f->identity - (size_t)len, ":%x", generation);
        if (strcmp(f->identity, before) != 0 &&
            !engine_checkpoint(in->engine, in->title, f->identity, &c))
            return;
    }
}

const struct cursor *
tail_own_checkpoint(struct input *in, struct tail_file *f)
{
    const struct cursor *best = NULL;

    for (size_t i = 0; i < in->known_n; i++) {
        const struct cursor *c = &in->known[i];
        unsigned long long dev, ino;
        struct tail_mark m;

        if (!parse_identity(c, &dev, &ino, &m) || dev != f->dev || ino != f->ino)
            continue;
        if ((best && best->position >= c->position) || !tail_mark_fits(&m, f->fd, f->size))
            continue;
        best = c;
        f->mark = m;
    }
    if (best)
        memcpy(f->identity, best->identity, sizeof f->identity);
    return best;
}

static bool
is_claimed(const struct input *in, const struct cursor *c)
{
    for (const struct tail_file *f = in->files; f; f = f->next)
        if (strcmp(f->identity, c->identity) == 0)
            return true;
    return false;
}

const struct cursor *
tail_moved_checkpoint(struct input *in, const struct tail_file *f)
{
    const struct cursor *best = NULL;

    for (size_t i = 0; i < in->known_n && i < MOVED_MAX; i++) {
        const struct cursor *c = &in->known[i];
        unsigned long long dev, ino;
        struct tail_mark m;

        if (!parse_identity(c, &dev, &ino, &m) || m.position == 0 || m.position > f->size ||
            (best && best->position >= c->position) || is_claimed(in, c))
            continue;
        if (tail_mark_fits(&m, f->fd, f->size))
            best = c;
    }
    return best;
}

/* --- looking through folders --- */

/* Calls visit with every regular file of the folder that is not followed, opened. visit owns
 * it and answers true to stop. */
static void
each_unknown(struct input *in, const char *folder, bool (*visit)(void *arg, struct tail_file *f),
             void *arg)
{
    DIR *d = opendir(folder);
    char problem[sizeof in->problem];
    struct dirent *entry;
    bool stop = false;

    if (!d)
        return;
    /* That some neighbour of our files cannot be read is no news. */
    memcpy(problem, in->problem, sizeof problem);
    for (int i = 0; i < FOLDER_MAX && !stop && (entry = readdir(d)); i++) {
        struct tail_file *f;
        struct stat st;
        char *path;

        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode) || st.st_size == 0)
            continue;
        path = xasprintf("%s/%s", folder, entry->d_name);
        f = tail_file_open(in, path);
        free(path);
        stop = f && visit(arg, f);
    }
    closedir(d);
    memcpy(in->problem, problem, sizeof problem);
}

struct copy_search {
    const struct tail_mark *mark;
    struct tail_file *best;
};

static bool
consider_copy(void *arg, struct tail_file *f)
{
    struct copy_search *s = arg;

    if (!tail_mark_fits(s->mark, f->fd, f->size) || (s->best && s->best->size >= f->size)) {
        tail_file_release(f);
        return false;
    }
    if (s->best)
        tail_file_release(s->best);
    s->best = f;
    return false;
}

struct tail_file *
tail_find_copy(struct tail_file *f, const struct tail_mark *m)
{
    struct copy_search s = {.mark = m};
    const char *slash = strrchr(f->path, '/');
    char *folder = slash ? xstrndup(f->path, (size_t)(slash - f->path)) : xstrdup(".");

    each_unknown(f->tail, *folder ? folder : "/", consider_copy, &s);
    free(folder);
    if (s.best) {
        tail_identify(s.best);
        s.best->born = xstrdup(f->path);
    }
    return s.best;
}

/* Renamed while nobody looked: the same inode. Copied and truncated: the same content, and
 * more of it than was read. */
static bool
consider_moved(void *arg, struct tail_file *f)
{
    struct input *in = arg;
    const struct cursor *c = tail_own_checkpoint(in, f);

    if (!c) {
        c = tail_moved_checkpoint(in, f);
        if (c && c->position == f->size)
            c = NULL;
        if (c)
            tail_identify(f);
    }
    if (c)
        tail_file_begin(f, c->position);
    else
        tail_file_release(f);
    return false;
}

void
tail_find_moved(struct input *in)
{
    if (in->known_n == 0)
        return;
    for (const struct tail_folder *d = in->folders; d; d = d->next)
        each_unknown(in, d->path, consider_moved, in);
}

/* --- files that are gone --- */

struct place {
    uint64_t dev, ino;
};

struct presence { /* of files in the folders and of those that are read; sorted */
    struct place *places;
    size_t count;
};

static void
note_present(struct presence *p, uint64_t dev, uint64_t ino)
{
    if ((p->count & (p->count - 1)) == 0)
        p->places = xrealloc(p->places, (p->count ? 2 * p->count : 1) * sizeof *p->places);
    p->places[p->count++] = (struct place){dev, ino};
}

static int
by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->dev != y->dev)
        return x->dev < y->dev ? -1 : 1;
    return (x->ino > y->ino) - (x->ino < y->ino);
}

/* False: not all of the folder could be looked at. One that is gone has no files. */
static bool
note_folder(struct presence *p, const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    int n = 0;

    if (!d)
        return errno == ENOENT;
    while (n < FOLDER_MAX && (entry = readdir(d))) {
        struct stat st;

        n++;
        if (fstatat(dirfd(d), entry->d_name, &st, 0) == 0)
            note_present(p, st.st_dev, st.st_ino);
    }
    closedir(d);
    return n < FOLDER_MAX;
}

static bool
is_gone(void *arg, const struct cursor *c)
{
    const struct presence *p = arg;
    unsigned long long dev, ino;
    struct tail_mark m;
    struct place at;

    if (!parse_identity(c, &dev, &ino, &m))
        return false;
    at = (struct place){dev, ino};
    return !p->count || !bsearch(&at, p->places, p->count, sizeof at, by_place);
}

void
tail_report_gone(struct input *in)
{
    struct presence p = {0};
    bool all = in->folders != NULL;

    for (const struct tail_folder *d = in->folders; d && all; d = d->next)
        all = note_folder(&p, d->path);
    for (const struct tail_file *f = in->files; f; f = f->next)
        note_present(&p, f->dev, f->ino);
    if (p.count)
        qsort(p.places, p.count, sizeof *p.places, by_place);
    if (all)
        engine_forget_gone(in->engine, in->title, is_gone, &p);
    free(p.places);
    in->looked_ms = clock_mono_ms();
}
