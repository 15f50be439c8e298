/*
 * tls_bufferevent.c - a connection's TLS, by OpenSSL under libevent.
 */
#include "tls_bufferevent.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

struct bufferevent *
tls_accept(struct ssl_ctx_st *ctx, struct event_base *base, int fd, struct ssl_st **ssl)
{
    struct bufferevent *bev;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    *ssl = own < 0 ? NULL : SSL_new(ctx);
    if (!*ssl) {
        if (own >= 0)
            close(own);
        return NULL;
    }
    /* Freed by libevent: it may be in the midst of a callback that ends the connection. */
    bev = bufferevent_openssl_socket_new(base, own, *ssl, BUFFEREVENT_SSL_ACCEPTING,
                                         BEV_OPT_CLOSE_ON_FREE);
    if (!bev)
        abort(); /* out of memory */
    /* Lengths say where messages end; a peer that just goes has told us enough. */
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}
