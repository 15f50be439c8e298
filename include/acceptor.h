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

#include "listen.h"
#include "status.h"

struct event_base;
struct evconnlistener;

/* The beginning of an input's own struct for a connection. */
struct guest {
    struct guest *next, **self; /* *self is this */
    int fd;
    struct sockaddr_storage peer;
    char name[ADDRESS_TEXT]; /* "192.0.2.7:40112" */
};

struct acceptor_options {
    struct event_base *base;
    const char *type, *title;      /* of the input, for messages; borrowed */
    uint32_t max, max_per_address; /* connections; max 0 is 1 */
    /* Makes room for a newcomer; NULL turns it away, *err says why. fd is closed by the acceptor
     * in any case: at once, or by acceptor_leave. */
    struct guest *(*welcome)(void *arg, int fd, const char *name, struct error *err);
    void *arg;
};

struct acceptor {
    struct acceptor_options opt;
    struct evconnlistener *listener;
    struct guest *guests;
    uint32_t count;
    bool paused;
    bool changed; /* something to report since the user last cleared it */
    char address[ADDRESS_TEXT], problem[160];
};

/* ST_IO: it cannot be listened on sa; nothing is open. a is zeroed before. */
enum status acceptor_open(struct acceptor *a, const struct acceptor_options *opt,
                          const struct sockaddr *sa, socklen_t n, struct error *err);
int acceptor_port(const struct acceptor *a); /* 0: not open */
/* To be called about every second: accepts again what had to wait, also for descriptors. */
void acceptor_tick(struct acceptor *a);
/* Closes the guest's socket and forgets it; its memory is the caller's. */
void acceptor_leave(struct acceptor *a, struct guest *g);
/* No more newcomers; guests stay. */
void acceptor_close(struct acceptor *a);

#endif
