/*
 * engine_internal.h - the engine's parts and what they share.
 *
 * Threads: submitters (any), workers, the ledger thread, the analytics thread. One lock guards
 * the queue and the batches' book-keeping; a worker holds it twice a block. A batch's parts
 * belong to their worker until the batch is closed and its last block is done, then to the
 * ledger thread. Totals have a lock of their own, shared with the projection.
 */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "aggregate.h"
#include "analyst.h"
#include "classify.h"
#include "config.h"
#include "customers.h"
#include "dedup.h"
#include "engine.h"
#include "format.h"
#include "intake_part.h"
#include "ledger.h"
#include "matching.h"
#include "names.h"
#include "pairing.h"
#include "privacy.h"
#include "projection.h"
#include "totals.h"

/* --- sources and feeds --- */

struct feed_state { /* counters of one configured input; never freed before the engine */
    struct feed_state *next;
    char input[64];
    _Atomic bool push;    /* a sender's own will brings records: nobody chose its files */
    pthread_mutex_t lock; /* guards the texts in `report`, and the three below */
    struct feed report;   /* its reasons for leaving out are the workers' */
    struct matching matching;
    uint64_t new_names; /* since then */
    int64_t names_since_ms;
    size_t queued_bytes;  /* of its blocks in the queue; these four under the engine's lock */
    size_t refused_bytes; /* of the block that was refused last; 0: it got in since */
    int64_t refused_ms;
    bool sated; /* one was refused because enough of its own was queued, and not called since */
    _Atomic int64_t quarantine_bytes; /* of its refused records that are kept */
    _Atomic uint64_t records, accepted, duplicates, quarantined, ignored;
    _Atomic int64_t last_record, last_arrival;
};

struct source {
    _Atomic unsigned references;
    struct engine *engine;
    struct feed_state *feed;
    struct format *format;
    struct layout *layout; /* from the header line, or NULL */
    char *header;          /* the line itself, for quarantine; NULL */
    size_t header_n;
    char *input, *format_name, *timezone, *source, *name;
    enum identity identity;
    const struct parser_ops *parser;
    uint64_t identity_seed;    /* of records that carry no source of their own */
    struct left_out *left_out; /* besides the feed's, under the feed's lock; or NULL */
};

/* --- batches --- */

/* A record whose id was seen before, and that may correct it: decided before the batch is
 * committed, when all of it is known. Until then it counts as a duplicate. */
struct candidate {
    uint64_t fingerprint;
    struct record *record; /* with all that counts of it, in the part's memory */
    struct span raw;
    struct source *source; /* a reference */
    uint64_t offset;
    struct frame_origin *origin; /* or NULL */
    uint64_t place;              /* what tells it apart if it is refused; 0: nothing */
    size_t ticket;               /* of its block; index + 1, 0 none */
    struct results *results;     /* of its block, or NULL, */
    size_t number;               /* and its place there */
    bool replay;
};

struct part { /* what one worker added to one batch */
    struct cells *cells;
    struct buf fingerprints; /* uint64_t each */
    struct buf kept;         /* and those that there is an item of, in the same order, */
    struct buf items;        /* in here */
    struct candidate *candidates;
    size_t candidate_count, candidate_cap;
    uint64_t voided;     /* voids of what never came so far */
    struct arena memory; /* quarantine texts, events */
    struct quarantine_row *quarantine;
    size_t quarantine_count, quarantine_cap;
    struct event_row *events;
    size_t event_count, event_cap;
    struct pair_event *pairs; /* joins, leaves ...: for the pairing */
    size_t pair_count, pair_cap;
    size_t listed_count;       /* of them: legs that came whole */
    struct intake_list intake; /* per stream */
    struct way *ways;
    size_t way_count, way_cap;
    struct outcome_count count;
    uint64_t late;
    int64_t newest_record;
};

/* A block with a key: in flight, or known to the ledger. */
struct once {
    struct once *next; /* in flight */
    unsigned references;
    struct feed_state *feed;
    char *key;
    uint64_t body_hash;
    struct outcome_count count; /* once its batch is complete */
    uint64_t seq;               /* once it is committed */
};

