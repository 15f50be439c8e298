/*
 * store.c - the store's connection: opening, transactions, statements, errors.
 */
#include "store_private.h"

#include <math.h>
#include <stdlib.h>

#include "clock.h"
#include "sql.h"

/* Other processes' writes (an import of customers) are short: five seconds is a fault. */
#define BUSY_MS 5000
/* A transaction is closed after so many rows or so much time: an edit never waits long. */
#define TX_ROWS 50000
#define TX_MS   250
/* Between two looks at the clock: well below a millisecond. */
#define PROGRESS_STEPS 10000

struct query {
    sqlite3_stmt *st;
};

static enum status
configure(struct store *s, enum store_mode mode, struct error *err)
{
    const char *sql = mode == STORE_READ ? "PRAGMA query_only=1;PRAGMA temp_store=MEMORY"
                                         : "PRAGMA page_size=8192;PRAGMA journal_mode=WAL;"
                                           "PRAGMA temp_store=MEMORY;"
                                           "PRAGMA cache_size=-16384;PRAGMA foreign_keys=1";
    enum status st = store_run(s, sql, err);

    /* Checkpoints belong to the analyst's connection: two that write and checkpoint at the same
     * moment is what SQLite's WAL-reset bug needs. */
    if (st == ST_OK && mode == STORE_ANALYST)
        st = store_run(s, "PRAGMA synchronous=NORMAL", err);
    if (st == ST_OK && mode == STORE_EDIT)
        st = store_run(s, "PRAGMA synchronous=FULL;PRAGMA wal_autocheckpoint=0", err);
    return st;
}

enum status
store_open(struct store **out, const char *path, enum store_mode mode, struct error *err)
{
    struct store *s = xcalloc(1, sizeof *s);
    int flags =
        mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    enum status st = ST_OK;
    int rc;

    rc = sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_CANTOPEN && mode == STORE_READ) {
        st = fail(err, ST_NOT_FOUND, "no store at %s yet: nothing has been analysed", path);
        goto fail;
    }
    if (rc != SQLITE_OK) {
        st = sql_fail(s->db, path, err);
        goto fail;
    }
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    st = configure(s, mode, err);
    if (st == ST_OK)
        st = mode == STORE_READ ? migrations_check(s, err) : migrations_run(s, err);
    if (st == ST_OK && mode == STORE_ANALYST)
        st = store_offer_rows(s, err);
    if (st != ST_OK)
        goto fail;
    *out = s;
    return ST_OK;
fail:
    store_close(s);
    return st;
}

void
store_close(struct store *s)
{
    if (!s)
        return;
    store_rollback(s);
    sqlite3_close_v2(s->db);
    free(s);
}

enum status
store_path(char **out, const char *url, const char *state_dir, struct error *err)
{
    const char *file = url;

    if (strncmp(url, "sqlite:", 7) == 0)
        file = url + 7;
    else if (strchr(url, ':'))
        return fail(err, ST_BAD_CONFIG, "store url \"%s\": expected \"sqlite:FILE\"", url);
    if (*file == '\0')
        return fail(err, ST_BAD_CONFIG, "store url \"%s\" names no file", url);
    *out = *file == '/' ? xstrdup(file) : xasprintf("%s/%s", state_dir, file);
    return ST_OK;
}

enum status
store_run(struct store *s, const char *sql, struct error *err)
{
    return sql_exec(s->db, sql, err);
}

enum status
store_begin(struct store *s, struct error *err)
{
    enum status st = store_run(s, "BEGIN IMMEDIATE", err);

    if (st == ST_OK) {
        s->open_tx = true;
        s->tx_rows = 0;
        s->tx_began_ms = clock_mono_ms();
    }
    return st;
}

enum status
store_commit(struct store *s, struct error *err)
{
    enum status st = s->before_commit ? s->before_commit(s->hook_arg, err) : ST_OK;

    if (st == ST_OK)
        st = store_run(s, "COMMIT", err);
    if (st == ST_OK)
        s->open_tx = false;
    else
        store_rollback(s);
    return st;
}

void
store_before_commit(struct store *s, store_hook *hook, void *arg)
{
    s->before_commit = hook;
    s->hook_arg = arg;
}

