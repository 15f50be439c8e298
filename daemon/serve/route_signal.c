/*
 * route_signal.c - one signal: looked at, explained, acknowledged, closed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "asked.h"
#include "audit_log.h"
#include "clock.h"
#include "json_read.h"
#include "serve_internal.h"
#include "signal_desk.h"
#include "signal_explain.h"

#define NOTE_MOST 2000 /* bytes */

struct one {
    const struct answer *answer;
    struct json_writer w;
};

static bool
write_row(void *arg, const struct row_value *values)
{
    struct one *one = arg;

    answer_json_row(&one->w, one->answer, values, true);
    return true;
}

/* The signal as an object; ST_NOT_FOUND: there is none that who asks may see. */
static enum status
find_signal(const struct reader *rd, struct store *s, const char *id, struct buf *out,
            struct error *err)
{
    struct one one = {.answer = answer_find("signals")};
    struct answer_query q = {.viewer = rd->viewer};
    struct answer_sink sink = {write_row, &one};
    struct answer_end end;
    enum status st;

    q.param[ANSWER_ID] = id;
    json_begin(&one.w, out);
    st = answer_run(s, one.answer, &q, &sink, &end, err);
    buf_clear(&end.next);
    if (st == ST_OK && end.rows == 0)
        return fail(err, ST_NOT_FOUND, "There is no signal \"%.40s\".", id);
    return st;
}

void
get_signal(struct reader *rd, struct http_request *r)
{
    const char *id = "";
    struct buf body = {0};
    struct error err;
    enum status st;

    asked_path("/v1/signals/{id}", r->path, rd->memory, &id);
    st = find_signal(rd, rd->store, id, &body, &err);
    reader_reply(r, st, &body, &err);
}

/* The explanation, or one table of it as CSV. */
static enum status
write_explanation(const struct explanation *e, const char *table, struct buf *out,
                  struct error *err)
{
    if (!table)
        explanation_json(e, out);
    else if (!explanation_csv(e, table, out))
        return fail(err, ST_BAD_INPUT, "table \"%.20s\": expected days, inputs or ranges", table);
    return ST_OK;
}

/* *table: which one as CSV; NULL: JSON. */
static enum status
read_form(const struct reader *rd, const struct http_request *r, const char **table,
          struct error *err)
{
    const char *format = NULL;
    const struct asked_param params[] = {{"format", &format}, {"table", table}};
    enum status st = asked_query(r->query, params, sizeof params / sizeof *params, rd->memory, err);
    bool csv = false;

    if (st == ST_OK)
        st = asked_csv(r, format, &csv, err);
    if (st == ST_OK && *table && !csv)
        st = fail(err, ST_BAD_INPUT, "table: of CSV only");
    if (csv && !*table)
        *table = "days";
    return st;
}

/* Without the ledger the sources cannot be told, but all else can. */
void
get_signal_explain(struct reader *rd, struct http_request *r)
{
    char *path = config_state_path(rd->config, "ledger.db");
    struct ledger_reader *ledger = NULL;
    const char *id = "", *table = NULL;
    struct buf body = {0};
    struct explanation e;
    struct error err;
    enum status st = read_form(rd, r, &table, &err);

    asked_path("/v1/signals/{id}/explain", r->path, rd->memory, &id);
    if (st == ST_OK)
        st = find_signal(rd, rd->store, id, &body, &err); /* is it one that the asker may see? */
    buf_reset(&body);
    if (st == ST_OK && ledger_reader_open(&ledger, path, &err) != ST_OK)
        ledger = NULL;
    if (st == ST_OK)
        st = signal_explain(rd->store, ledger, id, rd->memory, &e, &err);
    if (st == ST_OK)
        st = write_explanation(&e, table, &body, &err);
    ledger_reader_close(ledger);
    free(path);
    if (st == ST_OK && table)
        reader_reply_csv(r, "explain", &body);
    else
        reader_reply(r, st, &body, &err);
}

/* {"note":"..."}, or nothing. */
static enum status
read_note(const struct reader *rd, const struct http_request *r, const char **note,
          struct error *err)
{
    struct json_value *v;
    enum status st;

    *note = NULL;
    if (r->body.n == 0)
        return ST_OK;
    st = json_parse(span_of(r->body.p, r->body.n), rd->memory, &v, err);
    if (st != ST_OK || v->type != JSON_OBJECT)
        return fail(err, ST_BAD_INPUT, "Expected {\"note\":\"...\"}, or no body.");
    *note = json_get_text(v, "note", NULL);
    if (*note && strlen(*note) > NOTE_MOST)
        return fail(err, ST_BAD_INPUT, "A note has at most %d bytes.", NOTE_MOST);
    return ST_OK;
}

/* What somebody does with a signal. */
struct marking {
    enum signal_mark mark;
    const char *id;
    bool conflict; /* its state forbids it */
};

static enum status
mark_signal(struct reader *rd, const struct http_request *r, struct marking *m, struct buf *body,
            struct error *err)
{
    const struct asker *asker = r->user;
    struct audit_entry entry = {clock_now(), asker->name,
                                r->peer,     m->mark == SIGNAL_ACK ? "signal_ack" : "signal_close",
                                m->id,       NULL};
    struct store *s = NULL;
    enum status st = read_note(rd, r, &entry.detail, err);

    if (st == ST_OK)
        st = find_signal(rd, rd->store, m->id, body, err); /* is it one that the asker may see? */
    buf_reset(body);
    if (st == ST_OK)
        st = reader_edit(rd, &s, err);
    if (st == ST_OK) {
        audit_begin(s, &entry);
        st = signal_set(s, m->id, m->mark, asker->name, entry.detail, entry.at, err);
        audit_end(s);
        access_changed(rd->serve->access);
        m->conflict = st == ST_BAD_INPUT;
    }
    if (st == ST_OK)
        st = find_signal(rd, s, m->id, body, err);
    store_close(s);
    return st;
}

static void
mark_and_reply(struct reader *rd, struct http_request *r, enum signal_mark mark, const char *path)
{
    struct marking m = {mark, "", false};
    struct buf body = {0};
    struct error err;
    enum status st;

    asked_path(path, r->path, rd->memory, &m.id);
    st = mark_signal(rd, r, &m, &body, &err);
    if (m.conflict) {
        buf_clear(&body);
        http_problem(r, 409, NULL, "%s", err.text);
    } else {
        reader_reply(r, st, &body, &err);
    }
}

void
post_signal_ack(struct reader *rd, struct http_request *r)
{
    mark_and_reply(rd, r, SIGNAL_ACK, "/v1/signals/{id}/ack");
}

void
post_signal_close(struct reader *rd, struct http_request *r)
{
    mark_and_reply(rd, r, SIGNAL_CLOSE, "/v1/signals/{id}/close");
}
