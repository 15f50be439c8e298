/*
 * engine_submit.c - what inputs and the command line ask of a running engine.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "clock.h"
#include "engine_internal.h"

/* --- submitting --- */

int64_t
engine_quarantine_share(const struct engine *e)
{
    /* One for each input, and one for imports. */
    return e->dry_run
               ? INT64_MAX
               : (int64_t)(e->config->limits.quarantine_bytes / (e->config->input_count + 1));
}

/* Refused records wait for a person. An input whose share of the room for them is full is
 * stopped: the others go on, and nothing that was refused is thrown away. */
static bool
quarantine_is_full(const struct engine *e, const struct block *b)
{
    return !b->quarantine_id &&
           atomic_load(&b->source->feed->quarantine_bytes) >= engine_quarantine_share(e);
}

static bool
brings_too_many_names(const struct engine *e, const struct block *b)
{
    return !b->quarantine_id && engine_names_wait_ms(e, b->source->feed) > 0;
}

/* The ledger thread is told when that changes how long the batch stays open. */
static void
count_block(struct engine *e, struct batch *open, const struct block *b)
{
    bool waited_for = b->done && !b->bulk;

    if (open->blocks == 0)
        open->opened_us = clock_mono_us();
    if (open->blocks == 0 || open->bulk_only > b->bulk || open->wanted < waited_for)
        pthread_cond_signal(&e->gathered);
    open->blocks++;
    if (!b->bulk) {
        e->newest_us = clock_mono_us();
        e->calm = false;
    }
    open->bulk_only &= b->bulk;
    open->wanted |= waited_for;
}

static void
enqueue(struct engine *e, const struct block *b)
{
    struct job *job = xmalloc(sizeof *job);
    struct batch *open = e->open;

    job->next = NULL;
    job->block = *b;
    job->batch = open;
    job->ticket = batch_ticket(open, b);
    count_block(e, open, b);
    if (b->cursor.identity[0]) {
        const char *input = b->source->feed->input;
        struct cursor before;
        bool known = engine_note_checkpoint(e, input, &b->cursor, &before);

        batch_cursor(open, input, &b->cursor, known ? &before : NULL);
    }
    if (e->tail)
        e->tail->next = job;
    else
        e->head = job;
    e->tail = job;
    e->queue_bytes += b->n;
    job->feed = b->source->feed;
    job->feed->queued_bytes += b->n;
    e->queue_blocks++;
    pthread_cond_signal(&e->work);
}

enum status
engine_enqueue(struct engine *e, struct block *b)
{
    if (e->closing)
        return ST_RETRY;
    if (quarantine_is_full(e, b) || brings_too_many_names(e, b)) {
        e->was_full = true;
        return ST_FULL;
    }
    if (!engine_has_room(e, b))
        return ST_FULL;
    enqueue(e, b);
    return ST_OK;
}

enum status
engine_submit(struct engine *e, struct block *b)
{
    enum status st;

    pthread_mutex_lock(&e->lock);
    st = engine_enqueue(e, b);
    pthread_mutex_unlock(&e->lock);
    return st;
}

enum status
engine_submit_wait(struct engine *e, struct block *b)
{
    enum status st = ST_OK;

    pthread_mutex_lock(&e->lock);
    while (!e->winding_down && !engine_has_room(e, b))
        pthread_cond_wait(&e->room, &e->lock);
    if (e->winding_down)
        st = ST_RETRY;
    else if (quarantine_is_full(e, b))
        st = ST_FULL;
    else
        enqueue(e, b);
    pthread_mutex_unlock(&e->lock);
    return st;
}

void
engine_on_room(struct engine *e, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&e->lock);
    if (e->room_callback_count == sizeof e->room_callbacks / sizeof e->room_callbacks[0])
        abort(); /* the wiring registers a handful, once */
    e->room_callbacks[e->room_callback_count++] = (struct room_callback){fn, arg};
    pthread_mutex_unlock(&e->lock);
}

/* --- settling --- */

