/*
 * radius_build.h - accounting requests, put together for tests.
 */
#ifndef RADIUS_BUILD_H
#define RADIUS_BUILD_H

#include <openssl/evp.h>

#include "test.h"

struct request {
    unsigned char p[4096];
    size_t n;
};

static inline struct request
request_begin(unsigned char id)
{
    struct request r = {.p = {4, id}, .n = 20};

    return r;
}

static inline void
request_bytes(struct request *r, unsigned char type, const void *value, size_t n)
{
    CHECK(n <= 253 && r->n + n + 2 <= sizeof r->p);
    r->p[r->n] = type;
    r->p[r->n + 1] = (unsigned char)(n + 2);
    memcpy(r->p + r->n + 2, value, n);
    r->n += n + 2;
}

static inline void
request_text(struct request *r, unsigned char type, const char *text)
{
    request_bytes(r, type, text, strlen(text));
}

static inline void
request_number(struct request *r, unsigned char type, uint32_t v)
{
    const unsigned char b[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                                (unsigned char)(v >> 8), (unsigned char)v};

    request_bytes(r, type, b, 4);
}

/* Cisco's, vendor 9. */
static inline void
request_cisco(struct request *r, unsigned char type, const char *text)
{
    unsigned char b[253] = {0, 0, 0, 9, type, (unsigned char)(strlen(text) + 2)};

    memcpy(b + 6, text, strlen(text));
    request_bytes(r, 26, b, 6 + strlen(text));
}

/* Its length and authenticator. */
static inline void
request_sign(struct request *r, const char *secret)
{
    unsigned char text[4096 + 64];

    r->p[2] = (unsigned char)(r->n >> 8);
    r->p[3] = (unsigned char)r->n;
    memset(r->p + 4, 0, 16);
    memcpy(text, r->p, r->n);
    memcpy(text + r->n, secret, strlen(secret));
    CHECK(EVP_Digest(text, r->n + strlen(secret), r->p + 4, NULL, EVP_md5(), NULL) == 1);
}

/* Start 1, Stop 2, ... of a session of 192.0.2.7. */
static inline struct request
request_session(unsigned char id, uint32_t status, const char *session)
{
    struct request r = request_begin(id);

    request_number(&r, 40, status);
    request_number(&r, 4, 0xC0000207);
    if (session)
        request_text(&r, 44, session);
    request_text(&r, 1, "acme");
    request_text(&r, 31, "+4930123");
    request_text(&r, 30, "8600");
    return r;
}

#endif
