/*
 * tls.c - TLS by OpenSSL: certificates, whom to trust, and what its calls answer.
 */
#include "tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>

const char *
tls_why(const char *otherwise)
{
    const char *why = ERR_reason_error_string(ERR_peek_error());

    ERR_clear_error();
    return why ? why : otherwise;
}

static enum status
failed(const char *file, struct error *err)
{
    return fail(err, ST_BAD_CONFIG, "certificate: %.120s: %s", file, tls_why("cannot be read"));
}

/* Names of the authorities go to clients too, who may have several certificates to choose from. */
static enum status
ask_clients(SSL_CTX *ctx, const char *ca, struct error *err)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca);

    if (!names || SSL_CTX_load_verify_file(ctx, ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return failed(ca, err);
    }
    SSL_CTX_set_client_CA_list(ctx, names);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return ST_OK;
}

static enum status
load(SSL_CTX *ctx, const struct tls_files *files, struct error *err)
{
    const char *key = files->key ? files->key : files->certificate;

    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    /* Without one, clients that showed a certificate could not come again with their session. */
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"callswell", 9);
    if (SSL_CTX_use_certificate_chain_file(ctx, files->certificate) != 1)
        return failed(files->certificate, err);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        return failed(key, err);
    return files->client_ca ? ask_clients(ctx, files->client_ca, err) : ST_OK;
}

enum status
tls_load(struct ssl_ctx_st **out, const struct tls_files *files, struct error *err)
{
    SSL_CTX *ctx;
    enum status st;

    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_server_method());
    st = ctx ? load(ctx, files, err) : failed(files->certificate, err);
    if (st != ST_OK) {
        SSL_CTX_free(ctx);
        return st;
    }
    *out = ctx;
    return ST_OK;
}

enum status
tls_load_trust(struct ssl_ctx_st **out, const char *ca, struct error *err)
{
    SSL_CTX *ctx;
    bool good;

    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        return failed("", err);
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    good = ca && ca[0] ? SSL_CTX_load_verify_file(ctx, ca) == 1
                       : SSL_CTX_set_default_verify_paths(ctx) == 1;
    if (!good) {
        SSL_CTX_free(ctx);
        return failed(ca && ca[0] ? ca : "the system's", err);
    }
    *out = ctx;
    return ST_OK;
}

/* A handshake's own words always fit into a new socket's buffer, and nothing is negotiated after
 * it: nobody has to wait for room there. */
static ssize_t
answer_of(SSL *ssl, int answer)
{
    int broken = errno == EAGAIN || errno == EINTR || errno == 0 ? ECONNRESET : errno;

    if (answer > 0)
        return answer;
    switch (SSL_get_error(ssl, answer)) {
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_SYSCALL:
        ERR_clear_error();
        errno = broken;
        return -1;
    default:
        errno = EPROTO;
        return -1;
    }
}

static int
at_most_int(size_t n)
{
    return n > INT_MAX ? INT_MAX : (int)n;
}

ssize_t
tls_read(struct ssl_st *ssl, char *to, size_t room)
{
    ERR_clear_error();
    errno = 0;
    return answer_of(ssl, SSL_read(ssl, to, at_most_int(room)));
}

ssize_t
tls_write(struct ssl_st *ssl, const char *from, size_t n)
{
    if (n == 0)
        return 0;
    ERR_clear_error();
    errno = 0;
    return answer_of(ssl, SSL_write(ssl, from, at_most_int(n)));
}

void
tls_goodbye(struct ssl_st *ssl)
{
    if (ssl && SSL_is_init_finished(ssl))
        SSL_shutdown(ssl);
    ERR_clear_error();
}

void
tls_free(struct ssl_ctx_st *ctx)
{
    SSL_CTX_free(ctx);
}
