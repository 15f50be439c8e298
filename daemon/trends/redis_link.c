/*
 * redis_link.c - connecting, asking, and saying in plain words what Redis refused.
 */
#include "redis_link_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* No reply that we ask for is nearly as long, nor has so many elements: the longest are hashes of a
 * month. (hiredis makes room for as many elements as a peer announces, and goes through all of
 * that room when the connection ends.) */
#define MAX_REPLY    (32 * 1024 * 1024)
#define MAX_ELEMENTS (4 * 1024 * 1024)

/* What Redis may answer instead of doing as told, and what a person can do about it. */
static const struct {
    const char *code, *advice;
} refusals[] = {
    {"OOM", "is out of memory for new data: raise maxmemory or remove other data"},
    {"MISCONF", "refuses writes because it cannot save to its disk: see its log; if the disk is "
                "well again and this stays, switch appendonly off and on with CONFIG SET"},
    {"READONLY", "is a read-only replica: give the address of the master"},
    {"LOADING", "is still loading its data: it will be tried again until it has"},
    {"BUSY", "is busy with somebody's script: end it with SCRIPT KILL"},
    {"MASTERDOWN", "is a replica that lost its master: give the address of the master"},
    {"CLUSTERDOWN", "is part of a Redis Cluster, which cannot be used here: give a single server"},
    {"MOVED", "is part of a Redis Cluster, which cannot be used here: give a single server"},
    {"NOAUTH", "asks for a password: write redis://user:password@host or redis://:password@host"},
    {"WRONGPASS", "does not accept this user and password: correct the Redis URL"},
    {"NOPERM", "does not let this user do what is needed: give it +@all on the keys cs:*"},
    {"NOREPLICAS", "wants more replicas than are connected (min-replicas-to-write)"},
    {"DENIED", "is in protected mode: give it a password or bind it to loopback"},
    {"ERR max number of clients", "has no room for another client: raise its maxclients"},
    {"ERR DB index", "has no such database: correct the number at the end of the Redis URL"},
    {"ERR invalid DB", "has no such database: correct the number at the end of the Redis URL"},
    {"ERR invalid password", "does not accept this password: correct the Redis URL"},
    {"ERR AUTH", "has no password set, but the Redis URL gives one: remove it from the URL"},
    {"ERR Client sent AUTH", "has no password set, but the Redis URL gives one: remove it"},
};

bool
redis_is_error(const redisReply *r, const char *code)
{
    size_t n = code ? strlen(code) : 0;

    return r->type == REDIS_REPLY_ERROR && r->len >= n && (n == 0 || memcmp(r->str, code, n) == 0);
}

enum status
redis_refusal(const struct redis_link *l, const redisReply *r, struct error *err)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (redis_is_error(r, refusals[i].code))
            return fail(err, ST_RETRY, "Redis at %.80s %s", l->shown, refusals[i].advice);
    if (r->type != REDIS_REPLY_ERROR)
        return fail(err, ST_RETRY, "Redis at %.80s gave an answer of an unexpected kind", l->shown);
    return fail(err, ST_RETRY, "Redis at %.80s answered: %.120s", l->shown, r->str);
}

/* A path too long for sockaddr_un is reached through its folder's descriptor. The text made is
 * short whatever the folder is called. */
static redisContext *
connect_unix(const char *path, struct timeval limit)
{
    char *copy = xstrdup(path), *base = xstrdup(path),
         shorter[sizeof((struct sockaddr_un *)0)->sun_path];
    redisContext *ctx = NULL;
    int folder = -1, n, saved;

    if (strlen(path) < sizeof shorter) {
        ctx = redisConnectUnixWithTimeout(path, limit);
    } else if ((folder = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC)) >= 0) {
        n = snprintf(shorter, sizeof shorter, "/proc/self/fd/%d/%s", folder, basename(base));
        if (n < (int)sizeof shorter)
            ctx = redisConnectUnixWithTimeout(shorter, limit);
        else
            errno = ENAMETOOLONG;
    }
    saved = errno;
    if (folder >= 0)
        close(folder);
    free(copy);
    free(base);
    errno = saved;
    return ctx;
}

/* NULL is taken for a want of memory, and ends the connection. */
static void *
make_bounded_array(const redisReadTask *task, element_count n)
{
    struct redis_link *l = task->privdata;

    if (n > 0)
        l->elements += (size_t)n;
    return l->elements > MAX_ELEMENTS ? NULL : l->make_array(task, n);
}

