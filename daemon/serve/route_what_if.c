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
    bool csv;
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
read_scenario(const struct reader *rd, const struct http_request *r, struct scenario *s, bool *csv,
              struct error *err)
{
    const char *format = NULL;
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
    return st == ST_OK ? asked_csv(r, format, csv, err) : st;
}

static void
put_row(void *arg, const struct row_value *values)
{
    struct table *t = arg;

    if (t->csv)
        answer_csv_row(&t->out, &scenario_table, values);
    else
        answer_json_row(&t->json, &scenario_table, values, true);
}

static void
reply_csv(struct http_request *r, const struct scenario_answer *a)
{
    struct table t = {.csv = true};

    answer_csv_head(&t.out, &scenario_table);
    scenario_rows(a, put_row, &t);
    http_reply(r, 200, "text/csv; charset=utf-8; header=present", &t.out,
               "Content-Disposition: attachment; filename=\"what_if.csv\"\r\n");
}

static void
reply_json(struct http_request *r, const struct scenario_answer *a)
{
    struct table t = {.csv = false};

    json_begin(&t.json, &t.out);
    json_object(&t.json, NULL);
    json_text(&t.json, "as_of", a->as_of);
    json_array(&t.json, "rows");
    scenario_rows(a, put_row, &t);
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
    bool csv;
    enum status st = read_scenario(rd, r, &s, &csv, &err);

    if (st == ST_OK)
        st = scenario_run(&a, rd->store, rd->config, &s, &err);
    if (st != ST_OK)
        reader_problem(r, &err);
    else if (csv)
        reply_csv(r, a);
    else
        reply_json(r, a);
    scenario_free(a);
}
