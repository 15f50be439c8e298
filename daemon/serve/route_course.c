/*
 * route_course.c - GET /v1/customers/ID/hours, /v1/customers/ID/features, /v1/features/ID.
 *
 * In the same shape as the answers of the store (route_answer.c), but read from the ledger.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "asked.h"
#include "civil.h"
#include "clock.h"
#include "course.h"
#include "serve_internal.h"

#define USUAL_DAYS 90
#define MOST_DAYS  4000

static const struct answer_column step_columns[] = {
    {"day", ANSWER_DAY, NULL, "first day of the step, UTC", .must = true},
    {"days", ANSWER_INT, "days", "of the step", .must = true},
    {"people", ANSWER_INT, "people", "distinct, used or wanted it (within 2 %)", .must = true},
    {"customers", ANSWER_INT, "customers", "who did (within 2 %)", .must = true},
    {"used", ANSWER_INT, "uses", "that went well", .must = true},
    {"failed", ANSWER_INT, "uses", "that failed, were rejected or abandoned", .must = true},
};
static const struct answer_column hour_columns[] = {
    {"weekday", ANSWER_INT, NULL, "0 is Monday, 6 Sunday", .must = true},
    {"hour", ANSWER_INT, "h", "of the day in the zone, 0 to 23", .must = true},
    {"legs", ANSWER_INT, "legs", "that began then and went well", .must = true},
    {"seconds", ANSWER_INT, "s", "in conferences then", .must = true},
    {"failed", ANSWER_INT, "legs", "that began then and failed", .must = true},
};
static const struct answer_column use_columns[] = {
    {"feature", ANSWER_TEXT, NULL, "the feature", .must = true},
    {"used", ANSWER_INT, "uses", "that went well", .must = true},
    {"failed", ANSWER_INT, "uses", "that failed, were rejected or abandoned", .must = true},
    {"days", ANSWER_INT, "days", "with any of both", .must = true},
    {"last_day", ANSWER_DAY, NULL, "the last of them, UTC", .must = true},
};
static const struct answer steps = {.name = "feature_course", ANSWER_COLUMNS(step_columns)};
static const struct answer hours = {.name = "customer_hours", ANSWER_COLUMNS(hour_columns)};
static const struct answer uses = {.name = "customer_features", ANSWER_COLUMNS(use_columns)};

/* What is asked for, and what is answered. */
struct course_run {
    const struct answer *what;
    const char *id, *from, *to, *by, *format, *zone;
    int32_t first, end; /* days, UTC */
    const struct zone *in;
    char *ledger;
    bool csv;
    struct buf out;
    struct json_writer json;
};

static enum status
read_day(const char *name, const char *text, int32_t otherwise, int32_t *out, struct error *err)
{
    *out = otherwise;
    if (!text || parse_day(span_str(text), out))
        return ST_OK;
    return fail(err, ST_BAD_INPUT, "%s \"%.40s\": expected a day (2026-11-22)", name, text);
}

static enum status
read_run(const struct reader *rd, const struct http_request *r, const char *pattern,
         struct course_run *run, struct error *err)
{
    const struct asked_param params[] = {{"from", &run->from},
                                         {"to", &run->to},
                                         {"by", &run->by},
                                         {"format", &run->format},
                                         {"zone", &run->zone}};
    enum status st = asked_query(r->query, params, sizeof params / sizeof *params, rd->memory, err);

    if (st != ST_OK)
        return st;
    if (!asked_path(pattern, r->path, rd->memory, &run->id))
        return fail(err, ST_BAD_INPUT, "the path's name is not UTF-8 with percent signs");
    st = asked_csv(r, run->format, &run->csv, err);
    if (st == ST_OK)
        st = read_day("to", run->to, day_of(clock_now()) + 1, &run->end, err);
    if (st == ST_OK)
        st = read_day("from", run->from, run->end - USUAL_DAYS, &run->first, err);
    if (st == ST_OK && (run->end <= run->first || run->end - run->first > MOST_DAYS))
        st = fail(err, ST_BAD_INPUT, "from and to: expected at least a day, and at most %d days",
                  MOST_DAYS);
    if (st == ST_OK && run->by && strcmp(run->by, "day") != 0 && strcmp(run->by, "week") != 0)
        st = fail(err, ST_BAD_INPUT, "by \"%.20s\": expected day or week", run->by);
    if (st == ST_OK && zone_load(&run->in, run->zone ? run->zone : rd->config->timezone, err))
        st = fail(err, ST_BAD_INPUT, "zone \"%.60s\": there is no such time zone", run->zone);
    return st;
}