struct ticket {
    struct once *once; /* counted reference, or NULL */
    bool repeats;      /* nothing of it was taken: it waits for what `once` stands for */
    ticket_done *done;
    void *arg;
    uint64_t quarantine_id; /* row to release if nothing was refused */
    struct feed_state *feed;
    size_t bytes; /* of that row */
    struct outcome_count count;
};

struct batch {
    uint64_t number; /* 1, 2, ... in order of opening; not the ledger's seq */
    struct part *parts;
    size_t blocks, blocks_done;
    int64_t opened_us; /* arrival of the first block */
    bool bulk_only, wanted;
    _Atomic size_t bytes; /* what its records made its parts grow by */
    _Atomic size_t held;  /* memory of its parts, with what is kept from batch to batch */
    struct ticket *tickets;
    size_t ticket_count, ticket_cap;
    struct cursor_row *cursors; /* input borrowed from the feed */
    size_t cursor_count, cursor_cap;
    struct correction_row
        *corrections; /* these are the ledger thread's; texts in a part's memory */
    size_t correction_count, correction_cap;
    uint64_t corrected;
};

struct job { /* one block on its way to a worker */
    struct job *next;
    struct block block;
    struct batch *batch;
    struct feed_state *feed; /* of its source, which a worker gives back before it is finished */
    size_t ticket;           /* index + 1; 0 none */
};

struct checkpoint { /* newest committed cursor of one (input, identity) */
    struct checkpoint *next;
    char input[64];
    struct cursor cursor;
    uint64_t order;
    bool gone; /* its input could not find the file, or is no input; it has not moved since */
};

struct claim { /* a name that one thread at a time may have */
    struct claim *next;
    char *name;
};

struct room_callback {
    void (*fn)(void *arg);
    void *arg;
};

struct ruleset { /* classification as configured; immutable, counted references */
    _Atomic unsigned references;
    struct rules *features, *services; /* NULL: none */
    struct workload_rule *workload;
    struct aggregate_options aggregate; /* borrows the one above */
};

struct worker {
    struct ruleset *rules; /* a reference; the classifiers are of these */
    struct engine *engine;
    size_t index;
    bool running; /* there is a thread */
    pthread_t thread;
    struct arena arena;  /* one block's */
    _Atomic size_t held; /* memory of what it remembers from block to block */
    struct classifier *features, *services;
};

struct engine {
    const struct config *_Atomic config; /* replaced by engine_reload; never freed before the end */
    bool offline, dry_run;
    int lock_fd;
    uint64_t identity_key;
    struct privacy *privacy; /* NULL: names are kept */

    struct ruleset *rules; /* under lock: those of the configuration */
    struct names *names;
    struct names *ways;       /* who came by which input since the start: intake.h */
    _Atomic bool names_known; /* the ledger's are all in `names` */
    _Atomic bool names_stop;  /* who reads them is to end */
    bool names_loading;
    bool names_forgot; /* some, when that was asked last; ledger thread */
    pthread_t names_thread;
    struct dedup *dedup;
    _Atomic int64_t window_cut; /* UTC: ids that arrived before are forgotten; 0: none are */
    bool window_short;          /* that cuts into the configured window; ledger thread */

