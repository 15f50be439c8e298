/*
 * ledger_salvage_state.c - the frame of a recovery: opening both ledgers, the state row.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ledger_care_internal.h"
#include "ledger_parts.h"
#include "ledger_salvage_internal.h"

struct known {
    struct ledger_state state;
    char node[64];
    bool counts_known;
};

/* --- the state row --- */

static bool
looks_like_id(const char *id)
{
    return strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32;
}

static enum status
read_identity(struct salvage *s, const char *node, struct known *id, struct error *err)
{
    struct error why;
    enum status st = ledger_read_state(s->from, &id->state, id->node, sizeof id->node, &why);
    const struct outcome_count *e = &id->state.ever;

    if (st == ST_BAD_CONFIG)
        return fail(err, st, "%s", why.text);
    s->out->identity_lost = st != ST_OK || !looks_like_id(id->state.id) || !id->node[0];
    id->counts_known = st == ST_OK &&
                       e->records == e->accepted + e->duplicates + e->quarantined + e->ignored &&
                       id->state.folded_batch <= id->state.last_batch;
    if (!id->counts_known)
        salvage_lost(s, "the state row: what it said is taken from the audit");
    if (!s->out->identity_lost)
        return ST_OK;
    salvage_lost(s, "the ledger's id, and with it all fingerprints: records that are sent again"
                    " count again; `callswell rebuild --replace` takes over the keys in Redis");
    snprintf(id->node, sizeof id->node, "%s", node);
    ledger_random_id(id->state.id);
    return ST_OK;
}

/* What the state row said, from the rows that are there. */
static enum status
derive_counts(struct salvage *s, struct ledger_state *state, struct error *err)
{
    static const char *const newest[] = {
        "SELECT max(seq) FROM audit", "SELECT max(seq) FROM seen",
        "SELECT max(seq) FROM total", "SELECT max(seq) FROM batch",
        "SELECT max(seq) FROM event", "SELECT max(seq) FROM checkpoint"};
    uint64_t *const sums[] = {&state->ever.records,    &state->ever.accepted,
                              &state->ever.duplicates, &state->ever.quarantined,
                              &state->ever.ignored,    &state->late,
                              &state->expired};
    static const char *const columns[] = {"records", "accepted", "duplicates", "quarantined",
                                          "ignored", "late",     "expired"};
    enum status st = ST_OK;
    int64_t v = 0, last = 0;

    for (size_t i = 0; i < sizeof newest / sizeof newest[0] && st == ST_OK; i++) {
        st = sql_value(s->to, newest[i], 0, &v, err);
        last = v > last ? v : last;
    }
    for (size_t i = 0; i < sizeof sums / sizeof sums[0] && st == ST_OK; i++) {
        char sql[80];

        snprintf(sql, sizeof sql, "SELECT coalesce(sum(%s), 0) FROM audit", columns[i]);
        st = sql_value(s->to, sql, 0, &v, err);
        *sums[i] = (uint64_t)v;
    }
    state->last_batch = (uint64_t)last;
    if (st == ST_OK)
        st = sql_value(s->to, "SELECT min(seq) - 1 FROM batch", 0, &v, err);
    if (st == ST_OK) { /* NULL of an empty log reads as 0 */
        int64_t rows = 0;

        st = sql_value(s->to, "SELECT count(*) FROM batch", 0, &rows, err);
        state->folded_batch = rows ? (uint64_t)v : state->last_batch;
    }
    return st;
}

/* Audits that are lost are made up by one row for all of them, so that I3 holds again. */
static enum status
balance_audit(struct salvage *s, const struct ledger_state *state, struct error *err)
{
    const struct outcome_count *e = &state->ever;
    char sql[600];

    snprintf(sql, sizeof sql,
             "INSERT OR REPLACE INTO audit SELECT 0, 1, %llu - coalesce(sum(records), 0),"
             " %llu - coalesce(sum(accepted), 0), %llu - coalesce(sum(duplicates), 0),"
             " %llu - coalesce(sum(quarantined), 0), %llu - coalesce(sum(ignored), 0), 0, 0, 0"
             " FROM audit HAVING coalesce(sum(records), 0) <> %llu",
             (unsigned long long)e->records, (unsigned long long)e->accepted,
             (unsigned long long)e->duplicates, (unsigned long long)e->quarantined,
             (unsigned long long)e->ignored, (unsigned long long)e->records);
    return sql_exec(s->to, sql, err);
}

