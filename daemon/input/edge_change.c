/*
 * edge_change.c - the inputs from one configuration to another, while all runs.
 */
#include <stdlib.h>
#include <string.h>

#include "edge_internal.h"
#include "log.h"

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
        edge_dismiss_input(c->edge, r);
    }
}

static enum status
make_one(struct change *c, const struct config_input *cfg, struct error *err)
{
    struct running *old = edge_find(c->edge, cfg->title), *made = &c->made[c->count];
    enum status st;

    if (old && old->input) {
        *made = *old;
        made->title = xstrdup(old->title);
        c->count++;
        return ST_OK;
    }
    st = edge_start_input(c->edge, made, cfg, &c->wanted->limits, err);
    if (st != ST_OK)
        return st;
    c->count++;
    log_info("input_started", "input=%s port=%d", made->title, made->port);
    return ST_OK;
}

static void
undo_one(struct running *made)
{
    made->ops->stop(made->input);
    free(made->title);
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
        const struct running *old = edge_find(e, c->made[i].title);

        if (old && old->input)
            free(c->made[i].title); /* it never stopped */
        else
            undo_one(&c->made[i]);
    }
    for (size_t i = 0; i < e->input_count; i++) {
        struct running *r = &e->inputs[i], again;
        const struct config_input *cfg = config_input(c->running, r->title);

        if (r->input || !cfg)
            continue;
        if (edge_start_input(e, &again, cfg, &c->running->limits, &err) == ST_OK) {
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
