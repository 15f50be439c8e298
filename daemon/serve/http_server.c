/*
 * http_server.c - where it listens, and the loop's end of the reply queue.
 */
#include "http_internal.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "tls.h"

/* --- the loop --- */

static struct guest *
welcome(void *arg, int fd, const char *name, struct error *err)
{
    struct http_connection *c = http_connection_new(arg, fd);

    (void)name;
    if (c)
        return &c->guest;
    fail(err, ST_IO, "no descriptor is left");
    return NULL;
}

/* A request that is whole is answered, and the answer read; half of one was never taken. */
static bool
may_go(const struct guest *g)
{
    const struct http_connection *c = (const struct http_connection *)g;

    return c->state < CONN_HANDLING && (c->state != CONN_IDLE || !acceptor_unread(g));
}

static void
dismiss(struct guest *g)
{
    http_connection_free((struct http_connection *)g);
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
    const struct acceptor_options accept = {.base = s->base,
                                            .type = "http",
                                            .title = "http",
                                            .max = s->limits.max_connections,
                                            .max_per_address = s->limits.max_per_address,
                                            .welcome = welcome,
                                            .may_go = may_go,
                                            .dismiss = dismiss,
                                            .arg = s};
    struct addrinfo *found;
    enum status st = resolve(opt, &found, err);

    if (st != ST_OK)
        return st;
    s->local = is_loopback(found->ai_addr);
    st = acceptor_open(&s->acceptor, &accept, found->ai_addr, found->ai_addrlen, err);
    freeaddrinfo(found);
    return st;
}

enum status
http_server_certify(struct http_server *s, const char *certificate, const char *key,
                    struct error *err)
{
    const struct tls_files files = {.certificate = certificate, .key = key};
    struct ssl_ctx_st *tls = NULL;
    struct error why;

    if (certificate && tls_load(&tls, &files, &why) != ST_OK)
        return fail(err, ST_BAD_CONFIG, "http %s", why.text);
    tls_free(s->tls);
    s->tls = tls;
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
    s->queue = http_queue_new();
    if (!s->queue) {
        st = fail(err, ST_IO, "cannot create an event descriptor: %s", strerror(errno));
        goto fail;
    }
    s->notice = event_new(s->base, s->queue->fd, EV_READ | EV_PERSIST, on_replies, s);
    if (!s->notice || event_add(s->notice, NULL) != 0) {
        st = fail(err, ST_IO, "the event loop takes no more events");
        goto fail;
    }
    st = http_server_certify(s, opt->certificate, opt->key, err);
    if (st == ST_OK)
        st = start_listening(s, opt, err);
    if (st != ST_OK)
        goto fail;
    *out = s;
    return ST_OK;
fail:
    http_server_close(s);
    return st;
}

bool
http_server_is_local(const struct http_server *s)
{
    return s->local;
}

int
http_server_port(const struct http_server *s)
{
    return acceptor_port(&s->acceptor);
}

void
http_server_stats(const struct http_server *s, struct http_stats *out)
{
    *out = s->stats;
    out->connections = s->acceptor.came;
    out->refused_connections = s->acceptor.turned_away;
    out->gave_way = s->acceptor.gave_way;
    out->open = s->acceptor.count;
}

void
http_server_limit(struct http_server *s, uint32_t max, uint32_t max_per_address)
{
    acceptor_limit(&s->acceptor, max, max_per_address);
}

void
http_server_drain(struct http_server *s)
{
    struct guest *g, *next;

    s->draining = true;
    acceptor_close(&s->acceptor);
    for (g = TAILQ_FIRST(&s->acceptor.guests); g; g = next) {
        struct http_connection *c = (struct http_connection *)g;

        next = TAILQ_NEXT(g, link);
        if (c->state == CONN_IDLE)
            http_connection_free(c);
    }
}

size_t
http_server_busy(const struct http_server *s)
{
    const struct guest *g;
    size_t n = 0;

    TAILQ_FOREACH (g, &s->acceptor.guests, link) {
        enum conn_state state = ((const struct http_connection *)g)->state;

        n += state != CONN_IDLE && state != CONN_LINGER;
    }
    return n;
}

void
http_server_close(struct http_server *s)
{
    struct guest *g;

    if (!s)
        return;
    s->draining = true;
    acceptor_close(&s->acceptor);
    while ((g = TAILQ_FIRST(&s->acceptor.guests)))
        http_connection_free((struct http_connection *)g);
    if (s->notice)
        event_free(s->notice);
    if (s->queue)
        http_queue_close(s->queue);
    tls_free(s->tls);
    free(s);
}
