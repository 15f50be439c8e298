/*
 * report_answer.c - an answer with all its columns: as JSON, as CSV, and plainly for people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_write.h"
#include "report.h"
#include "words.h"

#define WIDE 8 /* columns: more of them stand below each other */

struct printing {
    const struct report *report;
    const struct answer *answer;
    struct buf out;
    struct json_writer json;
    struct table *table;
    size_t rows;
};

void
report_cell(struct table *t, const struct row_value *v)
{
    if (v->type == ROW_INT)
        table_i64(t, v->number);
    else if (v->type == ROW_REAL)
        table_real(t, v->real, 3);
    else if (v->type == ROW_TEXT)
        table_span(t, v->text);
    else
        table_text(t, NULL);
}

/* JSON in one line, with room to go on in the next. */
static void
write_spaced(struct buf *out, struct span json)
{
    bool quoted = false;

    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] == '"' && (i == 0 || json.p[i - 1] != '\\'))
            quoted = !quoted;
        buf_char(out, json.p[i]);
        if (!quoted && json.p[i] == ',')
            buf_char(out, ' ');
    }
}

static void
write_value(struct buf *out, const struct answer_column *c, const struct row_value *v)
{
    if (v->type == ROW_INT)
        buf_printf(out, "%lld", (long long)v->number);
    else if (v->type == ROW_REAL)
        buf_printf(out, "%.3f", v->real);
    else if (c->type == ANSWER_JSON)
        write_spaced(out, v->text);
    else
        buf_span(out, v->text);
    if (c->unit)
        buf_printf(out, " %s", c->unit);
}

/* One column a line, long texts in several, those that say nothing left out. */
static void
print_block(struct printing *p, const struct row_value *values)
{
    struct buf lines = {0}, value = {0};
    size_t width = 0;

    for (size_t i = 0; i < p->answer->column_count; i++)
        if (strlen(p->answer->columns[i].name) > width)
            width = strlen(p->answer->columns[i].name);
    for (size_t i = 0; i < p->answer->column_count; i++) {
        if (values[i].type == ROW_NULL)
            continue;
        buf_reset(&value);
        write_value(&value, &p->answer->columns[i], &values[i]);
        buf_printf(&lines, "%-*s  ", (int)width, p->answer->columns[i].name);
        words_flow(&lines, (int)width + 2, span_of(value.p, value.n));
        buf_char(&lines, '\n');
    }
    if (p->rows)
        fputc('\n', p->report->out);
    fwrite(lines.p, 1, lines.n, p->report->out);
    buf_clear(&lines);
    buf_clear(&value);
}

static bool
print_row(void *arg, const struct row_value *values)
{
    struct printing *p = arg;

    if (p->report->style == TABLE_JSON) {
        answer_json_row(&p->json, p->answer, values, false);
    } else if (p->report->style == TABLE_CSV) {
        answer_csv_row(&p->out, p->answer, values);
    } else if (p->table) {
        table_row(p->table);
        for (size_t i = 0; i < p->answer->column_count; i++)
            report_cell(p->table, &values[i]);
    } else {
        print_block(p, values);
    }
    if (p->out.n > 1 << 16) {
        fwrite(p->out.p, 1, p->out.n, p->report->out);
        buf_reset(&p->out);
    }
    p->rows++;
    return true;
}

static bool
is_number(const struct answer_column *c)
{
    return c->type == ANSWER_INT || c->type == ANSWER_REAL;
}

static void
begin(struct printing *p, struct table_column *columns)
{
    if (p->report->style == TABLE_JSON) {
        json_begin(&p->json, &p->out);
        json_array(&p->json, NULL);
    } else if (p->report->style == TABLE_CSV) {
        answer_csv_head(&p->out, p->answer);
    } else if (p->answer->column_count <= WIDE) {
        for (size_t i = 0; i < p->answer->column_count; i++)
            columns[i] = (struct table_column){p->answer->columns[i].name,
                                               is_number(&p->answer->columns[i]) ? TABLE_NUMBER
                                                                                 : TABLE_TEXT};
        p->table = table_new(columns, p->answer->column_count);
    }
}

static void
print_end(struct printing *p, const struct answer_end *end)
{
    if (p->table)
        table_print(p->table, TABLE_ALIGNED, p->report->out);
    if (p->report->style == TABLE_JSON) {
        json_close(&p->json);
        buf_char(&p->out, '\n');
    }
    if (p->out.n)
        fwrite(p->out.p, 1, p->out.n, p->report->out);
    if (p->report->style == TABLE_ALIGNED && p->rows == 0)
        fputs("Nothing.\n", p->report->out);
    else if (p->report->style == TABLE_ALIGNED)
        fprintf(p->report->out, "\nTimes are UTC%s%s.%s\n", end->as_of[0] ? ", as of " : "",
                end->as_of, end->next.n ? " There is more: --limit." : "");
}

enum status
report_answer(const struct report *r, const struct answer *a, struct error *err)
{
    struct printing p = {.report = r, .answer = a};
    struct answer_sink sink = {print_row, &p};
    struct table_column *columns = xcalloc(a->column_count, sizeof *columns);
    struct answer_query query = r->query;
    struct answer_end end;
    enum status st;

    if (r->style == TABLE_ALIGNED && !query.limit)
        query.limit = a->column_count <= WIDE ? 40 : 3;
    begin(&p, columns);
    st = answer_run(r->store, a, &query, &sink, &end, err);
    if (st == ST_OK)
        print_end(&p, &end);
    buf_clear(&end.next);
    table_free(p.table);
    buf_clear(&p.out);
    free(columns);
    return st;
}
