/*
 * radius.c - a RADIUS accounting server (RFC 2866): answered after the commit.
 *
 * A request counts only if its authenticator shows that the sender knows the secret. It goes on to
 * the format as it is, with the moment of its arrival and its sender's address behind it
 * (parsers/parse_radius.c). The answer goes out when its record is committed; a sender that hears
 * none repeats, and the format gives every session's records ids, so that a request that comes
 * again counts once and is answered again.
 *
 * UDP has no back-pressure, but senders that wait do as well: while the engine is full nothing is
 * read, and what the kernel drops is sent again.
 *
 * Accounting-On and -Off end all sessions of a server. Those that are open are known, and each gets
 * a Stop, as a JSON object in the same block; one that began after the request was made is not
 * meant by a repetition of it.
 */
#include "radius.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define TURN         64    /* datagrams, then others have their turn */
#define PROBLEM_MS   60000 /* a problem with a sender is said for so long */
#define LAST_ACKS_MS 5000  /* who leaves waits so long for commits */
#define WANT_RCVBUF  (4 * 1024 * 1024)

/* An answer that waits for its commit. */
struct reply {
    struct sockaddr_storage to;
    socklen_t to_n;
    size_t n; /* of the packet, which follows */
};

struct flight {         /* the answers of one block */
    struct ack ack;     /* first */
    struct buf replies; /* struct reply and packet, one behind the other */
};

/* --- reports --- */

static void
describe(void *arg)
{
    struct input *in = arg;
    struct feed *feed = &in->standing.feed;

    snprintf(feed->input, sizeof feed->input, "%s", in->cfg->title);
    snprintf(feed->detail, sizeof feed->detail, "%s, %zu sessions open", in->address,
             presence_count(in->sessions));
}

/* A problem with a sender is over if nobody has it any more. */
static bool
is_over(void *arg)
{
    struct input *in = arg;
    struct feed *feed = &in->standing.feed;

    if (!feed->problem[0] || clock_mono_ms() <= in->problem_until_ms)
        return false;
    feed->problem[0] = '\0';
    return true;
}

/* Anybody can send anything: said once for as long as it lasts, and never answered. */
static void
refuse(struct input *in, const struct sockaddr_storage *from, const char *why)
{
    struct feed *feed = &in->standing.feed;
    bool first = !feed->problem[0];
    char peer[ADDRESS_TEXT];

    snprintf(feed->problem, sizeof feed->problem, "%s: %s",
             listen_text((const struct sockaddr *)from, peer), why);
    if (first)
        log_warn("radius_refused", "input=%s peer=%s reason=\"%s\"", in->cfg->title, peer, why);
    in->problem_until_ms = clock_mono_ms() + PROBLEM_MS;
    feed->lost++;
    in->standing.dirty = true;
}

/* --- answers --- */

static void
flight_free(struct flight *f)
{
    if (f)
        buf_clear(&f->replies);
    free(f);
}

static void
add_reply(struct input *in, const struct sockaddr_storage *to, socklen_t to_n,
          const unsigned char *request, size_t n, const char *secret)
{
    unsigned char packet[RADIUS_LONGEST];
    struct reply reply = {.to = *to, .to_n = to_n};

    reply.n = radius_response(packet, request, n, secret);
    buf_add(&in->flight->replies, &reply, sizeof reply);
    buf_add(&in->flight->replies, packet, reply.n);
}

static void
send_replies(struct input *in, const struct flight *f)
{
    for (size_t at = 0; at < f->replies.n;) {
        struct reply reply;

        memcpy(&reply, f->replies.p + at, sizeof reply);
        at += sizeof reply;
        /* One that is lost here is asked for again. */
        sendto(in->fd, f->replies.p + at, reply.n, MSG_DONTWAIT, (struct sockaddr *)&reply.to,
               reply.to_n);
        at += reply.n;
    }
}

static void
on_acks(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;
    struct ack *next;

    (void)fd, (void)what;
    for (struct ack *k = acks_take(in->acks); k; k = next) {
        struct flight *f = (struct flight *)k;

        next = k->next;
        if (k->st == ST_OK)
            send_replies(in, f);
        flight_free(f);
    }
    if (in->on_leave)
        event_active(in->on_leave, EV_TIMEOUT, 0);
}

static void
wake(void *arg)
{
    event_active(((struct input *)arg)->on_acks, EV_READ, 0);
}

