/*
 * cell.c - one subject's counters on one day, packed.
 *
 * Most cells are small: a customer's day has a few quarters of an hour, one or two features, a
 * handful of people. Rows are kept sorted in blocks that grow gently; the place last touched is
 * remembered, because a leg's quarters, and most feeds, come in order of time.
 */
#include "cell.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cell_private.h"
#include "sketch_private.h"

#define LETTER(kind) ((kind)&31)

static const struct {
    uint8_t columns;
    uint16_t slots;
} shapes[32] = {
    [LETTER(CELL_CUSTOMER)] = {CUSTOMER_COLUMNS, 96},
    [LETTER(CELL_FEATURE)] = {FEATURE_COLUMNS, 1},
    [LETTER(CELL_SERVICE)] = {SERVICE_COLUMNS, 96},
    [LETTER(CELL_REGION)] = {REGION_COLUMNS, 1440},
    [LETTER(CELL_WORKLOAD)] = {SERVICE_COLUMNS, 96},
};

unsigned
cell_columns(enum cell_kind kind)
{
    return shapes[LETTER(kind)].columns;
}

unsigned
cell_slots(enum cell_kind kind)
{
    return shapes[LETTER(kind)].slots;
}

/* --- blocks --- */

/* The geometry of one of a cell's two blocks. */
struct block_shape {
    unsigned columns, key_size, count;
};

struct room {
    size_t cap, width;
};

static size_t
block_bytes(const struct block_shape *b, size_t cap, size_t width)
{
    return cap * (b->columns * width + b->key_size);
}

static void
value_put(void *block, size_t width, size_t i, int64_t v)
{
    if (width == sizeof(int16_t))
        ((int16_t *)block)[i] = (int16_t)v;
    else if (width == sizeof(int32_t))
        ((int32_t *)block)[i] = (int32_t)v;
    else
        ((int64_t *)block)[i] = v;
}

/* A block with other room or other width; the old one is given back. */
static void *
block_move(const struct cell *c, void *old, const struct block_shape *b, size_t old_cap,
           const struct room *to)
{
    size_t values = (size_t)b->count * b->columns, row = b->columns;
    char *fresh = pool_alloc(&c->set->pool, block_bytes(b, to->cap, to->width));

    if (to->width == c->width && values)
        memcpy(fresh, old, values * to->width);
    for (size_t i = 0; to->width != c->width && i < values; i++)
        value_put(fresh, to->width, i, cell_value(c, old, i));
    if (b->count)
        memcpy(fresh + to->cap * row * to->width, (const char *)old + old_cap * row * c->width,
               (size_t)b->count * b->key_size);
    pool_free(&c->set->pool, old, block_bytes(b, old_cap, c->width));
    return fresh;
}

static struct block_shape
slot_shape(const struct cell *c)
{
    return (struct block_shape){cell_columns(c->kind), sizeof(uint16_t), c->slot_count};
}

static struct block_shape
feature_shape(const struct cell *c)
{
    return (struct block_shape){FEATURE_VALUES, sizeof(uint32_t), c->feature_count};
}

static void
widen(struct cell *c)
{
    struct block_shape slots = slot_shape(c), features = feature_shape(c);
    size_t width = c->width * 2u;

    if (c->slot_cap)
        c->slots = block_move(c, c->slots, &slots, c->slot_cap, &(struct room){c->slot_cap, width});
    if (c->feature_cap)
        c->features = block_move(c, c->features, &features, c->feature_cap,
                                 &(struct room){c->feature_cap, width});
    c->width = (uint8_t)width;
}

