/*
 * show.h - what stands in a frame, column by column, for people who describe a format. The files of
 * parsers end with one of these in their `show`; documents are watched instead.
 */
#ifndef SHOW_H
#define SHOW_H

#include "json_read.h"
#include "parser.h"

/* Separated values; names come from the header or the listed columns, else are "column 1". */
void show_csv(const struct format *f, struct span header, struct span raw, struct arena *mem,
              column_seen *seen, void *arg);
/* A JSON object, by paths such as "account.id". */
void show_json(const struct format *f, struct span header, struct span raw, struct arena *mem,
               column_seen *seen, void *arg);

/* Every value inside v, by its path behind what `name` holds; of a list each element. */
typedef void json_leaf(void *arg, struct span name, struct span value);
void show_leaves(const struct json_value *v, struct buf *name, json_leaf *leaf, void *arg);

#endif
