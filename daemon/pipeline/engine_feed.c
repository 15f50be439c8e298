/*
 * engine_feed.c - the ledger as the projection sees it.
 *
 * Changes since the last fold come from memory, older ones from disk. A fold between the two
 * scans could move a cell from one to the other unseen; a scan of memory therefore checks that
 * everything memory lost meanwhile was already on disk when the disk was read.
 */
#include <stdlib.h>

#include "clock.h"
#include "engine_internal.h"
#include "keys.h"

struct feed_context {
    struct engine *engine;
    struct ledger_reader *reader;
    uint64_t disk_since[KEY_PARTITIONS]; /* memory_since when the disk was scanned last */
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

static enum status
feed_scan_disk(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
               struct error *err)
{
    struct feed_context *f = ctx;
    enum status st;

    if (!f->reader) {
        char *path = config_state_path(f->engine->config, "ledger.db");

        st = ledger_reader_open(&f->reader, path, err);
        free(path);
        if (st != ST_OK)
            return st;
    }
    f->disk_since[partition] = totals_memory_since(f->engine->totals);
    st = ledger_scan_partition(f->reader, partition, after, visit, arg, err);
    if (st == ST_CORRUPT)
        engine_die(f->engine, st, "projection", err);
    return st;
}

static enum status
feed_scan_memory(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
                 uint64_t *upto, struct error *err)
{
    struct feed_context *f = ctx;
    enum status st = totals_scan(f->engine->totals, partition, after, visit, arg, upto, err);
    uint64_t since = totals_memory_since(f->engine->totals);

    if (st == ST_OK && since > after && since > f->disk_since[partition])
        return fail(err, ST_RETRY, "the ledger was folded meanwhile: scan again");
    return st;
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
