/*
 * tcp.c - connections that send lines or counted frames.
 *
 * Nobody acknowledges anything on such a connection, so it is exact only up to the socket.
 * Back-pressure is the protocol's own: while the engine is full nothing is read.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "acceptor.h"
#include "clock.h"
#include "frame.h"
#include "input.h"
#include "log.h"

#define READ_BYTES (256 * 1024)
#define REPORT_MS  1000

struct connection {
    struct guest guest; /* first */
    struct input *in;
    struct event *on_read;
    struct gather g;
    struct framer framer;
    struct block out; /* refused by the engine, tried again first */
    bool has_out, ended, paused;
};

struct input {
    struct event_base *base;
    struct engine *engine;
    struct config_input *cfg; /* own copies of the strings */
    enum framing framing;
    struct acceptor acceptor;
    struct event *on_report;
    char *scratch;
    bool dirty;
    uint64_t bytes, lost;
    int64_t last_arrival;
};

static void
report(struct input *in)
{
    struct feed feed = {
        .type = "tcp", .bytes = in->bytes, .lost = in->lost, .last_arrival = in->last_arrival};

    snprintf(feed.input, sizeof feed.input, "%s", in->cfg->title);
    snprintf(feed.detail, sizeof feed.detail, "%s, %u connections", in->acceptor.address,
             in->acceptor.count);
    snprintf(feed.problem, sizeof feed.problem, "%s", in->acceptor.problem);
    engine_report_feed(in->engine, &feed);
    in->dirty = in->acceptor.changed = false;
}

static void
on_report(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;

    (void)fd, (void)what;
    acceptor_tick(&in->acceptor);
    if (in->dirty || in->acceptor.changed)
        report(in);
}

static void
close_connection(struct connection *c)
{
    if (c->has_out)
        block_clear(&c->out);
    gather_clear(&c->g);
    event_free(c->on_read);
    acceptor_leave(&c->in->acceptor, &c->guest);
    free(c);
}

static void
refuse(struct connection *c, const char *why)
{
    struct input *in = c->in;

    in->lost++;
    snprintf(in->acceptor.problem, sizeof in->acceptor.problem, "%s closed: %.80s", c->guest.name,
             why);
    log_warn("tcp_closed", "input=%s peer=%s reason=\"%s\"", in->cfg->title, c->guest.name, why);
    close_connection(c);
}

/* Gives on all that is whole. False: the engine is full, or the connection is gone. */
static bool
give_on(struct connection *c)
{
    struct error err;

    for (;;) {
        enum status st;

        if (c->has_out && engine_submit(c->in->engine, &c->out) != ST_OK) {
            event_del(c->on_read);
            c->paused = true;
            return false;
        }
        c->has_out = false;
        st = framer_take(&c->framer, &c->g, c->ended, &c->out, &err);
        if (st == ST_MORE)
            break;
        if (st != ST_OK) {
            refuse(c, err.text);
            return false;
        }
        c->has_out = true;
    }
    if (!c->ended)
        return true;
    close_connection(c);
    return false;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;
    struct input *in = c->in;
    ssize_t n = recv(fd, in->scratch, READ_BYTES, 0);

    (void)what;
    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return;
        /* A reset may have cut the last line anywhere: only an orderly end completes it. */
        if (c->g.n > 0 || c->g.head || c->framer.dropping)
            refuse(c, strerror(errno));
        else
            close_connection(c);
        return;
    }
    in->bytes += (uint64_t)n;
    in->dirty = true;
    if (n > 0) {
        in->last_arrival = clock_now();
        gather_add(&c->g, in->scratch, (size_t)n);
    } else
        c->ended = true;
    if (give_on(c))
        gather_trim(&c->g);
}

/* --- accepting --- */

static enum status
make_source(struct input *in, const char *name, struct source **out, struct error *err)
{
    struct source_options opt = {.input = in->cfg->title,
                                 .format = in->cfg->format,
                                 .timezone = in->cfg->timezone,
                                 .source = in->cfg->source,
                                 .name = name,
                                 .identity = IDENTITY_NONE};

    return engine_source(in->engine, out, &opt, err);
}

