/*
 * cell_slots.c - a cell's slots: finding them, making them, adding to them.
 *
 * The place last touched is remembered, because a leg's quarters, and most feeds, come in order
 * of time. Busy cells are dense: there a slot's row lies where its number says, and what is not
 * zero in it proves that the slot is there.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cell_private.h"
#include "civil.h"

/* --- finding --- */

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
make_dense(struct cell *c)
{
    struct block_shape b = slot_shape(c);
    size_t row = b.columns * c->width, cap = slots_of(c->kind);
    char *fresh = pool_alloc(&c->set->pool, block_bytes(&b, cap, c->width));

    memset(fresh, 0, cap * row);
    for (size_t i = 0; i < c->slot_count; i++)
        memcpy(fresh + cell_slot_keys(c)[i] * row, (const char *)c->slots + i * row, row);
    if (c->slot_count)
        memcpy(fresh + cap * row, cell_slot_keys(c), c->slot_count * sizeof(uint16_t));
    pool_free(&c->set->pool, c->slots, block_bytes(&b, c->slot_cap, c->width));
    c->slots = fresh;
    c->slot_cap = (uint16_t)cap;
    c->dense = true;
}

/* Minutes are many, and beginnings and ends of legs are far from each other: a search each. */
static unsigned
most_rows(enum cell_kind kind)
{
    unsigned slots = slots_of(kind);

    return slots > 96 ? slots / 12 : slots / 3;
}

static void
make_room(struct cell *c)
{
    unsigned cap = c->slot_cap < 8 ? c->slot_cap + 8u : c->slot_cap + c->slot_cap / 2u;
    struct block_shape b = slot_shape(c);

    if (cap > most_rows(c->kind)) {
        make_dense(c);
        return;
    }
    c->slots = block_move(c, c->slots, &b, c->slot_cap, &(struct room){cap, c->width});
    c->slot_cap = (uint16_t)cap;
}

static void
slot_insert(struct cell *c, unsigned at, unsigned slot)
{
    size_t row = columns_of(c->kind) * c->width;
    uint16_t *keys;

    if (c->slot_count == c->slot_cap)
        make_room(c);
    keys = cell_slot_keys(c);
    memmove(keys + at + 1, keys + at, (c->slot_count - at) * sizeof *keys);
    keys[at] = (uint16_t)slot;
    if (!c->dense) {
        char *place = (char *)c->slots + at * row;

        memmove(place + row, place, (c->slot_count - at) * row);
        memset(place, 0, row);
    }
    c->slot_count++;
}

/* Row of a slot that is not where slot_row looks first; made if need be. */
static __attribute__((noinline)) unsigned
slot_search(struct cell *c, unsigned slot)
{
    unsigned n = c->slot_count, at = n;
    const uint16_t *keys = n ? cell_slot_keys(c) : NULL;

    assert(slot < slots_of(c->kind));
    if (n > 0 && keys[n - 1] >= slot)
        at = lower_bound(keys, n, slot);
    if (at == n || keys[at] != slot)
        slot_insert(c, at, slot);
    if (c->dense)
        return slot;
    c->slot_last = (uint16_t)at;
    return at;
}

static inline bool
has_value(const struct cell *c, size_t at, unsigned columns)
{
    int64_t any = 0;

    for (unsigned i = 0; i < columns; i++)
        any |= cell_value(c, c->slots, at + i);
    return any != 0;
}

/* Where quarters follow one another without a gap, the distance from the one last touched is
 * the distance in the block. */
static inline __attribute__((always_inline)) unsigned
slot_row(struct cell *c, unsigned columns, unsigned slot)
{
    const uint16_t *keys;
    unsigned at;

    if (c->dense && slot < c->slot_cap && has_value(c, (size_t)slot * columns, columns))
        return slot;
    if (c->dense || c->slot_count == 0)
        return slot_search(c, slot);
    keys = (const uint16_t *)((char *)c->slots + c->slot_cap * columns * c->width);
    at = slot - keys[c->slot_last] + c->slot_last; /* below 0 becomes huge */
    if (at >= c->slot_count || keys[at] != slot)
        return slot_search(c, slot);
    c->slot_last = (uint16_t)at;
    return at;
}

/* --- adding --- */

bool
cell_try_add(struct cell *c, unsigned slot, const int64_t *v)
{
    unsigned columns = columns_of(c->kind);

    return block_add(c, &c->slots, (size_t)slot_row(c, columns, slot) * columns, v, columns);
}

void
cell_add(struct cell *c, unsigned slot, const int64_t *v)
{
    if (!cell_try_add(c, slot, v))
        abort();
}

void
cell_add_one_anywhere(struct cell *c, unsigned slot, unsigned column)
{
    unsigned columns = columns_of(c->kind);

    if (!value_add_one(c, c->slots, (size_t)slot_row(c, columns, slot) * columns + column)) {
        int64_t v[SERVICE_COLUMNS] = {0};

        v[column] = 1;
        cell_add(c, slot, v);
    }
}

