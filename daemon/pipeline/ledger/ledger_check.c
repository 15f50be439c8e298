/*
 * ledger_check.c - is every row of a ledger what was once written there, and do the sums agree?
 *
 * SQLite's own check sees broken pages and indices but not a changed value inside a row; the
 * checksum of each row sees that. The sums are those that hold for ever (top of ledger.c):
 *
 *   I3   records = accepted + duplicates + quarantined + ignored, in each row of the audit; all
 *        rows together are what the state row says
 *   I4   a total holds no batch that is not folded, the log only such; customers' legs together
 *        are no more than the records accepted
 *
 * All of it is read in one transaction, so that a daemon may go on meanwhile.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "civil.h"
#include "keys.h"
#include "ledger_care.h"
#include "ledger_parts.h"
#include "ledger_sums.h"

#define STRUCTURE_SENTENCES "50" /* of SQLite's own check */

struct checking {
    sqlite3 *db;
    ledger_say *say;
    void *arg;
    struct ledger_check *out;
    struct cells *scratch;
    struct buf raw;
    int64_t legs; /* of customers, in totals and log */
};

static void __attribute__((format(printf, 2, 3))) wrong(struct checking *k, const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    k->out->wrong++;
    k->say(k->arg, text);
}

/* Visits all rows of a query. What cannot be read is said to be wrong, and the rest left. */
static void
each_row(struct checking *k, const char *sql, void (*visit)(struct checking *k, sqlite3_stmt *row))
{
    sqlite3_stmt *st = NULL;
    struct error err;
    bool row = false;
    enum status result = sql_prepare(k->db, &st, sql, &err);

    while (result == ST_OK && (result = sql_step(st, &row, &err)) == ST_OK && row)
        visit(k, st);
    if (result != ST_OK)
        wrong(k, "not all can be read: %s", err.text);
    sqlite3_finalize(st);
}

/* --- rows --- */

static void
look_at_structure(struct checking *k, sqlite3_stmt *row)
{
    struct span s = sql_column(row, 0);

    if (!span_is(s, "ok"))
        wrong(k, "the file's structure: %.*s", (int)(s.n < 200 ? s.n : 200), s.p);
}

#define COLUMNS                                                                                    \
    "SELECT m.name || '.' || c.name, c.type, c.\"notnull\", c.pk FROM main.sqlite_master m,"       \
    " pragma_table_info(m.name, 'main') c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"    \
    " ORDER BY m.name, c.cid"

static bool
same_column(sqlite3_stmt *a, sqlite3_stmt *b)
{
    return span_eq(sql_column(a, 0), sql_column(b, 0)) &&
           span_eq(sql_column(a, 1), sql_column(b, 1)) &&
           sqlite3_column_int(a, 2) == sqlite3_column_int(b, 2) &&
           sqlite3_column_int(a, 3) == sqlite3_column_int(b, 3);
}

/* Compares the tables with those of a new ledger: what a definition that was changed makes of its
 * rows is no matter of the rows. */
static void
compare_columns(struct checking *k, sqlite3 *fresh)
{
    sqlite3_stmt *ours = NULL, *theirs = NULL;
    bool row = true, there = true;
    struct error err;
    enum status st = sql_prepare(fresh, &ours, COLUMNS, &err);

    if (st == ST_OK)
        st = sql_prepare(k->db, &theirs, COLUMNS, &err);
    while (st == ST_OK && row) {
        st = sql_step(ours, &row, &err);
        if (st == ST_OK)
            st = sql_step(theirs, &there, &err);
        if (st == ST_OK && (row != there || (row && !same_column(ours, theirs)))) {
            wrong(k, "the file's structure: %.*s is not defined as in a ledger",
                  SPAN_ARG(sql_column(there ? theirs : ours, 0)));
            break;
        }
    }
    if (st != ST_OK)
        wrong(k, "the file's structure: %s", err.text);
    sqlite3_finalize(ours);
    sqlite3_finalize(theirs);
}

static void
look_at_definitions(struct checking *k)
{
    sqlite3 *fresh = NULL;
    struct error err;
    int64_t views = 0;

    /* One of layout 1 is read through views. */
    if (sql_value(k->db, "SELECT count(*) FROM sqlite_temp_master", 0, &views, &err) == ST_OK &&
        views > 0)
        return;
    if (sqlite3_open(":memory:", &fresh) == SQLITE_OK &&
        sql_exec(fresh, LEDGER_SCHEMA, &err) == ST_OK)
        compare_columns(k, fresh);
    else
        wrong(k, "its definitions cannot be looked at: %s", sqlite3_errmsg(fresh));
    sqlite3_close(fresh);
}

