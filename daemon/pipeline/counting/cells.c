/*
 * cells.c - the set of cells: table, places, names of features.
 *
 * Cells lie in slabs and never move; the table holds their places with 32 bits of the hash, so
 * that looking one up rarely touches a wrong cell, and growing touches none. Removal shifts the
 * following entries back: no tombstones.
 */
#include <stdlib.h>
#include <string.h>

#include "cell_private.h"
#include "hash.h"
#include "keys.h"

#define TABLE_MIN          64
#define SLAB_BYTES         (SLAB_CELLS * sizeof(struct cell))
#define SLABS_TOGETHER     (PAGES_UNIT / SLAB_BYTES) /* once there are so many */
#define ENTRY(hash, place) (((hash) >> 32) << 32 | ((place) + 1))

uint64_t
cells_name_hash(struct span name)
{
    return hash_sketch(name);
}

_Static_assert(PAGES_UNIT % SLAB_BYTES == 0, "slabs fill huge pages");

/* --- memory --- */

static uint64_t *
table_new(size_t size)
{
    size_t bytes = size * sizeof(uint64_t);

    return bytes < PAGES_UNIT ? xcalloc(size, sizeof(uint64_t)) : pages_alloc(bytes);
}

static void
table_free(uint64_t *table, size_t size)
{
    if (size * sizeof *table < PAGES_UNIT)
        free(table);
    else
        pages_free(table, size * sizeof *table);
}

struct cells *
cells_new(void)
{
    struct cells *s = xcalloc(1, sizeof *s);

    s->mask = TABLE_MIN - 1;
    s->table = table_new(TABLE_MIN);
    return s;
}

static void
add_slabs(struct cells *s)
{
    bool many = s->slab_count >= SLABS_TOGETHER;
    char *p = many ? pages_alloc(PAGES_UNIT) : aligned_alloc(64, SLAB_BYTES);

    if (!p)
        abort();
    if (s->slab_count + SLABS_TOGETHER > s->slab_cap) {
        s->slab_cap = s->slab_cap ? s->slab_cap * 2 : SLABS_TOGETHER;
        s->slab = xrealloc(s->slab, s->slab_cap * sizeof *s->slab);
    }
    for (size_t i = 0; i < (many ? SLABS_TOGETHER : 1); i++)
        s->slab[s->slab_count++] = (struct cell *)(void *)(p + i * SLAB_BYTES);
}

/* All but the first `keep`, or a few more. */
static void
free_slabs(struct cells *s, size_t keep)
{
    while (s->slab_count > SLABS_TOGETHER && s->slab_count - SLABS_TOGETHER >= keep) {
        s->slab_count -= SLABS_TOGETHER;
        pages_free(s->slab[s->slab_count], PAGES_UNIT);
    }
    while (s->slab_count > keep && s->slab_count <= SLABS_TOGETHER)
        free(s->slab[--s->slab_count]);
}

void
cells_free(struct cells *s)
{
    if (!s)
        return;
    free_slabs(s, 0);
    free(s->slab);
    table_free(s->table, s->mask + 1);
    names_clear(&s->names);
    cell_view_clear(&s->view);
    pool_clear(&s->pool);
    free(s);
}

static size_t
table_size_for(size_t count)
{
    size_t size = TABLE_MIN;

    while (count > size / 2)
        size *= 2;
    return size;
}

static void
forget_recent(struct cells *s)
{
    memset(s->recent, 0, sizeof s->recent);
    memset(s->recent_list, 0, sizeof s->recent_list);
    memset(s->part_nowhere, 0, sizeof s->part_nowhere);
}

void
cells_reset(struct cells *s)
{
    size_t size = table_size_for(s->count);

    if (size < s->mask + 1) {
        table_free(s->table, s->mask + 1);
        s->table = table_new(size);
        s->mask = size - 1;
    } else {
        memset(s->table, 0, size * sizeof *s->table);
    }
    free_slabs(s, (s->places + SLAB_CELLS - 1) / SLAB_CELLS);
    s->count = s->places = s->free_place = 0;
    forget_recent(s);
    names_reset(&s->names);
    pool_reset(&s->pool);
}

/* --- table --- */

static size_t
home_of(const struct cells *s, uint64_t entry)
{
    return (entry >> 32) & s->mask;
}

static void
table_put(struct cells *s, uint64_t entry)
{
    size_t i = home_of(s, entry);

    while (s->table[i])
        i = (i + 1) & s->mask;
    s->table[i] = entry;
}

static void
table_grow(struct cells *s)
{
    uint64_t *old = s->table;
    size_t n = s->mask + 1;

    s->table = table_new(n * 2);
    s->mask = n * 2 - 1;
    for (size_t i = 0; i < n; i++)
        if (old[i])
            table_put(s, old[i]);
    table_free(old, n);
}

void
cells_prefetch(const struct cells *s, uint64_t hash)
{
    __builtin_prefetch(&s->table[(hash >> 32) & s->mask]);
}

struct cell *
cells_guess(const struct cells *s, uint64_t hash)
{
    for (size_t i = (hash >> 32) & s->mask; s->table[i]; i = (i + 1) & s->mask) {
        struct cell *c;

        if (s->table[i] >> 32 != hash >> 32)
            continue;
        c = cells_place(s, (uint32_t)s->table[i] - 1);
        __builtin_prefetch(c, 1);
        __builtin_prefetch((char *)c + 64, 1);
        return c;
    }
    return NULL;
}

/* Index in the table, of the cell or of the empty entry where it would be. */
static size_t
table_find(const struct cells *s, enum cell_kind kind, struct span name, int32_t day, uint64_t hash)
{
    size_t i = (hash >> 32) & s->mask;

    for (; s->table[i]; i = (i + 1) & s->mask) {
        const struct cell *c;

        if (s->table[i] >> 32 != hash >> 32)
            continue;
        c = cells_place(s, (uint32_t)s->table[i] - 1);
        if (c->hash == hash && c->day == day && c->kind == kind && name_eq(c->name, name))
            break;
    }
    return i;
}

