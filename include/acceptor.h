/*
 * acceptor.h - a listening socket and those who came to it, within bounds.
 *
 * There is a highest number of connections from one address: then the newcomer is turned away.
 * And one in all: then a guest gives way to the newcomer, so that those who hold connections and do
 * nothing with them keep nobody out. It is one of the address that has most of them, so that who
 * comes in numbers drives out his own; among those, the one that was not heard of for longest.
 * Guests with work that must not be cut off stay; if all are such, the newcomer waits.
 *
 * Nobody is closed only for being quiet: senders may have nothing to say for a night. Peers that
 * are gone without a word are found by TCP keepalive within three minutes. Event loop only.
 */
#ifndef ACCEPTOR_H
#define ACCEPTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "listen.h"
#include "status.h"

struct event;
struct event_base;
struct evconnlistener;

struct host;

/* The beginning of its owner's own struct for a connection. */
struct guest {
    TAILQ_ENTRY(guest) link;
    struct host *host; /* the acceptor's own */
    int fd;
    int64_t heard_ms; /* when it came, or was heard of last; monotonic */
    struct sockaddr_storage peer;
    char name[ADDRESS_TEXT]; /* "192.0.2.7:40112" */
};

TAILQ_HEAD(guests, guest);

struct acceptor_options {
    struct event_base *base;
    const char *type, *title;      /* for messages: "tcp", and the input's title; borrowed */
    uint32_t max, max_per_address; /* connections; max 0 is 1 */
    /* Makes room for a newcomer; NULL turns it away, *err says why. fd is closed by the acceptor
     * in any case: at once, or by acceptor_leave. */
    struct guest *(*welcome)(void *arg, int fd, const char *name, struct error *err);
    /* May it be closed now, without cutting off what it is owed or what it has sent? */
    bool (*may_go)(const struct guest *g);
    void (*dismiss)(struct guest *g); /* closes it, as if it had gone by itself: acceptor_leave */
    void *arg;
};

struct acceptor {
    struct acceptor_options opt;
    struct evconnlistener *listener;
    struct event *again;   /* accepts again what had to wait */
    struct guests guests;  /* heard of last in front */
    struct host *hosts;    /* their addresses */
    uint32_t count;        /* of guests */
    struct guest newcomer; /* who waits: accepted, not yet a guest; others wait in the kernel */
    bool waits;            /* there is one */
    uint64_t came, turned_away, gave_way;           /* ever */
    int64_t turned_away_ms, gave_way_ms, failed_ms; /* the last time: a burst is logged once */
    int64_t problem_ms;                             /* when it arose, or arose again */
    bool failing;                                   /* it is that nobody can be accepted */
    bool changed; /* something to report since the user last cleared it */
    char address[ADDRESS_TEXT], problem[160];
};

/* ST_IO: it cannot be listened on sa; nothing has changed. a is zeroed before, or was closed. */
enum status acceptor_open(struct acceptor *a, const struct acceptor_options *opt,
                          const struct sockaddr *sa, socklen_t n, struct error *err);
int acceptor_port(const struct acceptor *a); /* 0: not open */
/* Other limits. Guests above them stay until there are newcomers. */
void acceptor_limit(struct acceptor *a, uint32_t max, uint32_t max_per_address);
/* Notes what is wrong, in one sentence. */
void acceptor_problem(struct acceptor *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Now and then: forgets the problem if there was none for a minute. (That nobody can be accepted
 * is forgotten as soon as somebody is.) */
void acceptor_settle(struct acceptor *a);
/* The guest has sent something, or was answered. */
void acceptor_heard(struct acceptor *a, struct guest *g);
/* Is there something of it that is not read yet, its end included? */
bool acceptor_unread(const struct guest *g);
/* Closes the guest's socket and forgets it; its memory is its owner's. */
void acceptor_leave(struct acceptor *a, struct guest *g);
/* No more newcomers, who waits is closed; guests stay. */
void acceptor_close(struct acceptor *a);

#endif
