/*
 * tls_bufferevent.h - a connection's TLS under libevent.
 */
#ifndef TLS_BUFFEREVENT_H
#define TLS_BUFFEREVENT_H

struct bufferevent;
struct event_base;
struct ssl_ctx_st;
struct ssl_st;

/* A bufferevent that shakes hands first, over a descriptor of its own for the same socket. *ssl
 * ends with it, when libevent is done with both. NULL: no descriptor left. */
struct bufferevent *tls_accept(struct ssl_ctx_st *ctx, struct event_base *base, int fd,
                               struct ssl_st **ssl);

#endif
