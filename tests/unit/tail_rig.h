/*
 * tail_rig.h - a tail input between files and an engine that only takes notes.
 */
#ifndef TAIL_RIG_H
#define TAIL_RIG_H

#include <sys/stat.h>

#include "input_rig.h"

#include "../../daemon/input/tail.h"

static inline struct rig
rig_new(const char *path)
{
    struct rig r = rig_of("tail");

    r.cfg.path = (char *)path;
    return r;
}

static inline void
put(const char *path, const char *mode, const char *text)
{
    FILE *f = fopen(path, mode);

    CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static inline void
put_lines(const char *path, int from, int to)
{
    FILE *f = fopen(path, "a");

    CHECK(f);
    for (int i = from; i < to; i++)
        fprintf(f, "line %d\n", i);
    CHECK(fclose(f) == 0);
}

static inline void
copy_file(const char *from, const char *to)
{
    FILE *a = fopen(from, "r"), *b = fopen(to, "w");
    char p[65536];
    size_t n;

    CHECK(a && b);
    while ((n = fread(p, 1, sizeof p, a)) > 0)
        CHECK(fwrite(p, 1, n, b) == n);
    fclose(a);
    CHECK(fclose(b) == 0);
}

/* logrotate's copytruncate; what is written between copy and truncation is in no file. */
static inline void
copytruncate(const char *path, const char *copy)
{
    copy_file(path, copy);
    CHECK(truncate(path, 0) == 0);
}

static inline size_t
open_files(const struct input *in)
{
    size_t n = 0;

    for (const struct tail_file *f = in->files; f; f = f->next)
        n++;
    return n;
}

/* As if the rescan timer had fired so often, with the loop turning between. */
static inline void
polls(struct rig *r, int n)
{
    while (n-- > 0) {
        tail_rescan(r->in);
        for (int i = 0; i < 20; i++)
            event_base_loop(r->base, EVLOOP_NONBLOCK);
    }
}

#endif
