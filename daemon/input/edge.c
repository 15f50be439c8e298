/*
 * edge.c - the edge thread: one event loop for everything that comes in.
 */
#include "edge_internal.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

struct posted {
    struct posted *next;
    void (*fn)(void *arg);
    void *arg;
};

/* From any thread of the engine. Woken only once however often it is told. */
static void
room_again(void *arg)
{
    struct edge *e = arg;

    if (!atomic_exchange(&e->room, true))
        event_active(e->on_room, EV_READ, 0);
}

static void
resume_inputs(evutil_socket_t fd, short what, void *arg)
{
    struct edge *e = arg;

    (void)fd, (void)what;
    /* Cleared first: an input that fills the queue again wants to be called again. */
    atomic_store(&e->room, false);
    for (size_t i = 0; i < e->input_count; i++)
        if (e->inputs[i].input)
            e->inputs[i].ops->resume(e->inputs[i].input);
}

static void
run_posted(evutil_socket_t fd, short what, void *arg)
{
    struct edge *e = arg;
    struct posted *p;

    (void)fd, (void)what;
    pthread_mutex_lock(&e->lock);
    p = e->first;
    e->first = NULL;
    e->last = &e->first;
    pthread_mutex_unlock(&e->lock);
    while (p) {
        struct posted *next = p->next;

        p->fn(p->arg);
        free(p);
        p = next;
    }
}

void
edge_post(struct edge *e, void (*fn)(void *arg), void *arg)
{
    struct posted *p = xmalloc(sizeof *p);

    *p = (struct posted){.fn = fn, .arg = arg};
    pthread_mutex_lock(&e->lock);
    *e->last = p;
    e->last = &p->next;
    pthread_mutex_unlock(&e->lock);
    event_active(e->on_post, EV_READ, 0);
}

struct event_base *
edge_base(struct edge *e)
{
    return e->base;
}

/* --- starting and changing inputs --- */

enum status
edge_start_input(struct edge *e, struct running *r, const struct config_input *cfg,
                 const struct config_limits *limits, struct error *err)
{
    enum status st;

    *r = (struct running){.ops = input_find(cfg->type)};
    if (!r->ops)
        return fail(err, ST_BAD_CONFIG, "input \"%s\": no type \"%s\"", cfg->title, cfg->type);
    st = r->ops->start(&r->input, e->base, e->engine, cfg, limits, err);
    if (st != ST_OK)
        return st;
    r->title = xstrdup(cfg->title);
    r->port = r->ops->port ? r->ops->port(r->input) : 0;
    return ST_OK;
}

static enum status
start_inputs(struct edge *e, const struct edge_options *opt, struct error *err)
{
    e->inputs = xcalloc(opt->input_count + 1, sizeof *e->inputs);
    for (size_t i = 0; i < opt->input_count; i++) {
        enum status st;

        if (strcmp(opt->inputs[i].type, "http") == 0)
            continue;
        st = edge_start_input(e, &e->inputs[e->input_count], &opt->inputs[i], opt->limits, err);
        if (st != ST_OK)
            return st;
        e->input_count++;
    }
    return ST_OK;
}

struct running *
edge_find(const struct edge *e, const char *title)
{
    for (size_t i = 0; i < e->input_count; i++)
        if (e->inputs[i].title && strcmp(e->inputs[i].title, title) == 0)
            return &e->inputs[i];
    return NULL;
}

static void *
counted_malloc(size_t n)
{
    return account_malloc(HOLDER_NETWORK, n);
}

static void *
counted_realloc(void *p, size_t n)
{
    return account_realloc(HOLDER_NETWORK, p, n);
}

static void
counted_free(void *p)
{
    account_free(HOLDER_NETWORK, p);
}

void
edge_configure(void)
{
    event_set_mem_functions(counted_malloc, counted_realloc, counted_free);
}

enum status
edge_open(struct edge **out, const struct edge_options *opt, struct error *err)
{
    struct edge *e = xcalloc(1, sizeof *e);
    enum status st;

    evthread_use_pthreads();
    pthread_mutex_init(&e->change_lock, NULL);
    pthread_mutex_init(&e->lock, NULL);
    e->last = &e->first;
    e->engine = opt->engine;
    e->base = event_base_new();
    if (!e->base) {
        edge_close(e);
        return fail(err, ST_IO, "cannot make an event loop");
    }
    e->on_room = event_new(e->base, -1, EV_PERSIST, resume_inputs, e);
    e->on_post = event_new(e->base, -1, EV_PERSIST, run_posted, e);
    st = start_inputs(e, opt, err);
    if (st != ST_OK) {
        edge_close(e);
        return st;
    }
    engine_on_room(e->engine, room_again, e);
    *out = e;
    return ST_OK;
}

