/*
 * tail.h - following growing files: what the files of this input share.
 *
 *   tail.c        the input: start, stop, turns, what it says about itself
 *   tail_scan.c   which files there are: glob, inotify, rotation by rename
 *   tail_match.c  which file is which, and which is gone: identities, checkpoints, copies
 *   tail_file.c   one file: reading, truncation, the end
 *   tail_copy.c   a file that is a copy of another one that we follow
 *
 * A file is known by device, inode and the first bytes it had when first seen; a place in it
 * by the bytes before that place. Where they differ it is another file, whatever its name.
 */
#ifndef TAIL_H
#define TAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gather.h"
#include "input.h"
#include "standing.h"

struct event;

enum {
    TAIL_READ = 256 * 1024,
    TAIL_RESCAN_MS = 5000,   /* the safety net under inotify */
    TAIL_EMPTY_POLLS = 2,    /* then a rotated file with a successor is finished */
    TAIL_DELETED_POLLS = 12, /* a deleted file without a successor: a minute */
    TAIL_GONE_POLLS = 720,   /* a moved file without a successor: an hour */
};

/* A place that can be recognised again in whatever file holds it. */
struct tail_mark {
    uint32_t head_n; /* bytes hashed at the front, at most TRAIL_MAX */
    uint64_t head_hash;
    uint64_t position, fingerprint; /* the bytes before position */
};

struct tail_file {
    struct tail_file *next;
    struct input *tail;
    char *path; /* as found last */
    char *born; /* where its successor will be; NULL: not known */
    int fd, wd;
    dev_t dev;
    ino_t ino;
    char identity[64];
    struct tail_mark mark; /* head_n and head_hash only */
    struct gather g;
    struct trail seen; /* the last bytes read, taken or not */
    uint64_t size;     /* at the last look */
    uint64_t hole;     /* NULs stepped over just now */
    struct block out;  /* cut, not yet taken by the engine */
    bool has_out;
    bool linked; /* a path of the input leads here */
    bool ready;  /* there may be something to read */
    bool polled; /* the next empty read counts */
    bool broken; /* cannot be read; problem says why */
    unsigned empty_polls;
    struct tail_file *original; /* held: so far the same bytes as this one */
    uint64_t compared;
    char problem[160];
};

struct tail_folder {
    struct tail_folder *next;
    char *path;
    int wd;
};

struct tail_moved {
    char *from, *to; /* from: the path of the input that it had */
};

struct input {
    struct event_base *base;
    struct engine *engine;
    char *title, *format, *timezone, *source, *path;
    bool from_end, started;
    struct tail_file *files; /* in the order of discovery */
    struct tail_folder *folders;
    int notify; /* inotify, or -1 */
    struct event *on_notify, *on_tick, *on_work;
    bool rescan, full, closing;
    uint32_t cookie;          /* of the rename being followed, */
    char *cookie_from;        /* and where that began */
    struct tail_moved *moved; /* where renamed files of ours went */
    size_t moved_n;
    struct cursor *known; /* checkpoints, while files are being matched */
    size_t known_n;
    struct standing standing;
    int64_t looked_ms; /* for files that are gone */
    char problem[160];
};

/* tail.c */
void tail_rescan(struct input *in); /* what the timer does every TAIL_RESCAN_MS */
void tail_wake(struct input *in, struct tail_file *f); /* something to read there */

/* tail_scan.c */
void tail_scan(struct input *in);
void tail_notified(struct input *in);
void tail_watch_file(struct tail_file *f);
void tail_scan_clear(struct input *in);

/* tail_match.c */
void tail_load_checkpoints(struct input *in);
void tail_identify(struct tail_file *f); /* head and a fresh identity for what is there now */
/* A checkpoint of this very file, or (by content) of a file that is gone; NULL: none. */
const struct cursor *tail_own_checkpoint(struct input *in, struct tail_file *f);
const struct cursor *tail_moved_checkpoint(struct input *in, const struct tail_file *f);
struct tail_mark tail_mark_of(const struct tail_file *f); /* of what was read of it */
bool tail_mark_fits(const struct tail_mark *m, int fd, uint64_t size);
/* After truncation: the file of the folder that holds what f held up to m; opened, unlisted. */
struct tail_file *tail_find_copy(struct tail_file *f, const struct tail_mark *m);
/* At start: files moved while nobody looked. Adopts them. */
void tail_find_moved(struct input *in);
/* At start and once a day: the engine learns of which checkpoints the files are gone. */
void tail_report_gone(struct input *in);

/* tail_file.c */
enum tail_step {
    TAIL_MORE, /* read something: there may be more */
    TAIL_IDLE, /* at the end for now */
    TAIL_STOP, /* the engine takes nothing now */
};
/* Opens path; NULL: not a file to follow (gone, problem noted, already followed). */
struct tail_file *tail_file_open(struct input *in, const char *path);
/* Prepares reading from position and appends to the list. */
void tail_file_begin(struct tail_file *f, uint64_t position);
void tail_file_from_end(struct tail_file *f); /* as begin, behind the last whole line */
void tail_file_append(struct tail_file *f);   /* to the list, watched */
void tail_file_release(struct tail_file *f);  /* not in the list; frees */
struct tail_file *tail_file_find(struct input *in, dev_t dev, ino_t ino);
enum tail_step tail_file_step(struct tail_file *f); /* one read at most */
bool tail_file_changed(struct tail_file *f);        /* truncated or overwritten since last read */
void tail_file_check(struct tail_file *f);          /* acts on such a change at once */
/* True when nothing can come any more and everything is submitted. */
bool tail_file_finished(struct tail_file *f);
void tail_problem(struct input *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* tail_copy.c */
/* True if f so far holds the same bytes as a followed file, looked for from `first` on in the
 * list: f is then held back. */
bool tail_copy_hold(struct tail_file *f, struct tail_file *first);
enum tail_step tail_copy_step(struct tail_file *f);
/* f ends or starts over: its copies must stand alone. The one that fits m (may be NULL) goes
 * on from resume and is returned; the others hold nothing new. */
struct tail_file *tail_copy_settle(struct tail_file *f, const struct tail_mark *m, uint64_t resume);
/* A copy is held for another file than its original as long as that begins alike: with the same
 * header line, or with nothing, when it was empty so far. The one that fits m goes on from resume,
 * too. NULL: none does. */
struct tail_file *tail_copy_of_another(struct tail_file *f, const struct tail_mark *m,
                                       uint64_t resume);

#endif
