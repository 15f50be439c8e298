/*
 * csv_reader.h - the little of RFC 4180 that lists kept by people need: customers, rosters.
 */
#ifndef CSV_READER_H
#define CSV_READER_H

#include "memory.h"
#include "span.h"
#include "status.h"

#define CSV_MAX_FIELDS 128

struct csv_reader {
    struct span rest;
    long line; /* of the row read last, from 1 */
    long next_line;
    struct arena mem; /* unquoted fields; emptied at each row */
    struct span fields[CSV_MAX_FIELDS];
    size_t count;
};

void csv_reader_init(struct csv_reader *r, struct span text); /* a byte order mark is skipped */
void csv_reader_clear(struct csv_reader *r);
/* Next row that is not blank. ST_NOT_FOUND at the end; ST_BAD_INPUT names the line. */
enum status csv_reader_next(struct csv_reader *r, struct error *err);
/* The first row, as names of columns in any order and any case: place[c] is where the file has
 * names[c], -1 if it does not. ST_BAD_INPUT: empty, or a column that is none of them. */
enum status csv_reader_header(struct csv_reader *r, const char *const *names, int count, int *place,
                              struct error *err);

#endif
