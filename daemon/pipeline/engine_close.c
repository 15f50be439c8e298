/*
 * engine_close.c - taking the engine apart in order.
 */
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "engine_internal.h"
#include "log.h"

#define INTERRUPT_EVERY_MS 20

void
engine_wind_down(struct engine *e, int64_t timeout_ms)
{
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    if (!e->winding_down) {
        e->give_up_ms = clock_mono_ms() + timeout_ms;
        engine_close_disk(e);
    }
    e->winding_down = true;
    pthread_cond_broadcast(&e->room);
    pthread_mutex_unlock(&e->lock);
}

/* A pass may take minutes over a large store: what is not done in time is done after the next
 * start. Not by a timed join, whose clock somebody may set. */
static void
join_analyst(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    while (!e->analyst_done) {
        clock_wait_until(&e->committed, &e->lock, clock_mono_us() + INTERRUPT_EVERY_MS * 1000);
        if (!e->analyst_done && clock_mono_ms() >= e->give_up_ms)
            analyst_interrupt(e->analyst);
    }
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->analyst_thread, NULL);
}

static void
stop_threads(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->closing = e->stop_workers = true;
    pthread_cond_broadcast(&e->work);
    pthread_mutex_unlock(&e->lock);
    for (size_t i = 0; e->workers && i < e->worker_count; i++)
        if (e->workers[i].running)
            pthread_join(e->workers[i].thread, NULL);
    pthread_mutex_lock(&e->lock);
    e->stop_ledger = true;
    pthread_cond_broadcast(&e->gathered);
    pthread_mutex_unlock(&e->lock);
    if (e->ledger_running)
        pthread_join(e->ledger_thread, NULL);
    pthread_mutex_lock(&e->lock);
    e->stop_analyst = true;
    pthread_cond_broadcast(&e->committed);
    pthread_mutex_unlock(&e->lock);
    if (e->analyst_running)
        join_analyst(e);
    engine_names_close(e);
}

static void
free_parts(struct engine *e)
{
    for (size_t i = 0; e->workers && i < e->worker_count; i++) {
        classifier_free(e->workers[i].features);
        classifier_free(e->workers[i].services);
        ruleset_unref(e->workers[i].rules);
        arena_clear(&e->workers[i].arena);
    }
    free(e->workers);
    for (int i = 0; i < 2; i++)
        batch_clear(&e->batches[i], e->worker_count);
    totals_free(e->totals);
    dedup_free(e->dedup);
    pairing_free(e->pairing);
    privacy_close(e->privacy);
    directory_unref(e->directory);
    ruleset_unref(e->rules);
    while (e->feeds) {
        struct feed_state *f = e->feeds;

        e->feeds = f->next;
        pthread_mutex_destroy(&f->lock);
        free(f);
    }
    while (e->checkpoints) {
        struct checkpoint *c = e->checkpoints;

        e->checkpoints = c->next;
        free(c);
    }
    while (e->claims) {
        struct claim *c = e->claims;

        e->claims = c->next;
        free(c->name);
        free(c);
    }
}

/* The order matters: nothing new, all of it committed, folded, projected, analysed; then the
 * stores are closed, and the folder is given back last. */
void
engine_close(struct engine *e, int64_t timeout_ms)
{
    struct error err;

    if (!e)
        return;
    engine_wind_down(e, timeout_ms);
    stop_threads(e);
    if (e->ledger_running) {
        int64_t left = e->give_up_ms - clock_mono_ms();

        if (engine_fold(e, &err) != ST_OK)
            log_warn("fold_postponed", "error=\"%s\" at=stop", err.text);
        if (e->projection && left > 0 &&
            projection_wait(e->projection, totals_last(e->totals), left, &err) != ST_OK)
            log_warn("redis_behind", "error=\"%s\" at=stop", err.text);
    }
    projection_stop(e->projection);
    managed_redis_stop(e->redis);
    engine_free_feed(&e->feed); /* readers first: who closes last puts the WAL away */
    analyst_close(e->analyst);
    ledger_reader_close(e->once_reader);
    ledger_close(e->ledger);
    free_parts(e);
    if (e->lock_fd >= 0)
        close(e->lock_fd);
    free(e);
}
