/*
 * lookup.c - the address behind a name, without anybody waiting for it.
 */
#include "lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listen.h"
#include "memory.h"

struct answer {
    enum status st;
    struct address address;
    char why[120];
};

struct question {
    char host[HOST_TEXT], port[PORT_TEXT];
    int fd; /* where the answer goes */
};

static void
ask(const struct question *q, struct answer *a)
{
    const struct addrinfo want = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int r = getaddrinfo(q->host, q->port, &want, &found);

    a->st = r == 0 ? ST_OK : ST_NOT_FOUND;
    if (r == 0) {
        memcpy(&a->address.sa, found->ai_addr, found->ai_addrlen);
        a->address.n = found->ai_addrlen;
        freeaddrinfo(found);
    } else {
        snprintf(a->why, sizeof a->why, "%.60s: %s", q->host, gai_strerror(r));
    }
}

/* The answer is one packet; nobody may be there any more to read it. */
static void *
lookup_thread(void *arg)
{
    struct question *q = arg;
    struct answer a = {.st = ST_NOT_FOUND};

    ask(q, &a);
    send(q->fd, &a, sizeof a, MSG_NOSIGNAL);
    close(q->fd);
    free(q);
    return NULL;
}

static enum status
start(struct question *q, int *fd, struct error *err)
{
    pthread_attr_t attr;
    pthread_t thread;
    int ends[2], r;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return fail(err, ST_IO, "cannot ask for the address: %s", strerror(errno));
    q->fd = ends[1];
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    r = pthread_create(&thread, &attr, lookup_thread, q);
    pthread_attr_destroy(&attr);
    if (r != 0) {
        close(ends[0]);
        close(ends[1]);
        return fail(err, ST_IO, "cannot ask for the address: %s", strerror(r));
    }
    *fd = ends[0];
    return ST_MORE;
}

enum status
lookup_begin(const char *text, struct address *out, int *fd, struct error *err)
{
    struct question *q;
    enum status st;

    if (listen_parse(text, &out->sa, &out->n, NULL) == ST_OK)
        return ST_OK;
    q = xcalloc(1, sizeof *q);
    if (!host_split(text, q->host, q->port)) {
        free(q);
        return fail(err, ST_BAD_CONFIG, "expected HOST:PORT, not \"%.60s\"", text);
    }
    st = start(q, fd, err);
    if (st != ST_MORE)
        free(q);
    return st;
}

enum status
lookup_end(int fd, struct address *out, struct error *err)
{
    struct answer a;
    ssize_t n = recv(fd, &a, sizeof a, MSG_DONTWAIT);

    close(fd);
    if (n != (ssize_t)sizeof a)
        return fail(err, ST_NOT_FOUND, "the resolver gave no answer");
    if (a.st != ST_OK)
        return fail(err, a.st, "%s", a.why);
    *out = a.address;
    return ST_OK;
}
