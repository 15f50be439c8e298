/*
 * verify.c - the comparison of all three, for the command line and for HTTP.
 */
#include "verify.h"

#include <stdlib.h>

#include "config.h"
#include "reader_feed.h"
#include "store.h"

static enum status
compare_redis(const struct config *c, const char *ledger, const struct verify_watch *watch,
              struct verify_result *out, struct error *err)
{
    char *url = trends_url(c);
    struct change_feed feed;
    enum status st = reader_feed_open(&feed, ledger, c->clock_data, err);

    if (st == ST_OK) {
        st = trends_verify(url, c->node, &feed, &c->retention, c->clock_data, watch, out, err);
        reader_feed_close(&feed);
    }
    free(url);
    return st;
}

enum status
verify_all(const struct config *c, const struct verify_watch *watch, struct verify_all *out,
           struct error *err)
{
    char *ledger = config_state_path(c, "ledger.db"), *store = NULL;
    struct verify_all v = {0};
    enum status st = store_path(&store, c->store_url, c->state_dir, err);

    if (st == ST_OK)
        st = compare_redis(c, ledger, watch, &v.redis, err);
    if (st == ST_OK)
        st = store_verify(ledger, store, watch, &v.store, err);
    if (st == ST_OK)
        *out = v;
    free(ledger);
    free(store);
    return st;
}

uint64_t
verify_differences(const struct verify_all *v)
{
    return v->redis.missing + v->redis.different + v->redis.extra + v->store.missing +
           v->store.different + v->store.extra;
}

void
verify_write(struct json_writer *w, const struct verify_all *v)
{
    json_u64(w, "differences", verify_differences(v));
    json_object(w, "redis");
    json_u64(w, "keys", v->redis.keys);
    json_u64(w, "fields", v->redis.fields);
    json_u64(w, "missing", v->redis.missing);
    json_u64(w, "different", v->redis.different);
    json_u64(w, "extra", v->redis.extra);
    json_close(w);
    json_object(w, "store");
    json_u64(w, "rows", v->store.rows);
    json_u64(w, "missing", v->store.missing);
    json_u64(w, "different", v->store.different);
    json_u64(w, "extra", v->store.extra);
    json_close(w);
}
