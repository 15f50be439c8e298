/*
 * json_write.h - JSON text written straight into a buffer.
 *
 * The writer sets commas and escapes; it does not check that keys are given where objects
 * want them. Bytes that are not UTF-8 become U+FFFD, so the output is always valid JSON.
 * `key` is a constant of the program inside an object (not escaped) and NULL inside an array
 * or at the top.
 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "span.h"

#define JSON_WRITE_DEPTH 32

struct json_writer {
    struct buf *out; /* borrowed */
    unsigned depth;
    bool some[JSON_WRITE_DEPTH]; /* something stands at this level already */
    char closing[JSON_WRITE_DEPTH];
};

void json_begin(struct json_writer *w, struct buf *out); /* appends to what out holds */
void json_object(struct json_writer *w, const char *key);
void json_array(struct json_writer *w, const char *key);
void json_close(struct json_writer *w); /* the object or array opened last */

void json_span(struct json_writer *w, const char *key, struct span value);
void json_text(struct json_writer *w, const char *key, const char *value); /* NULL: null */
void json_i64(struct json_writer *w, const char *key, int64_t value);
void json_u64(struct json_writer *w, const char *key, uint64_t value);
/* The shortest text that reads back as the same double; null if it is not finite. */
void json_real(struct json_writer *w, const char *key, double value);
void json_bool(struct json_writer *w, const char *key, bool value);
void json_null(struct json_writer *w, const char *key);
void json_raw(struct json_writer *w, const char *key, struct span json); /* JSON as it is */
/* 2026-11-22T01:30:00Z; 0 means unknown and is written as null. */
void json_time(struct json_writer *w, const char *key, int64_t utc);
/* For keys that are data: writes the key escaped; the next value takes no key (NULL). */
void json_key(struct json_writer *w, struct span key);

/* One quoted and escaped JSON string. */
void json_escape(struct buf *out, struct span value);

#endif
