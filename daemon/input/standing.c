/*
 * standing.c - how an input stands, told to the engine once a second.
 */
#include "standing.h"

#include <event2/event.h>

#include "clock.h"

#define EVERY_SECONDS 1

void
standing_tell(struct standing *s)
{
    s->describe(s->arg);
    engine_report_feed(s->engine, &s->feed);
    s->dirty = false;
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
    struct standing *s = arg;

    (void)fd, (void)what;
    if (s->news && s->news(s->arg))
        s->dirty = true;
    if (s->dirty)
        standing_tell(s);
}

void
standing_begin(struct standing *s, struct event_base *base)
{
    const struct timeval every = {.tv_sec = EVERY_SECONDS};

    s->every = event_new(base, -1, EV_PERSIST, on_second, s);
    event_add(s->every, &every);
    standing_tell(s);
}

void
standing_arrived(struct standing *s, size_t n)
{
    s->feed.bytes += n;
    s->feed.last_arrival = clock_now();
    s->dirty = true;
}

void
standing_end(struct standing *s)
{
    if (!s->every)
        return;
    event_free(s->every);
    s->every = NULL;
    standing_tell(s);
}
