/*
 * udp.c - datagrams: each line of each datagram is a frame; one beyond the limit is one whole.
 *
 * UDP has no back-pressure. While the engine is full nothing is read, the kernel's buffer fills
 * and then the kernel drops; it counts what it drops (SO_RXQ_OVFL) and so do we.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gather.h"
#include "input.h"
#include "listen.h"
#include "log.h"
#include "standing.h"

/* The longest UDP payload is 65,527 bytes, so that nothing is ever cut off in here. */
#define SLOT_BYTES   65536
#define SLOTS        64
#define ROUNDS       8 /* of SLOTS datagrams into one block, then others have their turn */
#define TURN_BYTES   (256 * 1024)
#define WANT_RCVBUF  (32 * 1024 * 1024)
#define PLAIN_RCVBUF (8 * 1024 * 1024)

struct input {
    struct engine *engine;
    struct source *source;
    char *title;
    int fd;
    struct event *on_read;
    struct standing standing;
    uint32_t max_datagram;
    char *slots; /* SLOTS x SLOT_BYTES */
    struct mmsghdr msgs[SLOTS];
    struct iovec iov[SLOTS];
    char control[SLOTS][CMSG_SPACE(sizeof(uint32_t))];
    struct block out;  /* of this turn; or refused by the engine, tried again first */
    size_t frames_cap; /* room for the ends of its frames */
    bool has_out;
    uint32_t kernel_drops;
    uint64_t place;
    char address[ADDRESS_TEXT];
};

static void
describe(void *arg)
{
    struct input *in = arg;
    struct feed *feed = &in->standing.feed;

    snprintf(feed->input, sizeof feed->input, "%s", in->title);
    snprintf(feed->detail, sizeof feed->detail, "%s", in->address);
}

/* The kernel counts drops since the socket was made, in 32 bits that wrap. */
static void
note_drops(struct input *in, struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        uint32_t total;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
            continue;
        memcpy(&total, CMSG_DATA(c), sizeof total);
        in->standing.feed.lost += (uint32_t)(total - in->kernel_drops);
        in->kernel_drops = total;
    }
}

/* Adds the lines of one datagram behind b->n; one that is too large is a frame that the engine
 * refuses. */
static void
add_datagram(struct input *in, const char *p, size_t n)
{
    struct block *b = &in->out;
    bool whole = n > b->max_frame;

    memcpy(b->p + b->n, p, n);
    for (size_t at = 0; at < n;) {
        const char *end = whole ? NULL : memchr(p + at, '\n', n - at);

        at = end ? (size_t)(end - p) + 1 : n;
        if (b->frame_count == in->frames_cap) {
            in->frames_cap = in->frames_cap ? 2 * in->frames_cap : SLOTS;
            b->frame_end = xrealloc(b->frame_end, in->frames_cap * sizeof *b->frame_end);
        }
        b->frame_end[b->frame_count++] = (uint32_t)(b->n + at);
    }
    b->n += n;
}

static void
begin_block(struct input *in)
{
    in->out = (struct block){
        .max_frame = in->max_datagram, .offset = in->place, .source = source_ref(in->source)};
    in->frames_cap = 0;
    in->has_out = true;
}

/* Adds what a round received to the turn's block. */
static void
build(struct input *in, int count)
{
    struct block *b = &in->out;
    size_t total = 0;

    for (int i = 0; i < count; i++) {
        total += in->msgs[i].msg_len;
        note_drops(in, &in->msgs[i].msg_hdr);
    }
    standing_arrived(&in->standing, total);
    if (total == 0)
        return;
    if (!in->has_out)
        begin_block(in);
    b->p = xrealloc(b->p, b->n + total);
    for (int i = 0; i < count; i++)
        add_datagram(in, in->iov[i].iov_base, in->msgs[i].msg_len);
    in->place += total;
    b->cursor.position = in->place;
}

static bool
submit(struct input *in)
{
    if (!in->has_out)
        return true;
    if (engine_submit(in->engine, &in->out) == ST_OK) {
        in->has_out = false;
        return true;
    }
    event_del(in->on_read);
    return false;
}

static int
receive(struct input *in)
{
    for (int i = 0; i < SLOTS; i++) {
        struct msghdr *m = &in->msgs[i].msg_hdr;

        m->msg_controllen = sizeof in->control[i];
        m->msg_flags = 0;
    }
    return recvmmsg(in->fd, in->msgs, SLOTS, MSG_DONTWAIT, NULL);
}

/* One round; false: nothing more is there for now, or the block is large enough. */
static bool
receive_round(struct input *in)
{
    struct feed *feed = &in->standing.feed;
    int n = receive(in);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        snprintf(feed->problem, sizeof feed->problem, "receiving: %s", strerror(errno));
        in->standing.dirty = true;
    }
    if (n <= 0)
        return false;
    feed->problem[0] = '\0';
    build(in, n);
    return n == SLOTS && in->out.n < TURN_BYTES;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;

    (void)fd, (void)what;
    for (int round = 0; round < ROUNDS && receive_round(in); round++)
        continue;
    submit(in);
}

