/*
 * relp.c - the RELP input: a listener, its sessions, and news of commits for them.
 */
#include "relp.h"

#include <event2/event.h>
#include <stdlib.h>

#include "clock.h"

#define LAST_ACKS_MS  5000 /* who leaves waits so long for commits, */
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
        if (!a->session)
            answer_free(a);
        else if (!in->parting)
            session_go_on(a->session);
    }
}

static void
on_acks(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;

    (void)fd, (void)what;
    take_acks(in);
    if (in->leaving)
        event_active(in->on_leave, EV_TIMEOUT, 0);
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

static void
relp_stop(struct input *in)
{
    listening_withdraw(in);
    in->parting = false;
    while (!TAILQ_EMPTY(&in->l.acceptor.guests))
        session_end((struct session *)TAILQ_FIRST(&in->l.acceptor.guests));
    acks_close(in->acks);
    if (in->on_acks)
        event_free(in->on_acks);
    if (in->on_leave)
        event_free(in->on_leave);
    listening_close(&in->l);
    free(in->scratch);
    free(in);
}

static void
for_each_session(struct input *in, void (*fn)(struct session *s))
{
    struct guest *g, *next;

    for (g = TAILQ_FIRST(&in->l.acceptor.guests); g; g = next) {
        next = TAILQ_NEXT(g, link);
        fn((struct session *)g);
    }
}

/* A sender that hears nothing repeats: what is committed soon is still answered. */
static void
on_leave(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;
    int64_t now = clock_mono_ms(), left;
    struct timeval tv;

    (void)fd, (void)what;
    if (!in->parting && (acks_expected(in->acks) == 0 || now >= in->until_ms)) {
        in->parting = true;
        in->until_ms = now + LAST_WORDS_MS;
        for_each_session(in, session_part);
    }
    left = in->until_ms - now;
    if (in->parting && (TAILQ_EMPTY(&in->l.acceptor.guests) || left <= 0)) {
        void (*gone)(void *arg) = in->gone;
        void *gone_arg = in->gone_arg;

        relp_stop(in);
        gone(gone_arg);
        return;
    }
    tv = (struct timeval){left / 1000, left % 1000 * 1000};
    evtimer_add(in->on_leave, &tv);
}

static void
relp_leave(struct input *in, void (*gone)(void *arg), void *arg)
{
    listening_leave(&in->l);
    in->gone = gone;
    in->gone_arg = arg;
    in->leaving = true;
    in->until_ms = clock_mono_ms() + LAST_ACKS_MS;
    in->on_leave = evtimer_new(in->l.base, on_leave, in);
    for_each_session(in, session_go_on); /* which reads no more */
    event_active(in->on_leave, EV_TIMEOUT, 0);
}

static struct guest *
relp_welcome(struct input *in, int fd, struct source *source)
{
    return &session_new(in, fd, source)->peer.guest;
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

static void
relp_renew(struct guest *g, struct source *source)
{
    struct session *s = (struct session *)g;

    source_unref(s->source);
    s->source = source;
}

static const struct listening_kind kind = {
    .type = "relp",
    .guests = "sessions",
    .exact = true,
    .promise = FEED_WITH_IDS,
    .welcome = relp_welcome,
    .renew = relp_renew,
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
    in->scratch = xmalloc(LISTENING_READ_BYTES);
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
    .leave = relp_leave,
    .change = listening_change,
    .withdraw = listening_withdraw,
    .port = listening_port,
};
