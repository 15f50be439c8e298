/*
 * dialing.c - what inputs that connect to a server have in common: the connection.
 */
#include "dialing_internal.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "civil.h"
#include "clock.h"
#include "gather.h"
#include "log.h"
#include "tls.h"

#define ANSWER_MS       10000 /* for an address, a connection, a login */
#define REPORT_MS       1000
#define MAX_DOUBLINGS   6  /* of the option reconnect: a minute where it is a second */
#define REFUSED_WAITS   16 /* times reconnect: servers lock out who tries too often, */
#define REFUSED_DOUBLES 5  /* and people have to mend it: up to eight minutes */
#define LASTING         30 /* times reconnect: who stayed so long starts over */

/* --- reports --- */

static void
describe(const struct dialing *d, char out[160])
{
    char time[CIVIL_TEXT];
    int n = snprintf(out, 160, "%.80s, ", d->cfg->address);

    if (d->state == DIALING_TALKS) {
        n += snprintf(out + n, 160 - (size_t)n, "connected since %s", format_utc(time, d->since));
        if (d->kind->describe)
            d->kind->describe((const struct input *)d, out + n, 160 - (size_t)n);
    } else if (d->state == DIALING_WAITS) {
        snprintf(out + n, 160 - (size_t)n, "waiting until %s", format_utc(time, d->until));
    } else {
        snprintf(out + n, 160 - (size_t)n, "%s",
                 d->state == DIALING_GREETS ? "logging in" : "connecting");
    }
}

static void
report(struct dialing *d)
{
    struct feed feed = {.bytes = d->bytes, .lost = d->lost, .last_arrival = d->last_arrival};

    snprintf(feed.input, sizeof feed.input, "%s", d->cfg->title);
    snprintf(feed.type, sizeof feed.type, "%s", d->kind->type);
    describe(d, feed.detail);
    snprintf(feed.problem, sizeof feed.problem, "%s", d->problem);
    engine_report_feed(d->engine, &feed);
    d->dirty = false;
}

static void
on_report(evutil_socket_t fd, short what, void *arg)
{
    struct dialing *d = arg;

    (void)fd, (void)what;
    if (d->dirty)
        report(d);
}

/* --- the end of a connection --- */

void
dialing_set_timer(struct dialing *d, int64_t ms)
{
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};

    evtimer_add(d->on_time, &tv);
}

static void
free_event(struct event **e)
{
    if (*e)
        event_free(*e);
    *e = NULL;
}

/* What is whole stays to be handed on; half a packet is lost. */
static void
hang_up(struct dialing *d)
{
    free_event(&d->on_socket);
    free_event(&d->on_say);
    dialing_tls_end(d);
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
    if (d->kind->over)
        d->kind->over((struct input *)d, false);
    if (d->state == DIALING_TALKS) {
        d->lost += d->got.n > 0;
        d->gone_us = d->heard_us;
    }
    buf_reset(&d->got);
    buf_reset(&d->say);
    d->said = 0;
    d->asked = false;
    d->broken[0] = '\0';
    d->dirty = true;
}

/* A quarter more or less, so that many who lost the same server do not come back as one. */
static int64_t
jitter(int64_t ms)
{
    uint16_t r;

    evutil_secure_rng_get_bytes(&r, sizeof r);
    return ms * 3 / 4 + ms / 2 * r / 65536;
}

static int64_t
next_wait(const struct dialing *d, bool refused)
{
    unsigned most = refused ? REFUSED_DOUBLES : MAX_DOUBLINGS;
    unsigned doubled = d->failures < most ? d->failures : most;
    int64_t wait = d->cfg->reconnect_ms * (refused ? REFUSED_WAITS : 1);

    return jitter(wait << doubled);
}

/* Once for each new reason, and not for every attempt that ends as the one before. */
static void
log_problem(struct dialing *d)
{
    char event[32];

    if (strcmp(d->logged, d->problem) == 0)
        return;
    strcpy(d->logged, d->problem);
    snprintf(event, sizeof event, "%s_disconnected", d->kind->type);
    log_warn(event, "input=%s address=%s reason=\"%s\"", d->cfg->title, d->cfg->address,
             d->problem);
}

void
dialing_drop(struct dialing *d, const char *why)
{
    bool refused = d->refused, talked = d->state == DIALING_TALKS;
    int64_t wait;

    snprintf(d->problem, sizeof d->problem, "%s%.140s", refused ? "login refused: " : "", why);
    if (talked && clock_mono_ms() - d->since_ms >= d->cfg->reconnect_ms * LASTING)
        d->failures = 0;
    wait = next_wait(d, refused);
    d->failures++;
    hang_up(d);
    d->refused = false;
    d->state = DIALING_WAITS;
    d->until = clock_now() + wait / 1000;
    dialing_set_timer(d, wait);
    log_problem(d);
    report(d);
}

