/*
 * engine_admin.c - what people ask of the pipeline: merge, drop, a new directory.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "engine_internal.h"
#include "fault.h"
#include "log.h"
#include "sql.h"

enum status
engine_reload_customers(struct engine *e, struct error *err)
{
    struct directory_builder *b = directory_builder_new();
    struct directory *made, *old;
    enum status st;

    pthread_mutex_lock(&e->reload_lock);
    st = analyst_directory(e->analyst, b, err);
    made = old = directory_build(b);
    if (st == ST_OK) {
        pthread_mutex_lock(&e->lock);
        old = e->directory;
        e->directory = made;
        pthread_mutex_unlock(&e->lock);
    }
    pthread_mutex_unlock(&e->reload_lock);
    directory_unref(old);
    return st;
}

/* --- merging customers --- */

#define MERGE_WAIT_MS 60000

struct merge {
    struct span from, to;
    int32_t *days;
    size_t day_count;
};

static enum status
note_day(void *arg, const struct cell_view *c, struct error *err)
{
    struct merge *m = arg;

    (void)err;
    m->days = xrealloc(m->days, (m->day_count + 1) * sizeof *m->days);
    m->days[m->day_count++] = c->day;
    return ST_OK;
}

static enum status
find_days(struct engine *e, struct merge *m, struct error *err)
{
    char *path = config_state_path(e->config, "ledger.db");
    struct ledger_reader *r;
    enum status st = ledger_reader_open(&r, path, err);

    free(path);
    if (st != ST_OK)
        return st;
    /* What is about to be retired stays where it is. */
    st = ledger_scan_subject(r, CELL_CUSTOMER, m->from, atomic_load(&e->oldest_day), note_day, m,
                             err);
    ledger_reader_close(r);
    return st;
}

static enum status
load(struct engine *e, struct cells *set, struct span name, int32_t day, uint64_t seq,
     struct cell **out, struct error *err)
{
    enum status st;

    *out = cells_get(set, CELL_CUSTOMER, name, day);
    st = ledger_load_cell(e->ledger, *out, err);
    (*out)->seq = seq;
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* The moved cells are built beside the totals, written in one transaction, and only then taken
 * into memory: the projection never sees what is not on disk. */
static enum status
move_cells(struct engine *e, const struct merge *m, uint64_t seq, struct error *err)
{
    struct cells *set = cells_new();
    struct cell **list = xmalloc(2 * m->day_count * sizeof *list);
    enum status st = ST_OK;
    size_t n = 0;

    for (size_t i = 0; i < m->day_count && st == ST_OK; i++) {
        st = load(e, set, m->from, m->days[i], seq, &list[n], err);
        if (st == ST_OK)
            st = load(e, set, m->to, m->days[i], seq, &list[n + 1], err);
        if (st != ST_OK)
            break;
        cell_merge(list[n + 1], list[n]);
        cell_zero(list[n]);
        n += 2;
    }
    if (st == ST_OK)
        ledger_merges(e->ledger, m->from, m->to);
    if (st == ST_OK)
        st = ledger_fold(e->ledger, list, n, seq, err);
    ledger_merges(e->ledger, (struct span){0}, (struct span){0});
    for (size_t i = 0; i < n && st == ST_OK; i++)
        st = totals_reload(e->totals, CELL_CUSTOMER, list[i]->name, list[i]->day, seq, err);
    free(list);
    cells_free(set);
    return st;
}

static enum status
merge_on_ledger(struct engine *e, void *arg, struct error *err)
{
    struct merge *m = arg;
    struct ledger_batch empty = {.created = clock_now_us()};
    enum status st = engine_fold(e, err);
    uint64_t seq;

    if (st == ST_OK)
        st = find_days(e, m, err);
    if (st == ST_OK)
        st = ledger_commit(e->ledger, &empty, &seq, err);
    fault_point("merge_announced");
    if (st == ST_OK)
        st = move_cells(e, m, seq, err);
    if (st == ST_IO || st == ST_CORRUPT)
        engine_die(e, st, "merge", err); /* memory and disk may differ: only a new start knows */
    if (st == ST_OK) {
        totals_publish(e->totals, seq);
        engine_publish_state(e);
        projection_kick(e->projection, true);
    }
    return st;
}

enum status
engine_merge_customer(struct engine *e, struct span from, struct span to, uint64_t *cells,
                      struct error *err)
{
    struct merge m = {.from = from, .to = to};
    enum status st;

    *cells = 0;
    if (span_eq(from, to))
        return fail(err, ST_BAD_INPUT, "a customer cannot be merged with itself");
    st = engine_settle(e, SETTLE_COMMITTED, MERGE_WAIT_MS, err); /* what is on its way moves too */
    if (st == ST_OK)
        st = engine_ask_ledger(e, merge_on_ledger, &m, err);
    *cells = m.day_count;
    free(m.days);
    return st;
}

/* --- quarantine --- */

struct drop {
    uint64_t id;
    const char *input;
    uint64_t dropped;
};

/* Before and after: what is in between is the difference, whatever workers add meanwhile. */
static void
take_use(void *arg, const char *input, uint64_t bytes)
{
    atomic_fetch_sub(&engine_feed(arg, input)->quarantine_bytes, (int64_t)bytes);
}

static void
give_use(void *arg, const char *input, uint64_t bytes)
{
    atomic_fetch_add(&engine_feed(arg, input)->quarantine_bytes, (int64_t)bytes);
}

static enum status
drop_on_ledger(struct engine *e, void *arg, struct error *err)
{
    struct drop *d = arg;
    enum status st = ledger_quarantine_use(e->ledger, take_use, e, err);

    if (st != ST_OK)
        return st;
    st = ledger_drop_quarantine(e->ledger, d->id, d->input, &d->dropped, err);
    if (ledger_quarantine_use(e->ledger, give_use, e, NULL) != ST_OK)
        log_warn("quarantine_not_counted", "until=restart");
    engine_publish_state(e);
    pthread_mutex_lock(&e->lock);
    engine_wake_room(e);
    pthread_mutex_unlock(&e->lock);
    return st;
}

enum status
engine_drop(struct engine *e, uint64_t id, const char *input, uint64_t *dropped, struct error *err)
{
    struct drop d = {.id = id, .input = input};
    enum status st = engine_ask_ledger(e, drop_on_ledger, &d, err);

    *dropped = d.dropped;
    return st;
}
