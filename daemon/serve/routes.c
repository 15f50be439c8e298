/*
 * routes.c - which path answers what.
 *
 * A new route is one function and one line in the table. One that is quick, and needs no store,
 * answers on the event loop; all others on a reader's thread (readers.h). The tables of the store
 * (answer.h) need neither.
 */
#include <stdio.h>

#include "asked.h"
#include "json_write.h"
#include "serve_internal.h"

static void
get_health(struct serve *s, struct http_request *r)
{
    struct buf body = {0};

    (void)s;
    buf_str(&body, "alive\n");
    http_reply(r, 200, "text/plain; charset=utf-8", &body, NULL);
}

static void
get_ready(struct serve *s, struct http_request *r)
{
    struct engine_status st;
    struct buf body = {0};

    memset(&st, 0, sizeof st);
    engine_status(s->engine, &st);
    if (st.stalled[0]) {
        http_problem(r, 503, "Retry-After: 5\r\n", "%s", st.stalled);
    } else {
        buf_str(&body, "ready\n");
        http_reply(r, 200, "text/plain; charset=utf-8", &body, NULL);
    }
}

static void
get_status(struct serve *s, struct http_request *r)
{
    struct buf body = {0};
    struct json_writer w;

    json_begin(&w, &body);
    serve_write_status(&w, s->engine, s->config, s->started);
    buf_char(&body, '\n');
    http_reply(r, 200, "application/json", &body, NULL);
}

static void
write_names(struct json_writer *w, const char *list, const char *key, const struct live_name *names,
            size_t n)
{
    json_array(w, list);
    for (size_t i = 0; i < n; i++) {
        json_object(w, NULL);
        json_span(w, key, names[i].name);
        json_u64(w, "legs", names[i].legs);
        json_close(w);
    }
    json_close(w);
}

static void
write_conference(struct json_writer *w, const struct live_conference *c)
{
    json_object(w, NULL);
    json_span(w, "conference", c->id);
    json_span(w, "conference_name", c->name);
    json_span(w, "customer", c->customer);
    json_span(w, "source", c->source);
    json_u64(w, "legs", c->legs);
    json_time(w, "since", c->since);
    json_close(w);
}

static void
get_live(struct serve *s, struct http_request *r)
{
    struct buf body = {0};
    struct json_writer w;
    struct arena memory;
    struct live live;

    arena_init(&memory);
    engine_live(s->engine, &live, &memory);
    json_begin(&w, &body);
    json_object(&w, NULL);
    json_u64(&w, "legs", live.legs);
    json_u64(&w, "conferences", live.conferences);
    json_array(&w, "by_conference");
    for (size_t i = 0; i < live.conference_count; i++)
        write_conference(&w, &live.conference[i]);
    json_close(&w);
    write_names(&w, "by_customer", "customer", live.customer, live.customer_count);
    write_names(&w, "by_input", "input", live.input, live.input_count);
    json_close(&w);
    buf_char(&body, '\n');
    arena_clear(&memory);
    http_reply(r, 200, "application/json", &body, NULL);
}

static bool
mentions(struct span field, const char *what)
{
    return field.n && memmem(field.p, field.n, what, strlen(what));
}

/* OpenMetrics, but to who knows text/plain alone. */
static void
get_metrics(struct serve *s, struct http_request *r)
{
    struct span accept = http_request_field(r, "accept");
    bool older = mentions(accept, "text/plain") && !mentions(accept, "openmetrics");
    struct buf body = {0};

    metrics_write(&body, s, older);
    http_reply(r, 200,
               older ? "text/plain; version=0.0.4; charset=utf-8"
                     : "application/openmetrics-text; version=1.0.0; charset=utf-8",
               &body, NULL);
}

/* Whoever answers at once has `now`; what takes longer, or asks the store, has `read`. */
static const struct route {
    const char *method, *path; /* with one {part} at most, for asked_path */
    void (*now)(struct serve *s, struct http_request *r);
    reading *read;
} routes[] = {
    {"GET", "/healthz", get_health, NULL},
    {"GET", "/readyz", get_ready, NULL},
    {"GET", "/v1/status", get_status, NULL},
    {"GET", "/v1/live", get_live, NULL},
    {"GET", "/metrics", get_metrics, NULL},
    {"GET", FEATURE_COURSE, NULL, route_feature_course},
    {"GET", CUSTOMER_HOURS, NULL, route_customer_hours},
    {"GET", CUSTOMER_FEATURES, NULL, route_customer_features},
    {"GET", "/v1/what-if", NULL, route_what_if},
};

/* GET /v1/NAME of each answer. */
static const struct route answers = {"GET", NULL, NULL, route_answer};

/* HEAD is GET whose body the server leaves out. */
static bool
method_fits(const struct route *route, struct span method)
{
    return span_is(method, route->method) ||
           (span_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

static void
get_page(struct serve *s, struct http_request *r)
{
    (void)s;
    page_request(r);
}

static const struct route page_route = {"GET", NULL, get_page, NULL};

/* *allowed: the methods that the path knows, for people whose method it does not. */
static const struct route *
find_route(struct span path, struct span method, const char **allowed)
{
    *allowed = page_has(path) ? "GET, HEAD" : NULL;
    if (*allowed)
        return method_fits(&page_route, method) ? &page_route : NULL;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!asked_path(routes[i].path, path, NULL, NULL))
            continue;
        *allowed = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
        if (method_fits(&routes[i], method))
            return &routes[i];
    }
    if (*allowed || !route_answer_of(path))
        return NULL;
    *allowed = "GET, HEAD";
    return method_fits(&answers, method) ? &answers : NULL;
}

void
routes_head(void *arg, struct http_request *r)
{
    struct serve *s = arg;
    const char *allowed;
    char extra[64];

    if (ingest_has(s->ingest, r->path)) {
        if (!ingest_takes(s->ingest, r))
            http_problem(r, 405, "Allow: POST\r\n", "Records are sent with POST.");
        else if (s->draining)
            http_problem(r, 503, "Retry-After: 5\r\n", "The daemon is stopping.");
        else
            ingest_head(s->ingest, r);
        return;
    }
    r->max_body = 0;
    if (find_route(r->path, r->method, &allowed))
        return;
    if (!allowed) {
        http_problem(r, 404, NULL, "There is nothing here.");
        return;
    }
    snprintf(extra, sizeof extra, "Allow: %s\r\n", allowed);
    http_problem(r, 405, extra, "This path knows %s.", allowed);
}

void
routes_request(void *arg, struct http_request *r)
{
    struct serve *s = arg;
    const char *allowed;
    const struct route *route = find_route(r->path, r->method, &allowed);

    if (route && s->draining && route->now != get_health)
        http_problem(r, 503, "Retry-After: 5\r\n", "The daemon is stopping.");
    else if (route && route->read)
        readers_take(s->readers, r, route->read);
    else if (route)
        route->now(s, r);
    else
        ingest_request(s->ingest, r);
}
