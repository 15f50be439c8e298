/*
 * totals.c - absolute counters in memory between the ledger and the projection.
 */
#include "totals.h"

#include <pthread.h>
#include <stdlib.h>

#include "keys.h"

#define CELL_DIRTY 1 /* in cell.flags: changed since the last fold */

struct totals {
    struct ledger *ledger;
    struct cells *cells;
    pthread_mutex_t lock;
    struct cell *newest[KEY_PARTITIONS], *oldest[KEY_PARTITIONS];
    uint64_t last;         /* last batch published */
    uint64_t memory_since; /* every cell changed after this batch is here */
    size_t dirty;
};

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

static void
unlist(struct totals *t, struct cell *c)
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

static void
list_as_newest(struct totals *t, struct cell *c)
{
    c->newer = NULL;
    c->older = t->newest[c->partition];
    if (c->older)
        c->older->newer = c;
    else
        t->oldest[c->partition] = c;
    t->newest[c->partition] = c;
}

static void
list_as_oldest(struct totals *t, struct cell *c)
{
    c->older = NULL;
    c->newer = t->oldest[c->partition];
    if (c->newer)
        c->newer->older = c;
    else
        t->newest[c->partition] = c;
    t->oldest[c->partition] = c;
}

/* Changed by batch seq: at the head of its list, and to be written by the next fold. */
static void
mark(struct totals *t, struct cell *c, uint64_t seq)
{
    if (!(c->flags & CELL_DIRTY)) {
        c->flags |= CELL_DIRTY;
        t->dirty++;
    }
    c->seq = seq;
    list_as_newest(t, c);
}

/* Finds or loads a cell and marks it. Lock held. */
static enum status
touch(struct totals *t, enum cell_kind kind, struct span name, int32_t day, uint64_t seq,
      struct cell **out, struct error *err)
{
    struct cell *c = cells_find(t->cells, kind, name, day);

    if (c) {
        unlist(t, c);
    } else {
        enum status result;

        c = cells_get(t->cells, kind, name, day);
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

        result = touch(t, (enum cell_kind)d->kind, d->name, d->day, seq, &c, err);
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
                unlist(t, c);
                cells_remove(t->cells, c);
            }
    }
}

/* Everything is on disk: nothing is dirty, and memory may be given back. Lock held. */
static void
settle(struct totals *t, size_t keep_bytes)
{
    struct cell *c;

    if (t->dirty)
        CELLS_EACH (t->cells, c)
            c->flags &= (uint8_t)~CELL_DIRTY;
    t->dirty = 0;
    if (t->ledger)
        shrink(t, keep_bytes);
}

/* --- a batch that is written as totals at once --- */

static struct cells **
largest(struct cells **parts, size_t count)
{
    struct cells **best = parts;

    for (size_t i = 1; i < count; i++)
        if (cells_count(parts[i]) > cells_count(*best))
            best = &parts[i];
    return best;
}

static struct cell *
same_cell(const struct cells *set, const struct cell *c)
{
    return cells_find(set, (enum cell_kind)c->kind, c->name, c->day);
}

static void
add_set(struct cells *into, const struct cells *from)
{
    const struct cell *c;

    CELLS_EACH (from, c)
        cell_merge(cells_get(into, (enum cell_kind)c->kind, c->name, c->day), c);
}

/* What stands of a cell, from memory or from the ledger. */
static enum status
add_standing(struct totals *t, struct cell *c, struct error *err)
{
    const struct cell *standing = cells_count(t->cells) ? same_cell(t->cells, c) : NULL;
    enum status result = ST_NOT_FOUND;

    if (standing)
        cell_merge(c, standing);
    else if (t->ledger)
        result = ledger_load_cell(t->ledger, c, err);
    return result == ST_NOT_FOUND ? ST_OK : result;
}

enum status
totals_stage(struct totals *t, struct cells **parts, size_t count, uint64_t seq,
             struct totals_stage *out, struct error *err)
{
    struct cells **set = largest(parts, count);
    enum status result = ST_OK;
    struct cell *c;

