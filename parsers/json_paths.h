/*
 * json_paths.h - the tree of keys behind json_record.h.
 *
 *     map = { "customer=account.id", "start=call.begin", "features=call.used" }
 *
 * becomes an object with the keys "account" and "call", each with a node of its own. Every
 * path has a slot: a field's first path that of the field itself, alternatives one behind.
 */
#ifndef JSON_PATHS_H
#define JSON_PATHS_H

#include "json_record.h"

#define SLOTS      64
#define NO_SLOT    -1
#define NO_NODE    -1
#define MAX_NODES  64
#define KEY_MEMORY 29 /* longest key that a worker remembers */

struct path_key {
    struct span name;
    int slot;      /* where a value goes, NO_SLOT */
    int node;      /* what is wanted inside an object or array, NO_NODE */
    uint64_t mask; /* slots of this key and of all inside: a repeated key replaces them */
};

struct path_node {
    struct path_key *keys;
    size_t count;
    uint8_t *table; /* places in keys + 1 by hash, 0 is free */
    size_t mask;
};

struct json_paths {
    struct arena mem;
    struct path_node node[MAX_NODES];
    int nodes;
    enum field alternative[SLOTS - FIELD_COUNT]; /* field of each slot behind FIELD_COUNT */
    int alternatives;
    bool strict; /* no map: an object where a value is wanted is a mistake */
};

const struct path_key *path_find(const struct path_node *n, struct span name);

#endif
