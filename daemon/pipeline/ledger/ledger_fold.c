/*
 * ledger_fold.c - from the log to totals, and what a start needs of both.
 */
#include "ledger_internal.h"

#include <stdlib.h>
#include <zstd.h>

#include "hash.h"
#include "ledger_sums.h"

struct span
ledger_subject(const struct cell *c, struct buf *scratch)
{
    buf_reset(scratch);
    buf_char(scratch, (char)c->kind);
    buf_char(scratch, ':');
    buf_span(scratch, c->name);
    return span_of(scratch->p, scratch->n);
}

uint64_t
ledger_total_checksum(struct span subject, int32_t period, uint64_t seq, struct span values)
{
    uint64_t seed = hash_bytes(subject.p, subject.n, seq ^ (uint64_t)(uint32_t)period << 32);

    return hash_bytes(values.p, values.n, seed);
}

enum status
ledger_find_damaged_audit(sqlite3_stmt *st, struct error *err)
{
    bool row = false;
    enum status result = sql_step(st, &row, err);

    if (result == ST_OK && row)
        result = fail(err, ST_CORRUPT, "ledger.db: the audit of batch %lld fails its checksum",
                      (long long)sqlite3_column_int64(st, 0));
    sqlite3_reset(st);
    return result;
}

enum status
ledger_finish_fold(struct ledger *l, uint64_t seq, struct error *err)
{
    static const enum statement audit[] = {DAMAGED_AUDIT, FOLD_AUDIT, DELETE_AUDIT};
    enum status result;

    for (size_t i = 0; i < sizeof audit / sizeof audit[0]; i++) {
        sqlite3_bind_int64(l->st[audit[i]], 1, (int64_t)l->state.folded_batch);
        sqlite3_bind_int64(l->st[audit[i]], 2, (int64_t)seq);
    }
    sqlite3_bind_int64(l->st[DELETE_BATCHES], 1, (int64_t)seq);
    result = sql_run(l->st[DELETE_BATCHES], err);
    if (result == ST_OK)
        result = ledger_find_damaged_audit(l->st[DAMAGED_AUDIT], err);
    if (result == ST_OK)
        result = sql_run(l->st[FOLD_AUDIT], err);
    return result == ST_OK ? sql_run(l->st[DELETE_AUDIT], err) : result;
}

enum status
ledger_fold(struct ledger *l, struct cell *const *cells, size_t count, uint64_t seq,
            struct error *err)
{
    struct ledger_state next = l->state;
    enum status result = sql_run(l->st[BEGIN], err);

    if (result != ST_OK)
        return result;
    if (seq < l->state.folded_batch || seq > l->state.last_batch)
        abort(); /* I7, I4: no fold goes back, and none is ahead of the batches */
    next.folded_batch = seq;
    result = ledger_put_totals(l, cells, count, seq, err);
    if (result == ST_OK)
        result = ledger_put_merged(l, seq, err);
    if (result == ST_OK)
        result = ledger_keep_together(l, "log_goes_with_fold", err);
    if (result == ST_OK)
        result = ledger_finish_fold(l, seq, err);
    if (result == ST_OK)
        result = ledger_put_state(l, &next, err);
    result = ledger_end_transaction(l, result, err);
    if (result == ST_OK)
        __atomic_store_n(&l->state.folded_batch, seq, __ATOMIC_RELEASE);
    return result;
}

enum status
ledger_load_cell(struct ledger *l, struct cell *c, struct error *err)
{
    sqlite3_stmt *st = l->st[GET_TOTAL];
    struct span subject, values;
    enum status result;
    uint64_t seq;
    bool row;

    if (!ledger_day_may_have_rows(l, c->kind, c->day))
        return ST_NOT_FOUND;
    subject = ledger_subject(c, &l->packed);
    sqlite3_bind_int(st, 1, c->partition);
    sql_bind_blob(st, 2, subject.p, subject.n);
    sqlite3_bind_int(st, 3, c->day);
    result = sql_step(st, &row, err);
    if (result != ST_OK || !row)
        return result == ST_OK ? ST_NOT_FOUND : result;
    seq = (uint64_t)sqlite3_column_int64(st, 0);
    values = sql_column(st, 1);
    if ((uint64_t)sqlite3_column_int64(st, 2) !=
        ledger_total_checksum(subject, c->day, seq, values))
        result = fail(err, ST_CORRUPT, "ledger.db: the total of %.*s fails its checksum",
                      SPAN_ARG(subject));
    if (result == ST_OK)
        result = cell_decode_add(c, values, err);
    if (result == ST_OK)
        c->seq = seq;
    sqlite3_reset(st);
    return result;
}

