/*
 * dialing_tls.c - what inputs that connect to a server have in common: TLS, as its client.
 *
 * The server's certificate must lead to one that is trusted and be made out to the name (or the
 * address) that was connected to. OpenSSL is given the socket and told never to wait.
 */
#include "dialing_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "listen.h"
#include "tls.h"

static void
expect_host(SSL *ssl, const char *address)
{
    char host[HOST_TEXT], port[PORT_TEXT];
    unsigned char bytes[sizeof(struct in6_addr)];
    bool good = host_split(address, host, port);

    if (good && (inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1))
        good = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    else
        good = good && SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
    if (!good)
        abort(); /* out of memory: the address was read before */
}

void
dialing_tls_begin(struct dialing *d)
{
    d->ssl = SSL_new(d->tls);
    if (!d->ssl || SSL_set_fd(d->ssl, d->fd) != 1)
        abort(); /* out of memory */
    SSL_set_connect_state(d->ssl);
    expect_host(d->ssl, d->cfg->address);
}

void
dialing_tls_end(struct dialing *d)
{
    if (!d->ssl)
        return;
    tls_goodbye(d->ssl);
    SSL_free(d->ssl);
    d->ssl = NULL;
}

int
dialing_tls_shake(struct dialing *d)
{
    int n;

    ERR_clear_error();
    errno = 0;
    n = SSL_do_handshake(d->ssl);
    if (n == 1)
        return 0;
    n = SSL_get_error(d->ssl, n);
    return n == SSL_ERROR_WANT_READ ? EV_READ : n == SSL_ERROR_WANT_WRITE ? EV_WRITE : -1;
}

void
dialing_tls_why(struct dialing *d, int error, char *out, size_t size)
{
    long verdict = d->ssl ? SSL_get_verify_result(d->ssl) : X509_V_OK;

    if (verdict != X509_V_OK)
        snprintf(out, size, "its certificate is not accepted: %s",
                 X509_verify_cert_error_string(verdict));
    else if (d->ssl && (error == EPROTO || d->state == DIALING_SHAKES))
        snprintf(out, size, "TLS: %s", tls_why("it ends the handshake"));
    else
        snprintf(out, size, "%s", strerror(error));
    ERR_clear_error();
}