/* Adds v to a row; false, and nothing added, when a sum does not fit. */
#define ROW_ADD(type)                                                                              \
    static inline __attribute__((always_inline)) bool row_add_##type(type *row, const int64_t *v,  \
                                                                     unsigned columns)             \
    {                                                                                              \
        int64_t sum[SERVICE_COLUMNS], over = 0;                                                    \
                                                                                                   \
        _Pragma("GCC unroll 5") for (unsigned i = 0; i < columns; i++)                             \
        {                                                                                          \
            over |= __builtin_add_overflow((int64_t)row[i], v[i], &sum[i]);                        \
            over |= sum[i] ^ (type)sum[i];                                                         \
        }                                                                                          \
        if (over)                                                                                  \
            return false;                                                                          \
        _Pragma("GCC unroll 5") for (unsigned i = 0; i < columns; i++) row[i] = (type)sum[i];      \
        return true;                                                                               \
    }

ROW_ADD(int16_t)
ROW_ADD(int32_t)
ROW_ADD(int64_t)

static inline __attribute__((always_inline)) bool
row_add_fixed(const struct cell *c, void *block, size_t at, const int64_t *v, unsigned columns)
{
    if (c->width == sizeof(int16_t))
        return row_add_int16_t((int16_t *)block + at, v, columns);
    if (c->width == sizeof(int32_t))
        return row_add_int32_t((int32_t *)block + at, v, columns);
    return row_add_int64_t((int64_t *)block + at, v, columns);
}

/* With the number of columns a constant the loops above become a few straight instructions. */
static inline __attribute__((always_inline)) bool
row_add(const struct cell *c, void *block, size_t at, const int64_t *v, unsigned columns)
{
    if (columns == CUSTOMER_COLUMNS) /* and FEATURE_COLUMNS */
        return row_add_fixed(c, block, at, v, 3);
    if (columns == REGION_COLUMNS) /* and FEATURE_VALUES */
        return row_add_fixed(c, block, at, v, 2);
    return row_add_fixed(c, block, at, v, SERVICE_COLUMNS);
}

_Static_assert(CUSTOMER_COLUMNS == 3 && FEATURE_COLUMNS == 3 && REGION_COLUMNS == 2 &&
                   FEATURE_VALUES == 2 && SERVICE_COLUMNS == 5,
               "row_add knows these");

/* --- slots --- */

/* First position whose slot is not below: the halving has no branch to mispredict. */
static unsigned
lower_bound(const uint16_t *keys, unsigned n, unsigned slot)
{
    const uint16_t *base = keys;

    while (n > 1) {
        unsigned half = n / 2;

        base += base[half - 1] < slot ? half : 0;
        n -= half;
    }
    return (unsigned)(base - keys) + (n && *base < slot);
}

static void
slot_insert(struct cell *c, unsigned at, unsigned slot)
{
    struct block_shape b = slot_shape(c);
    size_t row = b.columns * c->width;
    uint16_t *keys;
    char *place;

    if (c->slot_count == c->slot_cap) {
        unsigned cap = c->slot_cap < 8 ? c->slot_cap + 2u : c->slot_cap + c->slot_cap / 2u;

        cap = cap < cell_slots(c->kind) ? cap : cell_slots(c->kind);
        c->slots = block_move(c, c->slots, &b, c->slot_cap, &(struct room){cap, c->width});
        c->slot_cap = (uint16_t)cap;
    }
    keys = cell_slot_keys(c);
    place = (char *)c->slots + at * row;
    memmove(keys + at + 1, keys + at, (c->slot_count - at) * sizeof *keys);
    memmove(place + row, place, (c->slot_count - at) * row);
    memset(place, 0, row);
    keys[at] = (uint16_t)slot;
    c->slot_count++;
}

/* Position of a slot that is not where slot_place looks first; made if need be. */
static __attribute__((noinline)) unsigned
slot_search(struct cell *c, unsigned slot)
{
    unsigned n = c->slot_count, at = n;
    const uint16_t *keys = n ? cell_slot_keys(c) : NULL;

    if (n > 0 && keys[n - 1] >= slot)
        at = lower_bound(keys, n, slot);
    if (at == n || keys[at] != slot)
        slot_insert(c, at, slot);
    c->slot_last = (uint16_t)at;
    return at;
}

