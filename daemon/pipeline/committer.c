/*
 * committer.c - the ledger thread: close the batch, commit it, answer, fold.
 *
 * A lone record waits for nobody. Under load batches gather. One that somebody waits for stays
 * open as long as the workers are busy with it: it could not be committed before, and whoever
 * comes meanwhile goes with it. One that nobody waits for stays open until commits take their
 * share of the time and no more; an import's for seconds. Everything that changes ledger.db
 * happens on this thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "committer_due.h"
#include "committer_gather.h"
#include "fault.h"
#include "log.h"

#define FOLD_LOG_BYTES    (64u << 20)
#define TOTALS_KEEP_BYTES (64u << 20)
#define RETRY_COMMIT_MS   100

/* --- committing --- */

static bool
has_something(const struct ledger_batch *lb)
{
    return lb->count.records || lb->cursor_count || lb->released_count || lb->idem_count ||
           lb->open_leg_count;
}

/* Notes that a commit failed. True: it is to be tried again, after a pause. */
static bool
stalled(struct engine *e, const struct error *err)
{
    bool first, again;

    pthread_mutex_lock(&e->lock);
    first = !e->stalled[0];
    again = !e->give_up_ms || clock_mono_ms() < e->give_up_ms;
    e->commit_failures++;
    e->abandoned = !again;
    snprintf(e->stalled, sizeof e->stalled, "%.*s: nothing is taken until that changes",
             (int)sizeof e->stalled - 50, err->text);
    pthread_mutex_unlock(&e->lock);
    if (first)
        log_error("commit_stalled", "error=\"%s\" action=retry", err->text);
    return again;
}

/* What SQLite could not do for want of room or of a free database is tried again until it can:
 * meanwhile nothing is acknowledged and nothing more is taken. Anything else leaves the outcome
 * unknown: the process ends, and its successor reads what is true. False: the daemon is to stop
 * and cannot wait any longer. */
static bool
commit_surely(struct engine *e, const struct ledger_batch *lb, uint64_t *seq)
{
    struct error err;
    enum status st;

    pthread_mutex_lock(&e->lock);
    e->commit_since_ms = clock_mono_ms();
    pthread_mutex_unlock(&e->lock);
    while ((st = ledger_commit(e->ledger, lb, seq, &err)) != ST_OK) {
        struct timespec pause = {0, RETRY_COMMIT_MS * 1000000};

        if (st != ST_FULL && st != ST_RETRY)
            engine_die(e, st, "commit", &err);
        if (!guard_stands("failed_batch_kept") || !stalled(e, &err))
            return false;
        nanosleep(&pause, NULL);
    }
    pthread_mutex_lock(&e->lock);
    if (e->stalled[0])
        log_info("commit_resumed", "batch=%llu", (unsigned long long)*seq);
    e->stalled[0] = '\0';
    e->commit_since_ms = 0;
    engine_wake_room(e);
    pthread_mutex_unlock(&e->lock);
    return true;
}

void
engine_publish_state(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->snapshot = *ledger_state(e->ledger);
    pthread_mutex_unlock(&e->lock);
}

static void
totals_must(const struct engine *e, enum status st, const struct error *err)
{
    if (st != ST_OK) /* memory and disk are no longer the same */
        engine_die(e, st, "totals", err);
}

/* An import's batch is large, and few of its cells come again: it is written as totals in its own
 * transaction, not as a log that the next fold takes apart. What waits for a fold is written with
 * it, so it must not be more than the batch's own. */
static bool
folds_at_once(struct engine *e, const struct batch *b)
{
    size_t cells, dirty, bytes, changed = 0;

    for (size_t i = 0; i < e->worker_count; i++)
        changed += cells_count(b->parts[i].cells);
    totals_size(e->totals, &cells, &dirty, &bytes);
    return b->bulk_only && changed >= dirty;
}

