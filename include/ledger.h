/*
 * ledger.h - the truth: a log of batches, folded into one row of totals per subject and day.
 *
 * ledger.db is an SQLite database (WAL, synchronous=FULL). One batch is one transaction: its
 * deltas, the fingerprints behind them, cursors, quarantine and audit. After a crash all of it
 * is there or none. Protocol, invariants and crash points: top of daemon/pipeline/ledger/ledger.c.
 * The writer belongs to the ledger thread; readers are connections of their own, read-only.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "engine.h"
#include "intake.h"
#include "kept.h"
#include "memory.h"
#include "pairing.h"
#include "projection.h"
#include "status.h"

struct ledger;

/* ST_RETRY: locked by another process. ST_CORRUPT: the file fails its checks and is left as it
 * is. ST_BAD_CONFIG: written by a newer version or another node. */
enum status ledger_open(struct ledger **out, const char *path, const char *node, struct error *err);
void ledger_close(struct ledger *l); /* accepts NULL */

struct ledger_state {
    char id[40];
    uint64_t incarnation, last_batch, folded_batch;
    struct outcome_count ever;
    uint64_t late, expired;
    int64_t newest_record;
    uint64_t last_refused; /* the highest number that a refused record was ever given */
    uint64_t quarantine_open, quarantine_bytes; /* rows that stand, and what they keep */
    int64_t seen_since; /* when the oldest fingerprints that are kept were, UTC us; 0: none */
    int64_t seen_gone;  /* when the newest were that are forgotten, UTC us; 0: none are */
    int32_t floor;      /* a day: totals of those before it are no longer kept; 0: all are */
    uint64_t corrections, voids; /* accepted records that corrected others; those that were voids */
};
const struct ledger_state *ledger_state(const struct ledger *l);
bool ledger_in_history(struct ledger *l, uint64_t incarnation, uint64_t seq);

struct quarantine_row {
    uint64_t id; /* given by the ledger */
    struct span input, source, format, stream, timezone, reason, raw;
    /* stream: file or peer; or, with IDENTITY_ENTRY, a Redis stream, a blank and the entry's id */
    uint64_t offset;  /* of the record in its stream, or in its entry */
    uint32_t length;  /* whole length; raw may be the head of it */
    int64_t arrived;  /* UTC */
    uint8_t identity; /* enum identity, for replay */
    bool has_header;
    struct span header; /* the header line of its stream, if any: needed to parse it again */
};

/* Activities, orders and bookings: single records kept as they are for the CRM store. */
struct event_row {
    uint8_t kind; /* enum record_kind */
    int64_t start;
    struct span customer, id, json; /* json: every field of the record as given */
};

/* `before` is where the input stood when the batch was begun; without `known` it stood nowhere. */
struct cursor_row {
    const char *input;
    struct cursor cursor;
    uint64_t before;
    bool known;
};

/* A request that carried an Idempotency-Key, and what became of its records. */
struct idem_row {
    struct span input, key;
    uint64_t body_hash;
    struct outcome_count count;
};

/* What one worker's first fingerprints of a batch added: as many items. */
struct kept_row {
    size_t count;
    struct span names, items;
};

/* What a fingerprint's record adds now: one item. */
struct correction_row {
    uint64_t fingerprint, origin; /* the batch that it came in; 0: this one */
    struct span names, item;
};

/* One batch; everything borrowed for the call. Its effect on the totals is either a set of deltas,
 * for the log, or the totals themselves: then the commit is a fold as well. */
struct ledger_batch {
    struct cells *const *deltas;
    size_t delta_count;
    struct cell *const *totals; /* absolute: all that changed since the last fold */
    size_t total_count;
    bool folds;
    const uint64_t *const *fingerprints; /* arrays: those that something is kept of come first, */
    const size_t *fingerprint_counts;    /* an array for each of `kept` */
    size_t fingerprint_arrays;
    const struct kept_row *kept;
    size_t kept_count;
    const struct correction_row *corrections;
    size_t correction_count;
    uint64_t corrected, voided; /* more records that corrected others; those that were voids */
    const struct quarantine_row *quarantine;
    size_t quarantine_count;
    const uint64_t *released; /* quarantine rows replayed with success */
    size_t released_count;
    const struct event_row *events;
    size_t event_count;
    const struct open_leg_row *open_legs; /* pairing.h: as they are now, or gone */
    size_t open_leg_count;
    const struct cursor_row *cursors;
    size_t cursor_count;
    const struct intake *intakes;
    size_t intake_count;
    const struct way *const *ways; /* arrays */
    const size_t *way_counts;
    size_t way_arrays;
    const struct idem_row *idem;
    size_t idem_count;
    struct outcome_count count;
    uint64_t late, expired;
    int64_t newest_record;
    int64_t created; /* UTC microseconds */
};

