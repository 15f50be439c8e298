/*
 * tcp.c - connections that send lines or counted frames.
 *
 * Nobody acknowledges anything on such a connection, so it is exact only up to the socket.
 * Back-pressure is the protocol's own: while the engine is full nothing is read.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "listening.h"
#include "log.h"

struct connection {
    struct peer peer; /* first */
    struct input *in;
    struct event *on_read;
    struct gather g;
    struct framer framer;
    struct block out; /* refused by the engine, tried again first */
    bool has_out, ended, paused;
};

struct input {
    struct listening l; /* first */
};

static void
close_connection(struct connection *c)
{
    if (c->has_out)
        block_clear(&c->out);
    gather_clear(&c->g);
    event_free(c->on_read);
    listening_part(&c->in->l, &c->peer);
    free(c);
}

static void
refuse(struct connection *c, const char *why)
{
    c->in->l.standing.feed.lost++;
    listening_closes(&c->in->l, &c->peer.guest, why);
    close_connection(c);
}

/* Only an orderly end completes the last line: anything else may have cut it anywhere. */
static void
cut_off(struct connection *c, const char *why)
{
    if (c->g.n > 0 || c->g.head || c->framer.dropping)
        refuse(c, why);
    else
        close_connection(c);
}

/* Straight into the buffer that a worker will parse. A record that is long and comes in small
 * pieces is not moved for each of them. */
static ssize_t
receive(struct connection *c)
{
    size_t room = c->g.cap - c->g.n;
    char *p;

    if (room < LISTENING_READ_BYTES / 4)
        room = LISTENING_READ_BYTES;
    p = gather_room(&c->g, room);
    return listening_receive(&c->in->l, &c->peer, p, room);
}

/* Gives on all that is whole. False: the engine is full, or the connection is gone. */
static bool
give_on(struct connection *c)
{
    struct error err;

    for (;;) {
        enum status st;

        if (c->has_out && engine_submit(c->in->l.engine, &c->out) != ST_OK) {
            event_del(c->on_read);
            gather_trim(&c->g);
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
    ssize_t n = receive(c);

    (void)fd, (void)what;
    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR)
            gather_trim(&c->g);
        else
            cut_off(c, listening_why(&c->peer));
        return;
    }
    if (n > 0)
        gather_added(&c->g, (size_t)n);
    else
        c->ended = true;
    if (!give_on(c))
        return;
    gather_trim(&c->g);
    listening_watch(&c->peer, c->on_read);
}

static struct guest *
tcp_welcome(struct input *in, int fd, struct source *source)
{
    struct connection *c = xcalloc(1, sizeof *c);

    c->in = in;
    framing_parse(in->l.cfg->framing, &c->framer.framing);
    gather_init(&c->g, source, 0);
    c->on_read = event_new(in->l.base, fd, EV_READ | EV_PERSIST, on_read, c);
    listening_meet(&in->l, &c->peer, fd);
    listening_watch(&c->peer, c->on_read);
    return &c->peer.guest;
}

/* Its framing is what it began with: a change in the middle would tear a record. */
static void
tcp_renew(struct guest *g, struct source *source)
{
    struct connection *c = (struct connection *)g;
    struct error err;

    if (gather_renew(&c->g, source, &err) != ST_OK)
        refuse(c, err.text);
}

/* Whoever the engine holds up, or has sent what is to be read next, is not idle. */
static bool
tcp_may_go(const struct guest *g)
{
    const struct connection *c = (const struct connection *)g;

    return !c->paused && !listening_unread(&c->peer);
}

static void
tcp_dismiss(struct guest *g)
{
    cut_off((struct connection *)g, "it gave way to a newcomer");
}

/* --- start and stop --- */

static void
tcp_resume(struct input *in)
{
    struct guest *g, *next;

    /* Who was heard longest ago comes first: none keeps all room to itself. */
    for (g = TAILQ_LAST(&in->l.acceptor.guests, guests); g; g = next) {
        struct connection *c = (struct connection *)g;

        next = TAILQ_PREV(g, guests, link);
        if (!c->paused)
            continue;
        c->paused = false;
        if (give_on(c))
            listening_watch(&c->peer, c->on_read);
    }
}

static void
tcp_stop(struct input *in)
{
    struct connection *c;

    listening_withdraw(in);
    while ((c = (struct connection *)TAILQ_FIRST(&in->l.acceptor.guests))) {
        if (c->has_out || c->g.n > 0) {
            in->l.standing.feed.lost++;
            log_warn("tcp_unread", "input=%s peer=%s bytes=%zu", in->l.cfg->title,
                     c->peer.guest.name, c->g.n + (c->has_out ? c->out.n : 0));
        }
        close_connection(c);
    }
    listening_close(&in->l);
    free(in);
}

static enum status
tcp_check(struct input *in, const struct config_input *cfg, const struct source *probe,
          struct error *err)
{
    enum framing framing;

    (void)in, (void)probe;
    if (framing_parse(cfg->framing, &framing))
        return ST_OK;
    return fail(err, ST_BAD_CONFIG,
                "input \"%s\": framing = \"%s\": expected auto, lines or octets", cfg->title,
                cfg->framing);
}

static const struct listening_kind kind = {
    .type = "tcp",
    .guests = "connections",
    .check = tcp_check,
    .welcome = tcp_welcome,
    .renew = tcp_renew,
    .may_go = tcp_may_go,
    .dismiss = tcp_dismiss,
};

static enum status
tcp_start(struct input **out, struct event_base *base, struct engine *e,
          const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    struct input *in = xcalloc(1, sizeof *in);
    enum status st = listening_open(&in->l, &kind, base, e, cfg, limits, err);

    if (st != ST_OK) {
        tcp_stop(in);
        return st;
    }
    *out = in;
    return ST_OK;
}

const struct input_ops input_tcp = {
    .name = "tcp",
    .summary = "connections, lines or counted frames (RFC 6587); at most once up to the socket",
    .start = tcp_start,
    .resume = tcp_resume,
    .stop = tcp_stop,
    .change = listening_change,
    .withdraw = listening_withdraw,
    .port = listening_port,
};