static void
stage(struct engine *e, struct gathered *g, struct ledger_batch *lb, uint64_t seq)
{
    struct error err;

    totals_must(e, totals_stage(e->totals, g->deltas, lb->delta_count, seq, &g->stage, &err), &err);
    lb->totals = g->stage.rows;
    lb->total_count = g->stage.row_count;
    lb->folds = true;
    fault_point("batch_staged");
}

/* The batch is committed: now, and not before, memory says so too. */
static void
apply(struct engine *e, struct batch *b, struct gathered *g, uint64_t seq)
{
    struct error err;

    if (g->stage.set) {
        totals_adopt(e->totals, &g->stage, seq, TOTALS_KEEP_BYTES);
        for (size_t i = 0; i < e->worker_count; i++)
            b->parts[i].cells = g->deltas[i];
        return;
    }
    for (size_t i = 0; i < e->worker_count; i++)
        totals_must(e, totals_take(e->totals, &b->parts[i].cells, seq, &err), &err);
    totals_publish(e->totals, seq);
}

static void
answer(struct engine *e, struct batch *b, uint64_t seq)
{
    if (guard_stands("answer_after_commit") && !e->dry_run &&
        seq > ledger_state(e->ledger)->last_batch)
        abort(); /* I1: nobody hears "yes" before the ledger says so */
    once_committed(b, seq);
    for (size_t i = 0; i < b->ticket_count; i++) {
        const struct ticket *t = &b->tickets[i];

        if (t->repeats)
            t->done(t->arg, ST_SKIP, &t->once->count, t->once->seq);
        else if (t->done)
            t->done(t->arg, ST_OK, &t->count, seq);
    }
}

/* A batch that could not be committed before the end. Nothing after it may be committed either:
 * a later cursor would lead past what is lost here. */
static void
give_up(struct batch *b, const struct ledger_batch *lb)
{
    static const struct outcome_count nothing;

    log_error("batch_given_up", "records=%llu action=\"send or read again\"",
              (unsigned long long)lb->count.records);
    for (size_t i = 0; i < b->ticket_count; i++)
        if (b->tickets[i].done)
            b->tickets[i].done(b->tickets[i].arg, ST_RETRY, &nothing, 0);
}

/* Rows that were replayed with success make room in their input's share of the quarantine. */
static void
note_released(struct engine *e, const struct batch *b)
{
    for (size_t i = 0; i < b->ticket_count; i++)
        if (ticket_released(&b->tickets[i]))
            atomic_fetch_sub(&b->tickets[i].feed->quarantine_bytes, (int64_t)b->tickets[i].bytes);
    pthread_mutex_lock(&e->lock);
    engine_wake_room(e);
    pthread_mutex_unlock(&e->lock);
}

/* Counting without keeping: the deltas are added up in memory, nothing else happens. */
static void
count_only(struct engine *e, struct batch *b, struct gathered *g, const struct ledger_batch *lb)
{
    struct outcome_count *c = &e->snapshot.ever;
    uint64_t seq = e->snapshot.last_batch + 1;

    apply(e, b, g, seq);
    pthread_mutex_lock(&e->lock);
    e->snapshot.last_batch = seq;
    c->records += lb->count.records;
    c->accepted += lb->count.accepted;
    c->duplicates += lb->count.duplicates;
    c->quarantined += lb->count.quarantined;
    c->ignored += lb->count.ignored;
    e->snapshot.late += lb->late;
    pthread_mutex_unlock(&e->lock);
    answer(e, b, seq);
}

static bool
commit(struct engine *e, struct batch *b, struct gathered *g, struct ledger_batch *lb,
       uint64_t *seq)
{
    if (folds_at_once(e, b))
        stage(e, g, lb, ledger_state(e->ledger)->last_batch + 1);
    return commit_surely(e, lb, seq);
}

static void
note_commit(struct engine *e, const struct batch *b, const struct ledger_batch *lb, int64_t begun)
{
    pthread_mutex_lock(&e->lock);
    e->snapshot = *ledger_state(e->ledger);
    e->commits++;
    e->commit_ms_last = (uint64_t)(clock_mono_ms() - begun);
    if (!lb->folds)
        e->log_bytes += atomic_load(&b->bytes);
    if (b->bulk_only)
        e->last_bulk_ms = clock_mono_ms();
    pthread_mutex_unlock(&e->lock);
    if (lb->released_count)
        note_released(e, b);
}

