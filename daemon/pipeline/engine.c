/*
 * engine.c - putting the way in together.
 */
#include "engine_internal.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "folder.h"
#include "hash.h"
#include "ledger_care.h"
#include "log.h"
#include "store.h"

#define MAX_STORED_FEEDS 256

/* --- what the ledger remembers --- */

struct log_replay {
    struct engine *engine;
    uint64_t last;
};

static enum status
replay_batch(void *arg, uint64_t seq, struct span blob, struct error *err)
{
    struct log_replay *r = arg;

    r->last = seq;
    return totals_add_blob(r->engine->totals, blob, seq, err);
}

static void
remember_seen(void *arg, const uint64_t *fp, size_t n, int64_t created)
{
    (void)created;
    dedup_add_known(((struct engine *)arg)->dedup, fp, n);
}

static void
remember_checkpoint(void *arg, const char *input, const struct cursor *c)
{
    engine_note_checkpoint(arg, input, c, NULL);
}

static void
remember_quarantine(void *arg, const char *input, uint64_t bytes)
{
    atomic_fetch_add(&engine_feed(arg, input)->quarantine_bytes, (int64_t)bytes);
}

static enum status
read_ledger(struct engine *e, const char *path, struct error *err)
{
    struct log_replay replay = {.engine = e};
    const struct ledger_state *s;
    enum status st = ledger_open(&e->ledger, path, e->config->node, err);

    if (st != ST_OK)
        return st;
    s = ledger_state(e->ledger);
    e->identity_key = hash_bytes(s->id, strlen(s->id), 0);
    e->totals = totals_new(e->ledger, s->folded_batch);
    e->oldest_day = s->floor;
    ledger_limit_wal(e->ledger, e->config->limits.max_wal);
    st = ledger_replay_log(e->ledger, replay_batch, &replay, err);
    totals_publish(e->totals, s->last_batch);
    /* All there are, also those that are due to be forgotten: what is in the table is in the
     * filter, and leaves both together. */
    if (st == ST_OK)
        st = ledger_load_seen(e->ledger, INT64_MIN, remember_seen, e, err);
    engine_note_forgotten(e);
    if (st == ST_OK)
        st = ledger_checkpoints(e->ledger, remember_checkpoint, e, err);
    if (st == ST_OK)
        st = engine_load_pairs(e, err);
    if (st == ST_OK)
        st = ledger_quarantine_use(e->ledger, remember_quarantine, e, err);
    engine_publish_state(e);
    return st;
}

/* A damaged ledger is left as it is, with a note beside it that the next start finds at once. */
static enum status
open_ledger(struct engine *e, struct error *err)
{
    char *path = config_state_path(e->config, "ledger.db");
    struct error why;
    enum status st;

    engine_open_disk(e);
    st = ledger_trouble_resolve(path, &why);
    if (st == ST_OK) {
        st = read_ledger(e, path, &why);
        if (st == ST_CORRUPT) {
            ledger_close(e->ledger); /* first: the note is about the file as it then is */
            e->ledger = NULL;
            ledger_trouble_note(path, TROUBLE_DAMAGED, why.text);
            st = ledger_trouble_resolve(path, &why);
            st = st == ST_OK ? fail(&why, ST_CORRUPT, "%.100s cannot be read", path) : st;
        }
    }
    free(path);
    return st == ST_OK ? st : fail(err, st, "%s", why.text);
}

/* --- Redis --- */

static void
revive_redis(void *arg)
{
    struct engine *e = arg;
    struct error err;

    if (managed_redis_revive(e->redis, &err) != ST_OK)
        log_error("redis_not_restarted", "error=\"%s\"", err.text);
}

static void
redis_ready(void *arg)
{
    managed_redis_ready(((struct engine *)arg)->redis);
}

static enum status
restart_redis(void *arg, const atomic_bool *cancel, struct error *err)
{
    return managed_redis_refill(((struct engine *)arg)->redis, cancel, err);
}

static enum status
open_redis(struct engine *e, struct error *err)
{
    const struct config *c = e->config;
    bool managed = strcmp(c->redis_url, "managed") == 0;
    struct projection_options opt = {
        .url = c->redis_url,
        .node = c->node,
        .retention = c->retention,
        .never_expire = c->clock_data,
        .feed = &e->feed,
        .scrub_interval_ms = c->redis_compare_ms,
    };

    if (managed) {
        enum status st =
            managed_redis_start(&e->redis, c->redis_server, c->state_dir, c->redis_hang_ms, err);

        if (st != ST_OK)
            return st;
        opt.url = managed_redis_url(e->redis);
        opt.revive = revive_redis;
        opt.ready = redis_ready;
        opt.restart = restart_redis;
        opt.start_folder = managed_redis_start_folder(e->redis);
        opt.server_arg = e;
    }
    engine_make_feed(e, &e->feed);
    return projection_start(&e->projection, &opt, err);
}

