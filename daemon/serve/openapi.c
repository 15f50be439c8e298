/*
 * openapi.c - GET /v1/openapi.json: the routes and answers as an OpenAPI 3.1 description.
 *
 * Made from the same tables as the answers themselves (routes.h, answer.h); what a route of its own
 * answers is described by the schema in its row.
 */
#include <stdio.h>

#include "config.h"
#include "json_write.h"
#include "routes.h"

#define SCHEMA_OF "#/components/schemas/"

static const char problem_schema[] =
    "{\"type\":\"object\",\"description\":\"RFC 9457\",\"required\":[\"type\",\"title\",\"status\","
    "\"detail\"],\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"}}}";
static const char taken_schema[] =
    "{\"type\":\"object\",\"required\":[\"accepted\",\"duplicates\",\"quarantined\"],"
    "\"properties\":"
    "{\"accepted\":{\"type\":\"integer\"},\"duplicates\":{\"type\":\"integer\"},\"quarantined\":"
    "{\"type\":\"integer\"},\"ignored\":{\"type\":\"integer\"},\"batch\":{\"type\":\"integer\"},"
    "\"results\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"result\"],"
    "\"properties\":{\"result\":{\"type\":\"string\",\"enum\":[\"accepted\",\"duplicate\","
    "\"quarantined\",\"ignored\"]},\"reason\":{\"type\":\"string\"}}}}}}";

/* --- types --- */

static void
write_type(struct json_writer *w, const char *type, bool must)
{
    if (must) {
        json_text(w, "type", type);
        return;
    }
    json_array(w, "type");
    json_text(w, NULL, type);
    json_text(w, NULL, "null");
    json_close(w);
}

static void
write_column(struct json_writer *w, const struct answer_column *c)
{
    static const char *const formats[] = {[ANSWER_TIME] = "date-time", [ANSWER_DAY] = "date"};
    char what[200];

    json_object(w, c->name);
    if (c->type == ANSWER_INT)
        write_type(w, "integer", c->must);
    else if (c->type == ANSWER_REAL)
        write_type(w, "number", c->must);
    else if (c->type != ANSWER_JSON)
        write_type(w, "string", c->must);
    if (c->type == ANSWER_TIME || c->type == ANSWER_DAY)
        json_text(w, "format", formats[c->type]);
    snprintf(what, sizeof what, "%s%s%s%s", c->what, c->unit ? " (" : "", c->unit ? c->unit : "",
             c->unit ? ")" : "");
    json_text(w, "description", what);
    json_close(w);
}

static void
write_row_schema(struct json_writer *w, const struct answer *a)
{
    json_object(w, a->name);
    json_text(w, "type", "object");
    json_text(w, "description", a->title);
    json_array(w, "required");
    for (size_t i = 0; i < a->column_count; i++)
        json_text(w, NULL, a->columns[i].name);
    json_close(w);
    json_bool(w, "additionalProperties", false);
    json_object(w, "properties");
    for (size_t i = 0; i < a->column_count; i++)
        write_column(w, &a->columns[i]);
    json_close(w);
    json_close(w);
}

/* --- parameters --- */

/* such: NULL for a parameter of the query that need not be given. */
static void
write_param(struct json_writer *w, const struct answer_param_info *p, const char *in,
            const char *such)
{
    const char *one_of = p->one_of;

    json_object(w, NULL);
    json_text(w, "name", p->name);
    json_text(w, "in", in);
    json_text(w, "description", p->what);
    if (such || strcmp(in, "path") == 0)
        json_bool(w, "required", true);
    if (such)
        json_text(w, "example", such);
    json_object(w, "schema");
    json_text(w, "type", "string");
    if (one_of) {
        json_array(w, "enum");
        while (*one_of) {
            size_t n = strcspn(one_of, " ");

            json_span(w, NULL, span_of(one_of, n));
            one_of += n + (one_of[n] == ' ');
        }
        json_close(w);
    }
    json_close(w);
    json_close(w);
}

static void
write_answer_params(struct json_writer *w, const struct answer *a)
{
    struct answer_param_info p;

    json_array(w, "parameters");
    for (size_t i = 0; route_answer_param(a, i, &p); i++)
        write_param(w, &p, "query", NULL);
    json_close(w);
}

/* The value of a parameter in what a route needs, or NULL. */
static const char *
needed(const struct route *r, const char *name, char value[20])
{
    size_t n = strlen(name);

    for (const char *at = r->needs; at && *at; at += strcspn(at, "&"), at += *at == '&')
        if (strncmp(at, name, n) == 0 && at[n] == '=') {
            snprintf(value, 20, "%.*s", (int)strcspn(at + n + 1, "&"), at + n + 1);
            return value;
        }
    return NULL;
}