/* Commits and syncs; the write-ahead log is left as long as it then is. ST_FULL: no room on the
 * disk, nothing was written, try again later. ST_IO: the outcome is unknown; the process must
 * end. */
enum status ledger_commit(struct ledger *l, const struct ledger_batch *b, uint64_t *seq,
                          struct error *err);

/* How long the write-ahead log may become (1 GiB): from a sixteenth of it on, checkpoints wait for
 * readers a little, from a quarter on they cut the file. */
void ledger_limit_wal(struct ledger *l, uint64_t bytes);
/* Has a commit left so much in it that it is worth a checkpoint? And that checkpoint: to be made
 * when nobody waits for anything. Folds and retention make theirs themselves. */
bool ledger_wal_waits(const struct ledger *l);
void ledger_tend_wal(struct ledger *l);
/* Tries again to empty a write-ahead log that has grown long; one that waits for its checkpoint
 * only if it is very long. */
void ledger_shorten_wal(struct ledger *l);
/* How many bytes of it were in use after the last commit. Cheap; on the ledger thread. */
uint64_t ledger_wal_bytes(const struct ledger *l);

/* Folds: writes the given absolute cells (any order; they are sorted here), deletes the log up
 * to seq, in one transaction. */
enum status ledger_fold(struct ledger *l, struct cell *const *cells, size_t count, uint64_t seq,
                        struct error *err);

/* One total from disk; ST_NOT_FOUND. Adds into c and sets c->seq. Ledger thread. */
enum status ledger_load_cell(struct ledger *l, struct cell *c, struct error *err);

/* Legs that have begun and not ended, by source and key. */
enum status ledger_load_open_legs(struct ledger *l,
                                  enum status (*visit)(void *arg, const struct open_leg_row *row,
                                                       struct error *err),
                                  void *arg, struct error *err);

/* Replays the unfolded log in order; a batch comes in parts, each a set of cells. */
enum status ledger_replay_log(struct ledger *l,
                              enum status (*visit)(void *arg, uint64_t seq, struct span blob,
                                                   struct error *err),
                              void *arg, struct error *err);
/* Fingerprints younger than since (UTC microseconds), oldest first. From then on the state says
 * which are forgotten. */
enum status ledger_load_seen(struct ledger *l, int64_t since,
                             void (*visit)(void *arg, const uint64_t *fp, size_t n,
                                           int64_t created),
                             void *arg, struct error *err);
/* Looks for what is kept of fingerprints, in ascending order, each once. Each that is found is
 * visited: its place in `wanted`, the batch that it came in, what it adds now (valid during the
 * visit). Of one that is not visited nothing is kept. Corrections of old records read all
 * fingerprints that came since. */
typedef void kept_visit(void *arg, size_t i, uint64_t origin, const struct contribution *c);
enum status ledger_find_kept(struct ledger *l, const uint64_t *wanted, size_t count,
                             kept_visit *visit, void *arg, struct error *err);
/* The next fold moves a customer's totals to another's; NULL spans: it does not. Borrowed. */
void ledger_merges(struct ledger *l, struct span from, struct span to);
/* Deletes the oldest seen rows: those created before `before`, and as many as hold `excess`
 * fingerprints; at most a few hundred a call, in one transaction. Then gives back what they held,
 * when the state already says that they are gone.
 * *more: there are more to go. */
enum status ledger_expire_seen(struct ledger *l, int64_t before, uint64_t excess,
                               void (*visit)(void *arg, const uint64_t *fp, size_t n), void *arg,
                               bool *more, struct error *err);
/* Forgets the keys of requests that were committed before `before` (UTC microseconds); at most a
 * few hundred a call, in one transaction. *more: there are more to go. */
