/*
 * names.c - a growing table of atomic hashes per kind; readers need no lock.
 *
 * A place goes from empty to a hash once, from there to REMOVED, and on to another hash: it is
 * never empty again, so that whoever passes it on the way to his own goes on. Adding, removing and
 * growing happen under the kind's lock; a table that was outgrown stays until the end, because
 * somebody may still be looking at it, and all of them together are no larger than the last one.
 * Who looks into an old table misses the newest names at worst, and then looks again under the
 * lock; or takes one for known that was removed just now.
 */
#include "names.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "hash.h"
#include "memory.h"

#define PLACES_MIN 256
#define REMOVED    1

struct table {
    struct table *older;
    size_t mask;
    _Atomic uint64_t place[];
};

struct set {
    struct table *_Atomic table;
    _Atomic uint64_t count;
    uint64_t used; /* places that are not empty; under the lock */
    uint32_t most;
    pthread_mutex_t lock;
};

struct names {
    struct set set[NAME_KINDS];
};

enum name_kind
name_kind_of(enum cell_kind kind)
{
    switch (kind) {
    case CELL_CUSTOMER:
        return NAME_CUSTOMER;
    case CELL_FEATURE:
        return NAME_FEATURE;
    case CELL_SERVICE:
        return NAME_SERVICE;
    case CELL_REGION:
        return NAME_REGION;
    default:
        return NAME_KINDS;
    }
}

static struct table *
table_new(size_t size, struct table *older)
{
    struct table *t = xcalloc(1, sizeof *t + size * sizeof *t->place);

    t->mask = size - 1;
    t->older = older;
    return t;
}

struct names *
names_new(const uint32_t most[NAME_KINDS])
{
    struct names *n = xcalloc(1, sizeof *n);

    for (int k = 0; k < NAME_KINDS; k++) {
        n->set[k].most = most[k];
        pthread_mutex_init(&n->set[k].lock, NULL);
        atomic_init(&n->set[k].table, table_new(PLACES_MIN, NULL));
    }
    return n;
}

void
names_free(struct names *n)
{
    if (!n)
        return;
    for (int k = 0; k < NAME_KINDS; k++) {
        for (struct table *t = n->set[k].table, *older; t; t = older) {
            older = t->older;
            free(t);
        }
        pthread_mutex_destroy(&n->set[k].lock);
    }
    free(n);
}

static uint64_t
hash_of(enum name_kind kind, struct span name)
{
    uint64_t h = hash_bytes(name.p, name.n, kind);

    return h > REMOVED ? h : h + REMOVED + 1;
}

/* The place that holds the hash, or the empty one where it belongs: *known says which. */
static _Atomic uint64_t *
find(struct table *t, uint64_t hash, bool *known)
{
    for (size_t i = hash & t->mask;; i = (i + 1) & t->mask) {
        uint64_t there = atomic_load_explicit(&t->place[i], memory_order_acquire);

        *known = there == hash;
        if (there == hash || there == 0)
            return &t->place[i];
    }
}

static bool
is_known(struct set *s, uint64_t hash)
{
    bool known;

    find(atomic_load_explicit(&s->table, memory_order_acquire), hash, &known);
    return known;
}

/* The first place on the way to `end` of which somebody was removed, else `end`. Lock held. */
static _Atomic uint64_t *
free_place(struct table *t, uint64_t hash, _Atomic uint64_t *end)
{
    for (size_t i = hash & t->mask;; i = (i + 1) & t->mask)
        if (&t->place[i] == end || atomic_load(&t->place[i]) == REMOVED)
            return &t->place[i];
}

/* Tables stay at most half full. Lock held. */
static struct table *
grow(struct set *s, struct table *old)
{
    struct table *t = table_new((old->mask + 1) * 2, old);
    bool known;

    s->used = 0;
    for (size_t i = 0; i <= old->mask; i++) {
        uint64_t hash = atomic_load(&old->place[i]);

        if (hash > REMOVED) {
            atomic_store(find(t, hash, &known), hash);
            s->used++;
        }
    }
    atomic_store_explicit(&s->table, t, memory_order_release);
    return t;
}

