/*
 * columns.h - columns by position ("start:1-19"), for the formats that have them.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "parser.h"

/* Reads the format's `columns` into its shared value, which free() frees. */
enum status fixed_prepare(void **shared, const struct format *f, struct error *err);
/* Does a time, or a part of one, stand at the first byte? */
bool fixed_begins_with_time(const struct format *f);
/* Gives the columns of a line to the fields that want them and have nothing yet. ST_BAD_INPUT: it
 * ends before one of its columns does. */
enum status fixed_take(const struct format *f, struct span line, struct fields *out,
                       struct error *err);

#endif
