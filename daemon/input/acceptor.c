/*
 * acceptor.c - a listening socket and those who came to it, within bounds.
 */
#include "acceptor.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "memory.h"

#define BACKLOG  512
#define AGAIN_MS 100   /* how long accepting rests when there is no room or no descriptor */
#define BURST_MS 60000 /* quiet for so long, and the next of its kind is logged again */

/* A peer is gone that is silent for so long and then leaves so many questions unanswered. */
#define KEEPALIVE_S       120
#define KEEPALIVE_EACH_S  15
#define KEEPALIVE_ANSWERS 4

/* An address with guests. */
struct host {
    struct host *next;
    struct sockaddr_storage address;
    uint32_t count;
};

/* Whoever floods us does not flood the log: the first of a burst is said, the others counted. */
static bool
begins_burst(int64_t *last_ms)
{
    int64_t now = clock_mono_ms(), before = *last_ms;

    *last_ms = now;
    return before == 0 || now - before > BURST_MS;
}

/* --- problems --- */

void
acceptor_problem(struct acceptor *a, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(a->problem, sizeof a->problem, fmt, ap);
    va_end(ap);
    a->problem_ms = clock_mono_ms();
    a->failing = false;
    a->changed = true;
}

static void
forget_problem(struct acceptor *a)
{
    a->problem[0] = '\0';
    a->failing = false;
    a->changed = true;
}

void
acceptor_settle(struct acceptor *a)
{
    if (a->problem[0] && clock_mono_ms() - a->problem_ms > BURST_MS)
        forget_problem(a);
}

/* --- guests --- */

static struct host **
find_host(struct acceptor *a, const struct sockaddr_storage *address)
{
    struct host **at = &a->hosts;

    while (*at && !listen_same_host((const struct sockaddr *)&(*at)->address,
                                    (const struct sockaddr *)address))
        at = &(*at)->next;
    return at;
}

static void
stay_alive(int fd)
{
    int yes = 1, after = KEEPALIVE_S, each = KEEPALIVE_EACH_S, answers = KEEPALIVE_ANSWERS;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof after);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &each, sizeof each);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &answers, sizeof answers);
}

/* Who came becomes a guest. */
static void
let_in(struct acceptor *a, struct guest *g, const struct guest *newcomer)
{
    struct host **host = find_host(a, &newcomer->peer);

    if (!*host) {
        *host = xcalloc(1, sizeof **host);
        (*host)->address = newcomer->peer;
    }
    stay_alive(newcomer->fd);
    *g = *newcomer;
    g->host = *host;
    g->host->count++;
    g->heard_ms = clock_mono_ms();
    TAILQ_INSERT_HEAD(&a->guests, g, link);
    a->count++;
    a->came++;
    a->changed = true;
}

void
acceptor_heard(struct acceptor *a, struct guest *g)
{
    g->heard_ms = clock_mono_ms();
    if (g == TAILQ_FIRST(&a->guests))
        return;
    TAILQ_REMOVE(&a->guests, g, link);
    TAILQ_INSERT_HEAD(&a->guests, g, link);
}

