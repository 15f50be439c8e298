/*
 * ledger_internal.h - what the files of the ledger's writer share.
 */
#ifndef LEDGER_INTERNAL_H
#define LEDGER_INTERNAL_H

#include "ledger.h"
#include "ledger_schema.h"
#include "sql.h"

#define LEDGER_BUSY_MS 5000

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    PUT_BATCH,
    PUT_SEEN,
    PUT_QUARANTINE,
    DROP_QUARANTINE,
    PUT_EVENT,
    PUT_OPEN_LEG,
    DELETE_OPEN_LEG,
    PUT_CHECKPOINT,
    MOVE_CHECKPOINT,
    PUT_AUDIT,
    PUT_STATE,
    PUT_TOTALS,
    PUT_TOTAL_DAY,
    GET_TOTAL,
    DELETE_BATCHES,
    DAMAGED_AUDIT,
    FOLD_AUDIT,
    DELETE_AUDIT,
    DELETE_SEEN,
    EMPTY_SEEN,
    PUT_PAST,
    PUT_KEPT,
    DELETE_KEPT,
    GET_CORRECTION,
    PUT_CORRECTION,
    DELETE_CORRECTIONS,
    PUT_MERGED,
    DELETE_MERGED,
    PUT_CORRECTED,
    PUT_INTAKE,
    PUT_FEED_QUARTER,
    PUT_WAY,
    DELETE_WAYS,
    PUT_IDEM,
    OLDEST_IDEM,
    DELETE_IDEM,
    OLDEST_TOTAL,
    TOTALS_BELOW,
    DELETE_TOTALS,
    ANY_TOTAL,
    DELETE_DAYS,
    STATEMENTS
};

struct past { /* one earlier incarnation */
    uint64_t incarnation, last_seq;
};

struct fresh_day {
    uint8_t kind;
    int32_t day;
};

/* How far the walk over all subjects has come that looks for totals below the floor. */
struct retiring {
    bool under_way;
    unsigned partition;
    struct buf subject; /* all up to this one are done */
    struct buf gone;    /* subjects that lost their last total since ledger_gone: length, bytes */
};

/* Rows of `intake` that the next batch of their stream may go into. */
#define OPEN_INTAKES 64
struct open_intake {
    uint64_t stream; /* hash of input, stream, identity; 0: free */
    uint64_t first_seq, until, bytes;
    int64_t hour;
};

struct ledger {
    sqlite3 *db;
    struct open_intake intakes[OPEN_INTAKES];
    size_t next_intake; /* the one to be given up when all are taken */
    sqlite3_stmt *st[STATEMENTS];
    struct ledger_state state;
    struct past *past;
    size_t past_count;
    uint8_t *known_day[5]; /* bitmap over day numbers, per cell kind */
    size_t known_days;
    struct buf fresh_days;         /* those that became known in the transaction under way */
    const struct ledger_row *rows; /* being written; what the table "changed" offers of them */
    struct sql_rows offer;
    struct buf raw, packed; /* scratch for blobs */
    struct retiring retiring;
    struct span merge_from, merge_to; /* of the fold to come; borrowed; n 0: none */
    int wal_pages;
    bool wal_waits; /* a commit made it long, and no checkpoint has been tried since */
    uint64_t max_wal;
    int64_t insisted_ms; /* when a checkpoint last waited for readers */
};

/* Ends a transaction: COMMIT if all went well so far, else ROLLBACK. A COMMIT that fails for any
 * reason but room or a busy database leaves its outcome unknown: ST_IO, the caller ends the
 * process. */
enum status ledger_end_transaction(struct ledger *l, enum status result, struct error *err);
/* Where a test has taken this guard out, one transaction becomes two. */
enum status ledger_keep_together(struct ledger *l, const char *guard, struct error *err);

/* ledger_idem.c: a part of ledger_commit */
enum status ledger_put_idem(struct ledger *l, const struct ledger_batch *b, uint64_t seq,
                            struct error *err);

/* ledger_open_legs.c: a part of ledger_commit */
enum status ledger_put_open_legs(struct ledger *l, const struct ledger_batch *b, struct error *err);

/* ledger_kept.c: parts of ledger_commit, of a fold, of the expiry of the rows of `seen` up to a
 * batch, of the start. */
enum status ledger_put_kept(struct ledger *l, const struct ledger_batch *b, uint64_t seq,
                            struct error *err);
enum status ledger_put_merged(struct ledger *l, uint64_t seq, struct error *err);
enum status ledger_drop_kept(struct ledger *l, uint64_t upto, struct error *err);
enum status ledger_load_corrected(struct ledger *l, struct error *err);

/* ledger_intake.c: a part of ledger_commit. */
enum status ledger_put_intake(struct ledger *l, const struct ledger_batch *b, uint64_t seq,
                              struct error *err);

/* ledger_fold.c: a row of LEDGER_SEEN_ROWS, copied to `aligned`. */
#define LEDGER_SEEN_ROWS "SELECT seq, created, fingerprints, " LEDGER_SEEN_HOLDS " FROM seen"
enum status ledger_read_seen(sqlite3_stmt *st, const uint64_t **fp, size_t *n, struct buf *aligned,
                             struct error *err);

/* ledger_retain.c: all but the newest thousand. A place in Redis older than those is not in the
 * history: everything is sent again. */
enum status ledger_forget_incarnations(struct ledger *l, struct error *err);

/* At the start: was a walk cut off? */
enum status ledger_resume_retiring(struct ledger *l, struct error *err);

/* Is the day in total_day? And if it is none that is kept in mind, may it be? */
bool ledger_day_is_listed(const struct ledger *l, uint8_t kind, int32_t day);
bool ledger_day_may_have_rows(const struct ledger *l, uint8_t kind, int32_t day);
void ledger_know_day(struct ledger *l, uint8_t kind, int32_t day);
void ledger_unknow_days(struct ledger *l, int32_t before);
/* The transaction has ended: the days it brought along stay known, or are forgotten. */
void ledger_settle_days(struct ledger *l, bool committed);

/* "c:name" as it stands in `total`; in the scratch buffer. */
struct span ledger_subject(const struct cell *c, struct buf *scratch);

/* ledger_state.c: writes the state row, within a transaction. */
enum status ledger_put_state(struct ledger *l, const struct ledger_state *s, struct error *err);

/* Within a transaction that has written the totals up to batch seq: deletes the log behind them,
 * and their audit becomes one row. */
enum status ledger_finish_fold(struct ledger *l, uint64_t seq, struct error *err);

/* Rows of the audit added up to one. */
#define LEDGER_ADDED_AUDIT(where)                                                                  \
    "SELECT *, " LEDGER_AUDIT_CHECKSUM " FROM (SELECT max(seq) AS seq, sum(batches) AS batches,"   \
    " sum(records) AS records, sum(accepted) AS accepted, sum(duplicates) AS duplicates,"          \
    " sum(quarantined) AS quarantined, sum(ignored) AS ignored, sum(late) AS late,"                \
    " sum(expired) AS expired, max(created) AS created FROM audit WHERE " where ")"
/* Runs a statement that finds a damaged row of the audit: ST_CORRUPT if there is one. */
enum status ledger_find_damaged_audit(sqlite3_stmt *st, struct error *err);

/* ledger_rows.c: offers the table "changed" to this connection, once. */
enum status ledger_offer_rows(struct ledger *l, struct error *err);
/* Writes absolute cells, none changed after batch seq, as rows: within a transaction. */
enum status ledger_put_totals(struct ledger *l, struct cell *const *cells, size_t count,
                              uint64_t seq, struct error *err);

#endif