    pthread_mutex_t replay_lock; /* one replay at a time: a row is counted once */
    pthread_mutex_t reload_lock; /* a directory is never replaced by an older one */
    pthread_mutex_t lock;
    pthread_cond_t work;      /* a job was queued, or stop */
    pthread_cond_t room;      /* the queue shrank */
    pthread_cond_t gathered;  /* a batch may be ready for the ledger thread */
    pthread_cond_t committed; /* a batch was committed, folded or analysed */
    struct job *head, *tail;
    size_t queue_bytes, queue_blocks;
    bool was_full, was_sated; /* who was refused wants to know when there is room */
    bool closing, stop_workers, stop_ledger, stop_analyst;
    bool winding_down;  /* nobody waits for room any more */
    int64_t give_up_ms; /* commits that fail after this are given up; 0: never */
    bool abandoned;     /* one was: no later batch may be committed */
    struct batch *open;
    struct batch *closed; /* no longer open, and not all of its blocks are done */
    struct batch batches[2];
    uint64_t committed_number;           /* batch.number of the last one committed, */
    int64_t committed_us, commit_cpu_us; /* when that was, and what it cost the ledger thread */
    int64_t newest_us;                   /* arrival of the newest block of no import */
    bool calm;                           /* it is long ago, and all before it is committed */
    bool fold_wanted, analysis_wanted;
    uint64_t fold_target; /* fold once this batch is committed */
    struct room_callback room_callbacks[8];
    size_t room_callback_count;
    struct directory *directory;
    struct feed_state *feeds;
    struct checkpoint *checkpoints;
    uint64_t checkpoint_order;
    bool files_gone;       /* there may be such among them */
    int32_t imports_asked; /* the ledger's floor when imports were last among them; ledger thread */
    struct claim *claims;

    pthread_mutex_t once_lock; /* taken before `lock`; for the two below */
    struct once *once;         /* in flight */
    struct ledger_reader *once_reader;

    struct worker *workers;
    size_t worker_count;
    pthread_t ledger_thread, analyst_thread;
    bool ledger_running, analyst_running, analyst_done; /* done: under lock */

    pthread_mutex_t pairing_lock; /* guards the next; the ledger thread alone changes it */
    struct pairing *pairing;
    struct pairing_status paired;              /* under lock: as of the last commit */
    _Atomic uint64_t pairs_held, pairs_coming; /* marks in it; events on their way to it */
    _Atomic uint64_t legs_unlisted; /* of conferences that it had no room for, since the start */

    struct ledger *ledger;        /* ledger thread only, but for ledger_in_history and snapshots */
    struct ledger_state snapshot; /* under lock: last published ledger_state */
    struct totals *totals;
    struct change_feed feed;
    struct managed_redis *redis;
    struct projection *projection;
    struct analyst *analyst;
    uint64_t analysed;
    int64_t analysed_at, analytics_cpu_us;
    char analytics_problem[200], stalled[200];
    char disk_full[200], disk_alarm[200]; /* "" or why nothing is taken; what may come to that */
    int64_t commit_since_ms;              /* one is under way since then; 0: none */
    bool ballast;                         /* stands; ledger thread, but for start and end */
    uint64_t commits, commit_failures, commit_ms_last, log_bytes;
    int64_t last_thinning_ms;
    struct event_place events_looked_at; /* by retention */
    _Atomic int32_t oldest_day;          /* records that begin before it are refused; 0: none */
    uint64_t retire_number;              /* batches up to this one may hold such, under lock, */
    uint64_t retire_seq; /* and the ledger's name of the last of them; 0: not known yet */
    int64_t last_fold_ms, last_expiry_ms, last_disk_ms, last_analysis_ms, last_bulk_ms;
    int64_t trimmed_ms;    /* what bulk batches took before that went back */
    int64_t given_back_ms; /* and what malloc then had left, to the system; under lock */

    struct request *requests; /* for the ledger thread: merges, drops */
};

/* A thing that only the ledger thread may do, asked by another thread that waits. */
struct request {
    struct request *next;
    enum status (*run)(struct engine *e, void *arg, struct error *err);
    void *arg;
    struct error *err;
    enum status result;
    bool done;
};
enum status engine_ask_ledger(struct engine *e,
                              enum status (*run)(struct engine *e, void *arg, struct error *err),
                              void *arg, struct error *err);

/* engine_reload.c; a new set has one reference. Its strings are the configuration's. */
enum status ruleset_new(struct ruleset **out, const struct config *c, struct error *err);
struct ruleset *ruleset_ref(struct ruleset *r);
void ruleset_unref(struct ruleset *r);                            /* accepts NULL */
void worker_renew_rules(struct worker *w, struct ruleset *rules); /* takes the reference over */

