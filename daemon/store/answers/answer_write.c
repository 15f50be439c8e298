/*
 * answer_write.c - the rows of an answer as JSON and as CSV.
 */
#include "answer.h"

#include "csv_write.h"
#include "json_read.h"

/* What the store says is JSON stands as it is, if it is. */
static bool
write_nested(struct json_writer *w, const char *key, struct span text)
{
    struct arena memory;
    struct json_value *v;
    bool good;

    arena_init(&memory);
    good = json_parse_foreign(text, &memory, &v, NULL) == ST_OK;
    arena_clear(&memory);
    if (good)
        json_raw(w, key, text);
    return good;
}

void
answer_json_row(struct json_writer *w, const struct answer *a, const struct row_value *values,
                bool nested)
{
    json_object(w, NULL);
    for (size_t i = 0; i < a->column_count; i++) {
        const struct answer_column *c = &a->columns[i];

        if (values[i].type == ROW_NULL)
            json_null(w, c->name);
        else if (values[i].type == ROW_INT)
            json_i64(w, c->name, values[i].number);
        else if (values[i].type == ROW_REAL)
            json_real(w, c->name, values[i].real);
        else if (!nested || c->type != ANSWER_JSON || !write_nested(w, c->name, values[i].text))
            json_span(w, c->name, values[i].text);
    }
    json_close(w);
}

void
answer_csv_head(struct buf *out, const struct answer *a)
{
    for (size_t i = 0; i < a->column_count; i++)
        buf_printf(out, "%s%c", a->columns[i].name, i + 1 < a->column_count ? ',' : '\n');
}

void
answer_csv_row(struct buf *out, const struct answer *a, const struct row_value *values)
{
    for (size_t i = 0; i < a->column_count; i++) {
        struct json_writer w;

        json_begin(&w, out);
        if (values[i].type == ROW_INT)
            buf_i64(out, values[i].number);
        else if (values[i].type == ROW_REAL)
            json_real(&w, NULL, values[i].real);
        else if (values[i].type == ROW_TEXT)
            csv_field(out, values[i].text);
        buf_char(out, i + 1 < a->column_count ? ',' : '\n');
    }
}