static void
add_legs(struct checking *k, const struct cell *c)
{
    int64_t v[SERVICE_COLUMNS];

    cell_sum(c, v);
    if (c->kind == CELL_CUSTOMER)
        k->legs += v[CUSTOMER_LEGS] + v[CUSTOMER_FAILED];
}

static void
look_at_total(struct checking *k, sqlite3_stmt *row)
{
    struct error err;
    struct buf name = {0};

    k->out->totals++;
    if (ledger_read_total(row, k->scratch, &err) != ST_OK) {
        ledger_name_total(&name, sql_column(row, 1), sqlite3_column_int(row, 2));
        wrong(k, "the total of %s: %s", name.p, err.text);
    } else if ((uint64_t)sqlite3_column_int64(row, 3) > k->out->state.folded_batch) {
        ledger_name_total(&name, sql_column(row, 1), sqlite3_column_int(row, 2));
        wrong(k, "the total of %s holds batch %lld, which is not folded", name.p,
              (long long)sqlite3_column_int64(row, 3));
    } else {
        add_legs(k, cells_at(k->scratch, 0));
    }
    buf_clear(&name);
}

static enum status
look_at_delta(void *arg, enum cell_kind kind, struct span name, int32_t day, struct span values,
              struct error *err)
{
    struct checking *k = arg;
    enum status st;

    cells_reset(k->scratch);
    st = cell_decode_add(cells_get(k->scratch, kind, name, day), values, err);
    if (st == ST_OK)
        add_legs(k, cells_at(k->scratch, 0));
    return st;
}

static enum status
look_at_part(void *arg, uint64_t seq, struct span part, struct error *err)
{
    (void)seq;
    return cells_blob_each(part, look_at_delta, arg, err);
}

/* seq, size, deltas, holds */
static void
look_at_batch(struct checking *k, sqlite3_stmt *row)
{
    uint64_t seq = (uint64_t)sqlite3_column_int64(row, 0);
    struct error err;

    k->out->batches++;
    if (seq <= k->out->state.folded_batch || seq > k->out->state.last_batch)
        wrong(k, "batch %llu is not one of the log", (unsigned long long)seq);
    if (ledger_read_deltas(&k->raw, seq, sql_column(row, 2), (size_t)sqlite3_column_int64(row, 1),
                           sqlite3_column_int(row, 3), &err) != ST_OK ||
        ledger_visit_parts(seq, span_of(k->raw.p, k->raw.n), look_at_part, k, &err) != ST_OK)
        wrong(k, "%s", err.text);
}

/* seq, bytes of fingerprints, holds */
static void
look_at_seen(struct checking *k, sqlite3_stmt *row)
{
    long long seq = sqlite3_column_int64(row, 0);

    k->out->fingerprints += (uint64_t)sqlite3_column_int64(row, 1) / sizeof(uint64_t);
    if (!sqlite3_column_int(row, 2) || sqlite3_column_int64(row, 1) % sizeof(uint64_t) != 0)
        wrong(k, "the fingerprints of batch %lld fail their checksum", seq);
    if ((uint64_t)seq > k->out->state.last_batch)
        wrong(k, "the fingerprints of batch %lld, which was never committed", seq);
}

/* source, identity, position, seq, holds */
static void
look_at_checkpoint(struct checking *k, sqlite3_stmt *row)
{
    k->out->checkpoints++;
    if (!sqlite3_column_int(row, 4))
        wrong(k, "the position of input %.*s in %.*s fails its checksum",
              SPAN_ARG(sql_column(row, 0)), SPAN_ARG(sql_column(row, 1)));
    else if (sqlite3_column_int64(row, 2) < 0 ||
             (uint64_t)sqlite3_column_int64(row, 3) > k->out->state.last_batch)
        wrong(k, "the position of input %.*s in %.*s cannot be", SPAN_ARG(sql_column(row, 0)),
              SPAN_ARG(sql_column(row, 1)));
}

