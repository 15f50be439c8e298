/*
 * reader_feed.c - a settled ledger as a change feed, for verification from outside.
 *
 * Nothing is in memory here: ask for it after a fold, when the rows of `total` are the whole.
 */
#include "reader_feed.h"

#include <stdlib.h>

#include "clock.h"

struct reader_feed {
    struct ledger_reader *reader;
    struct ledger_state state;
    bool data_clock;
};

static uint64_t
last_batch(void *ctx)
{
    return ((struct reader_feed *)ctx)->state.folded_batch;
}

static bool
in_history(void *ctx, uint64_t incarnation, uint64_t seq)
{
    (void)ctx, (void)incarnation, (void)seq;
    return true;
}

static enum status
scan_disk(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
          struct error *err)
{
    return ledger_scan_partition(((struct reader_feed *)ctx)->reader, partition, after, visit, arg,
                                 err);
}

static enum status
scan_memory(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
            uint64_t *upto, struct error *err)
{
    (void)partition, (void)after, (void)visit, (void)arg, (void)err;
    *upto = last_batch(ctx);
    return ST_OK;
}

static int64_t
now(void *ctx)
{
    const struct reader_feed *f = ctx;

    return f->data_clock && f->state.newest_record ? f->state.newest_record : clock_now();
}

enum status
reader_feed_open(struct change_feed *out, const char *path, bool data_clock, struct error *err)
{
    struct reader_feed *f = xcalloc(1, sizeof *f);
    enum status st = ledger_reader_open(&f->reader, path, err);

    if (st == ST_OK)
        st = ledger_reader_state(f->reader, &f->state, err);
    if (st != ST_OK) {
        ledger_reader_close(f->reader);
        free(f);
        return st;
    }
    f->data_clock = data_clock;
    *out = (struct change_feed){
        .ctx = f,
        .incarnation = f->state.incarnation,
        .last_batch = last_batch,
        .in_history = in_history,
        .scan_disk = scan_disk,
        .scan_memory = scan_memory,
        .memory_since = last_batch,
        .now = now,
    };
    memcpy(out->ledger_id, f->state.id, sizeof out->ledger_id);
    return ST_OK;
}

void
reader_feed_close(struct change_feed *feed)
{
    struct reader_feed *f = feed->ctx;

    if (f)
        ledger_reader_close(f->reader);
    free(f);
    feed->ctx = NULL;
}
