/*
 * input_rig.h - one input of any type, between the world and an engine that only takes notes.
 */
#ifndef INPUT_RIG_H
#define INPUT_RIG_H

#include <unistd.h>

#include "fake_engine.h"
#include "input.h"

struct rig {
    struct engine *engine;
    struct event_base *base;
    struct event *tick;
    const struct input_ops *ops;
    struct input *in;
    struct config_input cfg;
    struct config_limits limits;
    int fd; /* a test's own, closed with the rig; 0 none */
};

static inline struct rig
rig_of(const char *type)
{
    struct rig r = {.engine = fake_engine(), .ops = input_find(type)};

    r.base = fake_base(&r.tick);
    r.limits = (struct config_limits){
        .max_connections = 1024, .max_per_address = 64, .max_datagram = 8192};
    r.cfg = (struct config_input){
        .title = (char *)"t", .type = (char *)type, .format = (char *)"lines"};
    return r;
}

static inline void
rig_start(struct rig *r)
{
    struct error err;

    if (r->ops->start(&r->in, r->base, r->engine, &r->cfg, &r->limits, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(!r->ops->port || r->ops->port(r->in) > 0);
}

static inline void
rig_stop(struct rig *r)
{
    r->ops->stop(r->in);
    r->in = NULL;
}

static inline void
rig_gone(void *arg)
{
    ++*(int *)arg;
}

/* gone counts when it is. */
static inline void
rig_leave(struct rig *r, int *gone)
{
    r->ops->leave(r->in, rig_gone, gone);
    r->in = NULL;
}

static inline void
rig_free(struct rig *r)
{
    if (r->in)
        rig_stop(r);
    if (r->fd)
        close(r->fd);
    event_free(r->tick);
    event_base_free(r->base);
    fake_free(r->engine);
}

#endif
