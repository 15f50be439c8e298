/*
 * route_change.c - POST to what the ledger is asked to change (refused records read again or
 * dropped, customers merged) and to messages that were given up.
 *
 * The first kind answers when the change is committed; Redis and the store follow. Who did it is
 * written down afterwards, when it is known to have happened.
 */
#include "asked.h"
#include "audit_log.h"
#include "clock.h"
#include "customers_import.h"
#include "json_read.h"
#include "log.h"
#include "outbox.h"
#include "serve_internal.h"

#define ALL "all" /* in the place of an id */

/* What is to be changed: one, or all of an input or a webhook. */
struct choice {
    const char *text; /* as in the path */
    int64_t id;       /* 0: all */
    const char *of;   /* only what belongs to this input or webhook; NULL: any */
};

static enum status
read_choice(const struct reader *rd, const struct http_request *r, const char *path,
            const char *whose, struct choice *out, struct error *err)
{
    const struct asked_param params[] = {{whose, &out->of}};
    enum status st = asked_query(r->query, params, 1, rd->memory, err);

    out->text = "";
    asked_path(path, r->path, rd->memory, &out->text);
    if (st != ST_OK || strcmp(out->text, ALL) == 0)
        return st;
    if (!span_to_i64(span_str(out->text), &out->id) || out->id <= 0)
        return fail(err, ST_BAD_INPUT, "\"%.40s\": expected a number, or " ALL, out->text);
    return ST_OK;
}

/* --- refused records --- */

/* The ledger has changed already: what cannot be written down is said in the log. */
static void
write_down(const struct reader *rd, const struct http_request *r, const char *action,
           const struct choice *c)
{
    const struct asker *asker = r->user;
    const struct audit_entry entry = {clock_now(), asker->name, r->peer, action, c->text, c->of};
    struct store *s = NULL;
    struct error err;
    enum status st = reader_edit(rd, &s, &err);

    if (st == ST_OK)
        st = audit_write(s, &entry, &err);
    store_close(s);
    access_changed(rd->serve->access);
    if (st != ST_OK)
        log_error("audit_failed", "action=%s subject=\"%s\" who=\"%s\" error=\"%s\"", action,
                  c->text, asker->name, err.text);
}

void
post_quarantine_replay(struct reader *rd, struct http_request *r)
{
    struct outcome_count n = {0};
    struct choice c = {0};
    struct json_writer w;
    struct buf body = {0};
    struct error err;
    enum status st = read_choice(rd, r, QUARANTINE_REPLAY, "input", &c, &err);

    if (st == ST_OK)
        st = engine_replay(rd->serve->engine, (uint64_t)c.id, c.of, &n, &err);
    if (st == ST_OK || n.records > 0)
        write_down(rd, r, "quarantine_replay", &c);
    if (st != ST_OK && n.records > 0) { /* the rest can be tried again, whatever it was */
        http_problem(r, 503, "Retry-After: 5\r\n", "%s", err.text);
        return;
    }
    json_begin(&w, &body);
    json_object(&w, NULL);
    json_u64(&w, "records", n.records);
    serve_write_outcome(&w, &n);
    json_close(&w);
    reader_reply(r, st, &body, &err);
}

void
post_quarantine_drop(struct reader *rd, struct http_request *r)
{
    uint64_t dropped = 0;
    struct choice c = {0};
    struct json_writer w;
    struct buf body = {0};
    struct error err;
    enum status st = read_choice(rd, r, QUARANTINE_DROP, "input", &c, &err);

    if (st == ST_OK)
        st = engine_drop(rd->serve->engine, (uint64_t)c.id, c.of, &dropped, &err);
    if (st == ST_OK && dropped == 0 && c.id > 0)
        st = fail(&err, ST_NOT_FOUND, "Nothing in quarantine has the id %s.", c.text);
    if (st == ST_OK)
        write_down(rd, r, "quarantine_drop", &c);
    json_begin(&w, &body);
    json_object(&w, NULL);
    json_u64(&w, "dropped", dropped);
    json_close(&w);
    reader_reply(r, st, &body, &err);
}

/* --- customers --- */

