/*
 * dedup.c - open addressing of 64-bit places, in segments, behind one lock.
 *
 * One lock for a group of fingerprints costs less than an atomic place for each of them: a locked
 * instruction waits until all that was written before it has left the processor, and the cache
 * misses of a group, which would overlap, come one after another. The lock is held for a
 * microsecond or two per group, a few hundredths of a worker's time.
 *
 * The low bits of a fingerprint choose its segment, the high bits its home there. A segment
 * grows and shrinks alone, a few milliseconds at 10 million fingerprints, and needs a second table
 * only for itself; the order of homes stays, so that goes through memory from one end to the other.
 * All of a grown table is in use at once, so all of its pages are asked for at once: two faults a
 * page, one to read it and one to write, cost more than the tests.
 */
#include "dedup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "memory.h"

#define SEGMENTS   16
#define PLACES_MIN 4096
#define REMOVE_RUN 1024 /* removals in a row, so that workers never wait long */
#define AHEAD      16   /* removals fetched ahead */

struct segment {
    uint64_t *place;
    size_t size; /* a power of two */
    size_t count;
    unsigned shift;
};

struct dedup {
    pthread_mutex_t lock;
    struct segment segment[SEGMENTS];
    _Atomic size_t expected;
};

/* Zero pages straight from the system; an idle daemon touches few, freed ones go back. */
static uint64_t *
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
places_free(uint64_t *place, size_t size)
{
    munmap(place, size * sizeof *place);
}

struct dedup *
dedup_new(void)
{
    struct dedup *d = xcalloc(1, sizeof *d);
    pthread_mutexattr_t attr;

    /* Held so shortly that looking again is better than going to sleep. */
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&d->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    for (int i = 0; i < SEGMENTS; i++)
        d->segment[i] = (struct segment){
            .place = places_new(PLACES_MIN),
            .size = PLACES_MIN,
            .shift = 64 - (unsigned)__builtin_ctzll(PLACES_MIN),
        };
    return d;
}

void
dedup_free(struct dedup *d)
{
    if (!d)
        return;
    for (int i = 0; i < SEGMENTS; i++)
        places_free(d->segment[i].place, d->segment[i].size);
    pthread_mutex_destroy(&d->lock);
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

    __builtin_prefetch(&s->place[home_of(s, usable(fp))], 1);
}

/* Where the fingerprint is, or would be. */
static size_t
find(const struct segment *s, uint64_t fp)
{
    size_t i = home_of(s, fp);

    while (s->place[i] != 0 && s->place[i] != fp)
        i = (i + 1) & (s->size - 1);
    return i;
}

static bool
put(struct segment *s, uint64_t fp)
{
    size_t i = find(s, fp);
    bool fresh = s->place[i] == 0;

    s->place[i] = fp;
    s->count += fresh;
    return fresh;
}

/* A group is far from filling the rest of what is crowded. */
static bool
is_crowded(size_t size, size_t count)
{
    return count > size / 10 * 7;
}

static void
resize(struct segment *s, size_t size)
{
    uint64_t *old = s->place;
    size_t old_size = s->size;

    s->size = size;
    s->shift = 64 - (unsigned)__builtin_ctzll(size);
    s->place = places_new(size);
    for (size_t i = 0; i < old_size; i++)
        if (old[i])
            s->place[find(s, old[i])] = old[i];
    places_free(old, old_size);
}

/* The size from `least` on at which so many are no crowd. */
static size_t
size_for(size_t least, size_t count)
{
    while (is_crowded(least, count))
        least *= 2;
    return least;
}

/* Makes room for `more` besides what is there, at least twice as much as there was. */
static void
grow(struct segment *s, size_t more)
{
    resize(s, size_for(2 * s->size, s->count + more));
}

void
dedup_expect(struct dedup *d, size_t n)
{
    atomic_store_explicit(&d->expected, n, memory_order_relaxed);
}

/* What a window no longer holds goes back, to a size that is neither crowded nor soon sparse. */
static bool
is_sparse(const struct segment *s)
{
    return s->size > PLACES_MIN && s->count < s->size / 8;
}

static void
shrink(struct segment *s)
{
    size_t size = s->size;

    while (size > PLACES_MIN && s->count < size / 4)
        size /= 2;
    resize(s, size);
}