/* id, holds, length, bytes kept */
static void
look_at_quarantine(struct checking *k, sqlite3_stmt *row)
{
    long long id = sqlite3_column_int64(row, 0);

    k->out->quarantine++;
    if (!sqlite3_column_int(row, 1) || sqlite3_column_int64(row, 2) < sqlite3_column_int64(row, 3))
        wrong(k, "the refused record %lld fails its checksum", id);
    else if ((uint64_t)id > k->out->state.last_refused)
        wrong(k, "the refused record %lld has a number that was never given", id);
}

/* seq, records, accepted, duplicates, quarantined, ignored, holds */
static void
look_at_audit(struct checking *k, sqlite3_stmt *row)
{
    k->out->audits++;
    if (!sqlite3_column_int(row, 6))
        wrong(k, "the audit of batch %lld fails its checksum",
              (long long)sqlite3_column_int64(row, 0));
    else if (!ledger_audit_is_good(row, 1))
        wrong(k, "I3: the audit of batch %lld does not add up",
              (long long)sqlite3_column_int64(row, 0));
}

/* The sums of the audit, in the order of the state row. */
static void
look_at_sums(struct checking *k, sqlite3_stmt *row)
{
    const struct outcome_count *e = &k->out->state.ever;
    const uint64_t want[] = {e->records, e->accepted, e->duplicates, e->quarantined, e->ignored};
    static const char *const names[] = {"records", "accepted", "duplicates", "quarantined",
                                        "ignored"};

    for (int i = 0; i < 5; i++)
        if ((uint64_t)sqlite3_column_int64(row, i) != want[i])
            wrong(k, "I3: %s: the state says %llu, the audit %lld", names[i],
                  (unsigned long long)want[i], (long long)sqlite3_column_int64(row, i));
}

/* seq, n, holds */
static void
look_at_event(struct checking *k, sqlite3_stmt *row)
{
    struct error err;

    k->out->events++;
    if (!sqlite3_column_int(row, 2)) {
        ledger_event_damaged(row, &err);
        wrong(k, "%s", err.text);
    } else if ((uint64_t)sqlite3_column_int64(row, 0) > k->out->state.last_batch) {
        wrong(k, "an event of batch %lld, which was never committed",
              (long long)sqlite3_column_int64(row, 0));
    }
}

/* Of tables with nothing to be said but this. */
static void
look_at_failed(struct checking *k, sqlite3_stmt *row)
{
    wrong(k, "%.*s fails its checksum", SPAN_ARG(sql_column(row, 0)));
}

static void
look_at_missing_day(struct checking *k, sqlite3_stmt *row)
{
    char day[CIVIL_TEXT];

    wrong(k, "the day %s is not in the list of days", format_day(day, sqlite3_column_int(row, 1)));
}

/* --- the whole --- */

