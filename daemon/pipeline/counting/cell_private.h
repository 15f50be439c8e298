/*
 * cell_private.h - what the files of cells, and aggregate.c, share.
 *
 * Packed blocks: the counters first, row after row, `columns` of 16, 32 or 64 bits each, then
 * the keys (a slot has 16 bits, a feature's name id 32). Both blocks of a cell have the same width.
 * Slots' keys are in ascending order; rows are in the order of their keys, or, once a third of
 * all slots is in use (the cell is dense), each at its slot's own place, zero if it has no key.
 */
#ifndef CELL_PRIVATE_H
#define CELL_PRIVATE_H

#include <string.h>

#include "cell.h"
#include "pool.h"

#define FEATURE_VALUES 2 /* used, wanted */

/* A name's first and last bytes: with its length all of a name of up to 16, so that most names
 * are compared in registers. */
struct name_ends {
    uint64_t head, tail;
};

static inline struct name_ends
name_ends(struct span name)
{
    struct name_ends e = {0, 0};

    if (name.n >= 8) {
        memcpy(&e.head, name.p, 8);
        memcpy(&e.tail, name.p + name.n - 8, 8);
    } else if (name.n >= 4) {
        uint32_t head, tail;

        memcpy(&head, name.p, 4);
        memcpy(&tail, name.p + name.n - 4, 4);
        e = (struct name_ends){head, tail};
    } else if (name.n > 0) {
        e.head = (uint64_t)(unsigned char)name.p[0] << 8 | (unsigned char)name.p[name.n / 2];
        e.tail = (unsigned char)name.p[name.n - 1];
    }
    return e;
}

/* span_eq for names that are mostly short and mostly equal. */
static inline bool
name_eq(struct span a, struct span b)
{
    struct name_ends x, y;

    if (a.n != b.n)
        return false;
    x = name_ends(a);
    y = name_ends(b);
    return x.head == y.head && x.tail == y.tail && (a.n <= 16 || memcmp(a.p, b.p, a.n) == 0);
}

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
    struct name_ends ends;
    uint32_t name_id;               /* of its name, + 1; 0: not asked for yet */
    uint32_t part_id[PEOPLE_COUNT]; /* the same of parts of a region */
};

#define PLANNED_FEATURES 4 /* looked up ahead; more than that on one record are rare */

struct planned_feature {
    struct cell *cell;
    uint32_t id; /* of its name in the set */
};

/* A record's first features on one day. */
struct recent_list {
    uint64_t number; /* record.h, feature_list; 0: nothing */
    int32_t day;
    struct planned_feature feature[PLANNED_FEATURES];
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
    struct recent_list recent_list[RECENT];
    uint32_t part_nowhere[PEOPLE_COUNT]; /* as in struct recent, of parts without region */
    struct cell_view view;               /* for cell_decode_add */
};

#define SLAB_CELLS    512
#define PART_NAME_MAX 256 /* limits { max_name } goes no farther */

/* cell_columns and cell_slots, without a call. */
struct kind_shape {
    uint16_t columns, slots;
};

#define KIND_LETTER(kind) ((kind)&31)

extern const struct kind_shape kind_shapes[32];

static inline unsigned
columns_of(enum cell_kind kind)
{
    return kind_shapes[KIND_LETTER(kind)].columns;
}

static inline unsigned
slots_of(enum cell_kind kind)
{
    return kind_shapes[KIND_LETTER(kind)].slots;
}

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

/* Where a cell is: cells_at gives it back. */
static inline uint32_t
cells_place_of(const struct cells *s, const struct cell *c)
{
    size_t i = (c->hash >> 32) & s->mask;

    while (s->table[i] >> 32 != c->hash >> 32 || cells_place(s, (uint32_t)s->table[i] - 1) != c)
        i = (i + 1) & s->mask;
    return (uint32_t)s->table[i] - 1;
}

uint64_t cells_name_hash(struct span name); /* the same as of an element: hash_sketch */
/* Finds or creates by name_hash_mix of cells_name_hash(name). */
struct cell *cells_get_hashed(struct cells *s, enum cell_kind kind, struct span name, int32_t day,
                              uint64_t hash);
/* NULL if it is not there. */
struct cell *cells_find_hashed(const struct cells *s, enum cell_kind kind, struct span name,
                               int32_t day, uint64_t hash);
