/*
 * verify.c - is what stands in Redis exactly what the ledger says?
 *
 * A daemon may be counting meanwhile, so a difference can be a change that is on its way. A
 * partition that differs is therefore looked at again as long as its marker moves or is behind
 * the ledger, within a limit for the whole run; what still differs then is reported.
 */
#include <poll.h>
#include <string.h>

#include "clock.h"
#include "compare.h"
#include "keys.h"
#include "redis_visit.h"
#include "session.h"

#define PATIENCE_MS 10000
#define PAUSE_MS    50

struct verification {
    struct comparer comparer;
    struct verify_result found; /* in this partition */
    struct buf lines;           /* NUL-ended, one after the other */
    int64_t patience_ms;
};

static void
note_difference(void *arg, enum difference what, struct span key, struct span field,
                struct span have, struct span want)
{
    static const char *const words[] = {"missing", "different", "extra"};
    struct verification *v = arg;
    uint64_t *counters[] = {&v->found.missing, &v->found.different, &v->found.extra};

    ++*counters[what];
    buf_printf(&v->lines, "%s %.*s", words[what], SPAN_ARG(key));
    if (field.n > 0)
        buf_printf(&v->lines, " %.*s", SPAN_ARG(field));
    if (have.n > 0)
        buf_printf(&v->lines, " redis=%.*s", SPAN_ARG(have));
    if (want.n > 0)
        buf_printf(&v->lines, " ledger=%.*s", SPAN_ARG(want));
    buf_char(&v->lines, '\0');
}

static uint64_t
differences(const struct verify_result *r)
{
    return r->missing + r->different + r->extra;
}

static enum status
read_marker(struct verification *v, unsigned partition, uint64_t *seq, struct error *err)
{
    const struct change_feed *feed = v->comparer.feed;
    struct buf key = {0};
    struct trend_marker m;
    redisReply *r = NULL;
    enum status st;

    *seq = 0;
    keys_applied(&key, partition, v->comparer.imager.node);
    st = redis_link_ask(v->comparer.link, &r, err, "GET", key.p, NULL);
    buf_clear(&key);
    if (st != ST_OK)
        return st;
    if (r->type == REDIS_REPLY_STRING && trend_marker_parse(&m, span_of(r->str, r->len)) &&
        span_is(m.ledger, feed->ledger_id))
        *seq = m.seq;
    freeReplyObject(r);
    return ST_OK;
}

/* May the differences just found be changes that are under way? */
static bool
still_moving(struct verification *v, uint64_t before, uint64_t after)
{
    const struct change_feed *feed = v->comparer.feed;
    int64_t start = clock_mono_ms();

    if (v->patience_ms <= 0 || (before == after && after >= feed->last_batch(feed->ctx)))
        return false;
    poll(NULL, 0, PAUSE_MS);
    v->patience_ms -= clock_mono_ms() - start;
    return true;
}

static enum status
verify_partition(struct verification *v, unsigned partition, struct error *err)
{
    struct comparer *c = &v->comparer;
    uint64_t before = 0, after = 0, keys = c->keys, fields = c->fields;
    enum status st;

    do {
        c->keys = keys;
        c->fields = fields;
        v->found = (struct verify_result){0};
        buf_reset(&v->lines);
        st = read_marker(v, partition, &before, err);
        if (st == ST_OK)
            st = comparer_partition(c, partition, err);
        if (st == ST_OK)
            st = read_marker(v, partition, &after, err);
    } while (st == ST_MORE ||
             (st == ST_OK && differences(&v->found) > 0 && still_moving(v, before, after)));
    return st;
}

static void
deliver(struct verification *v, struct verify_result *out, const struct verify_watch *watch)
{
    out->missing += v->found.missing;
    out->different += v->found.different;
    out->extra += v->found.extra;
    for (size_t at = 0; watch->report && at < v->lines.n; at += strlen(v->lines.p + at) + 1)
        watch->report(watch->arg, v->lines.p + at);
    v->found = (struct verify_result){0};
    buf_reset(&v->lines);
}

enum status
trends_verify(const char *url, const char *node, const struct change_feed *feed,
              const struct config_retention *retention, bool never_expire,
              const struct verify_watch *watch, struct verify_result *out, struct error *err)
{
    struct verification v = {.patience_ms = PATIENCE_MS};
    struct verify_result total = {0};
    struct redis_link *link = NULL;
    struct known known = {0};
    enum status st = redis_visit(&link, url, node, err);

    if (st != ST_OK)
        return st;
    comparer_init(&v.comparer, link, node, feed, retention, never_expire);
    v.comparer.visit = note_difference;
    v.comparer.arg = &v;
    v.comparer.known = &known;
    for (unsigned p = 0; st == ST_OK && p < KEY_PARTITIONS; p++) {
        st = watch->stopped && watch->stopped(watch->arg)
                 ? fail(err, ST_RETRY, "the comparison was stopped")
                 : verify_partition(&v, p, err);
        deliver(&v, &total, watch);
    }
    if (st == ST_OK)
        st = comparer_strays(&v.comparer, err);
    deliver(&v, &total, watch);
    total.keys = v.comparer.keys;
    total.fields = v.comparer.fields;
    if (st == ST_OK)
        *out = total;
    comparer_clear(&v.comparer);
    buf_clear(&v.lines);
    known_clear(&known);
    redis_link_close(link);
    return st;
}
