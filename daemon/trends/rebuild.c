/*
 * rebuild.c - has the daemon send all of the ledger to Redis again.
 *
 * Nothing is sent from here: what is written are markers that make a projection start over, be it
 * one that runs or the next one.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "keys.h"
#include "redis_visit.h"
#include "session.h"

#define PAUSE_MS   50
#define LOADING_MS 600000

static bool
first_refusal(void *arg, size_t i, redisReply *r)
{
    redisReply **first = arg;

    (void)i;
    if (*first || !redis_is_error(r, NULL))
        return false;
    *first = r;
    return true;
}

/* The marker "at batch 0, restored" is what a projection finds as: send all, then remove what the
 * ledger does not know. A running one sees the change at its next look. */
static enum status
write_restart(struct redis_link *link, const char *node, const char *ledger_id, struct error *err)
{
    struct redis_batch b = {0};
    struct buf key = {0}, value = {0};
    redisReply *refusal = NULL;
    enum status st;

    buf_printf(&value, "%s:0:0:" MARKER_RESTORED, ledger_id);
    for (unsigned p = 0; p < KEY_PARTITIONS; p++) {
        buf_reset(&key);
        keys_applied(&key, p, node);
        redis_batch_add(&b, p, "SET", key.p, value.p, NULL);
    }
    buf_reset(&key);
    keys_owner(&key, node);
    redis_batch_add(&b, 0, "SET", key.p, ledger_id, NULL);
    st = redis_link_tell(link, &b, first_refusal, &refusal, err);
    if (st == ST_OK && refusal)
        st = redis_refusal(link, refusal, err);
    if (refusal)
        freeReplyObject(refusal);
    redis_batch_clear(&b);
    buf_clear(&key);
    buf_clear(&value);
    return st;
}

/* Whose counts there are; while Redis is loading its files it does not say, and that ends. */
static enum status
ask_owner(struct redis_link *link, const char *node, redisReply **owner, struct error *err)
{
    int64_t until = clock_mono_ms() + LOADING_MS;
    struct buf key = {0};
    enum status st;

    keys_owner(&key, node);
    while ((st = redis_link_ask(link, owner, err, "GET", key.p, NULL)) == ST_OK &&
           redis_is_error(*owner, "LOADING") && clock_mono_ms() < until) {
        freeReplyObject(*owner);
        *owner = NULL;
        poll(NULL, 0, PAUSE_MS);
    }
    buf_clear(&key);
    return st == ST_OK && redis_is_error(*owner, NULL) ? redis_refusal(link, *owner, err) : st;
}

enum status
trends_rebuild(const char *url, const char *node, const char *ledger_id, bool replace,
               struct error *err)
{
    struct redis_link *link = NULL;
    redisReply *r = NULL;
    enum status st = redis_visit(&link, url, node, err);

    if (st != ST_OK)
        return st;
    st = ask_owner(link, node, &r, err);
    if (st == ST_OK && !replace && r->type == REDIS_REPLY_STRING && strcmp(r->str, ledger_id) != 0)
        st = fail(err, ST_BAD_CONFIG,
                  "Node %s in this Redis belongs to another ledger (%.40s); --replace takes it "
                  "over and removes that ledger's counts",
                  node, r->str);
    if (st == ST_OK)
        st = write_restart(link, node, ledger_id, err);
    if (r)
        freeReplyObject(r);
    redis_link_close(link);
    return st;
}

enum status
trends_rebuilt(const char *url, const char *node, bool *done, struct error *err)
{
    struct redis_link *link = NULL;
    struct buf key = {0};
    enum status st = redis_visit(&link, url, node, err);

    *done = true;
    for (unsigned p = 0; p < KEY_PARTITIONS && st == ST_OK && *done; p++) {
        redisReply *r = NULL;

        buf_reset(&key);
        keys_applied(&key, p, node);
        st = redis_link_ask(link, &r, err, "GET", key.p, NULL);
        if (st == ST_OK)
            *done = r->type == REDIS_REPLY_STRING && !strstr(r->str, ":" MARKER_RESTORED);
        if (r)
            freeReplyObject(r);
    }
    buf_clear(&key);
    redis_link_close(link);
    return st;
}
