/*
 * tail_scan.c - which files there are: glob, inotify, rotation by rename.
 *
 * Folders are watched for names that come and go, files for bytes. A file that is renamed away
 * is followed through any number of renames (cdr.csv, cdr.csv.1, cdr.csv.2), because a quick
 * second rotation may move a file away before it was ever opened.
 */
#include "tail.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define FOLDER_EVENTS (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR)
#define FILE_EVENTS   (IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

/* By descriptor, so that the watch is on what we hold and not on what has the name now. */
void
tail_watch_file(struct tail_file *f)
{
    char path[40];

    if (f->tail->notify < 0)
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
    f->wd = inotify_add_watch(f->tail->notify, path, FILE_EVENTS);
}

static void
watch_folder(struct input *in, const char *path)
{
    struct tail_folder *d = in->folders;

    while (d && strcmp(d->path, path) != 0)
        d = d->next;
    if (!d) {
        d = xcalloc(1, sizeof *d);
        d->path = xstrdup(path);
        d->next = in->folders;
        in->folders = d;
    }
    /* Again each time: the name may lead to another folder by now. */
    if (in->notify >= 0)
        d->wd = inotify_add_watch(in->notify, path, FOLDER_EVENTS);
}

static void
watch_folders(struct input *in)
{
    const char *slash = strrchr(in->path, '/');
    char *folder = !slash              ? xstrdup(".")
                   : slash == in->path ? xstrdup("/")
                                       : xstrndup(in->path, (size_t)(slash - in->path));
    glob_t g;

    if (glob(folder, GLOB_NOSORT, NULL, &g) == 0) {
        for (size_t i = 0; i < g.gl_pathc; i++)
            watch_folder(in, g.gl_pathv[i]);
        globfree(&g);
    }
    free(folder);
}

void
tail_scan_clear(struct input *in)
{
    while (in->folders) {
        struct tail_folder *d = in->folders;

        in->folders = d->next;
        free(d->path);
        free(d);
    }
    while (in->moved_n > 0) {
        free(in->moved[--in->moved_n].from);
        free(in->moved[in->moved_n].to);
    }
    free(in->moved);
    free(in->cookie_from);
}

/* --- new files --- */

/* born: the path of the input that leads or led there. own: take the file only if a checkpoint
 * is its own. Those go first, so that what is left over of the checkpoints can be compared with
 * the content of the others. */
static void
adopt(struct input *in, const char *path, const char *born, bool own)
{
    struct tail_file *f = tail_file_open(in, path);
    const struct cursor *c;

    if (!f)
        return;
    f->linked = path == born;
    f->born = xstrdup(born);
    c = tail_own_checkpoint(in, f);
    if (c) {
        tail_file_begin(f, c->position);
        return;
    }
    if (own) {
        tail_file_release(f);
        return;
    }
    tail_identify(f);
    if (f->linked && tail_copy_hold(f, in->files)) {
        tail_file_append(f);
        return;
    }
    c = tail_moved_checkpoint(in, f);
    if (c)
        tail_file_begin(f, c->position);
    else if (in->from_end && !in->started)
        tail_file_from_end(f);
    else
        tail_file_begin(f, 0);
}

/* True if the file at path is followed already; notes that it is still there. */
static bool
is_followed(struct input *in, const char *path)
{
    struct tail_file *f;
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    f = tail_file_find(in, st.st_dev, st.st_ino);
    if (!f)
        return false;
    f->linked = true;
    if (strcmp(f->path, path) != 0) {
        free(f->path);
        f->path = xstrdup(path);
    }
    return true;
}

static void
scan_paths(struct input *in, char **paths, size_t n)
{
    bool *fresh = xcalloc(n, sizeof *fresh), any = false;

    for (struct tail_file *f = in->files; f; f = f->next)
        f->linked = false;
    for (size_t i = 0; i < n; i++)
        any |= fresh[i] = !is_followed(in, paths[i]);
    /* Who was truncated must know it before a new file is compared with what it holds. */
    for (struct tail_file *f = in->files; any && f; f = f->next)
        tail_file_check(f);
    if (any)
        tail_load_checkpoints(in);
    for (int own = 1; any && own >= 0; own--)
        for (size_t i = 0; i < n; i++)
            if (fresh[i] && !is_followed(in, paths[i]))
                adopt(in, paths[i], paths[i], own);
    free(fresh);
}

