/*
 * asterisk_row.h - one record of Asterisk's files: separated values, or a JSON object on a line.
 *
 * cdr_csv, cdr_custom and cel_custom write separated values, the two custom ones also JSON
 * (format=json in their configuration). A row that begins with "{" is such an object, whose
 * members have names of their own.
 */
#ifndef ASTERISK_ROW_H
#define ASTERISK_ROW_H

#include "csv_scan.h"
#include "document.h"

#define ASTERISK_MAX_COLUMNS 64

struct asterisk_row {
    struct span cells[ASTERISK_MAX_COLUMNS];
    struct span names[ASTERISK_MAX_COLUMNS]; /* of a JSON object only */
    bool named;
    size_t n; /* of separated values also those beyond the limit, which are not there */
};

/* Takes one row off *rest, as parser_ops.next: ST_OK, ST_SKIP, ST_BAD_INPUT. Cells borrow from the
 * row or mem. */
enum status asterisk_row_next(const struct csv_rules *rules, size_t max_frame, struct span *rest,
                              struct arena *mem, struct asterisk_row *out, struct span *raw,
                              struct error *err);

/* The room of "4711,bridge,user,menu", which old releases separated by "|". */
struct span asterisk_room(struct span data);
/* Is it one whose callers are in a conference? */
bool asterisk_conference_app(struct span app);

#endif
