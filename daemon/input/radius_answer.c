/*
 * radius_answer.c - who knows the secret, and the answer that shows that we do, too.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "radius.h"

#define AUTHENTICATOR 16

/* MD5 of a packet with these 16 bytes as its authenticator, and the secret behind it. */
static bool
digest(const unsigned char *packet, size_t n, const unsigned char authenticator[AUTHENTICATOR],
       const char *secret, unsigned char out[EVP_MAX_MD_SIZE])
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool good = c && EVP_DigestInit_ex(c, EVP_md5(), NULL) && EVP_DigestUpdate(c, packet, 4) &&
                EVP_DigestUpdate(c, authenticator, AUTHENTICATOR) &&
                EVP_DigestUpdate(c, packet + RADIUS_HEADER, n - RADIUS_HEADER) &&
                EVP_DigestUpdate(c, secret, strlen(secret)) && EVP_DigestFinal_ex(c, out, NULL);

    EVP_MD_CTX_free(c);
    return good;
}

bool
radius_is_authentic(const unsigned char *packet, size_t n, const char *secret)
{
    static const unsigned char zeros[AUTHENTICATOR];
    unsigned char want[EVP_MAX_MD_SIZE];

    return digest(packet, n, zeros, secret, want) &&
           CRYPTO_memcmp(want, packet + 4, AUTHENTICATOR) == 0;
}

const char *
radius_secret(const struct config_input *cfg, const struct sockaddr *from)
{
    const char *secret = cfg->secret && cfg->secret[0] ? cfg->secret : NULL;
    unsigned bits = 0;

    for (char **nas = cfg->nas; nas && *nas; nas++) {
        const char *equals = strchr(*nas, '=');
        struct network network;

        if (network_parse(span_of(*nas, (size_t)(equals - *nas)), &network) &&
            network.bits >= bits && network_has(&network, from)) {
            bits = network.bits;
            secret = equals + 1;
        }
    }
    return secret;
}

size_t
radius_response(unsigned char out[RADIUS_LONGEST], const unsigned char *request, size_t n,
                const char *secret)
{
    struct span rest = span_of((const char *)request + RADIUS_HEADER, n - RADIUS_HEADER), value;
    unsigned char sum[EVP_MAX_MD_SIZE];
    size_t at = RADIUS_HEADER;
    uint8_t type;

    while (radius_next(&rest, &type, &value))
        if (type == RADIUS_PROXY_STATE) {
            memcpy(out + at, value.p - 2, value.n + 2);
            at += value.n + 2;
        }
    out[0] = RADIUS_RESPONSE;
    out[1] = request[1];
    out[2] = (unsigned char)(at >> 8);
    out[3] = (unsigned char)at;
    if (!digest(out, at, request + 4, secret, sum))
        return 0;
    memcpy(out + 4, sum, AUTHENTICATOR);
    return at;
}
