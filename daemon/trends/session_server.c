/*
 * session_server.c - getting to know the server, and making it forget our past connections.
 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>

#include "log.h"

#define OLDEST_VERSION 5
#define FORGET_TRIES   20

static struct span
reply_span(const redisReply *r)
{
    return r->type == REDIS_REPLY_STRING ? span_of(r->str, r->len) : span_of("", 0);
}

static void
note_run_id(struct trend_session *s, const redisReply *info)
{
    struct span id;

    s->run_id[0] = '\0';
    if (redis_info_find(reply_span(info), "run_id", &id))
        snprintf(s->run_id, sizeof s->run_id, "%.*s", (int)(id.n < 47 ? id.n : 47), id.p);
}

/* A refusal for want of permission, or by a server that does not know the command, is lived
 * with; every other error ends the attempt. *out is NULL when it is lived with. */
static enum status
ask_leniently(struct trend_session *s, redisReply **out, struct error *err, const char *verb,
              const char *word, const char *more)
{
    enum status st = redis_link_ask(s->link, out, err, verb, word, more, NULL);

    if (st != ST_OK)
        return st;
    if (redis_is_error(*out, "NOPERM") || redis_is_error(*out, "ERR unknown")) {
        freeReplyObject(*out);
        *out = NULL;
    } else if (redis_is_error(*out, NULL)) {
        st = redis_refusal(s->link, *out, err);
        freeReplyObject(*out);
    }
    return st;
}

static enum status
check_role(struct trend_session *s, struct error *err)
{
    redisReply *r = NULL;
    struct span role;
    enum status st = ask_leniently(s, &r, err, "INFO", "replication", NULL);

    if (st != ST_OK || !r)
        return st;
    if (redis_info_find(reply_span(r), "role", &role) && !span_is(role, "master"))
        st = fail(err, ST_RETRY, "Redis is a read-only replica: give the address of the master");
    freeReplyObject(r);
    return st;
}

static void
note_version(struct trend_session *s, struct span text)
{
    unsigned major = 0, minor = 0;
    char copy[24];

    snprintf(copy, sizeof copy, "%.*s", (int)(text.n < 23 ? text.n : 23), text.p);
    if (sscanf(copy, "%3u.%2u", &major, &minor) > 0)
        s->version = major * 100 + minor;
}

static enum status
check_version(struct trend_session *s, struct error *err)
{
    redisReply *r = NULL;
    struct span version = {0};
    enum status st = ask_leniently(s, &r, err, "INFO", "server", NULL);

    s->version = 0;
    if (st != ST_OK || !r)
        return st;
    note_run_id(s, r);
    if (redis_info_find(reply_span(r), "redis_version", &version))
        note_version(s, version);
    if (s->version > 0 && s->version < OLDEST_VERSION * 100)
        st = fail(err, ST_RETRY, "Redis is version %.*s: at least version %d is needed",
                  (int)version.n, version.p, OLDEST_VERSION);
    freeReplyObject(r);
    return st;
}

static enum status
count_evicted(struct trend_session *s, struct error *err)
{
    redisReply *r = NULL;
    enum status st = ask_leniently(s, &r, err, "INFO", "stats", NULL);
    struct span text;
    int64_t n;

    if (st != ST_OK || !r)
        return st;
    if (redis_info_find(reply_span(r), "evicted_keys", &text) && span_to_i64(text, &n) && n >= 0)
        s->evicted = (uint64_t)n;
    freeReplyObject(r);
    return ST_OK;
}

/* A policy that evicts does harm only where there is a limit to reach. */
enum status
trend_session_policy(struct trend_session *s, struct error *err)
{
    redisReply *r = NULL;
    struct span policy = SPAN("noeviction"), limit = SPAN("0");
    enum status st = count_evicted(s, err);

    s->warning[0] = '\0';
    if (st == ST_OK)
        st = ask_leniently(s, &r, err, "CONFIG", "GET", "maxmemory*");
    if (st != ST_OK || !r)
        return st;
    for (size_t i = 0; r->type == REDIS_REPLY_ARRAY && i + 1 < r->elements; i += 2) {
        struct span name = reply_span(r->element[i]);

        if (span_is(name, "maxmemory-policy"))
            policy = reply_span(r->element[i + 1]);
        else if (span_is(name, "maxmemory"))
            limit = reply_span(r->element[i + 1]);
    }
    if (!span_is(policy, "noeviction") && !span_is(limit, "0"))
        snprintf(
            s->warning, sizeof s->warning,
            "Redis may throw counters away when it is full (maxmemory-policy %.*s; keys thrown "
            "away since it started: %llu): set it to noeviction",
            (int)(policy.n < 40 ? policy.n : 40), policy.p, (unsigned long long)s->evicted);
    freeReplyObject(r);
    return ST_OK;
}

