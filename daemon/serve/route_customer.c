/*
 * route_customer.c - GET /v1/customers/{id}: all that is known of one customer.
 */
#include <stdlib.h>
#include <unistd.h>

#include "asked.h"
#include "civil.h"
#include "course.h"
#include "serve_internal.h"

#define DAYS_MOST  1100 /* three years of days with usage */
#define ROWS_MOST  500  /* changes of stages, signals */
#define HABIT_DAYS 90

struct writing {
    struct reader *rd;
    const char *id;
    struct json_writer *w;
    const struct answer *answer;
    struct answer_end end; /* of the last list */
};

static bool
write_row(void *arg, const struct row_value *values)
{
    struct writing *wr = arg;

    answer_json_row(wr->w, wr->answer, values, true);
    return true;
}

/* Rows of an answer about this customer. */
static enum status
write_rows(struct writing *wr, const char *answer, const char *sort, uint64_t limit,
           struct error *err)
{
    struct answer_query q = {.sort = sort, .limit = limit, .viewer = wr->rd->viewer};
    struct answer_sink sink = {write_row, wr};

    wr->answer = answer_find(answer);
    q.param[ANSWER_CUSTOMER] = wr->id;
    if (answer_knows(wr->answer, ANSWER_STATE))
        q.param[ANSWER_STATE] = "all";
    buf_clear(&wr->end.next);
    return answer_run(wr->rd->store, wr->answer, &q, &sink, &wr->end, err);
}

/* {"alias":[...],"number":[...],"domain":[...]}: how records are matched to it. */
static enum status
write_names(const struct writing *wr, struct error *err)
{
    static const char *const kinds[] = {"alias", "number", "domain"};
    struct query *q = NULL;
    enum status st = store_query(wr->rd->store, &q,
                                 "SELECT value FROM customer_alias WHERE customer = ?1 AND"
                                 " kind = ?2 ORDER BY value",
                                 err);

    json_object(wr->w, "names");
    for (size_t i = 0; st == ST_OK && i < sizeof kinds / sizeof *kinds; i++) {
        query_set_str(q, 1, wr->id);
        query_set_str(q, 2, kinds[i]);
        json_array(wr->w, kinds[i]);
        while ((st = query_next(q, err)) == ST_OK)
            json_span(wr->w, NULL, query_text(q, 0));
        json_close(wr->w);
        st = st == ST_NOT_FOUND ? ST_OK : st;
    }
    json_close(wr->w);
    query_free(q);
    return st;
}

static void
write_hours(struct json_writer *w, const struct customer_habits *h)
{
    static const char *const keys[] = {"legs", "seconds", "failed"};

    for (int k = 0; k < 3; k++) {
        json_array(w, keys[k]);
        for (int i = 0; i < COURSE_HOURS; i++)
            json_i64(w, NULL,
                     k == 0   ? h->hour[i].legs
                     : k == 1 ? h->hour[i].seconds
                              : h->hour[i].failed);
        json_close(w);
    }
}

static void
write_features(struct json_writer *w, const struct customer_habits *h)
{
    json_array(w, "features");
    for (size_t i = 0; i < h->feature_count; i++) {
        json_object(w, NULL);
        json_text(w, "feature", h->features[i].name);
        json_i64(w, "used", h->features[i].used);
        json_i64(w, "failed", h->features[i].wanted);
        json_close(w);
    }
    json_close(w);
}

/* The last 90 days before the pass, hour by hour of the week. */
static enum status
write_habits(const struct writing *wr, const struct zone *zone, struct error *err)
{
    char *path = config_state_path(wr->rd->config, "ledger.db"), day[CIVIL_TEXT];
    struct customer_habits h = {.zone = zone};
    enum status st = ST_OK;

    if (access(path, F_OK) != 0) { /* a copy of the store alone */
        json_null(wr->w, "rhythm");
        json_null(wr->w, "features");
        free(path);
        return ST_OK;
    }
    if (parse_day(span_of(wr->end.as_of, strlen(wr->end.as_of) < 10 ? 0 : 10), &h.to)) {
        h.to++;
        h.from = h.to - HABIT_DAYS;
        st = customer_habits_read(&h, path, span_str(wr->id), err);
    }
    free(path);
    if (st == ST_OK) {
        json_object(wr->w, "rhythm");
        json_text(wr->w, "zone", zone_name(zone));
        json_text(wr->w, "from", format_day(day, h.from));
        write_hours(wr->w, &h);
        json_close(wr->w);
        write_features(wr->w, &h);
    }
    customer_habits_clear(&h);
    return st;
}

static enum status
write_customer(struct writing *wr, const struct zone *zone, struct error *err)
{
    static const struct {
        const char *key, *answer, *sort;
        uint64_t limit;
    } lists[] = {
        {"days", "customer_days", "-day", DAYS_MOST},
        {"segments", "segment_members", NULL, ROWS_MOST},
        {"stages", "stage_history", NULL, ROWS_MOST},
        {"signals", "signals", "-last_seen", ROWS_MOST},
    };
    enum status st;

    json_key(wr->w, SPAN("customer"));
    st = write_rows(wr, "customers", NULL, 1, err);
    if (st == ST_OK && wr->end.rows == 0)
        return fail(err, ST_NOT_FOUND, "There is no customer \"%.128s\".", wr->id);
    if (st == ST_OK)
        st = write_names(wr, err);
    for (size_t i = 0; st == ST_OK && i < sizeof lists / sizeof *lists; i++) {
        json_array(wr->w, lists[i].key);
        st = write_rows(wr, lists[i].answer, lists[i].sort, lists[i].limit, err);
        json_close(wr->w);
    }
    if (st == ST_OK)
        st = write_habits(wr, zone, err);
    json_text(wr->w, "as_of", wr->end.as_of[0] ? wr->end.as_of : NULL);
    json_real(wr->w, "completeness", wr->end.completeness);
    return st;
}

void
get_customer(struct reader *rd, struct http_request *r)
{
    const char *zone_asked = NULL;
    const struct asked_param params[] = {{"zone", &zone_asked}};
    struct writing wr = {.rd = rd};
    const struct zone *zone = NULL;
    struct json_writer w;
    struct buf body = {0};
    struct error err;
    enum status st = asked_query(r->query, params, 1, rd->memory, &err);

    wr.w = &w;
    asked_path("/v1/customers/{id}", r->path, rd->memory, &wr.id);
    json_begin(&w, &body);
    json_object(&w, NULL);
    if (st == ST_OK &&
        zone_load(&zone, zone_asked ? zone_asked : rd->config->timezone, &err) != ST_OK)
        st = err.code = ST_BAD_INPUT;
    if (st == ST_OK)
        st = write_customer(&wr, zone, &err);
    json_close(&w);
    buf_clear(&wr.end.next);
    reader_reply(r, st, &body, &err);
}
