/*
 * access_watch.c - the thread that sees what changes in the store: tokens, and that anything did.
 */
#include "access_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define EVERY_MS 250

static void
forget_store(struct access *a)
{
    store_close(a->store);
    a->store = NULL;
    a->seen = -1;
}

static enum status
read_tokens(struct access *a, struct error *err)
{
    struct token *list = NULL;
    size_t count = 0;
    int64_t version = 0;
    enum status st = ST_OK;

    if (!a->store)
        st = store_open(&a->store, a->path, STORE_READ, err);
    /* This connection's own number, which moves when any other commits. */
    if (st == ST_OK)
        st = store_int(a->store, "PRAGMA data_version", 0, &version, err);
    if (st != ST_OK || version == a->seen)
        return st;
    st = token_load(a->store, &list, &count, err);
    if (st != ST_OK)
        return st;
    a->seen = version;
    pthread_mutex_lock(&a->lock);
    free(a->tokens);
    a->tokens = list;
    a->token_count = count;
    a->unknown = false;
    a->generation++;
    pthread_mutex_unlock(&a->lock);
    return ST_OK;
}

void
access_look(struct access *a)
{
    struct error err;

    if (read_tokens(a, &err) == ST_OK)
        return;
    forget_store(a);
    /* No store is no token; one that cannot be read may have some. */
    pthread_mutex_lock(&a->lock);
    if (!a->tokens)
        a->unknown = access(a->path, F_OK) == 0 || errno != ENOENT;
    pthread_mutex_unlock(&a->lock);
    log_debug("tokens_unread", "error=\"%s\"", err.text);
}

static bool
rest(struct access *a)
{
    struct timespec until;
    bool stopping;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += EVERY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&a->lock);
    if (!a->stopping)
        pthread_cond_timedwait(&a->wake, &a->lock, &until);
    stopping = a->stopping;
    pthread_mutex_unlock(&a->lock);
    return !stopping;
}

void *
access_watch(void *arg)
{
    struct access *a = arg;

    while (rest(a))
        access_look(a);
    return NULL;
}
