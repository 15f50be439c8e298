/*
 * http_connection.c - one connection: heads in, bodies in, answers out, deadlines throughout.
 *
 *   IDLE -> HEAD -> BODY -> HANDLING -> WRITING -> IDLE ...
 *                                          \-> LINGER -> closed
 *
 * The bytes of a message are first delimited by http_framing.c and only then given to
 * libhttp-parser; the two must agree on where the message ends, else it is refused.
 */
#include "account.h"
#include "http_internal.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "tls.h"
#include "tls_bufferevent.h"

#define READ_WINDOW 65536

static void advance(struct http_connection *c);

static struct evbuffer *
input_of(struct http_connection *c)
{
    return bufferevent_get_input(c->bev);
}

static void
set_deadline(struct http_connection *c, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(c->timer, &tv);
}

static void
enter(struct http_connection *c, enum conn_state state, int64_t deadline_ms)
{
    c->state = state;
    set_deadline(c, deadline_ms);
}

static int64_t
transfer_ms(const struct http_limits *l, uint64_t bytes)
{
    return l->body_ms + (int64_t)(bytes * 1000 / (l->body_rate ? l->body_rate : 1));
}

void
http_connection_count(struct http_connection *c, int status)
{
    c->server->stats.requests[status / 100 < 6 ? status / 100 : 0]++;
}

void
http_connection_let_body_go(struct http_connection *c)
{
    c->server->stats.memory -= c->body_got;
    account_sub(HOLDER_NETWORK, c->body_got);
}

void
http_connection_refuse(struct http_connection *c, int status, const char *why)
{
    struct buf body = {0}, head = {0};

    http_body_leave_socket(c);
    if (c->request) {
        http_connection_let_body_go(c);
        http_request_free(c->request);
        c->request = NULL;
    }
    http_write_problem(&body, status, why);
    http_write_head(&head, status, "application/problem+json", body.n,
                    status == 503 ? "Retry-After: 1\r\n" : NULL, true);
    buf_span(&head, span_of(body.p, body.n));
    http_connection_count(c, status);
    c->close_after = true;
    enter(c, CONN_WRITING, transfer_ms(&c->server->limits, head.n));
    bufferevent_write(c->bev, head.p, head.n);
    buf_clear(&body);
    buf_clear(&head);
}

/* --- libhttp-parser's callbacks: spans point into request->head --- */

static int
on_url(http_parser *p, const char *at, size_t n)
{
    struct http_connection *c = p->data;

    c->request->target = span_of(at, n);
    return 0;
}

static int
on_field(http_parser *p, const char *at, size_t n)
{
    struct http_connection *c = p->data;
    struct http_request *r = c->request;

    if (c->state != CONN_HEAD)
        return 0; /* a trailer: thrown away */
    if (r->field_count == c->head.headers)
        return 1;
    r->fields[r->field_count++].name = span_of(at, n);
    return 0;
}

static int
on_value(http_parser *p, const char *at, size_t n)
{
    struct http_connection *c = p->data;
    struct http_request *r = c->request;

    if (c->state == CONN_HEAD && r->field_count > 0)
        r->fields[r->field_count - 1].value = span_trim(span_of(at, n));
    return 0;
}

static int
on_body(http_parser *p, const char *at, size_t n)
{
    return http_body_add(p->data, at, n);
}

static int
on_complete(http_parser *p)
{
    struct http_connection *c = p->data;

    c->complete = true;
    return 0;
}

const http_parser_settings http_callbacks = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

/* --- a request comes in --- */

/* "/a/b?x=1", or "http://host/a/b?x=1" as sent to proxies (RFC 9112 section 3.2.2). */
static bool
split_target(struct http_request *r)
{
    struct http_parser_url url;
    struct span t = r->target;

    if (span_is(t, "*") && span_is(r->method, "OPTIONS")) {
        r->path = t;
        return true;
    }
    http_parser_url_init(&url);
    if (http_parser_parse_url(t.p, t.n, 0, &url) != 0)
        return false;
    r->path = SPAN("/");
    if (url.field_set & (1 << UF_PATH))
        r->path = span_of(t.p + url.field_data[UF_PATH].off, url.field_data[UF_PATH].len);
    if (url.field_set & (1 << UF_QUERY))
        r->query = span_of(t.p + url.field_data[UF_QUERY].off, url.field_data[UF_QUERY].len);
    return r->path.p[0] == '/';
}

