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

#include "clock.h"
#include "log.h"

#define BACKLOG  512
#define AGAIN_MS 100   /* so long accepting rests when there is no descriptor left */
#define BURST_MS 60000 /* quiet for so long, and the next of its kind is logged again */

/* Whoever floods us does not flood the log: the first of a burst is said, the others counted. */
static bool
begins_burst(int64_t *last_ms)
{
    int64_t now = clock_mono_ms(), before = *last_ms;

    *last_ms = now;
    return before == 0 || now - before > BURST_MS;
}

/* --- newcomers --- */

static bool
has_too_many(const struct acceptor *a, const struct sockaddr *sa)
{
    const struct guest *g;
    unsigned n = 0;

    TAILQ_FOREACH(g, &a->guests, link)
    n += listen_same_host((const struct sockaddr *)&g->peer, sa);
    return n >= a->opt.max_per_address;
}

static void
turn_away(struct acceptor *a, int fd, const char *name, const char *why)
{
    char event[32];

    snprintf(a->problem, sizeof a->problem, "%s turned away: %.70s", name, why);
    snprintf(event, sizeof event, "%s_refused", a->opt.type);
    if (begins_burst(&a->turned_away_ms))
        log_warn(event, "input=%s peer=%s reason=\"%s\"", a->opt.title, name, why);
    a->turned_away++;
    a->changed = true;
    close(fd);
}

static void
rest(struct acceptor *a)
{
    a->paused = true;
    evconnlistener_disable(a->listener);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct acceptor *a = arg;
    struct guest *g = NULL;
    char name[ADDRESS_TEXT];
    struct error err;
    int yes = 1;

    (void)l;
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
    TAILQ_INSERT_HEAD(&a->guests, g, link);
    a->came++;
    a->changed = true;
    if (++a->count >= a->opt.max)
        rest(a);
}

/* --- when accepting has to wait --- */

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
    struct acceptor *a = arg;

    (void)fd, (void)what;
    if (a->paused && a->count < a->opt.max) {
        a->paused = false;
        evconnlistener_enable(a->listener);
    }
}

/* No descriptor is left: the listener would spin. */
static void
on_accept_error(struct evconnlistener *l, void *arg)
{
    static const struct timeval later = {0, AGAIN_MS * 1000};
    struct acceptor *a = arg;
    char event[32];

    (void)l;
    snprintf(a->problem, sizeof a->problem, "accepting: %s", strerror(errno));
    snprintf(event, sizeof event, "%s_accept_failed", a->opt.type);
    if (begins_burst(&a->failed_ms))
        log_warn(event, "input=%s reason=\"%s\"", a->opt.title, strerror(errno));
    a->changed = true;
    rest(a);
    event_add(a->again, &later);
}

/* --- opening and closing --- */

enum status
acceptor_open(struct acceptor *a, const struct acceptor_options *opt, const struct sockaddr *sa,
              socklen_t n, struct error *err)
{
    struct sockaddr_storage bound;
    char event[32];

    listen_text(sa, a->address);
    TAILQ_INIT(&a->guests);
    a->opt = *opt;
    if (a->opt.max == 0)
        a->opt.max = 1;
    a->listener = evconnlistener_new_bind(
        opt->base, on_accept, a, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        BACKLOG, sa, (int)n);
    if (!a->listener)
        return fail(err, ST_IO, "cannot listen on %s: %s", a->address, strerror(errno));
    evconnlistener_set_error_cb(a->listener, on_accept_error);
    a->again = evtimer_new(opt->base, on_again, a);
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
acceptor_leave(struct acceptor *a, struct guest *g)
{
    close(g->fd);
    TAILQ_REMOVE(&a->guests, g, link);
    a->count--;
    a->changed = true;
    if (a->paused && a->listener) /* from the loop: whoever called is still at work */
        event_active(a->again, EV_TIMEOUT, 0);
}

void
acceptor_close(struct acceptor *a)
{
    if (!a->listener)
        return;
    evconnlistener_free(a->listener);
    event_free(a->again);
    a->listener = NULL;
    a->again = NULL;
}
