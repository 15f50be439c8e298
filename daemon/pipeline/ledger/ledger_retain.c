/*
 * ledger_retain.c - what of the ledger is not kept for ever: single audits, events, totals of days
 * long gone, positions in files that are gone, incarnations.
 *
 * Each call is one small transaction, so that commits wait for none of it long.
 */
#include "ledger_internal.h"
#include "ledger_parts.h"
#include "ledger_sums.h"

#include "fault.h"
#include "keys.h"

#define DAY_US       INT64_C(86400000000)
#define EVENT_ROWS   1000
#define INCARNATIONS "1000"
#define FIND_AUDIT_DAY                                                                             \
    "SELECT created / 86400000000 FROM audit WHERE created < ?1 AND seq > 0 AND seq <= ?2"         \
    " GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1"

/* ?1 to ?2: a day. I3 holds for the row of sums as it did for those that are added up. */
#define OF_DAY       "seq > 0 AND seq <= ?3 AND created >= ?1 AND created < ?2"
#define DELETE_DAY   "DELETE FROM audit WHERE " OF_DAY
#define FIND_DAMAGED "SELECT seq FROM audit WHERE " OF_DAY " AND NOT " LEDGER_AUDIT_HOLDS " LIMIT 1"
static const char *const merge_audits[] = {
    "CREATE TEMP TABLE IF NOT EXISTS audit_day AS SELECT * FROM audit WHERE 0",
    "DELETE FROM temp.audit_day",
    "INSERT INTO temp.audit_day " LEDGER_ADDED_AUDIT(OF_DAY),
    DELETE_DAY,
    "INSERT INTO audit SELECT * FROM temp.audit_day",
};

static enum status
run_for_day(struct ledger *l, const char *sql, int64_t day,
            enum status (*run)(sqlite3_stmt *st, struct error *err), struct error *err)
{
    sqlite3_stmt *st;
    enum status result = sql_prepare(l->db, &st, sql, err);

    if (result != ST_OK)
        return result;
    if (sqlite3_bind_parameter_count(st) > 0) {
        sqlite3_bind_int64(st, 1, day * DAY_US);
        sqlite3_bind_int64(st, 2, (day + 1) * DAY_US);
        sqlite3_bind_int64(st, 3, (int64_t)l->state.folded_batch);
    }
    result = run(st, err);
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_thin_audit(struct ledger *l, int64_t before, bool *more, struct error *err)
{
    sqlite3_stmt *st;
    enum status result = sql_prepare(l->db, &st, FIND_AUDIT_DAY, err);
    bool row = false;
    int64_t day = 0;

    *more = false;
    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(st, 1, before / DAY_US * DAY_US);
    sqlite3_bind_int64(st, 2, (int64_t)l->state.folded_batch);
    result = sql_step(st, &row, err);
    if (row)
        day = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    if (result != ST_OK || !row)
        return result;
    result = sql_run(l->st[BEGIN], err);
    if (result != ST_OK)
        return result;
    result = run_for_day(l, FIND_DAMAGED, day, ledger_find_damaged_audit, err);
    for (size_t i = 0; i < sizeof merge_audits / sizeof merge_audits[0] && result == ST_OK; i++)
        result = run_for_day(l, merge_audits[i], day, sql_run, err);
    result = ledger_end_transaction(l, result, err);
    *more = result == ST_OK;
    return result;
}

enum status
ledger_expire_events(struct ledger *l, int64_t before, uint64_t analysed, struct event_place *from,
                     struct error *err)
{
    sqlite3_stmt *st, *drop = NULL;
    enum status result =
        sql_prepare(l->db, &st,
                    "SELECT seq, n, start, " LEDGER_EVENT_HOLDS " FROM event"
                    " WHERE (seq, n) > (?1, ?2) AND seq <= ?3 ORDER BY seq, n LIMIT ?4",
                    err);
    bool row = false;
    int looked = 0;

