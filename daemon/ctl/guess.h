/*
 * guess.h - a format for a file that no known one reads: type, separator, times, and a mapping.
 *
 * In steps: what kind of text it is and where its records are (guess_text.c), what stands in its
 * columns, and which column is what, by its name and by the look of its values (guess_map.c).
 */
#ifndef GUESS_H
#define GUESS_H

#include "format.h"
#include "memory.h"

#define GUESS_SAMPLES 200 /* records that are looked at */
#define GUESS_COLUMNS 256

struct guess_column {
    struct span name;
    struct span *values; /* those that are not empty */
    size_t count;
    bool taken; /* feeds a field already */
};

struct guess {
    struct arena mem; /* all texts */
    struct format_options opt;
    const char *map[64], *columns[GUESS_COLUMNS + 1], *units[4], *join[3], *defaults[3], *null[4];
    size_t maps, unit_count;
    struct guess_column column[GUESS_COLUMNS];
    size_t column_count, records;
    struct buf notes; /* comments for the section, each line with its "# " */
};

void guess_begin(struct guess *g);
void guess_clear(struct guess *g);

/* Sets type, separator, header, records and columns, and fills the columns. False: it is no text
 * that could be described. */
bool guess_text(struct guess *g, struct span text, bool whole);
/* Fills map, join, units, time_format and defaults. False: nothing looks like a time. */
bool guess_map(struct guess *g);

/* NUL-ended, in the guess' memory. */
const char *guess_print(struct guess *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