enum status ledger_expire_idem(struct ledger *l, int64_t before, bool *more, struct error *err);
/* Adds up the audits of one day that ended before `before` (UTC microseconds) and is folded.
 * *more: there may be another such day. */
enum status ledger_thin_audit(struct ledger *l, int64_t before, bool *more, struct error *err);
/* Looks at a thousand events behind *from (at first {-1, -1}), none later than batch `analysed`,
 * and deletes those that began before `before` (UTC). Moves *from on; at the end it is as at
 * first. */
struct event_place {
    int64_t seq, n;
};
enum status ledger_expire_events(struct ledger *l, int64_t before, uint64_t analysed,
                                 struct event_place *from, struct error *err);
/* Forgets the totals of the days before `floor`: a thousand or so a call, in one transaction, in
 * which the ledger's floor moves as well. It never moves back, whatever is asked for. No batch that
 * is not folded, and none to come, may hold such a day. *more: there are others to go. After a
 * restart the next call goes on. */
enum status ledger_retire(struct ledger *l, int32_t floor, bool *more, struct error *err);
/* Visits, once, those that lost their last total by that; false: there is none. */
bool ledger_gone(struct ledger *l, void (*visit)(void *arg, enum cell_kind kind, struct span name),
                 void *arg);
enum status ledger_checkpoints(struct ledger *l,
                               void (*visit)(void *arg, const char *input, const struct cursor *c),
                               void *arg, struct error *err);

/* The last batch of which, as of all before it, the audits say that it was committed before
 * `created` (UTC microseconds); 0 none. */
enum status ledger_last_before(struct ledger *l, int64_t created, uint64_t *seq, struct error *err);
/* Does the input stand in the file where the row says, and since a batch up to `upto`? */
enum status ledger_is_idle(struct ledger *l, const struct cursor_row *row, uint64_t upto,
                           bool *idle, struct error *err);
/* Forgets that the inputs stood there, in one transaction. */
enum status ledger_forget_checkpoints(struct ledger *l, const struct cursor_row *rows, size_t count,
                                      struct error *err);

/* Deletes quarantine rows for good (id 0: all; input NULL or "": any). */
enum status ledger_drop_quarantine(struct ledger *l, uint64_t id, const char *input,
                                   uint64_t *dropped, struct error *err);

/* How many bytes of refused records each input keeps. */
enum status ledger_quarantine_use(struct ledger *l,
                                  void (*visit)(void *arg, const char *input, uint64_t bytes),
                                  void *arg, struct error *err);

/* Forgets ranges and quarter hours (intake.h) that arrived before `before` (UTC microseconds). */
enum status ledger_expire_intake(struct ledger *l, int64_t before, struct error *err);

/* Read-only connection for reports, analytics, verification; any one thread. */
struct ledger_reader;
enum status ledger_reader_open(struct ledger_reader **out, const char *path, struct error *err);
void ledger_reader_close(struct ledger_reader *r);
enum status ledger_reader_state(struct ledger_reader *r, struct ledger_state *out,
                                struct error *err);
/* As ledger_in_history(). Of more than a thousand starts the older ones are forgotten. */
enum status ledger_reader_in_history(struct ledger_reader *r, uint64_t incarnation, uint64_t seq,
                                     bool *out, struct error *err);
/* All begin a read transaction and end it; visits are in the order named. */
enum status ledger_scan_partition(struct ledger_reader *r, unsigned partition, uint64_t after,
                                  cell_visit *visit, void *arg, struct error *err); /* by seq */
/* For what is read once; a view is valid during the visit. */
typedef enum status view_visit(void *arg, const struct cell_view *v, struct error *err);
enum status ledger_scan_changed(struct ledger_reader *r, uint64_t after, view_visit *visit,
                                void *arg, struct error *err); /* any order */
/* One kind from a day on, in the order of names, days ascending within each. Long scans see a
 * newer snapshot from time to time, never within one name. */
enum status ledger_scan_kind(struct ledger_reader *r, enum cell_kind kind, int32_t from_day,
                             view_visit *visit, void *arg, struct error *err);
enum status ledger_scan_subject(struct ledger_reader *r, enum cell_kind kind, struct span name,
                                int32_t from_day, view_visit *visit, void *arg, struct error *err);
