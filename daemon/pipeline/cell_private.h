/*
 * cell_private.h - what cell.c, cells.c, cell_codec.c and aggregate.c share.
 *
 * Packed blocks: the counters first, row after row, `columns` of 16, 32 or 64 bits each, then
 * the rows' keys (a slot has 16 bits, a feature's name id 32). Both blocks of a cell have the same
 * width.
 */
#ifndef CELL_PRIVATE_H
#define CELL_PRIVATE_H

#include "cell.h"
#include "pool.h"

#define FEATURE_VALUES 2 /* used, wanted */

/* A feature's name, once per set: cells hold ids. */
struct name_entry {
    struct span name;
    uint64_t hash;
    uint32_t refs; /* cells that hold it; 0: not in use */
    uint32_t next_free;
};

struct names {
    struct name_entry *entry; /* by id */
    uint32_t count, cap, free_head;
    uint32_t *table; /* id + 1, 0 is empty; open addressing by hash */
    uint32_t mask, used;
};

/* A cell that was asked for lately by cells_recent. */
struct recent {
    struct cell *cell;
    uint32_t name_id; /* of its name, + 1; 0: not asked for yet */
};

#define RECENT 128

struct cells {
    uint64_t *table; /* tag << 32 | place + 1, 0 is empty; home is tag & mask */
    size_t mask, count;
    struct cell **slab;
    size_t slab_count, slab_cap;
    size_t places;     /* ever used since the last reset */
    size_t free_place; /* place + 1 of the last removed cell, chained through hash */
    struct pool pool;
    struct names names;
    struct recent recent[RECENT];
    struct cell_view view; /* for cell_decode_add */
};

#define SLAB_CELLS 512

static inline struct cell *
cells_place(const struct cells *s, size_t place)
{
    return &s->slab[place / SLAB_CELLS][place % SLAB_CELLS];
}

static inline uint64_t
name_hash_mix(uint64_t name_hash, enum cell_kind kind, int32_t day)
{
    uint64_t h = name_hash ^ (((uint64_t)(uint32_t)day << 8 | kind) * UINT64_C(0x9E3779B97F4A7C15));

    h = (h ^ h >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return h ^ h >> 32;
}

uint64_t cells_name_hash(struct span name);
/* Finds or creates by name_hash_mix of cells_name_hash(name). */
struct cell *cells_get_hashed(struct cells *s, enum cell_kind kind, struct span name, int32_t day,
                              uint64_t hash);
/* The same for cells that are few and wanted all the time, regions and features: by way of a
 * small memory that stays in the processor's cache. Valid until the next call. */
struct recent *cells_recent(struct cells *s, enum cell_kind kind, struct span name, int32_t day);
/* Fetches the table's place for a hash. */
void cells_prefetch(const struct cells *s, uint64_t hash);
/* What cells_get_hashed will most likely find, without a look at the cell itself; fetches it. */
struct cell *cells_guess(const struct cells *s, uint64_t hash);

/* Id of a name, new if need be; a new one has no refs until a cell takes it. */
uint32_t names_intern(struct cells *s, struct span name, uint64_t hash);
void names_release(struct cells *s, uint32_t id); /* one ref less */
void names_reset(struct names *n);
void names_clear(struct names *n);
size_t names_bytes(const struct names *n);

static inline uint16_t *
cell_slot_keys(const struct cell *c)
{
    return (uint16_t *)((char *)c->slots + c->slot_cap * cell_columns(c->kind) * c->width);
}

static inline uint32_t *
cell_feature_keys(const struct cell *c)
{
    return (uint32_t *)((char *)c->features + c->feature_cap * FEATURE_VALUES * c->width);
}

static inline int64_t
cell_value(const struct cell *c, const void *block, size_t i)
{
    if (c->width == sizeof(int16_t))
        return ((const int16_t *)block)[i];
    return c->width == sizeof(int32_t) ? ((const int32_t *)block)[i] : ((const int64_t *)block)[i];
}

/* As cell_add and cell_add_feature; false on overflow, with nothing added. */
bool cell_try_add(struct cell *c, unsigned slot, const int64_t *v);
bool cell_try_add_feature(struct cell *c, uint32_t id, int64_t used, int64_t wanted);
void cell_merge_sketch(struct cell *c, unsigned which, const struct sketch *from);
void cell_dispose(struct cell *c); /* frees what the cell holds, names included */

#endif
