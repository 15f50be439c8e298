/*
 * relp.c - the RELP input: a listener, its sessions, and news of commits for them.
 */
#include "relp.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "relp_frame.h"

#define REPORT_MS     1000
#define LAST_ACKS_MS  5000 /* a stop waits so long for commits, */
#define LAST_WORDS_MS 5000 /* and so long for senders to read the answers */

static void
report(struct input *in)
{
    struct feed feed = {.type = "relp",
                        .exact = true,
                        .promise = FEED_WITH_IDS,
                        .bytes = in->bytes,
                        .last_arrival = in->last_arrival};

    snprintf(feed.input, sizeof feed.input, "%s", in->cfg->title);
    snprintf(feed.detail, sizeof feed.detail, "%s, %u sessions", in->acceptor.address,
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

/* --- news of commits --- */

static void
take_acks(struct input *in)
{
    struct ack *next;

    for (struct ack *k = acks_take(in->acks); k; k = next) {
        struct answer *a = (struct answer *)k;

        next = k->next;
        a->with_engine = false;
        a->ready = true;
        if (a->session)
            session_go_on(a->session);
        else
            answer_free(a);
    }
}

static void
on_acks(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    take_acks(arg);
}

static void
wake(void *arg)
{
    struct input *in = arg;

    event_active(in->on_acks, EV_READ, 0);
}

/* --- start and stop --- */

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
    struct source *source;

    if (make_source(in, name, &source, err) != ST_OK)
        return NULL;
    return &session_new(in, fd, source)->guest;
}

static void
relp_resume(struct input *in)
{
    for (struct guest *g = in->acceptor.guests, *next; g; g = next) {
        struct session *s = (struct session *)g;

        next = g->next;
        if (s->out_answer)
            session_go_on(s);
    }
}

/* A sender that hears nothing repeats: what is committed soon is still answered. */
static void
await_commits(struct input *in)
{
    int64_t until = clock_mono_ms() + LAST_ACKS_MS, left;

    in->stopping = true;
    while (acks_expected(in->acks) > 0 && (left = until - clock_mono_ms()) > 0)
        if (acks_wait(in->acks, left))
            take_acks(in);
}

/* True: the peer closed, or broke. */
static bool
part(struct session *s, short revents)
{
    ssize_t n = 1;

    if (revents & ~POLLOUT)
        n = recv(s->guest.fd, s->in->scratch, RELP_READ_BYTES, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || !session_send(s))
        return true;
    if (s->say.n == 0 && !s->silent) {
        s->silent = true;
        shutdown(s->guest.fd, SHUT_WR);
    }
    return false;
}

/* Closing a socket that has something to read destroys what its peer has not read yet: so the last
 * answers are followed by reading until the peer closes, too. */
static void
say_goodbye(struct input *in)
{
    int64_t until = clock_mono_ms() + LAST_WORDS_MS, left;
    struct pollfd *fds = xcalloc(in->acceptor.count, sizeof *fds);

    for (struct guest *g = in->acceptor.guests; g; g = g->next) {
        struct session *s = (struct session *)g;

        if (!s->goodbye)
            relp_write(&s->say, 0, "serverclose", "");
    }
    while (in->acceptor.guests && (left = until - clock_mono_ms()) > 0) {
        struct guest *next;
        nfds_t n = 0;

        for (struct guest *g = in->acceptor.guests; g; g = g->next)
            fds[n++] = (struct pollfd){
                .fd = g->fd, .events = POLLIN | (((struct session *)g)->silent ? 0 : POLLOUT)};
        poll(fds, n, (int)left);
        n = 0;
        for (struct guest *g = in->acceptor.guests; g; g = next) {
            next = g->next;
            if (part((struct session *)g, fds[n++].revents))
                session_end((struct session *)g);
        }
    }
    free(fds);
}

static void
relp_stop(struct input *in)
{
    acceptor_close(&in->acceptor);
    if (in->acks)
        await_commits(in);
    say_goodbye(in);
    while (in->acceptor.guests)
        session_end((struct session *)in->acceptor.guests);
    acks_close(in->acks);
    if (in->on_acks)
        event_free(in->on_acks);
    if (in->on_report) {
        event_free(in->on_report);
        report(in);
    }
    free(in->scratch);
    input_config_free(in->cfg);
    free(in);
}

static enum status
check(struct input *in, struct error *err)
{
    struct source *probe;
    enum status st = make_source(in, in->cfg->listen ? in->cfg->listen : "", &probe, err);

    if (st != ST_OK)
        return st;
    if (source_needs_header(probe))
        st =
            fail(err, ST_BAD_CONFIG,
                 "input \"%s\": format \"%s\" has a header line, which a session that goes on after"
                 " another does not repeat; list its columns instead",
                 in->cfg->title, in->cfg->format);
    source_unref(probe);
    return st;
}

static enum status
open_listener(struct input *in, const struct config_limits *limits, struct error *err)
{
    struct timeval every = {.tv_sec = REPORT_MS / 1000};
    const struct acceptor_options opt = {.base = in->base,
                                         .type = "relp",
                                         .title = in->cfg->title,
                                         .listen = in->cfg->listen,
                                         .max = limits->max_connections,
                                         .max_per_address = limits->max_per_address,
                                         .welcome = welcome,
                                         .arg = in};
    enum status st = acceptor_open(&in->acceptor, &opt, err);

    if (st != ST_OK)
        return st;
    in->scratch = xmalloc(RELP_READ_BYTES);
    in->on_acks = event_new(in->base, -1, EV_PERSIST, on_acks, in);
    in->acks = acks_new(wake, in);
    in->on_report = event_new(in->base, -1, EV_PERSIST, on_report, in);
    event_add(in->on_report, &every);
    report(in);
    return ST_OK;
}

static enum status
relp_start(struct input **out, struct event_base *base, struct engine *e,
           const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    struct input *in = xcalloc(1, sizeof *in);
    enum status st;

    in->base = base;
    in->engine = e;
    in->cfg = input_config_copy(cfg);
    st = check(in, err);
    if (st == ST_OK)
        st = open_listener(in, limits, err);
    if (st != ST_OK) {
        relp_stop(in);
        return st;
    }
    *out = in;
    return ST_OK;
}

static int
relp_port(const struct input *in)
{
    return acceptor_port(&in->acceptor);
}

const struct input_ops input_relp = {
    .name = "relp",
    .summary = "RELP sessions (rsyslog's omrelp), answered after the commit",
    .start = relp_start,
    .resume = relp_resume,
    .stop = relp_stop,
    .port = relp_port,
};
