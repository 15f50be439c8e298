/*
 * access_internal.h - what access.c, access_session.c and access_watch.c share.
 */
#ifndef ACCESS_INTERNAL_H
#define ACCESS_INTERNAL_H

#include <pthread.h>

#include "access.h"
#include "config.h"

#define SESSIONS  1024 /* the oldest gives way */
#define ADDRESSES 1024 /* that were wrong lately */
#define COOKIE    "callswell_session"

struct session {
    unsigned char id[TOKEN_HASH]; /* hash of what the cookie says */
    unsigned char token[TOKEN_HASH];
    int64_t until_ms; /* monotonic; 0: free */
};

struct wrong {
    uint64_t address;
    int64_t since_ms;
    unsigned count;
};

/* How much of its rate a token has left. */
struct bucket {
    char name[TOKEN_NAME];
    double left;
    int64_t at_ms;
};

/* When the store's files were written last. */
struct written {
    int64_t ns[2]; /* since 1970: the store's own file, its log */
    int64_t size[2];
};

struct access {
    const struct config *config;
    bool always;
    /* event loop only */
    struct session sessions[SESSIONS];
    struct wrong wrong[ADDRESSES];
    struct bucket *buckets;
    size_t bucket_count;
    /* the watching thread */
    char *path; /* of the store */
    struct store *store;
    int64_t seen;           /* the store's data_version, */
    struct written written; /* which was that of these files */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* under lock */
    bool stopping;
    bool unknown; /* there is a store, and it could not be read so far */
    struct token *tokens;
    size_t token_count;
    uint64_t generation, signal_generation;
    int64_t signal_mark; /* of all signals together */
    char as_of[32];
};

/* access_watch.c: reads the tokens if something changed. */
void access_look(struct access *a);
void *access_watch(void *arg);

/* The token of this hash that is valid, copied. */
bool access_find(struct access *a, const unsigned char hash[TOKEN_HASH], struct token *out);
/* Counts a wrong token or cookie and answers: 401, or 429 after too many. */
void access_wrong(struct access *a, struct http_request *r, const char *why);

/* access_session.c: the token of the request's cookie. */
bool access_by_cookie(struct access *a, const struct http_request *r, struct token *out);

#endif
