/*
 * edge.c - the edge thread: one event loop for everything that comes in.
 */
#include "edge.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "log.h"

struct running {
    const struct input_ops *ops;
    struct input *input;
    char *title;
    int port;
};

struct posted {
    struct posted *next;
    void (*fn)(void *arg);
    void *arg;
};

struct edge {
    struct event_base *base;
    struct engine *engine;
    struct event *on_room, *on_post;
    struct running *inputs;
    size_t input_count;
    pthread_t thread;
    bool threaded;
    pthread_mutex_t change_lock; /* the inputs stay as they are while it is held */
    pthread_mutex_t lock;        /* for the two below */
    struct posted *first, **last;
    atomic_bool room;
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

static enum status
start_one(struct edge *e, struct running *r, const struct config_input *cfg,
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

static void
stop_one(struct running *r)
{
    if (r->input)
        r->ops->stop(r->input);
    free(r->title);
    *r = (struct running){0};
}

static enum status
start_inputs(struct edge *e, const struct edge_options *opt, struct error *err)
{
    e->inputs = xcalloc(opt->input_count + 1, sizeof *e->inputs);
    for (size_t i = 0; i < opt->input_count; i++) {
        enum status st;

        if (strcmp(opt->inputs[i].type, "http") == 0)
            continue;
        st = start_one(e, &e->inputs[e->input_count], &opt->inputs[i], opt->limits, err);
        if (st != ST_OK)
            return st;
        e->input_count++;
    }
    return ST_OK;
}

static struct running *
find_running(const struct edge *e, const char *title)
{
    for (size_t i = 0; i < e->input_count; i++)
        if (e->inputs[i].title && strcmp(e->inputs[i].title, title) == 0)
            return &e->inputs[i];
    return NULL;
}

struct change {
    struct edge *edge;
    const struct config *running, *wanted;
    struct running *made; /* the inputs as wanted */
    size_t count;
};

/* Is this one running, and the same in both? */
static bool
stays(const struct change *c, const struct running *r)
{
    return r->input && config_input_equal(c->running, c->wanted, r->title);
}

/* What is to go or to change gives way before anything is started: it may hold an address. */
static void
stop_others(const struct change *c)
{
    for (size_t i = 0; i < c->edge->input_count; i++) {
        struct running *r = &c->edge->inputs[i];

        if (!r->input || stays(c, r))
            continue;
        r->ops->stop(r->input);
        r->input = NULL;
        log_info("input_stopped", "input=%s", r->title);
    }
}

static enum status
make_one(struct change *c, const struct config_input *cfg, struct error *err)
{
    struct running *old = find_running(c->edge, cfg->title), *made = &c->made[c->count];
    enum status st;

    if (old && old->input) {
        *made = *old;
        made->title = xstrdup(old->title);
        c->count++;
        return ST_OK;
    }
    st = start_one(c->edge, made, cfg, &c->wanted->limits, err);
    if (st != ST_OK)
        return st;
    c->count++;
    log_info("input_started", "input=%s port=%d", made->title, made->port);
    return ST_OK;
}

/* What a change that failed has begun is taken back, and what gave way is started again: it asks
 * the engine for its format as it was. */
static void
take_back(struct change *c)
{
    struct edge *e = c->edge;
    struct error err;

    engine_reload(e->engine, c->running, NULL); /* which it had before */
    for (size_t i = 0; i < c->count; i++) {
        const struct running *old = find_running(e, c->made[i].title);

        if (old && old->input)
            free(c->made[i].title); /* it never stopped */
        else
            stop_one(&c->made[i]);
    }
    for (size_t i = 0; i < e->input_count; i++) {
        struct running *r = &e->inputs[i], again;
        const struct config_input *cfg = config_input(c->running, r->title);

        if (r->input || !cfg)
            continue;
        if (start_one(e, &again, cfg, &c->running->limits, &err) == ST_OK) {
            free(r->title);
            *r = again;
        } else {
            log_error("input_lost", "input=%s error=\"%s\" until=\"reload or restart\"", r->title,
                      err.text);
        }
    }
}

static enum status
change_inputs(struct edge *e, const struct config *running, const struct config *wanted,
              struct error *err)
{
    struct change c = {.edge = e, .running = running, .wanted = wanted};
    enum status st = engine_reload(e->engine, wanted, err);

    if (st != ST_OK)
        return st;
    c.made = xcalloc(wanted->input_count + 1, sizeof *c.made);
    stop_others(&c);
    for (size_t i = 0; i < wanted->input_count && st == ST_OK; i++)
        if (strcmp(wanted->inputs[i].type, "http") != 0)
            st = make_one(&c, &wanted->inputs[i], err);
    if (st != ST_OK) {
        take_back(&c);
        free(c.made);
        return st;
    }
    for (size_t i = 0; i < e->input_count; i++)
        free(e->inputs[i].title);
    free(e->inputs);
    e->inputs = c.made;
    e->input_count = c.count;
    return ST_OK;
}

enum status
edge_change_inputs(struct edge *e, const struct config *running, const struct config *wanted,
                   struct error *err)
{
    enum status st;

    pthread_mutex_lock(&e->change_lock);
    st = change_inputs(e, running, wanted, err);
    pthread_mutex_unlock(&e->change_lock);
    return st;
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

enum status
edge_claim(struct edge *e, const char *input, const char *consumer, uint64_t *entries,
           struct error *err)
{
    struct running *r;
    enum status st;

    pthread_mutex_lock(&e->change_lock);
    r = find_running(e, input);
    if (r && r->input && r->ops->claim)
        st = r->ops->claim(r->input, consumer, entries, err);
    else
        st = fail(err, ST_BAD_CONFIG, "there is no input \"%.60s\" of type stream", input);
    pthread_mutex_unlock(&e->change_lock);
    return st;
}

struct stopping {
    struct edge *edge;
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    bool done;
};

static void
stop_here(struct edge *e)
{
    for (size_t i = 0; i < e->input_count; i++)
        if (e->inputs[i].input) {
            e->inputs[i].ops->stop(e->inputs[i].input);
            e->inputs[i].input = NULL;
        }
}

static void
stop_posted(void *arg)
{
    struct stopping *s = arg;

    stop_here(s->edge);
    pthread_mutex_lock(&s->lock);
    s->done = true;
    pthread_cond_signal(&s->done_cond);
    pthread_mutex_unlock(&s->lock);
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