/* Status 0 if head and parser agree. */
static int
parse_head(struct http_connection *c, struct http_request *r)
{
    size_t n;

    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
    c->complete = false;
    n = http_parser_execute(&c->parser, &http_callbacks, r->head.p, r->head.n);
    if (HTTP_PARSER_ERRNO(&c->parser) == HPE_INVALID_METHOD)
        return 501;
    if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK || n != r->head.n ||
        c->complete == c->head.has_body || r->field_count != c->head.headers)
        return 400;
    r->method = span_str(http_method_str((enum http_method)c->parser.method));
    return split_target(r) ? 0 : 400;
}

void
http_connection_dispatch(struct http_connection *c)
{
    struct http_request *r = c->request;

    c->state = CONN_HANDLING;
    evtimer_del(c->timer);
    c->server->app.request(c->server->app.arg, r);
}

/* The head is good: the application may refuse or bound it, then the body begins. */
static void
begin_body(struct http_connection *c, struct http_request *r)
{
    struct http_server *s = c->server;
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (s->app.head)
        s->app.head(s->app.arg, r);
    if (r->replied) {
        c->state = CONN_HANDLING;
        evtimer_del(c->timer);
        c->close_after |= c->head.has_body;
        return;
    }
    if (!c->head.has_body) {
        http_connection_dispatch(c);
        return;
    }
    if (c->head.length > r->max_body) {
        http_connection_refuse(c, 413, "The body is longer than this server takes.");
        return;
    }
    memset(&c->chunks, 0, sizeof c->chunks);
    c->body_left = c->head.length;
    c->began_ms = clock_mono_ms();
    enter(c, CONN_BODY, transfer_ms(&s->limits, c->head.length));
    if (c->head.expect_continue && !c->head.old && evbuffer_get_length(input_of(c)) == 0)
        bufferevent_write(c->bev, go_on, sizeof go_on - 1);
}

/* False: more bytes are needed. */
static bool
read_head(struct http_connection *c)
{
    struct http_server *s = c->server;
    struct evbuffer *in = input_of(c);
    size_t have = evbuffer_get_length(in);
    size_t most = s->limits.max_request_line + s->limits.max_head + 8;
    const char *why = NULL, *bytes;
    struct http_request *r;
    int status;

    if (have > most)
        have = most;
    bytes = (const char *)evbuffer_pullup(in, (ev_ssize_t)have);
    status = http_frame_head(&c->head, &s->limits, span_of(bytes, have), &why);
    if (status == HTTP_MORE)
        return false;
    if (status != HTTP_DONE) {
        http_connection_refuse(c, status, why);
        return true;
    }
    c->requests++;
    c->body_got = 0;
    r = c->request = http_request_new(s->queue);
    r->conn = c;
    r->max_body = s->limits.max_body;
    r->unmeasured = c->head.unmeasured;
    c->close_after |= c->head.unmeasured; /* what follows is never taken for another request */
    r->fields = xcalloc(c->head.headers, sizeof *r->fields);
    snprintf(r->peer, sizeof r->peer, "%s", c->guest.name);
    buf_add(&r->head, bytes + c->head.skipped, c->head.n);
    evbuffer_drain(in, c->head.skipped + c->head.n);
    status = parse_head(c, r);
    if (status != 0)
        http_connection_refuse(c, status,
                               "The request line or a header line cannot be understood.");
    else
        begin_body(c, r);
    return true;
}

/* Goes on as far as the bytes that are there allow. */
static void
advance(struct http_connection *c)
{
    bool more = true;

    while (more) {
        struct evbuffer *in = input_of(c);

        if (c->state == CONN_IDLE && evbuffer_get_length(in) > 0) {
            memset(&c->head, 0, sizeof c->head);
            enter(c, CONN_HEAD, c->server->limits.head_ms);
        }
        if (c->state == CONN_HEAD)
            more = read_head(c);
        else if (c->state == CONN_BODY)
            more = http_body_read(c);
        else
            more = false;
        if (c->state == CONN_LINGER || c->state == CONN_STREAM)
            evbuffer_drain(in, evbuffer_get_length(in));
    }
}

/* --- the answer goes out --- */

static void
release_body(const void *data, size_t n, void *arg)
{
    (void)data, (void)n;
    http_request_free(arg);
}

