/*
 * json_document.h - what readers of JSON documents share: lists of objects, paths, ids.
 */
#ifndef JSON_DOCUMENT_H
#define JSON_DOCUMENT_H

#include "document.h"
#include "json_read.h"

/* Reads the frame, behind a byte order mark, and gives every object in it to `each`: the object
 * that it is, or those of the array that it is, or those of the first of its members named in
 * `lists` (ends with NULL; may be NULL) that is an array. What should be an object and is none is
 * refused. That a list goes on elsewhere, in the words of OData, is one more that is left out: it
 * is counted, and seen. ST_BAD_INPUT: it is no JSON. */
enum status document_json(struct document *d, struct span frame, const char *const *lists,
                          void (*each)(struct document *d, const struct json_value *object),
                          struct error *err);

/* Does it begin with an object or a list, behind blanks and a byte order mark? */
bool frame_is_json(struct span frame);

/* The text of one value: of a string, a number as written, "true" or "false". Else empty. */
struct span json_text_of(const struct json_value *v);
/* The value at "a.b.c", or NULL. v may be NULL. */
const struct json_value *json_at(const struct json_value *v, const char *path);
/* Its text. */
struct span json_at_text(const struct json_value *v, const char *path);
/* The first of the paths that has a text; NULL ends them. */
struct span json_first_text(const struct json_value *v, const char *const *paths);
bool json_at_true(const struct json_value *v, const char *path); /* true, "true" and the like */

/* document_value for everything in the object, by its path behind the prefix: with "payload"
 * "payload.object.id". Lists are passed over. Prefix "" is none. */
void document_object(struct document *d, struct fields *r, const char *prefix,
                     const struct json_value *object);

/* document_join by ":" for FIELD_ID, FIELD_LEG and the like; of what would be too long for a name
 * the end becomes its hash. */
struct span document_id(struct document *d, const struct span *parts, size_t n);
#define DOCUMENT_ID(d, ...)                                                                        \
    document_id((d), (const struct span[]){__VA_ARGS__},                                           \
                sizeof((const struct span[]){__VA_ARGS__}) / sizeof(struct span))

/* A name that people typed, made to fit: cut where it is too long, blanks for line ends. */
struct span document_name(struct document *d, struct span text);
/* A moment as other fields want it: what timetext reads by one of the patterns (NULL ends them) in
 * RFC 3339, without offset if it has none; anything else stays as it is. */
struct span document_moment(struct document *d, struct span text, const char *const *patterns);
/* The same of "Thu, 1 Jun 2017 20:48:32 +0000" (RFC 2822). */
struct span document_mail_date(struct document *d, struct span text);

/* Whole seconds of a number of milliseconds; empty if it is none. */
struct span document_millis(struct document *d, struct span text);

#endif
