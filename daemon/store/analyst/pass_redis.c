/*
 * pass_redis.c - a Redis in trouble as a signal: dashboards that read it show yesterday's counts.
 */
#include <math.h>

#include "json_write.h"
#include "signals.h"

static enum status
raise_redis(struct signals *s, const struct redis_health *h, struct error *err)
{
    struct buf evidence = {0};
    char since[CIVIL_TEXT];
    struct json_writer j;
    struct signal_row row = {
        .subject = span_str(h->node),
        .subject_type = "node",
        .severity = h->connected ? "warning" : "critical",
        .value = NAN,
        .baseline = NAN,
        .delta = NAN,
        .low = NAN,
        .high = NAN,
        .p_value = NAN,
        .completeness = NAN,
        .window_start = since,
        .window_end = since,
        .reason = h->problem,
    };
    enum status st;

    format_utc(since, h->since);
    json_begin(&j, &evidence);
    json_object(&j, NULL);
    json_text(&j, "problem", h->problem);
    json_time(&j, "since", h->since);
    json_close(&j);
    row.evidence = evidence.p;
    st = signals_raise(s, &row, err);
    buf_clear(&evidence);
    return st;
}

enum status
analyst_redis(struct analyst *a, const struct redis_health *h, int64_t now, struct error *err)
{
    struct pass p = {.a = a, .store = a->store, .now = now};
    struct signals *s = NULL;
    bool open;
    enum status st;

    format_utc(p.now_text, now);
    st = signals_begin(&s, &p, "redis", err);
    open = st == ST_OK && signals_is_open(s, span_str(h->node));
    if (st == ST_OK && h->problem[0] && (open || now - h->since >= REDIS_SIGNAL_AFTER))
        st = raise_redis(s, h, err);
    st = signals_end(s, st, SIGNALS_CLOSE_AT_ONCE, err);
    return store_end(a->store, st, err);
}