static void
bound_replies(struct redis_link *l)
{
    redisReader *r = l->ctx->reader;

    l->make = *r->fn;
    l->make_array = l->make.createArray;
    l->make.createArray = make_bounded_array;
    r->fn = &l->make;
    r->privdata = l;
}

static enum status
connect_socket(struct redis_link *l, const struct redis_url *u, int timeout_ms, struct error *err)
{
    struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    int cause;

    errno = 0;
    if (u->path)
        l->ctx = connect_unix(u->path, limit);
    else
        l->ctx = redisConnectWithTimeout(u->host, u->port, limit);
    cause = errno;
    if (l->ctx && !l->ctx->err) {
        fcntl(l->ctx->fd, F_SETFD, FD_CLOEXEC);
        bound_replies(l);
        if (!u->path)
            redisEnableKeepAlive(l->ctx);
        return ST_OK;
    }
    if (l->silent)
        *l->silent = cause == EAGAIN || cause == ETIMEDOUT;
    return fail(err, cause == ECONNREFUSED || cause == ENOENT ? ST_NOT_FOUND : ST_RETRY,
                "Redis at %.80s cannot be reached: %.100s", l->shown,
                l->ctx && l->ctx->errstr[0] ? l->ctx->errstr : strerror(cause));
}

static enum status
introduce(struct redis_link *l, const struct redis_link_options *opt, struct error *err)
{
    const struct redis_url *u = opt->url;
    enum status st = ST_OK;
    char db[16];

    if (u->user)
        st = redis_link_must(l, NULL, err, "AUTH", u->user, u->password, NULL);
    else if (u->password)
        st = redis_link_must(l, NULL, err, "AUTH", u->password, NULL);
    if (st == ST_OK && u->db) {
        snprintf(db, sizeof db, "%d", u->db);
        st = redis_link_must(l, NULL, err, "SELECT", db, NULL);
    }
    if (st == ST_OK)
        st = redis_link_must(l, NULL, err, "CLIENT", "SETNAME", opt->name, NULL);
    return st;
}

enum status
redis_link_open(struct redis_link **out, const struct redis_link_options *opt, struct error *err)
{
    struct redis_link *l = xcalloc(1, sizeof *l);
    enum status st;

    l->silence_timeout_ms = opt->silence_timeout_ms;
    l->silent = opt->silent;
    l->cancel = opt->cancel;
    l->max_reply = opt->max_reply ? opt->max_reply : MAX_REPLY;
    l->in = xmalloc(LINK_READ_BYTES);
    snprintf(l->shown, sizeof l->shown, "%s", opt->url->shown);
    st = connect_socket(l, opt->url, opt->connect_timeout_ms, err);
    if (st == ST_OK)
        st = introduce(l, opt, err);
    if (st == ST_OK)
        *out = l;
    else
        redis_link_close(l);
    return st;
}

void
redis_link_close(struct redis_link *l)
{
    if (!l)
        return;
    if (l->ctx)
        redisFree(l->ctx);
    free(l->in);
    free(l);
}

/* --- single commands --- */

static bool
keep_reply(void *arg, size_t i, redisReply *r)
{
    (void)i;
    *(redisReply **)arg = r;
    return true;
}

static enum status
ask(struct redis_link *l, redisReply **out, struct error *err, va_list ap)
{
    struct redis_batch b = {0};
    redisReply *reply = NULL;
    const char *arg;
    unsigned argc = 0;
    enum status st;
    va_list again;

    va_copy(again, ap);
    while (va_arg(again, const char *))
        argc++;
    va_end(again);
    redis_batch_begin(&b, 0, argc);
    while ((arg = va_arg(ap, const char *)) != NULL)
        redis_batch_str(&b, arg);
    st = redis_link_send(l, &b, keep_reply, &reply, err);
    redis_batch_clear(&b);
    if (st == ST_OK)
        *out = reply;
    else if (reply)
        freeReplyObject(reply);
    return st;
}

enum status
redis_link_ask(struct redis_link *l, redisReply **out, struct error *err, ...)
{
    enum status st;
    va_list ap;

    va_start(ap, err);
    st = ask(l, out, err, ap);
    va_end(ap);
    return st;
}

enum status
redis_link_must(struct redis_link *l, redisReply **out, struct error *err, ...)
{
    redisReply *r = NULL;
    enum status st;
    va_list ap;

    va_start(ap, err);
    st = ask(l, &r, err, ap);
    va_end(ap);
    if (st == ST_OK && redis_is_error(r, NULL)) {
        st = redis_refusal(l, r, err);
    } else if (st == ST_OK && out) {
        *out = r;
        return ST_OK;
    }
    if (r)
        freeReplyObject(r);
    return st;
}
