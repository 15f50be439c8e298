/*
 * ledger_salvage_state.c - the frame of a recovery: opening both ledgers, the state row.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ledger_care_internal.h"
#include "ledger_parts.h"
#include "ledger_salvage_internal.h"
#include "ledger_sums.h"

struct known {
    struct ledger_state state;
    struct ledger_identity id;
    bool counts_known;
};

/* --- the state row --- */

static enum status
read_identity(struct salvage *s, const char *node, struct known *known, struct error *err)
{
    struct error why;
    enum status st = ledger_look_at_state(s->from, &known->state, &known->id, &why);
    const struct outcome_count *e = &known->state.ever;

    if (st == ST_BAD_CONFIG)
        return fail(err, st, "%s", why.text);
    s->out->identity_lost = st != ST_OK || !known->id.holds;
    known->counts_known = st == ST_OK && known->id.state_holds &&
                          e->records == e->accepted + e->duplicates + e->quarantined + e->ignored &&
                          known->state.folded_batch <= known->state.last_batch;
    if (!known->counts_known)
        salvage_lost(s, "the state row: what it said is taken from the other rows");
    if (st == ST_OK && !known->id.version_holds)
        salvage_lost(s, "the version in the state row: the new one has it");
    if (!s->out->identity_lost)
        return ST_OK;
    salvage_lost(s, "the ledger's id, and with it all fingerprints: records that are sent again"
                    " count again; `callswell rebuild --replace` takes over the keys in Redis");
    snprintf(known->id.node, sizeof known->id.node, "%s", node);
    ledger_random_id(known->state.id);
    return ST_OK;
}

static uint64_t
largest(sqlite3 *db, const char *sql)
{
    int64_t v = 0;

    return sql_value(db, sql, 0, &v, NULL) == ST_OK && v > 0 ? (uint64_t)v : 0;
}

/* An incarnation later than all there were, and numbers of refused records that were never given:
 * from what the damaged ledger has beside its state row. The floor is where that has it, but not
 * above a day that has totals. */
static void
derive_numbers(struct salvage *s, struct ledger_state *state)
{
    uint64_t oldest = largest(s->to, "SELECT min(period) FROM total");
    uint64_t given = largest(s->from, "SELECT seq FROM sqlite_sequence WHERE name = 'quarantine'");

    state->last_refused = largest(s->to, "SELECT max(id) FROM quarantine");
    if (given > state->last_refused)
        state->last_refused = given;
    if (state->floor < 0 || (uint64_t)state->floor > oldest)
        state->floor = (int32_t)oldest;
    state->incarnation =
        largest(s->from, "SELECT max(incarnation) FROM history WHERE " LEDGER_HISTORY_HOLDS);
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
    state->newest_record = 0; /* the next batch says */
    if (st == ST_OK)
        st = sql_value(s->to, "SELECT min(seq) - 1 FROM batch", 0, &v, err);
    if (st == ST_OK) { /* NULL of an empty log reads as 0 */
        int64_t rows = 0;

        st = sql_value(s->to, "SELECT count(*) FROM batch", 0, &rows, err);
        state->folded_batch = rows ? (uint64_t)v : state->last_batch;
    }
    derive_numbers(s, state);
    return st;
}

/* Audits that are lost are made up by one row for all of them, so that I3 holds again. */
static enum status
balance_audit(struct salvage *s, const struct ledger_state *state, struct error *err)
{
    const struct outcome_count *e = &state->ever;
    const uint64_t ever[] = {e->records, e->accepted, e->duplicates, e->quarantined, e->ignored};
    static const char *const names[] = {"records", "accepted", "duplicates", "quarantined",
                                        "ignored"};
    struct buf sql = {0};
    enum status st;

    buf_str(&sql, "INSERT OR REPLACE INTO audit SELECT *, " LEDGER_AUDIT_CHECKSUM
                  " FROM (SELECT 0 AS seq, 1 AS batches");
    for (int i = 0; i < 5; i++)
        buf_printf(&sql, ", %llu - coalesce(sum(%s), 0) AS %s", (unsigned long long)ever[i],
                   names[i], names[i]);
    buf_printf(&sql,
               ", 0 AS late, 0 AS expired, 0 AS created FROM audit WHERE seq > 0"
               " HAVING coalesce(sum(records), 0) <> %llu)",
               (unsigned long long)e->records);
    st = sql_exec(s->to, sql.p, err);
    buf_clear(&sql);
    return st;
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
                  LEDGER_PAGES "PRAGMA journal_mode = MEMORY;"
                               "PRAGMA temp_store = MEMORY;"
                               "CREATE TEMP TABLE said(text TEXT PRIMARY KEY);"
                               "BEGIN;" LEDGER_SCHEMA,
                  err);
    if (st == ST_OK)
        st = ledger_offer_sums(s->to, err);
    if (st == ST_OK)
        st = sql_prepare(s->to, &s->remember, "INSERT OR IGNORE INTO said VALUES(?1)", err);
    if (st == ST_OK)
        st = sql_prepare(s->to, &s->put_day,
                         "INSERT OR IGNORE INTO total_day " LEDGER_ROW("?1, ?2"), err);
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
    struct known known = {0};
    struct ledger_state *state = &known.state;
    enum status st = read_identity(s, node, &known, err);

    if (st == ST_OK)
        st = salvage_rows(s, err);
    if (st == ST_OK && !known.counts_known)
        st = derive_counts(s, state, err);
    if (st == ST_OK)
        st = raise_state(s, state, err);
    if (st == ST_OK)
        st = say_lost_batches(s, state, err);
    if (st == ST_OK)
        st = balance_audit(s, state, err);
    /* One that was never at work: what Redis has of the real ones is then not in the history. */
    state->incarnation += state->incarnation > 0;
    if (st == ST_OK)
        st = ledger_make_state(s->to, state, known.id.node, err);
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
