/*
 * acceptor.c - a listening socket and those who came to it, within bounds.
 */
#include "acceptor.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

#define BACKLOG 512

static bool
has_too_many(const struct acceptor *a, const struct sockaddr *sa)
{
    unsigned n = 0;

    for (const struct guest *g = a->guests; g; g = g->next)
        n += listen_same_host((const struct sockaddr *)&g->peer, sa);
    return n >= a->opt.max_per_address;
}

static void
turn_away(struct acceptor *a, int fd, const char *name, const char *why)
{
    char event[32];

    snprintf(a->problem, sizeof a->problem, "%s turned away: %.70s", name, why);
    snprintf(event, sizeof event, "%s_refused", a->opt.type);
    log_warn(event, "input=%s peer=%s reason=\"%s\"", a->opt.title, name, why);
    a->changed = true;
    close(fd);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct acceptor *a = arg;
    struct guest *g = NULL;
    char name[ADDRESS_TEXT];
    struct error err;
    int yes = 1;

    listen_text(sa, name);
    if (has_too_many(a, sa))
        fail(&err, ST_FULL, "too many connections from this address");
    else
        g = a->opt.welcome(a->opt.arg, fd, name, &err);
    if (!g) {
        turn_away(a, fd, name, err.text);
        return;
    }
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    g->fd = fd;
    memcpy(g->name, name, sizeof name);
    memcpy(&g->peer, sa, (size_t)len);
    g->self = &a->guests;
    g->next = a->guests;
    if (g->next)
        g->next->self = &g->next;
    a->guests = g;
    a->changed = true;
    if (++a->count >= a->opt.max) {
        a->paused = true;
        evconnlistener_disable(l);
    }
}

static void
on_accept_error(struct evconnlistener *l, void *arg)
{
    struct acceptor *a = arg;
    char event[32];

    snprintf(a->problem, sizeof a->problem, "accepting: %s", strerror(errno));
    snprintf(event, sizeof event, "%s_accept_failed", a->opt.type);
    log_warn(event, "input=%s reason=\"%s\"", a->opt.title, strerror(errno));
    a->paused = a->changed = true;
    evconnlistener_disable(l);
}

enum status
acceptor_open(struct acceptor *a, const struct acceptor_options *opt, const struct sockaddr *sa,
              socklen_t n, struct error *err)
{
    struct sockaddr_storage bound;
    char event[32];

    listen_text(sa, a->address);
    a->opt = *opt;
    if (a->opt.max == 0)
        a->opt.max = 1;
    a->listener = evconnlistener_new_bind(
        opt->base, on_accept, a, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        BACKLOG, sa, (int)n);
    if (!a->listener)
        return fail(err, ST_IO, "cannot listen on %s: %s", a->address, strerror(errno));
    evconnlistener_set_error_cb(a->listener, on_accept_error);
    n = sizeof bound;
    getsockname(evconnlistener_get_fd(a->listener), (struct sockaddr *)&bound, &n);
    listen_text((struct sockaddr *)&bound, a->address);
    snprintf(event, sizeof event, "%s_listening", opt->type);
    log_info(event, "input=%s listen=%s", opt->title, a->address);
    return ST_OK;
}

int
acceptor_port(const struct acceptor *a)
{
    return a->listener ? listen_port(evconnlistener_get_fd(a->listener)) : 0;
}

void
acceptor_tick(struct acceptor *a)
{
    if (a->listener && a->paused && a->count < a->opt.max) {
        a->paused = false;
        evconnlistener_enable(a->listener);
    }
}

void
acceptor_leave(struct acceptor *a, struct guest *g)
{
    close(g->fd);
    *g->self = g->next;
    if (g->next)
        g->next->self = g->self;
    a->count--;
    a->changed = true;
}

void
acceptor_close(struct acceptor *a)
{
    if (a->listener)
        evconnlistener_free(a->listener);
    a->listener = NULL;
}