/* worker_names.c: gives the record's features and service their names; NULL, or why one of them is
 * not known. They live as long as the worker's block and its rules. */
const char *worker_classify(struct worker *w, struct record *r);

/* worker.c */
void *worker_main(void *arg);

/* committer.c: the ledger thread */
void *committer_main(void *arg);
void engine_publish_state(struct engine *e); /* ledger thread */
/* Commits what there is, and what pairing waits for after an import: for engine_ask_ledger. */
enum status engine_finish_pairs(struct engine *e, void *arg, struct error *err);
enum status engine_fold(struct engine *e, struct error *err); /* ledger thread */

/* engine_pairing.c, on the ledger thread but for the first: is there room for one more event of
 * such a kind? Those that end something may go further. */
bool engine_pairing_has_room(const struct engine *e, enum record_kind kind);
enum status engine_load_pairs(struct engine *e, struct error *err);
bool engine_pairing_is_due(const struct engine *e);
/* Makes legs of a closed batch's events, and of those that waited for long enough, in the cells of
 * its first part; then what of that the ledger has to keep; and afterwards. */
struct pairing_done {
    struct open_leg_row *rows;
    size_t row_count;
    uint64_t expired; /* legs that began before all that is kept */
    uint64_t legs;
};
void engine_pair(struct engine *e, struct batch *b, bool finish, struct pairing_done *out);
void engine_paired(struct engine *e);

/* engine_trouble.c: after ST_IO (the outcome is unknown) or ST_CORRUPT from the ledger. The next
 * start finds a note and checks the ledger, or asks for its recovery. */
void engine_die(const struct engine *e, enum status st, const char *what, const struct error *err)
    __attribute__((noreturn));

/* engine_disk.c: before the ledger is opened; before the last commits; now and then on the ledger
 * thread; a part of engine_status (lock held) */
void engine_open_disk(struct engine *e);
void engine_close_disk(struct engine *e);
void engine_watch_disk(struct engine *e);
void engine_disk_status(const struct engine *e, struct engine_status *out);

/* engine_expire.c: now and then, on the ledger thread. What the ledger says to be forgotten. A part
 * of engine_status. */
void engine_expire(struct engine *e);
void engine_note_forgotten(struct engine *e);
void engine_window_status(const struct engine *e, struct engine_status *out);

/* engine_retire.c, engine_gone.c: the same */
void engine_retire(struct engine *e);
void engine_forget_files(struct engine *e);

/* engine.c: how long after a pass of the analyst the next one may follow a fold by itself */
int64_t engine_analysis_interval(const struct engine *e);

/* batch.c */
void batch_init(struct batch *b, size_t parts);
void batch_clear(struct batch *b, size_t parts);
/* Gives back what a large batch took. Nothing of it is needed any more. */
void batch_trim(struct batch *b, size_t parts);
void batch_begin(struct batch *b, uint64_t number, size_t parts); /* empties, keeps memory */
size_t part_bytes(const struct part *p);
/* The same without what corrections need, which is written once, however many records a batch has:
 * to close one earlier for it would only send keys more often. */
size_t part_deltas(const struct part *p);
/* Says anew what the batch holds; nobody works on it. */
void batch_measure(struct batch *b, size_t parts);
/* `before`: where the input stood until now, NULL if nowhere. */
void batch_cursor(struct batch *b, const char *input, const struct cursor *c,
                  const struct cursor *before);
size_t batch_ticket(struct batch *b, const struct block *block);
struct place {
    uint64_t offset;                   /* of the record in its stream, or in its origin */
    const struct frame_origin *origin; /* NULL: none */
};
void part_quarantine(struct part *p, const struct source *s, struct place at, struct span raw,
                     const char *reason);

/* A row to be filled in, its texts in the part's memory. */
struct quarantine_row *part_quarantine_row(struct part *p);
struct event_row *part_event_row(struct part *p); /* likewise */
void part_event(struct part *p, const struct record *r);
struct pair_event *part_pair(struct part *p, const struct source *s, bool bulk,
                             const struct record *r); /* good until the next one */
