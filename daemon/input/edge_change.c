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

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Does its address stay? */
static bool
listens_on(const struct change *c, const struct running *r, const struct config_input *wanted)
{
    return same_text(config_input(c->running, r->title)->listen, wanted->listen);
}

/* Can it go on as another section says? */
static bool
can_become(const struct change *c, const struct running *r, const struct config_input *wanted)
{
    return r->ops->change && strcmp(r->ops->name, wanted->type) == 0 &&
           (r->ops->withdraw || listens_on(c, r, wanted));
}

/* What is to go or to move gives its address up before anything is started. What can take it back
 * keeps all else until nothing can fail any more. */
static void
make_way(const struct change *c, struct running *r)
{
    const struct config_input *wanted = config_input(c->wanted, r->title);

    if (!r->input || config_input_equal(c->running, c->wanted, r->title))
        return;
    if (wanted ? !can_become(c, r, wanted) : !r->ops->withdraw)
        edge_dismiss_input(c->edge, r);
    else if (!wanted || !listens_on(c, r, wanted))
        r->ops->withdraw(r->input);
}

/* One that runs and goes on. */
static enum status
keep_one(struct change *c, const struct running *old, const struct config_input *cfg,
         struct error *err)
{
    struct running *made = &c->made[c->count];
    bool same = config_input_equal(c->running, c->wanted, old->title);
    enum status st = ST_OK;

    if (old->ops->change)
        st = old->ops->change(old->input, same ? NULL : cfg, &c->wanted->limits, err);
    if (st != ST_OK)
        return st;
    *made = *old;
    made->title = xstrdup(old->title);
    made->port = old->ops->port ? old->ops->port(old->input) : 0;
    c->count++;
    if (!same)
        log_info("input_changed", "input=%s port=%d", made->title, made->port);
    return ST_OK;
}

static enum status
make_one(struct change *c, const struct config_input *cfg, struct error *err)
{
    struct running *old = edge_find(c->edge, cfg->title), *made = &c->made[c->count];
    enum status st;

    if (old && old->input)
        return keep_one(c, old, cfg, err);
    st = edge_start_input(c->edge, made, cfg, &c->wanted->limits, err);
    if (st != ST_OK)
        return st;
    c->count++;
    log_info("input_started", "input=%s port=%d", made->title, made->port);
    return ST_OK;
}

/* As it was before a change that failed. It asks the engine for its format as that was. */
static void
restore(const struct change *c, struct running *r)
{
    const struct config_input *cfg = config_input(c->running, r->title);
    struct running again;
    struct error err;
    enum status st = ST_OK;

    if (!r->input) {
        st = edge_start_input(c->edge, &again, cfg, &c->running->limits, &err);
        if (st == ST_OK) {
            free(r->title);
            *r = again;
        }
    } else if (r->ops->change) {
        st = r->ops->change(r->input, cfg, &c->running->limits, &err);
    }
    if (st != ST_OK)
        log_error("input_lost", "input=%s error=\"%s\" until=\"reload or restart\"", r->title,
                  err.text);
}

/* What a change that failed has begun is taken back. */
static void
take_back(struct change *c)
{
    struct edge *e = c->edge;

    engine_reload(e->engine, c->running, NULL); /* which it had before */
    for (size_t i = 0; i < c->count; i++) {
        const struct running *old = edge_find(e, c->made[i].title);

        if (!old || !old->input)
            edge_dismiss_input(e, &c->made[i]);
        free(c->made[i].title);
    }
    for (size_t i = 0; i < e->input_count; i++)
        restore(c, &e->inputs[i]);
}

/* Nothing can fail any more. */
static void
take_over(struct change *c)
{
    struct edge *e = c->edge;

    for (size_t i = 0; i < e->input_count; i++) {
        if (e->inputs[i].input && !config_input(c->wanted, e->inputs[i].title))
            edge_dismiss_input(e, &e->inputs[i]);
        free(e->inputs[i].title);
    }
    free(e->inputs);
    e->inputs = c->made;
    e->input_count = c->count;
}

enum status
edge_change_inputs(struct edge *e, const struct config *running, const struct config *wanted,
                   struct error *err)
{
    struct change c = {.edge = e, .running = running, .wanted = wanted};
    enum status st = engine_reload(e->engine, wanted, err);

    if (st != ST_OK)
        return st;
    c.made = xcalloc(wanted->input_count + 1, sizeof *c.made);
    for (size_t i = 0; i < e->input_count; i++)
        make_way(&c, &e->inputs[i]);
    for (size_t i = 0; i < wanted->input_count && st == ST_OK; i++)
        if (strcmp(wanted->inputs[i].type, "http") != 0)
            st = make_one(&c, &wanted->inputs[i], err);
    if (st == ST_OK) {
        take_over(&c);
    } else {
        take_back(&c);
        free(c.made);
    }
    return st;
}
