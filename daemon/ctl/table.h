/*
 * table.h - one table, three ways to print it: aligned within 80 columns, CSV, JSON.
 *
 * Cells are filled row by row in the order of the columns; all texts are copied. Widths count
 * what a terminal shows (UTF-8 aware); a table that is too wide has its widest text columns
 * shortened, with an ellipsis where something was cut. CSV and JSON are never shortened.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdint.h>
#include <stdio.h>

#include "span.h"

enum table_type { TABLE_TEXT, TABLE_NUMBER /* right-aligned; a bare number in JSON */ };

struct table_column {
    const char *name; /* heading; with blanks as _ the CSV and JSON name */
    enum table_type type;
};

enum table_style { TABLE_ALIGNED, TABLE_CSV, TABLE_JSON };

struct table;

/* columns is borrowed for the table's life. */
struct table *table_new(const struct table_column *columns, size_t count);
void table_free(struct table *t); /* accepts NULL */

void table_row(struct table *t); /* begins a row */
void table_span(struct table *t, struct span s);
void table_text(struct table *t, const char *text); /* NULL: empty, null in JSON */
void table_i64(struct table *t, int64_t v);
void table_u64(struct table *t, uint64_t v);
void table_real(struct table *t, double v, int digits); /* not finite: empty */

size_t table_rows(const struct table *t);
void table_print(const struct table *t, enum table_style style, FILE *to);

#endif
