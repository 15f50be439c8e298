/*
 * csv_table.h - rows of a CSV document, for formats whose files have several tables or headers.
 */
#ifndef CSV_TABLE_H
#define CSV_TABLE_H

#include "csv_scan.h"

#define CSV_TABLE_CELLS 64

struct csv_table { /* begins as {.rest = ..., .mem = ...} with the rules set */
    struct csv_rules rules;
    struct span rest;
    struct arena *mem;
    struct span cell[CSV_TABLE_CELLS]; /* of the row at hand, without quotes, trimmed; what a row */
    size_t n;                          /* has beyond is not there */
};

/* RFC 4180: commas and double quotes. */
struct csv_table csv_table_of(struct span text, struct arena *mem);

/* The next row. ST_SKIP: an empty line, or one of commas alone. ST_NOT_FOUND: there are no more.
 * ST_BAD_INPUT: a malformed line, and it is passed over. */
enum status csv_table_next(struct csv_table *t, struct error *err);

#endif
