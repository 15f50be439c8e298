/*
 * store_rows.c - rows in bulk: a table that is not there, out of which one statement takes many.
 *
 * A row that comes with a statement of its own pays for that statement, and for a way down every
 * tree from its root. "INSERT INTO t SELECT c0, c1 FROM offered" keeps its cursors where they are,
 * which for rows in the order of the key is where the next one goes.
 */
#include "store_private.h"

#include <math.h>

struct offered_cursor {
    sqlite3_vtab_cursor base;
    size_t at;
};

struct offered_table {
    sqlite3_vtab base;
    struct store *store;
};

static int
table_connect(sqlite3 *db, void *arg, int argc, const char *const *argv, sqlite3_vtab **out,
              char **why)
{
    struct offered_table *t = sqlite3_malloc(sizeof *t);
    struct buf sql = {0};
    int rc;

    (void)argc, (void)argv, (void)why;
    if (!t)
        return SQLITE_NOMEM;
    *t = (struct offered_table){.store = arg};
    *out = &t->base;
    for (int i = 0; i < STORE_ROW_COLUMNS; i++)
        buf_printf(&sql, "%sc%d", i ? ", " : "CREATE TABLE offered(", i);
    buf_char(&sql, ')');
    rc = sqlite3_declare_vtab(db, sql.p);
    buf_clear(&sql);
    return rc;
}

static int
table_disconnect(sqlite3_vtab *t)
{
    sqlite3_free(t);
    return SQLITE_OK;
}

static int
table_plan(sqlite3_vtab *t, sqlite3_index_info *info)
{
    (void)t;
    info->estimatedRows = STORE_ROWS_AT_ONCE;
    return SQLITE_OK;
}

static int
cursor_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
    struct offered_cursor *c = sqlite3_malloc(sizeof *c);

    (void)t;
    if (!c)
        return SQLITE_NOMEM;
    *c = (struct offered_cursor){.at = 0};
    *out = &c->base;
    return SQLITE_OK;
}

static int
cursor_close(sqlite3_vtab_cursor *c)
{
    sqlite3_free(c);
    return SQLITE_OK;
}

static struct store *
store_of(const sqlite3_vtab_cursor *c)
{
    return ((struct offered_table *)c->pVtab)->store;
}

static int
cursor_first(sqlite3_vtab_cursor *c, int plan, const char *name, int argc, sqlite3_value **argv)
{
    (void)plan, (void)name, (void)argc, (void)argv;
    ((struct offered_cursor *)c)->at = store_of(c)->rows_from;
    return SQLITE_OK;
}

static int
cursor_next(sqlite3_vtab_cursor *c)
{
    ((struct offered_cursor *)c)->at++;
    return SQLITE_OK;
}

static int
cursor_at_end(sqlite3_vtab_cursor *c)
{
    return ((struct offered_cursor *)c)->at >= store_of(c)->rows_to;
}

static int
cursor_column(sqlite3_vtab_cursor *c, sqlite3_context *out, int column)
{
    const struct store *s = store_of(c);

    s->rows.column(s->rows.arg, ((struct offered_cursor *)c)->at, column, (struct row_value *)out);
    return SQLITE_OK;
}

static int
cursor_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct offered_cursor *)c)->at;
    return SQLITE_OK;
}

enum status
store_offer_rows(struct store *s, struct error *err)
{
    static const sqlite3_module module = {
        /* no xCreate: it is there by its name, and nobody can make another */
        .xConnect = table_connect, .xDisconnect = table_disconnect, .xBestIndex = table_plan,
        .xOpen = cursor_open,      .xClose = cursor_close,          .xFilter = cursor_first,
        .xNext = cursor_next,      .xEof = cursor_at_end,           .xColumn = cursor_column,
        .xRowid = cursor_rowid,
    };

    if (sqlite3_create_module(s->db, "offered", &module, s) != SQLITE_OK)
        return sql_fail(s->db, "offering rows", err);
    return ST_OK;
}

enum status
query_run_rows(struct store *s, struct query *q, const struct row_source *rows, size_t count,
               struct error *err)
{
    enum status st = ST_OK;

    s->rows = *rows;
    for (size_t at = 0; st == ST_OK && at < count; at = s->rows_to) {
        s->rows_from = at;
        s->rows_to = count - at < STORE_ROWS_AT_ONCE ? count : at + STORE_ROWS_AT_ONCE;
        st = query_run(q, err);
    }
    s->rows_from = s->rows_to = 0;
    return st;
}

void
value_int(struct row_value *out, int64_t v)
{
    sqlite3_result_int64((sqlite3_context *)out, v);
}

void
value_real(struct row_value *out, double v)
{
    if (isfinite(v))
        sqlite3_result_double((sqlite3_context *)out, v);
    else
        sqlite3_result_null((sqlite3_context *)out);
}

void
value_text(struct row_value *out, struct span v)
{
    sqlite3_result_text64((sqlite3_context *)out, v.p ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8);
}

void
value_str(struct row_value *out, const char *v)
{
    if (v)
        value_text(out, span_str(v));
    else
        sqlite3_result_null((sqlite3_context *)out);
}
