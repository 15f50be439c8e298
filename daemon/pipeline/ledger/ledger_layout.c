/*
 * ledger_layout.c - layout 1 of the ledger, shown as layout 2 or made into it.
 *
 * Rows that had no checksum get theirs from what they say now. The blobs of a batch or a refused
 * record had: it takes their place in the new one (row_checksum counts both alike), so that
 * nothing that was damaged is good afterwards.
 */
#include "ledger_layout.h"

#include <stdlib.h>

#include "fault.h"
#include "ledger_schema.h"
#include "ledger_sums.h"
#include "memory.h"

/* A version that is not the one of layout 1 becomes none of this one. */
#define NEXT_VERSION "version + 1"
#define FORMER_STATE                                                                               \
    "incarnation, last_batch, folded_batch, records, accepted, duplicates, quarantined, ignored,"  \
    " late, expired, newest"
#define LAST_REFUSED                                                                               \
    "max((SELECT coalesce(max(id), 0) FROM main.quarantine),"                                      \
    " (SELECT coalesce(max(seq), 0) FROM main.sqlite_sequence WHERE name = 'quarantine'))"

static const struct {
    const char *name, *columns;
    const char *key[2];
    const char *sum; /* NULL: as the columns */
    bool summed;     /* it has a column `checksum` */
} tables[] = {
    {"history", LEDGER_HISTORY, {"incarnation"}, NULL, false},
    {"batch", LEDGER_BATCH, {"seq"}, "seq, created, size, checksum", true},
    {"seen", LEDGER_SEEN, {"seq"}, "seq, created, checksum", true},
    {"total_day", LEDGER_DAY, {"kind", "period"}, NULL, false},
    {"checkpoint", LEDGER_CHECKPOINT, {"source", "identity"}, NULL, false},
    {"idem", LEDGER_IDEM, {"source", "key"}, NULL, false},
    {"open_leg", LEDGER_OPEN_LEG, {"source", "key"}, NULL, false},
    {"quarantine",
     LEDGER_QUARANTINE,
     {"id"},
     "id, seq, input, source, format, stream, timezone, identity, reason, position, length, hash,"
     " hash, header, arrived",
     false},
    {"audit", LEDGER_AUDIT, {"seq"}, NULL, false},
    {"event", LEDGER_EVENT, {"seq", "n"}, NULL, false},
};

/* How many of these columns the state row has; -1: it cannot be asked. */
static int64_t
columns_of_state(sqlite3 *db, const char *condition)
{
    struct buf sql = {0};
    int64_t n;

    buf_printf(&sql, "SELECT count(*) FROM pragma_table_info('meta', 'main') WHERE %s", condition);
    if (sql_value(db, sql.p, 0, &n, NULL) != ST_OK)
        n = -1;
    buf_clear(&sql);
    return n;
}

/* By its columns: the version that it names may be what is damaged. */
bool
ledger_is_former(sqlite3 *db)
{
    return columns_of_state(db, "true") > 0 &&
           columns_of_state(db, "name IN ('last_refused', 'id_checksum', 'checksum')") == 0;
}

/* It may have been made before there was one. */
static bool
has_floor(sqlite3 *db)
{
    return columns_of_state(db, "name = 'floor'") > 0;
}

static const char *
summed_columns(size_t i)
{
    return tables[i].sum ? tables[i].sum : tables[i].columns;
}

enum status
ledger_show_former(sqlite3 *db, struct error *err)
{
    struct buf sql = {0};
    enum status st;

    buf_str(&sql, "PRAGMA temp_store = MEMORY;");
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        buf_printf(&sql,
                   "CREATE TEMP VIEW %s AS SELECT %s, row_checksum(%s) AS checksum FROM main.%s;",
                   tables[i].name, tables[i].columns, summed_columns(i), tables[i].name);
    buf_printf(&sql,
               "CREATE TEMP VIEW meta AS SELECT *, " LEDGER_STATE_CHECKSUM " AS checksum"
               " FROM (SELECT one, " NEXT_VERSION " AS version, " LEDGER_IDENTITY ", " FORMER_STATE
               ", %s AS floor, " LAST_REFUSED " AS last_refused, " LEDGER_IDENTITY_CHECKSUM
               " AS id_checksum"
               " FROM main.meta)",
               has_floor(db) ? "floor" : "0");
    st = sql_exec(db, sql.p, err);
    buf_clear(&sql);
    return st;
}

#define NO_ROWS(table, columns)                                                                    \
    "CREATE TEMP VIEW " table " AS SELECT " columns ", 0 AS checksum WHERE 0;"

