/*
 * sql_rows.c - rows in bulk: a table that is not there, out of which one statement takes many.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "sql.h"

struct offer {
    struct sql_rows *rows;
    char declaration[]; /* CREATE TABLE ... */
};

struct offered_table {
    sqlite3_vtab base;
    struct sql_rows *rows;
};

struct offered_cursor {
    sqlite3_vtab_cursor base;
    size_t at;
};

static int
table_connect(sqlite3 *db, void *arg, int argc, const char *const *argv, sqlite3_vtab **out,
              char **why)
{
    const struct offer *offer = arg;
    struct offered_table *t = sqlite3_malloc(sizeof *t);

    (void)argc, (void)argv, (void)why;
    if (!t)
        return SQLITE_NOMEM;
    *t = (struct offered_table){.rows = offer->rows};
    *out = &t->base;
    return sqlite3_declare_vtab(db, offer->declaration);
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
    info->estimatedRows = SQL_ROWS_AT_ONCE;
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

static const struct sql_rows *
rows_of(const sqlite3_vtab_cursor *c)
{
    return ((const struct offered_table *)c->pVtab)->rows;
}

static int
go_to(sqlite3_vtab_cursor *c, size_t row)
{
    const struct sql_rows *rows = rows_of(c);

    ((struct offered_cursor *)c)->at = row;
    if (rows->reach)
        rows->reach(rows->arg, row);
    return SQLITE_OK;
}

static int
cursor_first(sqlite3_vtab_cursor *c, int plan, const char *name, int argc, sqlite3_value **argv)
{
    (void)plan, (void)name, (void)argc, (void)argv;
    return go_to(c, rows_of(c)->from);
}

static int
cursor_next(sqlite3_vtab_cursor *c)
{
    return go_to(c, ((struct offered_cursor *)c)->at + 1);
}

static int
cursor_at_end(sqlite3_vtab_cursor *c)
{
    return ((struct offered_cursor *)c)->at >= rows_of(c)->to;
}

static int
cursor_column(sqlite3_vtab_cursor *c, sqlite3_context *out, int column)
{
    const struct sql_rows *rows = rows_of(c);

    rows->column(rows->arg, ((struct offered_cursor *)c)->at, column, out);
    return SQLITE_OK;
}

static int
cursor_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct offered_cursor *)c)->at;
    return SQLITE_OK;
}

enum status
sql_offer_rows(sqlite3 *db, const char *name, const char *declaration, struct sql_rows *rows,
               struct error *err)
{
    static const sqlite3_module module = {
        /* no xCreate: it is there by its name, and nobody can make another */
        .xConnect = table_connect, .xDisconnect = table_disconnect, .xBestIndex = table_plan,
        .xOpen = cursor_open,      .xClose = cursor_close,          .xFilter = cursor_first,
        .xNext = cursor_next,      .xEof = cursor_at_end,           .xColumn = cursor_column,
        .xRowid = cursor_rowid,
    };
    size_t n = strlen(declaration) + 1;
    struct offer *offer = xmalloc(sizeof *offer + n);

    offer->rows = rows;
    memcpy(offer->declaration, declaration, n);
    /* The connection frees the offer, also when this fails. */
    if (sqlite3_create_module_v2(db, name, &module, offer, free) != SQLITE_OK)
        return sql_fail(db, "offering rows", err);
    return ST_OK;
}

bool
sql_show_more(struct sql_rows *rows, size_t count)
{
    if (rows->to >= count)
        return false;
    rows->from = rows->to;
    rows->to = count - rows->from < SQL_ROWS_AT_ONCE ? count : rows->from + SQL_ROWS_AT_ONCE;
    return true;
}