static void
write_row(struct course_run *run, const struct row_value *values)
{
    if (run->csv)
        answer_csv_row(&run->out, run->what, values);
    else
        answer_json_row(&run->json, run->what, values, true);
}

static enum status
write_steps(struct course_run *run, struct error *err)
{
    struct feature_course c = {.from = run->first, .to = run->end, .days = 1};
    enum status st;

    if (!run->by || strcmp(run->by, "week") == 0)
        c.days = 7;
    st = feature_course_read(&c, run->ledger, span_str(run->id), err);
    for (size_t i = 0; st == ST_OK && i < c.count; i++) {
        const struct feature_step *s = &c.steps[i];
        struct row_value row[6];
        char day[CIVIL_TEXT];

        value_str(&row[0], format_day(day, s->day));
        value_int(&row[1], c.days);
        value_int(&row[2], llround(s->people));
        value_int(&row[3], llround(s->customers));
        value_int(&row[4], s->used);
        value_int(&row[5], s->failed);
        write_row(run, row);
    }
    feature_course_clear(&c);
    return st;
}

static enum status
write_habits(struct course_run *run, struct error *err)
{
    struct customer_habits h = {.from = run->first, .to = run->end, .zone = run->in};
    enum status st = customer_habits_read(&h, run->ledger, span_str(run->id), err);
    struct row_value row[5];

    for (int i = 0; st == ST_OK && run->what == &hours && i < COURSE_HOURS; i++) {
        value_int(&row[0], i / 24);
        value_int(&row[1], i % 24);
        value_int(&row[2], h.hour[i].legs);
        value_int(&row[3], h.hour[i].seconds);
        value_int(&row[4], h.hour[i].failed);
        write_row(run, row);
    }
    for (size_t i = 0; st == ST_OK && run->what == &uses && i < h.feature_count; i++) {
        const struct habit_feature *f = &h.features[i];
        char day[CIVIL_TEXT];

        value_str(&row[0], f->name);
        value_int(&row[1], f->used);
        value_int(&row[2], f->wanted);
        value_int(&row[3], f->days);
        value_str(&row[4], format_day(day, f->last));
        write_row(run, row);
    }
    customer_habits_clear(&h);
    return st;
}

static void
reply(struct http_request *r, struct course_run *run)
{
    struct buf body = {0};
    char now[CIVIL_TEXT];
    struct json_writer w;

    if (run->csv) {
        reader_reply_csv(r, run->what->name, &run->out);
        return;
    }
    json_close(&run->json);
    json_begin(&w, &body);
    json_object(&w, NULL);
    json_text(&w, "as_of", format_utc(now, clock_now()));
    json_raw(&w, "rows", span_of(run->out.p, run->out.n));
    json_null(&w, "next");
    json_close(&w);
    buf_char(&body, '\n');
    http_reply(r, 200, "application/json", &body, NULL);
}

static void
answer_course(struct reader *rd, struct http_request *r, const char *pattern,
              const struct answer *what, enum status (*write)(struct course_run *, struct error *))
{
    struct course_run run = {.what = what};
    struct error err;
    enum status st = read_run(rd, r, pattern, &run, &err);

    if (st == ST_OK && what != &steps)
        st = reader_customer(rd, run.id, &err);
    if (st == ST_OK) {
        run.ledger = config_state_path(rd->config, "ledger.db");
        json_begin(&run.json, &run.out);
        if (run.csv)
            answer_csv_head(&run.out, what);
        else
            json_array(&run.json, NULL);
        st = write(&run, &err);
    }
    if (st == ST_OK)
        reply(r, &run);
    else
        reader_problem(r, &err);
    free(run.ledger);
    buf_clear(&run.out);
}

void
route_feature_course(struct reader *rd, struct http_request *r)
{
    answer_course(rd, r, FEATURE_COURSE, &steps, write_steps);
}

void
route_customer_hours(struct reader *rd, struct http_request *r)
{
    answer_course(rd, r, CUSTOMER_HOURS, &hours, write_habits);
}

void
route_customer_features(struct reader *rd, struct http_request *r)
{
    answer_course(rd, r, CUSTOMER_FEATURES, &uses, write_habits);
}
