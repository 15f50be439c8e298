/*
 * outbox.c - messages that wait in the store.
 */
#include "outbox.h"

#include <stdio.h>
#include <string.h>

#include "civil.h"
#include "json_write.h"

/* --- what is wanted --- */

static void
list_json(struct buf *out, const char *const *words)
{
    struct json_writer w;

    json_begin(&w, out);
    json_array(&w, NULL);
    for (; *words; words++)
        json_text(&w, NULL, *words);
    json_close(&w);
}

static const char *const *
events_of(const struct config_webhook *h)
{
    static const char *const all[] = {"raised", "changed", "acked", "closed", NULL};

    return h->events && h->events[0] ? h->events : all;
}

static int
least(const char *severity)
{
    return strcmp(severity, "critical") == 0 ? 2 : strcmp(severity, "warning") == 0 ? 1 : 0;
}

static enum status
put_webhook(struct store *s, const struct config_webhook *h, struct error *err)
{
    struct buf kinds = {0}, events = {0};
    struct query *q = NULL;
    enum status st = store_query(s, &q,
                                 "INSERT INTO webhook(name, least, kinds, events)"
                                 " VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
                                 " least = ?2, kinds = ?3, events = ?4",
                                 err);

    if (h->kinds && h->kinds[0])
        list_json(&kinds, h->kinds);
    list_json(&events, events_of(h));
    if (st == ST_OK) {
        query_set_str(q, 1, h->name);
        query_set_int(q, 2, least(h->severity));
        query_set_str(q, 3, kinds.n ? kinds.p : NULL);
        query_set_str(q, 4, events.p);
        st = query_run(q, err);
    }
    query_free(q);
    buf_clear(&kinds);
    buf_clear(&events);
    return st;
}

/* All of it as one text, to see whether anything has changed. */
static void
wanted_text(const struct config *c, struct buf *out)
{
    for (size_t i = 0; i < c->webhook_count; i++) {
        const struct config_webhook *h = &c->webhooks[i];

        buf_printf(out, "%s %d ", h->name, least(h->severity));
        if (h->kinds && h->kinds[0])
            list_json(out, h->kinds);
        list_json(out, events_of(h));
        buf_char(out, '\n');
    }
    buf_char(out, '\0');
}

static enum status
known_text(struct store *s, struct buf *out, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        s, &q, "SELECT name, least, ifnull(kinds, ''), events FROM webhook ORDER BY place", err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK)
        buf_printf(out, "%.*s %lld %.*s%.*s\n", SPAN_ARG(query_text(q, 0)),
                   (long long)query_int(q, 1), SPAN_ARG(query_text(q, 2)),
                   SPAN_ARG(query_text(q, 3)));
    query_free(q);
    buf_char(out, '\0');
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
outbox_configure(struct store *s, const struct config *c, struct error *err)
{
    struct buf wanted = {0}, known = {0};
    enum status st = known_text(s, &known, err);
    bool same;

    wanted_text(c, &wanted);
    same = st == ST_OK && strcmp(wanted.p, known.p) == 0;
    buf_clear(&wanted);
    buf_clear(&known);
    if (st != ST_OK || same)
        return st;
    st = store_begin(s, err);
    if (st == ST_OK)
        st = store_run(s, "DELETE FROM webhook", err);
    for (size_t i = 0; i < c->webhook_count && st == ST_OK; i++)
        st = put_webhook(s, &c->webhooks[i], err);
    if (st == ST_OK) /* nobody delivers them any more: people are to see that */
        st = store_run(s,
                       "UPDATE outbox SET state = 'dead', last_error = 'its webhook is no longer"
                       " configured', ended = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
                       " WHERE state = 'waiting' AND webhook NOT IN (SELECT name FROM webhook)",
                       err);
    return store_end(s, st, err);
}

/* --- delivering --- */

static const char next_sql[] =
    "SELECT id, message, body, attempts, ?2 / 1000 - CAST(strftime('%s', created) AS INTEGER),"
    " next_at FROM outbox o WHERE webhook = ?1 AND state = 'waiting'"
    " AND NOT EXISTS(SELECT 1 FROM outbox e WHERE e.webhook = ?1 AND e.state = 'waiting'"
    " AND e.subject = o.subject AND e.id < o.id) ORDER BY next_at > ?2, CASE WHEN next_at > ?2 THEN"
    " next_at END, id LIMIT 1";

enum status
outbox_next(struct store *s, const char *webhook, int64_t now_ms, struct message *out,
            int64_t *wait_ms, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q, next_sql, err);

    *wait_ms = -1;
    *out = (struct message){0};
    if (st == ST_OK) {
        query_set_str(q, 1, webhook);
        query_set_int(q, 2, now_ms);
        st = query_next(q, err);
    }
    if (st == ST_OK && query_int(q, 5) > now_ms) {
        *wait_ms = query_int(q, 5) - now_ms;
        st = ST_NOT_FOUND;
    }
    if (st == ST_OK) {
        out->row = query_int(q, 0);
        snprintf(out->id, sizeof out->id, "%.*s", SPAN_ARG(query_text(q, 1)));
        buf_span(&out->body, query_text(q, 2));
        out->attempts = query_int(q, 3);
        out->age_s = query_int(q, 4);
    }
    query_free(q);
    return st;
}

