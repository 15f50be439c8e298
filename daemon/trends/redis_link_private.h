/*
 * redis_link_private.h - what connecting (redis_link.c) and exchanging (redis_exchange.c) share.
 */
#ifndef REDIS_LINK_PRIVATE_H
#define REDIS_LINK_PRIVATE_H

#include "redis_link.h"

#define LINK_READ_BYTES (64 * 1024)

#if HIREDIS_MAJOR < 1
typedef int element_count;
#else
typedef size_t element_count;
#endif

struct redis_link {
    redisContext *ctx;
    int silence_timeout_ms;
    bool *silent;
    const atomic_bool *cancel;
    char shown[160];
    char *in; /* LINK_READ_BYTES */
    size_t max_reply;
    redisReplyObjectFunctions make; /* hiredis' own, but for arrays */
    void *(*make_array)(const redisReadTask *, element_count);
    size_t elements; /* announced by the reply that is being read */
};

#endif
