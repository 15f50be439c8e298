/*
 * sql.c - thin calls around SQLite.
 */
#include "sql.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "account.h"

static void *
counted_malloc(int n)
{
    return account_malloc(HOLDER_DATABASES, (size_t)n);
}

static void *
counted_realloc(void *p, int n)
{
    return account_realloc(HOLDER_DATABASES, p, (size_t)n);
}

static void
counted_free(void *p)
{
    account_free(HOLDER_DATABASES, p);
}

static int
size_of(void *p)
{
    return p ? (int)malloc_usable_size(p) : 0;
}

static int
round_up(int n)
{
    return (n + 7) & ~7;
}

static int
begin(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void
end(void *arg)
{
    (void)arg;
}

void
sql_configure(void)
{
    static const sqlite3_mem_methods methods = {
        counted_malloc, counted_free, counted_realloc, size_of, round_up, begin, end, NULL,
    };

    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

enum status
sql_fail(sqlite3 *db, const char *what, struct error *err)
{
    int cause = errno; /* sqlite3_system_errno knows nothing of what COMMIT met */
    int code = sqlite3_extended_errcode(db);
    const char *text = sqlite3_errmsg(db);

    /* SQLite tells a full disk apart, but not a full quota or a limit on the size of files: all
     * of them leave the transaction undone. */
    if (code == SQLITE_IOERR_SHMSIZE ||
        (code == SQLITE_IOERR_WRITE && (cause == EDQUOT || cause == EFBIG)))
        return fail(err, ST_FULL, "%s: no room on the disk", what);
    /* Nothing was written; it is mounted for writing again some day. */
    if (code == SQLITE_READONLY || (code == SQLITE_IOERR_WRITE && cause == EROFS))
        return fail(err, ST_FULL, "%s: the file system is read-only", what);
    /* A read that the disk refused. Of a statement SQLite calls it damage, but the file may be
     * whole. */
    if (code == SQLITE_IOERR_CORRUPTFS || ((code & 0xFF) == SQLITE_CORRUPT && cause == EIO))
        return fail(err, ST_IO, "%s: the disk could not be read", what);
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return fail(err, ST_FULL, "%s: no room on the disk", what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(err, ST_RETRY, "%s: the database is busy", what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(err, ST_CORRUPT, "%s: %s", what, text);
    default:
        return fail(err, ST_IO, "%s: %s (SQLite code %d)", what, text, code);
    }
}

enum status
sql_exec(sqlite3 *db, const char *sql, struct error *err)
{
    errno = 0;
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        char what[64];

        snprintf(what, sizeof what, "%.60s", sql);
        return sql_fail(db, what, err);
    }
    return ST_OK;
}

enum status
sql_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql, struct error *err)
{
    errno = 0;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
        return sql_fail(db, sql, err);
    return ST_OK;
}

enum status
sql_step(sqlite3_stmt *st, bool *row, struct error *err)
{
    int code;

    errno = 0;
    code = sqlite3_step(st);

    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return ST_OK;
    if (code != SQLITE_DONE) {
        enum status result = sql_fail(sqlite3_db_handle(st), sqlite3_sql(st), err);

        sqlite3_reset(st);
        return result;
    }
    sqlite3_reset(st);
    return ST_OK;
}

enum status
sql_run(sqlite3_stmt *st, struct error *err)
{
    bool row;
    enum status result = sql_step(st, &row, err);

    if (row)
        sqlite3_reset(st);
    return result;
}

enum status
sql_value(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out, struct error *err)
{
    sqlite3_stmt *st;
    enum status result = sql_prepare(db, &st, sql, err);
    bool row;

    if (result != ST_OK)
        return result;
    result = sql_step(st, &row, err);
    if (result == ST_OK)
        *out = row ? sqlite3_column_int64(st, 0) : otherwise;
    sqlite3_finalize(st);
    return result;
}

void
sql_bind_text(sqlite3_stmt *st, int i, struct span s)
{
    sqlite3_bind_text(st, i, s.p ? s.p : "", (int)s.n, SQLITE_STATIC);
}

void
sql_bind_blob(sqlite3_stmt *st, int i, const void *p, size_t n)
{
    sqlite3_bind_blob64(st, i, p ? p : "", n, SQLITE_STATIC);
}

struct span
sql_column(sqlite3_stmt *st, int i)
{
    const void *p = sqlite3_column_blob(st, i);

    return (struct span){p, (size_t)sqlite3_column_bytes(st, i)};
}
