/*
 * route_what_if.c - GET /v1/what-if?volume=%2B20%25&aht=4m: the people that the coming week would
 * need if things were otherwise (scenario.h), in the shape of the answers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "asked.h"
#include "scenario.h"
#include "serve_internal.h"

struct table {
    struct buf out;
    struct json_writer json;
    const struct answer *columns;
    bool csv;
};

struct shape {
    bool csv, intervals;
};

/* Who is limited to an owner's customers learns nothing of others'. "ACME=+50%" */
static enum status
check_customers(const struct reader *rd, const struct scenario *s, struct error *err)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < SCENARIO_LIST && s->customer[i]; i++) {
        const char *equals = strrchr(s->customer[i], '=');
        size_t n = equals ? (size_t)(equals - s->customer[i]) : strlen(s->customer[i]);
        char *id = arena_alloc(rd->memory, n + 1);

        memcpy(id, s->customer[i], n);
        id[n] = '\0';
        st = reader_customer(rd, id, err);
    }
    return st;
}

static enum status
read_scenario(const struct reader *rd, const struct http_request *r, struct scenario *s,
              struct shape *shape, struct error *err)
{
    const char *format = NULL, *by = NULL;
    const struct asked_param params[] = {
        {"service", &s->service},
        {"volume", &s->volume},
        {"aht", &s->aht},
        {"sl", &s->sl},
        {"within", &s->within},
        {"occupancy", &s->occupancy},
        {"shrinkage", &s->shrinkage},
        {"patience", &s->patience},
        {"format", &format},
        {"by", &by},
        {"availability", &s->availability},
    };
    const struct asked_list lists[] = {
        {"customer", s->customer, SCENARIO_LIST},
        {"feature", s->feature, SCENARIO_LIST},
        {"split", s->split, SCENARIO_LIST},
    };
    enum status st = asked_query_lists(r->query, params, sizeof params / sizeof *params, lists,
                                       sizeof lists / sizeof *lists, rd->memory, err);

    if (st == ST_OK && rd->viewer)
        st = check_customers(rd, s, err);
    if (st == ST_OK && by && strcmp(by, "interval") != 0)
        return fail(err, ST_BAD_INPUT, "by: \"%.40s\": expected interval", by);
    shape->intervals = by != NULL;
    return st == ST_OK ? asked_csv(r, format, &shape->csv, err) : st;
}

static void
put_row(void *arg, const struct row_value *values)
{
    struct table *t = arg;

    if (t->csv)
        answer_csv_row(&t->out, t->columns, values);
    else
        answer_json_row(&t->json, t->columns, values, true);
}

static void
fill(struct table *t, const struct scenario_answer *a)
{
    (t->columns == &scenario_table ? scenario_rows : scenario_interval_rows)(a, put_row, t);
}

static void
reply_csv(struct http_request *r, const struct scenario_answer *a, const struct answer *columns)
{
    struct table t = {.csv = true, .columns = columns};

    answer_csv_head(&t.out, columns);
    fill(&t, a);
    reader_reply_csv(r, "what_if", &t.out);
}

static void
reply_json(struct http_request *r, const struct scenario_answer *a, const struct answer *columns)
{
    struct table t = {.columns = columns};

    json_begin(&t.json, &t.out);
    json_object(&t.json, NULL);
    json_text(&t.json, "as_of", a->as_of);
    json_array(&t.json, "rows");
    fill(&t, a);
    json_close(&t.json);
    json_null(&t.json, "next");
    json_close(&t.json);
    buf_char(&t.out, '\n');
    http_reply(r, 200, "application/json", &t.out, NULL);
}

void
route_what_if(struct reader *rd, struct http_request *r)
{
    struct scenario_answer *a = NULL;
    struct scenario s = {0};
    struct error err;
    struct shape shape = {0};
    const struct answer *columns;
    enum status st = read_scenario(rd, r, &s, &shape, &err);

    columns = shape.intervals ? &scenario_interval_table : &scenario_table;
    if (st == ST_OK)
        st = scenario_run(&a, rd->store, rd->config, &s, &err);
    if (st != ST_OK)
        reader_problem(r, &err);
    else if (shape.csv)
        reply_csv(r, a, columns);
    else
        reply_json(r, a, columns);
    scenario_free(a);
}
