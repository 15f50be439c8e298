/*
 * ledger_layout.c - layout 1 of the ledger, shown as layout 2 or made into it.
 *
 * Rows that had no checksum get theirs from what they say now. The blobs of a batch or a refused
 * record had: it takes their place in the new one (row_checksum counts both alike), so that
 * nothing that was damaged is good afterwards.
 */
#include "ledger_layout.h"

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
    const char *sum; /* NULL: as the columns */
    bool summed;     /* it has a column `checksum` */
} tables[] = {
    {"history", LEDGER_HISTORY, NULL, false},
    {"batch", LEDGER_BATCH, "seq, created, size, checksum", true},
    {"seen", LEDGER_SEEN, "seq, created, checksum", true},
    {"total_day", LEDGER_DAY, NULL, false},
    {"checkpoint", LEDGER_CHECKPOINT, NULL, false},
    {"idem", LEDGER_IDEM, NULL, false},
    {"open_leg", LEDGER_OPEN_LEG, NULL, false},
    {"quarantine", LEDGER_QUARANTINE,
     "id, seq, input, source, format, stream, timezone, identity, reason, position, length, hash,"
     " hash, header, arrived",
     false},
    {"audit", LEDGER_AUDIT, NULL, false},
    {"event", LEDGER_EVENT, NULL, false},
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

static void
add_column(struct buf *sql, const char *table, const char *column)
{
    buf_printf(sql, "ALTER TABLE %s ADD COLUMN %s INTEGER NOT NULL DEFAULT 0;", table, column);
}

enum status
ledger_take_over(sqlite3 *db, struct error *err)
{
    struct buf sql = {0};
    enum status st;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (!tables[i].summed)
            add_column(&sql, tables[i].name, "checksum");
        buf_printf(&sql, "UPDATE %s SET checksum = row_checksum(%s);", tables[i].name,
                   summed_columns(i));
    }
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
