/*
 * dedup.c - open addressing of atomic 64-bit places, in segments.
 *
 * Adding needs no lock of its own: a place goes from empty to a fingerprint once, by compare
 * and swap, and stays so for as long as anybody holds the read lock. Two threads with the same
 * fingerprint walk the same places in the same order and meet at the same empty one; who loses
 * the swap sees what won, and goes on from there.
 *
 * The low bits of a fingerprint choose its segment, the high bits its home there. A segment
 * grows alone, a few milliseconds at 10 million fingerprints, and needs a second table only for
 * itself; the order of homes stays, so growing goes through memory from one end to the other.
 * All of a grown table is in use at once, so all of its pages are asked for at once: two faults a
 * page, one to read it and one to write, cost more than the tests.
 * A segment is grown after the group that filled it beyond 70 %: the groups that other threads
 * have in hand, spread over all segments, are far from filling the rest.
 */
#include "dedup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "memory.h"

#define SEGMENTS   16
#define PLACES_MIN 4096
#define REMOVE_RUN 1024 /* removals under one write lock, so that workers never wait long */
#define AHEAD      16   /* removals fetched ahead */

struct segment {
    _Alignas(64) _Atomic uint64_t *place;
    size_t size; /* a power of two */
    unsigned shift;
    atomic_size_t count;
};

struct dedup {
    struct segment segment[SEGMENTS];
    pthread_rwlock_t lock; /* read: filling places; write: emptying and moving them */
};

/* Zero pages straight from the system; an idle daemon touches few, freed ones go back. */
static _Atomic uint64_t *
places_new(size_t size)
{
    int all = size > PLACES_MIN ? MAP_POPULATE : 0;
    void *p = mmap(NULL, size * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | all, -1, 0);

    if (p == MAP_FAILED)
        abort();
    return p;
}

static void
places_free(_Atomic uint64_t *place, size_t size)
{
    munmap((void *)place, size * sizeof(uint64_t));
}

struct dedup *
dedup_new(void)
{
    struct dedup *d = aligned_alloc(64, sizeof *d);
    pthread_rwlockattr_t attr;

    if (!d)
        abort();
    /* Writers first: a segment that must grow cannot wait until no worker is testing. */
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&d->lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    for (int i = 0; i < SEGMENTS; i++) {
        struct segment *s = &d->segment[i];

        s->size = PLACES_MIN;
        s->shift = 64 - (unsigned)__builtin_ctzll(PLACES_MIN);
        s->place = places_new(PLACES_MIN);
        atomic_init(&s->count, 0);
    }
    return d;
}

void
dedup_free(struct dedup *d)
{
    if (!d)
        return;
    for (int i = 0; i < SEGMENTS; i++)
        places_free(d->segment[i].place, d->segment[i].size);
    pthread_rwlock_destroy(&d->lock);
    free(d);
}

static uint64_t
usable(uint64_t fp)
{
    return fp ? fp : 1;
}

static struct segment *
segment_of(struct dedup *d, uint64_t fp)
{
    return &d->segment[fp % SEGMENTS];
}

static size_t
home_of(const struct segment *s, uint64_t fp)
{
    return fp >> s->shift;
}

static void
prefetch(struct dedup *d, uint64_t fp)
{
    const struct segment *s = segment_of(d, usable(fp));

    __builtin_prefetch((const void *)&s->place[home_of(s, usable(fp))], 1);
}

static bool
put(struct segment *s, uint64_t fp)
{
    for (size_t i = home_of(s, fp);; i = (i + 1) & (s->size - 1)) {
        uint64_t seen = atomic_load_explicit(&s->place[i], memory_order_relaxed);

        if (seen == 0 && atomic_compare_exchange_strong_explicit(
                             &s->place[i], &seen, fp, memory_order_relaxed, memory_order_relaxed))
            return true;
        if (seen == fp)
            return false;
    }
}

static bool
is_crowded(const struct segment *s)
{
    return atomic_load_explicit(&s->count, memory_order_relaxed) > s->size / 10 * 7;
}

/* Write lock held. */
static void
grow(struct segment *s)
{
    _Atomic uint64_t *old = s->place;
    size_t old_size = s->size;

    s->size *= 2;
    s->shift--;
    s->place = places_new(s->size);
    for (size_t i = 0; i < old_size; i++) {
        uint64_t fp = atomic_load_explicit(&old[i], memory_order_relaxed);

        if (fp)
            put(s, fp);
    }
    places_free(old, old_size);
}

