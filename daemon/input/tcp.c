/*
 * tcp.c - connections that send lines or counted frames.
 *
 * Nobody acknowledges anything on such a connection, so it is exact only up to the socket.
 * Back-pressure is the protocol's own: while the engine is full nothing is read.
 */
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "frame.h"
#include "input.h"
#include "listen.h"
#include "log.h"

#define READ_BYTES      (256 * 1024)
#define BACKLOG         512
#define PER_ADDRESS_MAX 64
#define REPORT_MS       1000

struct connection {
    struct connection *next, **self; /* *self is this */
    struct input *in;
    int fd;
    struct event *on_read;
    struct sockaddr_storage peer;
    char name[ADDRESS_TEXT];
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
    struct evconnlistener *listener;
    struct event *on_report;
    struct connection *connections;
    uint32_t count, max;
    char *scratch;
    bool dirty, accept_paused;
    uint64_t bytes, lost;
    int64_t last_arrival;
    char address[ADDRESS_TEXT], problem[160];
};

static void
report(struct input *in)
{
    struct feed feed = {
        .type = "tcp", .bytes = in->bytes, .lost = in->lost, .last_arrival = in->last_arrival};

    snprintf(feed.input, sizeof feed.input, "%s", in->cfg->title);
    snprintf(feed.detail, sizeof feed.detail, "%s, %u connections", in->address, in->count);
    snprintf(feed.problem, sizeof feed.problem, "%s", in->problem);
    engine_report_feed(in->engine, &feed);
    in->dirty = false;
}

static void
accept_again(struct input *in)
{
    if (in->accept_paused && in->count < in->max) {
        in->accept_paused = false;
        evconnlistener_enable(in->listener);
    }
}

/* Also the retry after running out of descriptors: accepting is tried again every second. */
static void
on_report(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;

    (void)fd, (void)what;
    accept_again(in);
    if (in->dirty)
        report(in);
}

static void
close_connection(struct connection *c)
{
    struct input *in = c->in;

    if (c->has_out)
        block_clear(&c->out);
    gather_clear(&c->g);
    event_free(c->on_read);
    close(c->fd);
    *c->self = c->next;
    if (c->next)
        c->next->self = c->self;
    free(c);
    in->count--;
    in->dirty = true;
}

