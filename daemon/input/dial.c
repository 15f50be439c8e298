/*
 * dial.c - a server that sends records to whoever connects: 3CX's passive socket, a switch's SMDR
 * port.
 *
 * Nothing is said there, in neither direction: the connection stands, and lines or counted frames
 * come down it as they do on a tcp input. A server that is gone without a word is found by TCP's
 * own probes.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>

#include "dialing.h"
#include "frame.h"

#define PROBES 3 /* that stay without an answer */

struct input {
    struct dialing d; /* first */
    struct gather g;
    struct framer framer;
    bool ended; /* in order: what has come is all there is */
};

static void
probe(int fd, int64_t silent_ms)
{
    int on = 1, probes = PROBES;
    int idle = silent_ms < 1000 ? 1 : (int)(silent_ms / 1000), every = (idle + PROBES - 1) / PROBES;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* What the connection before left unfinished is lost. */
static void
give_up_rest(struct input *in)
{
    if (in->g.n > 0 || in->g.head || in->framer.dropping)
        in->d.standing.feed.lost++;
    gather_restart(&in->g, in->g.offset);
    in->framer.dropping = 0;
}

static void
dial_begin(struct input *in)
{
    give_up_rest(in);
    in->ended = false;
    framing_parse(in->d.cfg->framing, &in->framer.framing);
    probe(in->d.fd, in->d.cfg->keep_alive_ms);
    dialing_settled(&in->d);
}

static size_t
dial_take(struct input *in, struct span got)
{
    gather_add(&in->g, got.p, got.n);
    return got.n;
}

static bool
dial_block(struct input *in, struct block *out)
{
    struct error err;
    enum status st = framer_take(&in->framer, &in->g, in->ended, out, &err);

    if (st != ST_OK && st != ST_MORE) {
        dialing_break(&in->d, "%s", err.text);
        give_up_rest(in);
    }
    return st == ST_OK;
}

static void
dial_over(struct input *in, bool in_order)
{
    if (in_order)
        in->ended = true;
    else if (!in->ended)
        give_up_rest(in);
}

static void
dial_open(struct input *in)
{
    gather_init(&in->g, source_ref(in->d.source), 0);
}

static void
dial_clear(struct input *in)
{
    gather_clear(&in->g);
}

static const struct dialing_kind kind = {
    .type = "dial",
    .size = sizeof(struct input),
    .max_packet = SIZE_MAX, /* what is too long the gather cuts */
    .open = dial_open,
    .clear = dial_clear,
    .begin = dial_begin,
    .take = dial_take,
    .block = dial_block,
    .over = dial_over,
};

static enum status
dial_start(struct input **out, struct event_base *base, struct engine *e,
           const struct config_input *cfg, const struct config_limits *limits, struct error *err)
{
    (void)limits;
    return dialing_start(out, &kind, base, e, cfg, err);
}

static enum status
dial_change(struct input *in, const struct config_input *cfg, const struct config_limits *limits,
            struct error *err)
{
    enum status st = dialing_change(in, cfg, limits, err);

    return st == ST_OK ? gather_renew(&in->g, source_ref(in->d.source), err) : st;
}

extern const struct input_ops input_dial;
const struct input_ops input_dial = {
    .name = "dial",
    .summary = "a server that sends records to whoever connects; at most once",
    .start = dial_start,
    .resume = dialing_resume,
    .stop = dialing_stop,
    .change = dial_change,
};
