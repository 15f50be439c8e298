/*
 * dialing_talk.c - what inputs that connect to a server have in common: what is heard and said.
 */
#include "dialing_internal.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "gather.h"
#include "tls.h"

#define READ_BYTES (64 * 1024)

void
dialing_break(struct dialing *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(d->broken, sizeof d->broken, fmt, ap);
    va_end(ap);
    for (char *p = d->broken; *p; p++) /* a server's words */
        if ((unsigned char)*p < ' ' || *p == '"')
            *p = ' ';
}

void
dialing_refused(struct dialing *d, struct span why)
{
    d->refused = true;
    dialing_break(d, "%.*s", (int)(why.n < 120 ? why.n : 120), why.p ? why.p : "");
}

/* --- what was received --- */

void
dialing_hand_on(struct dialing *d)
{
    uint32_t end = (uint32_t)d->payload.n;

    buf_add(&d->ends, &end, sizeof end);
}

static bool
make_block(struct dialing *d)
{
    if (d->kind->block)
        return d->has_out = d->kind->block((struct input *)d, &d->out);
    if (d->ends.n == 0)
        return false;
    d->out = (struct block){.p = buffer_take(d->payload.n),
                            .n = d->payload.n,
                            .frame_end = xmalloc(d->ends.n),
                            .frame_count = (uint32_t)(d->ends.n / sizeof(uint32_t)),
                            .offset = d->place,
                            .source = source_ref(d->source),
                            .patient = true};
    memcpy(d->out.p, d->payload.p, d->payload.n);
    memcpy(d->out.frame_end, d->ends.p, d->ends.n);
    d->place += d->payload.n;
    d->out.cursor.position = d->place;
    buf_reset(&d->payload);
    buf_reset(&d->ends);
    return d->has_out = true;
}

bool
dialing_submit(struct dialing *d)
{
    while (d->has_out || make_block(d)) {
        if (engine_submit(d->engine, &d->out) != ST_OK)
            return false;
        d->has_out = false;
    }
    return true;
}

static void
take_whole(struct dialing *d)
{
    size_t at = 0, n;

    while (!d->broken[0] && at < d->got.n &&
           (n = d->kind->take((struct input *)d, span_of(d->got.p + at, d->got.n - at))) > 0)
        at += n;
    d->got.n -= at;
    if (at > 0)
        memmove(d->got.p, d->got.p + at, d->got.n);
    if (d->got.n == 0 && d->got.cap > 4 * READ_BYTES) /* a long list was in it */
        buf_clear(&d->got);
    if (!d->broken[0] && d->got.n > d->kind->max_packet)
        dialing_break(d, "it sent a packet of more than %zu bytes", d->kind->max_packet);
}

void
dialing_go_on(struct dialing *d)
{
    if (d->on_say)
        take_whole(d);
    if (!dialing_submit(d) && d->on_say)
        event_del(d->on_socket);
    if (d->broken[0])
        dialing_drop(d, d->broken);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
    struct dialing *d = arg;
    ssize_t n;

    (void)what;
    buf_reserve(&d->got, READ_BYTES);
    n = d->ssl ? tls_read(d->ssl, d->got.p + d->got.n, READ_BYTES)
               : recv(fd, d->got.p + d->got.n, READ_BYTES, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        dialing_fail(d, errno);
        return;
    }
    if (n == 0) {
        if (d->kind->over)
            d->kind->over((struct input *)d, true);
        dialing_submit(d);
        dialing_drop(d, "the server closed the connection");
        return;
    }
    d->got.n += (size_t)n;
    standing_arrived(&d->standing, (size_t)n);
    d->heard_us = clock_now_us();
    d->asked = false;
    if (d->state == DIALING_TALKS)
        dialing_set_timer(d, d->cfg->keep_alive_ms);
    dialing_go_on(d);
}

/* --- what is said --- */

static void
on_say(evutil_socket_t fd, short what, void *arg)
{
    struct dialing *d = arg;
    const char *rest = d->say.p + d->said;
    size_t left = d->say.n - d->said;
    ssize_t n =
        d->ssl ? tls_write(d->ssl, rest, left) : send(fd, rest, left, MSG_DONTWAIT | MSG_NOSIGNAL);

    (void)what;
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        dialing_fail(d, errno);
        return;
    }
    d->said += n > 0 ? (size_t)n : 0;
    if (d->said < d->say.n) {
        event_add(d->on_say, NULL);
        return;
    }
    buf_reset(&d->say);
    d->said = 0;
}

void
dialing_say(struct dialing *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&d->say, fmt, ap);
    va_end(ap);
    event_add(d->on_say, NULL);
}

void
dialing_listen(struct dialing *d)
{
    d->on_socket = event_new(d->base, d->fd, EV_READ | EV_PERSIST, on_read, d);
    d->on_say = event_new(d->base, d->fd, EV_WRITE, on_say, d);
    event_add(d->on_socket, NULL);
}
