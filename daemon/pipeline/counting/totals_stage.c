/*
 * totals_stage.c - a batch that is written as totals at once.
 *
 * The new totals are made in the largest set of the batch, beside those that stand, and are taken
 * into memory when they are on disk.
 */
#include "totals_private.h"

#include <stdlib.h>

static struct cells **
largest(struct cells **parts, size_t count)
{
    struct cells **best = parts;

    for (size_t i = 1; i < count; i++)
        if (cells_count(parts[i]) > cells_count(*best))
            best = &parts[i];
    return best;
}

static void
add_set(struct cells *into, const struct cells *from)
{
    const struct cell *c;

    CELLS_EACH (from, c) {
        totals_fetch_ahead(into, from, c_i);
        cell_merge(cells_get_key(into, cell_key_of(c)), c);
    }
}

/* What stands of a cell, from memory or from the ledger. */
static enum status
add_standing(struct totals *t, struct cell *c, struct error *err)
{
    const struct cell *standing =
        cells_count(t->cells) ? cells_find_key(t->cells, cell_key_of(c)) : NULL;
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
        totals_fetch_ahead(t->cells, *set, c_i);
        result = add_standing(t, c, err);
        if (result != ST_OK)
            break;
        c->seq = seq;
        out->rows[out->row_count++] = c;
    }
    for (size_t i = 0; t->dirty && result == ST_OK && i < cells_slots(t->cells); i++) {
        c = cells_at(t->cells, i);
        if (c && (c->flags & CELL_DIRTY) && !cells_find_key(*set, cell_key_of(c)))
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
    struct cell *c = cells_get_key(t->cells, cell_key_of(from));

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
        struct cell *old = cells_find_key(t->cells, cell_key_of(c));

        if (old) {
            totals_unlist(t, old);
            cells_remove(t->cells, old);
        }
        totals_list_newest(t, copy_cell(t, c));
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
        totals_list_newest(t, c);
    for (int p = 0; p < KEY_PARTITIONS; p++)
        for (const struct cell *o = past[p]; o; o = o->older) {
            if (cells_find_key(t->cells, cell_key_of(o)))
                continue;
            if (t->ledger && cells_bytes(t->cells) > keep_bytes) {
                if (o->seq > t->memory_since)
                    t->memory_since = o->seq; /* the newest of those that are left behind */
                break;
            }
            totals_list_oldest(t, copy_cell(t, o));
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
    totals_settle(t, keep_bytes);
    t->last = seq;
    pthread_mutex_unlock(&t->lock);
    totals_drop_stage(s);
}
