/*
 * http_server.c - listening, connection limits, the loop's end of the reply queue.
 */
#include "http_internal.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "listen.h"
#include "log.h"

#define RETRY_MS 100

static uint32_t
count_from(const struct http_server *s, const struct sockaddr *address)
{
    const struct http_connection *c;
    uint32_t n = 0;

    for (c = LIST_FIRST(&s->connections); c; c = LIST_NEXT(c, link))
        n += listen_same_host((const struct sockaddr *)&c->address, address);
    return n;
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *address, int n, void *arg)
{
    struct http_server *s = arg;

    (void)l;
    if (count_from(s, address) >= s->limits.max_per_address) {
        s->stats.refused_connections++;
        close(fd);
        return;
    }
    http_connection_new(s, fd, address, (socklen_t)n);
    if (s->stats.open >= s->limits.max_connections) {
        s->paused = true; /* others wait in the kernel's queue until one goes */
        evconnlistener_disable(s->listener);
    }
}

void
http_server_gone(struct http_server *s)
{
    if (s->paused && !s->draining && s->stats.open < s->limits.max_connections) {
        s->paused = false;
        evconnlistener_enable(s->listener);
    }
}

/* No descriptors left: the listener would spin, so it rests a moment. */
static void
on_accept_error(struct evconnlistener *l, void *arg)
{
    struct http_server *s = arg;
    struct timeval tv = {0, RETRY_MS * 1000};

    log_warn("http_accept_failed", "error=\"%s\"", strerror(errno));
    evconnlistener_disable(l);
    evtimer_add(s->retry, &tv);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct http_server *s = arg;

    (void)fd, (void)what;
    if (!s->paused && !s->draining)
        evconnlistener_enable(s->listener);
}

static void
on_replies(evutil_socket_t fd, short what, void *arg)
{
    struct http_server *s = arg;
    struct http_request *r, *next;

    (void)fd, (void)what;
    for (r = http_queue_take(s->queue); r; r = next) {
        next = r->next;
        if (r->conn)
            http_connection_reply(r->conn, r);
        else
            http_request_free(r); /* nobody waits any more */
    }
}

/* --- where to listen --- */

/* "host:port" into its halves; "[::1]:80" may have colons inside brackets. */
static bool
split_address(const char *text, char *host, size_t size, const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;

    if (!colon || n + 1 > size || !colon[1] || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || atoi(colon + 1) > 65535)
        return false;
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']')
        text++, n -= 2;
    else if (memchr(text, ':', n))
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    *port = colon + 1;
    return true;
}

static bool
is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
}

static enum status
resolve(const struct http_options *opt, struct addrinfo **out, struct error *err)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    char host[256];
    const char *port;
    int rc;

    if (!split_address(opt->listen, host, sizeof host, &port))
        return fail(err, ST_BAD_CONFIG,
                    "http listen \"%.80s\": expected \"address:port\", such as "
                    "\"127.0.0.1:8460\" or \"[::1]:8460\"",
                    opt->listen);
    rc = getaddrinfo(host[0] ? host : NULL, port, &hints, out);
    if (rc != 0)
        return fail(err, ST_BAD_CONFIG, "http listen \"%.80s\": %s", opt->listen, gai_strerror(rc));
    if (opt->loopback_only && !is_loopback((*out)->ai_addr)) {
        freeaddrinfo(*out);
        return fail(err, ST_BAD_CONFIG,
                    "http listen \"%.80s\": only loopback addresses are served, such as "
                    "\"127.0.0.1:8460\"",
                    opt->listen);
    }
    return ST_OK;
}

static enum status
start_listening(struct http_server *s, const struct http_options *opt, struct error *err)
{
    struct addrinfo *found;
    enum status st = resolve(opt, &found, err);

    if (st != ST_OK)
        return st;
    s->listener = evconnlistener_new_bind(
        s->base, on_accept, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        -1, found->ai_addr, (int)found->ai_addrlen);
    freeaddrinfo(found);
    if (!s->listener)
        return fail(err, ST_IO, "cannot listen on %.80s: %s", opt->listen, strerror(errno));
    evconnlistener_set_error_cb(s->listener, on_accept_error);
    s->port = listen_port(evconnlistener_get_fd(s->listener));
    return ST_OK;
}

enum status
http_server_open(struct http_server **out, const struct http_options *opt, struct error *err)
{
    struct http_server *s = xcalloc(1, sizeof *s);
    enum status st;

    s->base = opt->base;
    s->limits = opt->limits;
    s->app = opt->app;
    LIST_INIT(&s->connections);
    s->queue = http_queue_new();
    if (!s->queue) {
        st = fail(err, ST_IO, "cannot create an event descriptor: %s", strerror(errno));
        goto fail;
    }
    s->notice = event_new(s->base, s->queue->fd, EV_READ | EV_PERSIST, on_replies, s);
    s->retry = evtimer_new(s->base, on_retry, s);
    if (!s->notice || !s->retry || event_add(s->notice, NULL) != 0) {
        st = fail(err, ST_IO, "the event loop takes no more events");
        goto fail;
    }
    st = start_listening(s, opt, err);
    if (st != ST_OK)
        goto fail;
    *out = s;
    return ST_OK;
fail:
    http_server_close(s);
    return st;
}

int
http_server_port(const struct http_server *s)
{
    return s->port;
}

const struct http_stats *
http_server_stats(const struct http_server *s)
{
    return &s->stats;
}

void
http_server_drain(struct http_server *s)
{
    struct http_connection *c, *next;

    s->draining = true;
    if (s->listener)
        evconnlistener_free(s->listener);
    s->listener = NULL;
    for (c = LIST_FIRST(&s->connections); c; c = next) {
        next = LIST_NEXT(c, link);
        if (c->state == CONN_IDLE)
            http_connection_free(c);
    }
}

size_t
http_server_busy(const struct http_server *s)
{
    const struct http_connection *c;
    size_t n = 0;

    for (c = LIST_FIRST(&s->connections); c; c = LIST_NEXT(c, link))
        n += c->state != CONN_IDLE && c->state != CONN_LINGER;
    return n;
}

void
http_server_close(struct http_server *s)
{
    if (!s)
        return;
    s->draining = true;
    while (!LIST_EMPTY(&s->connections))
        http_connection_free(LIST_FIRST(&s->connections));
    if (s->listener)
        evconnlistener_free(s->listener);
    if (s->notice)
        event_free(s->notice);
    if (s->retry)
        event_free(s->retry);
    if (s->queue)
        http_queue_close(s->queue);
    free(s);
}