/* How many of a pattern's files are not still being written, by their names; they keep their
 * order in front of the others. */
static size_t
finished_first(const struct input *in, char **paths, size_t count)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        char *path = paths[i];

        if (input_unfinished(path) && strcmp(path, in->path) != 0)
            continue;
        memmove(paths + n + 1, paths + n, (i - n) * sizeof *paths);
        paths[n++] = path;
    }
    return n;
}

void
tail_scan(struct input *in)
{
    glob_t g;
    int r;

    in->rescan = false;
    in->problem[0] = '\0';
    watch_folders(in);
    r = glob(in->path, 0, NULL, &g);
    if (r == 0) {
        scan_paths(in, g.gl_pathv, finished_first(in, g.gl_pathv, g.gl_pathc));
        globfree(&g);
        return;
    }
    if (r != GLOB_NOMATCH)
        return; /* out of memory or the like: nothing is known about the names */
    if (access(in->path, F_OK) != 0 && errno != ENOENT)
        tail_problem(in, "%s: %s", in->path, strerror(errno));
    else
        tail_problem(in, "%s: no such file yet", in->path);
    scan_paths(in, NULL, 0);
}

/* --- events --- */

static size_t
find_moved_name(const struct input *in, const char *path)
{
    size_t i = 0;

    while (i < in->moved_n && strcmp(in->moved[i].to, path) != 0)
        i++;
    return i;
}

static void
moved_from(struct input *in, const char *path, uint32_t cookie)
{
    size_t i = find_moved_name(in, path);
    char *from;

    if (i < in->moved_n) { /* on its way already: it began where it began */
        from = in->moved[i].from;
        free(in->moved[i].to);
        in->moved[i] = in->moved[--in->moved_n];
    } else if (fnmatch(in->path, path, FNM_PATHNAME) == 0) {
        from = xstrdup(path);
    } else {
        return;
    }
    in->cookie = cookie;
    free(in->cookie_from);
    in->cookie_from = from;
}

static void
moved_to(struct input *in, const char *path, uint32_t cookie)
{
    if (!in->cookie_from || cookie != in->cookie || find_moved_name(in, path) < in->moved_n)
        return;
    in->moved = xrealloc(in->moved, (in->moved_n + 1) * sizeof *in->moved);
    in->moved[in->moved_n++] = (struct tail_moved){in->cookie_from, xstrdup(path)};
    in->cookie_from = NULL;
}

static void
folder_event(struct input *in, const struct tail_folder *d, const struct inotify_event *ev)
{
    char *path;

    if (ev->mask & IN_ATTRIB && !ev->len)
        return;
    in->rescan = true;
    if (!ev->len || !(ev->mask & (IN_MOVED_FROM | IN_MOVED_TO)))
        return;
    /* As glob would write it. */
    path = strchr(in->path, '/')
               ? xasprintf("%s%s%s", d->path, strcmp(d->path, "/") ? "/" : "", ev->name)
               : xstrdup(ev->name);
    if (ev->mask & IN_MOVED_FROM)
        moved_from(in, path, ev->cookie);
    else
        moved_to(in, path, ev->cookie);
    free(path);
}

static void
one_event(struct input *in, const struct inotify_event *ev)
{
    if (ev->mask & IN_Q_OVERFLOW) {
        tail_rescan(in);
        return;
    }
    for (const struct tail_folder *d = in->folders; d; d = d->next)
        if (d->wd == ev->wd) {
            folder_event(in, d, ev);
            return;
        }
    for (struct tail_file *f = in->files; f; f = f->next)
        if (f->wd == ev->wd) {
            if (ev->mask & IN_IGNORED)
                f->wd = -1;
            tail_wake(in, f);
            return;
        }
}

void
tail_notified(struct input *in)
{
    _Alignas(struct inotify_event) char p[16384];
    ssize_t n;

    while ((n = read(in->notify, p, sizeof p)) > 0)
        for (const char *at = p; at < p + n;) {
            const struct inotify_event *ev = (const struct inotify_event *)at;

            at += sizeof *ev + ev->len;
            one_event(in, ev);
        }
    if (in->moved_n > 0)
        tail_load_checkpoints(in);
    while (in->moved_n > 0) {
        struct tail_moved m = in->moved[--in->moved_n];

        if (!is_followed(in, m.to))
            adopt(in, m.to, m.from, false);
        free(m.from);
        free(m.to);
    }
    if (in->rescan)
        tail_scan(in);
}