static enum status
put_state(struct salvage *s, const struct known *id, struct error *err)
{
    const struct ledger_state *x = &id->state;
    uint64_t values[] = {x->incarnation,
                         x->last_batch,
                         x->folded_batch,
                         x->ever.records,
                         x->ever.accepted,
                         x->ever.duplicates,
                         x->ever.quarantined,
                         x->ever.ignored,
                         x->late,
                         x->expired,
                         (uint64_t)x->newest_record,
                         (uint64_t)x->floor};
    sqlite3_stmt *st = NULL;
    enum status result =
        sql_prepare(s->to, &st,
                    "INSERT INTO meta VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                    " ?13, ?14, ?15)",
                    err);

    if (result != ST_OK)
        return result;
    /* One that was never at work: what Redis has of the real ones is then not in the history. */
    values[0] += values[0] > 0;
    sqlite3_bind_int(st, 1, LEDGER_VERSION);
    sql_bind_text(st, 2, span_str(x->id));
    sql_bind_text(st, 3, span_str(id->node));
    for (int i = 0; i < 12; i++)
        sqlite3_bind_int64(st, 4 + i, (int64_t)values[i]);
    result = sql_run(st, err);
    sqlite3_finalize(st);
    return result;
}

/* A batch of the log whose counts are lost was committed and is not in any total. */
static enum status
say_lost_batches(struct salvage *s, const struct ledger_state *state, struct error *err)
{
    sqlite3_stmt *st = NULL;
    enum status result =
        sql_prepare(s->to, &st,
                    "SELECT seq, accepted, datetime(created / 1000000, 'unixepoch')"
                    " FROM audit WHERE seq > ?1 AND accepted > 0"
                    " AND seq NOT IN (SELECT seq FROM batch)"
                    " AND seq NOT IN (SELECT seq FROM event) ORDER BY seq",
                    err);
    bool row = false;

    if (result != ST_OK)
        return result;
    sqlite3_bind_int64(st, 1, (int64_t)state->folded_batch);
    while ((result = sql_step(st, &row, err)) == ST_OK && row)
        salvage_lost(s, "batch %lld of %.*s UTC: %lld accepted records are in no total",
                     (long long)sqlite3_column_int64(st, 0), SPAN_ARG(sql_column(st, 2)),
                     (long long)sqlite3_column_int64(st, 1));
    sqlite3_finalize(st);
    return result;
}

/* Totals folded later than the state row says cannot be: the row is older than they are. */
static enum status
raise_state(struct salvage *s, struct ledger_state *state, struct error *err)
{
    int64_t total = 0, seen = 0;
    enum status st = sql_value(s->to, "SELECT max(seq) FROM total", 0, &total, err);

    if (st == ST_OK)
        st = sql_value(s->to, "SELECT max(seq) FROM seen", 0, &seen, err);
    if ((uint64_t)total > state->folded_batch)
        state->folded_batch = (uint64_t)total;
    if ((uint64_t)seen > state->last_batch)
        state->last_batch = (uint64_t)seen;
    if (state->folded_batch > state->last_batch)
        state->last_batch = state->folded_batch;
    if (st == ST_OK) { /* what is folded is not counted again from the log */
        char sql[80];

        snprintf(sql, sizeof sql, "DELETE FROM batch WHERE seq <= %llu",
                 (unsigned long long)state->folded_batch);
        st = sql_exec(s->to, sql, err);
    }
    return st;
}