static void
udp_resume(struct input *in)
{
    if (submit(in))
        event_add(in->on_read, NULL);
}

static void
udp_stop(struct input *in)
{
    if (in->on_read)
        event_free(in->on_read);
    if (in->has_out) {
        log_warn("udp_unread", "input=%s frames=%u", in->title, in->out.frame_count);
        in->standing.feed.lost += in->out.frame_count;
        block_clear(&in->out);
    }
    standing_end(&in->standing);
    if (in->fd >= 0)
        close(in->fd);
    if (in->source)
        source_unref(in->source);
    free(in->slots);
    free(in->title);
    free(in);
}

static void
big_buffer(struct input *in)
{
    int want = WANT_RCVBUF, plain = PLAIN_RCVBUF, got = 0, yes = 1;
    socklen_t n = sizeof got;

    if (setsockopt(in->fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof want) != 0)
        setsockopt(in->fd, SOL_SOCKET, SO_RCVBUF, &plain, sizeof plain);
    setsockopt(in->fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof yes);
    getsockopt(in->fd, SOL_SOCKET, SO_RCVBUF, &got, &n);
    log_info("udp_listening", "input=%s listen=%s receive_buffer=%d", in->title, in->address, got);
}

static enum status
open_socket(struct input *in, const char *listen, struct error *err)
{
    struct sockaddr_storage sa;
    socklen_t n;
    enum status st = listen_parse(listen, &sa, &n, err);

    if (st != ST_OK)
        return st;
    in->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (in->fd < 0 || bind(in->fd, (struct sockaddr *)&sa, n) != 0)
        return fail(err, ST_IO, "input \"%s\": cannot listen on %s: %s", in->title, listen,
                    strerror(errno));
    n = sizeof sa;
    getsockname(in->fd, (struct sockaddr *)&sa, &n);
    listen_text((struct sockaddr *)&sa, in->address);
    big_buffer(in);
    return ST_OK;
}

static enum status
open_source(const struct input *in, const struct config_input *cfg, struct source **out,
            struct error *err)
{
    struct source_options opt = {.input = cfg->title,
                                 .format = cfg->format,
                                 .timezone = cfg->timezone,
                                 .source = cfg->source,
                                 .name = cfg->listen,
                                 .identity = IDENTITY_NONE};

    return engine_source(in->engine, out, &opt, err);
}

static void
set_up(struct input *in, struct event_base *base)
{
    in->slots = xmalloc((size_t)SLOTS * SLOT_BYTES);
    for (int i = 0; i < SLOTS; i++) {
        in->iov[i] = (struct iovec){in->slots + (size_t)i * SLOT_BYTES, SLOT_BYTES};
        in->msgs[i].msg_hdr.msg_iov = &in->iov[i];
        in->msgs[i].msg_hdr.msg_iovlen = 1;
        in->msgs[i].msg_hdr.msg_control = in->control[i];
    }
    in->on_read = event_new(base, in->fd, EV_READ | EV_PERSIST, on_read, in);
    event_add(in->on_read, NULL);
    in->standing = (struct standing){
        .engine = in->engine, .feed = {.type = "udp"}, .describe = describe, .arg = in};
    standing_begin(&in->standing, base);
}

static enum status
udp_start(struct input **out, struct event_base *base, struct engine *e,
          const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    struct input *in = xcalloc(1, sizeof *in);
    enum status st;

    in->fd = -1;
    in->max_datagram = limits->max_datagram;
    in->engine = e;
    in->title = xstrdup(cfg->title);
    st = open_source(in, cfg, &in->source, err);
    if (st == ST_OK)
        st = open_socket(in, cfg->listen, err);
    if (st != ST_OK) {
        udp_stop(in);
        return st;
    }
    set_up(in, base);
    *out = in;
    return ST_OK;
}

static enum status
udp_change(struct input *in, const struct config_input *cfg, const struct config_limits *limits,
           struct error *err)
{
    struct source *next;
    enum status st = ST_OK;

    (void)limits;
    if (!cfg)
        return ST_OK;
    st = open_source(in, cfg, &next, err);
    if (st != ST_OK)
        return st;
    source_unref(in->source);
    in->source = next;
    return ST_OK;
}

static int
udp_port(const struct input *in)
{
    return listen_port(in->fd);
}

extern const struct input_ops input_udp;
const struct input_ops input_udp = {
    .name = "udp",
    .summary = "datagrams, a record per line; at most once",
    .start = udp_start,
    .resume = udp_resume,
    .stop = udp_stop,
    .change = udp_change,
    .port = udp_port,
};