/* At most DEDUP_GROUP of them. */
static void
test_group(struct dedup *d, const uint64_t *fp, size_t n, bool *fresh)
{
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < n; i++)
        prefetch(d, fp[i]);
    for (size_t i = 0; i < n; i++)
        fresh[i] = put(segment_of(d, usable(fp[i])), usable(fp[i]));
    for (size_t i = 0; i < SEGMENTS; i++)
        if (is_crowded(d->segment[i].size, d->segment[i].count))
            grow(&d->segment[i],
                 atomic_load_explicit(&d->expected, memory_order_relaxed) / SEGMENTS);
    pthread_mutex_unlock(&d->lock);
}

void
dedup_test_and_add(struct dedup *d, const uint64_t *fp, size_t n, bool *fresh)
{
    for (size_t done = 0; done < n; done += DEDUP_GROUP)
        test_group(d, fp + done, n - done < DEDUP_GROUP ? n - done : DEDUP_GROUP, fresh + done);
}

bool
dedup_has(struct dedup *d, uint64_t fp)
{
    const struct segment *s;
    bool there;

    fp = usable(fp);
    pthread_mutex_lock(&d->lock);
    s = segment_of(d, fp);
    there = s->place[find(s, fp)] != 0;
    pthread_mutex_unlock(&d->lock);
    return there;
}

void
dedup_add_known(struct dedup *d, const uint64_t *fp, size_t n)
{
    bool fresh[DEDUP_GROUP];

    for (size_t done = 0; done < n; done += DEDUP_GROUP)
        test_group(d, fp + done, n - done < DEDUP_GROUP ? n - done : DEDUP_GROUP, fresh);
}

/* Empties place i and moves later ones back over the gap, so that no walk from any home to its
 * fingerprint crosses an empty place. */
static void
empty_place(struct segment *s, size_t i)
{
    size_t mask = s->size - 1;

    for (size_t j = (i + 1) & mask; s->place[j]; j = (j + 1) & mask) {
        if (((j - home_of(s, s->place[j])) & mask) < ((j - i) & mask))
            continue;
        s->place[i] = s->place[j];
        i = j;
    }
    s->place[i] = 0;
}

static void
take_out(struct segment *s, uint64_t fp)
{
    size_t i = find(s, fp);

    if (s->place[i] == 0)
        return;
    empty_place(s, i);
    s->count--;
}

static void
shrink_sparse(struct dedup *d)
{
    for (size_t i = 0; i < SEGMENTS; i++) {
        pthread_mutex_lock(&d->lock);
        if (is_sparse(&d->segment[i]))
            shrink(&d->segment[i]);
        pthread_mutex_unlock(&d->lock);
    }
}

void
dedup_remove(struct dedup *d, const uint64_t *fp, size_t n)
{
    for (size_t done = 0; done < n; done += REMOVE_RUN) {
        size_t end = n - done < REMOVE_RUN ? n : done + REMOVE_RUN;

        pthread_mutex_lock(&d->lock);
        for (size_t i = done; i < end; i++) {
            if (i + AHEAD < end)
                prefetch(d, fp[i + AHEAD]);
            take_out(segment_of(d, usable(fp[i])), usable(fp[i]));
        }
        pthread_mutex_unlock(&d->lock);
    }
    shrink_sparse(d);
}

/* The lock is not part of the value. */
static size_t
sum(const struct dedup *d, size_t (*of)(const struct segment *s))
{
    struct dedup *own = (struct dedup *)d;
    size_t n = 0;

    pthread_mutex_lock(&own->lock);
    for (int i = 0; i < SEGMENTS; i++)
        n += of(&d->segment[i]);
    pthread_mutex_unlock(&own->lock);
    return n;
}

static size_t
count_of(const struct segment *s)
{
    return s->count;
}

static size_t
bytes_of(const struct segment *s)
{
    return s->size * sizeof *s->place;
}

size_t
dedup_count(const struct dedup *d)
{
    return sum(d, count_of);
}

size_t
dedup_bytes(const struct dedup *d)
{
    return sizeof *d + sum(d, bytes_of);
}

size_t
dedup_bytes_of(uint64_t n)
{
    size_t places = SEGMENTS * size_for(PLACES_MIN, n / SEGMENTS);

    return sizeof(struct dedup) + places * sizeof(uint64_t);
}