enum status
outbox_tried(struct store *s, int64_t row, const struct message_outcome *o, int64_t now_ms,
             struct error *err)
{
    static const char *const states[] = {
        [MESSAGE_DELIVERED] = "delivered", [MESSAGE_RETRY] = "waiting", [MESSAGE_DEAD] = "dead"};
    char now[CIVIL_TEXT];
    struct query *q = NULL;
    enum status st = store_begin(s, err);

    if (st != ST_OK)
        return st;
    st = store_query(s, &q,
                     "UPDATE outbox SET state = ?2, attempts = attempts + 1, next_at = ?3,"
                     " last_status = ?4, last_error = ?5, ended = CASE WHEN ?2 = 'waiting' THEN"
                     " NULL ELSE ?6 END, last_try = ?6 WHERE id = ?1 AND state = 'waiting'",
                     err);
    if (st == ST_OK) {
        query_set_int(q, 1, row);
        query_set_str(q, 2, states[o->end]);
        query_set_int(q, 3, o->end == MESSAGE_RETRY ? o->next_ms : 0);
        query_set_int(q, 4, o->status);
        query_set_str(q, 5, o->error);
        query_set_str(q, 6, format_utc(now, now_ms / 1000));
        st = query_run(q, err);
    }
    query_free(q);
    return store_end(s, st, err);
}

/* --- people --- */

static enum status
change_dead(struct store *s, const char *sql, const char *webhook, int64_t row, int64_t *changed,
            struct error *err)
{
    struct query *q = NULL;
    enum status st = store_begin(s, err);

    if (st != ST_OK)
        return st;
    st = store_query(s, &q, sql, err);
    if (st == ST_OK) {
        query_set_str(q, 1, webhook);
        query_set_int(q, 2, row);
        st = query_run(q, err);
    }
    query_free(q);
    if (st == ST_OK)
        *changed = store_changes(s);
    if (st == ST_OK && row != 0 && *changed == 0)
        st = fail(err, ST_NOT_FOUND, "there is no dead message %lld", (long long)row);
    return store_end(s, st, err);
}

#define DEAD_ONES " WHERE state = 'dead' AND (?1 IS NULL OR webhook = ?1) AND (?2 = 0 OR id = ?2)"

enum status
outbox_replay(struct store *s, const char *webhook, int64_t row, int64_t *changed,
              struct error *err)
{
    return change_dead(s,
                       "UPDATE outbox SET state = 'waiting', next_at = 0, attempts = 0,"
                       " ended = NULL, created = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')" DEAD_ONES,
                       webhook, row, changed, err);
}

enum status
outbox_drop(struct store *s, const char *webhook, int64_t row, int64_t *changed, struct error *err)
{
    return change_dead(s, "DELETE FROM outbox" DEAD_ONES, webhook, row, changed, err);
}

enum status
outbox_forget(struct store *s, int64_t now_ms, struct error *err)
{
    char before[CIVIL_TEXT];
    struct query *q = NULL;
    int64_t old = 0;
    enum status st;

    format_utc(before, now_ms / 1000 - (int64_t)OUTBOX_KEPT_DAYS * DAY_SECONDS);
    st = store_query(s, &q, "SELECT 1 FROM outbox WHERE state = 'delivered' AND ended < ?1 LIMIT 1",
                     err);
    if (st == ST_OK) {
        query_set_str(q, 1, before);
        st = query_next(q, err);
        old = st == ST_OK;
    }
    query_free(q);
    if (!old)
        return st == ST_NOT_FOUND ? ST_OK : st;
    st = store_begin(s, err);
    if (st == ST_OK)
        st = store_query(s, &q, "DELETE FROM outbox WHERE state = 'delivered' AND ended < ?1", err);
    if (st == ST_OK) {
        query_set_str(q, 1, before);
        st = query_run(q, err);
        query_free(q);
    }
    return store_end(s, st, err);
}

enum status
outbox_counts(struct store *s, const char *webhook, struct outbox_count *out, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q,
                                 "SELECT ifnull(sum(state = 'waiting'), 0),"
                                 " ifnull(sum(state = 'dead'), 0) FROM outbox WHERE webhook = ?1"
                                 " AND state IN ('waiting', 'dead')",
                                 err);

    if (st == ST_OK) {
        query_set_str(q, 1, webhook);
        st = query_next(q, err);
    }
    if (st == ST_OK)
        *out = (struct outbox_count){query_int(q, 0), query_int(q, 1)};
    query_free(q);
    return st;
}