void
http_connection_reply(struct http_connection *c, struct http_request *r)
{
    struct http_server *s = c->server;
    struct buf head = {0};
    bool no_body = span_is(r->method, "HEAD");

    /* HTTP/1.0 would need to be told that the connection stays; it is closed instead. */
    if (c->head.old || !http_should_keep_alive(&c->parser) ||
        c->requests >= s->limits.max_requests || s->draining)
        c->close_after = true;
    http_write_head(&head, r->status, r->type, r->reply.n, r->extra, c->close_after);
    http_connection_count(c, r->status);
    http_connection_let_body_go(c);
    c->request = NULL;
    r->conn = NULL;
    enter(c, CONN_WRITING, transfer_ms(&s->limits, head.n + r->reply.n));
    bufferevent_write(c->bev, head.p, head.n);
    if (no_body || r->reply.n == 0)
        http_request_free(r);
    else /* not copied: the request lives until its answer is sent */
        evbuffer_add_reference(bufferevent_get_output(c->bev), r->reply.p, r->reply.n, release_body,
                               r);
    buf_clear(&head);
}

/* The answer has left: next request, or a goodbye that does not destroy the answer. */
static void
answered(struct http_connection *c)
{
    if (c->close_after && c->ended) {
        http_connection_free(c);
    } else if (c->close_after) {
        tls_goodbye(c->ssl);
        shutdown(c->guest.fd, SHUT_WR);
        enter(c, CONN_LINGER, c->server->limits.linger_ms);
        advance(c);
    } else {
        acceptor_heard(&c->server->acceptor, &c->guest);
        enter(c, CONN_IDLE, c->server->limits.idle_ms);
        advance(c);
        if (c->ended && c->state < CONN_HANDLING)
            http_connection_free(c);
    }
}

static void
on_read(struct bufferevent *bev, void *arg)
{
    struct http_connection *c = arg;

    (void)bev;
    acceptor_heard(&c->server->acceptor, &c->guest);
    advance(c);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
    struct http_connection *c = arg;

    (void)bev;
    if (c->state == CONN_WRITING)
        answered(c);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
    struct http_connection *c = arg;
    bool ended = (what & BEV_EVENT_EOF) && (what & BEV_EVENT_READING);

    (void)bev;
    if (what & BEV_EVENT_CONNECTED) { /* hands were shaken */
        if (c->state == CONN_IDLE)
            enter(c, CONN_IDLE, c->server->limits.idle_ms);
        return;
    }
    c->ended = true;
    /* A peer may close its half and still wait for the answer. */
    if (!ended || (c->state != CONN_HANDLING && c->state != CONN_WRITING))
        http_connection_free(c);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct http_connection *c = arg;
    int64_t left = 0;

    (void)fd, (void)what;
    /* A chunked body earns time by what has arrived; its length is not known before. */
    if (c->state == CONN_BODY && c->head.chunked)
        left = c->began_ms + transfer_ms(&c->server->limits, c->body_got) - clock_mono_ms();
    if (left > 0)
        set_deadline(c, left);
    else if (c->state == CONN_HEAD || c->state == CONN_BODY)
        http_connection_refuse(c, 408, "The request did not arrive in time.");
    else
        http_connection_free(c);
}

struct http_connection *
http_connection_new(struct http_server *s, int fd)
{
    struct http_connection *c = xcalloc(1, sizeof *c);
    size_t window = s->limits.max_request_line + s->limits.max_head + 8;
    int one = 1;

    c->server = s;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->bev =
        s->tls ? tls_accept(s->tls, s->base, fd, &c->ssl) : bufferevent_socket_new(s->base, fd, 0);
    if (!c->bev && s->tls) {
        free(c);
        return NULL;
    }
    c->timer = evtimer_new(s->base, on_deadline, c);
    if (!c->bev || !c->timer)
        abort(); /* out of memory */
    bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
    bufferevent_setwatermark(c->bev, EV_READ, 0, window > READ_WINDOW ? window : READ_WINDOW);
    enter(c, CONN_IDLE, s->tls ? s->limits.head_ms : s->limits.idle_ms); /* shaking hands */
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
    return c;
}

void
http_connection_free(struct http_connection *c)
{
    struct http_server *s = c->server;

    if (c->gone)
        c->gone(c->gone_arg);
    if (c->request) {
        http_connection_let_body_go(c);
        if (c->state == CONN_HANDLING)
            c->request->conn = NULL; /* the application still has it */
        else
            http_request_free(c->request);
    }
    event_free(c->timer);
    if (c->on_body)
        event_free(c->on_body);
    bufferevent_disable(c->bev, EV_READ | EV_WRITE); /* its socket is closed before it is gone */
    tls_goodbye(c->ssl);
    bufferevent_free(c->bev);
    acceptor_leave(&s->acceptor, &c->guest);
    free(c);
}