static void *
edge_thread(void *arg)
{
    struct edge *e = arg;

    pthread_setname_np(pthread_self(), "edge");
    event_base_loop(e->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

enum status
edge_run(struct edge *e, struct error *err)
{
    int r = pthread_create(&e->thread, NULL, edge_thread, e);

    if (r != 0)
        return fail(err, ST_IO, "cannot start the edge thread: %s", strerror(r));
    e->threaded = true;
    return ST_OK;
}

int
edge_port(const struct edge *e, const char *input)
{
    for (size_t i = 0; i < e->input_count; i++)
        if (strcmp(e->inputs[i].title, input) == 0)
            return e->inputs[i].port;
    return 0;
}

void
edge_hold_inputs(struct edge *e)
{
    pthread_mutex_lock(&e->change_lock);
}

void
edge_release_inputs(struct edge *e)
{
    pthread_mutex_unlock(&e->change_lock);
}

enum status
edge_claim(struct edge *e, const char *input, const char *consumer, uint64_t *entries,
           struct error *err)
{
    struct running *r;
    enum status st;

    pthread_mutex_lock(&e->change_lock);
    r = edge_find(e, input);
    if (r && r->input && r->ops->claim)
        st = r->ops->claim(r->input, consumer, entries, err);
    else
        st = fail(err, ST_BAD_CONFIG, "there is no input \"%.60s\" of type stream", input);
    pthread_mutex_unlock(&e->change_lock);
    return st;
}

/* --- the end --- */

/* An input that was told to go and has still something to say. */
struct leaving {
    struct leaving *next;
    struct edge *edge;
    const struct input_ops *ops;
    struct input *input;
    char *title;
};

struct stopping {
    struct edge *edge;
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    bool done;
};

static void
forget_leaving(struct leaving *l)
{
    struct leaving **at = &l->edge->leaving;

    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    log_info("input_stopped", "input=%s", l->title);
    free(l->title);
    free(l);
}

static void
note_all_gone(struct edge *e)
{
    struct stopping *s = e->stopping;

    if (!s || e->leaving)
        return;
    e->stopping = NULL;
    pthread_mutex_lock(&s->lock);
    s->done = true;
    pthread_cond_signal(&s->done_cond);
    pthread_mutex_unlock(&s->lock);
}

static void
on_gone(void *arg)
{
    struct leaving *l = arg;
    struct edge *e = l->edge;

    forget_leaving(l);
    note_all_gone(e);
}

void
edge_dismiss_input(struct edge *e, struct running *r)
{
    if (r->ops->leave) {
        struct leaving *l = xcalloc(1, sizeof *l);

        *l = (struct leaving){e->leaving, e, r->ops, r->input, xstrdup(r->title)};
        e->leaving = l;
        r->ops->leave(r->input, on_gone, l);
    } else {
        r->ops->stop(r->input);
        log_info("input_stopped", "input=%s", r->title);
    }
    r->input = NULL;
}

static void
stop_posted(void *arg)
{
    struct stopping *s = arg;
    struct edge *e = s->edge;

    e->stopping = s;
    for (size_t i = 0; i < e->input_count; i++)
        if (e->inputs[i].input)
            edge_dismiss_input(e, &e->inputs[i]);
    note_all_gone(e);
}

/* At once: there is no loop any more, or never was. */
static void
stop_here(struct edge *e)
{
    for (size_t i = 0; i < e->input_count; i++)
        if (e->inputs[i].input) {
            e->inputs[i].ops->stop(e->inputs[i].input);
            e->inputs[i].input = NULL;
        }
    while (e->leaving) {
        e->leaving->ops->stop(e->leaving->input);
        forget_leaving(e->leaving);
    }
}

void
edge_stop_inputs(struct edge *e)
{
    struct stopping s = {
        .edge = e, .lock = PTHREAD_MUTEX_INITIALIZER, .done_cond = PTHREAD_COND_INITIALIZER};

    if (!e->threaded) {
        stop_here(e);
        return;
    }
    edge_post(e, stop_posted, &s);
    pthread_mutex_lock(&s.lock);
    while (!s.done)
        pthread_cond_wait(&s.done_cond, &s.lock);
    pthread_mutex_unlock(&s.lock);
}

static void
break_loop(void *arg)
{
    event_base_loopbreak(((struct edge *)arg)->base);
}

void
edge_close(struct edge *e)
{
    if (!e)
        return;
    if (e->threaded) {
        edge_post(e, break_loop, e);
        pthread_join(e->thread, NULL);
    }
    stop_here(e);
    for (size_t i = 0; i < e->input_count; i++)
        free(e->inputs[i].title);
    free(e->inputs);
    if (e->base) {
        run_posted(-1, 0, e);
        event_free(e->on_room);
        event_free(e->on_post);
        event_base_free(e->base);
    }
    pthread_mutex_destroy(&e->lock);
    pthread_mutex_destroy(&e->change_lock);
    free(e);
}