void
dialing_fail(struct dialing *d, int error)
{
    char why[140];

    dialing_tls_why(d, error, why, sizeof why);
    dialing_drop(d, why);
}

/* --- connecting --- */

void
dialing_settled(struct dialing *d)
{
    char event[32];

    d->state = DIALING_TALKS;
    d->since = clock_now();
    d->since_ms = clock_mono_ms();
    d->problem[0] = d->logged[0] = '\0';
    dialing_set_timer(d, d->cfg->keep_alive_ms);
    snprintf(event, sizeof event, "%s_connected", d->kind->type);
    log_info(event, "input=%s address=%s", d->cfg->title, d->cfg->address);
    d->dirty = true;
}

static void
greet(struct dialing *d)
{
    free_event(&d->on_socket);
    dialing_listen(d);
    d->state = DIALING_GREETS;
    d->dirty = true;
    dialing_set_timer(d, ANSWER_MS);
    d->kind->begin((struct input *)d);
}

static void
on_shake(evutil_socket_t fd, short what, void *arg)
{
    struct dialing *d = arg;
    int wants = dialing_tls_shake(d);

    (void)what;
    if (wants < 0) {
        dialing_fail(d, errno);
    } else if (wants == 0) {
        greet(d);
    } else {
        free_event(&d->on_socket);
        d->on_socket = event_new(d->base, fd, (short)wants, on_shake, d);
        event_add(d->on_socket, NULL);
    }
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
    struct dialing *d = arg;
    int error = 0;
    socklen_t n = sizeof error;

    (void)what;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
    if (error) {
        dialing_drop(d, strerror(error));
        return;
    }
    if (!d->tls) {
        greet(d);
        return;
    }
    d->state = DIALING_SHAKES;
    dialing_set_timer(d, ANSWER_MS);
    dialing_tls_begin(d);
    on_shake(fd, 0, d);
}

static void
connect_to(struct dialing *d, const struct address *to)
{
    d->fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (d->fd < 0 ||
        (connect(d->fd, (const struct sockaddr *)&to->sa, to->n) != 0 && errno != EINPROGRESS)) {
        dialing_drop(d, strerror(errno));
        return;
    }
    d->state = DIALING_CONNECTS;
    d->on_socket = event_new(d->base, d->fd, EV_WRITE, on_connected, d);
    event_add(d->on_socket, NULL);
}

static void
on_address(evutil_socket_t fd, short what, void *arg)
{
    struct dialing *d = arg;
    struct address to;
    struct error err;
    enum status st = lookup_end(fd, &to, &err);

    (void)what;
    d->fd = -1;
    free_event(&d->on_socket);
    if (st == ST_OK)
        connect_to(d, &to);
    else
        dialing_drop(d, err.text);
}

static void
attempt(struct dialing *d)
{
    struct address to;
    struct error err;

    dialing_set_timer(d, ANSWER_MS);
    switch (lookup_begin(d->cfg->address, &to, &d->fd, &err)) {
    case ST_OK:
        connect_to(d, &to);
        break;
    case ST_MORE:
        d->state = DIALING_LOOKS_UP;
        d->on_socket = event_new(d->base, d->fd, EV_READ, on_address, d);
        event_add(d->on_socket, NULL);
        break;
    default:
        dialing_drop(d, err.text);
    }
    d->dirty = true;
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
    struct dialing *d = arg;

    (void)fd, (void)what;
    if (d->state == DIALING_WAITS) {
        attempt(d);
    } else if (d->state != DIALING_TALKS) {
        dialing_drop(d, d->state == DIALING_GREETS   ? "it does not answer the login"
                        : d->state == DIALING_SHAKES ? "it does not answer the TLS handshake"
                                                     : "it cannot be reached: no answer");
    } else if (!d->kind->ask) { /* TCP finds out */
        return;
    } else if (d->has_out) { /* it is not listened to: the engine is full */
        dialing_set_timer(d, d->cfg->keep_alive_ms);
    } else if (d->asked) {
        dialing_drop(d, "it has stopped answering");
    } else {
        d->asked = true;
        d->kind->ask((struct input *)d);
        dialing_set_timer(d, d->cfg->keep_alive_ms);
    }
}

/* --- start, change and stop --- */

static enum status
make_source(const struct dialing *d, const struct config_input *cfg, struct source **out,
            struct error *err)
{
    const struct source_options opt = {.input = cfg->title,
                                       .format = cfg->format,
                                       .timezone = cfg->timezone,
                                       .source = cfg->source,
                                       .name = cfg->address,
                                       .identity = IDENTITY_NONE};
    struct source *s;
    enum status st = engine_source(d->engine, &s, &opt, err);

