/*
 * committer_due.c - when the ledger thread is to do what.
 */
#include "committer_due.h"

#include "clock.h"

#define WANTED_MAX_US    20000 /* such a batch stays open for as long as commits take, or this */
#define LIVE_MIN_US      5000  /* from one commit to the next that nobody waits for */
#define LIVE_MAX_US      250000
#define LIVE_FACTOR      16 /* those take about a seventeenth of a core at most */
#define BULK_US          3000000
#define LOOK_US          50000
#define IDLE_LOOK_US     1000000
#define CALM_US          50000       /* nothing came for so long: waiting for more gains nothing */
#define MAX_BATCH_DELTAS (96u << 20) /* bytes in memory */
/* So long after a commit the write-ahead log is put away: whoever waited for it has other wishes
 * first. After an import's, Redis and the analyst have all cores to themselves. */
#define TEND_WAL_US      5000
#define TEND_WAL_BULK_MS 1500

/* When a batch that nobody waits for is to be closed: commits of such take no more than their share
 * of the time. */
static int64_t
live_due(const struct engine *e)
{
    int64_t pause = clock_earlier(e->commit_cpu_us * LIVE_FACTOR, LIVE_MAX_US);

    return e->committed_us + (pause > LIVE_MIN_US ? pause : LIVE_MIN_US);
}

/* Input that comes in bursts may make commits take a third of a core, and no more. */
int64_t
committer_calm_due(const struct engine *e)
{
    int64_t calm = e->commit_cpu_us * 2;

    if (e->calm || e->open->blocks_done < e->open->blocks)
        return INT64_MAX;
    return e->newest_us + (calm > CALM_US ? calm : CALM_US);
}

static int64_t
close_due(const struct engine *e)
{
    const struct batch *b = e->open;

    if (atomic_load(&b->bytes) >= MAX_BATCH_DELTAS || e->stop_ledger)
        return 0;
    if (b->wanted)
        return b->blocks_done == b->blocks
                   ? 0
                   : b->opened_us + clock_earlier(e->commit_cpu_us, WANTED_MAX_US);
    return b->bulk_only ? b->opened_us + BULK_US
                        : clock_earlier(live_due(e), committer_calm_due(e));
}

bool
committer_is_due(const struct engine *e, int64_t now)
{
    return e->open->blocks > 0 ? close_due(e) <= now : engine_pairing_is_due(e);
}

int64_t
committer_tend_wal_due(const struct engine *e)
{
    bool bulk = e->committed_us / 1000 - e->last_bulk_ms < TEND_WAL_BULK_MS;

    if (e->dry_run || !ledger_wal_waits(e->ledger))
        return INT64_MAX;
    return e->committed_us + (bulk ? TEND_WAL_BULK_MS * 1000 : TEND_WAL_US);
}

/* Nobody says when a batch has become large, or when an import is over. */
int64_t
committer_look_again_us(const struct engine *e, int64_t now)
{
    int64_t look = e->last_bulk_ms > e->trimmed_ms ? BULK_OVER_MS * 1000 : IDLE_LOOK_US;

    if (e->open->blocks > 0)
        look = clock_earlier(close_due(e) - now, LOOK_US);
    look = clock_earlier(committer_calm_due(e) - now, look);
    return clock_earlier(committer_tend_wal_due(e) - now, look);
}
