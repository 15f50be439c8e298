/*
 * compare.h - what stands in Redis against what the ledger says. Reads only.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key_image.h"
#include "projection.h"
#include "redis_link.h"

enum difference {
    DIFFERENCE_MISSING, /* the ledger has it, Redis does not */
    DIFFERENCE_VALUE,   /* both have it, with different values */
    DIFFERENCE_EXTRA,   /* Redis has a field or key of this node that the ledger has not */
};

/* field is empty for a whole key; have and want may be empty. Borrowed for the call. */
typedef void difference_visit(void *arg, enum difference what, struct span key, struct span field,
                              struct span have, struct span want);

/* A set of 64-bit hashes. */
struct known {
    uint64_t *slot;
    size_t count, cap;
};

bool known_add(struct known *k, uint64_t hash); /* false if it was there */
bool known_has(const struct known *k, uint64_t hash);
void known_clear(struct known *k);
/* Of a field in a key, or of a key as a whole (field empty). */
uint64_t known_hash(struct span key, struct span field);

struct comparer {
    struct redis_link *link;
    const struct change_feed *feed;
    struct key_imager imager;
    struct known *known; /* NULL, or gathers every key and every field of a month's key */
    difference_visit *visit;
    void *arg;
    int64_t now;
    uint64_t upto;         /* cells changed later are not compared: they are still to be sent */
    uint64_t keys, fields; /* compared so far */
    /* private */
    struct known hot;  /* cells in memory, whose rows on disk may be older */
    struct known aged; /* keys of this partition whose version was told of */
    struct redis_batch batch;
    struct buf expected, sketch;
    size_t at;
    enum status refused;
    struct error error;
};

void comparer_init(struct comparer *c, struct redis_link *link, const char *node,
                   const struct change_feed *feed, const struct config_retention *retention,
                   bool never_expire);
void comparer_clear(struct comparer *c);

/* Compares every cell of a partition; counters grow, visit is told of each difference. ST_MORE:
 * the ledger was folded meanwhile, what was found may be wrong: do it again. */
enum status comparer_partition(struct comparer *c, unsigned partition, struct error *err);
/* Walks all keys of Redis and tells `visit` of this node's fields and keys that are not in
 * `known`, which must hold all partitions. An empty field means the whole key. */
enum status comparer_strays(struct comparer *c, struct error *err);

#endif