/* --- what is handed on --- */

static void
end_frame(struct input *in)
{
    uint32_t end = (uint32_t)in->payload.n;

    buf_add(&in->ends, &end, sizeof end);
}

static void
add_request(struct input *in, const struct sockaddr_storage *from, const unsigned char *p, size_t n)
{
    int64_t us = clock_now_us();

    if (!in->flight)
        in->flight = xcalloc(1, sizeof *in->flight);
    buf_add(&in->payload, p, n);
    buf_printf(&in->payload, "Callswell-Received: %lld.%06d\r\nCallswell-Peer: %s\r\n\r\n",
               (long long)(us / 1000000), (int)(us % 1000000), radius_peer(from).text);
    end_frame(in);
}

/* False: the engine is full. */
static bool
submit(struct input *in)
{
    struct block *b = &in->out;

    if (!in->has_out && in->ends.n > 0) {
        *b = (struct block){.p = buffer_take(in->payload.n),
                            .n = in->payload.n,
                            .frame_end = xmalloc(in->ends.n),
                            .frame_count = (uint32_t)(in->ends.n / sizeof(uint32_t)),
                            .offset = in->place,
                            .source = source_ref(in->source),
                            .done = acks_told,
                            .done_arg = in->flight};
        memcpy(b->p, in->payload.p, b->n);
        memcpy(b->frame_end, in->ends.p, in->ends.n);
        in->place += b->n;
        b->cursor.position = in->place;
        buf_reset(&in->payload);
        buf_reset(&in->ends);
        in->has_out = true;
    }
    if (!in->has_out)
        return true;
    acks_expect(in->acks, &in->flight->ack);
    if (engine_submit(in->engine, b) != ST_OK) {
        acks_unexpect(in->acks, &in->flight->ack);
        return false;
    }
    in->flight = NULL;
    in->has_out = false;
    return true;
}

/* --- requests --- */

static void
take_request(struct input *in, const struct sockaddr_storage *from, socklen_t from_n,
             const unsigned char *p, size_t got)
{
    const char *secret = radius_secret(in->cfg, (const struct sockaddr *)from);
    size_t n = radius_length(span_of((const char *)p, got));
    struct radius_peer peer = radius_peer(from);

    if (!secret) {
        refuse(in, from, "there is no secret for this sender");
        return;
    }
    if (n == 0 || n > got || p[0] != RADIUS_REQUEST) {
        refuse(in, from, "this is no accounting request");
        return;
    }
    if (!radius_is_authentic(p, n, secret)) {
        refuse(in, from, "the secret is another, or the packet is damaged");
        return;
    }
    add_request(in, from, p, n);
    if (radius_note(in, span_str(peer.text), span_of((const char *)p, n)))
        end_frame(in);
    add_reply(in, from, from_n, p, n, secret);
}

/* One datagram; false: there is none. */
static bool
receive(struct input *in)
{
    unsigned char p[RADIUS_LONGEST + 1];
    struct sockaddr_storage from;
    socklen_t from_n = sizeof from;
    ssize_t n = recvfrom(in->fd, p, sizeof p, MSG_DONTWAIT, (struct sockaddr *)&from, &from_n);

    if (n < 0)
        return errno == EINTR || errno == ECONNREFUSED;
    standing_arrived(&in->standing, (size_t)n);
    take_request(in, &from, from_n, p, (size_t)n);
    return true;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;

    (void)fd, (void)what;
    for (int i = 0; i < TURN && receive(in); i++)
        continue;
    if (!submit(in))
        event_del(in->on_read);
}

/* --- start, change and stop --- */

static void
radius_resume(struct input *in)
{
    if (in->has_out && submit(in) && !in->on_leave)
        event_add(in->on_read, NULL);
}

static void
free_event(struct event *e)
{
    if (e)
        event_free(e);
}

static void
radius_stop(struct input *in)
{
    free_event(in->on_read);
    free_event(in->on_acks);
    free_event(in->on_leave);
    standing_end(&in->standing);
    if (in->has_out) /* its sender repeats it */
        block_clear(&in->out);
    flight_free(in->flight);
    acks_close(in->acks);
    if (in->fd >= 0)
        close(in->fd);
    if (in->source)
        source_unref(in->source);
    presence_free(in->sessions);
    arena_clear(&in->scratch);
    buf_clear(&in->payload);
    buf_clear(&in->ends);
    input_config_free(in->cfg);
    free(in);
}

