/*
 * csv_table.c - rows of a CSV document.
 */
#include "csv_table.h"

struct csv_table
csv_table_of(struct span text, struct arena *mem)
{
    struct csv_table t = {.rest = text, .mem = mem};

    t.rules = (struct csv_rules){.separator = ',', .quoting = true, .quote = '"'};
    return t;
}

enum status
csv_table_next(struct csv_table *t, struct error *err)
{
    struct csv_cursor c;
    struct csv_cell cell;
    enum csv_step step;
    struct span raw;
    bool filled = false;
    enum status st;

    t->n = 0;
    if (t->rest.n == 0)
        return ST_NOT_FOUND;
    csv_begin(&c, t->rest, t->rest.n, true);
    do {
        step = csv_next(&t->rules, &c, &cell);
        if (step != CSV_CELL && step != CSV_LAST)
            break;
        cell.text = span_trim(csv_unescape(&t->rules, cell, t->mem));
        filled |= cell.text.n > 0;
        if (t->n < CSV_TABLE_CELLS)
            t->cell[t->n++] = cell.text;
    } while (step == CSV_CELL);
    st = csv_take(&c, step, &t->rest, &raw, err);
    return st == ST_OK && !filled ? ST_SKIP : st;
}
