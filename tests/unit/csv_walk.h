/*
 * csv_walk.h - one record taken apart by the general walk, to hold the short ways to; for the unit
 * test of csv_split.c and csv_cut.c, and the fuzzer.
 */
#ifndef CSV_WALK_H
#define CSV_WALK_H

#include "../../parsers/csv_split.h"

/* What csv_split promises, without its freedom to leave a line to others: NULL if the record is
 * malformed or has too many columns. *plain: no quoted cell holds doubled quotes. */
static inline const char *
csv_walk(const struct csv_rules *r, const struct layout *l, struct span rest, struct fields *out,
         bool *plain)
{
    struct csv_cursor c;
    struct csv_cell cell;
    enum csv_step step;
    size_t column = 0;

    *plain = true;
    fields_begin(out);
    csv_begin(&c, rest, SIZE_MAX / 2, true);
    do {
        step = csv_next(r, &c, &cell);
        if (step == CSV_BAD || column >= l->count)
            return NULL;
        *plain &= !cell.doubled;
        if (cell.text.n > 0 && l->bit[column] && !(out->has & l->bit[column])) {
            out->v[l->field[column]] = cell.text;
            out->has |= l->bit[column];
        }
        column++;
    } while (step == CSV_CELL);
    return c.p > rest.p && c.p[-1] == '\n' ? c.p - 1 : c.p;
}

/* Bytes of the first frame, by the rules at the top of csv_scan.h; 0: not whole yet. */
static inline size_t
csv_walk_frame(const struct csv_rules *r, struct span rest, size_t max_frame, bool eof)
{
    const char *nl = memchr(rest.p, '\n', rest.n);
    struct csv_cursor c;
    struct csv_cell cell;
    enum csv_step step;

    csv_begin(&c, rest, max_frame, eof);
    do
        step = csv_next(r, &c, &cell);
    while (step == CSV_CELL);
    if (step == CSV_MORE)
        return 0;
    if (step == CSV_LAST)
        return (size_t)(c.p - c.begin);
    return nl ? (size_t)(nl - rest.p) + 1 : eof ? rest.n : 0;
}

#endif
