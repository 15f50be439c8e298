/*
 * json_record.h - one JSON object to the fields of a record, by the paths that a format wants.
 *
 * What ndjson and json-array have in common. Private to parsers/.
 */
#ifndef JSON_RECORD_H
#define JSON_RECORD_H

#include "format.h"
#include "json_text.h"
#include "parser.h"

/* The paths wanted, as a tree of keys; shared by all threads. */
enum status json_paths_new(void **shared, const struct format *f, struct error *err);
void json_paths_free(void *shared); /* accepts NULL */

/* One worker's memory: which key came after which in the records before. */
void *json_worker_new(const struct format *f);
void json_worker_free(void *state); /* accepts NULL */

/* Reads the object at t->p. False: t->p and t->why as in json_text.h; out is undefined then. */
bool json_record(struct json_text *t, void *state, const struct format *f, struct arena *mem,
                 struct fields *out);

/* For parser_ops of formats without a header line. */
bool json_no_header(const struct format *f);
enum status json_read_header(const struct format *f, struct span line, struct layout **out,
                             struct error *err);
void json_layout_free(struct layout *l);

#endif
