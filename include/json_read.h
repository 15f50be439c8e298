/*
 * json_read.h - a small strict JSON reader for requests, answers, and documents of records.
 *
 * Reads RFC 8259 and nothing more: no comments, no trailing commas, no NaN, valid UTF-8
 * only, no key twice in one object, nesting up to JSON_READ_DEPTH. The tree lives in the
 * caller's arena and copies what it needs, so the text may go away.
 */
#ifndef JSON_READ_H
#define JSON_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "span.h"
#include "status.h"

#define JSON_READ_DEPTH 16

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_type type;
    bool truth;               /* JSON_BOOL */
    struct span text;         /* JSON_STRING: unescaped, NUL-ended; JSON_NUMBER: as written */
    struct span key;          /* inside an object */
    struct json_value *first; /* JSON_ARRAY, JSON_OBJECT: children in order */
    struct json_value *next;
};

/* The whole text must be one value. ST_BAD_INPUT: err->pos is where. */
enum status json_parse(struct span text, struct arena *mem, struct json_value **out,
                       struct error *err);

/* The same for what other programs wrote: deeper, a key may come again (json_find answers with the
 * first), and so many values at most. */
#define JSON_READ_FOREIGN_DEPTH  48
#define JSON_READ_FOREIGN_VALUES 1000000
enum status json_parse_foreign(struct span text, struct arena *mem, struct json_value **out,
                               struct error *err);

/* The same for texts whose strings were never escaped, a second try after the first: a quote ends a
 * string only in front of a comma, a colon, a closing bracket or the end; control characters, bytes
 * that are not UTF-8 and backslashes that begin no escape stay as they are. */
enum status json_parse_unescaped(struct span text, struct arena *mem, struct json_value **out,
                                 struct error *err);

/* NULL if v is NULL or no object, or has no such key. */
const struct json_value *json_find(const struct json_value *v, const char *key);

/* The member's value if it has that type (and fits), else `otherwise`. */
const char *json_get_text(const struct json_value *v, const char *key, const char *otherwise);
int64_t json_get_i64(const struct json_value *v, const char *key, int64_t otherwise);
bool json_get_bool(const struct json_value *v, const char *key, bool otherwise);

#endif