/* It is in the ledger: whoever waits is told first, and sends on while memory follows. */
static void
after_commit(struct engine *e, struct batch *b, struct gathered *g, uint64_t seq)
{
    fault_point("not_answered");
    if (guard_stands("answer_after_commit"))
        answer(e, b, seq);
    fault_point("answered");
    apply(e, b, g, seq);
    if (e->projection && b->bulk_only)
        projection_kick_later(e->projection);
    else if (e->projection)
        projection_kick(e->projection, false);
}

static void
commit_batch(struct engine *e, struct batch *b, bool finish)
{
    struct pairing_done paired;
    struct ledger_batch lb;
    struct gathered g;
    int64_t begun = clock_mono_ms();
    uint64_t seq = 0;

    engine_correct(e, b);
    engine_pair(e, b, finish, &paired);
    gathered_fill(&g, &lb, e, b);
    lb.open_legs = paired.rows;
    lb.open_leg_count = paired.row_count;
    lb.expired += paired.expired;
    if (!guard_stands("answer_after_commit"))
        answer(e, b, 0);
    if (e->dry_run) {
        count_only(e, b, &g, &lb);
    } else if (e->abandoned || (has_something(&lb) && !commit(e, b, &g, &lb, &seq))) {
        give_up(b, &lb);
    } else if (has_something(&lb)) {
        note_commit(e, b, &lb, begun);
        after_commit(e, b, &g, seq);
        log_debug("batch_committed", "batch=%llu records=%llu ms=%lld", (unsigned long long)seq,
                  (unsigned long long)lb.count.records, (long long)(clock_mono_ms() - begun));
    } else {
        answer(e, b, e->snapshot.last_batch); /* nothing but blank lines: true already */
    }
    engine_paired(e);
    once_release(e, b);
    gathered_clear(&g);
    batch_measure(b, e->worker_count);
}

/* --- folding and housekeeping --- */

enum status
engine_fold(struct engine *e, struct error *err)
{
    uint64_t seq = e->snapshot.last_batch;
    int64_t begun = clock_mono_ms();
    struct cell **dirty;
    enum status st;
    size_t count;

    if (e->dry_run || e->snapshot.folded_batch == seq)
        return ST_OK;
    dirty = totals_dirty(e->totals, &count);
    st = ledger_fold(e->ledger, dirty, count, seq, err);
    free(dirty);
    if (st == ST_OK) {
        totals_folded(e->totals, TOTALS_KEEP_BYTES);
        engine_publish_state(e);
        log_debug("folded", "batch=%llu cells=%zu ms=%lld", (unsigned long long)seq, count,
                  (long long)(clock_mono_ms() - begun));
    }
    return st;
}

static void
fold_if_due(struct engine *e, bool now)
{
    struct error err;
    enum status st;

    if (!now && e->log_bytes < FOLD_LOG_BYTES &&
        clock_mono_ms() - e->last_fold_ms < e->config->fold_interval_ms)
        return;
    st = engine_fold(e, &err);
    if (st == ST_IO || st == ST_CORRUPT)
        engine_die(e, st, "fold", &err);
    if (st != ST_OK) /* no room, or busy: the log keeps everything until there is */
        log_warn("fold_postponed", "error=\"%s\"", err.text);
    pthread_mutex_lock(&e->lock);
    e->last_fold_ms = clock_mono_ms();
    e->log_bytes = 0;
    e->fold_wanted = false;
    if (e->last_fold_ms - e->last_analysis_ms >= engine_analysis_interval(e)) {
        e->last_analysis_ms = e->last_fold_ms;
        e->analysis_wanted = true;
    }
    pthread_cond_broadcast(&e->committed);
    pthread_mutex_unlock(&e->lock);
}

/* --- the thread --- */

