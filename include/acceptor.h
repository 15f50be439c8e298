/*
 * acceptor.h - a listening socket and those who came to it, within bounds.
 *
 * There is a highest number of connections in all (then accepting waits) and from one address
 * (then the newcomer is turned away). Event loop only.
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

/* The beginning of its owner's own struct for a connection. */
struct guest {
    TAILQ_ENTRY(guest) link;
    int fd;
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
    void *arg;
};

struct acceptor {
    struct acceptor_options opt;
    struct evconnlistener *listener;
    struct event *again; /* accepts again what had to wait */
    struct guests guests;
    uint32_t count;
    uint64_t came, turned_away;        /* ever */
    int64_t turned_away_ms, failed_ms; /* the last time: a burst is logged once */
    bool paused;
    bool changed; /* something to report since the user last cleared it */
    char address[ADDRESS_TEXT], problem[160];
};

/* ST_IO: it cannot be listened on sa; nothing is open. a is zeroed before. */
enum status acceptor_open(struct acceptor *a, const struct acceptor_options *opt,
                          const struct sockaddr *sa, socklen_t n, struct error *err);
int acceptor_port(const struct acceptor *a); /* 0: not open */
/* Closes the guest's socket and forgets it; its memory is its owner's. */
void acceptor_leave(struct acceptor *a, struct guest *g);
/* No more newcomers; guests stay. */
void acceptor_close(struct acceptor *a);

#endif