static void
grow_crowded(struct dedup *d)
{
    pthread_rwlock_wrlock(&d->lock);
    for (int i = 0; i < SEGMENTS; i++)
        while (is_crowded(&d->segment[i]))
            grow(&d->segment[i]);
    pthread_rwlock_unlock(&d->lock);
}

/* At most DEDUP_GROUP of them. */
static void
test_group(struct dedup *d, const uint64_t *fp, size_t n, bool *fresh)
{
    uint8_t added[SEGMENTS] = {0};
    bool crowded = false;

    pthread_rwlock_rdlock(&d->lock);
    for (size_t i = 0; i < n; i++)
        prefetch(d, fp[i]);
    for (size_t i = 0; i < n; i++) {
        uint64_t u = usable(fp[i]);

        fresh[i] = put(segment_of(d, u), u);
        added[u % SEGMENTS] += fresh[i];
    }
    for (size_t i = 0; i < SEGMENTS; i++) {
        struct segment *s = &d->segment[i];

        if (added[i] == 0)
            continue;
        atomic_fetch_add_explicit(&s->count, added[i], memory_order_relaxed);
        crowded |= is_crowded(s);
    }
    pthread_rwlock_unlock(&d->lock);
    if (crowded)
        grow_crowded(d);
}

void
dedup_test_and_add(struct dedup *d, const uint64_t *fp, size_t n, bool *fresh)
{
    for (size_t done = 0; done < n; done += DEDUP_GROUP)
        test_group(d, fp + done, n - done < DEDUP_GROUP ? n - done : DEDUP_GROUP, fresh + done);
}

void
dedup_add_known(struct dedup *d, const uint64_t *fp, size_t n)
{
    bool fresh[DEDUP_GROUP];

    for (size_t done = 0; done < n; done += DEDUP_GROUP)
        test_group(d, fp + done, n - done < DEDUP_GROUP ? n - done : DEDUP_GROUP, fresh);
}

/* Write lock held. Empties place i and moves later ones back over the gap, so that no walk
 * from any home to its fingerprint crosses an empty place. */
static void
empty_place(struct segment *s, size_t i)
{
    size_t mask = s->size - 1, j = i;

    for (;;) {
        uint64_t fp;

        j = (j + 1) & mask;
        fp = atomic_load_explicit(&s->place[j], memory_order_relaxed);
        if (fp == 0)
            break;
        if (((j - home_of(s, fp)) & mask) >= ((j - i) & mask)) {
            atomic_store_explicit(&s->place[i], fp, memory_order_relaxed);
            i = j;
        }
    }
    atomic_store_explicit(&s->place[i], 0, memory_order_relaxed);
}

static void
take_out(struct segment *s, uint64_t fp)
{
    for (size_t i = home_of(s, fp);; i = (i + 1) & (s->size - 1)) {
        uint64_t seen = atomic_load_explicit(&s->place[i], memory_order_relaxed);

        if (seen == 0)
            return;
        if (seen == fp) {
            empty_place(s, i);
            atomic_fetch_sub_explicit(&s->count, 1, memory_order_relaxed);
            return;
        }
    }
}

void
dedup_remove(struct dedup *d, const uint64_t *fp, size_t n)
{
    for (size_t done = 0; done < n; done += REMOVE_RUN) {
        size_t end = n - done < REMOVE_RUN ? n : done + REMOVE_RUN;

        pthread_rwlock_wrlock(&d->lock);
        for (size_t i = done; i < end; i++) {
            if (i + AHEAD < end)
                prefetch(d, fp[i + AHEAD]);
            take_out(segment_of(d, usable(fp[i])), usable(fp[i]));
        }
        pthread_rwlock_unlock(&d->lock);
    }
}

size_t
dedup_count(const struct dedup *d)
{
    size_t n = 0;

    for (int i = 0; i < SEGMENTS; i++)
        n += atomic_load_explicit(&d->segment[i].count, memory_order_relaxed);
    return n;
}

size_t
dedup_bytes(const struct dedup *d)
{
    struct dedup *own = (struct dedup *)d; /* the lock is not part of the value */
    size_t n = sizeof *d;

    pthread_rwlock_rdlock(&own->lock);
    for (int i = 0; i < SEGMENTS; i++)
        n += d->segment[i].size * sizeof(uint64_t);
    pthread_rwlock_unlock(&own->lock);
    return n;
}
