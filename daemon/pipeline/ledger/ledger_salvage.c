/*
 * ledger_salvage.c - row by row out of a damaged ledger into a new one.
 *
 * A table is read forwards until a page cannot be read, then backwards from its end; what lies
 * between is looked for by number, or, totals, by what their index names. Only rows that pass
 * their checks are taken. So one damaged page costs the rows on it, and each of them is named.
 *
 * The new ledger keeps the old one's id (the fingerprints are keyed with it) but not its history
 * of incarnations: the projection then takes its places in Redis for those of a ledger that was
 * restored, sends everything again and removes what is not in the ledger any more.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "keys.h"
#include "ledger_care_internal.h"
#include "ledger_parts.h"
#include "ledger_salvage_internal.h"
#include "ledger_sums.h"

#define MAX_PROBES 20000 /* for rows between two damaged pages */

void
salvage_lost(struct salvage *s, const char *fmt, ...)
{
    sqlite3_stmt *st = s->remember;
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sql_bind_text(st, 1, span_str(text));
    if (sql_run(st, NULL) != ST_OK || sqlite3_changes(s->to) == 0)
        return; /* said before: a row may be met more than once */
    s->out->lost++;
    s->say(s->arg, text);
}

/* --- what a good row is --- */

static enum status
decode_delta(void *arg, enum cell_kind kind, struct span name, int32_t day, struct span values,
             struct error *err)
{
    struct salvage *s = arg;

    cells_reset(s->scratch);
    return cell_decode_add(cells_get(s->scratch, kind, name, day), values, err);
}

static enum status
decode_part(void *arg, uint64_t seq, struct span part, struct error *err)
{
    (void)seq;
    return cells_blob_each(part, decode_delta, arg, err);
}

static bool
good_batch(struct salvage *s, sqlite3_stmt *row)
{
    uint64_t seq = (uint64_t)sqlite3_column_int64(row, 0);

    return ledger_read_deltas(&s->raw, seq, sql_column(row, 3),
                              (size_t)sqlite3_column_int64(row, 2), true, NULL) == ST_OK &&
           ledger_visit_parts(seq, span_of(s->raw.p, s->raw.n), decode_part, s, NULL) == ST_OK;
}

static bool
good_seen(struct salvage *s, sqlite3_stmt *row)
{
    (void)s;
    return sql_column(row, 2).n % sizeof(uint64_t) == 0;
}

static bool
good_total(struct salvage *s, sqlite3_stmt *row)
{
    return ledger_read_total(row, s->scratch, NULL) == ST_OK;
}

static bool
good_audit(struct salvage *s, sqlite3_stmt *row)
{
    (void)s;
    return ledger_audit_is_good(row, 2);
}

static bool
good_checkpoint(struct salvage *s, sqlite3_stmt *row)
{
    (void)s;
    return sqlite3_column_int64(row, 2) >= 0;
}

struct table {
    const char *name, *columns;
    const char *number; /* its whole-number key, or NULL */
    const char *up, *down;
    const char *noun;    /* what one row is, before its key */
    const char *joint;   /* before the second part of its key, or NULL */
    const char *meaning; /* what follows from its loss */
    bool (*good)(struct salvage *s, sqlite3_stmt *row); /* beside the checksum; or NULL */
};

