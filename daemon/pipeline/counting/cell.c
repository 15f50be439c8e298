/*
 * cell.c - one subject's counters on one day, packed.
 *
 * Most cells are small: a customer's day has a few quarters of an hour, one or two features, a
 * handful of people. Rows are kept in blocks that grow gently (cell_block.c); what is counted by
 * time of day is in cell_slots.c, the rest here.
 */
#include "cell.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cell_private.h"
#include "sketch_private.h"

const struct kind_shape kind_shapes[32] = {
    [KIND_LETTER(CELL_CUSTOMER)] = {CUSTOMER_COLUMNS, 96},
    [KIND_LETTER(CELL_FEATURE)] = {FEATURE_COLUMNS, 1},
    [KIND_LETTER(CELL_SERVICE)] = {SERVICE_COLUMNS, 96},
    [KIND_LETTER(CELL_REGION)] = {REGION_COLUMNS, 1440},
    [KIND_LETTER(CELL_WORKLOAD)] = {SERVICE_COLUMNS, 96},
};

unsigned
cell_columns(enum cell_kind kind)
{
    return columns_of(kind);
}

unsigned
cell_slots(enum cell_kind kind)
{
    return slots_of(kind);
}

/* --- features --- */

static unsigned
feature_place(struct cell *c, uint32_t id)
{
    struct block_shape b = feature_shape(c);
    const uint32_t *keys = c->feature_count ? cell_feature_keys(c) : NULL;
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

    return block_add(c, &c->features, at, v, FEATURE_VALUES);
}

bool
cell_add_use(struct cell *c, uint32_t id, bool wanted)
{
    unsigned before = c->feature_count;
    size_t at = (size_t)feature_place(c, id) * FEATURE_VALUES + wanted;

    if (!value_add_one(c, c->features, at) && !cell_try_add_feature(c, id, !wanted, wanted))
        abort();
    return c->feature_count != before;
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

/* The blocks as they are, without spare room, into a cell that has none. */
static void
copy_blocks(struct cell *into, const struct cell *from)
{
    const struct name_entry *names = from->set->names.entry;
    struct block_shape slots = slot_shape(from), features = feature_shape(from);
    struct room room = {slots.rows, from->width};

    into->width = from->width;
    into->dense = from->dense;
    into->slot_last = from->slot_last;
    into->slot_count = from->slot_count;
    into->slot_cap = (uint16_t)room.cap;
    if (room.cap)
        into->slots = block_copy(into, from->slots, &slots, from->slot_cap, &room);
    room.cap = features.rows;
    into->feature_count = into->feature_cap = from->feature_count;
    if (room.cap)
        into->features = block_copy(into, from->features, &features, from->feature_cap, &room);
    for (unsigned i = 0; i < from->feature_count; i++) {
        const struct name_entry *e = &names[cell_feature_keys(from)[i]];
        uint32_t id = names_intern(into->set, e->name, e->hash);

        cell_feature_keys(into)[i] = id;
        into->set->names.entry[id].refs++;
    }
}

static void
merge_blocks(struct cell *into, const struct cell *from)
{
    const struct name_entry *names = from->set->names.entry;

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
}

void
cell_merge(struct cell *into, const struct cell *from)
{
    assert(into->kind == from->kind && into != from);
    if (into->slot_count == 0 && into->feature_count == 0 && into->slot_cap == 0 &&
        into->feature_cap == 0)
        copy_blocks(into, from);
    else
        merge_blocks(into, from);
    for (unsigned i = 0; i < 2; i++)
        if (!sketch_empty(&from->sketch[i]))
            cell_merge_sketch(into, i, &from->sketch[i]);
}

void
cell_zero(struct cell *c)
{
    size_t width = c->width;

    if (c->slot_count)
        memset(c->slots, 0, slot_shape(c).rows * cell_columns(c->kind) * width);
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
