/*
 * route_reckon.c - what is reckoned from the request alone (the calculator, a backtest), and the
 * formats that can be read.
 */
#include <math.h>
#include <stdlib.h>

#include "asked.h"
#include "backtest_file.h"
#include "csv_write.h"
#include "erlang_calculator.h"
#include "serve_internal.h"

#define INPUTS_MOST 30

static enum status
read_real(const char *name, const char *text, double *out, struct error *err)
{
    char *end;
    double v = strtod(text, &end);

    if (end == text || *end || !isfinite(v))
        return fail(err, ST_BAD_INPUT, "%s \"%.20s\": expected a number", name, text);
    *out = v;
    return ST_OK;
}

static enum status
read_whole(const char *name, const char *text, long *out, struct error *err)
{
    int64_t v;

    if (!span_to_i64(span_str(text), &v))
        return fail(err, ST_BAD_INPUT, "%s \"%.20s\": expected a whole number", name, text);
    *out = (long)v;
    return ST_OK;
}

/* --- GET /v1/erlang?calls=100&aht=180 --- */

static enum status
read_question(const struct reader *rd, const struct http_request *r, struct erlang_question *q,
              struct error *err)
{
    const char *text[INPUTS_MOST] = {NULL}, *wrong;
    struct asked_param params[INPUTS_MOST];
    const struct erlang_input *in;
    enum status st;
    size_t n = 0;

    for (; n < INPUTS_MOST && (in = erlang_input(n)); n++)
        params[n] = (struct asked_param){in->name, &text[n]};
    st = asked_query(r->query, params, n, rd->memory, err);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        void *at = (char *)q + erlang_input(i)->offset;

        if (text[i])
            st = erlang_input(i)->whole ? read_whole(params[i].name, text[i], at, err)
                                        : read_real(params[i].name, text[i], at, err);
    }
    wrong = st == ST_OK ? erlang_wrong(q) : NULL;
    return wrong ? fail(err, ST_BAD_INPUT, "%s", wrong) : st;
}

void
get_erlang(struct reader *rd, struct http_request *r)
{
    struct erlang_question q = erlang_usual();
    struct erlang_answer a;
    struct json_writer w;
    struct buf body = {0};
    struct error err;
    enum status st = read_question(rd, r, &q, &err);

    if (st == ST_OK) {
        erlang_answer(&q, &a);
        json_begin(&w, &body);
        erlang_write(&w, &a);
    }
    reader_reply(r, st, &body, &err);
}

/* --- POST /v1/backtest --- */

static enum status
read_wish(const struct reader *rd, const struct http_request *r, struct backtest_wish *wish,
          struct error *err)
{
    const char *first = NULL, *cycle = NULL, *wrong;
    const struct asked_param params[] = {{"first-origin", &first}, {"cycle-days", &cycle}};
    enum status st = asked_query(r->query, params, 2, rd->memory, err);

    if (st == ST_OK && first)
        st = read_whole("first-origin", first, &wish->first_weeks, err);
    if (st == ST_OK && cycle)
        st = read_whole("cycle-days", cycle, &wish->cycle_days, err);
    wrong = st == ST_OK ? backtest_wrong(wish) : NULL;
    return wrong ? fail(err, ST_BAD_INPUT, "%s", wrong) : st;
}

void
post_backtest(struct reader *rd, struct http_request *r)
{
    struct backtest_wish wish = {.first_weeks = BACKTEST_FIRST_WEEKS};
    struct backtest_found found;
    struct json_writer w;
    struct buf body = {0};
    struct error err;
    enum status st = read_wish(rd, r, &wish, &err);

    if (st == ST_OK)
        st = backtest_file(span_of(r->body.p ? r->body.p : "", r->body.n), &wish, &found, &err);
    if (st == ST_OK) {
        json_begin(&w, &body);
        backtest_write(&w, &found);
    }
    reader_reply(r, st, &body, &err);
}

/* --- GET /v1/formats --- */

static void
write_json(const struct config *c, struct buf *out)
{
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    json_array(&w, "rows");
    for (size_t i = 0; i < c->format_count; i++) {
        json_object(&w, NULL);
        json_text(&w, "name", c->formats[i].name);
        json_text(&w, "summary", c->formats[i].summary);
        json_text(&w, "type", c->formats[i].type);
        json_close(&w);
    }
    json_close(&w);
    json_close(&w);
}

static void
write_csv(const struct config *c, struct buf *out)
{
    buf_str(out, "name,summary,type\r\n");
    for (size_t i = 0; i < c->format_count; i++) {
        const struct format_options *f = &c->formats[i];

        csv_field(out, span_str(f->name));
        buf_char(out, ',');
        csv_field(out, span_str(f->summary ? f->summary : ""));
        buf_char(out, ',');
        csv_field(out, span_str(f->type));
        buf_str(out, "\r\n");
    }
}

void
get_formats(struct reader *rd, struct http_request *r)
{
    const char *format = NULL;
    const struct asked_param params[] = {{"format", &format}};
    struct buf body = {0};
    struct error err;
    bool csv = false;
    enum status st = asked_query(r->query, params, 1, rd->memory, &err);

    if (st == ST_OK)
        st = asked_csv(r, format, &csv, &err);
    if (st == ST_OK && csv) {
        write_csv(rd->config, &body);
        reader_reply_csv(r, "formats", &body);
        return;
    }
    if (st == ST_OK)
        write_json(rd->config, &body);
    reader_reply(r, st, &body, &err);
}