/* --- what a start reads back --- */

/* Ledgers of before have them packed. What is not begins with the length of a part, whose own first
 * byte, its version, is none of zstd's magic. */
static bool
is_packed(struct span deltas)
{
    static const char magic[] = {'\x28', '\xb5', '\x2f', '\xfd'};

    return deltas.n >= sizeof magic && memcmp(deltas.p, magic, sizeof magic) == 0;
}

static bool
unpack(struct buf *raw, struct span packed, size_t size)
{
    size_t n = ZSTD_getFrameContentSize(packed.p, packed.n);

    if (n != size) /* before memory is taken for it */
        return false;
    buf_reserve(raw, size);
    n = ZSTD_decompress(raw->p, size, packed.p, packed.n);
    if (ZSTD_isError(n) || n != size)
        return false;
    raw->n = n;
    return true;
}

enum status
ledger_read_deltas(struct buf *raw, uint64_t seq, struct span deltas, size_t size, bool holds,
                   struct error *err)
{
    if (!holds)
        return fail(err, ST_CORRUPT, "ledger.db: batch %llu fails its checksum",
                    (unsigned long long)seq);
    buf_reset(raw);
    if (!is_packed(deltas))
        buf_span(raw, deltas);
    else if (!unpack(raw, deltas, size))
        return fail(err, ST_CORRUPT, "ledger.db: batch %llu does not unpack",
                    (unsigned long long)seq);
    if (raw->n != size)
        return fail(err, ST_CORRUPT, "ledger.db: batch %llu has another size",
                    (unsigned long long)seq);
    return ST_OK;
}

/* A batch holds what each worker added, each behind its length. */
enum status
ledger_visit_parts(uint64_t seq, struct span blob, ledger_part_visit *visit, void *arg,
                   struct error *err)
{
    const uint8_t *p = (const uint8_t *)blob.p, *end = p + blob.n;
    enum status result = ST_OK;

    while (p < end && result == ST_OK) {
        uint64_t n;

        if (!varint_read(&p, end, &n) || n > (uint64_t)(end - p))
            return fail(err, ST_CORRUPT, "ledger.db: batch %llu ends inside a part",
                        (unsigned long long)seq);
        result = visit(arg, seq, span_of((const char *)p, (size_t)n), err);
        p += n;
    }
    return result;
}

enum status
ledger_replay_log(struct ledger *l,
                  enum status (*visit)(void *arg, uint64_t seq, struct span blob,
                                       struct error *err),
                  void *arg, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(
        l->db, &st, "SELECT seq, size, deltas, " LEDGER_BATCH_HOLDS " FROM batch ORDER BY seq",
        err);

    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row) {
        uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0);

        result =
            ledger_read_deltas(&l->raw, seq, sql_column(st, 2), (size_t)sqlite3_column_int64(st, 1),
                               sqlite3_column_int(st, 3), err);
        if (result == ST_OK) {
            /* visit loads totals and so uses the scratch buffers: keep our own. */
            struct buf blob = l->raw;

            l->raw = (struct buf){0};
            result = ledger_visit_parts(seq, span_of(blob.p, blob.n), visit, arg, err);
            buf_clear(&blob);
        }
    }
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_read_seen(sqlite3_stmt *st, const uint64_t **fp, size_t *n, struct buf *aligned,
                 struct error *err)
{
    struct span blob = sql_column(st, 2);

