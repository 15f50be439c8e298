/*
 * route_why.c - GET /v1/why: the reason for a change, out of the ledger.
 */
#include "asked.h"
#include "serve_internal.h"
#include "why_answer.h"

/* Who is limited to an owner's customers asks of one of these. */
static enum status
check_viewer(const struct reader *rd, struct why_wish *wish, struct error *err)
{
    if (!rd->viewer)
        return ST_OK;
    if (!wish->name || (wish->kind && strcmp(wish->kind, "customer") != 0))
        return fail(err, ST_NOT_FOUND, "Only your own customers: name one of them.");
    wish->kind = "customer";
    return reader_customer(rd, wish->name, err);
}

struct form {
    const char *zone, *format, *limit;
    size_t most; /* parts of a dimension, in JSON */
    bool csv;
};

#define PARTS_USUAL 100
#define PARTS_MOST  1000 /* of JSON; CSV is for taking all of it away */

static enum status
read_limit(struct form *form, struct error *err)
{
    int64_t n = PARTS_USUAL;

    if (form->limit && (!span_to_i64(span_str(form->limit), &n) || n < 1 || n > PARTS_MOST))
        return fail(err, ST_BAD_INPUT, "limit \"%.20s\": expected a number from 1 to %d",
                    form->limit, PARTS_MOST);
    form->most = (size_t)n;
    return ST_OK;
}

static enum status
answer(const struct reader *rd, const struct why_wish *wish, const struct form *form,
       struct buf *out, struct error *err)
{
    struct ledger_reader *ledger = NULL;
    const struct zone *zone = NULL;
    struct buf path = {0};
    struct why_answer a;
    struct why_ask ask;
    enum status st = why_ask(&ask, rd->store, wish, err);

    if (st == ST_OK &&
        zone_load(&zone, form->zone ? form->zone : rd->config->timezone, err) != ST_OK)
        st = err->code = ST_BAD_INPUT;
    buf_printf(&path, "%s/ledger.db", rd->config->state_dir);
    if (st == ST_OK)
        st = ledger_reader_open(&ledger, path.p, err);
    if (st == ST_OK)
        st = why_answer(&a, ledger, rd->store, zone, &ask, err);
    if (st == ST_OK) {
        if (form->csv)
            why_csv(&a, zone, out);
        else
            why_json_most(&a, zone, form->most, out);
        why_answer_clear(&a);
    }
    ledger_reader_close(ledger);
    buf_clear(&path);
    return st;
}

void
route_why(struct reader *rd, struct http_request *r)
{
    struct why_wish wish = {0};
    struct form form = {0};
    const struct asked_param params[] = {{"name", &wish.name},     {"kind", &wish.kind},
                                         {"from", &wish.from},     {"to", &wish.to},
                                         {"zone", &form.zone},     {"against", &wish.against},
                                         {"format", &form.format}, {"limit", &form.limit}};
    struct buf body = {0};
    struct error err;
    enum status st =
        asked_query(r->query, params, sizeof params / sizeof *params, rd->memory, &err);

    if (st == ST_OK)
        st = asked_csv(r, form.format, &form.csv, &err);
    if (st == ST_OK)
        st = read_limit(&form, &err);
    if (st == ST_OK)
        st = check_viewer(rd, &wish, &err);
    if (st == ST_OK)
        st = answer(rd, &wish, &form, &body, &err);
    if (st == ST_OK && form.csv) {
        reader_reply_csv(r, "why", &body);
        return;
    }
    reader_reply(r, st, &body, &err);
}
