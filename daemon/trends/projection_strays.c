/*
 * projection_strays.c - whole keys of this node in Redis that the ledger knows nothing of.
 *
 * Comparing a partition begins with the ledger's cells, so it never comes to a key that no cell
 * leads to: one that somebody copied, or brought back from elsewhere. A walk over all keys finds
 * those, a page of SCAN at a time, once in the time in which all keys are compared.
 *
 * Removed is what is surely ours: the name must be one that we write, in the partition that is
 * its subject's, and the ledger must have no cell of the subject on any day of the key's period.
 * Of a hash this node's fields go, and only if its version stands among them; another node's stay.
 * A HyperLogLog must be one, and end in this node's name. Nobody but this thread writes such
 * keys, and only what is in the ledger already: what is found in Redis and then not in the
 * ledger is not on its way.
 */
#include "projection_private.h"

#include <stdio.h>

#include "clock.h"
#include "log.h"

#define SCAN_COUNT   1000
#define PAGE_MIN_MS  10
#define SKETCH_MAGIC "HYLL"

struct page {
    struct projection *p;
    struct redis_batch ask, remove; /* HKEYS or GETRANGE; HDEL or UNLINK */
    char at_node[40];               /* "@NODE" */
    size_t removed;
    enum status st;
    struct error error;
};

/* --- a page's keys --- */

static enum status
look_at_key(struct page *page, struct buf *name, struct span key, struct error *err)
{
    const struct change_feed *feed = page->p->opt.feed;
    struct key_parts parts;
    bool known = true;
    enum status st;

    if (!keys_parse(&parts, name, key) || (parts.node.n > 0 && !span_is(parts.node, page->p->node)))
        return ST_OK;
    st = feed->has_older(feed->ctx, parts.kind, parts.name, parts.first, parts.end, UINT64_MAX,
                         &known, err);
    if (st != ST_OK || known)
        return st;
    redis_batch_begin(&page->ask, parts.partition, parts.node.n > 0 ? 4 : 2);
    redis_batch_str(&page->ask, parts.node.n > 0 ? "GETRANGE" : "HKEYS");
    redis_batch_arg(&page->ask, key);
    if (parts.node.n > 0) {
        redis_batch_str(&page->ask, "0");
        redis_batch_i64(&page->ask, (int64_t)strlen(SKETCH_MAGIC) - 1);
    }
    return ST_OK;
}

static bool
is_own(const struct page *page, const redisReply *field)
{
    size_t n = strlen(page->at_node);

    return field->type == REDIS_REPLY_STRING && field->len >= n &&
           memcmp(field->str + field->len - n, page->at_node, n) == 0;
}

static void
remove_fields(struct page *page, unsigned partition, struct span key, const redisReply *fields)
{
    bool versioned = false;
    unsigned own = 0;

    for (size_t i = 0; i < fields->elements; i++) {
        own += is_own(page, fields->element[i]);
        versioned |=
            is_own(page, fields->element[i]) && fields->element[i]->len == strlen(page->at_node);
    }
    if (!versioned)
        return;
    redis_batch_begin(&page->remove, partition, 2 + own);
    redis_batch_str(&page->remove, "HDEL");
    redis_batch_arg(&page->remove, key);
    for (size_t i = 0; i < fields->elements; i++)
        if (is_own(page, fields->element[i]))
            redis_batch_arg(&page->remove,
                            span_of(fields->element[i]->str, fields->element[i]->len));
}

static void
note_error(struct page *page, const redisReply *r)
{
    /* A key of another type is somebody else's. */
    if (redis_is_error(r, NULL) && !redis_is_error(r, "WRONGTYPE") && page->st == ST_OK)
        page->st = redis_refusal(page->p->link, r, &page->error);
}

static bool
judge(void *arg, size_t i, redisReply *r)
{
    struct page *page = arg;
    unsigned partition = page->ask.at[i].partition;
    struct span key = redis_batch_key(&page->ask, i);

    note_error(page, r);
    if (r->type == REDIS_REPLY_ARRAY)
        remove_fields(page, partition, key, r);
    if (r->type != REDIS_REPLY_STRING || !span_is(span_of(r->str, r->len), SKETCH_MAGIC))
        return false;
    redis_batch_begin(&page->remove, partition, 2);
    redis_batch_str(&page->remove, "UNLINK");
    redis_batch_arg(&page->remove, key);
    return false;
}