static void
wait_a_while(struct engine *e, int64_t us)
{
    clock_wait_until(&e->gathered, &e->lock, clock_mono_us() + (us > 0 ? us : 1));
}

/* There is nothing to do. Lock held. */
static void
rest(struct engine *e, int64_t now)
{
    if (committer_calm_due(e) <= now) {
        e->calm = true;
        if (e->projection)
            projection_settle(e->projection);
    }
    if (committer_tend_wal_due(e) > now) {
        wait_a_while(e, committer_look_again_us(e, now));
        return;
    }
    pthread_mutex_unlock(&e->lock);
    ledger_tend_wal(e->ledger);
    pthread_mutex_lock(&e->lock);
}

/* Closes the open batch and waits for its last block. Lock held. */
static struct batch *
close_batch(struct engine *e)
{
    struct batch *closed = e->open;
    struct batch *next = closed == &e->batches[0] ? &e->batches[1] : &e->batches[0];

    batch_begin(next, closed->number + 1, e->worker_count);
    e->open = next;
    e->closed = closed;
    engine_wake_room(e);
    while (closed->blocks_done < closed->blocks)
        pthread_cond_wait(&e->gathered, &e->lock);
    e->closed = NULL;
    pthread_cond_broadcast(&e->work);
    return closed;
}

/* A fold that somebody waits for covers what was submitted before it was asked for. */
static bool
fold_is_due(const struct engine *e)
{
    return e->fold_wanted && e->committed_number >= e->fold_target;
}

static void
serve_requests(struct engine *e)
{
    while (e->requests) {
        struct request *r = e->requests;

        e->requests = r->next;
        pthread_mutex_unlock(&e->lock);
        r->result = r->run(e, r->arg, r->err);
        pthread_mutex_lock(&e->lock);
        r->done = true;
        pthread_cond_broadcast(&e->committed);
    }
}

static void
commit_open(struct engine *e, bool finish)
{
    struct batch *closed = close_batch(e);
    uint64_t number = closed->number;
    int64_t cpu = clock_cpu_us();

    closed->bulk_only &= closed->blocks > 0;
    pthread_mutex_unlock(&e->lock);
    commit_batch(e, closed, finish);
    pthread_mutex_lock(&e->lock);
    e->committed_us = clock_mono_us();
    e->commit_cpu_us = clock_cpu_us() - cpu;
    e->committed_number = number;
    pthread_cond_broadcast(&e->committed);
}

enum status
engine_finish_pairs(struct engine *e, void *arg, struct error *err)
{
    (void)arg;
    pthread_mutex_lock(&e->lock);
    commit_open(e, true);
    pthread_mutex_unlock(&e->lock);
    return e->abandoned ? fail(err, ST_RETRY, "shutting down") : ST_OK;
}

/* What an import's batches took goes back when it is over. */
static void
trim_after_bulk(struct engine *e)
{
    if (e->open->blocks > 0 || e->last_bulk_ms <= e->trimmed_ms ||
        clock_mono_ms() - e->last_bulk_ms < BULK_OVER_MS)
        return;
    for (size_t i = 0; i < sizeof e->batches / sizeof e->batches[0]; i++)
        batch_trim(&e->batches[i], e->worker_count);
    e->trimmed_ms = clock_mono_ms();
}

void *
committer_main(void *arg)
{
    struct engine *e = arg;

    pthread_setname_np(pthread_self(), "ledger");
    pthread_mutex_lock(&e->lock);
    while (!e->stop_ledger || e->open->blocks > 0 || e->requests) {
        int64_t now = clock_mono_us();
        bool fold_now;

        if (committer_is_due(e, now))
            commit_open(e, false);
        else if (!e->requests && !fold_is_due(e))
            rest(e, now);
        serve_requests(e);
        trim_after_bulk(e);
        fold_now = fold_is_due(e);
        pthread_mutex_unlock(&e->lock);
        fold_if_due(e, fold_now);
        engine_expire(e);
        engine_watch_disk(e);
        pthread_mutex_lock(&e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}