static void
refuse(struct connection *c, const char *why)
{
    struct input *in = c->in;

    in->lost++;
    snprintf(in->problem, sizeof in->problem, "%s closed: %.80s", c->name, why);
    log_warn("tcp_closed", "input=%s peer=%s reason=\"%s\"", in->cfg->title, c->name, why);
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

static bool
has_too_many(const struct input *in, const struct sockaddr *sa)
{
    unsigned n = 0;

    for (const struct connection *c = in->connections; c; c = c->next)
        n += listen_same_host((const struct sockaddr *)&c->peer, sa);
    return n >= PER_ADDRESS_MAX;
}

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

static void
turn_away(struct input *in, int fd, const char *name, const char *why)
{
    snprintf(in->problem, sizeof in->problem, "%s turned away: %.70s", name, why);
    log_warn("tcp_refused", "input=%s peer=%s reason=\"%s\"", in->cfg->title, name, why);
    in->dirty = true;
    close(fd);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct input *in = arg;
    struct connection *c;
    struct source *s;
    char name[ADDRESS_TEXT];
    struct error err;
    int yes = 1;

    listen_text(sa, name);
    if (has_too_many(in, sa)) {
        turn_away(in, fd, name, "too many connections from this address");
        return;
    }
    if (make_source(in, name, &s, &err) != ST_OK) {
        turn_away(in, fd, name, err.text);
        return;
    }
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    c = xcalloc(1, sizeof *c);
    c->in = in;
    c->fd = fd;
    memcpy(c->name, name, sizeof name);
    memcpy(&c->peer, sa, (size_t)len);
    c->framer.framing = in->framing;
    gather_init(&c->g, s, 0);
    c->on_read = event_new(in->base, fd, EV_READ | EV_PERSIST, on_read, c);
    event_add(c->on_read, NULL);
    c->self = &in->connections;
    c->next = in->connections;
    if (c->next)
        c->next->self = &c->next;
    in->connections = c;
    in->dirty = true;
    if (++in->count >= in->max) {
        in->accept_paused = true;
        evconnlistener_disable(l);
    }
}

static void
on_accept_error(struct evconnlistener *l, void *arg)
{
    struct input *in = arg;

    snprintf(in->problem, sizeof in->problem, "accepting: %s", strerror(errno));
    log_warn("tcp_accept_failed", "input=%s reason=\"%s\"", in->cfg->title, strerror(errno));
    in->accept_paused = in->dirty = true;
    evconnlistener_disable(l);
}

/* --- start and stop --- */

static void
tcp_resume(struct input *in)
{
    for (struct connection *c = in->connections, *next; c; c = next) {
        next = c->next;
        if (!c->paused)
            continue;
        c->paused = false;
        if (give_on(c))
            event_add(c->on_read, NULL);
    }
}

static void
free_config(struct config_input *cfg)
{
    free(cfg->title);
    free(cfg->format);
    free(cfg->timezone);
    free(cfg->source);
    free(cfg);
}

static void
tcp_stop(struct input *in)
{
    if (in->listener)
        evconnlistener_free(in->listener);
    while (in->connections) {
        struct connection *c = in->connections;

        if (c->has_out || c->g.n > 0) {
            in->lost++;
            log_warn("tcp_unread", "input=%s peer=%s bytes=%zu", in->cfg->title, c->name,
                     c->g.n + (c->has_out ? c->out.n : 0));
        }
        close_connection(c);
    }
    if (in->on_report) {
        event_free(in->on_report);
        report(in);
    }
    free(in->scratch);
    free_config(in->cfg);
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
open_listener(struct input *in, const char *listen, struct error *err)
{
    struct timeval every = {.tv_sec = REPORT_MS / 1000};
    struct sockaddr_storage sa;
    socklen_t n;
    enum status st = listen_parse(listen, &sa, &n, err);

    if (st != ST_OK)
        return st;
    in->listener = evconnlistener_new_bind(
        in->base, on_accept, in, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        BACKLOG, (struct sockaddr *)&sa, (int)n);
    if (!in->listener)
        return fail(err, ST_IO, "input \"%s\": cannot listen on %s: %s", in->cfg->title, listen,
                    strerror(errno));
    evconnlistener_set_error_cb(in->listener, on_accept_error);
    n = sizeof sa;
    getsockname(evconnlistener_get_fd(in->listener), (struct sockaddr *)&sa, &n);
    listen_text((struct sockaddr *)&sa, in->address);
    in->scratch = xmalloc(READ_BYTES);
    in->on_report = event_new(in->base, -1, EV_PERSIST, on_report, in);
    event_add(in->on_report, &every);
    log_info("tcp_listening", "input=%s listen=%s", in->cfg->title, in->address);
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
    in->max = limits->max_connections ? limits->max_connections : 1;
    in->cfg = xcalloc(1, sizeof *in->cfg);
    in->cfg->title = xstrdup(cfg->title);
    in->cfg->format = xstrdup(cfg->format);
    in->cfg->timezone = xstrdup(cfg->timezone);
    in->cfg->source = xstrdup(cfg->source);
    st = check(in, cfg, err);
    if (st == ST_OK)
        st = open_listener(in, cfg->listen, err);
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
    return listen_port(evconnlistener_get_fd(in->listener));
}

const struct input_ops input_tcp = {
    .name = "tcp",
    .summary = "connections, lines or counted frames (RFC 6587); at most once up to the socket",
    .start = tcp_start,
    .resume = tcp_resume,
    .stop = tcp_stop,
    .port = tcp_port,
};