static bool
note_removed(void *arg, size_t i, redisReply *r)
{
    struct page *page = arg;

    (void)i;
    note_error(page, r);
    page->removed += r->type == REDIS_REPLY_INTEGER && r->integer > 0;
    return false;
}

static enum status
send(struct page *page, const struct redis_batch *b, redis_reply_visit *visit, struct error *err)
{
    enum status st = b->count > 0 ? redis_link_send(page->p->link, b, visit, page, err) : ST_OK;

    if (st == ST_OK && page->st != ST_OK && err)
        *err = page->error;
    return st == ST_OK ? page->st : st;
}

static void
count_removed(struct page *page)
{
    struct projection *p = page->p;
    struct span key;

    if (page->removed == 0)
        return;
    key = redis_batch_key(&page->remove, 0);
    log_warn("redis_strays_removed", "node=%s keys=%zu key=%.*s", p->node, page->removed,
             (int)(key.n < 300 ? key.n : 300), key.p);
    pthread_mutex_lock(&p->mutex);
    p->status.mended += page->removed;
    pthread_mutex_unlock(&p->mutex);
}

static enum status
clear_page(struct projection *p, const redisReply *keys, struct error *err)
{
    struct page page = {.p = p};
    struct buf name = {0};
    enum status st = ST_OK;

    snprintf(page.at_node, sizeof page.at_node, "@%.32s", p->node);
    for (size_t i = 0; st == ST_OK && i < keys->elements; i++)
        st = look_at_key(&page, &name, span_of(keys->element[i]->str, keys->element[i]->len), err);
    if (st == ST_OK)
        st = send(&page, &page.ask, judge, err);
    if (st == ST_OK)
        st = send(&page, &page.remove, note_removed, err);
    count_removed(&page);
    redis_batch_clear(&page.ask);
    redis_batch_clear(&page.remove);
    buf_clear(&name);
    return st;
}

/* --- the walk --- */

/* So that the pages take as long together as comparing all keys does; without a number of keys as
 * many are taken for granted as there are partitions. */
static enum status
begin_walk(struct projection *p, struct error *err)
{
    int64_t pages = KEY_PARTITIONS;
    redisReply *r;
    enum status st = redis_link_ask(p->link, &r, err, "DBSIZE", NULL);

    if (st != ST_OK)
        return st;
    if (r->type == REDIS_REPLY_INTEGER)
        pages = r->integer / SCAN_COUNT + 1;
    p->stray_page_ms = projection_scrub_interval(p) / pages;
    if (p->stray_page_ms < PAGE_MIN_MS)
        p->stray_page_ms = PAGE_MIN_MS;
    freeReplyObject(r);
    snprintf(p->stray_cursor, sizeof p->stray_cursor, "0");
    return ST_OK;
}

static bool
is_page(const redisReply *r)
{
    return r->type == REDIS_REPLY_ARRAY && r->elements == 2 &&
           r->element[0]->type == REDIS_REPLY_STRING && r->element[1]->type == REDIS_REPLY_ARRAY;
}

enum status
projection_stray_page(struct projection *p, struct error *err)
{
    char count[16];
    redisReply *r;
    enum status st = p->stray_cursor[0] ? ST_OK : begin_walk(p, err);

    snprintf(count, sizeof count, "%d", SCAN_COUNT);
    if (st == ST_OK)
        st = redis_link_ask(p->link, &r, err, "SCAN", p->stray_cursor, "MATCH", "cs:{*", "COUNT",
                            count, NULL);
    if (st != ST_OK)
        return st;
    p->stray_due_ms = clock_mono_ms() + p->stray_page_ms;
    if (redis_is_error(r, "NOPERM")) {
        p->stray_due_ms = INT64_MAX;
        log_info("redis_not_walked",
                 "node=%s text=\"not permitted to SCAN: keys that the ledger "
                 "does not know are found by callswell verify only\"",
                 p->node);
    } else if (!is_page(r)) {
        st = redis_refusal(p->link, r, err);
    } else {
        st = clear_page(p, r->element[1], err);
        snprintf(p->stray_cursor, sizeof p->stray_cursor, "%s", r->element[0]->str);
        if (strcmp(p->stray_cursor, "0") == 0)
            p->stray_cursor[0] = '\0';
    }
    freeReplyObject(r);
    return st;
}
