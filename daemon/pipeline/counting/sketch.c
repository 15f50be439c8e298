/*
 * sketch.c - HyperLogLog registers in four sizes.
 *
 * The hash table's home place is the register's high bits, so that the pairs lie almost in
 * order when they are written.
 */
#include "sketch.h"

#include <stdlib.h>
#include <string.h>

#include "sixteen.h"
#include "sketch_private.h"

#define FEW_CAP        2
#define LIST_CAP       8
#define LIST_MAX       16 /* fill one cache line */
#define HASH_CAP       64
#define HASH_MAX       2048         /* the next size would be as large as the registers */
#define HASH_FULL(cap) ((cap) / 2u) /* fuller, an element would walk past too many */

void
sketch_init(struct sketch *s)
{
    memset(s, 0, sizeof *s);
}

static void *
room_alloc(struct pool *pool, size_t n)
{
    return pool ? pool_alloc(pool, n) : xmalloc(n);
}

static void
room_free(struct pool *pool, struct sketch *s)
{
    void *p = s->form == SKETCH_DENSE ? (void *)s->dense : (void *)s->pairs;

    if (s->form == SKETCH_FEW)
        return;
    if (pool)
        pool_free(pool, p, sketch_bytes(s));
    else
        free(p);
}

void
sketch_clear(struct sketch *s)
{
    sketch_clear_in(s, NULL);
}

void
sketch_clear_in(struct sketch *s, struct pool *pool)
{
    room_free(pool, s);
    sketch_init(s);
}

bool
sketch_empty(const struct sketch *s)
{
    return s->form != SKETCH_DENSE && s->count == 0;
}

size_t
sketch_bytes(const struct sketch *s)
{
    return s->cap * sizeof(uint32_t);
}

static unsigned
pair_home(uint32_t pair, unsigned cap)
{
    /* 14 bits of register scaled to the table, which is a power of two. */
    return (unsigned)(((uint64_t)(pair >> 6) * cap) >> 14);
}

/* For a table known to lack the register. */
static void
hash_put(uint32_t *table, unsigned cap, uint32_t pair)
{
    unsigned i = pair_home(pair, cap);

    while (table[i])
        i = (i + 1) & (cap - 1);
    table[i] = pair;
}

static void
to_dense(struct sketch *s, struct pool *pool)
{
    unsigned n;
    const uint32_t *pairs = sketch_pairs(s, &n);
    uint8_t *dense = room_alloc(pool, SKETCH_REGISTERS);

    memset(dense, 0, SKETCH_REGISTERS);
    for (unsigned i = 0; i < n; i++)
        if (pairs[i])
            dense[pairs[i] >> 6] = pairs[i] & 63;
    room_free(pool, s);
    s->dense = dense;
    s->form = SKETCH_DENSE;
    s->count = 0;
    s->cap = SKETCH_DENSE_CAP;
}

/* Moves the pairs to room for cap of them: LIST_CAP, LIST_MAX or a hash table. */
static void
resize(struct sketch *s, unsigned cap, struct pool *pool)
{
    unsigned n;
    const uint32_t *old = sketch_pairs(s, &n);
    uint32_t *fresh = room_alloc(pool, cap * sizeof *fresh);

    memset(fresh, 0, cap * sizeof *fresh);
    if (cap <= LIST_MAX) {
        memcpy(fresh, old, n * sizeof *fresh);
    } else {
        for (unsigned i = 0; i < n; i++)
            if (old[i])
                hash_put(fresh, cap, old[i]);
    }
    room_free(pool, s);
    s->pairs = fresh;
    s->cap = (uint16_t)cap;
    s->form = cap <= LIST_MAX ? SKETCH_LIST : SKETCH_HASH;
}

static void
grow(struct sketch *s, struct pool *pool)
{
    if (s->form == SKETCH_FEW)
        resize(s, LIST_CAP, pool);
    else if (s->form == SKETCH_LIST)
        resize(s, s->cap == LIST_CAP ? LIST_MAX : HASH_CAP, pool);
    else if (s->cap < HASH_MAX)
        resize(s, s->cap * 2u, pool);
    else
        to_dense(s, pool);
}

/* Room for count pairs without growing step by step; sorted input would otherwise crowd at
 * one end of every table on the way. */