    if (blob.n % sizeof(uint64_t) != 0 || !sqlite3_column_int(st, 3))
        return fail(err, ST_CORRUPT, "ledger.db: seen row %lld fails its checksum",
                    (long long)sqlite3_column_int64(st, 0));
    buf_reset(aligned); /* malloc's alignment: SQLite promises none for blobs */
    buf_span(aligned, blob);
    *fp = (const uint64_t *)(const void *)aligned->p;
    *n = blob.n / sizeof(uint64_t);
    return ST_OK;
}

enum status
ledger_load_seen(struct ledger *l, int64_t since,
                 void (*visit)(void *arg, const uint64_t *fp, size_t n, int64_t created), void *arg,
                 struct error *err)
{
    struct buf aligned = {0};
    sqlite3_stmt *st;
    bool row = false;
    enum status result =
        sql_prepare(l->db, &st, LEDGER_SEEN_ROWS " WHERE created >= ?1 ORDER BY seq", err);

    if (result == ST_OK)
        sqlite3_bind_int64(st, 1, since);
    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row) {
        const uint64_t *fp = NULL;
        size_t n = 0;

        result = ledger_read_seen(st, &fp, &n, &aligned, err);
        if (result == ST_OK && n == 0)
            l->state.seen_gone = sqlite3_column_int64(st, 1);
        else if (result == ST_OK)
            visit(arg, fp, n, sqlite3_column_int64(st, 1));
    }
    sqlite3_finalize(st);
    buf_clear(&aligned);
    return result;
}

#define EXPIRE_ROWS 256
#define EXPIRE_IDS  (4u << 20)

struct expiry { /* rows that may go together: one transaction costs one sync */
    struct buf fingerprints;
    int64_t last, gone; /* the last of them, and when the newest was: clocks are set back */
    int64_t since;      /* when the first was that stays */
    size_t rows;
    bool more;
};

static enum status
take_expired(sqlite3_stmt *st, uint64_t seq, struct expiry *x, struct buf *aligned,
             struct error *err)
{
    const uint64_t *fp = NULL;
    bool row = false;
    size_t n = 0;
    enum status result;

    sqlite3_bind_int64(st, 1, (int64_t)seq);
    result = sql_step(st, &row, err);
    if (result == ST_OK && row)
        result = ledger_read_seen(st, &fp, &n, aligned, err);
    if (result == ST_OK && row)
        buf_add(&x->fingerprints, fp, n * sizeof *fp);
    sqlite3_reset(st);
    return result;
}

/* The oldest rows that are older than `before`, or needed to make up `excess`, but for the one that
 * only says what went before. This is asked every second, and nearly always for nothing: an
 * import's fingerprints are megabytes, and are read only if they go. */
