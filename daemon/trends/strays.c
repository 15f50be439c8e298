/*
 * strays.c - fields and keys of this node in Redis that the ledger knows nothing of.
 *
 * One SCAN over all keys. Most are known as a whole and cost nothing more; of the others, and of
 * months, the field names are read.
 */
#include "compare.h"

#include <stdio.h>

#define SCAN_COUNT "1000"

struct stray_walk {
    struct comparer *c;
    struct known seen; /* SCAN may give a key twice */
    struct redis_batch ask;
    enum status st;
    struct error error;
};

/* The kind in "cs:{P}:KIND:..."; false for any other key. */
static bool
key_kind(struct span key, struct span *kind)
{
    const char *p = key.p, *end = key.p + key.n, *colon;

    if (key.n < 6 || memcmp(p, "cs:{", 4) != 0)
        return false;
    p = memchr(p, '}', key.n);
    if (!p || end - p < 3 || p[1] != ':')
        return false;
    p += 2;
    colon = memchr(p, ':', (size_t)(end - p));
    if (!colon)
        return false;
    *kind = span_of(p, (size_t)(colon - p));
    return true;
}

static bool
ends_in_node(const struct comparer *c, struct span s)
{
    size_t n = strlen(c->imager.node);

    return s.n >= n + 1 && s.p[s.n - n - 1] == '@' && memcmp(s.p + s.n - n, c->imager.node, n) == 0;
}

static bool
kind_among(struct span kind, const char *const *kinds)
{
    for (; *kinds; kinds++)
        if (span_is(kind, *kinds))
            return true;
    return false;
}

static void
look_at_key(struct stray_walk *w, struct span key)
{
    static const char *const hashes[] = {"q", "d", "f", "s", "l", NULL};
    static const char *const sketches[] = {"u", "c", "fu", "fc", NULL};
    struct span kind, none = {0};
    uint64_t hash = known_hash(key, none);

    if (!key_kind(key, &kind) || known_has(w->c->known, hash) || !known_add(&w->seen, hash))
        return;
    if (kind_among(kind, sketches) && ends_in_node(w->c, key))
        w->c->visit(w->c->arg, DIFFERENCE_EXTRA, key, none, none, none);
    if (!kind_among(kind, hashes))
        return;
    redis_batch_begin(&w->ask, 0, 2);
    redis_batch_arg(&w->ask, SPAN("HKEYS"));
    redis_batch_arg(&w->ask, key);
}

static bool
look_at_fields(void *arg, size_t i, redisReply *r)
{
    struct stray_walk *w = arg;
    struct span key = redis_batch_key(&w->ask, i), none = {0};

    if (redis_is_error(r, NULL) && !redis_is_error(r, "WRONGTYPE") && w->st == ST_OK)
        w->st = redis_refusal(w->c->link, r, &w->error);
    for (size_t f = 0; r->type == REDIS_REPLY_ARRAY && f < r->elements; f++) {
        struct span field = span_of(r->element[f]->str, r->element[f]->len);

        /* A bare @NODE is the version of fields; alone it says nothing. */
        if (field.n > strlen(w->c->imager.node) + 1 && ends_in_node(w->c, field) &&
            !known_has(w->c->known, known_hash(key, field)))
            w->c->visit(w->c->arg, DIFFERENCE_EXTRA, key, field, none, none);
    }
    return false;
}

/* One page of SCAN; cursor is replaced by the next one, "0" at the end. */
static enum status
scan_page(struct stray_walk *w, char cursor[32], struct error *err)
{
    redisReply *page;
    enum status st = redis_link_must(w->c->link, &page, err, "SCAN", cursor, "MATCH", "cs:{*",
                                     "COUNT", SCAN_COUNT, NULL);

    if (st != ST_OK)
        return st;
    if (page->type != REDIS_REPLY_ARRAY || page->elements != 2 ||
        page->element[0]->type != REDIS_REPLY_STRING ||
        page->element[1]->type != REDIS_REPLY_ARRAY) {
        st = redis_refusal(w->c->link, page, err);
    } else {
        snprintf(cursor, 32, "%s", page->element[0]->str);
        redis_batch_reset(&w->ask);
        for (size_t i = 0; i < page->element[1]->elements; i++)
            look_at_key(
                w, span_of(page->element[1]->element[i]->str, page->element[1]->element[i]->len));
        st = redis_link_send(w->c->link, &w->ask, look_at_fields, w, err);
    }
    freeReplyObject(page);
    return st;
}

enum status
comparer_strays(struct comparer *c, struct error *err)
{
    struct stray_walk w = {.c = c};
    char cursor[32] = "0";
    enum status st;

    do
        st = scan_page(&w, cursor, err);
    while (st == ST_OK && w.st == ST_OK && strcmp(cursor, "0") != 0);
    if (st == ST_OK && w.st != ST_OK) {
        if (err)
            *err = w.error;
        st = w.st;
    }
    known_clear(&w.seen);
    redis_batch_clear(&w.ask);
    return st;
}