void
store_rollback(struct store *s)
{
    if (s->db && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->open_tx = false;
}

void
store_interrupt(struct store *s)
{
    sqlite3_interrupt(s->db);
}

static int
past_deadline(void *arg)
{
    return store_out_of_time(arg);
}

void
store_limit_time(struct store *s, int64_t ms)
{
    s->deadline_ms = ms ? clock_mono_ms() + ms : 0;
    sqlite3_progress_handler(s->db, ms ? PROGRESS_STEPS : 0, past_deadline, s);
}

bool
store_out_of_time(const struct store *s)
{
    return s->deadline_ms && clock_mono_ms() > s->deadline_ms;
}

enum status
store_tick_rows(struct store *s, uint32_t rows, struct error *err)
{
    uint32_t before = s->tx_rows;
    enum status st;

    if (!s->open_tx)
        return store_begin(s, err);
    s->tx_rows += rows;
    /* The clock is asked now and then only: rows take a microsecond. */
    if (s->tx_rows < TX_ROWS &&
        (s->tx_rows / 1024 == before / 1024 || clock_mono_ms() - s->tx_began_ms < TX_MS))
        return ST_OK;
    st = store_commit(s, err);
    return st == ST_OK ? store_begin(s, err) : st;
}

enum status
store_tick(struct store *s, struct error *err)
{
    return store_tick_rows(s, 1, err);
}

enum status
store_commit_open(struct store *s, struct error *err)
{
    return s->open_tx ? store_commit(s, err) : ST_OK;
}

int64_t
store_changes(const struct store *s)
{
    return sqlite3_changes64(s->db);
}

enum status
store_end(struct store *s, enum status st, struct error *err)
{
    if (st == ST_OK)
        return store_commit_open(s, err);
    store_rollback(s);
    return st;
}

struct query *
query_wrap(sqlite3_stmt *st)
{
    struct query *q = xcalloc(1, sizeof *q);

    q->st = st;
    return q;
}

enum status
store_query(struct store *s, struct query **out, const char *sql, struct error *err)
{
    sqlite3_stmt *st = NULL;
    enum status result = sql_prepare(s->db, &st, sql, err);

    if (result != ST_OK)
        return result;
    *out = query_wrap(st);
    return ST_OK;
}

void
query_free(struct query *q)
{
    if (q)
        sqlite3_finalize(q->st);
    free(q);
}

void
query_set_int(struct query *q, int n, int64_t v)
{
    sqlite3_bind_int64(q->st, n, v);
}

void
query_set_real(struct query *q, int n, double v)
{
    if (isfinite(v))
        sqlite3_bind_double(q->st, n, v);
    else
        sqlite3_bind_null(q->st, n);
}

void
query_set_text(struct query *q, int n, struct span v)
{
    sqlite3_bind_text64(q->st, n, v.p ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8);
}

void
query_set_str(struct query *q, int n, const char *v)
{
    if (v)
        query_set_text(q, n, span_str(v));
    else
        sqlite3_bind_null(q->st, n);
}

void
query_set_blob(struct query *q, int n, struct span v)
{
    sqlite3_bind_blob64(q->st, n, v.p ? v.p : "", v.n, SQLITE_STATIC);
}

void
query_set_null(struct query *q, int n)
{
    sqlite3_bind_null(q->st, n);
}

enum status
query_next(struct query *q, struct error *err)
{
    int rc = sqlite3_step(q->st);

    if (rc == SQLITE_ROW)
        return ST_OK;
    if (rc == SQLITE_DONE) {
        sqlite3_reset(q->st);
        return ST_NOT_FOUND;
    }
    sqlite3_reset(q->st);
    return sql_fail(sqlite3_db_handle(q->st), sqlite3_sql(q->st), err);
}

enum status
query_run(struct query *q, struct error *err)
{
    enum status st;

    do {
        st = query_next(q, err);
    } while (st == ST_OK);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

void
query_reset(struct query *q)
{
    sqlite3_reset(q->st);
    sqlite3_clear_bindings(q->st);
}

int
query_columns(const struct query *q)
{
    return sqlite3_column_count(q->st);
}

bool
query_is_null(const struct query *q, int column)
{
    return sqlite3_column_type(q->st, column) == SQLITE_NULL;
}

int64_t
query_int(const struct query *q, int column)
{
    return sqlite3_column_int64(q->st, column);
}

double
query_real(const struct query *q, int column)
{
    return query_is_null(q, column) ? NAN : sqlite3_column_double(q->st, column);
}

struct span
query_text(const struct query *q, int column)
{
    const char *p = (const char *)sqlite3_column_text(q->st, column);

    return span_of(p, p ? (size_t)sqlite3_column_bytes(q->st, column) : 0);
}

void
query_value(const struct query *q, int column, struct row_value *out)
{
    int type = sqlite3_column_type(q->st, column);

    if (type == SQLITE_INTEGER)
        value_int(out, query_int(q, column));
    else if (type == SQLITE_FLOAT)
        value_real(out, query_real(q, column));
    else if (type == SQLITE_NULL)
        value_null(out);
    else
        value_text(out, query_text(q, column));
}

enum status
store_int(struct store *s, const char *sql, int64_t otherwise, int64_t *out, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q, sql, err);

    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK)
        *out = query_is_null(q, 0) ? otherwise : query_int(q, 0);
    else if (st == ST_NOT_FOUND)
        *out = otherwise;
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
