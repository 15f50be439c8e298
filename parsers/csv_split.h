/*
 * csv_split.h - taking plain lines apart: those without quotes, which nearly all are.
 *
 * There are several ways, by what the processor can do; all find the same cells in the same lines.
 * The wide one also takes lines whose quotes each enclose a cell, and none of them doubled.
 * Private to parsers/, and to the tests that compare them.
 */
#ifndef CSV_SPLIT_H
#define CSV_SPLIT_H

#include "csv_scan.h"

/* Which field each column feeds. Both lists have room for, and say "none" in, three columns more
 * than there are. */
struct layout {
    size_t count;
    bool open;      /* lines may have more columns, which feed nothing */
    bool repeats;   /* several columns feed one field: the first that is not empty counts */
    uint8_t *field; /* FIELD_COUNT: none */
    uint64_t bit[]; /* FIELD_BIT of it, or 0 */
};

/* A layout of `count` columns that feed nothing yet; its owner frees it. */
struct layout *csv_layout_new(size_t count);

/*
 * Splits the line at the front of rest, which is not empty and begins with no byte order mark, into
 * *out, where fields_begin has been called. Answers where the line ends: its LF, or the end of
 * rest. NULL: the line is not plain (a quote,
 * or one that is not regular, a NUL, too many columns, longer than max_frame), and
 * what is in *out means nothing; a line that is too long by less than 64 bytes may be split all
 * the same.
 */
typedef const char *csv_split(const struct csv_rules *r, const struct layout *l, struct span rest,
                              size_t max_frame, struct fields *out);

struct csv_way {
    const char *name;
    csv_split *split;
    bool (*works)(void); /* on this processor */
};

/* NULL-ended, the fastest first; the last one works everywhere. */
extern const struct csv_way csv_ways[];
csv_split *csv_split_best(void);

#endif