static void
reserve(struct sketch *s, unsigned count, struct pool *pool)
{
    unsigned cap = HASH_CAP;

    if (s->form == SKETCH_DENSE || count <= FEW_CAP)
        return;
    if (count > HASH_FULL(HASH_MAX)) {
        to_dense(s, pool);
        return;
    }
    if (count <= LIST_MAX)
        cap = count <= LIST_CAP ? LIST_CAP : LIST_MAX;
    else
        while (count > HASH_FULL(cap))
            cap *= 2;
    if (cap > s->cap)
        resize(s, cap, pool);
}

/* Bit i: the i-th of n pairs, a multiple of 4, is of the same register. Without a branch: where
 * in a list something is found cannot be foreseen. */
static inline __attribute__((always_inline)) unsigned
same_register(const uint32_t *list, unsigned n, uint32_t pair)
{
    unsigned found = 0;

#ifdef HAVE_SIXTEEN
    for (unsigned i = 0; i < n; i += 4) {
        __m128i four = _mm_loadu_si128((const __m128i *)(const void *)(list + i));
        __m128i other = _mm_srli_epi32(_mm_xor_si128(four, _mm_set1_epi32((int)pair)), 6);
        __m128i same = _mm_cmpeq_epi32(other, _mm_setzero_si128());

        found |= (unsigned)_mm_movemask_ps(_mm_castsi128_ps(same)) << i;
    }
#else
    for (unsigned i = 0; i < n; i++)
        found |= (unsigned)((list[i] ^ pair) <= 63) << i;
#endif
    return found;
}

static bool
raise_pair(uint32_t *at, uint32_t pair)
{
    if (*at >= pair)
        return false;
    *at = pair;
    return true;
}

enum outcome_of_set { SAME, CHANGED, NO_ROOM };

static inline enum outcome_of_set
few_set(struct sketch *s, uint32_t pair)
{
    for (unsigned i = 0; i < s->count; i++)
        if ((s->few[i] ^ pair) <= 63)
            return raise_pair(&s->few[i], pair) ? CHANGED : SAME;
    if (s->count == FEW_CAP)
        return NO_ROOM;
    s->few[s->count++] = pair;
    return CHANGED;
}

/* What lies behind the pairs in use is not theirs: no bit of it counts. */
static inline enum outcome_of_set
list_set(struct sketch *s, uint32_t pair)
{
    unsigned found = s->cap == LIST_CAP ? same_register(s->pairs, LIST_CAP, pair)
                                        : same_register(s->pairs, LIST_MAX, pair);

    found &= (1u << s->count) - 1;
    if (found)
        return raise_pair(&s->pairs[__builtin_ctz(found)], pair) ? CHANGED : SAME;
    if (s->count == s->cap)
        return NO_ROOM;
    s->pairs[s->count++] = pair;
    return CHANGED;
}

static inline enum outcome_of_set
hash_set(struct sketch *s, uint32_t pair)
{
    unsigned i = pair_home(pair, s->cap);

    for (; s->pairs[i]; i = (i + 1) & (s->cap - 1u))
        if ((s->pairs[i] ^ pair) <= 63)
            return raise_pair(&s->pairs[i], pair) ? CHANGED : SAME;
    if (s->count == HASH_FULL(s->cap))
        return NO_ROOM;
    s->pairs[i] = pair;
    s->count++;
    return CHANGED;
}

/* True if it changed. */
static bool
raise_register(struct sketch *s, uint32_t pair, struct pool *pool)
{
    for (;;) {
        enum outcome_of_set done;

        if (s->form == SKETCH_DENSE)
            return sketch_dense_add(s, pair);
        done = s->form == SKETCH_LIST   ? list_set(s, pair)
               : s->form == SKETCH_HASH ? hash_set(s, pair)
                                        : few_set(s, pair);

        if (done != NO_ROOM)
            return done == CHANGED;
        grow(s, pool);
    }
}

bool
sketch_add_pair(struct sketch *s, uint32_t pair, struct pool *pool)
{
    return raise_register(s, pair, pool);
}

bool
sketch_add(struct sketch *s, uint64_t hash)
{
    return sketch_add_in(s, hash, NULL);
}

/* Forms come in no order, so no branch depends on them: the place is a share of the cap, which for
 * a list is in its only line, and a sketch without room is its own place. */
void
sketch_prefetch(const struct sketch *s, uint64_t hash)
{
    uintptr_t away = (uintptr_t)0 - (s->form != SKETCH_FEW);
    uintptr_t room = ((uintptr_t)s->pairs & away) | ((uintptr_t)s & ~away);
    unsigned reg = hash & (SKETCH_REGISTERS - 1);

    __builtin_prefetch((const uint32_t *)room + pair_home(reg << 6, s->cap), 1);
}