enum added { ADDED, KNOWN, NO_ROOM };

static enum added
add(struct set *s, uint64_t hash, bool bounded)
{
    enum added result = ADDED;
    struct table *t;
    _Atomic uint64_t *place;
    uint64_t count;
    bool known;

    pthread_mutex_lock(&s->lock);
    t = atomic_load(&s->table);
    count = atomic_load(&s->count);
    place = find(t, hash, &known);
    if (known) {
        result = KNOWN;
    } else if (bounded && count >= s->most) {
        result = NO_ROOM;
    } else {
        place = free_place(t, hash, place);
        if (atomic_load(place) == 0 && (s->used + 1) * 2 > t->mask + 1)
            place = find(grow(s, t), hash, &known);
        s->used += atomic_load(place) == 0;
        atomic_store_explicit(place, hash, memory_order_release);
        atomic_store(&s->count, count + 1);
    }
    pthread_mutex_unlock(&s->lock);
    return result;
}

bool
names_add(struct names *n, enum name_kind kind, struct span name)
{
    uint64_t hash = hash_of(kind, name);

    return !is_known(&n->set[kind], hash) && add(&n->set[kind], hash, false) == ADDED;
}

void
names_prefetch(const struct names *n, enum name_kind kind, struct span name)
{
    struct table *t = atomic_load_explicit(&n->set[kind].table, memory_order_acquire);

    __builtin_prefetch(&t->place[hash_of(kind, name) & t->mask]);
}

void
names_remove(struct names *n, enum name_kind kind, struct span name)
{
    struct set *s = &n->set[kind];
    _Atomic uint64_t *place;
    bool known;

    pthread_mutex_lock(&s->lock);
    place = find(atomic_load(&s->table), hash_of(kind, name), &known);
    if (known) {
        atomic_store_explicit(place, REMOVED, memory_order_release);
        atomic_fetch_sub(&s->count, 1);
    }
    pthread_mutex_unlock(&s->lock);
}

bool
names_admit(struct names *n, enum name_kind kind, struct span name, uint64_t *added)
{
    uint64_t hash = hash_of(kind, name);
    enum added result;

    if (is_known(&n->set[kind], hash))
        return true;
    result = add(&n->set[kind], hash, true);
    *added += result == ADDED;
    return result != NO_ROOM;
}

bool
names_tight(const struct names *n, const uint64_t more[NAME_KINDS])
{
    for (int k = 0; k < NAME_KINDS; k++)
        if (names_count(n, (enum name_kind)k) + more[k] > n->set[k].most)
            return true;
    return false;
}

uint64_t
names_count(const struct names *n, enum name_kind kind)
{
    return atomic_load_explicit(&n->set[kind].count, memory_order_relaxed);
}

uint32_t
names_most(const struct names *n, enum name_kind kind)
{
    return n->set[kind].most;
}

/* Of a table and all that it outgrew. */
static size_t
bytes_of(size_t places)
{
    size_t n = 0;

    for (; places >= PLACES_MIN; places /= 2)
        n += sizeof(struct table) + places * sizeof(uint64_t);
    return n;
}

size_t
names_bytes_held(const struct names *n)
{
    size_t bytes = sizeof *n;

    for (int k = 0; k < NAME_KINDS; k++)
        bytes += bytes_of(atomic_load(&n->set[k].table)->mask + 1);
    return bytes;
}

size_t
names_bytes_most(const struct names *n)
{
    size_t bytes = sizeof *n;

    for (int k = 0; k < NAME_KINDS; k++) {
        size_t places = PLACES_MIN;

        while (places < 2 * (size_t)n->set[k].most)
            places *= 2;
        bytes += bytes_of(places);
    }
    return bytes;
}