/* What is known of a key; ST_NOT_FOUND. *seq is the batch of the request. The row's texts are
 * not filled in. */
enum status ledger_find_idem(struct ledger_reader *r, struct span input, struct span key,
                             struct idem_row *out, uint64_t *seq, struct error *err);
/* Every name that has a total, in the order of partitions; holds no snapshot. A name that is made
 * meanwhile may be missed. The visit ends the walk with any other status than ST_OK. */
typedef enum status name_visit(void *arg, enum cell_kind kind, struct span name, struct error *err);
enum status ledger_scan_names(struct ledger_reader *r, name_visit *visit, void *arg,
                              struct error *err);
typedef enum status event_visit(void *arg, uint64_t seq, const struct event_row *e,
                                struct error *err);
enum status ledger_scan_events(struct ledger_reader *r, uint64_t after, event_visit *visit,
                               void *arg, struct error *err);
/* Records that began in a quarter hour and arrived in another, of those from quarter `from` on;
 * ordered by arrival, input, quarter. */
struct feed_quarter {
    int32_t arrived, quarter;
    struct span input;
    uint64_t records;
};
typedef enum status feed_quarter_visit(void *arg, const struct feed_quarter *q, struct error *err);
enum status ledger_scan_feed_quarters(struct ledger_reader *r, int32_t from,
                                      feed_quarter_visit *visit, void *arg, struct error *err);
/* Ranges with records that began in quarters [from, to), in the order of batches. ST_SKIP of the
 * visit ends the walk. */
typedef enum status intake_visit(void *arg, const struct intake_row *row, struct error *err);
enum status ledger_scan_intake(struct ledger_reader *r, int32_t from, int32_t to,
                               intake_visit *visit, void *arg, struct error *err);
typedef enum status way_visit(void *arg, const struct way *w, struct error *err);
enum status ledger_scan_ways(struct ledger_reader *r, way_visit *visit, void *arg,
                             struct error *err);
/* How many records of these batches that are kept (they had ids, and are not older than
 * correction_window) are meant by the question. */
struct kept_answer {
    uint64_t kept;                /* records that were looked at */
    uint64_t records;             /* of them: before later corrections */
    uint64_t first_seq, last_seq; /* of the batches with any; 0: none */
};
enum status ledger_count_kept(struct ledger_reader *r, const struct kept_question *q,
                              uint64_t first_seq, uint64_t last_seq, struct kept_answer *out,
                              struct error *err);
typedef enum status quarantine_visit(void *arg, const struct quarantine_row *q, struct error *err);
/* Newest first; input NULL or "" is any; limit 0 is all. */
enum status ledger_scan_quarantine(struct ledger_reader *r, const char *input, uint64_t id,
                                   uint64_t limit, quarantine_visit *visit, void *arg,
                                   struct error *err);
/* Oldest first, only rows numbered first to last; input, id and limit as above. */
struct quarantine_range {
    const char *input;
    uint64_t id, first, last, limit;
};
enum status ledger_scan_quarantine_from(struct ledger_reader *r,
                                        const struct quarantine_range *range,
                                        quarantine_visit *visit, void *arg, struct error *err);
/* The highest number there is; 0 none. */
enum status ledger_newest_quarantine(struct ledger_reader *r, uint64_t *id, struct error *err);
/* Every reason, the most frequent first, with the number of its rows. */
typedef enum status reason_visit(void *arg, struct span reason, uint64_t count, struct error *err);
enum status ledger_scan_reasons(struct ledger_reader *r, const char *input, reason_visit *visit,
                                void *arg, struct error *err);
/* How many rows stand in the quarantine: cheap, for asking often. */
enum status ledger_quarantine_rows(struct ledger_reader *r, uint64_t *out, struct error *err);
/* The same by input and reason. */
struct quarantine_tally {
    struct span input, reason;
    uint64_t records;
    int64_t first_arrived, last_arrived; /* UTC */
};
typedef enum status tally_visit(void *arg, const struct quarantine_tally *t, struct error *err);
enum status ledger_tally_quarantine(struct ledger_reader *r, tally_visit *visit, void *arg,
                                    struct error *err);

#endif