    for (size_t i = 0; i < count; i++)
        if (&parts[i] != set)
            add_set(*set, parts[i]);
    *out = (struct totals_stage){.set = set};
    out->rows = xmalloc((cells_count(*set) + t->dirty + 1) * sizeof *out->rows);
    CELLS_EACH (*set, c) {
        result = add_standing(t, c, err);
        if (result != ST_OK)
            break;
        c->seq = seq;
        out->rows[out->row_count++] = c;
    }
    for (size_t i = 0; t->dirty && result == ST_OK && i < cells_slots(t->cells); i++) {
        c = cells_at(t->cells, i);
        if (c && (c->flags & CELL_DIRTY) && !same_cell(*set, c))
            out->rows[out->row_count++] = c;
    }
    if (result != ST_OK)
        totals_drop_stage(out);
    return result;
}

void
totals_drop_stage(struct totals_stage *s)
{
    free(s->rows);
    *s = (struct totals_stage){0};
}

static struct cell *
copy_cell(struct totals *t, const struct cell *from)
{
    struct cell *c = cells_get(t->cells, (enum cell_kind)from->kind, from->name, from->day);

    cell_merge(c, from);
    c->seq = from->seq;
    return c;
}

/* The batch changed little of what memory holds: it goes into the set that is there. */
static void
take_over(struct totals *t, const struct cells *set)
{
    const struct cell *c;

    CELLS_EACH (set, c) {
        struct cell *old = same_cell(t->cells, c);

        if (old) {
            unlist(t, old);
            cells_remove(t->cells, old);
        }
        list_as_newest(t, copy_cell(t, c));
    }
}

/* The batch's set becomes the totals', and takes up what else is in memory, the newest first, as
 * long as there is room. */
static void
exchange(struct totals *t, struct cells **set, size_t keep_bytes)
{
    struct cells *old = t->cells;
    const struct cell *past[KEY_PARTITIONS];
    struct cell *c;

    for (int p = 0; p < KEY_PARTITIONS; p++) {
        past[p] = t->newest[p];
        t->newest[p] = t->oldest[p] = NULL;
    }
    t->cells = *set;
    *set = old;
    CELLS_EACH (t->cells, c)
        list_as_newest(t, c);
    for (int p = 0; p < KEY_PARTITIONS; p++)
        for (const struct cell *o = past[p]; o; o = o->older) {
            if (same_cell(t->cells, o))
                continue;
            if (t->ledger && cells_bytes(t->cells) > keep_bytes) {
                if (o->seq > t->memory_since)
                    t->memory_since = o->seq; /* the newest of those that are left behind */
                break;
            }
            list_as_oldest(t, copy_cell(t, o));
        }
}

void
totals_adopt(struct totals *t, struct totals_stage *s, uint64_t seq, size_t keep_bytes)
{
    pthread_mutex_lock(&t->lock);
    if (cells_count(*s->set) >= cells_count(t->cells))
        exchange(t, s->set, keep_bytes);
    else
        take_over(t, *s->set);
    settle(t, keep_bytes);
    t->last = seq;
    pthread_mutex_unlock(&t->lock);
    totals_drop_stage(s);
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
    enum status result = touch(target->totals, kind, name, day, target->seq, &c, err);

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
    enum status result;
    struct cell *c;

    pthread_mutex_lock(&t->lock);
    c = cells_find(t->cells, kind, name, day);
    if (c) {
        t->dirty -= (c->flags & CELL_DIRTY) != 0;
        unlist(t, c);
        cells_remove(t->cells, c);
    }
    result = touch(t, kind, name, day, seq, &c, err);
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
    settle(t, keep_bytes);
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
    pthread_mutex_lock(&t->lock);
    for (const struct cell *c; from < to; from++) {
        c = cells_find(t->cells, kind, name, from);
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
