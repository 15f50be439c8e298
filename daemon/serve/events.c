/*
 * events.c - who listens for events, and the tick that tells them.
 */
#include "events.h"

#include <event2/event.h>
#include <stdlib.h>

#include "json_write.h"

#define LISTENERS 100

struct listener {
    struct listener *next;
    struct events *events;
    struct http_stream *stream;
    struct asker asker;
};

struct events {
    struct serve *serve;
    struct event *tick;
    struct listener *listeners;
    unsigned count;
    struct store_news told; /* to everybody */
};

static void
forget(struct listener *l)
{
    struct listener **at = &l->events->listeners;

    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    l->events->count--;
    free(l);
}

static void
on_gone(void *arg)
{
    forget(arg);
}

/* "event: NAME" and a line of data. */
static void
begin_event(struct buf *out, const char *name)
{
    buf_printf(out, "event: %s\ndata: ", name);
}

static void
write_status(struct buf *out, const struct serve *s)
{
    struct json_writer w;

    begin_event(out, "status");
    json_begin(&w, out);
    serve_write_status(&w, s->engine, s->config, s->started);
    buf_str(out, "\n\n");
}

static void
write_changed(struct buf *out, const struct store_news *news, bool signals)
{
    struct json_writer w;

    begin_event(out, "changed");
    json_begin(&w, out);
    json_object(&w, NULL);
    json_text(&w, "as_of", news->as_of[0] ? news->as_of : NULL);
    json_bool(&w, "signals", signals);
    json_close(&w);
    buf_str(out, "\n\n");
}

static void
tell(struct events *e)
{
    struct buf text = {0};
    struct store_news news;
    struct listener *l, *next;

    access_news(e->serve->access, &news);
    if (news.generation != e->told.generation)
        write_changed(&text, &news, news.signals != e->told.signals);
    e->told = news;
    write_status(&text, e->serve);
    for (l = e->listeners; l; l = next) {
        next = l->next;
        if (access_still(e->serve->access, &l->asker)) {
            http_stream_write(l->stream, span_of(text.p, text.n));
        } else {
            http_stream_end(l->stream);
            forget(l);
        }
    }
    buf_clear(&text);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval second = {1, 0};
    struct events *e = arg;

    (void)fd, (void)what;
    if (!e->listeners)
        return;
    tell(e);
    evtimer_add(e->tick, &second);
}

struct events *
events_new(struct serve *s, struct event_base *base)
{
    struct events *e = xcalloc(1, sizeof *e);

    e->serve = s;
    e->tick = evtimer_new(base, on_tick, e);
    if (!e->tick)
        abort(); /* out of memory */
    return e;
}

void
events_listen(struct events *e, struct http_request *r)
{
    static const struct timeval now = {0, 0};
    struct listener *l;

    if (e->count >= LISTENERS) {
        http_problem(r, 503, "Retry-After: 10\r\n", "Too many listen already.");
        return;
    }
    if (!span_is(r->method, "GET")) {
        http_reply(r, 200, "text/event-stream", NULL, NULL);
        return;
    }
    l = xcalloc(1, sizeof *l);
    l->events = e;
    l->asker = *(const struct asker *)r->user;
    l->next = e->listeners;
    if (!e->listeners) {
        access_news(e->serve->access, &e->told);
        evtimer_add(e->tick, &now);
    }
    e->listeners = l;
    e->count++;
    l->stream = http_stream_begin(r, "text/event-stream", on_gone, l);
    http_stream_write(l->stream, SPAN("retry: 3000\n\n"));
}

void
events_end(struct events *e)
{
    while (e->listeners) {
        http_stream_end(e->listeners->stream);
        forget(e->listeners);
    }
}

void
events_free(struct events *e)
{
    if (!e)
        return;
    event_free(e->tick);
    free(e);
}
