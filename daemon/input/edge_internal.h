/*
 * edge_internal.h - what edge.c and edge_change.c share.
 */
#ifndef EDGE_INTERNAL_H
#define EDGE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "edge.h"
#include "input.h"

struct event;
struct leaving;
struct posted;
struct stopping;

struct running {
    const struct input_ops *ops;
    struct input *input;
    char *title;
    int port;
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
    struct leaving *leaving;   /* inputs that take their leave */
    struct stopping *stopping; /* who waits until they are gone, too */
};

/* *r is filled on ST_OK. */
enum status edge_start_input(struct edge *e, struct running *r, const struct config_input *cfg,
                             const struct config_limits *limits, struct error *err);
/* By title, or NULL. */
struct running *edge_find(const struct edge *e, const char *title);
/* It submits nothing more and is gone soon. */
void edge_dismiss_input(struct edge *e, struct running *r);

#endif
