/*
 * dialing.c - what inputs that connect to a server have in common: the connection.
 */
#include "dialing_internal.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "civil.h"
#include "clock.h"
#include "log.h"

#define ANSWER_MS       10000 /* for an address, a connection, a login */
#define MAX_DOUBLINGS   6     /* of the option reconnect: a minute where it is a second */
#define REFUSED_WAITS   16    /* times reconnect: servers lock out who tries too often, */
#define REFUSED_DOUBLES 5     /* and people have to mend it: up to eight minutes */
#define LASTING         30    /* times reconnect: who stayed so long starts over */

/* --- reports --- */

static void
say_where(const struct dialing *d, char out[160])
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

void
dialing_describe(void *arg)
{
    struct dialing *d = arg;
    struct feed *feed = &d->standing.feed;

    snprintf(feed->input, sizeof feed->input, "%s", d->cfg->title);
    say_where(d, feed->detail);
}

/* --- the end of a connection --- */

void
dialing_set_timer(struct dialing *d, int64_t ms)
{
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};

    evtimer_add(d->on_time, &tv);
}

void
dialing_free_event(struct event **e)
{
    if (*e)
        event_free(*e);
    *e = NULL;
}

void
dialing_hang_up(struct dialing *d)
{
    dialing_free_event(&d->on_socket);
    dialing_free_event(&d->on_say);
    dialing_tls_end(d);
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
    if (d->kind->over)
        d->kind->over((struct input *)d, false);
    if (d->state == DIALING_TALKS) {
        d->standing.feed.lost += d->got.n > 0;
        d->gone_us = d->heard_us;
    }
    buf_reset(&d->got);
    buf_reset(&d->say);
    d->said = 0;
    d->asked = false;
    d->broken[0] = '\0';
    d->standing.dirty = true;
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

    if (strcmp(d->logged, d->standing.feed.problem) == 0)
        return;
    strcpy(d->logged, d->standing.feed.problem);
    snprintf(event, sizeof event, "%s_disconnected", d->kind->type);
    log_warn(event, "input=%s address=%s reason=\"%s\"", d->cfg->title, d->cfg->address,
             d->standing.feed.problem);
}

void
dialing_drop(struct dialing *d, const char *why)
{
    bool refused = d->refused, talked = d->state == DIALING_TALKS;
    int64_t wait;

    snprintf(d->standing.feed.problem, sizeof d->standing.feed.problem, "%s%.140s",
             refused ? "login refused: " : "", why);
    if (talked && clock_mono_ms() - d->since_ms >= d->cfg->reconnect_ms * LASTING)
        d->failures = 0;
    wait = next_wait(d, refused);
    d->failures++;
    dialing_hang_up(d);
    d->refused = false;
    d->state = DIALING_WAITS;
    d->until = clock_now() + wait / 1000;
    dialing_set_timer(d, wait);
    log_problem(d);
    standing_tell(&d->standing);
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
    d->standing.feed.problem[0] = d->logged[0] = '\0';
    dialing_set_timer(d, d->cfg->keep_alive_ms);
    snprintf(event, sizeof event, "%s_connected", d->kind->type);
    log_info(event, "input=%s address=%s", d->cfg->title, d->cfg->address);
    d->standing.dirty = true;
}

static void
greet(struct dialing *d)
{
    dialing_free_event(&d->on_socket);
    dialing_listen(d);
    d->state = DIALING_GREETS;
    d->standing.dirty = true;
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
        dialing_free_event(&d->on_socket);
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
    dialing_free_event(&d->on_socket);
    if (st == ST_OK)
        connect_to(d, &to);
    else
        dialing_drop(d, err.text);
}

void
dialing_attempt(struct dialing *d)
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
    d->standing.dirty = true;
}

void
dialing_on_time(evutil_socket_t fd, short what, void *arg)
{
    struct dialing *d = arg;

    (void)fd, (void)what;
    if (d->state == DIALING_WAITS) {
        dialing_attempt(d);
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
