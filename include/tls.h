/*
 * tls.h - TLS, 1.2 or newer, by OpenSSL's own choice of ciphers: the certificate that new
 * connections of a server begin with, and whom a client trusts.
 */
#ifndef TLS_H
#define TLS_H

#include <sys/types.h>

#include "status.h"

struct ssl_st;
struct ssl_ctx_st;

/* PEM files, all borrowed. */
struct tls_files {
    const char *certificate; /* the server's, and those that lead to its root */
    const char *key;         /* NULL: in the same file */
    const char *client_ca;   /* who shows no certificate of these is refused; NULL: all may */
};

/* ST_BAD_CONFIG: *err begins with "certificate" and says which file is wrong and why. Freed with
 * tls_free; connections that began with it go on. */
enum status tls_load(struct ssl_ctx_st **out, const struct tls_files *files, struct error *err);
void tls_free(struct ssl_ctx_st *ctx); /* accepts NULL */
/* The client's side: servers have to show a certificate that leads to one in the file ca (NULL or
 * "": the system's); for which host, each connection says. ST_BAD_CONFIG as above. */
enum status tls_load_trust(struct ssl_ctx_st **out, const char *ca, struct error *err);

/* On a connection that never waits, as recv and send have it: how many bytes, 0 at the end, or -1
 * with errno EAGAIN, or EPROTO where tls_why knows more. The first ones shake hands. */
ssize_t tls_read(struct ssl_st *ssl, char *to, size_t room);
ssize_t tls_write(struct ssl_st *ssl, const char *from, size_t n);
/* Tells the peer that nothing more comes, if hands were shaken and there is room. Accepts NULL. */
void tls_goodbye(struct ssl_st *ssl);

/* Why OpenSSL failed last on this thread, in words, or `otherwise`. Clears its queue. */
const char *tls_why(const char *otherwise);

#endif