bool
acceptor_unread(const struct guest *g)
{
    char c;

    return recv(g->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

void
acceptor_leave(struct acceptor *a, struct guest *g)
{
    struct host **host = find_host(a, &g->peer);

    if (--(*host)->count == 0) {
        struct host *gone = *host;

        *host = gone->next;
        free(gone);
    }
    close(g->fd);
    TAILQ_REMOVE(&a->guests, g, link);
    a->count--;
    a->changed = true;
    if (a->waits) /* from the loop: whoever called is still at work */
        event_active(a->again, EV_TIMEOUT, 0);
}

/* --- newcomers --- */

static void
turn_away(struct acceptor *a, const struct guest *newcomer, const char *why)
{
    char event[32];

    acceptor_problem(a, "%s turned away: %.70s", newcomer->name, why);
    snprintf(event, sizeof event, "%s_refused", a->opt.type);
    if (begins_burst(&a->turned_away_ms))
        log_warn(event, "input=%s peer=%s reason=\"%s\"", a->opt.title, newcomer->name, why);
    a->turned_away++;
    close(newcomer->fd);
}

static void
give_way(struct acceptor *a, struct guest *g)
{
    char event[32];

    acceptor_problem(a, "%s gave way: there were %u connections (limits.max_connections)", g->name,
                     a->count);
    snprintf(event, sizeof event, "%s_gave_way", a->opt.type);
    if (begins_burst(&a->gave_way_ms))
        log_warn(event, "input=%s peer=%s idle_ms=%lld connections=%u limit=max_connections",
                 a->opt.title, g->name, (long long)(clock_mono_ms() - g->heard_ms), a->count);
    a->gave_way++;
    a->opt.dismiss(g);
}

/* False: there is nobody who may go. */
static bool
make_room(struct acceptor *a)
{
    while (a->count >= a->opt.max) {
        struct guest *g, *idlest = NULL;

        TAILQ_FOREACH_REVERSE (g, &a->guests, guests, link)
            if ((!idlest || g->host->count > idlest->host->count) && a->opt.may_go(g))
                idlest = g;
        if (!idlest)
            return false;
        give_way(a, idlest);
    }
    return true;
}

/* False: it has to wait. */
static bool
receive(struct acceptor *a, const struct guest *newcomer)
{
    const struct host *host = *find_host(a, &newcomer->peer);
    struct guest *g;
    struct error err;

    if (host && host->count >= a->opt.max_per_address) {
        turn_away(a, newcomer, "too many connections from this address");
        return true;
    }
    if (!make_room(a))
        return false;
    g = a->opt.welcome(a->opt.arg, newcomer->fd, newcomer->name, &err);
    if (g)
        let_in(a, g, newcomer);
    else
        turn_away(a, newcomer, err.text);
    return true;
}

static void
rest(struct acceptor *a)
{
    static const struct timeval later = {0, AGAIN_MS * 1000};

    evconnlistener_disable(a->listener);
    event_add(a->again, &later);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct acceptor *a = arg;
    struct guest newcomer = {.fd = fd};

    (void)l;
    if (a->failing)
        forget_problem(a);
    memcpy(&newcomer.peer, sa, (size_t)len);
    listen_text(sa, newcomer.name);
    if (receive(a, &newcomer))
        return;
    a->newcomer = newcomer;
    a->waits = true;
    rest(a);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
    struct acceptor *a = arg;

    (void)fd, (void)what;
    if (a->waits && !receive(a, &a->newcomer)) {
        rest(a);
        return;
    }
    a->waits = false;
    evconnlistener_enable(a->listener);
}

/* No descriptor is left: the listener would spin. */
static void
on_accept_error(struct evconnlistener *l, void *arg)
{
    struct acceptor *a = arg;
    int why = errno;
    char event[32];

    (void)l;
    acceptor_problem(a, "accepting: %s", strerror(why));
    a->failing = true;
    snprintf(event, sizeof event, "%s_accept_failed", a->opt.type);
    if (begins_burst(&a->failed_ms))
        log_warn(event, "input=%s reason=\"%s\"", a->opt.title, strerror(why));
    rest(a);
}

/* --- opening and closing --- */

void
acceptor_limit(struct acceptor *a, uint32_t max, uint32_t max_per_address)
{
    a->opt.max = max > 0 ? max : 1;
    a->opt.max_per_address = max_per_address;
}

enum status
acceptor_open(struct acceptor *a, const struct acceptor_options *opt, const struct sockaddr *sa,
              socklen_t n, struct error *err)
{
    struct sockaddr_storage bound;
    char event[32], wanted[ADDRESS_TEXT];

    a->listener = evconnlistener_new_bind(
        opt->base, on_accept, a, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        BACKLOG, sa, (int)n);
    if (!a->listener)
        return fail(err, ST_IO, "cannot listen on %s: %s", listen_text(sa, wanted),
                    strerror(errno));
    if (!a->guests.tqh_last)
        TAILQ_INIT(&a->guests);
    a->opt = *opt;
    acceptor_limit(a, opt->max, opt->max_per_address);
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
acceptor_close(struct acceptor *a)
{
    if (!a->listener)
        return;
    evconnlistener_free(a->listener);
    event_free(a->again);
    if (a->waits)
        close(a->newcomer.fd);
    a->waits = false;
    a->listener = NULL;
    a->again = NULL;
}
