/*
 * dialing_rig.h - an input that connects, and the server that it connects to.
 */
#ifndef DIALING_RIG_H
#define DIALING_RIG_H

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>

#include "input_rig.h"

struct server {
    int listener, fd; /* fd: whoever connected last; -1 none */
    char address[32];
    char heard[4096]; /* by fd, and not yet expected */
    size_t n;
};

static inline struct server
server_open(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof sa;
    struct server s = {.fd = -1};

    signal(SIGPIPE, SIG_IGN);
    s.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(bind(s.listener, (struct sockaddr *)&sa, sizeof sa) == 0 && listen(s.listener, 4) == 0);
    getsockname(s.listener, (struct sockaddr *)&sa, &n);
    snprintf(s.address, sizeof s.address, "127.0.0.1:%d", ntohs(sa.sin_port));
    return s;
}

static inline struct rig
dialing_rig(const char *type, struct server *s)
{
    struct rig r = rig_of(type);

    *s = server_open();
    r.cfg.address = s->address;
    r.cfg.user = (char *)"u";
    r.cfg.secret = (char *)"s3cret";
    r.cfg.password = (char *)"ClueCon";
    r.cfg.reconnect_ms = 20;
    r.cfg.keep_alive_ms = 60000;
    return r;
}

/* The next connection. */
static inline void
server_accept(struct rig *r, struct server *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->n = 0;
    UNTIL(r->base, (s->fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0);
}

static inline void
server_say(struct server *s, const char *text)
{
    CHECK(send(s->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static inline bool
server_hears(struct server *s, const char *text)
{
    ssize_t n = recv(s->fd, s->heard + s->n, sizeof s->heard - 1 - s->n, MSG_DONTWAIT);
    char *at;

    s->n += n > 0 ? (size_t)n : 0;
    s->heard[s->n] = '\0';
    at = strstr(s->heard, text);
    if (!at)
        return false;
    s->n = 0; /* what stands in front of it was not worth expecting */
    memmove(s->heard, at + strlen(text), strlen(at + strlen(text)) + 1);
    s->n = strlen(s->heard);
    return true;
}

/* What it is told, sooner or later. */
#define EXPECT(r, s, text) UNTIL((r)->base, server_hears(s, text))

static inline bool
server_is_left(struct server *s)
{
    char c[256];
    ssize_t n;

    while ((n = recv(s->fd, c, sizeof c, MSG_DONTWAIT)) > 0)
        continue;
    return n == 0;
}

static inline void
server_close(struct server *s)
{
    if (s->fd >= 0)
        close(s->fd);
    close(s->listener);
}

/* The only frame from `from` on that has the text, or NULL. */
static inline const char *
frame_with(const struct rig *r, size_t from, const char *text)
{
    for (size_t i = from; i < r->engine->frame_n; i++)
        if (strstr(r->engine->frames[i].p, text))
            return r->engine->frames[i].p;
    return NULL;
}

#endif
