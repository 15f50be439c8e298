/*
 * access_watch.c - the thread that sees what changes in the store: tokens, and that anything did.
 */
#include "access_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "clock.h"
#include "log.h"

#define EVERY_MS   400
#define NS         INT64_C(1000000000)
#define SETTLED_NS (2 * NS)

static void
forget_store(struct access *a)
{
    store_close(a->store);
    a->store = NULL;
    a->seen = -1;
}

/* Versions only grow, so their sum tells whether any signal came or changed. */
static enum status
read_news(struct store *s, char as_of[32], int64_t *signals, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q,
                                 "SELECT (SELECT as_of FROM analyst), (SELECT total(version) +"
                                 " count(*) * 1000000007 FROM signal)",
                                 err);

    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK) {
        snprintf(as_of, 32, "%.*s", SPAN_ARG(query_text(q, 0)));
        *signals = query_int(q, 1);
    }
    query_free(q);
    return st;
}

static struct written
look_at_files(const struct access *a)
{
    struct written w = {{0, 0}, {0, 0}};
    char log[PATH_MAX];
    const char *path[] = {a->path, log};
    struct stat file;

    snprintf(log, sizeof log, "%s-wal", a->path);
    for (int i = 0; i < 2; i++)
        if (stat(path[i], &file) == 0) {
            w.ns[i] = file.st_mtim.tv_sec * NS + file.st_mtim.tv_nsec;
            w.size[i] = file.st_size;
        }
    return w;
}

/* Every commit writes to one of the files, and asking the store itself would be most of what an
 * idle daemon does. A file that was written just now may be written again without a newer time. */
static bool
is_as_it_was(const struct access *a, const struct written *w)
{
    struct timespec now;
    int64_t settled;

    clock_gettime(CLOCK_REALTIME, &now); /* the one of files */
    settled = now.tv_sec * NS + now.tv_nsec - SETTLED_NS;
    return a->store && memcmp(w, &a->written, sizeof *w) == 0 && w->ns[0] < settled &&
           w->ns[1] < settled;
}

static enum status
read_tokens(struct access *a, struct error *err)
{
    struct token *list = NULL;
    size_t count = 0;
    int64_t version = 0, signals = 0;
    char as_of[32] = "";
    struct written written = look_at_files(a);
    enum status st = ST_OK;

    if (is_as_it_was(a, &written))
        return ST_OK;
    if (!a->store)
        st = store_open(&a->store, a->path, STORE_READ, err);
    /* This connection's own number, which moves when any other commits. */
    if (st == ST_OK)
        st = store_int(a->store, "PRAGMA data_version", 0, &version, err);
    if (st == ST_OK && version == a->seen)
        a->written = written;
    if (st != ST_OK || version == a->seen)
        return st;
    st = read_news(a->store, as_of, &signals, err);
    if (st == ST_OK)
        st = token_load(a->store, &list, &count, err);
    if (st != ST_OK)
        return st;
    a->seen = version;
    a->written = written;
    pthread_mutex_lock(&a->lock);
    free(a->tokens);
    a->tokens = list;
    a->token_count = count;
    a->unknown = false;
    a->generation++;
    a->signal_generation += signals != a->signal_mark;
    a->signal_mark = signals;
    memcpy(a->as_of, as_of, sizeof a->as_of);
    pthread_mutex_unlock(&a->lock);
    return ST_OK;
}

void
access_look(struct access *a)
{
    struct error err;
    bool may;

    if (read_tokens(a, &err) == ST_OK)
        return;
    forget_store(a);
    /* What was once read stands. Before, a store that is being made has no tokens, and one that
     * waits to be brought up to date may have some. */
    may = token_exists(a->path);
    pthread_mutex_lock(&a->lock);
    a->unknown = a->generation == 0 && may;
    pthread_mutex_unlock(&a->lock);
    log_debug("tokens_unread", "error=\"%s\"", err.text);
}

static bool
rest(struct access *a)
{
    bool stopping;

    pthread_mutex_lock(&a->lock);
    if (!a->stopping)
        clock_wait_until(&a->wake, &a->lock, clock_mono_us() + EVERY_MS * 1000);
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
