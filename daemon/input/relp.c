/*
 * relp.c - the RELP input: a listener, its sessions, and news of commits for them.
 */
#include "relp.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "relp_frame.h"

#define LAST_ACKS_MS  5000 /* a stop waits so long for commits, */
#define LAST_WORDS_MS 5000 /* and so long for senders to read the answers */

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

static void
relp_resume(struct input *in)
{
    struct guest *g, *next;

    for (g = TAILQ_FIRST(&in->l.acceptor.guests); g; g = next) {
        struct session *s = (struct session *)g;

        next = TAILQ_NEXT(g, link);
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
        n = recv(s->guest.fd, s->in->l.scratch, LISTENING_READ_BYTES, MSG_DONTWAIT);
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
    struct pollfd *fds = xcalloc(in->l.acceptor.count, sizeof *fds);
    struct guest *g, *next;

    TAILQ_FOREACH(g, &in->l.acceptor.guests, link)
    {
        struct session *s = (struct session *)g;

        if (!s->goodbye)
            relp_write(&s->say, 0, "serverclose", "");
    }
    while (!TAILQ_EMPTY(&in->l.acceptor.guests) && (left = until - clock_mono_ms()) > 0) {
        nfds_t n = 0;

        TAILQ_FOREACH(g, &in->l.acceptor.guests, link)
        fds[n++] = (struct pollfd){
            .fd = g->fd, .events = POLLIN | (((struct session *)g)->silent ? 0 : POLLOUT)};
        poll(fds, n, (int)left);
        n = 0;
        for (g = TAILQ_FIRST(&in->l.acceptor.guests); g; g = next) {
            next = TAILQ_NEXT(g, link);
            if (part((struct session *)g, fds[n++].revents))
                session_end((struct session *)g);
        }
    }
    free(fds);
}

static void
relp_stop(struct input *in)
{
    listening_refuse_all(&in->l);
    if (in->acks)
        await_commits(in);
    say_goodbye(in);
    while (!TAILQ_EMPTY(&in->l.acceptor.guests))
        session_end((struct session *)TAILQ_FIRST(&in->l.acceptor.guests));
    acks_close(in->acks);
    if (in->on_acks)
        event_free(in->on_acks);
    listening_close(&in->l);
    free(in);
}

static enum status
relp_check(struct input *in, const struct config_input *cfg, const struct source *probe,
           struct error *err)
{
    (void)in;
    if (!source_needs_header(probe))
        return ST_OK;
    return fail(err, ST_BAD_CONFIG,
                "input \"%s\": format \"%s\" has a header line, which a session that goes on after"
                " another does not repeat; list its columns instead",
                cfg->title, cfg->format);
}

static struct guest *
relp_welcome(struct input *in, int fd, struct source *source)
{
    return &session_new(in, fd, source)->guest;
}

/* What was handed on is answered first. Half a message, or answers that nobody fetches, can be sent
 * again. */
static bool
relp_may_go(const struct guest *g)
{
    return !((const struct session *)g)->first;
}

static void
relp_dismiss(struct guest *g)
{
    session_end((struct session *)g);
}

static const struct listening_kind kind = {
    .type = "relp",
    .guests = "sessions",
    .exact = true,
    .promise = FEED_WITH_IDS,
    .check = relp_check,
    .welcome = relp_welcome,
    .may_go = relp_may_go,
    .dismiss = relp_dismiss,
};

static enum status
relp_start(struct input **out, struct event_base *base, struct engine *e,
           const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    struct input *in = xcalloc(1, sizeof *in);
    enum status st = listening_open(&in->l, &kind, base, e, cfg, limits, err);

    if (st != ST_OK) {
        relp_stop(in);
        return st;
    }
    in->on_acks = event_new(base, -1, EV_PERSIST, on_acks, in);
    in->acks = acks_new(wake, in);
    *out = in;
    return ST_OK;
}

const struct input_ops input_relp = {
    .name = "relp",
    .summary = "RELP sessions (rsyslog's omrelp), answered after the commit",
    .start = relp_start,
    .resume = relp_resume,
    .stop = relp_stop,
    .port = listening_port,
};
