/*
 * months.h - fields of month keys, gathered from many days so that each key is written once.
 *
 * A customer's month is one key, its days are cells of their own that come in any order. One
 * partition and one pass at a time.
 */
#ifndef MONTHS_H
#define MONTHS_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "span.h"

struct month {
    uint64_t hash;
    size_t key_at, key_n; /* in months.text */
    int64_t expire_at;    /* the caller's */
    size_t first, last;   /* pieces in months.text, a chain; 0: none */
    size_t fields;
    uint32_t days; /* bit d: day d is there */
};

struct months {
    struct month *at;
    size_t count, cap;
    uint32_t *table; /* index + 1, by hash; 0 is empty */
    size_t slots;
    struct buf text; /* keys and pieces */
};

void months_clear(struct months *m);         /* frees */
void months_reset(struct months *m);         /* empties, keeps the memory */
size_t months_bytes(const struct months *m); /* in use */
size_t months_held(const struct months *m);  /* with what is kept for more */

/* Adds a day's fields (entries of redis_dump.h) to a key. The same day once more replaces what
 * it had. Returns the key's place, whose expire_at may be set. */
struct month *months_add(struct months *m, struct span key, int day, struct span entries,
                         size_t fields);

/* What has been gathered for one: its key, and its entries appended to out. */
struct span months_key(const struct months *m, const struct month *month);
void months_entries(const struct months *m, const struct month *month, struct buf *out);

#endif