/* Where quarters follow one another without a gap, the distance from the one last touched is
 * the distance in the block. */
static inline unsigned
slot_place(struct cell *c, unsigned columns, unsigned slot)
{
    const uint16_t *keys;
    unsigned at;

    if (c->slot_count == 0)
        return slot_search(c, slot);
    keys = (const uint16_t *)((char *)c->slots + c->slot_cap * columns * c->width);
    at = slot - keys[c->slot_last] + c->slot_last; /* below 0 becomes huge */
    if (at >= c->slot_count || keys[at] != slot)
        return slot_search(c, slot);
    c->slot_last = (uint16_t)at;
    return at;
}

/* The way of nearly all: a row of 16-bit counters whose sums fit. A sum that wraps around 64 bits
 * is far outside 16 as well. */
static inline __attribute__((always_inline)) bool
row_add_narrow(int16_t *row, const int64_t *v, unsigned columns)
{
    int64_t sum[3] = {0};
    bool fits = true;

#pragma GCC unroll 3
    for (unsigned i = 0; i < columns; i++) {
        sum[i] = (int64_t)((uint64_t)row[i] + (uint64_t)v[i]);
        fits &= sum[i] == (int16_t)sum[i];
    }
    if (!fits)
        return false;
#pragma GCC unroll 3
    for (unsigned i = 0; i < columns; i++)
        row[i] = (int16_t)sum[i];
    return true;
}

/* What does not fit that way: wider counters, longer rows, sums that need more room. */
static __attribute__((noinline)) bool
add_widely(struct cell *c, unsigned at, const int64_t *v, unsigned columns)
{
    while (!row_add(c, c->slots, at, v, columns)) {
        if (c->width == sizeof(int64_t))
            return false;
        widen(c);
    }
    return true;
}

bool
cell_try_add(struct cell *c, unsigned slot, const int64_t *v)
{
    unsigned columns = cell_columns(c->kind), at;

    assert(slot < cell_slots(c->kind));
    at = slot_place(c, columns, slot) * columns;
    if (c->width == sizeof(int16_t)) {
        int16_t *row = (int16_t *)c->slots + at;

        if (columns == 3 && row_add_narrow(row, v, 3))
            return true;
        if (columns == 2 && row_add_narrow(row, v, 2))
            return true;
    }
    return add_widely(c, at, v, columns);
}

void
cell_add(struct cell *c, unsigned slot, const int64_t *v)
{
    if (!cell_try_add(c, slot, v))
        abort();
}

struct cell_slot
cell_slot_at(const struct cell *c, unsigned i)
{
    unsigned columns = cell_columns(c->kind);
    struct cell_slot s = {.slot = cell_slot_keys(c)[i]};

    for (unsigned k = 0; k < columns; k++)
        s.v[k] = cell_value(c, c->slots, (size_t)i * columns + k);
    return s;
}

bool
cell_find_slot(const struct cell *c, unsigned slot, struct cell_slot *out)
{
    unsigned at = c->slot_count ? lower_bound(cell_slot_keys(c), c->slot_count, slot) : 0;
    bool found = at < c->slot_count && cell_slot_keys(c)[at] == slot;

    if (out)
        *out = found ? cell_slot_at(c, at) : (struct cell_slot){0};
    return found;
}

void
cell_sum(const struct cell *c, int64_t *v)
{
    unsigned columns = cell_columns(c->kind);

    memset(v, 0, columns * sizeof *v);
    for (size_t i = 0; i < c->slot_count; i++)
        for (unsigned k = 0; k < columns; k++)
            if (__builtin_add_overflow(v[k], cell_value(c, c->slots, i * columns + k), &v[k]))
                abort();
}

/* --- features --- */