uint64_t
engine_want_commit(struct engine *e)
{
    if (e->open->blocks == 0)
        return e->open->number - 1;
    e->open->wanted = true;
    pthread_cond_signal(&e->gathered);
    return e->open->number;
}

/* Waits on `committed` until the condition below holds. Lock held. */
static bool
wait_until(struct engine *e, bool (*holds)(const struct engine *e, uint64_t want), uint64_t want,
           int64_t deadline_us)
{
    while (!holds(e, want))
        if (!clock_wait_until(&e->committed, &e->lock, deadline_us) && !holds(e, want))
            return false;
    return true;
}

static bool
is_committed(const struct engine *e, uint64_t number)
{
    return e->committed_number >= number;
}

static bool
is_folded(const struct engine *e, uint64_t seq)
{
    return e->dry_run || e->snapshot.folded_batch >= seq;
}

static bool
is_analysed(const struct engine *e, uint64_t seq)
{
    return e->analysed >= seq || e->analytics_problem[0];
}

/* Lock held throughout, but for the waits. */
static enum status
analyse(struct engine *e, uint64_t number, uint64_t seq, int64_t deadline_us, struct error *err)
{
    if (e->analysed >= seq)
        return ST_OK;
    e->fold_wanted = true;
    e->fold_target = number;
    pthread_cond_signal(&e->gathered);
    if (!wait_until(e, is_folded, seq, deadline_us))
        return fail(err, ST_RETRY, "the ledger was not folded in time");
    e->analytics_problem[0] = '\0';
    e->analysis_wanted = true;
    pthread_cond_broadcast(&e->committed);
    if (!wait_until(e, is_analysed, seq, deadline_us))
        return fail(err, ST_RETRY, "analytics did not finish in time");
    if (e->analytics_problem[0])
        return fail(err, ST_RETRY, "analytics: %s", e->analytics_problem);
    return ST_OK;
}

static enum status
settle_analysed(struct engine *e, uint64_t number, uint64_t seq, int64_t deadline_us,
                struct error *err)
{
    enum status st;

    pthread_mutex_lock(&e->lock);
    st = analyse(e, number, seq, deadline_us, err);
    pthread_mutex_unlock(&e->lock);
    return st;
}

enum status
engine_settle(struct engine *e, unsigned what, int64_t timeout_ms, struct error *err)
{
    int64_t deadline_us = clock_mono_us() + timeout_ms * 1000;
    enum status st = ST_OK;
    uint64_t number, seq;

    pthread_mutex_lock(&e->lock);
    number = engine_want_commit(e);
    if (!wait_until(e, is_committed, number, deadline_us) || e->abandoned)
        st = fail(err, ST_RETRY, "not committed%s%s%s", e->abandoned ? "" : " in time",
                  e->stalled[0] ? ": " : "", e->stalled);
    seq = e->snapshot.last_batch;
    pthread_mutex_unlock(&e->lock);
    if (st == ST_OK && (what & (SETTLE_ANALYSED | SETTLE_REDIS)) && e->projection)
        projection_kick(e->projection, true); /* goes on beside the analyst */
    if (st == ST_OK && (what & SETTLE_ANALYSED) && e->analyst)
        st = settle_analysed(e, number, seq, deadline_us, err);
    if (st == ST_OK && (what & SETTLE_REDIS) && e->projection)
        st = projection_wait(e->projection, seq, timeout_ms, err);
    return st;
}

/* --- requests to the ledger thread --- */

enum status
engine_ask_ledger(struct engine *e,
                  enum status (*run)(struct engine *e, void *arg, struct error *err), void *arg,
                  struct error *err)
{
    struct request r = {.run = run, .arg = arg, .err = err};
    struct request **end;

    pthread_mutex_lock(&e->lock);
    if (e->stop_ledger) {
        pthread_mutex_unlock(&e->lock);
        return fail(err, ST_RETRY, "shutting down");
    }
    for (end = &e->requests; *end; end = &(*end)->next)
        continue;
    *end = &r;
    pthread_cond_signal(&e->gathered);
    while (!r.done)
        pthread_cond_wait(&e->committed, &e->lock);
    pthread_mutex_unlock(&e->lock);
    return r.result;
}