static enum status
move(void *arg, struct span from, struct span into, uint64_t *cells, struct error *err)
{
    const struct reader *rd = arg;

    return engine_merge_customer(rd->serve->engine, from, into, cells, err);
}

static enum status
match_anew(void *arg, struct error *err)
{
    const struct reader *rd = arg;

    return engine_reload_customers(rd->serve->engine, err);
}

/* {"into":"..."} */
static enum status
read_into(const struct reader *rd, const struct http_request *r, const char **into,
          struct error *err)
{
    struct json_value *v = NULL;
    enum status st =
        json_parse(span_of(r->body.p ? r->body.p : "", r->body.n), rd->memory, &v, err);

    *into = st == ST_OK ? json_get_text(v, "into", NULL) : NULL;
    return *into && **into ? ST_OK : fail(err, ST_BAD_INPUT, "Expected {\"into\":\"CUSTOMER\"}.");
}

static enum status
merge(struct reader *rd, const struct http_request *r, const char *from, const char *into,
      uint64_t *cells, struct error *err)
{
    const struct merge_hands hands = {move, match_anew, rd};
    const struct asker *asker = r->user;
    struct audit_entry entry = {clock_now(), asker->name, r->peer, "customer_merge", from, into};
    struct store *s = NULL;
    enum status st = reader_edit(rd, &s, err);

    if (st == ST_OK) {
        audit_begin(s, &entry);
        st = customers_merge(s, span_str(from), span_str(into), &hands, cells, err);
        audit_end(s);
        access_changed(rd->serve->access);
    }
    store_close(s);
    return st;
}

void
post_customer_merge(struct reader *rd, struct http_request *r)
{
    const char *from = "", *into = NULL;
    struct json_writer w;
    struct buf body = {0};
    struct error err;
    uint64_t cells = 0;
    enum status st = read_into(rd, r, &into, &err);

    asked_path(CUSTOMER_MERGE, r->path, rd->memory, &from);
    if (st == ST_OK)
        st = merge(rd, r, from, into, &cells, &err);
    json_begin(&w, &body);
    json_object(&w, NULL);
    json_text(&w, "customer", from);
    json_text(&w, "merged_into", into);
    json_u64(&w, "days", cells);
    json_close(&w);
    reader_reply(r, st, &body, &err);
}

/* --- messages that were given up --- */

struct message_change {
    const char *path, *action, *did;
    enum status (*change)(struct store *s, const char *webhook, int64_t row, int64_t *changed,
                          struct error *err);
};

static enum status
change_messages(struct reader *rd, const struct http_request *r, const struct message_change *m,
                int64_t *changed, struct error *err)
{
    const struct asker *asker = r->user;
    struct choice c = {0};
    struct store *s = NULL;
    enum status st = read_choice(rd, r, m->path, "webhook", &c, err);
    struct audit_entry entry = {clock_now(), asker->name, r->peer, m->action, c.text, c.of};

    if (st == ST_OK)
        st = reader_edit(rd, &s, err);
    if (st == ST_OK) {
        audit_begin(s, &entry);
        st = m->change(s, c.of, c.id, changed, err);
        audit_end(s);
        access_changed(rd->serve->access);
    }
    store_close(s);
    return st;
}

static void
change_and_reply(struct reader *rd, struct http_request *r, const struct message_change *m)
{
    int64_t changed = 0;
    struct json_writer w;
    struct buf body = {0};
    struct error err;
    enum status st = change_messages(rd, r, m, &changed, &err);

    json_begin(&w, &body);
    json_object(&w, NULL);
    json_i64(&w, m->did, changed);
    json_close(&w);
    reader_reply(r, st, &body, &err);
}

void
post_message_replay(struct reader *rd, struct http_request *r)
{
    static const struct message_change replay = {MESSAGE_REPLAY, "webhook_replay", "replayed",
                                                 outbox_replay};

    change_and_reply(rd, r, &replay);
}

void
post_message_drop(struct reader *rd, struct http_request *r)
{
    static const struct message_change drop = {MESSAGE_DROP, "webhook_drop", "dropped",
                                               outbox_drop};

    change_and_reply(rd, r, &drop);
}