/* --- the store and its thread --- */

static enum status
open_analyst(struct engine *e, struct error *err)
{
    char *ledger = config_state_path(e->config, "ledger.db"), *store = NULL;
    enum status st = store_path(&store, e->config->store_url, e->config->state_dir, err);
    struct analyst_options opt = {e->config, ledger, store};

    if (st == ST_OK)
        st = analyst_open(&e->analyst, &opt, err);
    free(ledger);
    free(store);
    return st == ST_OK ? engine_reload_customers(e, err) : st;
}

/* How the inputs are doing goes where people look for everything else. */
static enum status
store_feeds(struct engine *e, int64_t now, struct error *err)
{
    struct feed *feeds = xcalloc(MAX_STORED_FEEDS, sizeof *feeds);
    size_t n = engine_feeds(e, feeds, MAX_STORED_FEEDS);
    enum status st = analyst_feeds(e->analyst, feeds, n, now, err);

    free(feeds);
    return st;
}

#define HUNG_SIGNAL 3600 /* seconds for which it is said, and a signal */

static enum status
store_redis(struct engine *e, int64_t now, struct error *err)
{
    struct projection_status p;
    struct redis_health h = {.node = e->config->node, .problem = p.problem};

    if (!e->projection)
        return ST_OK;
    projection_status(e->projection, &p);
    h.connected = p.connected;
    h.since = p.problem_since;
    if (e->redis && !p.problem[0] && now - managed_redis_hung_at(e->redis) < HUNG_SIGNAL) {
        h.problem =
            "The managed redis-server had stopped answering and was ended and started again: "
            "look at redis/redis.log in state_dir and at this machine's disk and memory";
        h.since = managed_redis_hung_at(e->redis) - REDIS_SIGNAL_AFTER; /* a signal at once */
    }
    return analyst_redis(e->analyst, &h, now, err);
}

#define BULK_PAUSE_MS    10000 /* without a bulk batch for so long, no import is under way */
#define BULK_ANALYSIS_MS 600000

/* An import asks for its pass when it is through; those on the way would only do the same
 * customers again and again. */
int64_t
engine_analysis_interval(const struct engine *e)
{
    bool importing = e->last_fold_ms - e->last_bulk_ms <= BULK_PAUSE_MS;
    int64_t usual = e->config->analytics_interval_ms;

    return importing && usual < BULK_ANALYSIS_MS ? BULK_ANALYSIS_MS : usual;
}

static void
analyse(struct engine *e)
{
    struct error err = {0};
    uint64_t seq = 0;
    int64_t now = clock_now();
    enum status st;

    if (e->config->clock_data && e->snapshot.newest_record)
        now = e->snapshot.newest_record;
    pthread_mutex_unlock(&e->lock);
    st = analyst_run(e->analyst, now, &seq, &err);
    if (st == ST_OK)
        st = store_feeds(e, clock_now(), &err);
    if (st == ST_OK)
        st = store_redis(e, clock_now(), &err);
    pthread_mutex_lock(&e->lock);
    if (st != ST_OK && !e->stop_analyst)
        log_error("analysis_failed", "error=\"%s\"", err.text);
    if (st == ST_OK) {
        e->analysed = seq;
        e->analysed_at = clock_now();
    }
    e->analytics_cpu_us = clock_cpu_us(); /* this thread does nothing else */
    snprintf(e->analytics_problem, sizeof e->analytics_problem, "%.190s",
             st == ST_OK ? "" : err.text);
    pthread_cond_broadcast(&e->committed);
}

/* A pass is the last large step of an import: what malloc took for it and nobody holds any more
 * goes back to the system. Lock held. */
static void
give_back(struct engine *e)
{
    if (e->last_bulk_ms <= e->given_back_ms)
        return;
    e->given_back_ms = clock_mono_ms();
    pthread_mutex_unlock(&e->lock);
    malloc_trim(0);
    pthread_mutex_lock(&e->lock);
}

/* Passes follow folds: the reader sees what is in `total`. */
static void *
analyst_main(void *arg)
{
    struct engine *e = arg;

    pthread_setname_np(pthread_self(), "analyst");
    pthread_mutex_lock(&e->lock);
    for (;;) {
        while (!e->analysis_wanted && !e->stop_analyst)
            pthread_cond_wait(&e->committed, &e->lock);
        if (!e->analysis_wanted)
            break;
        e->analysis_wanted = false;
        analyse(e);
        give_back(e);
    }
    e->analyst_done = true;
    pthread_cond_broadcast(&e->committed);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* --- open and close --- */

static void
init_sync(struct engine *e)
{
    pthread_mutex_init(&e->replay_lock, NULL);
    pthread_mutex_init(&e->reload_lock, NULL);
    pthread_mutex_init(&e->once_lock, NULL);
    pthread_mutex_init(&e->lock, NULL);
    pthread_mutex_init(&e->pairing_lock, NULL);
    clock_cond_init(&e->work);
    clock_cond_init(&e->room);
    clock_cond_init(&e->gathered);
    clock_cond_init(&e->committed);
}

static size_t
worker_count(const struct config *c)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (c->workers > 0)
        return (size_t)c->workers;
    return cores > 0 ? (size_t)cores : 1;
}