enum status
engine_import_over(struct engine *e, struct error *err)
{
    return engine_ask_ledger(e, engine_finish_pairs, NULL, err);
}

/* --- status --- */

static uint64_t
file_size(const struct config *c, const char *name)
{
    char *path = config_state_path(c, name);
    struct stat st;
    uint64_t size = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;

    free(path);
    return size;
}

static void
fill_disk(const struct engine *e, struct engine_status *out)
{
    struct statvfs fs;

    out->ledger_bytes = file_size(e->config, "ledger.db");
    out->wal_bytes = file_size(e->config, "ledger.db-wal");
    if (statvfs(e->config->state_dir, &fs) == 0)
        out->disk_free = (uint64_t)fs.f_bavail * fs.f_frsize;
}

static void
fill_redis(const struct engine *e, struct engine_status *out)
{
    struct projection_status p;

    if (!e->projection)
        return;
    projection_status(e->projection, &p);
    out->redis_connected = p.connected;
    out->redis_applied = p.applied;
    out->redis_applied_ms = p.applied_ms;
    out->redis_keys_sent = p.keys_sent;
    out->redis_reconnects = p.reconnects;
    out->redis_mended = p.mended;
    out->redis_evicted = p.evicted;
    out->expired += p.expired;
    out->redis_pending = out->batch > p.applied ? out->batch - p.applied : 0;
    snprintf(out->redis_problem, sizeof out->redis_problem, "%s", p.problem);
}

void
engine_status(struct engine *e, struct engine_status *out)
{
    size_t cells, dirty, bytes;

    memset(out, 0, sizeof *out);
    pthread_mutex_lock(&e->lock);
    out->batch = e->snapshot.last_batch;
    out->folded = e->snapshot.folded_batch;
    out->incarnation = e->snapshot.incarnation;
    out->records = e->snapshot.ever.records;
    out->accepted = e->snapshot.ever.accepted;
    out->duplicates = e->snapshot.ever.duplicates;
    out->quarantined = e->snapshot.ever.quarantined;
    out->ignored = e->snapshot.ever.ignored;
    out->late = e->snapshot.late;
    out->corrections = e->snapshot.corrections;
    out->voids = e->snapshot.voids;
    out->expired = e->snapshot.expired;
    out->newest_record = e->snapshot.newest_record;
    out->quarantine_open = e->snapshot.quarantine_open;
    out->quarantine_bytes = e->snapshot.quarantine_bytes;
    out->dedup_window_start = e->snapshot.seen_since / 1000000;
    out->queue_bytes = e->queue_bytes;
    out->queue_blocks = e->queue_blocks;
    out->delta_bytes = atomic_load(&e->batches[0].bytes) + atomic_load(&e->batches[1].bytes);
    out->commits = e->commits;
    out->commit_failures = e->commit_failures;
    out->commit_ms_last = e->commit_ms_last;
    out->analysed = e->analysed;
    out->pairing = e->paired;
    out->pairing.unlisted = atomic_load(&e->legs_unlisted);
    out->analysed_at = e->analysed_at;
    out->analytics_cpu_us = e->analytics_cpu_us;
    engine_disk_status(e, out);
    engine_window_status(e, out);
    snprintf(out->analytics_problem, sizeof out->analytics_problem, "%s", e->analytics_problem);
    pthread_mutex_unlock(&e->lock);
    totals_size(e->totals, &cells, &dirty, &bytes);
    out->totals_cells = cells;
    out->totals_dirty = dirty;
    out->totals_bytes = bytes;
    engine_names_status(e, out);
    out->dedup_ids = dedup_count(e->dedup);
    out->dedup_bytes = dedup_bytes(e->dedup);
    if (!e->dry_run) {
        fill_disk(e, out);
        fill_redis(e, out);
    }
}