    if (analysed == 0) { /* no batch has that number: a fresh start writes nothing for it */
        sqlite3_finalize(st);
        return result;
    }
    if (result == ST_OK)
        result = sql_prepare(l->db, &drop, "DELETE FROM event WHERE seq = ?1 AND n = ?2", err);
    if (result == ST_OK)
        result = sql_run(l->st[BEGIN], err);
    if (result == ST_OK) {
        sqlite3_bind_int64(st, 1, from->seq);
        sqlite3_bind_int64(st, 2, from->n);
        sqlite3_bind_int64(st, 3, (int64_t)analysed);
        sqlite3_bind_int(st, 4, EVENT_ROWS);
        while ((result = sql_step(st, &row, err)) == ST_OK && row) {
            from->seq = sqlite3_column_int64(st, 0);
            from->n = sqlite3_column_int64(st, 1);
            looked++;
            if (!sqlite3_column_int(st, 3)) {
                result = ledger_event_damaged(st, err);
                break;
            }
            if (sqlite3_column_int64(st, 2) >= before)
                continue;
            sqlite3_bind_int64(drop, 1, from->seq);
            sqlite3_bind_int64(drop, 2, from->n);
            result = sql_run(drop, err);
            if (result != ST_OK)
                break;
        }
        sqlite3_reset(st);
        result = ledger_end_transaction(l, result, err);
    }
    sqlite3_finalize(st);
    sqlite3_finalize(drop);
    if (looked < EVENT_ROWS)
        *from = (struct event_place){-1, -1}; /* from the beginning, some other time */
    return result;
}

/* --- totals --- */

/* Of one call. Few subjects have anything below the floor but when it has just moved. */
#define RETIRE_SUBJECTS 2000
#define RETIRE_ROWS     1000

static void
walk_from_the_start(struct retiring *r)
{
    r->under_way = true;
    r->partition = 0;
    buf_reset(&r->subject);
}

enum status
ledger_resume_retiring(struct ledger *l, struct error *err)
{
    sqlite3_stmt *st;
    enum status result =
        sql_prepare(l->db, &st, "SELECT 1 FROM total_day WHERE period < ?1 LIMIT 1", err);

    if (result != ST_OK)
        return result;
    sqlite3_bind_int(st, 1, l->state.floor);
    result = sql_step(st, &l->retiring.under_way, err);
    sqlite3_finalize(st);
    return result;
}

/* What is to go is looked at first: a changed day would be taken for one below the floor. */
static enum status
totals_hold(sqlite3_stmt *st, struct error *err)
{
    struct total_row total;
    enum status result;
    bool row = false;

    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        result = ledger_total_row(st, &total, err);
        if (result != ST_OK)
            break;
    }
    sqlite3_reset(st);
    return result;
}

static void
bind_below(sqlite3_stmt *st, const struct retiring *r, int32_t floor)
{
    sqlite3_bind_int(st, 1, (int)r->partition);
    sql_bind_blob(st, 2, r->subject.p, r->subject.n);
    sqlite3_bind_int(st, 3, floor);
}

/* Subjects are the kind's letter, a separator and the name. */
#define SUBJECT_HEAD 2

/* How somebody came of whom nothing is left. */
static enum status
forget_ways(struct ledger *l, enum cell_kind kind, struct span name, struct error *err)
{
    sqlite3_stmt *st = l->st[DELETE_WAYS];

    if (kind != CELL_CUSTOMER && kind != CELL_SERVICE)
        return ST_OK;
    sqlite3_bind_int(st, 1, kind);
    sql_bind_text(st, 2, name);
    return sql_run(st, err);
}

/* Is there nothing left of the subject whose old totals were just deleted? */
static enum status
note_gone(struct ledger *l, struct error *err)
{
    struct retiring *r = &l->retiring;
    sqlite3_stmt *st = l->st[ANY_TOTAL];
    size_t n = r->subject.n;
    bool left = false;
    enum status result;

    sqlite3_bind_int(st, 1, (int)r->partition);
    sql_bind_blob(st, 2, r->subject.p, n);
    result = sql_step(st, &left, err);
    sqlite3_reset(st);
    if (result == ST_OK && !left) {
        buf_add(&r->gone, (const char *)&n, sizeof n);
        buf_add(&r->gone, r->subject.p, n);
        result = forget_ways(l, (enum cell_kind)r->subject.p[0],
                             span_of(r->subject.p + SUBJECT_HEAD, n - SUBJECT_HEAD), err);
    }
    return result;
}

/* The next subject of the partition; its totals below the floor are deleted, *dropped is raised
 * by their number. A subject's oldest total is its first: those that have none cost one look. */
static enum status
retire_subject(struct ledger *l, int32_t floor, int64_t *dropped, struct error *err)
{
    struct retiring *r = &l->retiring;
    sqlite3_stmt *find = l->st[OLDEST_TOTAL], *drop = l->st[DELETE_TOTALS];
    bool row = false, old;
    enum status result;

    sqlite3_bind_int(find, 1, (int)r->partition);
    sql_bind_blob(find, 2, r->subject.p, r->subject.n);
    result = sql_step(find, &row, err);
    if (result != ST_OK || !row) {
        r->partition++;
        buf_reset(&r->subject);
        return result;
    }
    old = sqlite3_column_int(find, 1) < floor;
    buf_reset(&r->subject);
    buf_span(&r->subject, sql_column(find, 0));
    sqlite3_reset(find);
    if (!old)
        return ST_OK;
    bind_below(l->st[TOTALS_BELOW], r, floor);
    bind_below(drop, r, floor);
    result = totals_hold(l->st[TOTALS_BELOW], err);
    if (result == ST_OK)
        result = sql_run(drop, err);
    *dropped += sqlite3_changes64(l->db);
    return result == ST_OK ? note_gone(l, err) : result;
}