/* Removes table[i] and closes the gap. */
static void
table_delete(struct cells *s, size_t i)
{
    for (size_t j = (i + 1) & s->mask; s->table[j]; j = (j + 1) & s->mask) {
        /* May move back only if its home is not between the gap and itself. */
        if (((j - home_of(s, s->table[j])) & s->mask) >= ((j - i) & s->mask)) {
            s->table[i] = s->table[j];
            i = j;
        }
    }
    s->table[i] = 0;
}

/* --- cells --- */

static size_t
take_place(struct cells *s)
{
    size_t place = s->places;

    if (s->free_place) {
        place = s->free_place - 1;
        s->free_place = cells_place(s, place)->hash;
        return place;
    }
    if (place >= UINT32_MAX - 1)
        abort();
    if (place == s->slab_count * SLAB_CELLS)
        add_slabs(s);
    s->places++;
    return place;
}

struct cell *
cells_get_hashed(struct cells *s, enum cell_kind kind, struct span name, int32_t day, uint64_t hash)
{
    size_t i = table_find(s, kind, name, day, hash), place;
    struct cell *c;
    char *copy;

    if (s->table[i])
        return cells_place(s, (uint32_t)s->table[i] - 1);
    place = take_place(s);
    c = cells_place(s, place);
    memset(c, 0, sizeof *c);
    copy = pool_alloc(&s->pool, name.n);
    if (name.n)
        memcpy(copy, name.p, name.n);
    c->hash = hash;
    c->name = span_of(copy, name.n);
    c->day = day;
    c->kind = (uint8_t)kind;
    c->width = sizeof(int16_t);
    c->partition = (uint8_t)keys_partition(name);
    c->set = s;
    s->table[i] = ENTRY(hash, place);
    if (++s->count > (s->mask + 1) / 2)
        table_grow(s);
    return c;
}

struct recent *
cells_recent(struct cells *s, enum cell_kind kind, struct span name, int32_t day)
{
    struct name_ends e = name_ends(name);
    uint64_t mixed = e.head ^ (e.tail << 29 | e.tail >> 35) ^ (uint64_t)(uint32_t)day << 8 ^
                     (uint64_t)name.n << 40 ^ kind;
    struct recent *r = &s->recent[mixed * UINT64_C(0x9E3779B97F4A7C15) >> 32 & (RECENT - 1)];
    const struct cell *c = r->cell;

    if (c && c->day == day && c->kind == kind && c->name.n == name.n && r->ends.head == e.head &&
        r->ends.tail == e.tail && (name.n <= 16 || memcmp(c->name.p, name.p, name.n) == 0))
        return r;
    *r = (struct recent){.cell = cells_get(s, kind, name, day), .ends = e};
    return r;
}

uint32_t
cells_part(struct cells *s, uint8_t people, struct span region)
{
    char text[PART_REGION + PART_NAME_MAX];
    struct span name;

    if (region.n > PART_NAME_MAX)
        region.n = PART_NAME_MAX;
    text[0] = PART_MARK;
    text[1] = (char)('0' + people);
    if (region.n)
        memcpy(text + PART_REGION, region.p, region.n);
    name = span_of(text, PART_REGION + region.n);
    return names_intern(s, name, cells_name_hash(name));
}

struct cell *
cells_get(struct cells *s, enum cell_kind kind, struct span name, int32_t day)
{
    return cells_get_hashed(s, kind, name, day, name_hash_mix(cells_name_hash(name), kind, day));
}

struct cell *
cells_find(const struct cells *s, enum cell_kind kind, struct span name, int32_t day)
{
    return cells_find_hashed(s, kind, name, day, name_hash_mix(cells_name_hash(name), kind, day));
}

struct cell *
cells_find_hashed(const struct cells *s, enum cell_kind kind, struct span name, int32_t day,
                  uint64_t hash)
{
    size_t i = table_find(s, kind, name, day, hash);

    return s->table[i] ? cells_place(s, (uint32_t)s->table[i] - 1) : NULL;
}

void
cells_remove(struct cells *s, struct cell *c)
{
    size_t i = (c->hash >> 32) & s->mask, place;

    while (cells_place(s, (uint32_t)s->table[i] - 1) != c)
        i = (i + 1) & s->mask;
    place = (uint32_t)s->table[i] - 1;
    table_delete(s, i);
    if (c->kind == CELL_REGION || c->kind == CELL_FEATURE)
        forget_recent(s);
    cell_dispose(c);
    pool_free(&s->pool, (char *)c->name.p, c->name.n);
    c->kind = 0;
    c->hash = s->free_place;
    s->free_place = place + 1;
    s->count--;
}

size_t
cells_count(const struct cells *s)
{
    return s->count;
}

size_t
cells_slots(const struct cells *s)
{
    return s->places;
}

struct cell *
cells_at(const struct cells *s, size_t i)
{
    struct cell *c = cells_place(s, i);

    return c->kind ? c : NULL;
}

static size_t
cell_view_bytes(const struct cell_view *v)
{
    return v->slot_cap * sizeof *v->slots + v->feature_cap * sizeof *v->features +
           (v->room ? 2 * SKETCH_REGISTERS * sizeof *v->room : 0);
}

size_t
cells_bytes(const struct cells *s)
{
    return sizeof *s + (s->mask + 1) * sizeof *s->table + s->slab_cap * sizeof *s->slab +
           s->slab_count * SLAB_BYTES + s->pool.bytes + names_bytes(&s->names) +
           cell_view_bytes(&s->view);
}