static const struct table tables[] = {
    {"batch", LEDGER_BATCH, "seq", "seq", "seq DESC", "the counts of batch", NULL, "", good_batch},
    {"seen", LEDGER_SEEN, "seq", "seq", "seq DESC", "the fingerprints of batch", NULL, "",
     good_seen},
    {"kept", LEDGER_KEPT, "number", "number", "number DESC",
     "what was kept to be corrected, number", NULL, ": corrections of its records go to quarantine",
     NULL},
    {"correction", LEDGER_CORRECTION, "fingerprint", "fingerprint", "fingerprint DESC",
     "the correction of record", NULL, ": a later one takes out what was there before it", NULL},
    {"merged", LEDGER_MERGED, "seq", "seq", "seq DESC", "the merge of batch", NULL, "", NULL},
    {"corrected", LEDGER_CORRECTED, "one", "one", "one DESC", "the number of corrections", NULL, "",
     NULL},
    {"quarantine", LEDGER_QUARANTINE, "id", "id", "id DESC", "refused record", NULL, "", NULL},
    {"audit", LEDGER_AUDIT, "seq", "seq", "seq DESC", "the audit of batch", NULL, "", good_audit},
    {"checkpoint", LEDGER_CHECKPOINT, NULL, "source, identity", "source DESC, identity DESC",
     "the position of input", " in ",
     ": what is read there once more and has no id counts once more", good_checkpoint},
    {"event", LEDGER_EVENT, NULL, "seq, n", "seq DESC, n DESC", "an event of batch", NULL, "",
     NULL},
    {"idem", LEDGER_IDEM, NULL, "source, key", "source DESC, key DESC", "the answer to input",
     ", key ", ": a request that comes again with it is no repetition", NULL},
    {"open_leg", LEDGER_OPEN_LEG, NULL, "source, key", "source DESC, key DESC",
     "an open leg of input", ", key ", "", NULL},
    {"intake", LEDGER_INTAKE, NULL, "first_seq, input, stream, identity",
     "first_seq DESC, input DESC, stream DESC, identity DESC", "a range of batch", " by input ",
     ": signals cannot be followed back to it", NULL},
    {"feed_quarter", LEDGER_FEED_QUARTER, NULL, "arrived, input, quarter",
     "arrived DESC, input DESC, quarter DESC", "a quarter hour", " of input ", "", NULL},
    {"way", LEDGER_WAY, NULL, "kind, name, input", "kind DESC, name DESC, input DESC",
     "a way, kind", ", name ", "", NULL},
};

/* --- copying --- */

/* The first `columns` of a row. */
static enum status
put_row(struct salvage *s, const char *table, sqlite3_stmt *row, int columns, struct error *err)
{
    int code;
    sqlite3_stmt *st = NULL;
    struct buf sql = {0};
    enum status result;

    buf_printf(&sql, "INSERT OR IGNORE INTO %s VALUES(?", table);
    for (int i = 1; i < columns; i++)
        buf_str(&sql, ", ?");
    buf_char(&sql, ')');
    if (s->insert_columns != columns || s->insert_table != table) {
        sqlite3_finalize(s->insert);
        s->insert = NULL;
        s->insert_table = table;
        s->insert_columns = columns;
        result = sql_prepare(s->to, &s->insert, sql.p, err);
        if (result != ST_OK) {
            buf_clear(&sql);
            return result;
        }
    }
    buf_clear(&sql);
    st = s->insert;
    for (int i = 0; i < columns; i++)
        sqlite3_bind_value(st, i + 1, sqlite3_column_value(row, i));
    code = sqlite3_step(st);
    result = code == SQLITE_DONE ? ST_OK : sql_fail(s->to, table, err);
    sqlite3_reset(st);
    if (code == SQLITE_DONE)
        s->out->saved += (uint64_t)sqlite3_changes(s->to);
    return (code & 0xFF) == SQLITE_CONSTRAINT ? ST_SKIP : result; /* no row of ours */
}

static void
say_lost_row(struct salvage *s, const struct table *t, sqlite3_stmt *row)
{
    struct span key = sql_column(row, 0), rest = SPAN("");

    if (t->joint)
        rest = sql_column(row, 1);
    salvage_lost(s, "%s %.*s%s%.*s fails its checks%s", t->noun, (int)(key.n < 80 ? key.n : 80),
                 (const char *)sqlite3_column_text(row, 0), t->joint ? t->joint : "",
                 (int)(rest.n < 80 ? rest.n : 80), rest.p, t->meaning);
}

/* Walks a query over all columns of a table. ST_OK: to its end. ST_CORRUPT: until something
 * could not be read; *reached is the last number. Others: the new ledger cannot be written. */
static enum status
walk(struct salvage *s, const struct table *t, const char *rest, int64_t *reached,
     struct error *err)
{
    char *sql = xasprintf("SELECT %s, checksum, checksum IS row_checksum(%s) FROM %s %s",
                          t->columns, t->columns, t->name, rest);
    sqlite3_stmt *st = NULL;
    enum status result;
    bool row = false;
    int holds;

    result = sql_prepare(s->from, &st, sql, err) == ST_OK ? ST_OK : ST_CORRUPT;
    while (result == ST_OK && sql_step(st, &row, NULL) == ST_OK) {
        if (!row) {
            sqlite3_finalize(st);
            free(sql);
            return ST_OK;
        }
        *reached = sqlite3_column_int64(st, 0);
        holds = sqlite3_column_count(st) - 1;
        if (sqlite3_column_int(st, holds) && (!t->good || t->good(s, st)))
            result = put_row(s, t->name, st, holds, err);
        else
            result = ST_SKIP;
        if (result == ST_SKIP) {
            say_lost_row(s, t, st);
            result = ST_OK;
        }
    }
    sqlite3_finalize(st);
    free(sql);
    return result == ST_OK ? ST_CORRUPT : result;
}