/* One line of CLIENT LIST: "id=7 addr=127.0.0.1:1234 ... name=callswell-1 age=3 ...". */
static bool
client_word(struct span line, const char *key, struct span *value)
{
    size_t n = strlen(key);

    while (line.n > 0) {
        const char *end = memchr(line.p, ' ', line.n);
        size_t word = end ? (size_t)(end - line.p) : line.n;

        if (word > n && memcmp(line.p, key, n) == 0 && line.p[n] == '=') {
            *value = span_of(line.p + n + 1, word - n - 1);
            return true;
        }
        word += end ? 1 : 0;
        line = span_of(line.p + word, line.n - word);
    }
    return false;
}

/* Adds CLIENT KILL ID n for every line of our name but our own. */
static size_t
list_twins(const redisReply *list, const char *name, long long own, struct redis_batch *kill)
{
    struct span rest = reply_span(list);

    while (rest.n > 0) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        struct span line = span_of(rest.p, n), id, called;
        int64_t number;

        if (client_word(line, "id", &id) && client_word(line, "name", &called) &&
            span_is(called, name) && span_to_i64(id, &number) && number != own) {
            redis_batch_begin(kill, 0, 4);
            redis_batch_str(kill, "CLIENT");
            redis_batch_str(kill, "KILL");
            redis_batch_str(kill, "ID");
            redis_batch_i64(kill, number);
        }
        n += end ? 1 : 0;
        rest = span_of(rest.p + n, rest.n - n);
    }
    return kill->count;
}

static bool
note_kill(void *arg, size_t i, redisReply *r)
{
    (void)i;
    if (redis_is_error(r, "NOPERM") || redis_is_error(r, "ERR unknown"))
        *(bool *)arg = true;
    return false;
}

/* Looks once and closes what is there. *found: how many that was. */
static enum status
close_twins(struct trend_session *s, const char *name, size_t *found, struct error *err)
{
    struct redis_batch kill = {0};
    redisReply *id = NULL, *list = NULL;
    enum status st = ask_leniently(s, &id, err, "CLIENT", "ID", NULL);

    *found = 0;
    if (st == ST_OK && id && id->type == REDIS_REPLY_INTEGER)
        st = ask_leniently(s, &list, err, "CLIENT", "LIST", NULL);
    if (st == ST_OK && !list)
        s->guarded = true;
    if (st == ST_OK && list)
        *found = list_twins(list, name, id->integer, &kill);
    if (st == ST_OK && *found > 0) {
        st = redis_link_tell(s->link, &kill, note_kill, &s->guarded, err);
        if (!s->guarded)
            log_info("redis_old_connection_closed", "node=%s count=%zu", s->node, *found);
    }
    redis_batch_clear(&kill);
    if (id)
        freeReplyObject(id);
    if (list)
        freeReplyObject(list);
    return st;
}

/* A command of an earlier connection may still wait in the server's or the kernel's buffers, with
 * a total that is older than what is about to be written. The server forgets it with the
 * connection. Where CLIENT LIST or KILL is not permitted, hashes are written by a script that looks
 * at their version first, and all keys are compared soon. */
enum status
trend_session_forget_twins(struct trend_session *s, struct error *err)
{
    enum status st = ST_OK;
    size_t found = 1;
    char name[64];

    snprintf(name, sizeof name, "callswell-%s", s->node);
    s->guarded = false;
    for (int tries = 0; st == ST_OK && found > 0 && !s->guarded; tries++) {
        if (tries == FORGET_TRIES)
            return fail(err, ST_RETRY,
                        "Another program writes to this Redis as node %s: stop it, or give one "
                        "of the two another node name",
                        s->node);
        st = close_twins(s, name, &found, err);
    }
    if (s->guarded)
        log_info("redis_guarded",
                 "node=%s text=\"not permitted to close older connections: every "
                 "hash is written by a script that looks at its version\"",
                 s->node);
    return st;
}

enum status
trend_session_inspect(struct trend_session *s, struct error *err)
{
    enum status st = check_role(s, err);

    if (st == ST_OK)
        st = check_version(s, err);
    if (st == ST_OK)
        st = trend_session_policy(s, err);
    return st;
}
