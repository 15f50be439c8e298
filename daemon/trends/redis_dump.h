/*
 * redis_dump.h - a hash in the form of Redis' DUMP, from which RESTORE makes a key at once.
 *
 * HSET looks for each field among those already there; RESTORE takes the whole as it is stored and
 * sets the key's lifetime too. For keys that do not exist yet that costs Redis less than half.
 *
 * Fields and values travel as entries, name and value in turn, in the form in which they end up
 * in the key, until it is decided which of the two commands carries them.
 */
#ifndef REDIS_DUMP_H
#define REDIS_DUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "memory.h"
#include "span.h"

/* The form is that of Redis 7 (type 16, RDB version 10), which every later one reads. */
#define DUMP_NEEDS_MAJOR 7
#define DUMP_MAX_FIELDS  4096
#define DUMP_RDB_VERSION 10
#define DUMP_TYPE_HASH   16

void dump_entry(struct buf *entries, struct span text);
/* Reads entries back: takes the first, false when there is none. */
bool dump_take(struct span *entries, struct span *text);

/* The payload of a hash with these entries, whose names must differ, is written in place: room for
 * dump_bytes, dump_begin, the entries where that points to, dump_end. */
size_t dump_bytes(size_t entry_bytes);
char *dump_begin(char *payload, size_t entry_bytes, size_t fields);
void dump_end(char *payload, size_t entry_bytes);
/* The same without what stands around it, as in a file of Redis: the value that follows
 * DUMP_TYPE_HASH and the key. There is no end to write. */
size_t dump_value_bytes(size_t entry_bytes);
char *dump_value_begin(char *value, size_t entry_bytes, size_t fields);
/* The entries of such a payload; empty if it is none of ours. */
struct span dump_entries(struct span payload);

#endif