/* Copies what of the record and of raw is needed to decide about it later. The rest is set. */
struct candidate *part_candidate(struct part *p, const struct record *r, struct span raw);

/* engine_correct.c, on the ledger thread, before the batch is gathered: which of its candidates
 * correct something. What was counted of that leaves the batch's cells, what counts now enters. */
void engine_correct(struct engine *e, struct batch *b);
/* How long ids are remembered, in seconds. */
uint64_t engine_id_window(const struct config *c);

/* engine_queue.c: waits for a block to work on; NULL: the end. Book-keeping of a finished one. Lock
 * held. */
void outcome_add(struct outcome_count *to, const struct outcome_count *c);
struct job *engine_next_job(struct engine *e);
void engine_job_done(struct engine *e, struct job *job, const struct outcome_count *count);

/* engine_submit.c: the block into the open batch, if there is room. Lock held. */
enum status engine_enqueue(struct engine *e, struct block *b);

/* engine_once.c, on the ledger thread: before a batch with keys is committed, before its tickets
 * are told, and afterwards. */
void once_gather(struct batch *b, struct ledger_batch *lb, struct idem_row *rows);
void once_committed(struct batch *b, uint64_t seq);
void once_release(struct engine *e, struct batch *b);

/* Number of the last batch that holds anything submitted so far, and makes it wanted now.
 * Lock held. */
uint64_t engine_want_commit(struct engine *e);

/* Bytes of refused records that each input may keep. */
int64_t engine_quarantine_share(const struct engine *e);

/* engine_room.c: is there room for this block? If not, some is kept for it. And: tells
 * those who met a full queue if there is room now. Lock held. */
#define MAX_BATCH_BYTES (512u << 20) /* an open batch may grow by: the ledger cannot commit */
bool engine_has_room(struct engine *e, const struct block *b);
void engine_wake_room(struct engine *e);

/* engine_names.c. Could so many more records of every worker bring too many names? Then each is
 * asked for: false, and why not. Else: how many names of the cells from the from-th on are new.
 * After a block: so many names of it were. How long nothing more of an input is taken because of
 * the new names that it brought; 0. */
struct names_answer {
    uint64_t added; /* counts on */
    char why[96];
};
void engine_names_open(struct engine *e);
void engine_names_forget(struct engine *e); /* those that have left the ledger; its thread */
void engine_names_close(struct engine *e);
bool engine_names_tight(const struct engine *e, size_t records);
bool engine_names_admit(struct engine *e, const struct record *r, struct names_answer *a);
uint64_t engine_names_take(struct engine *e, const struct cells *cells, size_t from);
void engine_names_note(struct engine *e, struct feed_state *f, uint64_t new_names);
int64_t engine_names_wait_ms(const struct engine *e, struct feed_state *f);
void engine_names_status(const struct engine *e, struct engine_status *out);

/* engine_feed.c: what the projection and the verification see of the ledger */
void engine_make_feed(struct engine *e, struct change_feed *out);
void engine_free_feed(struct change_feed *feed);

/* source.c */
struct feed_state *engine_feed(struct engine *e, const char *input);
void source_ignored(struct source *s, const char *why);
/* One record that the feed's format did not match; and how many of a block did. */
void feed_unmatched(struct feed_state *f, const char *why);
void feed_matched(struct feed_state *f, uint64_t records, uint64_t matched,
                  int64_t now); /* one more record is left out for it */

/* Checkpoints, under the engine's lock. True: there was one, and it is *before (NULL allowed). */
bool engine_note_checkpoint(struct engine *e, const char *input, const struct cursor *c,
                            struct cursor *before);
struct checkpoint *engine_find_checkpoint(struct engine *e, const char *input,
                                          const char *identity);       /* or NULL */
void engine_remove_checkpoint(struct engine *e, struct checkpoint *p); /* frees it */

#endif
