/*
 * listen.h - addresses of sockets, as all who listen or connect share them.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "span.h"
#include "status.h"

enum { ADDRESS_TEXT = 64 };

/* "127.0.0.1:514", "[::1]:514"; port 0 picks a free one. Addresses only, no names. */
enum status listen_parse(const char *text, struct sockaddr_storage *out, socklen_t *n,
                         struct error *err);
/* "pbx.example.com:5038", "192.0.2.1:5038", "[2001:db8::1]:5038" into host (without brackets) and
 * port; false: it is no place that one could connect to. */
enum { HOST_TEXT = 256, PORT_TEXT = 6 };
bool host_split(const char *text, char host[HOST_TEXT], char port[PORT_TEXT]);
/* "192.0.2.7", "192.0.2.0/24", "2001:db8::/32". */
struct network {
    unsigned char bytes[16]; /* IPv4 as mapped into IPv6 */
    unsigned bits;           /* of them */
};
bool network_parse(struct span text, struct network *out);
bool network_has(const struct network *n, const struct sockaddr *sa);
/* The port a socket is bound to, 0 if none. */
int listen_port(int fd);
/* Are both of one host, whatever the ports? Of IPv6 the first 64 bits tell (and the interface, of
 * link-local ones): who has one address there has all that begin so. A mapped IPv4 address is that
 * IPv4 address. */
bool listen_same_host(const struct sockaddr *a, const struct sockaddr *b);
/* "192.0.2.1:514", "[2001:db8::1]:514". */
const char *listen_text(const struct sockaddr *sa, char out[ADDRESS_TEXT]);

#endif