    if (st == ST_OK && source_needs_header(s)) {
        source_unref(s);
        return fail(err, ST_BAD_CONFIG,
                    "input \"%s\": format \"%s\" has a header line, which %s servers do not send",
                    cfg->title, cfg->format, cfg->type);
    }
    if (st == ST_OK)
        *out = s;
    return st;
}

/* *out stays NULL where there is no TLS. */
static enum status
load_trust(struct ssl_ctx_st **out, const struct config_input *cfg, struct error *err)
{
    struct error why;

    if (!cfg->tls || tls_load_trust(out, cfg->ca, &why) == ST_OK)
        return ST_OK;
    return fail(err, ST_BAD_CONFIG, "input \"%s\": %.180s", cfg->title, why.text);
}

static enum status
open_all(struct dialing *d, struct error *err)
{
    struct timeval every = {.tv_sec = REPORT_MS / 1000};
    enum status st = make_source(d, d->cfg, &d->source, err);

    if (st == ST_OK)
        st = load_trust(&d->tls, d->cfg, err);
    if (st != ST_OK)
        return st;
    d->kind->open((struct input *)d);
    d->on_time = evtimer_new(d->base, on_time, d);
    d->on_report = event_new(d->base, -1, EV_PERSIST, on_report, d);
    event_add(d->on_report, &every);
    attempt(d);
    report(d);
    return ST_OK;
}

enum status
dialing_start(struct input **out, const struct dialing_kind *kind, struct event_base *base,
              struct engine *e, const struct config_input *cfg, struct error *err)
{
    struct dialing *d = xcalloc(1, kind->size);
    enum status st;

    d->kind = kind;
    d->base = base;
    d->engine = e;
    d->fd = -1;
    d->cfg = input_config_copy(cfg);
    st = open_all(d, err);
    if (st != ST_OK) {
        dialing_stop((struct input *)d);
        return st;
    }
    *out = (struct input *)d;
    return ST_OK;
}

void
dialing_resume(struct input *in)
{
    struct dialing *d = (struct dialing *)in;

    if (!d->has_out || !dialing_submit(d))
        return;
    if (d->on_say) /* there is a connection */
        event_add(d->on_socket, NULL);
    dialing_go_on(d);
}

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool
same_server(const struct config_input *a, const struct config_input *b)
{
    return same_text(a->address, b->address) && same_text(a->user, b->user) &&
           same_text(a->secret, b->secret) && same_text(a->password, b->password) &&
           a->tls == b->tls && same_text(a->ca, b->ca);
}

enum status
dialing_change(struct input *in, const struct config_input *cfg, const struct config_limits *limits,
               struct error *err)
{
    struct dialing *d = (struct dialing *)in;
    struct config_input *old = d->cfg;
    struct source *source = NULL;
    struct ssl_ctx_st *tls = NULL;
    enum status st;

    (void)limits;
    st = load_trust(&tls, cfg ? cfg : old, err);
    if (st == ST_OK && cfg)
        st = make_source(d, cfg, &source, err);
    if (st != ST_OK) {
        tls_free(tls);
        return st;
    }
    tls_free(d->tls); /* a connection that goes on holds on to it */
    d->tls = tls;
    if (!cfg)
        return ST_OK;
    source_unref(d->source);
    d->source = source;
    d->cfg = input_config_copy(cfg);
    if (!same_server(old, cfg)) {
        hang_up(d);
        d->failures = 0;
        d->problem[0] = d->logged[0] = '\0';
        d->state = DIALING_WAITS;
        attempt(d);
    }
    input_config_free(old);
    report(d);
    return ST_OK;
}

static void
count_unread(struct dialing *d)
{
    uint32_t frames = d->has_out ? d->out.frame_count : 0;

    frames += (uint32_t)(d->ends.n / sizeof(uint32_t));
    if (frames == 0)
        return;
    d->lost += frames;
    log_warn("dialing_unread", "input=%s packets=%u", d->cfg->title, frames);
}

void
dialing_stop(struct input *in)
{
    struct dialing *d = (struct dialing *)in;

    count_unread(d);
    if (d->on_report) { /* it was started */
        if (d->kind->over)
            d->kind->over(in, false);
        report(d);
    }
    free_event(&d->on_socket);
    free_event(&d->on_say);
    free_event(&d->on_time);
    free_event(&d->on_report);
    dialing_tls_end(d);
    tls_free(d->tls);
    if (d->fd >= 0)
        close(d->fd);
    if (d->has_out)
        block_clear(&d->out);
    buf_clear(&d->got);
    buf_clear(&d->say);
    buf_clear(&d->payload);
    buf_clear(&d->ends);
    if (d->source)
        source_unref(d->source);
    input_config_free(d->cfg);
    d->kind->clear(in);
    free(d);
}