/* Rows numbered above low and below high, which neither walk came to. */
static enum status
look_between(struct salvage *s, const struct table *t, int64_t low, int64_t high, struct error *err)
{
    int64_t middle = low + (high - low) / 2, up = middle - 1, down = middle;
    enum status upper, lower;
    char rest[200];

    if (high - low <= 1 || s->probes++ > MAX_PROBES)
        return ST_OK;
    snprintf(rest, sizeof rest, "WHERE %s >= %lld AND %s < %lld ORDER BY %s", t->number,
             (long long)middle, t->number, (long long)high, t->up);
    upper = walk(s, t, rest, &up, err);
    if (upper != ST_OK && upper != ST_CORRUPT)
        return upper;
    snprintf(rest, sizeof rest, "WHERE %s < %lld AND %s > %lld ORDER BY %s", t->number,
             (long long)middle, t->number, (long long)low, t->down);
    lower = walk(s, t, rest, &down, err);
    if (lower != ST_OK && lower != ST_CORRUPT)
        return lower;
    if (upper == ST_CORRUPT)
        upper = look_between(s, t, up > middle ? up : middle, high, err);
    if (lower == ST_CORRUPT && upper == ST_OK)
        upper = look_between(s, t, low, down < middle - 1 ? down : middle - 1, err);
    return upper;
}

static void
say_gap(struct salvage *s, const struct table *t, int64_t low, int64_t high)
{
    char sql[160];
    int64_t saved = 0;

    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE %s > %lld AND %s < %lld", t->name,
             t->number, (long long)low, t->number, (long long)high);
    sql_value(s->to, sql, 0, &saved, NULL);
    if (high == INT64_MAX)
        salvage_lost(s, "%s: of those numbered above %lld, %lld could be read", t->noun,
                     (long long)low, (long long)saved);
    else if (high - low - 1 > saved)
        salvage_lost(s, "%s: of those numbered %lld to %lld, %lld could be read", t->noun,
                     (long long)low + 1, (long long)high - 1, (long long)saved);
}

static enum status
save_table(struct salvage *s, const struct table *t, struct error *err)
{
    int64_t low = 0, high = INT64_MAX;
    char rest[120];
    enum status st;

    snprintf(rest, sizeof rest, "ORDER BY %s", t->up);
    st = walk(s, t, rest, &low, err);
    if (st != ST_CORRUPT)
        return st;
    snprintf(rest, sizeof rest, "ORDER BY %s", t->down);
    st = walk(s, t, rest, &high, err);
    if (!t->number || st == ST_OK || (st == ST_CORRUPT && high == INT64_MAX)) {
        if (!t->number)
            salvage_lost(s, "%s ...: there may be more that could not be read", t->noun);
        else
            say_gap(s, t, low, high);
        return st == ST_CORRUPT ? ST_OK : st;
    }
    if (st != ST_CORRUPT)
        return st;
    st = look_between(s, t, low, high, err);
    if (st == ST_OK)
        say_gap(s, t, low, high);
    return st;
}

/* --- totals --- */

static enum status
take_total(struct salvage *s, sqlite3_stmt *row, struct error *err)
{
    enum status st =
        good_total(s, row) ? put_row(s, "total", row, sqlite3_column_count(row), err) : ST_SKIP;
    struct buf name = {0};

    if (st == ST_OK) {
        sqlite3_bind_int(s->put_day, 1, (unsigned char)sql_column(row, 1).p[0]);
        sqlite3_bind_int(s->put_day, 2, sqlite3_column_int(row, 2));
        return sql_run(s->put_day, err);
    }
    if (st != ST_SKIP)
        return st;
    ledger_name_total(&name, sql_column(row, 1), sqlite3_column_int(row, 2));
    salvage_lost(s, "the total of %.200s", name.p);
    buf_clear(&name);
    return ST_OK;
}

