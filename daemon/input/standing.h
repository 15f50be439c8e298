/*
 * standing.h - how an input stands: what it counts is counted in its feed, of which the engine is
 * told once a second while there is anything new, and a last time at the end. One thread only.
 */
#ifndef STANDING_H
#define STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

struct event;
struct event_base;

struct standing { /* engine, feed.type (exact, promise), describe, news and arg are set before */
    struct engine *engine;
    struct feed feed; /* bytes, lost, last_arrival and problem as they come */
    bool dirty;       /* there is something new in it */
    /* Called before the engine is told: fills in what is to be looked up only then, of which
     * feed.input and feed.detail there always are. */
    void (*describe)(void *arg);
    /* Has anything changed that did not make it dirty? NULL: that cannot be. */
    bool (*news)(void *arg);
    void *arg;
    struct event *every; /* NULL: it does not run */
};

/* Tells, and from now on once a second. */
void standing_begin(struct standing *s, struct event_base *base);
/* Tells now, whether it runs or not. */
void standing_tell(struct standing *s);
/* So many bytes have come. */
void standing_arrived(struct standing *s, size_t n);
/* Tells a last time if it runs. */
void standing_end(struct standing *s);

#endif
