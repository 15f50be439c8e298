/*
 * tls.h - the server's side of TLS: its certificate, and a connection's bufferevent.
 */
#ifndef TLS_H
#define TLS_H

#include "status.h"

struct bufferevent;
struct event_base;
struct ssl_ctx_st;
struct ssl_st;

/* Reads certificate and key (NULL: in the same file), TLS 1.2 or newer. ST_BAD_CONFIG says which
 * file is wrong and why. Freed with tls_free; connections that began with it go on. */
enum status tls_load(struct ssl_ctx_st **out, const char *certificate, const char *key,
                     struct error *err);
void tls_free(struct ssl_ctx_st *ctx); /* accepts NULL */

/* A bufferevent that shakes hands first, over a descriptor of its own for the same socket. *ssl
 * ends with it, when libevent is done with both. NULL: no descriptor left. */
struct bufferevent *tls_accept(struct ssl_ctx_st *ctx, struct event_base *base, int fd,
                               struct ssl_st **ssl);
/* Tells the peer that nothing more comes. */
void tls_goodbye(struct ssl_st *ssl);

#endif
