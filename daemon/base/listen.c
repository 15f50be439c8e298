/*
 * listen.c - addresses of sockets: parsed, compared, shown.
 */
#include "listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "span.h"

#define PREFIX_BYTES 8 /* of an IPv6 address: what one customer of a network is given, at least */

/* "1.2.3.4" or "[::1]"; the port in network order. */
static bool
parse_host(struct span host, uint16_t port, struct sockaddr_storage *out, socklen_t *n)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    char text[INET6_ADDRSTRLEN];
    bool is_v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';

    if (is_v6)
        host = span_of(host.p + 1, host.n - 2);
    if (host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    memset(out, 0, sizeof *out);
    if (is_v6) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
        *n = sizeof *v6;
        return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
    }
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    *n = sizeof *v4;
    return inet_pton(AF_INET, text, &v4->sin_addr) == 1;
}

enum status
listen_parse(const char *text, struct sockaddr_storage *out, socklen_t *n, struct error *err)
{
    const char *colon = text ? strrchr(text, ':') : NULL;
    int64_t port;

    if (!colon || colon[1] < '0' || colon[1] > '9' || !span_to_i64(span_str(colon + 1), &port) ||
        port > 65535 ||
        !parse_host(span_of(text, (size_t)(colon - text)), htons((uint16_t)port), out, n))
        return fail(err, ST_BAD_CONFIG,
                    "listen = \"%s\": expected ADDRESS:PORT, as in \"127.0.0.1:514\" or "
                    "\"[::1]:514\"",
                    text ? text : "");
    return ST_OK;
}

bool
host_split(const char *text, char host[HOST_TEXT], char port[PORT_TEXT])
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    int64_t number;

    if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    } else if (n > 0 && memchr(text, ':', n)) {
        return false;
    }
    if (n == 0 || n >= HOST_TEXT || strpbrk(text, " \t[@/") || strlen(colon + 1) >= PORT_TEXT ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        !span_to_i64(span_str(colon + 1), &number) || number < 1 || number > 65535)
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    strcpy(port, colon + 1);
    return true;
}

/* --- networks --- */

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

bool
network_parse(struct span text, struct network *out)
{
    const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
    size_t n = slash ? (size_t)(slash - text.p) : text.n;
    char host[INET6_ADDRSTRLEN];
    int64_t bits = -1;
    bool v6;

    if (n == 0 || n >= sizeof host)
        return false;
    memcpy(host, text.p, n);
    host[n] = '\0';
    v6 = memchr(host, ':', n) != NULL;
    memcpy(out->bytes, mapped, sizeof mapped);
    if (inet_pton(v6 ? AF_INET6 : AF_INET, host, out->bytes + (v6 ? 0 : sizeof mapped)) != 1)
        return false;
    if (slash && (!span_to_i64(span_of(slash + 1, text.n - n - 1), &bits) || bits < 0 ||
                  bits > (v6 ? 128 : 32)))
        return false;
    out->bits = slash ? (unsigned)bits + (v6 ? 0 : 96) : 128;
    return true;
}

bool
network_has(const struct network *n, const struct sockaddr *sa)
{
    unsigned char bytes[16];
    unsigned whole = n->bits / 8, rest = n->bits % 8;

    memcpy(bytes, mapped, sizeof mapped);
    if (sa->sa_family == AF_INET6)
        memcpy(bytes, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
    else
        memcpy(bytes + sizeof mapped, &((const struct sockaddr_in *)sa)->sin_addr, 4);
    if (n->bits < 96 && memcmp(bytes, mapped, sizeof mapped) == 0)
        return false; /* no IPv4 address is in a network of IPv6 */
    return memcmp(bytes, n->bytes, whole) == 0 &&
           (rest == 0 || ((bytes[whole] ^ n->bytes[whole]) >> (8 - rest)) == 0);
}

int
listen_port(int fd)
{
    struct sockaddr_storage sa;
    socklen_t n = sizeof sa;

    if (getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
        return 0;
    if (sa.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&sa)->sin6_port);
    return sa.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&sa)->sin_port) : 0;
}

/* The IPv4 address, mapped or not; NULL if it is none. */
static const void *
as_v4(const struct sockaddr *sa)
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)sa)->sin6_addr;

    if (sa->sa_family == AF_INET)
        return &((const struct sockaddr_in *)sa)->sin_addr;
    return sa->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6) ? v6->s6_addr + 12 : NULL;
}

bool
listen_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)a,
                              *y = (const struct sockaddr_in6 *)b;
    const void *v4 = as_v4(a), *other = as_v4(b);

    if (v4 || other)
        return v4 && other && memcmp(v4, other, 4) == 0;
    return x->sin6_scope_id == y->sin6_scope_id &&
           memcmp(x->sin6_addr.s6_addr, y->sin6_addr.s6_addr, PREFIX_BYTES) == 0;
}

const char *
listen_text(const struct sockaddr *sa, char out[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)sa;

        inet_ntop(AF_INET6, &a->sin6_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT, "[%s]:%d", host, ntohs(a->sin6_port));
    } else {
        const struct sockaddr_in *a = (const struct sockaddr_in *)sa;

        inet_ntop(AF_INET, &a->sin_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT, "%s:%d", host, ntohs(a->sin_port));
    }
    return out;
}