static enum status
retire_some(struct ledger *l, int32_t floor, struct error *err)
{
    enum status result = ST_OK;
    int64_t dropped = 0;

    for (int i = 0; i < RETIRE_SUBJECTS && dropped < RETIRE_ROWS && result == ST_OK &&
                    l->retiring.partition < KEY_PARTITIONS;
         i++)
        result = retire_subject(l, floor, &dropped, err);
    if (result != ST_OK || l->retiring.partition < KEY_PARTITIONS)
        return result;
    sqlite3_bind_int(l->st[DELETE_DAYS], 1, floor); /* last: they say that there is work to do */
    return sql_run(l->st[DELETE_DAYS], err);
}

enum status
ledger_retire(struct ledger *l, int32_t floor, bool *more, struct error *err)
{
    struct ledger_state next = l->state;
    bool moves = floor > l->state.floor;
    enum status result;

    *more = false;
    if (moves)
        walk_from_the_start(&l->retiring);
    else
        floor = l->state.floor;
    if (!l->retiring.under_way)
        return ST_OK;
    result = sql_run(l->st[BEGIN], err);
    next.floor = floor;
    if (result == ST_OK && moves)
        result = ledger_put_state(l, &next, err);
    if (result == ST_OK)
        result = retire_some(l, floor, err);
    fault_point("totals_retired");
    result = ledger_end_transaction(l, result, err);
    if (result != ST_OK) {
        walk_from_the_start(&l->retiring); /* what was deleted is back */
        buf_reset(&l->retiring.gone);
        return result;
    }
    l->state.floor = floor;
    *more = l->retiring.under_way = l->retiring.partition < KEY_PARTITIONS;
    if (!*more)
        ledger_unknow_days(l, floor);
    return ST_OK;
}

bool
ledger_gone(struct ledger *l, void (*visit)(void *arg, enum cell_kind kind, struct span name),
            void *arg)
{
    struct buf *b = &l->retiring.gone;
    bool any = b->n > 0;
    size_t n;

    for (size_t at = 0; at < b->n; at += n) {
        memcpy(&n, b->p + at, sizeof n);
        at += sizeof n;
        visit(arg, (enum cell_kind)b->p[at], span_of(b->p + at + SUBJECT_HEAD, n - SUBJECT_HEAD));
    }
    buf_reset(b);
    return any;
}

/* --- positions --- */

/* Clocks are set: a batch with an earlier date may follow one with a later date. */
enum status
ledger_last_before(struct ledger *l, int64_t created, uint64_t *seq, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result =
        sql_prepare(l->db, &st,
                    "SELECT max(seq) FROM audit WHERE seq > 0 AND seq <"
                    " (SELECT min(seq) FROM audit WHERE seq > 0 AND created >= ?1)",
                    err);

    *seq = 0;
    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(l->st[DAMAGED_AUDIT], 1, 0);
    sqlite3_bind_int64(l->st[DAMAGED_AUDIT], 2, INT64_MAX);
    result = ledger_find_damaged_audit(l->st[DAMAGED_AUDIT], err);
    sqlite3_bind_int64(st, 1, created);
    if (result == ST_OK)
        result = sql_step(st, &row, err);
    if (row)
        *seq = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_is_idle(struct ledger *l, const struct cursor_row *row, uint64_t upto, bool *idle,
               struct error *err)
{
    sqlite3_stmt *st;
    enum status result =
        sql_prepare(l->db, &st,
                    "SELECT 1 FROM checkpoint WHERE source = ?1 AND identity = ?2"
                    " AND position = ?3 AND seq <= ?4 AND " LEDGER_CHECKPOINT_HOLDS,
                    err);

    if (result != ST_OK)
        return result;
    sql_bind_text(st, 1, span_str(row->input));
    sql_bind_text(st, 2, span_str(row->cursor.identity));
    sqlite3_bind_int64(st, 3, (int64_t)row->cursor.position);
    sqlite3_bind_int64(st, 4, (int64_t)upto);
    result = sql_step(st, idle, err);
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_forget_checkpoints(struct ledger *l, const struct cursor_row *rows, size_t count,
                          struct error *err)
{
    sqlite3_stmt *st;
    enum status result =
        sql_prepare(l->db, &st, "DELETE FROM checkpoint WHERE source = ?1 AND identity = ?2", err);

    if (result != ST_OK)
        return result;
    result = sql_run(l->st[BEGIN], err);
    for (size_t i = 0; i < count && result == ST_OK; i++) {
        sql_bind_text(st, 1, span_str(rows[i].input));
        sql_bind_text(st, 2, span_str(rows[i].cursor.identity));
        result = sql_run(st, err);
    }
    sqlite3_finalize(st);
    return ledger_end_transaction(l, result, err);
}

enum status
ledger_forget_incarnations(struct ledger *l, struct error *err)
{
    return sql_exec(l->db,
                    "DELETE FROM history WHERE incarnation NOT IN (SELECT incarnation FROM history"
                    " ORDER BY incarnation DESC LIMIT " INCARNATIONS ")",
                    err);
}
