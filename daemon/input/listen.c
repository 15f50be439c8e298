/*
 * listen.c - addresses to listen on, as tcp and udp share them.
 */
#include "listen.h"

#include <arpa/inet.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum status
listen_parse(const char *text, struct sockaddr_storage *out, socklen_t *n, struct error *err)
{
    const char *colon = text ? strrchr(text, ':') : NULL;
    int len = sizeof *out;

    memset(out, 0, sizeof *out);
    /* Without a port evutil would take any number; "::1" alone would be read as an address. */
    if (!colon || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        (strchr(text, ':') != colon && text[0] != '[') ||
        evutil_parse_sockaddr_port(text, (struct sockaddr *)out, &len) != 0)
        return fail(err, ST_BAD_CONFIG,
                    "listen = \"%s\": expected ADDRESS:PORT, as in \"127.0.0.1:514\" or "
                    "\"[::1]:514\"",
                    text ? text : "");
    *n = (socklen_t)len;
    return ST_OK;
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
