/*
 * projection_private.h - the inside of a projection, shared by its files.
 */
#ifndef PROJECTION_PRIVATE_H
#define PROJECTION_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "compare.h"
#include "projection.h"
#include "projection_write.h"
#include "session.h"

struct projection {
    /* set once */
    struct projection_options opt;
    struct redis_url url;
    char *node;
    pthread_t thread;
    atomic_bool stopping;

    /* the thread's own */
    struct redis_link *link;
    struct trend_session session;
    struct trend_writer writer;
    uint64_t reached[KEY_PARTITIONS]; /* every change up to it is in the writer or sent */
    uint64_t newest;                  /* batch of the youngest cell that went into the writer */
    uint64_t gathered;                /* bit per partition: reached[] is to become its marker */
    uint64_t redo;                    /* bit per partition: a key was in the way, send it from 0 */
    uint64_t attaches;
    uint64_t evicted;         /* what the server said when it was asked last */
    struct buf suspects;      /* month keys that held nothing of ours: each ends with a 0 byte */
    struct known lost_months; /* those of them that are being sent whole */
    uint64_t lost;            /* of those, since this was logged last */
    char lost_key[300];       /* one of them */
    bool unsure;              /* answers were not read to their end */
    bool fill_tried;          /* on this connection, or in vain before it */
    bool filled;              /* the server starts with our files: all of their keys are there */
    bool restore_ok;          /* RESTORE makes keys here, as far as is known */
    int64_t back_off_ms, round_us, round_end_ms;
    int64_t check_due_ms, scrub_due_ms;
    int64_t stray_due_ms, stray_page_ms; /* the walk's next page; from one to the next */
    char stray_cursor[24];               /* "": no walk is under way */
    unsigned sweep_partition;            /* next to sweep; KEY_PARTITIONS: done for sweep_day */
    unsigned scrub_partition;
    unsigned scrub_soon;           /* as many partitions are compared a second apart */
    int32_t sweep_from, sweep_day; /* periods closed on days in (from, day] */
    bool sweep_persist;

    pthread_mutex_t mutex;
    pthread_cond_t wake;  /* the thread: kicked or stopping */
    pthread_cond_t moved; /* waiters: the places moved */
    /* under mutex */
    bool pending, urgent, settled;
    int64_t stuck_since_ms; /* Redis takes nothing since then; INT64_MAX: it does */
    int64_t later_first_ms; /* the first kick that can wait since the last round; 0: none */
    int64_t later_last_ms;  /* the last of them */
    struct projection_status status;
};

/* projection_round.c. Brings every partition that is behind to the feed's last batch. With
 * mark, markers follow; without, `gathered` says which could. ST_RETRY: drop the link. */
enum status projection_round(struct projection *p, bool all, bool mark, struct error *err);
/* Adds to the writer what changed in a partition after a batch; reached[] says up to where. fresh:
 * its keys are not there yet. */
enum status projection_gather(struct projection *p, unsigned partition, uint64_t after, bool fresh,
                              struct error *err);
/* Sends one partition from 0 without touching its marker. */
enum status projection_resend(struct projection *p, unsigned partition, struct error *err);
/* Moves the markers of `gathered`. */
enum status projection_mark(struct projection *p, struct error *err);
/* Removes from Redis what this node once wrote and the ledger does not have. */
enum status projection_clean(struct projection *p, struct error *err);
/* Sends what the writer holds, months apart, and reads every reply. */
enum status projection_flush(struct projection *p, struct error *err);
/* Visits every cell of a partition with seq > after, from disk and then from memory, without a
 * gap between the two. `visit` gets the projection; what it adds to the writer may be sent
 * between visits. */
enum status projection_scan(struct projection *p, unsigned partition, uint64_t after,
                            cell_visit *visit, uint64_t *upto, struct error *err);

/* projection_fill.c: an empty managed server is started with files of everything. */
bool projection_may_fill(const struct projection *p);
/* The session has begun: with what it finds, or not, after a fill. */
void projection_note_filled(struct projection *p);
/* *filled: the server was ended for it, and the link with it. */
enum status projection_fill(struct projection *p, bool *filled, struct error *err);

/* projection_mend.c: month keys that were lost, noticed when they are written. */
void projection_suspect(struct projection *p, struct span key);
/* Sends whole what was lost of the suspects; before any marker moves. */
enum status projection_mend(struct projection *p, struct error *err);
void projection_log_mended(struct projection *p);

/* projection_strays.c: the walk's next page; what it holds that the ledger does not is removed. */
enum status projection_stray_page(struct projection *p, struct error *err);

/* projection_chores.c: what is done when nothing waits to be sent. */
int64_t projection_chore_due(const struct projection *p); /* monotonic ms */
enum status projection_chore(struct projection *p, struct error *err);
int64_t projection_scrub_interval(const struct projection *p); /* all keys in so many ms */
void projection_plan_chores(struct projection *p, bool attached);
/* Adds what says that all keys of the partition have the lifetimes due on that day. */
void projection_note_swept(const struct projection *p, unsigned partition, int32_t day,
                           struct redis_batch *b);
/* Compares everything in about a minute, because something may have been set back or lost. */
void projection_scrub_soon(struct projection *p);

#endif
