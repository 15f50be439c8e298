/*
 * store_rows.c - many rows to a statement: "INSERT INTO t SELECT c0, c1 FROM offered".
 */
#include "store_private.h"

#include <math.h>

_Static_assert(STORE_ROWS_AT_ONCE == SQL_ROWS_AT_ONCE, "what is collected is one statement's");

static void
show_column(void *arg, size_t row, int column, sqlite3_context *out)
{
    const struct row_source *source = &((struct store *)arg)->source;

    source->column(source->arg, row, column, (struct row_value *)out);
}

enum status
store_offer_rows(struct store *s, struct error *err)
{
    struct buf declaration = {0};
    enum status st;

    for (int i = 0; i < STORE_ROW_COLUMNS; i++)
        buf_printf(&declaration, "%sc%d", i ? ", " : "CREATE TABLE offered(", i);
    buf_char(&declaration, ')');
    s->rows = (struct sql_rows){.column = show_column, .arg = s};
    st = sql_offer_rows(s->db, "offered", declaration.p, &s->rows, err);
    buf_clear(&declaration);
    return st;
}

enum status
query_run_rows(struct store *s, struct query *q, const struct row_source *rows, size_t count,
               struct error *err)
{
    enum status st = ST_OK;

    s->source = *rows;
    while (st == ST_OK && sql_show_more(&s->rows, count))
        st = query_run(q, err);
    s->rows.from = s->rows.to = 0;
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
