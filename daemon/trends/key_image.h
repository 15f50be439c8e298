/*
 * key_image.h - what one cell looks like in Redis: its keys, their fields, their life.
 *
 * The writer turns images into commands, the verifier compares them with what is there.
 */
#ifndef KEY_IMAGE_H
#define KEY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"
#include "config.h"
#include "keys.h"
#include "memory.h"
#include "span.h"

struct key_field {
    struct span name, value; /* name without @NODE is never used: it carries it */
};

enum key_type {
    KEY_HASH,   /* fields are set */
    KEY_SKETCH, /* a HyperLogLog of this node alone; sketch is set */
    KEY_GONE,   /* a HyperLogLog that must not be there: its cell was zeroed */
};

struct key_image {
    enum key_type type;
    bool month; /* one cell of several that make up the key */
    uint8_t dd; /* day of the month */
    struct span key;
    const struct key_field *fields;
    size_t field_count;
    const struct sketch *sketch;
    int32_t closed_day; /* first day after the key's period */
    int64_t expire_at;  /* UTC seconds; KEY_FOR_EVER */
};

#define KEY_FOR_EVER   INT64_MAX
#define KEY_IMAGES_MAX 4 /* a customer has four */

struct key_imager {
    const char *node;
    struct config_retention retention; /* all 0: nothing expires */
    /* private */
    char at_node[40]; /* "@NODE" */
    size_t at_node_n;
    struct key_stem stem;
    struct buf text;
    struct key_field *fields;
    size_t field_cap;
    int32_t day, month_closed; /* of the cell: its day, the first day of the next month */
    uint8_t dd;
    bool day_known;
};

void key_imager_init(struct key_imager *k, const char *node,
                     const struct config_retention *retention, bool never_expire);
void key_imager_clear(struct key_imager *k);

/* Fills out[] and returns how many keys the cell has: none for a workload. Borrowed from the
 * imager and the cell, until the next call. */
size_t key_images(struct key_imager *k, const struct cell *c, struct key_image out[KEY_IMAGES_MAX]);

/* A member of cs:{P}:dirty: "c:NAME"; false for kinds that are never in Redis. */
bool key_dirty_member(struct buf *out, const struct cell *c);

#endif