/* As cells_get_hashed for cells that are few and wanted all the time, regions and features: by way
 * of a small memory that stays in the processor's cache. Valid until the next call. */
struct recent *cells_recent(struct cells *s, enum cell_kind kind, struct span name, int32_t day);
/* Id of a part's name; new if need be. */
uint32_t cells_part(struct cells *s, uint8_t people, struct span region);
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
    return (uint16_t *)((char *)c->slots + c->slot_cap * columns_of(c->kind) * c->width);
}

/* The row of the i-th slot. */
static inline size_t
cell_slot_row(const struct cell *c, size_t i)
{
    return c->dense ? cell_slot_keys(c)[i] : i;
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

/* --- blocks: cell_block.c --- */

/* The geometry of one of a cell's two blocks, and what is in use of it. */
struct block_shape {
    unsigned columns, key_size;
    size_t rows, keys;
};

struct room {
    size_t cap, width;
};

static inline struct block_shape
slot_shape(const struct cell *c)
{
    return (struct block_shape){columns_of(c->kind), sizeof(uint16_t),
                                c->dense ? c->slot_cap : c->slot_count, c->slot_count};
}

static inline struct block_shape
feature_shape(const struct cell *c)
{
    return (struct block_shape){FEATURE_VALUES, sizeof(uint32_t), c->feature_count,
                                c->feature_count};
}

size_t block_bytes(const struct block_shape *b, size_t cap, size_t width);
/* A block with other room or other width; the old one is given back. */
void *block_move(const struct cell *c, void *old, const struct block_shape *b, size_t old_cap,
                 const struct room *to);
/* A copy of another cell's block, of the same width, for c. */
void *block_copy(const struct cell *c, const void *from, const struct block_shape *b,
                 size_t from_cap, const struct room *to);
/* Adds v to the row whose counters begin at `at`, widening the cell as need be; false, and
 * nothing added, on overflow. block is c's own member, because widening moves both. */
bool block_add(struct cell *c, void *const *block, size_t at, const int64_t *v, unsigned columns);

/* Adds 1 to a counter that stays in 15 or 31 bits; false, and nothing added, otherwise. */
static inline bool
value_add_one(const struct cell *c, void *block, size_t at)
{
    if (c->width == sizeof(int16_t)) {
        int16_t *v = (int16_t *)block + at;

        return *v < INT16_MAX && (++*v, true);
    }
    if (c->width == sizeof(int32_t)) {
        int32_t *v = (int32_t *)block + at;

        return *v < INT32_MAX && (++*v, true);
    }
    return false;
}

/* --- adding --- */

void cell_add_one_anywhere(struct cell *c, unsigned slot, unsigned column);

/* Fetches a dense cell's slot. */
static inline void
cell_prefetch_slot(const struct cell *c, size_t slot)
{
    if (c->dense)
        __builtin_prefetch((const char *)c->slots + slot * columns_of(c->kind) * c->width, 1);
}

/* Adds 1 to one column of a slot: cell_add for what is usual. In a dense cell a counter that is
 * not zero also proves that its slot is there. */
static inline void
cell_add_one(struct cell *c, unsigned slot, unsigned column)
{
    size_t at = slot * columns_of(c->kind) + column;

    if (c->dense && slot < c->slot_cap && cell_value(c, c->slots, at) > 0 &&
        value_add_one(c, c->slots, at))
        return;
    cell_add_one_anywhere(c, slot, column);
}

/* Adds a leg that begins at a second of the cell's day, and its seconds, all of that day; the
 * seconds on a later day, from its beginning. */
void cell_add_leg(struct cell *c, unsigned second, unsigned seconds);
void cell_add_seconds(struct cell *c, unsigned seconds);
/* Adds 1 to the uses, or wishes, of a feature. True: the cell's first. */
bool cell_add_use(struct cell *c, uint32_t id, bool wanted);

/* As cell_add and cell_add_feature; false on overflow, with nothing added. */
bool cell_try_add(struct cell *c, unsigned slot, const int64_t *v);
bool cell_try_add_feature(struct cell *c, uint32_t id, int64_t used, int64_t wanted);
void cell_merge_sketch(struct cell *c, unsigned which, const struct sketch *from);
void cell_dispose(struct cell *c); /* frees what the cell holds, names included */

#endif
