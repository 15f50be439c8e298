/*
 * route_features.c - GET /v1/feature_use, /v1/regions: features of a period, a segment, a region,
 * and the regions that there are to ask for.
 *
 * Rows as the answers of the store have them (route_answer.c), but read from the ledger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "feature_asked.h"
#include "serve_internal.h"

/* A kind of rows out of one question. */
struct listing {
    const struct answer *what;
    enum status (*ask)(struct feature_asked *a, struct store *s, const char *ledger_path,
                       const struct feature_wish *wish, struct error *err);
    size_t (*count)(const struct feature_asked *a);
    void (*row)(const struct feature_asked *a, size_t i, struct row_value *values);
};

static size_t
count_uses(const struct feature_asked *a)
{
    return a->period.count;
}

static size_t
count_regions(const struct feature_asked *a)
{
    return a->regions.count;
}

static const struct listing uses = {&feature_use_rows, feature_ask, count_uses, feature_use_row};
static const struct listing regions = {&region_rows, feature_ask_regions, count_regions,
                                       region_row};

static enum status
read_wish(const struct reader *rd, const struct http_request *r, const struct listing *what,
          struct feature_wish *w, bool *csv, struct error *err)
{
    const char *from = NULL, *to = NULL, *format = NULL;
    const struct asked_param params[] = {{"from", &from},
                                         {"to", &to},
                                         {"segment", &w->segment},
                                         {"format", &format},
                                         {"region", &w->region}};
    size_t count = sizeof params / sizeof *params - (what == &regions);
    enum status st = asked_query(r->query, params, count, rd->memory, err);

    w->viewer = rd->viewer;
    if (st == ST_OK)
        st = asked_csv(r, format, csv, err);
    if (st == ST_OK && ((from && strlen(from) != 10) || (to && strlen(to) != 10)))
        st = fail(err, ST_BAD_INPUT, "from and to: expected days (2026-11-22)");
    if (st == ST_OK)
        st = feature_days(w, rd->store, from, to, err);
    return st;
}

/* What holds of all rows. */
static void
write_head(struct json_writer *w, const struct feature_asked *a, const struct listing *what)
{
    json_text(w, "from", a->from);
    json_text(w, "to", a->to);
    json_text(w, "segment", a->wish.segment);
    if (what == &regions) {
        json_i64(w, "attempts", a->regions.attempts);
        return;
    }
    json_text(w, "region", a->wish.region);
    json_text(w, "rule", a->wish.region ? REGION_RULE : NULL);
    json_real(w, "region_here", region_use_here(&a->regions));
    json_real(w, "region_covered", region_use_covered(&a->regions));
    json_real(w, "region_known", region_use_known(&a->regions));
    json_i64(w, "customers", a->period.active_customers);
    json_i64(w, "people", (int64_t)a->period.active_people);
}

static void
write_json(const struct feature_asked *a, const struct listing *what, struct buf *out)
{
    struct row_value row[FEATURE_USE_COLUMNS];
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    write_head(&w, a, what);
    json_array(&w, "rows");
    for (size_t i = 0; i < what->count(a); i++) {
        what->row(a, i, row);
        answer_json_row(&w, what->what, row, true);
    }
    json_close(&w);
    json_null(&w, "next");
    json_close(&w);
}

static void
write_csv(const struct feature_asked *a, const struct listing *what, struct buf *out)
{
    struct row_value row[FEATURE_USE_COLUMNS];

    answer_csv_head(out, what->what);
    for (size_t i = 0; i < what->count(a); i++) {
        what->row(a, i, row);
        answer_csv_row(out, what->what, row);
    }
}

static void
answer(struct reader *rd, struct http_request *r, const struct listing *what)
{
    char *path = config_state_path(rd->config, "ledger.db");
    struct feature_wish wish = {0};
    struct feature_asked asked;
    struct buf body = {0};
    bool csv = false;
    struct error err;
    enum status st = read_wish(rd, r, what, &wish, &csv, &err);

    if (st == ST_OK) {
        st = what->ask(&asked, rd->store, path, &wish, &err);
        if (st == ST_OK)
            (csv ? write_csv : write_json)(&asked, what, &body);
        feature_asked_clear(&asked);
    }
    if (st == ST_OK && csv)
        reader_reply_csv(r, what->what->name, &body);
    else
        reader_reply(r, st, &body, &err);
    free(path);
}

void
route_feature_use(struct reader *rd, struct http_request *r)
{
    answer(rd, r, &uses);
}

void
route_regions(struct reader *rd, struct http_request *r)
{
    answer(rd, r, &regions);
}