static const struct {
    const char *sql;
    void (*visit)(struct checking *k, sqlite3_stmt *row);
} rows[] = {
    {"PRAGMA integrity_check(" STRUCTURE_SENTENCES ")", look_at_structure},
    {LEDGER_TOTAL_COLUMNS, look_at_total},
    {"SELECT seq, size, deltas, " LEDGER_BATCH_HOLDS " FROM batch ORDER BY seq", look_at_batch},
    {"SELECT seq, length(fingerprints), " LEDGER_SEEN_HOLDS " FROM seen ORDER BY seq",
     look_at_seen},
    {"SELECT source, identity, position, seq, " LEDGER_CHECKPOINT_HOLDS " FROM checkpoint",
     look_at_checkpoint},
    {"SELECT id, " LEDGER_QUARANTINE_HOLDS ", length, length(head) FROM quarantine"
     " ORDER BY id",
     look_at_quarantine},
    {"SELECT seq, records, accepted, duplicates, quarantined, ignored, " LEDGER_AUDIT_HOLDS
     " FROM audit ORDER BY seq",
     look_at_audit},
    {"SELECT coalesce(sum(records), 0), coalesce(sum(accepted), 0), coalesce(sum(duplicates), 0),"
     " coalesce(sum(quarantined), 0), coalesce(sum(ignored), 0) FROM audit",
     look_at_sums},
    {"SELECT seq, n, " LEDGER_EVENT_HOLDS " FROM event ORDER BY seq, n", look_at_event},
    {"SELECT 'the incarnation ' || incarnation FROM history WHERE NOT " LEDGER_HISTORY_HOLDS,
     look_at_failed},
    {"SELECT 'the day ' || date(period * 86400, 'unixepoch') || ' in the list of days'"
     " FROM total_day WHERE NOT " LEDGER_DAY_HOLDS,
     look_at_failed},
    {"SELECT 'the key ' || key || ' of input ' || source FROM idem WHERE NOT " LEDGER_IDEM_HOLDS,
     look_at_failed},
    {"SELECT 'the open leg ' || key || ' of input ' || source FROM open_leg"
     " WHERE NOT " LEDGER_OPEN_LEG_HOLDS,
     look_at_failed},
    {"SELECT 'what is kept of batch ' || number / 256 || ' to be corrected' FROM kept"
     " WHERE NOT " LEDGER_KEPT_HOLDS,
     look_at_failed},
    {"SELECT 'a correction of batch ' || seq FROM correction WHERE NOT " LEDGER_CORRECTION_HOLDS,
     look_at_failed},
    {"SELECT 'the merge of batch ' || seq FROM merged WHERE NOT " LEDGER_MERGED_HOLDS,
     look_at_failed},
    {"SELECT 'the number of corrections' FROM corrected WHERE NOT " LEDGER_CORRECTED_HOLDS,
     look_at_failed},
    {"SELECT 'the range of input ' || input || ' in batch ' || first_seq FROM intake"
     " WHERE NOT " LEDGER_INTAKE_HOLDS,
     look_at_failed},
    {"SELECT 'a quarter hour of input ' || input FROM feed_quarter"
     " WHERE NOT " LEDGER_FEED_QUARTER_HOLDS,
     look_at_failed},
    {"SELECT 'the way of ' || name || ' by input ' || input FROM way WHERE NOT " LEDGER_WAY_HOLDS,
     look_at_failed},
    {"SELECT DISTINCT substr(subject, 1, 1), period FROM total WHERE NOT EXISTS(SELECT 1"
     " FROM total_day d WHERE d.kind = unicode(CAST(substr(total.subject, 1, 1) AS TEXT))"
     " AND d.period = total.period)",
     look_at_missing_day},
};

static void
look_at_all(struct checking *k, const struct ledger_identity *id)
{
    const struct ledger_state *s = &k->out->state;
    const struct outcome_count *e = &s->ever;

    look_at_definitions(k);
    if (!id->holds || !id->state_holds)
        wrong(k, "the state row fails its checksum");
    if (!id->version_holds)
        wrong(k, "the version in the state row is damaged");
    if (s->folded_batch > s->last_batch)
        wrong(k, "the state: folded up to batch %llu of %llu", (unsigned long long)s->folded_batch,
              (unsigned long long)s->last_batch);
    if (e->records != e->accepted + e->duplicates + e->quarantined + e->ignored)
        wrong(k, "I3: the state does not add up");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        each_row(k, rows[i].sql, rows[i].visit);
    if (k->legs > (int64_t)e->accepted)
        wrong(k, "I4: %lld legs are counted, but only %llu records were accepted",
              (long long)k->legs, (unsigned long long)e->accepted);
}

enum status
ledger_check(const char *path, ledger_say *say, void *arg, struct ledger_check *out,
             struct error *err)
{
    struct checking k = {.say = say, .arg = arg, .out = out};
    struct ledger_identity id;
    struct error why;
    enum status st;

    memset(out, 0, sizeof *out);
    if (access(path, F_OK) != 0)
        return fail(err, ST_NOT_FOUND, "there is no ledger at %.180s", path);
    st = ledger_open_readonly(&k.db, path, &why);
    if (st == ST_OK)
        st = sql_exec(k.db, "BEGIN", &why);
    if (st == ST_OK)
        st = ledger_look_at_state(k.db, &out->state, &id, &why);
    if (st == ST_OK) {
        memcpy(out->node, id.node, sizeof out->node);
        k.scratch = cells_new();
        look_at_all(&k, &id);
        cells_free(k.scratch);
        buf_clear(&k.raw);
    }
    sqlite3_close(k.db);
    if (st == ST_OK || st == ST_BAD_CONFIG || st == ST_RETRY)
        return st == ST_OK ? st : fail(err, st, "%s", why.text);
    wrong(&k, "it cannot be read at all: %s", why.text);
    return ST_OK;
}
