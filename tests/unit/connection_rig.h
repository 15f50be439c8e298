/*
 * connection_rig.h - an input that listens for connections, and those who come.
 */
#ifndef CONNECTION_RIG_H
#define CONNECTION_RIG_H

#include <signal.h>

#include "dial.h"
#include "input_rig.h"

/* Not started yet. */
static inline struct rig
connection_rig(const char *type)
{
    struct rig r = rig_of(type);

    signal(SIGPIPE, SIG_IGN);
    r.cfg.listen = (char *)"127.0.0.1:0";
    return r;
}

static inline void
say(int fd, const char *text)
{
    CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

#endif