static void
on_leave(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;
    int64_t left = in->until_ms - clock_mono_ms();
    struct timeval tv = {left / 1000, left % 1000 * 1000};
    void (*gone)(void *arg) = in->gone;
    void *gone_arg = in->gone_arg;

    (void)fd, (void)what;
    if (acks_expected(in->acks) > 0 && left > 0) {
        evtimer_add(in->on_leave, &tv);
        return;
    }
    radius_stop(in);
    gone(gone_arg);
}

/* What is committed soon is still answered. */
static void
radius_leave(struct input *in, void (*gone)(void *arg), void *arg)
{
    event_del(in->on_read);
    standing_end(&in->standing); /* its title may soon be another's */
    in->gone = gone;
    in->gone_arg = arg;
    in->until_ms = clock_mono_ms() + LAST_ACKS_MS;
    in->on_leave = evtimer_new(in->base, on_leave, in);
    event_active(in->on_leave, EV_TIMEOUT, 0);
}

static enum status
make_source(const struct input *in, const struct config_input *cfg, struct source **out,
            struct error *err)
{
    const struct source_options opt = {.input = cfg->title,
                                       .format = cfg->format,
                                       .timezone = cfg->timezone,
                                       .source = cfg->source,
                                       .name = cfg->listen,
                                       .identity = IDENTITY_NONE};

    return engine_source(in->engine, out, &opt, err);
}

static enum status
open_socket(struct input *in, struct error *err)
{
    int want = WANT_RCVBUF;
    struct sockaddr_storage sa;
    struct error why;
    socklen_t n;

    if (listen_parse(in->cfg->listen, &sa, &n, &why) != ST_OK)
        return fail(err, ST_BAD_CONFIG, "input \"%s\": %s", in->cfg->title, why.text);
    in->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (in->fd < 0 || bind(in->fd, (struct sockaddr *)&sa, n) != 0)
        return fail(err, ST_IO, "input \"%s\": cannot listen on %s: %s", in->cfg->title,
                    in->cfg->listen, strerror(errno));
    setsockopt(in->fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof want);
    n = sizeof sa;
    getsockname(in->fd, (struct sockaddr *)&sa, &n);
    listen_text((struct sockaddr *)&sa, in->address);
    return ST_OK;
}

static enum status
radius_start(struct input **out, struct event_base *base, struct engine *e,
             const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    struct input *in = xcalloc(1, sizeof *in);
    enum status st;

    (void)limits;
    in->fd = -1;
    in->base = base;
    in->engine = e;
    in->cfg = input_config_copy(cfg);
    in->standing =
        (struct standing){.engine = e,
                          .feed = {.type = "radius", .exact = true, .promise = FEED_WITH_IDS},
                          .describe = describe,
                          .news = is_over,
                          .arg = in};
    in->sessions = presence_new();
    arena_init(&in->scratch);
    engine_open_stays(e, cfg->title, radius_recall, in);
    in->acks = acks_new(wake, in);
    st = make_source(in, cfg, &in->source, err);
    if (st == ST_OK)
        st = open_socket(in, err);
    if (st != ST_OK) {
        radius_stop(in);
        return st;
    }
    in->on_acks = event_new(base, -1, EV_PERSIST, on_acks, in);
    in->on_read = event_new(base, in->fd, EV_READ | EV_PERSIST, on_read, in);
    event_add(in->on_read, NULL);
    standing_begin(&in->standing, base);
    *out = in;
    return ST_OK;
}

static enum status
radius_change(struct input *in, const struct config_input *cfg, const struct config_limits *limits,
              struct error *err)
{
    struct source *source = NULL;
    enum status st;

    (void)limits;
    if (!cfg)
        return ST_OK;
    st = make_source(in, cfg, &source, err);
    if (st != ST_OK)
        return st;
    source_unref(in->source);
    in->source = source;
    input_config_free(in->cfg);
    in->cfg = input_config_copy(cfg);
    standing_tell(&in->standing);
    return ST_OK;
}

static int
radius_port(const struct input *in)
{
    return listen_port(in->fd);
}

const struct input_ops input_radius = {
    .name = "radius",
    .summary = "a RADIUS accounting server, answering after the commit",
    .start = radius_start,
    .resume = radius_resume,
    .stop = radius_stop,
    .leave = radius_leave,
    .change = radius_change,
    .port = radius_port,
};
