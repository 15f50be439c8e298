/*
 * generate_text.h - planned records as lines of CSV or NDJSON, and as broken ones.
 */
#ifndef GENERATE_TEXT_H
#define GENERATE_TEXT_H

#include "generate_world.h"

enum text_format { TEXT_CSV, TEXT_NDJSON };

struct text_writer {
    enum text_format format;
    uint64_t seed;
    struct buf name; /* scratch */
    int32_t day;     /* whose date stands in date_text */
    char date_text[12];
};

void text_clear(struct text_writer *t);
void text_header(struct text_writer *t, struct buf *out);
/* One line. The same record always gives the same bytes. */
void text_record(struct text_writer *t, struct buf *out, const struct planned *p);
/* One line that is to be refused, made from a good record. */
void text_broken(struct text_writer *t, struct buf *out, const struct planned *p,
                 struct dice *dice);
/* A JSON string with its quotes. */
void text_json_string(struct buf *out, const char *p, size_t n, bool ascii_only);

#endif