static struct guest *
welcome(void *arg, int fd, const char *name, struct error *err)
{
    struct input *in = arg;
    struct connection *c;
    struct source *s;

    if (make_source(in, name, &s, err) != ST_OK)
        return NULL;
    c = xcalloc(1, sizeof *c);
    c->in = in;
    c->framer.framing = in->framing;
    gather_init(&c->g, s, 0);
    c->on_read = event_new(in->base, fd, EV_READ | EV_PERSIST, on_read, c);
    event_add(c->on_read, NULL);
    return &c->guest;
}

/* --- start and stop --- */

static void
tcp_resume(struct input *in)
{
    for (struct guest *g = in->acceptor.guests, *next; g; g = next) {
        struct connection *c = (struct connection *)g;

        next = g->next;
        if (!c->paused)
            continue;
        c->paused = false;
        if (give_on(c))
            event_add(c->on_read, NULL);
    }
}

static void
tcp_stop(struct input *in)
{
    acceptor_close(&in->acceptor);
    while (in->acceptor.guests) {
        struct connection *c = (struct connection *)in->acceptor.guests;

        if (c->has_out || c->g.n > 0) {
            in->lost++;
            log_warn("tcp_unread", "input=%s peer=%s bytes=%zu", in->cfg->title, c->guest.name,
                     c->g.n + (c->has_out ? c->out.n : 0));
        }
        close_connection(c);
    }
    if (in->on_report) {
        event_free(in->on_report);
        report(in);
    }
    free(in->scratch);
    input_config_free(in->cfg);
    free(in);
}

static enum status
check(struct input *in, const struct config_input *cfg, struct error *err)
{
    struct source *probe;
    enum status st;

    if (!framing_parse(cfg->framing, &in->framing))
        return fail(err, ST_BAD_CONFIG,
                    "input \"%s\": framing = \"%s\": expected auto, lines or octets", cfg->title,
                    cfg->framing);
    st = make_source(in, cfg->listen ? cfg->listen : "", &probe, err);
    if (st == ST_OK)
        source_unref(probe);
    return st;
}

static enum status
open_listener(struct input *in, const char *listen, const struct config_limits *limits,
              struct error *err)
{
    struct timeval every = {.tv_sec = REPORT_MS / 1000};
    const struct acceptor_options opt = {.base = in->base,
                                         .type = "tcp",
                                         .title = in->cfg->title,
                                         .listen = listen,
                                         .max = limits->max_connections,
                                         .max_per_address = limits->max_per_address,
                                         .welcome = welcome,
                                         .arg = in};
    enum status st = acceptor_open(&in->acceptor, &opt, err);

    if (st != ST_OK)
        return st;
    in->scratch = xmalloc(READ_BYTES);
    in->on_report = event_new(in->base, -1, EV_PERSIST, on_report, in);
    event_add(in->on_report, &every);
    report(in);
    return ST_OK;
}

static enum status
tcp_start(struct input **out, struct event_base *base, struct engine *e,
          const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    struct input *in = xcalloc(1, sizeof *in);
    enum status st;

    in->base = base;
    in->engine = e;
    in->cfg = input_config_copy(cfg);
    st = check(in, cfg, err);
    if (st == ST_OK)
        st = open_listener(in, cfg->listen, limits, err);
    if (st != ST_OK) {
        tcp_stop(in);
        return st;
    }
    *out = in;
    return ST_OK;
}

static int
tcp_port(const struct input *in)
{
    return acceptor_port(&in->acceptor);
}

const struct input_ops input_tcp = {
    .name = "tcp",
    .summary = "connections, lines or counted frames (RFC 6587); at most once up to the socket",
    .start = tcp_start,
    .resume = tcp_resume,
    .stop = tcp_stop,
    .port = tcp_port,
};
