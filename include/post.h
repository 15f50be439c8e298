/*
 * post.h - one message posted to one receiver, signed as Standard Webhooks says.
 *
 * TLS is verified by the system's certificates; nobody is redirected; no proxy is used. Unless the
 * receiver may be private, only public addresses are connected to: what a name means is looked at
 * when the connection is made, so that it cannot become another in between.
 * Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
 */
#ifndef POST_H
#define POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "memory.h"
#include "span.h"
#include "status.h"

struct poster; /* keeps its connection for the next message */

struct poster *poster_new(const struct config_webhook *h); /* borrowed; any one thread at a time */
void poster_free(struct poster *p);                        /* accepts NULL */

struct posted {
    int status;          /* of HTTP; 0: no answer */
    int64_t retry_after; /* seconds that the receiver asks for; 0: it does not */
    char error[200];     /* "" or why it was not taken */
};

/* Posts a JSON body under a message id. `now` is UTC seconds and part of the signature. True: it
 * was taken. `stop` (NULL: never) ends it early. */
bool poster_post(struct poster *p, const char *id, struct span body, int64_t now,
                 const atomic_bool *stop, struct posted *out);

/* The header webhook-signature: "v1," and base64 of HMAC-SHA256 for each secret, with blanks
 * between. The key is what is behind whsec_ in base64, else the text itself. */
void post_sign(const char *secrets, const char *id, int64_t timestamp, struct span body,
               struct buf *out);

/* May it be connected to by those who must not reach what is private? Bytes in network order, 4 or
 * 16. */
bool post_is_public(const unsigned char *address, size_t n);

#endif
