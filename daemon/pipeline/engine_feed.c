/*
 * engine_feed.c - the ledger as the projection sees it.
 *
 * Changes since the last fold come from memory, older ones from disk. A fold between the two
 * scans could move a cell from one to the other unseen; a scan of memory therefore checks that
 * everything memory lost meanwhile was already on disk when the disk was read. And what is
 * committed as totals is on disk a moment before it is in memory: the scan of memory waits for
 * that, so that nobody is shown a newer value first and an older one after it.
 */
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "engine_internal.h"
#include "keys.h"

#define MONTH_DAYS     31
#define CATCH_UP_MS    1
#define CATCH_UP_TRIES 1000

struct feed_context {
    struct engine *engine;
    struct ledger_reader *reader;
    uint64_t disk_since[KEY_PARTITIONS];  /* memory_since when the disk was scanned last */
    uint64_t disk_newest[KEY_PARTITIONS]; /* what was found then */
};

static uint64_t
feed_last_batch(void *ctx)
{
    return totals_last(((struct feed_context *)ctx)->engine->totals);
}

static bool
feed_in_history(void *ctx, uint64_t incarnation, uint64_t seq)
{
    return ledger_in_history(((struct feed_context *)ctx)->engine->ledger, incarnation, seq);
}

static uint64_t
feed_memory_since(void *ctx)
{
    return totals_memory_since(((struct feed_context *)ctx)->engine->totals);
}

struct disk_scan {
    cell_visit *visit;
    void *arg;
    uint64_t *newest;
};

static enum status
visit_disk(void *arg, const struct cell *c, struct error *err)
{
    struct disk_scan *s = arg;

    if (c->seq > *s->newest)
        *s->newest = c->seq;
    return s->visit(s->arg, c, err);
}

static enum status
open_reader(struct feed_context *f, struct error *err)
{
    char *path;
    enum status st;

    if (f->reader)
        return ST_OK;
    path = config_state_path(f->engine->config, "ledger.db");
    st = ledger_reader_open(&f->reader, path, err);
    free(path);
    return st;
}

static enum status
feed_scan_disk(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
               struct error *err)
{
    struct feed_context *f = ctx;
    struct disk_scan s;
    enum status st = open_reader(f, err);

    if (st != ST_OK)
        return st;
    f->disk_since[partition] = totals_memory_since(f->engine->totals);
    f->disk_newest[partition] = 0;
    s = (struct disk_scan){visit, arg, &f->disk_newest[partition]};
    st = ledger_scan_partition(f->reader, partition, after, visit_disk, &s, err);
    if (st == ST_CORRUPT)
        engine_die(f->engine, st, "projection", err);
    return st;
}

static bool
memory_caught_up(const struct feed_context *f, unsigned partition)
{
    const struct timespec pause = {0, CATCH_UP_MS * 1000000};

    for (int i = 0; totals_last(f->engine->totals) < f->disk_newest[partition]; i++) {
        if (i == CATCH_UP_TRIES)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

static enum status
feed_scan_memory(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
                 uint64_t *upto, struct error *err)
{
    struct feed_context *f = ctx;
    enum status st;
    uint64_t since;

    if (!memory_caught_up(f, partition))
        return fail(err, ST_RETRY, "a commit is under way: scan again");
    st = totals_scan(f->engine->totals, partition, after, visit, arg, upto, err);
    since = totals_memory_since(f->engine->totals);
    if (st == ST_OK && since > after && since > f->disk_since[partition])
        return fail(err, ST_RETRY, "the ledger was folded meanwhile: scan again");
    return st;
}

struct older_search {
    int32_t from, to;
    uint64_t upto;
    uint64_t seq[MONTH_DAYS]; /* what memory knows of each day, 0: nothing */
    bool found;
};

static enum status
look_at_row(void *arg, const struct cell_view *v, struct error *err)
{
    struct older_search *o = arg;

    (void)err;
    if (v->day >= o->to)
        return ST_SKIP; /* seen enough */
    o->found = v->seq <= o->upto && o->seq[v->day - o->from] == 0;
    return o->found ? ST_SKIP : ST_OK;
}

/* Memory is newer than its rows, and asked before them: what leaves it in between is on disk. */
static enum status
feed_has_older(void *ctx, enum cell_kind kind, struct span name, int32_t from, int32_t to,
               uint64_t upto, bool *has, struct error *err)
{
    struct feed_context *f = ctx;
    struct older_search o = {.from = from, .to = to, .upto = upto};
    enum status st = open_reader(f, err);

    if (st != ST_OK)
        return st;
    totals_seqs(f->engine->totals, kind, name, from, to, o.seq);
    for (int32_t i = 0; i < to - from && !o.found; i++)
        o.found = o.seq[i] > 0 && o.seq[i] <= upto;
    if (!o.found)
        st = ledger_scan_subject(f->reader, kind, name, from, look_at_row, &o, err);
    if (st == ST_CORRUPT)
        engine_die(f->engine, st, "projection", err);
    *has = o.found;
    return st == ST_SKIP ? ST_OK : st;
}

static int64_t
feed_now(void *ctx)
{
    struct engine *e = ((struct feed_context *)ctx)->engine;
    int64_t newest;

    pthread_mutex_lock(&e->lock);
    newest = e->snapshot.newest_record;
    pthread_mutex_unlock(&e->lock);

    return e->config->clock_data && newest ? newest : clock_now();
}

static void
feed_close(void *ctx)
{
    struct feed_context *f = ctx;

    if (f)
        ledger_reader_close(f->reader);
    free(f);
}

void
engine_make_feed(struct engine *e, struct change_feed *out)
{
    struct feed_context *f = xcalloc(1, sizeof *f);

    f->engine = e;
    *out = (struct change_feed){
        .ctx = f,
        .incarnation = e->snapshot.incarnation,
        .last_batch = feed_last_batch,
        .in_history = feed_in_history,
        .scan_disk = feed_scan_disk,
        .scan_memory = feed_scan_memory,
        .memory_since = feed_memory_since,
        .has_older = feed_has_older,
        .now = feed_now,
    };
    memcpy(out->ledger_id, e->snapshot.id, sizeof out->ledger_id);
}

void
engine_free_feed(struct change_feed *feed)
{
    feed_close(feed->ctx);
    feed->ctx = NULL;
}
