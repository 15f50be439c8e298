/*
 * store_rows.c - many rows to a statement: "INSERT INTO t SELECT c0, c1 FROM offered".
 */
#include "store_private.h"

_Static_assert(STORE_ROWS_AT_ONCE == SQL_ROWS_AT_ONCE, "what is collected is one statement's");

static void
reach_row(void *arg, size_t row)
{
    struct store *s = arg;

    if (row < s->rows.to)
        s->source.row(s->source.arg, row, s->values);
}

static void
show_column(void *arg, size_t row, int column, sqlite3_context *out)
{
    const struct row_value *v = &((const struct store *)arg)->values[column];

    (void)row;
    switch (v->type) {
    case ROW_NULL:
        break; /* what a result is unless told otherwise */
    case ROW_INT:
        sqlite3_result_int64(out, v->number);
        break;
    case ROW_REAL:
        sqlite3_result_double(out, v->real);
        break;
    case ROW_TEXT:
        sqlite3_result_text64(out, v->text.p ? v->text.p : "", v->text.n, SQLITE_STATIC,
                              SQLITE_UTF8);
        break;
    }
}

enum status
store_offer_rows(struct store *s, struct error *err)
{
    struct buf declaration = {0};
    enum status st;

    for (int i = 0; i < STORE_ROW_COLUMNS; i++)
        buf_printf(&declaration, "%sc%d", i ? ", " : "CREATE TABLE offered(", i);
    buf_char(&declaration, ')');
    s->rows = (struct sql_rows){.reach = reach_row, .column = show_column, .arg = s};
    st = sql_offer_rows(s->db, "offered", declaration.p, &s->rows, err);
    buf_clear(&declaration);
    return st;
}

static enum status
run_rows(struct store *s, struct query *q, size_t count, bool ticking, struct error *err)
{
    enum status st = ST_OK;

    memset(s->values, 0, sizeof s->values);
    while (st == ST_OK && sql_show_more(&s->rows, count)) {
        if (ticking)
            st = store_tick_rows(s, (uint32_t)(s->rows.to - s->rows.from), err);
        if (st == ST_OK)
            st = query_run(q, err);
    }
    s->rows.from = s->rows.to = 0;
    return st;
}

enum status
query_run_rows(struct store *s, struct query *q, const struct row_source *rows, size_t count,
               struct error *err)
{
    s->source = *rows;
    return run_rows(s, q, count, false, err);
}

enum status
query_tick_rows(struct store *s, struct query *q, const struct row_source *rows, size_t count,
                struct error *err)
{
    s->source = *rows;
    return run_rows(s, q, count, true, err);
}
