/*
 * lookup.h - the address behind a name, without anybody waiting for it.
 *
 * The system's resolver may take many seconds, so it is asked on a thread of its own, which
 * answers through a socket: readable when the answer is there. Whoever does not want to know any
 * more closes it.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <sys/socket.h>

#include "status.h"

struct address {
    struct sockaddr_storage sa;
    socklen_t n;
};

/* "pbx.example.com:5038", "192.0.2.1:5038", "[2001:db8::1]:5038". ST_OK: *out is it, at once.
 * ST_MORE: *fd is the socket. ST_BAD_CONFIG: it has no such form. */
enum status lookup_begin(const char *text, struct address *out, int *fd, struct error *err);
/* When fd is readable; closes it. ST_NOT_FOUND: err->text says why there is no address. */
enum status lookup_end(int fd, struct address *out, struct error *err);

#endif
