/*
 * totals.c - absolute counters in memory between the ledger and the projection.
 */
#include "totals_private.h"

#include <stdlib.h>

#define FETCH_STEP 4 /* cells that are merged while memory answers */

struct totals *
totals_new(struct ledger *l, uint64_t folded)
{
    struct totals *t = xcalloc(1, sizeof *t);

    t->ledger = l;
    t->cells = cells_new();
    t->last = t->memory_since = folded;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void
totals_free(struct totals *t)
{
    if (!t)
        return;
    cells_free(t->cells);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void
totals_unlist(struct totals *t, struct cell *c)
{
    if (c->newer)
        c->newer->older = c->older;
    else
        t->newest[c->partition] = c->older;
    if (c->older)
        c->older->newer = c->newer;
    else
        t->oldest[c->partition] = c->newer;
    c->newer = c->older = NULL;
}

void
totals_list_newest(struct totals *t, struct cell *c)
{
    c->newer = NULL;
    c->older = t->newest[c->partition];
    if (c->older)
        c->older->newer = c;
    else
        t->oldest[c->partition] = c;
    t->newest[c->partition] = c;
}

void
totals_list_oldest(struct totals *t, struct cell *c)
{
    c->older = NULL;
    c->newer = t->oldest[c->partition];
    if (c->newer)
        c->newer->older = c;
    else
        t->newest[c->partition] = c;
    t->oldest[c->partition] = c;
}

static const struct cell *
cell_ahead(const struct cells *s, size_t i)
{
    return i < cells_slots(s) ? cells_at(s, i) : NULL;
}

/* In steps, since each leads to the next one: its place in the table, itself, its counters and its
 * neighbours in the list. */
void
totals_fetch_ahead(const struct cells *in, const struct cells *from, size_t i)
{
    const struct cell *c = cell_ahead(from, i + 3 * FETCH_STEP);

    if (c)
        cells_prefetch(in, c->hash);
    c = cell_ahead(from, i + 2 * FETCH_STEP);
    if (c)
        cells_guess(in, c->hash);
    c = cell_ahead(from, i + FETCH_STEP);
    if (!c)
        return;
    cell_prefetch(c);
    c = cells_guess(in, c->hash);
    if (!c)
        return;
    cell_prefetch(c);
    __builtin_prefetch(&c->seq, 1);
    if (c->newer)
        __builtin_prefetch(&c->newer->older, 1);
    if (c->older)
        __builtin_prefetch(&c->older->newer, 1);
}

/* --- what batches change --- */

/* Changed by batch seq: at the head of its list, and to be written by the next fold. */
static void
mark(struct totals *t, struct cell *c, uint64_t seq)
{
    if (!(c->flags & CELL_DIRTY)) {
        c->flags |= CELL_DIRTY;
        t->dirty++;
    }
    c->seq = seq;
    totals_list_newest(t, c);
}

/* Finds or loads a cell and marks it. Lock held. */
static enum status
touch(struct totals *t, struct cell_key k, uint64_t seq, struct cell **out, struct error *err)
{
    struct cell *c = cells_find_key(t->cells, k);

    if (c) {
        totals_unlist(t, c);
    } else {
        enum status result;

        c = cells_get_key(t->cells, k);
        result = t->ledger ? ledger_load_cell(t->ledger, c, err) : ST_NOT_FOUND;
        if (result != ST_OK && result != ST_NOT_FOUND) {
            cells_remove(t->cells, c);
            return result;
        }
    }
    mark(t, c, seq);
    *out = c;
    return ST_OK;
}

enum status
totals_add(struct totals *t, const struct cells *deltas, uint64_t seq, struct error *err)
{
    enum status result = ST_OK;
    const struct cell *d;

    pthread_mutex_lock(&t->lock);
    CELLS_EACH (deltas, d) {
        struct cell *c;

        totals_fetch_ahead(t->cells, deltas, d_i);
        result = touch(t, cell_key_of(d), seq, &c, err);
        if (result != ST_OK)
            break;
        cell_merge(c, d);
    }
    pthread_mutex_unlock(&t->lock);
    return result;
}

enum status
totals_take(struct totals *t, struct cells **deltas, uint64_t seq, struct error *err)
{
    struct cells *empty = t->cells;
    struct cell *c;

    if (t->ledger || cells_count(empty) > 0)
        return totals_add(t, *deltas, seq, err);
    pthread_mutex_lock(&t->lock);
    t->cells = *deltas;
    CELLS_EACH (t->cells, c)
        mark(t, c, seq);
    *deltas = empty;
    pthread_mutex_unlock(&t->lock);
    return ST_OK;
}

/* Gives back the cells that changed longest ago, a share from every partition. Places that are
 * free count as given back: the next cells need them. */
static void
shrink(struct totals *t, size_t keep_bytes)
{
    size_t places = cells_slots(t->cells), bytes = cells_bytes(t->cells);

    while (cells_count(t->cells) > KEY_PARTITIONS &&
           bytes / (places + 1) * cells_count(t->cells) > keep_bytes) {
        size_t quota = cells_count(t->cells) / KEY_PARTITIONS / 4 + 1;

        for (int p = 0; p < KEY_PARTITIONS; p++)
            for (size_t i = 0; i < quota && t->oldest[p]; i++) {
                struct cell *c = t->oldest[p];

                if (c->seq > t->memory_since)
                    t->memory_since = c->seq;
                totals_unlist(t, c);
                cells_remove(t->cells, c);
            }
    }
}

/* Everything is on disk: nothing is dirty, and memory may be given back. Lock held. */
void
totals_settle(struct totals *t, size_t keep_bytes)
{
    struct cell *c;

    if (t->dirty)
        CELLS_EACH (t->cells, c)
            c->flags &= (uint8_t)~CELL_DIRTY;
    t->dirty = 0;
    if (t->ledger)
        shrink(t, keep_bytes);
}

/* --- the log --- */

struct blob_target {
    struct totals *totals;
    uint64_t seq;
};

static enum status
add_from_blob(void *arg, enum cell_kind kind, struct span name, int32_t day, struct span values,
              struct error *err)
{
    struct blob_target *target = arg;
    struct cell *c;
    enum status result =
        touch(target->totals, cell_key_named(kind, name, day), target->seq, &c, err);

    return result == ST_OK ? cell_decode_add(c, values, err) : result;
}

enum status
totals_add_blob(struct totals *t, struct span blob, uint64_t seq, struct error *err)
{
    struct blob_target target = {t, seq};
    enum status result;

    pthread_mutex_lock(&t->lock);
    result = cells_blob_each(blob, add_from_blob, &target, err);
    pthread_mutex_unlock(&t->lock);
    return result;
}

void
totals_publish(struct totals *t, uint64_t seq)
{
    pthread_mutex_lock(&t->lock);
    t->last = seq;
    pthread_mutex_unlock(&t->lock);
}

enum status
totals_reload(struct totals *t, enum cell_kind kind, struct span name, int32_t day, uint64_t seq,
              struct error *err)
{
    struct cell_key k = cell_key_named(kind, name, day);
    enum status result;
    struct cell *c;

    pthread_mutex_lock(&t->lock);
    c = cells_find_key(t->cells, k);
    if (c) {
        t->dirty -= (c->flags & CELL_DIRTY) != 0;
        totals_unlist(t, c);
        cells_remove(t->cells, c);
    }
    result = touch(t, k, seq, &c, err);
    pthread_mutex_unlock(&t->lock);
    return result;
}

struct cell **
totals_dirty(struct totals *t, size_t *count)
{
    struct cell **list = xmalloc(t->dirty * sizeof(struct cell *));
    struct cell *c;
    size_t n = 0;

    CELLS_EACH (t->cells, c)
        if (c->flags & CELL_DIRTY)
            list[n++] = c;
    *count = n;
    return list;
}

void
totals_folded(struct totals *t, size_t keep_bytes)
{
    pthread_mutex_lock(&t->lock);
    totals_settle(t, keep_bytes);
    pthread_mutex_unlock(&t->lock);
}

static uint64_t
locked(struct totals *t, const uint64_t *batch)
{
    uint64_t seq;

    pthread_mutex_lock(&t->lock);
    seq = *batch;
    pthread_mutex_unlock(&t->lock);
    return seq;
}

uint64_t
totals_last(struct totals *t)
{
    return locked(t, &t->last);
}

uint64_t
totals_memory_since(struct totals *t)
{
    return locked(t, &t->memory_since);
}

/* Cells lie all over memory, and their counters elsewhere again. While one is visited, the next
 * one's counters are fetched, and the cell after that. */
static struct cell *
fetch(struct cell *next)
{
    if (!next)
        return NULL;
    for (size_t at = 0; at < sizeof *next; at += 64)
        __builtin_prefetch((const char *)next->older + at);
    cell_prefetch(next);
    return next->older;
}

enum status
totals_scan(struct totals *t, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
            uint64_t *upto, struct error *err)
{
    enum status result = ST_OK;
    struct cell *ahead;

    pthread_mutex_lock(&t->lock);
    *upto = t->last;
    ahead = fetch(t->newest[partition]);
    for (struct cell *c = t->newest[partition]; c && c->seq > after && result == ST_OK;
         c = c->older) {
        ahead = fetch(ahead);
        result = visit(arg, c, err);
    }
    pthread_mutex_unlock(&t->lock);
    return result;
}

void
totals_seqs(struct totals *t, enum cell_kind kind, struct span name, int32_t from, int32_t to,
            uint64_t *seq)
{
    uint64_t hash = cells_name_hash(name);
    struct cell_key k = {.kind = kind, .name = name};

    pthread_mutex_lock(&t->lock);
    for (int32_t day = from; day < to; day++)
        cells_prefetch(t->cells, name_hash_mix(hash, kind, day));
    for (k.day = from; k.day < to; k.day++) {
        const struct cell *c;

        k.hash = name_hash_mix(hash, kind, k.day);
        c = cells_find_key(t->cells, k);
        *seq++ = c ? c->seq : 0;
    }
    pthread_mutex_unlock(&t->lock);
}

void
totals_size(struct totals *t, size_t *cells, size_t *dirty, size_t *bytes)
{
    pthread_mutex_lock(&t->lock);
    *cells = cells_count(t->cells);
    *dirty = t->dirty;
    *bytes = cells_bytes(t->cells);
    pthread_mutex_unlock(&t->lock);
}