static enum status
find_expired(struct ledger *l, int64_t before, uint64_t excess, struct expiry *x, struct error *err)
{
    struct buf aligned = {0};
    sqlite3_stmt *rows = NULL, *one = NULL;
    enum status result = sql_prepare(
        l->db, &rows, "SELECT seq, created, length(fingerprints) FROM seen ORDER BY seq LIMIT ?1",
        err);
    bool row = false;

    if (result == ST_OK)
        result = sql_prepare(l->db, &one, LEDGER_SEEN_ROWS " WHERE seq = ?1", err);
    if (result == ST_OK)
        sqlite3_bind_int(rows, 1, EXPIRE_ROWS + 2);
    while (result == ST_OK && (result = sql_step(rows, &row, err)) == ST_OK && row) {
        size_t gone = x->fingerprints.n / sizeof(uint64_t);

        if (sqlite3_column_int64(rows, 2) == 0)
            continue;
        x->since = sqlite3_column_int64(rows, 1);
        if (x->since >= before && gone >= excess)
            break;
        x->more = x->rows == EXPIRE_ROWS || gone >= EXPIRE_IDS;
        if (x->more)
            break;
        x->last = sqlite3_column_int64(rows, 0);
        if (x->gone < x->since)
            x->gone = x->since;
        result = take_expired(one, (uint64_t)x->last, x, &aligned, err);
        x->rows++;
        x->since = 0;
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(one);
    buf_clear(&aligned);
    return result;
}

/* The last of the rows stays without its fingerprints: a start has to know what is forgotten. */
static enum status
drop_expired(struct ledger *l, const struct expiry *x, struct error *err)
{
    enum status result = sql_run(l->st[BEGIN], err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(l->st[DELETE_SEEN], 1, x->last);
    sqlite3_bind_int64(l->st[EMPTY_SEEN], 1, x->last);
    sqlite3_bind_int64(l->st[EMPTY_SEEN], 2, x->gone);
    result = sql_run(l->st[DELETE_SEEN], err);
    if (result == ST_OK)
        result = sql_run(l->st[EMPTY_SEEN], err);
    if (result == ST_OK)
        result = ledger_drop_kept(l, (uint64_t)x->last, err);
    return ledger_end_transaction(l, result, err);
}

enum status
ledger_expire_seen(struct ledger *l, int64_t before, uint64_t excess,
                   void (*visit)(void *arg, const uint64_t *fp, size_t n), void *arg, bool *more,
                   struct error *err)
{
    struct expiry x = {.gone = l->state.seen_gone};
    enum status result = find_expired(l, before, excess, &x, err);

    if (result == ST_OK && x.rows > 0)
        result = drop_expired(l, &x, err);
    *more = result == ST_OK && x.more;
    if (result == ST_OK) {
        l->state.seen_since = x.since;
        if (x.rows > 0)
            l->state.seen_gone = x.gone;
        if (x.rows > 0)
            visit(arg, (const uint64_t *)(const void *)x.fingerprints.p,
                  x.fingerprints.n / sizeof(uint64_t));
    }
    buf_clear(&x.fingerprints);
    return result;
}

enum status
ledger_checkpoints(struct ledger *l,
                   void (*visit)(void *arg, const char *input, const struct cursor *c), void *arg,
                   struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result =
        sql_prepare(l->db, &st,
                    "SELECT source, identity, position, fingerprint, " LEDGER_CHECKPOINT_HOLDS
                    " FROM checkpoint ORDER BY seq",
                    err);

    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row) {
        struct cursor c = {
            .position = (uint64_t)sqlite3_column_int64(st, 2),
            .fingerprint = (uint64_t)sqlite3_column_int64(st, 3),
        };
        char *input = xstrdup((const char *)sqlite3_column_text(st, 0));
        struct span identity = sql_column(st, 1);

        if (identity.n < sizeof c.identity)
            memcpy(c.identity, identity.p, identity.n);
        if (sqlite3_column_int(st, 4))
            visit(arg, input, &c);
        else
            result = fail(err, ST_CORRUPT,
                          "ledger.db: the position of input %s in %s fails its checksum", input,
                          c.identity);
        free(input);
    }
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_drop_quarantine(struct ledger *l, uint64_t id, const char *input, uint64_t *dropped,
                       struct error *err)
{
    sqlite3_stmt *st;
    enum status result = sql_prepare(l->db, &st,
                                     "DELETE FROM quarantine WHERE (?1 = 0 OR id = ?1)"
                                     " AND (?2 = '' OR input = ?2)",
                                     err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(st, 1, (int64_t)id);
    sql_bind_text(st, 2, span_str(input ? input : ""));
    result = sql_run(st, err);
    if (result == ST_OK) {
        *dropped = (uint64_t)sqlite3_changes64(l->db);
        result = ledger_count_quarantine(l->db, &l->state, err);
    }
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_quarantine_use(struct ledger *l, void (*visit)(void *arg, const char *input, uint64_t bytes),
                      void *arg, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(
        l->db, &st, "SELECT input, sum(length(head)) FROM quarantine GROUP BY input", err);

    while (result == ST_OK && (result = sql_step(st, &row, err)) == ST_OK && row)
        visit(arg, (const char *)sqlite3_column_text(st, 0), (uint64_t)sqlite3_column_int64(st, 1));
    sqlite3_finalize(st);
    return result;
}
