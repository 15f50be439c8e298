/*
 * tls.c - the server's side of TLS: its certificate, by OpenSSL.
 */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

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

void
tls_free(struct ssl_ctx_st *ctx)
{
    SSL_CTX_free(ctx);
}