static void
write_route_params(struct json_writer *w, const struct route *r)
{
    const char *open = strchr(r->path, '{');
    struct answer_param_info p = {.what = "percent-encoded"};
    char text[20];

    json_array(w, "parameters");
    if (open) {
        snprintf(text, sizeof text, "%.*s", (int)strcspn(open + 1, "}"), open + 1);
        p.name = text;
        write_param(w, &p, "path", NULL);
    }
    for (size_t i = 0; route_param(r, i, &p); i++)
        write_param(w, &p, "query", needed(r, p.name, text));
    json_close(w);
}

/* --- operations --- */

static void
write_problem(struct json_writer *w)
{
    json_object(w, "default");
    json_raw(w, "$ref", SPAN("\"#/components/responses/problem\""));
    json_close(w);
}

static void
write_security(struct json_writer *w, enum role role)
{
    json_array(w, "security");
    if (role != ROLE_NONE) {
        json_raw(w, NULL, SPAN("{\"bearer\":[]}"));
        json_raw(w, NULL, SPAN("{\"cookie\":[]}"));
    }
    json_close(w);
}

/* The head of an operation, up to its responses, which stay open. */
static void
begin_operation(struct json_writer *w, const char *method, const char *summary, enum role role)
{
    char name[8] = "", what[300];

    for (size_t i = 0; method[i] && i + 1 < sizeof name; i++)
        name[i] = (char)(method[i] | 0x20);
    json_key(w, span_str(name));
    json_object(w, NULL);
    json_text(w, "summary", summary);
    snprintf(what, sizeof what, "Needs %s%s.", role == ROLE_NONE ? "no role" : "the role ",
             role == ROLE_NONE ? "" : role_name(role));
    json_text(w, "description", what);
    write_security(w, role);
}

static void
begin_content(struct json_writer *w, const char *type)
{
    json_object(w, "200");
    json_text(w, "description", "as asked");
    json_object(w, "content");
    json_key(w, span_str(type));
    json_object(w, NULL);
    json_object(w, "schema");
}

/* Beside JSON, for who prefers it. */
static void
write_csv(struct json_writer *w)
{
    json_key(w, SPAN("text/csv"));
    json_raw(w, NULL, SPAN("{\"schema\":{\"type\":\"string\"}}"));
}

/* {"as_of":..,"completeness":..,"rows":[..],"next":..}, or CSV. */
static void
write_answer(struct json_writer *w, const struct answer *a)
{
    char ref[80];

    snprintf(ref, sizeof ref, SCHEMA_OF "%s", a->name);
    begin_operation(w, "GET", a->title, a->admin ? ROLE_ADMIN : ROLE_READ);
    write_answer_params(w, a);
    json_object(w, "responses");
    begin_content(w, "application/json");
    json_text(w, "type", "object");
    json_raw(w, "required", SPAN("[\"as_of\",\"completeness\",\"rows\",\"next\"]"));
    json_object(w, "properties");
    json_raw(w, "as_of", SPAN("{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"));
    json_raw(w, "completeness", SPAN("{\"type\":[\"number\",\"null\"]}"));
    json_object(w, "rows");
    json_text(w, "type", "array");
    json_object(w, "items");
    json_text(w, "$ref", ref);
    json_close(w);
    json_close(w);
    json_raw(w, "next", SPAN("{\"type\":[\"string\",\"null\"]}"));
    json_close(w);
    json_close(w);
    json_close(w);
    write_csv(w);
    json_close(w);
    json_close(w);
    write_problem(w);
    json_close(w);
    json_close(w);
}

static void
write_body(struct json_writer *w, const char *type, const char *schema, bool must)
{
    json_object(w, "requestBody");
    json_bool(w, "required", must);
    json_object(w, "content");
    json_key(w, span_str(type));
    json_object(w, NULL);
    json_raw(w, "schema", span_str(schema));
    json_close(w);
    json_close(w);
    json_close(w);
}

static void
write_operation(struct json_writer *w, const struct route *r)
{
    begin_operation(w, r->method, r->summary, r->role);
    write_route_params(w, r);
    if (r->takes)
        write_body(w, r->takes, r->takes_schema, !r->may_take);
    json_object(w, "responses");
    json_object(w, r->accepted ? "202" : "200");
    json_text(w, "description", r->accepted ? "begun" : "as asked");
    json_object(w, "content");
    json_key(w, span_str(r->type ? r->type : "application/json"));
    json_object(w, NULL);
    json_raw(w, "schema", span_str(r->schema ? r->schema : "{\"type\":\"string\"}"));
    json_close(w);
    if (r->csv)
        write_csv(w);
    json_close(w);
    json_close(w);
    write_problem(w);
    json_close(w);
    json_close(w);
}

