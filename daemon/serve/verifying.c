/*
 * verifying.c - POST /v1/verify begins a comparison of ledger, Redis and store, GET says how it is.
 *
 * It takes as long as reading everything takes, so nobody's request waits for it: it runs on a
 * thread of its own, one at a time, and who begins a second one is told of the first.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "serve_internal.h"
#include "verify.h"

#define LINES     20   /* differences that are named */
#define SLICE_MS  1000 /* how long a daemon that stops waits for the comparison to notice */
#define SETTLE_MS 600000

struct verifying {
    struct serve *serve;
    const struct config *config; /* of the thread's comparison */
    atomic_bool stop;
    /* event loop only */
    pthread_t thread;
    bool threaded; /* there is a thread to be joined */
    /* under lock */
    pthread_mutex_t lock;
    bool running;
    int64_t started, ended; /* 0: not yet */
    enum status outcome;
    struct error error;
    struct verify_all found;
    char *lines[LINES];
    size_t line_count;
};

struct verifying *
verifying_new(struct serve *s)
{
    struct verifying *v = xcalloc(1, sizeof *v);

    v->serve = s;
    pthread_mutex_init(&v->lock, NULL);
    return v;
}

/* --- the thread --- */

static bool
is_stopped(void *arg)
{
    struct verifying *v = arg;

    return atomic_load(&v->stop);
}

static void
note_line(void *arg, const char *line)
{
    struct verifying *v = arg;

    pthread_mutex_lock(&v->lock);
    if (v->line_count < LINES)
        v->lines[v->line_count++] = xstrdup(line);
    pthread_mutex_unlock(&v->lock);
}

/* Until what was taken so far has arrived everywhere. If that does not come about the comparison
 * says what is where. */
static void
settle(struct verifying *v)
{
    int64_t until = clock_mono_ms() + SETTLE_MS;
    struct error err;

    while (!is_stopped(v) && clock_mono_ms() < until &&
           engine_settle(v->serve->engine, SETTLE_COMMITTED | SETTLE_REDIS | SETTLE_ANALYSED,
                         SLICE_MS, &err) == ST_RETRY)
        continue;
}

static void *
compare(void *arg)
{
    struct verifying *v = arg;
    const struct verify_watch watch = {note_line, is_stopped, v};
    struct verify_all found = {0};
    struct error err = {0};
    enum status st;

    settle(v);
    st = verify_all(v->config, &watch, &found, &err);
    if (st != ST_OK)
        log_warn("verify_failed", "error=\"%s\"", err.text);
    else
        log_info("verified", "differences=%llu", (unsigned long long)verify_differences(&found));
    pthread_mutex_lock(&v->lock);
    v->running = false;
    v->ended = clock_now();
    v->outcome = st;
    v->error = err;
    v->found = found;
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

/* --- the event loop --- */

static void
join(struct verifying *v)
{
    if (v->threaded)
        pthread_join(v->thread, NULL);
    v->threaded = false;
}

static void
forget_lines(struct verifying *v)
{
    while (v->line_count > 0)
        free(v->lines[--v->line_count]);
}

static bool
is_running(struct verifying *v)
{
    bool running;

    pthread_mutex_lock(&v->lock);
    running = v->running;
    pthread_mutex_unlock(&v->lock);
    return running;
}

/* No thread runs, so nothing needs the lock. */
static bool
begin(struct verifying *v)
{
    join(v); /* it has ended */
    forget_lines(v);
    v->config = v->serve->config;
    v->running = true;
    v->started = clock_now();
    v->ended = 0;
    v->threaded = pthread_create(&v->thread, NULL, compare, v) == 0;
    if (v->threaded)
        pthread_setname_np(v->thread, "verify");
    else
        v->running = false;
    return v->threaded;
}

static const char *
state_of(const struct verifying *v)
{
    return v->running ? "running" : !v->ended ? "never" : v->outcome == ST_OK ? "done" : "failed";
}

static void
reply(struct verifying *v, struct http_request *r, int status)
{
    struct json_writer w;
    struct buf body = {0};

    json_begin(&w, &body);
    json_object(&w, NULL);
    pthread_mutex_lock(&v->lock);
    json_text(&w, "state", state_of(v));
    json_time(&w, "started", v->started);
    json_time(&w, "ended", v->ended);
    json_text(&w, "error", v->ended && v->outcome != ST_OK ? v->error.text : NULL);
    if (v->ended && v->outcome == ST_OK)
        verify_write(&w, &v->found);
    json_array(&w, "lines");
    for (size_t i = 0; v->ended && i < v->line_count; i++)
        json_text(&w, NULL, v->lines[i]);
    json_close(&w);
    pthread_mutex_unlock(&v->lock);
    json_close(&w);
    buf_char(&body, '\n');
    http_reply(r, status, "application/json", &body,
               status == 202 ? "Location: /v1/verify\r\n" : NULL);
}

void
get_verify(struct serve *s, struct http_request *r)
{
    reply(s->verifying, r, 200);
}

void
post_verify(struct serve *s, struct http_request *r)
{
    if (!is_running(s->verifying) && !begin(s->verifying))
        http_problem(r, 503, "Retry-After: 5\r\n", "No thread can be started to compare.");
    else
        reply(s->verifying, r, 202);
}

void
verifying_stop(struct verifying *v)
{
    if (!v)
        return;
    atomic_store(&v->stop, true);
    join(v);
}

void
verifying_free(struct verifying *v)
{
    if (!v)
        return;
    verifying_stop(v);
    forget_lines(v);
    pthread_mutex_destroy(&v->lock);
    free(v);
}
