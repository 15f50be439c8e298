/*
 * csv_scan.h - walking over the cells of separated records; for the CSV family of parsers.
 *
 * RFC 4180 with any one-byte separator and quote. A cell that begins with a quote runs to the
 * closing one, newlines included, and a doubled quote inside stands for one; a quote anywhere
 * else is an ordinary byte. A record is malformed if something other than a separator or a line
 * end follows a closing quote, if a quote is never closed, or if it is longer than max_frame.
 * A malformed record is one frame of one line: up to its first newline.
 *
 * Whether a frame is whole depends on nothing but its own first max_frame + 2 bytes, so every
 * caller, with whatever part of a stream in hand, finds the same frames.
 */
#ifndef CSV_SCAN_H
#define CSV_SCAN_H

#include "format.h"
#include "memory.h"
#include "span.h"
#include "status.h"

struct csv_rules {
    char separator;
    bool quoting;
    char quote;
};

struct csv_cell {
    struct span text; /* without the quotes around it */
    bool doubled;     /* holds doubled quotes: csv_unescape before use */
};

enum csv_step {
    CSV_CELL, /* a cell, another follows */
    CSV_LAST, /* the record's last cell */
    CSV_MORE, /* the bytes end inside the record */
    CSV_BAD,  /* malformed: why and at say how */
};

struct csv_cursor {
    const char *begin, *p, *end;
    const char *line_end; /* after CSV_LAST: where the record's bytes end, line end excluded */
    size_t max_frame;
    bool eof;        /* nothing follows end */
    bool over;       /* end is where max_frame cut the record, not where the bytes end */
    const char *why; /* after CSV_BAD */
    const char *at;
};

/* Separator and quote of a format; ST_BAD_CONFIG names the option. */
enum status csv_rules_of(struct csv_rules *out, const struct format *f, struct error *err);

/* Stands before the first cell of the record at the front of buf, behind a byte order mark. */
void csv_begin(struct csv_cursor *c, struct span buf, size_t max_frame, bool eof);
enum csv_step csv_next(const struct csv_rules *r, struct csv_cursor *c, struct csv_cell *out);

/* The cell's text with doubled quotes made single; allocates only when it must. */
struct span csv_unescape(const struct csv_rules *r, struct csv_cell cell, struct arena *mem);

/* The parsers' `cut`: how many bytes at the front of buf are whole frames. */
size_t csv_cut(const struct csv_rules *r, struct span buf, size_t max_frame, bool eof);

/* Takes the record that csv_next walked over (last is its answer) off *rest: sets *raw, and
 * answers ST_OK, ST_SKIP for an empty line, or ST_BAD_INPUT for a malformed record or a NUL. */
enum status csv_take(const struct csv_cursor *c, enum csv_step last, struct span *rest,
                     struct span *raw, struct error *err);

#endif
