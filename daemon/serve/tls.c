/*
 * tls.c - the server's side of TLS, by OpenSSL under libevent.
 */
#include "tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

static enum status
failed(const char *file, struct error *err)
{
    unsigned long code = ERR_get_error();
    const char *why = ERR_reason_error_string(code);

    ERR_clear_error();
    return fail(err, ST_BAD_CONFIG, "http certificate: %.120s: %s", file,
                why ? why : "cannot be read");
}

enum status
tls_load(struct ssl_ctx_st **out, const char *certificate, const char *key, struct error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    ERR_clear_error();
    if (!ctx)
        return failed(certificate, err);
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
        SSL_CTX_free(ctx);
        return failed(certificate, err);
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key ? key : certificate, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        SSL_CTX_free(ctx);
        return failed(key ? key : certificate, err);
    }
    *out = ctx;
    return ST_OK;
}

void
tls_free(struct ssl_ctx_st *ctx)
{
    SSL_CTX_free(ctx);
}

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

void
tls_goodbye(struct ssl_st *ssl)
{
    if (SSL_is_init_finished(ssl))
        SSL_shutdown(ssl);
    ERR_clear_error();
}
