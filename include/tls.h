/*
 * tls.h - the server's side of TLS: the certificate that new connections begin with.
 *
 * TLS 1.2 or newer, by OpenSSL's own choice of ciphers. HTTP, TCP and RELP share it.
 */
#ifndef TLS_H
#define TLS_H

#include "status.h"

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

/* Why OpenSSL failed last on this thread, in words, or `otherwise`. Clears its queue. */
const char *tls_why(const char *otherwise);

#endif