#define LEDGER_NO_INTAKE                                                                           \
    "0 AS first_seq, '' AS input, '' AS stream, '' AS identity, 0 AS unit, 0 AS at, 0 AS until,"   \
    " 0 AS last_seq, 0 AS records, 0 AS accepted, 0 AS first_quarter, 0 AS last_quarter,"          \
    " 0 AS begun, 0 AS ended"

/* Where there is no such table, these views stand for it and its like. */
static enum status
show_without(sqlite3 *db, const char *table, const char *views, struct error *err)
{
    char *ask = xasprintf("SELECT count(*) FROM main.sqlite_master WHERE name = '%s'", table);
    int64_t there = 1;
    enum status st;

    /* What cannot even be asked is said by whoever reads on. */
    sql_value(db, ask, 1, &there, NULL);
    free(ask);
    if (there)
        return ST_OK;
    st = sql_exec(db, "PRAGMA temp_store = MEMORY", err);
    return st == ST_OK ? sql_exec(db, views, err) : st;
}

enum status
ledger_show_later(sqlite3 *db, struct error *err)
{
    enum status st = show_without(db, "way",
                                  NO_ROWS("intake", LEDGER_NO_INTAKE)
                                      NO_ROWS("feed_quarter", "0 AS arrived, '' AS input,"
                                                              " 0 AS quarter, 0 AS records")
                                          NO_ROWS("way", "0 AS kind, '' AS name, '' AS input"),
                                  err);

    if (st != ST_OK)
        return st;
    return show_without(db, "kept",
                        NO_ROWS("kept", "0 AS number, 0 AS count, x'' AS names, x'' AS items")
                            NO_ROWS("correction", "0 AS fingerprint, 0 AS origin, 0 AS seq,"
                                                  " x'' AS names, x'' AS item")
                                NO_ROWS("merged", "0 AS seq, '' AS customer, '' AS target")
                                    NO_ROWS("corrected", "1 AS one, 0 AS corrections, 0 AS voids"),
                        err);
}

static void
add_column(struct buf *sql, const char *table, const char *column)
{
    buf_printf(sql, "ALTER TABLE %s ADD COLUMN %s INTEGER NOT NULL DEFAULT 0;", table, column);
}

/* A row at a time: of all that one statement changes SQLite keeps in memory how it was. */
static enum status
give_checksums(sqlite3 *db, size_t i, struct error *err)
{
    const char *const *key = tables[i].key;
    char *keys = xasprintf("SELECT %s, %s FROM %s", key[0], key[1] ? key[1] : "0", tables[i].name);
    char *give = xasprintf("UPDATE %s SET checksum = row_checksum(%s) WHERE %s = ?1%s%s%s",
                           tables[i].name, summed_columns(i), key[0], key[1] ? " AND " : "",
                           key[1] ? key[1] : "", key[1] ? " = ?2" : "");
    sqlite3_stmt *row = NULL, *change = NULL;
    bool more = false;
    enum status st = sql_prepare(db, &row, keys, err);

    if (st == ST_OK)
        st = sql_prepare(db, &change, give, err);
    while (st == ST_OK && (st = sql_step(row, &more, err)) == ST_OK && more) {
        sqlite3_bind_value(change, 1, sqlite3_column_value(row, 0));
        if (key[1])
            sqlite3_bind_value(change, 2, sqlite3_column_value(row, 1));
        st = sql_run(change, err);
        fault_point("row_converted");
    }
    sqlite3_finalize(row);
    sqlite3_finalize(change);
    free(keys);
    free(give);
    return st;
}

static enum status
convert_table(sqlite3 *db, size_t i, struct error *err)
{
    struct buf sql = {0};
    enum status st = ST_OK;

    if (!tables[i].summed) {
        add_column(&sql, tables[i].name, "checksum");
        st = sql_exec(db, sql.p, err);
        buf_clear(&sql);
    }
    return st == ST_OK ? give_checksums(db, i, err) : st;
}

static enum status
convert_state(sqlite3 *db, struct error *err)
{
    struct buf sql = {0};
    enum status st;

    if (!has_floor(db))
        add_column(&sql, "meta", "floor");
    add_column(&sql, "meta", "last_refused");
    add_column(&sql, "meta", "id_checksum");
    add_column(&sql, "meta", "checksum");
    buf_str(&sql, "UPDATE meta SET version = " NEXT_VERSION ", last_refused = " LAST_REFUSED ";");
    buf_str(&sql, "UPDATE meta SET id_checksum = " LEDGER_IDENTITY_CHECKSUM
                  ", checksum = " LEDGER_STATE_CHECKSUM);
    st = sql_exec(db, sql.p, err);
    buf_clear(&sql);
    return st;
}

enum status
ledger_take_over(sqlite3 *db, struct error *err)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && st == ST_OK; i++)
        st = convert_table(db, i, err);
    return st == ST_OK ? convert_state(db, err) : st;
}