static enum status
start_thread(pthread_t *out, const char *name, void *(*run)(void *arg), void *arg,
             struct error *err)
{
    int failed = pthread_create(out, NULL, run, arg);

    if (failed)
        return fail(err, ST_IO, "cannot start a thread (%s): %s", name, strerror(failed));
    return ST_OK;
}

static enum status
start_threads(struct engine *e, struct error *err)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < e->worker_count && st == ST_OK; i++) {
        struct worker *w = &e->workers[i];

        w->engine = e;
        w->index = i;
        arena_init(&w->arena);
        st = start_thread(&w->thread, "worker", worker_main, w, err);
        w->running = st == ST_OK;
    }
    e->analysis_wanted = !e->offline; /* what a start finds may be days older than now */
    if (st == ST_OK)
        st = start_thread(&e->ledger_thread, "ledger", committer_main, e, err);
    e->ledger_running = st == ST_OK;
    if (st == ST_OK && e->analyst) {
        st = start_thread(&e->analyst_thread, "analyst", analyst_main, e, err);
        e->analyst_running = st == ST_OK;
    }
    return st;
}

/* Of the ledger, if there is one that this user may use, a dry run knows one thing: which records
 * would be refused as older than all that is kept. */
static enum status
look_at_floor(struct engine *e, struct error *err)
{
    char *path = config_state_path(e->config, "ledger.db");
    struct ledger_reader *r = NULL;
    struct ledger_state state = {0};
    enum status st = ST_OK;

    if (access(path, R_OK | W_OK) == 0) {
        st = ledger_reader_open(&r, path, err);
        if (st == ST_OK)
            st = ledger_reader_state(r, &state, err);
        ledger_reader_close(r);
    }
    e->oldest_day = state.floor;
    free(path);
    return st;
}

static enum status
open_privacy(struct engine *e, struct error *err)
{
    if (strcmp(e->config->participants, "hash") != 0)
        return ST_OK;
    return privacy_open(&e->privacy, e->config->state_dir, !e->dry_run, err);
}

static enum status
open_parts(struct engine *e, struct error *err)
{
    enum status st = ruleset_new(&e->rules, e->config, err);

    if (st != ST_OK)
        return st;
    e->dedup = dedup_new();
    e->pairing = pairing_new();
    if (e->dry_run) {
        e->rules->aggregate.parts = false; /* nobody will ask why */
        e->totals = totals_new(NULL, 0);
        st = open_privacy(e, err);
        return st == ST_OK ? look_at_floor(e, err) : st;
    }
    st = folder_take(e->config->state_dir, &e->lock_fd, err);
    if (st == ST_OK)
        st = open_privacy(e, err);
    if (st == ST_OK)
        st = open_ledger(e, err);
    if (st == ST_OK)
        st = open_analyst(e, err);
    if (st == ST_OK)
        st = open_redis(e, err);
    return st;
}

enum status
engine_open(struct engine **out, const struct engine_options *opt, struct error *err)
{
    const struct config *c = opt->config;
    struct engine *e = xcalloc(1, sizeof *e);
    enum status st;

    e->config = c;
    e->offline = opt->offline;
    e->dry_run = opt->dry_run;
    e->lock_fd = -1;
    e->last_fold_ms = e->last_analysis_ms = clock_mono_ms();
    e->last_bulk_ms = e->trimmed_ms = e->given_back_ms = INT64_MIN / 2;
    e->events_looked_at = (struct event_place){-1, -1};
    init_sync(e);
    e->worker_count = worker_count(c);
    st = open_parts(e, err);
    if (st != ST_OK) {
        engine_close(e, 0);
        return st;
    }
    for (int i = 0; i < 2; i++) {
        batch_init(&e->batches[i], e->worker_count);
        batch_begin(&e->batches[i], 0, e->worker_count);
    }
    e->open = &e->batches[0];
    e->open->number = 1;
    e->workers = xcalloc(e->worker_count, sizeof *e->workers);
    engine_names_open(e);
    engine_watch_disk(e);
    st = start_threads(e, err);
    if (st != ST_OK) {
        engine_close(e, 0);
        return st;
    }
    *out = e;
    return ST_OK;
}