/* Sums of two counters that are not negative and stay below the widths' limits, the usual case:
 * no bit from there on. */
static inline bool
add_stay(const struct cell *c, size_t at, unsigned legs, unsigned seconds)
{
    if (c->width == sizeof(int16_t)) {
        int16_t *row = (int16_t *)c->slots + at;
        int l = row[CUSTOMER_LEGS] + (int)legs, s = row[CUSTOMER_SECONDS] + (int)seconds;

        if ((l | s) & ~INT16_MAX)
            return false;
        row[CUSTOMER_LEGS] = (int16_t)l;
        row[CUSTOMER_SECONDS] = (int16_t)s;
        return true;
    }
    if (c->width == sizeof(int32_t)) {
        int32_t *row = (int32_t *)c->slots + at;
        int64_t l = row[CUSTOMER_LEGS] + (int64_t)legs;
        int64_t s = row[CUSTOMER_SECONDS] + (int64_t)seconds;

        if ((l | s) & ~(int64_t)INT32_MAX)
            return false;
        row[CUSTOMER_LEGS] = (int32_t)l;
        row[CUSTOMER_SECONDS] = (int32_t)s;
        return true;
    }
    return false;
}

static __attribute__((noinline)) void
add_stay_widely(struct cell *c, unsigned slot, unsigned legs, unsigned seconds)
{
    cell_add(c, slot, (int64_t[CUSTOMER_COLUMNS]){legs, seconds});
}

/* What of a leg is still to be added. The first quarter takes the leg itself along. */
struct stay {
    unsigned slot, room; /* the next quarter, and how much of the leg it may hold */
    unsigned seconds, legs;
};

static inline __attribute__((always_inline)) void
next_quarter(struct stay *s, unsigned part)
{
    s->seconds -= part;
    s->room = QUARTER_SECONDS;
    s->legs = 0;
    s->slot++;
}

/* The usual case: quarters that are there, in rows that follow one another, small counters. True:
 * all of it is added. */
static inline __attribute__((always_inline)) bool
add_to_run(struct cell *c, struct stay *s)
{
    const uint16_t *keys;
    unsigned at, last;
    int16_t *row;

    if (c->dense || c->width != sizeof *row || c->slot_count == 0)
        return false;
    keys = (const uint16_t *)((int16_t *)c->slots + c->slot_cap * CUSTOMER_COLUMNS);
    last = c->slot_last;
    at = s->slot - keys[last] + last; /* below 0 becomes huge */
    for (; at < c->slot_count && keys[at] == s->slot; at++) {
        unsigned part = s->seconds < s->room ? s->seconds : s->room;
        int legs, seconds;

        row = (int16_t *)c->slots + (size_t)at * CUSTOMER_COLUMNS;
        legs = row[CUSTOMER_LEGS] + (int)s->legs;
        seconds = row[CUSTOMER_SECONDS] + (int)part;
        if ((legs | seconds) & ~INT16_MAX)
            return false;
        row[CUSTOMER_LEGS] = (int16_t)legs;
        row[CUSTOMER_SECONDS] = (int16_t)seconds;
        c->slot_last = (uint16_t)at;
        next_quarter(s, part);
        if (s->seconds == 0)
            return true;
    }
    return false;
}

/* Quarter by quarter. */
static inline __attribute__((always_inline)) void
add_quarters(struct cell *c, unsigned second, unsigned seconds, unsigned legs)
{
    struct stay s = {second / QUARTER_SECONDS, QUARTER_SECONDS - second % QUARTER_SECONDS, seconds,
                     legs};

    if (add_to_run(c, &s))
        return;
    do {
        unsigned part = s.seconds < s.room ? s.seconds : s.room;
        size_t at = (size_t)slot_row(c, CUSTOMER_COLUMNS, s.slot) * CUSTOMER_COLUMNS;

        if (!add_stay(c, at, s.legs, part))
            add_stay_widely(c, s.slot, s.legs, part);
        next_quarter(&s, part);
    } while (s.seconds > 0);
}

void
cell_add_leg(struct cell *c, unsigned second, unsigned seconds)
{
    add_quarters(c, second, seconds, 1);
}

void
cell_add_seconds(struct cell *c, unsigned seconds)
{
    add_quarters(c, 0, seconds, 0);
}

/* --- reading --- */

struct cell_slot
cell_slot_at(const struct cell *c, unsigned i)
{
    unsigned columns = columns_of(c->kind);
    struct cell_slot s = {.slot = cell_slot_keys(c)[i]};
    size_t at = cell_slot_row(c, i) * columns;

    for (unsigned k = 0; k < columns; k++)
        s.v[k] = cell_value(c, c->slots, at + k);
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
    unsigned columns = columns_of(c->kind);

    memset(v, 0, columns * sizeof *v);
    for (unsigned i = 0; i < c->slot_count; i++) {
        size_t at = cell_slot_row(c, i) * columns;

        for (unsigned k = 0; k < columns; k++)
            if (__builtin_add_overflow(v[k], cell_value(c, c->slots, at + k), &v[k]))
                abort();
    }
}
