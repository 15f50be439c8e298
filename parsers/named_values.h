/*
 * named_values.h - values by the names that a sender gave them, and a format's map over them.
 *
 * For formats whose fields come in any order: headers of packets, variables of a channel. The
 * map is asked in its own order here: of several entries for one field the first wins whose value
 * is there and not empty, wherever it stood in the record.
 */
#ifndef NAMED_VALUES_H
#define NAMED_VALUES_H

#include "document.h"

#define NAMED_VALUES_MAX 4096

struct named_value {
    struct span name, value;
};

struct named_values { /* begins as {.mem = ...}; everything borrows or lies in mem */
    struct arena *mem;
    struct named_value *v;
    size_t n, room;
};

/* Beyond NAMED_VALUES_MAX nothing is added. Borrows. */
void values_add(struct named_values *v, struct span name, struct span value);
/* The first that is not empty under that name, in any case of letters; empty: there is none. */
struct span values_get(const struct named_values *v, const char *name);
/* Gives the fields of the format's map their values; those that have one keep it. */
void values_map(const struct document *d, struct fields *r, const struct named_values *v);
/* "Name: value" lines to the first empty one, or the end: split at the first colon, one blank after
 * it taken off. Lines without a colon add nothing. Returns what is behind the empty line. */
struct span values_headers(struct named_values *v, struct span text);

/* "Ann Example" <1001>: what is in the quotes, and in the brackets; either may be missing. */
void caller_id_split(struct span text, struct span *name, struct span *number);

/* One more feature of a record. Borrows. */
void fields_feature(struct document *d, struct fields *r, const char *name);
/* One more record, of an event: its kind is there. A feature that names neither customer nor
 * participant, and has no customer by default, is left out: it could be nobody's. Returns the
 * record, or NULL. */
struct fields *document_event(struct document *d, const struct fields *r);
/* Tells whoever watches of all values that a record was made of; NULL: there is none. */
void values_show(const struct document *d, const struct fields *r, const struct named_values *v);

#endif