/* As many registers as compare in one instruction wherever there is one for it. */
typedef uint8_t registers __attribute__((vector_size(16)));

bool
sketch_merge_dense(uint8_t *into, const uint8_t *from)
{
    registers changed = {0};

    for (unsigned i = 0; i < SKETCH_REGISTERS; i += sizeof changed) {
        registers x, y, mask, higher;

        memcpy(&x, into + i, sizeof x);
        memcpy(&y, from + i, sizeof y);
        mask = (registers)(x > y);
        higher = (x & mask) | (y & ~mask);
        changed |= higher ^ x;
        memcpy(into + i, &higher, sizeof higher);
    }
    return memcmp(&changed, &(registers){0}, sizeof changed) != 0;
}

/* Into an empty sketch: the same form, as it is. */
static bool
copy_whole(struct sketch *into, const struct sketch *from, struct pool *pool)
{
    size_t bytes = sketch_bytes(from);

    *into = *from;
    if (bytes)
        into->pairs = memcpy(room_alloc(pool, bytes), from->pairs, bytes);
    return !sketch_empty(from);
}

bool
sketch_merge(struct sketch *into, const struct sketch *from)
{
    return sketch_merge_in(into, from, NULL);
}

bool
sketch_merge_in(struct sketch *into, const struct sketch *from, struct pool *pool)
{
    bool changed = false;
    const uint32_t *pairs;
    unsigned n;

    /* A peeked list has no room of its own, and more in it than a list may. */
    if (into->form == SKETCH_FEW && into->count == 0 && (from->form != SKETCH_LIST || from->cap))
        return copy_whole(into, from, pool);
    if (from->form == SKETCH_DENSE) {
        if (into->form != SKETCH_DENSE)
            to_dense(into, pool);
        return sketch_merge_dense(into->dense, from->dense);
    }
    pairs = sketch_pairs(from, &n);
    reserve(into, from->count, pool);
    for (unsigned i = 0; i < n; i++)
        if (pairs[i])
            changed |= raise_register(into, pairs[i], pool);
    return changed;
}

/* A list's pairs stand in any order: each goes where so many are smaller. No branch depends on
 * them, and the processor compares several at once. */
static void
sort_list(const uint32_t *pairs, unsigned n, uint32_t *out)
{
    int32_t all[LIST_MAX];

    for (unsigned i = 0; i < LIST_MAX; i++)
        all[i] = INT32_MAX;
    memcpy(all, pairs, n * sizeof *all);
    for (unsigned i = 0; i < n; i++) {
        int32_t pair = all[i], smaller = 0;

        for (unsigned k = 0; k < LIST_MAX; k++)
            smaller += all[k] < pair;
        out[smaller] = (uint32_t)pair;
    }
}

/* A hash table's pairs stand almost in order: an insertion sort puts them right. Which places are
 * empty cannot be foreseen, so all of them are copied. */
unsigned
sketch_sorted(const struct sketch *s, uint32_t *out)
{
    unsigned places, n = 0;
    const uint32_t *pairs = sketch_pairs(s, &places);

    if (s->form != SKETCH_HASH && s->count <= LIST_MAX) {
        sort_list(pairs, s->count, out);
        return s->count;
    }
    for (unsigned i = 0; i < places; i++) {
        out[n] = pairs[i];
        n += pairs[i] != 0;
    }
    for (unsigned i = 1; i < n; i++) {
        uint32_t pair = out[i];
        unsigned j = i;

        for (; j > 0 && out[j - 1] > pair; j--)
            out[j] = out[j - 1];
        out[j] = pair;
    }
    return n;
}

/* Makes *s of count pairs in ascending order of register. */
void
sketch_from_sorted(struct sketch *s, const uint32_t *pairs, unsigned count)
{
    sketch_init(s);
    reserve(s, count, NULL);
    for (unsigned i = 0; i < count; i++)
        raise_register(s, pairs[i], NULL);
}

bool
sketch_same(const struct sketch *a, const struct sketch *b)
{
    uint32_t x[SKETCH_MAX_PAIRS], y[SKETCH_MAX_PAIRS];
    unsigned n;

    if (a->form == SKETCH_DENSE || b->form == SKETCH_DENSE)
        return a->form == b->form && memcmp(a->dense, b->dense, SKETCH_REGISTERS) == 0;
    if (a->count != b->count)
        return false;
    n = sketch_sorted(a, x);
    sketch_sorted(b, y);
    return memcmp(x, y, n * sizeof *x) == 0;
}
