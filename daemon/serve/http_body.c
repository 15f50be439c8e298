/*
 * http_body.c - a request's body comes in.
 *
 * What was read together with the head is in the connection's evbuffer and is copied out of it. The
 * rest of a body whose length is known is received where it will be parsed: meanwhile this file
 * listens to the socket, and libevent's buffer does not (but for TLS). libhttp-parser sees every
 * byte either way.
 */
#include "account.h"
#include "http_internal.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#define DIRECT_MIN  8192 /* a shorter rest is not worth the change */
#define DIRECT_STEP ((size_t)256 << 10)

int
http_body_add(struct http_connection *c, const char *at, size_t n)
{
    struct buf *body = &c->request->body;

    if (at == body->p + body->n) { /* received there; the room for its NUL is there, too */
        body->n += n;
        body->p[body->n] = '\0';
    } else {
        buf_add(body, at, n);
    }
    c->body_got += n;
    c->server->stats.memory += n;
    account_add(HOLDER_NETWORK, n);
    return 0;
}

/* Room for what is to come of a body of known length: for all of it if that is not much. Beyond
 * that memory follows what has arrived and not what is announced. */
static void
make_room(struct http_connection *c)
{
    struct buf *body = &c->request->body;
    size_t more = body->n > DIRECT_STEP ? body->n : DIRECT_STEP;
    char *p;

    if (body->cap > body->n + 1)
        return;
    if (more > c->body_left)
        more = (size_t)c->body_left;
    p = buffer_take(body->n + more + 1);
    if (body->n)
        memcpy(p, body->p, body->n);
    buffer_give(body->p);
    body->p = p;
    body->cap = body->n + more + 1;
}

/* How many of the n bytes at p belong to the body; HTTP_DONE with the last of them. */
static int
frame(struct http_connection *c, const char *p, size_t n, size_t *used, const char **why)
{
    if (c->head.chunked)
        return http_frame_chunks(&c->chunks, &c->server->limits, span_of(p, n), used, why);
    *used = c->body_left < n ? (size_t)c->body_left : n;
    c->body_left -= *used;
    return c->body_left ? HTTP_MORE : HTTP_DONE;
}

/* Uses what belongs to the body of n bytes at p. False: the request was refused. */
static bool
take(struct http_connection *c, const char *p, size_t n, size_t *used, bool *done)
{
    const char *why = NULL;
    int status = frame(c, p, n, used, &why);

    *done = status == HTTP_DONE;
    if (status != HTTP_MORE && status != HTTP_DONE)
        http_connection_refuse(c, status, why);
    else if (c->head.chunked && c->chunks.total > c->request->max_body)
        http_connection_refuse(c, 413, "The body is longer than this server takes.");
    else if (http_parser_execute(&c->parser, &http_callbacks, p, *used) != *used ||
             HTTP_PARSER_ERRNO(&c->parser) != HPE_OK || c->complete != *done)
        http_connection_refuse(c, 400, "The body is not framed as it should be.");
    else
        return true;
    return false;
}

static void
took(struct http_connection *c, bool done)
{
    if (c->server->stats.memory > c->server->limits.max_memory)
        http_connection_refuse(c, 503, "Too many bodies are being received; try again.");
    else if (done)
        http_connection_dispatch(c);
}

/* --- straight from the socket --- */

void
http_body_leave_socket(struct http_connection *c)
{
    if (!c->on_body)
        return;
    event_free(c->on_body);
    c->on_body = NULL;
    bufferevent_enable(c->bev, EV_READ);
}

static void
on_body(evutil_socket_t fd, short what, void *arg)
{
    struct http_connection *c = arg;
    struct buf *body = &c->request->body;
    size_t room, used;
    bool done;
    ssize_t n;

    (void)what;
    make_room(c);
    room = body->cap - body->n - 1;
    n = recv(fd, body->p + body->n, room < c->body_left ? room : (size_t)c->body_left,
             MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        http_connection_free(c);
        return;
    }
    acceptor_heard(&c->server->acceptor, &c->guest);
    if (!take(c, body->p + body->n, (size_t)n, &used, &done))
        return;
    if (done)
        http_body_leave_socket(c);
    took(c, done);
}

static void
go_to_socket(struct http_connection *c)
{
    c->on_body = event_new(c->server->base, c->guest.fd, EV_READ | EV_PERSIST, on_body, c);
    event_add(c->on_body, NULL); /* before the other leaves: the kernel need not be told */
    bufferevent_disable(c->bev, EV_READ);
}

/* --- out of the evbuffer --- */

bool
http_body_read(struct http_connection *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    size_t n = evbuffer_get_contiguous_space(in), used = 0;
    const char *bytes = (const char *)evbuffer_pullup(in, (ev_ssize_t)n);
    bool done;

    if (n == 0) {
        if (!c->head.chunked && c->body_left >= DIRECT_MIN && !c->on_body && !c->ssl)
            go_to_socket(c);
        return false;
    }
    if (!c->head.chunked)
        make_room(c);
    if (!take(c, bytes, n, &used, &done))
        return true;
    evbuffer_drain(in, used);
    took(c, done);
    return true;
}
