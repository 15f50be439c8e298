/*
 * dial.h - connections to a port of this machine, for tests of whoever listens there.
 */
#ifndef DIAL_H
#define DIAL_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

/* With a socket that is there; false if nobody listens. */
static inline bool
dial_with(int fd, int port)
{
    struct sockaddr_in there = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return connect(fd, (struct sockaddr *)&there, sizeof there) == 0;
}

/* From one of the many loopback addresses: each is somebody else to whoever counts them. */
static inline int
dial_from(const char *address, int port)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(inet_pton(AF_INET, address, &here.sin_addr) == 1);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&here, sizeof here) == 0);
    CHECK(dial_with(fd, port));
    return fd;
}

static inline int
dial(int port)
{
    return dial_from("127.0.0.1", port);
}

/* True once the other side closed. */
static inline bool
hung_up(int fd)
{
    char c;

    return recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

#endif