static enum status
walk_totals(struct salvage *s, int partition, const char *order, struct error *err)
{
    char *sql =
        xasprintf(LEDGER_TOTAL_COLUMNS "WHERE partition = %d ORDER BY %s", partition, order);
    enum status result, read = ST_CORRUPT;
    sqlite3_stmt *st = NULL;
    bool row = false;

    result = sql_prepare(s->from, &st, sql, NULL) == ST_OK ? ST_OK : ST_CORRUPT;
    while (result == ST_OK && (read = sql_step(st, &row, NULL)) == ST_OK && row)
        result = take_total(s, st, err);
    sqlite3_finalize(st);
    free(sql);
    return result == ST_OK && read != ST_OK ? ST_CORRUPT : result;
}

/* One that the index names: taken if its row can be reached, else named itself. */
static enum status
find_total(struct salvage *s, sqlite3_stmt *find, sqlite3_stmt *named, struct error *err)
{
    struct span subject = sql_column(named, 0);
    int32_t day = sqlite3_column_int(named, 1);
    struct buf name = {0};
    enum status st = ST_OK;
    bool row = false;

    sql_bind_blob(find, 2, subject.p, subject.n);
    sqlite3_bind_int(find, 3, day);
    if (sql_step(find, &row, NULL) == ST_OK && row) {
        st = take_total(s, find, err);
        sqlite3_reset(find);
        return st;
    }
    ledger_name_total(&name, subject, day);
    salvage_lost(s, "the total of %.200s", name.p);
    buf_clear(&name);
    return ST_OK;
}

/* The index names every total there should be. */
static enum status
look_in_index(struct salvage *s, int partition, struct error *err)
{
    sqlite3_stmt *named = NULL, *find = NULL, *there = NULL;
    enum status result, read = ST_CORRUPT;
    bool row = false;

    result = sql_prepare(s->to, &there,
                         "SELECT 1 FROM total WHERE partition = ?1 AND subject = ?2"
                         " AND period = ?3",
                         err);
    if (result == ST_OK &&
        sql_prepare(s->from, &named,
                    "SELECT subject, period FROM total INDEXED BY total_seq"
                    " WHERE partition = ?1",
                    NULL) == ST_OK &&
        sql_prepare(s->from, &find,
                    LEDGER_TOTAL_COLUMNS "WHERE partition = ?1 AND subject = ?2 AND period = ?3",
                    NULL) == ST_OK) {
        sqlite3_bind_int(named, 1, partition);
        sqlite3_bind_int(find, 1, partition);
        sqlite3_bind_int(there, 1, partition);
        while (result == ST_OK && (read = sql_step(named, &row, NULL)) == ST_OK && row) {
            struct span subject = sql_column(named, 0);
            bool known = false;

            sql_bind_blob(there, 2, subject.p, subject.n);
            sqlite3_bind_int(there, 3, sqlite3_column_int(named, 1));
            result = sql_step(there, &known, err);
            sqlite3_reset(there);
            if (result == ST_OK && !known)
                result = find_total(s, find, named, err);
        }
    }
    sqlite3_finalize(named);
    sqlite3_finalize(find);
    sqlite3_finalize(there);
    return result == ST_OK && read != ST_OK ? ST_CORRUPT : result;
}

static enum status
save_totals(struct salvage *s, struct error *err)
{
    enum status st = ST_OK;

    for (int p = 0; p < KEY_PARTITIONS && (st == ST_OK || st == ST_CORRUPT); p++) {
        bool whole = (st = walk_totals(s, p, "subject, period", err)) == ST_OK;

        if (st == ST_CORRUPT)
            st = walk_totals(s, p, "subject DESC, period DESC", err);
        if (st == ST_OK || st == ST_CORRUPT)
            st = look_in_index(s, p, err);
        if (st == ST_CORRUPT && !whole)
            salvage_lost(s, "totals of partition %d: there may be more that could not be read", p);
    }
    return st == ST_CORRUPT ? ST_OK : st;
}

/* --- all of it --- */

static bool
of_fingerprints(const char *table)
{
    return strcmp(table, "seen") == 0 || strcmp(table, "kept") == 0 ||
           strcmp(table, "correction") == 0;
}

enum status
salvage_rows(struct salvage *s, struct error *err)
{
    enum status st = save_totals(s, err);

    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && st == ST_OK; i++) {
        if (s->out->identity_lost && of_fingerprints(tables[i].name))
            continue;
        s->probes = 0;
        st = save_table(s, &tables[i], err);
    }
    return st;
}
