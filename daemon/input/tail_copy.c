/*
 * tail_copy.c - a file that is a copy of another one that we follow.
 *
 * A glob may match the copies that logrotate's copytruncate makes ("cdr.csv*"). A copy is
 * visible before its original is truncated, even while it is being written. Reading it would
 * count everything twice, so a new file that begins like a followed one is compared with it,
 * byte by byte as it grows, and held back while they are the same. At the first difference it
 * is a file of its own and read from its beginning. When the original is truncated, the copy is
 * where the bytes are that we had not read yet.
 */
#include "tail.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define COMPARE_BYTES (64 * 1024)

/* Compares the next piece. 1: same so far, 0: nothing more to compare, -1: different. */
static int
compare_more(struct tail_file *f, const struct tail_file *original)
{
    char a[COMPARE_BYTES], b[COMPARE_BYTES];
    ssize_t na = pread(f->fd, a, sizeof a, (off_t)f->compared), nb;

    if (na <= 0)
        return 0;
    nb = pread(original->fd, b, (size_t)na, (off_t)f->compared);
    if (nb != na || memcmp(a, b, (size_t)na) != 0)
        return -1;
    f->compared += (uint64_t)na;
    return 1;
}

static uint64_t
size_of(const struct tail_file *f)
{
    struct stat st;

    return fstat(f->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* Does f hold what was read up to the mark, of which there must be something? */
static bool
holds(const struct tail_file *f, const struct tail_mark *m)
{
    return m->position > 0 && tail_mark_fits(m, f->fd, size_of(f));
}

/* The original may have been truncated, and nobody has seen that yet: then the copy is the only
 * place of what was read of it. */
static bool
holds_what_was_read(const struct tail_file *f, struct tail_file *o)
{
    struct tail_mark m;

    if (!o->g.source || !tail_file_changed(o))
        return false;
    m = tail_mark_of(o);
    return holds(f, &m);
}

bool
tail_copy_hold(struct tail_file *f, struct tail_file *first)
{
    for (struct tail_file *o = first; o; o = o->next) {
        /* What comes to a path after its file was moved away is a successor, not a copy. */
        if (o == f || !o->linked || o->original || o->broken ||
            (o->born && strcmp(o->born, f->path) == 0))
            continue;
        f->compared = 0;
        if (compare_more(f, o) < 0 && !holds_what_was_read(f, o))
            continue;
        f->original = o;
        return true;
    }
    return false;
}

static void
release_at(struct tail_file *f, uint64_t position)
{
    struct input *in = f->tail;
    struct tail_file **at = &in->files;

    /* Begun anew, because the header and the place have to be set up. */
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    f->next = NULL;
    f->original = NULL;
    gather_clear(&f->g);
    tail_file_begin(f, position);
}

enum tail_step
tail_copy_step(struct tail_file *f)
{
    struct tail_file *o = f->original;
    int same = compare_more(f, o);

    if (same > 0)
        return TAIL_MORE;
    if (same == 0)
        return TAIL_IDLE;
    if (tail_file_changed(o)) {
        /* Not the copy is different, the original is. Its own turn settles that. */
        tail_wake(o->tail, o);
        return TAIL_IDLE;
    }
    f->original = NULL;
    if (tail_copy_hold(f, o->next))
        return TAIL_MORE;
    log_info("tail_file_differs", "input=%s path=\"%s\" from=\"%s\"", f->tail->title, f->path,
             o->path);
    tail_identify(f);
    release_at(f, 0);
    return TAIL_MORE;
}

struct tail_file *
tail_copy_settle(struct tail_file *original, const struct tail_mark *m, uint64_t resume)
{
    struct tail_file *chosen = NULL, *f = original->tail->files, *next;

    for (; f; f = next) {
        next = f->next;
        if (f->original != original)
            continue;
        tail_identify(f);
        if (!chosen && m && holds(f, m)) {
            chosen = f;
            release_at(f, resume);
        } else
            release_at(f, size_of(f));
    }
    return chosen;
}

struct tail_file *
tail_copy_of_another(struct tail_file *original, const struct tail_mark *m, uint64_t resume)
{
    for (struct tail_file *f = original->tail->files; f; f = f->next) {
        if (!f->original || !holds(f, m))
            continue;
        tail_identify(f);
        release_at(f, resume);
        return f;
    }
    return NULL;
}
