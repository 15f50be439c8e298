/*
 * route_answer.c - GET /v1/NAME: the answers of the store, as JSON a page at a time or as CSV.
 */
#include <stdio.h>

#include "asked.h"
#include "serve_internal.h"

#define ROWS_USUAL 100
#define ROWS_MOST  1000 /* of JSON; CSV is for taking all of it away */
#define BYTES_MOST (64u << 20)

/* What stands in the query beside the filters. */
struct wishes {
    const char *sort, *limit, *after, *format, *zone;
    bool csv;
};

struct rows {
    const struct answer *answer;
    struct buf out;
    struct json_writer json;
    bool csv;
};

static bool
add_row(void *arg, const struct row_value *values)
{
    struct rows *rows = arg;

    if (rows->csv)
        answer_csv_row(&rows->out, rows->answer, values);
    else
        answer_json_row(&rows->json, rows->answer, values, true);
    return rows->out.n <= BYTES_MOST;
}

static enum status
read_limit(const struct wishes *w, uint64_t *out, struct error *err)
{
    int64_t n;

    *out = w->csv ? 0 : ROWS_USUAL;
    if (!w->limit)
        return ST_OK;
    if (!span_to_i64(span_str(w->limit), &n) || n < 1 || (!w->csv && n > ROWS_MOST))
        return fail(err, ST_BAD_INPUT, "limit \"%.20s\": expected a number from 1 to %d", w->limit,
                    ROWS_MOST);
    *out = (uint64_t)n;
    return ST_OK;
}

static enum status
read_moments(const struct reader *rd, const struct answer *a, const struct wishes *w,
             struct answer_query *q, struct error *err)
{
    static const enum answer_param moments[] = {ANSWER_FROM, ANSWER_TO};
    const struct zone *zone = NULL;
    enum status st = zone_load(&zone, w->zone ? w->zone : rd->config->timezone, err);

    if (st != ST_OK)
        return fail(err, ST_BAD_INPUT, "zone \"%.60s\": there is no such time zone",
                    w->zone ? w->zone : rd->config->timezone);
    for (size_t i = 0; i < 2; i++) {
        const char *text = q->param[moments[i]];
        char *out;

        if (!text)
            continue;
        out = arena_alloc(rd->memory, 32);
        if (!answer_moment(a, zone, text, out))
            return fail(err, ST_BAD_INPUT, "%s \"%.40s\": expected a day (2026-11-22) or a time",
                        answer_param_info(moments[i])->name, text);
        q->param[moments[i]] = out;
    }
    return ST_OK;
}

/* What a fixed list of words does not have would find nothing, which looks like an answer. */
static enum status
check_words(const struct answer_query *q, struct error *err)
{
    for (int p = 1; p < ANSWER_PARAMS; p++) {
        const struct answer_param_info *info = answer_param_info((enum answer_param)p);
        const char *word = q->param[p], *found;
        size_t n = word ? strlen(word) : 0;

        if (!word || !info->one_of)
            continue;
        found = n && !strchr(word, ' ') ? strstr(info->one_of, word) : NULL;
        if (!found || (found != info->one_of && found[-1] != ' ') ||
            (found[n] != ' ' && found[n] != '\0'))
            return fail(err, ST_BAD_INPUT, "%s \"%.20s\": expected one of: %s", info->name, word,
                        info->one_of);
    }
    return ST_OK;
}

static enum status
read_query(const struct reader *rd, const struct http_request *r, const struct answer *a,
           struct wishes *w, struct answer_query *q, struct error *err)
{
    struct asked_param params[ANSWER_PARAMS + 5] = {{"sort", &w->sort},
                                                    {"limit", &w->limit},
                                                    {"after", &w->after},
                                                    {"format", &w->format},
                                                    {"zone", &w->zone}};
    size_t count = 5;
    enum status st;

    for (int p = 1; p < ANSWER_PARAMS; p++)
        if (answer_knows(a, (enum answer_param)p))
            params[count++] =
                (struct asked_param){answer_param_info((enum answer_param)p)->name, &q->param[p]};
    st = asked_query(r->query, params, count, rd->memory, err);
    if (st != ST_OK)
        return st;
    st = asked_csv(r, w->format, &w->csv, err);
    if (st != ST_OK)
        return st;
    q->sort = w->sort;
    q->after = w->after;
    st = read_limit(w, &q->limit, err);
    if (st == ST_OK)
        st = check_words(q, err);
    return st == ST_OK ? read_moments(rd, a, w, q, err) : st;
}

/* {"as_of":"...","completeness":1,"rows":[...],"next":"..."} */
static void
write_envelope(struct buf *out, const struct rows *rows, const struct answer_end *end)
{
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    json_text(&w, "as_of", end->as_of[0] ? end->as_of : NULL);
    json_real(&w, "completeness", end->completeness);
    json_raw(&w, "rows", span_of(rows->out.p, rows->out.n));
    json_text(&w, "next", end->next.n ? end->next.p : NULL);
    json_close(&w);
    buf_char(out, '\n');
}

static void
reply(struct http_request *r, struct rows *rows, const struct answer_end *end)
{
    struct buf body = {0};

    if (rows->csv) {
        reader_reply_csv(r, rows->answer->name, &rows->out);
        return;
    }
    json_close(&rows->json);
    write_envelope(&body, rows, end);
    http_reply(r, 200, "application/json", &body, NULL);
}

const struct answer *
route_answer_of(struct span path)
{
    char name[40];

    if (path.n < 5 || path.n - 4 >= sizeof name || memcmp(path.p, "/v1/", 4) != 0)
        return NULL;
    memcpy(name, path.p + 4, path.n - 4);
    name[path.n - 4] = '\0';
    return answer_find(name);
}

void
route_answer(struct reader *rd, struct http_request *r)
{
    struct rows rows = {.answer = route_answer_of(r->path)};
    struct answer_sink sink = {add_row, &rows};
    struct answer_query query = {.viewer = rd->viewer};
    struct answer_end end = {.rows = 0};
    struct wishes w = {.csv = false};
    struct error err;
    enum status st = read_query(rd, r, rows.answer, &w, &query, &err);

    if (st == ST_OK) {
        rows.csv = w.csv;
        json_begin(&rows.json, &rows.out);
        if (w.csv)
            answer_csv_head(&rows.out, rows.answer);
        else
            json_array(&rows.json, NULL);
        st = answer_run(rd->store, rows.answer, &query, &sink, &end, &err);
    }
    if (st == ST_OK)
        reply(r, &rows, &end);
    else
        reader_problem(r, &err);
    buf_clear(&rows.out);
    buf_clear(&end.next);
}