static unsigned
feature_place(struct cell *c, uint32_t id)
{
    struct block_shape b = feature_shape(c);
    uint32_t *keys = c->feature_count ? cell_feature_keys(c) : NULL;
    size_t row = FEATURE_VALUES * c->width;

    for (unsigned i = 0; i < c->feature_count; i++)
        if (keys[i] == id)
            return i;
    if (c->feature_count == c->feature_cap) {
        uint32_t cap = c->feature_cap < 8 ? c->feature_cap + 2 : c->feature_cap / 2 * 3;

        c->features = block_move(c, c->features, &b, c->feature_cap, &(struct room){cap, c->width});
        c->feature_cap = cap;
    }
    memset((char *)c->features + c->feature_count * row, 0, row);
    cell_feature_keys(c)[c->feature_count] = id;
    c->set->names.entry[id].refs++;
    return c->feature_count++;
}

bool
cell_try_add_feature(struct cell *c, uint32_t id, int64_t used, int64_t wanted)
{
    const int64_t v[FEATURE_VALUES] = {used, wanted};
    size_t at = (size_t)feature_place(c, id) * FEATURE_VALUES;

    while (!row_add(c, c->features, at, v, FEATURE_VALUES)) {
        if (c->width == sizeof(int64_t))
            return false;
        widen(c);
    }
    return true;
}

void
cell_add_feature(struct cell *c, struct span name, int64_t used, int64_t wanted)
{
    if (!cell_try_add_feature(c, names_intern(c->set, name, cells_name_hash(name)), used, wanted))
        abort();
}

struct cell_feature
cell_feature_at(const struct cell *c, unsigned i)
{
    return (struct cell_feature){
        .name = c->set->names.entry[cell_feature_keys(c)[i]].name,
        .used = cell_value(c, c->features, (size_t)i * FEATURE_VALUES),
        .wanted = cell_value(c, c->features, (size_t)i * FEATURE_VALUES + 1),
    };
}

/* --- distinct counts, whole cells --- */

void
cell_add_distinct(struct cell *c, unsigned which, uint64_t hash)
{
    sketch_add_in(&c->sketch[which], hash, &c->set->pool);
}

void
cell_merge_sketch(struct cell *c, unsigned which, const struct sketch *from)
{
    sketch_merge_in(&c->sketch[which], from, &c->set->pool);
}

static void
clear_sketches(struct cell *c)
{
    for (unsigned i = 0; i < 2; i++)
        sketch_clear_in(&c->sketch[i], &c->set->pool);
}

void
cell_merge(struct cell *into, const struct cell *from)
{
    const struct name_entry *names = from->set->names.entry;

    assert(into->kind == from->kind && into != from);
    for (unsigned i = 0; i < from->slot_count; i++) {
        struct cell_slot s = cell_slot_at(from, i);

        cell_add(into, s.slot, s.v);
    }
    for (unsigned i = 0; i < from->feature_count; i++) {
        struct cell_feature f = cell_feature_at(from, i);
        uint64_t hash = names[cell_feature_keys(from)[i]].hash;

        if (!cell_try_add_feature(into, names_intern(into->set, f.name, hash), f.used, f.wanted))
            abort();
    }
    for (unsigned i = 0; i < 2; i++)
        if (!sketch_empty(&from->sketch[i]))
            cell_merge_sketch(into, i, &from->sketch[i]);
}

void
cell_zero(struct cell *c)
{
    size_t width = c->width;

    if (c->slot_count)
        memset(c->slots, 0, c->slot_count * cell_columns(c->kind) * width);
    if (c->feature_count)
        memset(c->features, 0, c->feature_count * FEATURE_VALUES * width);
    clear_sketches(c);
}

void
cell_dispose(struct cell *c)
{
    struct block_shape slots = slot_shape(c), features = feature_shape(c);
    size_t width = c->width;

    for (unsigned i = 0; i < c->feature_count; i++)
        names_release(c->set, cell_feature_keys(c)[i]);
    pool_free(&c->set->pool, c->slots, block_bytes(&slots, c->slot_cap, width));
    pool_free(&c->set->pool, c->features, block_bytes(&features, c->feature_cap, width));
    clear_sketches(c);
}