/* Numbers of refused records are never given twice. */
static enum status
keep_numbers(struct salvage *s, struct error *err)
{
    int64_t last = 0;
    char sql[120];

    if (sql_value(s->from, "SELECT seq FROM sqlite_sequence WHERE name = 'quarantine'", 0, &last,
                  NULL) != ST_OK ||
        last <= 0)
        return ST_OK;
    snprintf(sql, sizeof sql,
             "DELETE FROM sqlite_sequence; INSERT INTO sqlite_sequence VALUES('quarantine', %lld)",
             (long long)last);
    return sql_exec(s->to, sql, err);
}

/* --- both ledgers --- */

static bool
is_a_ledger(sqlite3 *db)
{
    int64_t tables = 0;

    return sql_value(db,
                     "SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'total', 'seen')",
                     0, &tables, NULL) == ST_OK &&
           tables == 3;
}

/* The damaged one, or, if its first page tells nothing, a copy with another first page. */
static enum status
open_damaged(struct salvage *s, const char *from, const char *made, struct error *err)
{
    enum status st = ledger_open_readonly(&s->from, from, err);

    if (st == ST_OK && is_a_ledger(s->from))
        return ST_OK;
    sqlite3_close(s->from);
    s->from = NULL;
    s->copy = xasprintf("%s.page", made);
    st = salvage_transplant(from, s->copy, err);
    if (st == ST_OK)
        st = ledger_open_readonly(&s->from, s->copy, err);
    if (st == ST_OK && !is_a_ledger(s->from))
        st = fail(err, ST_CORRUPT, "%.120s: nothing in it can be read: put a backup in its place",
                  from);
    return st;
}

static enum status
open_both(struct salvage *s, const char *from, const char *made, struct error *err)
{
    enum status st = open_damaged(s, from, made, err);

    if (st != ST_OK)
        return st;
    sqlite3_exec(s->from, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
    if (sqlite3_open_v2(made, &s->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        return sql_fail(s->to, made, err);
    sqlite3_extended_result_codes(s->to, 1);
    st = sql_exec(s->to,
                  "PRAGMA page_size = 8192; PRAGMA journal_mode = MEMORY;"
                  "PRAGMA temp_store = MEMORY;"
                  "CREATE TEMP TABLE said(text TEXT PRIMARY KEY);"
                  "BEGIN;" LEDGER_SCHEMA,
                  err);
    if (st == ST_OK)
        st = sql_prepare(s->to, &s->remember, "INSERT OR IGNORE INTO said VALUES(?1)", err);
    if (st == ST_OK)
        st = sql_prepare(s->to, &s->put_day, "INSERT OR IGNORE INTO total_day VALUES(?1, ?2)", err);
    return st;
}

static void
close_both(struct salvage *s)
{
    sqlite3_finalize(s->remember);
    sqlite3_finalize(s->put_day);
    sqlite3_finalize(s->insert);
    sqlite3_close(s->from);
    sqlite3_close(s->to);
    if (s->copy)
        salvage_remove(s->copy);
    free(s->copy);
    cells_free(s->scratch);
    buf_clear(&s->raw);
}

static enum status
save_everything(struct salvage *s, const char *node, struct error *err)
{
    struct known id = {0};
    enum status st = read_identity(s, node, &id, err);

    if (st == ST_OK)
        st = salvage_rows(s, err);
    if (st == ST_OK)
        st = keep_numbers(s, err);
    if (st == ST_OK && !id.counts_known)
        st = derive_counts(s, &id.state, err);
    if (st == ST_OK)
        st = raise_state(s, &id.state, err);
    if (st == ST_OK)
        st = say_lost_batches(s, &id.state, err);
    if (st == ST_OK)
        st = balance_audit(s, &id.state, err);
    if (st == ST_OK)
        st = put_state(s, &id, err);
    return st == ST_OK ? sql_exec(s->to, "COMMIT", err) : st;
}

enum status
ledger_salvage(const char *from, const char *made, const char *node, ledger_say *say, void *arg,
               struct ledger_recovery *out, struct error *err)
{
    struct salvage s = {.say = say, .arg = arg, .out = out, .scratch = cells_new()};
    enum status st = open_both(&s, from, made, err);

    if (st == ST_OK)
        st = save_everything(&s, node, err);
    close_both(&s);
    if (st != ST_OK)
        salvage_remove(made);
    return st;
}