static void
write_input(struct json_writer *w, const struct config *c, const struct config_input *input)
{
    static const struct answer_param_info results = {
        .name = "results",
        .what = "1: tells what became of each record, in their order",
        .one_of = "0 1",
    };
    const struct format_options *format = config_format(c, input->format);
    bool notified = format && strcmp(format->type, "teams-callrecord") == 0;

    json_key(w, span_str(input->path));
    json_object(w, NULL);
    begin_operation(w, "POST", "Takes records; answers after the commit",
                    input->signature ? ROLE_NONE : ROLE_INGEST);
    json_array(w, "parameters");
    write_param(w, &results, "query", NULL);
    json_close(w);
    write_body(w, "*/*", "{}", true);
    json_object(w, "responses");
    begin_content(w, "application/json");
    json_text(w, "$ref", SCHEMA_OF "taken");
    json_close(w);
    json_close(w);
    if (notified)
        json_raw(w, "text/plain", SPAN("{\"schema\":{\"type\":\"string\"}}"));
    json_close(w);
    json_close(w);
    if (notified)
        json_raw(w, "202",
                 SPAN("{\"description\":\"Notifications: their records are to be fetched\","
                      "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"" SCHEMA_OF
                      "taken\"}}}}"));
    write_problem(w);
    json_close(w);
    json_close(w);
    json_close(w);
}

static bool
has_route(const struct answer *a)
{
    for (size_t i = 0; route_at(i); i++)
        if (route_answer_of(span_str(route_at(i)->path)) == a)
            return true;
    return false;
}

static void
write_paths(struct json_writer *w, const struct config *c)
{
    const struct route *r;

    json_object(w, "paths");
    for (size_t i = 0; (r = route_at(i)); i++) {
        const struct answer *a = route_answer_of(span_str(r->path));

        json_key(w, span_str(r->path));
        json_object(w, NULL);
        write_operation(w, r);
        while (route_at(i + 1) && strcmp(route_at(i + 1)->path, r->path) == 0)
            write_operation(w, route_at(++i)); /* GET beside POST */
        if (a)
            write_answer(w, a);
        json_close(w);
    }
    for (size_t i = 0; answer_at(i); i++)
        if (!has_route(answer_at(i))) {
            char path[64];

            snprintf(path, sizeof path, "/v1/%s", answer_at(i)->name);
            json_key(w, span_str(path));
            json_object(w, NULL);
            write_answer(w, answer_at(i));
            json_close(w);
        }
    for (size_t i = 0; i < c->input_count; i++)
        if (strcmp(c->inputs[i].type, "http") == 0)
            write_input(w, c, &c->inputs[i]);
    json_close(w);
}

static void
write_components(struct json_writer *w)
{
    json_object(w, "components");
    json_object(w, "schemas");
    json_raw(w, "problem", span_str(problem_schema));
    json_raw(w, "taken", span_str(taken_schema));
    for (size_t i = 0; answer_at(i); i++)
        write_row_schema(w, answer_at(i));
    json_close(w);
    json_object(w, "responses");
    json_raw(w, "problem",
             SPAN("{\"description\":\"what is wrong\",\"content\":{\"application/problem+json\":"
                  "{\"schema\":{\"$ref\":\"" SCHEMA_OF "problem\"}}}}"));
    json_close(w);
    json_object(w, "securitySchemes");
    json_raw(w, "bearer", SPAN("{\"type\":\"http\",\"scheme\":\"bearer\"}"));
    json_raw(w, "cookie",
             SPAN("{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"callswell_session\"}"));
    json_close(w);
    json_close(w);
}

static void
describe(const struct serve *s, struct buf *out)
{
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    json_text(&w, "openapi", "3.1.0");
    json_object(&w, "info");
    json_text(&w, "title", "callswell");
    json_text(&w, "version", CALLSWELL_VERSION);
    json_text(
        &w, "description",
        "Conference usage turned into decisions. Times are UTC unless a zone is asked for. As "
        "long as there are no tokens, everybody who can connect may do everything.");
    json_close(&w);
    write_paths(&w, s->config);
    write_components(&w);
    json_close(&w);
    buf_char(out, '\n');
}

/* Written once for each configuration: a hundred kilobytes are much for the event loop. */
void
get_openapi(struct serve *s, struct http_request *r)
{
    struct buf body = {0};

    if (!s->description.n || s->described != s->reloads) {
        buf_reset(&s->description);
        describe(s, &s->description);
        s->described = s->reloads;
    }
    buf_add(&body, s->description.p, s->description.n);
    http_reply(r, 200, "application/json", &body, NULL);
}
