/*
 * routes.c - which path answers what.
 *
 * A new route is one function and one line in the table. One that is quick, and needs no store,
 * answers on the event loop; all others on a reader's thread (readers.h). The tables of the store
 * (answer.h) need neither.
 */
#include "routes.h"

#include <stdio.h>

#include "asked.h"
#include "config.h"
#include "events.h"
#include "hash.h"
#include "page.h"

#define SMALL_BODY (64u << 10)
#define FILE_BODY  (8u << 20)

static void
post_login(struct serve *s, struct http_request *r)
{
    access_login(s->access, r);
}

static void
post_logout(struct serve *s, struct http_request *r)
{
    access_logout(s->access, r);
}

static void
get_session(struct serve *s, struct http_request *r)
{
    access_session(s->access, r);
}

static void
get_page(struct serve *s, struct http_request *r)
{
    (void)s;
    page_request(r);
}

static void
get_events(struct serve *s, struct http_request *r)
{
    events_listen(s->events, r);
}

static const struct route routes[] = {
    {"GET", "/healthz", "Whether the process answers at all", ROLE_NONE, true, .now = get_health},
    {"GET", "/readyz", "Whether batches can be committed", ROLE_NONE, true, .now = get_ready},
    {"GET", "/metrics", "Counters and gauges", ROLE_READ, true, .now = get_metrics},
    {"GET", "/v1/status", "How the daemon and its inputs are", ROLE_READ, true, .now = get_status},
    {"GET", "/v1/live", "Who is in which conference now", ROLE_READ, true, .now = get_live},
    {"GET", "/v1/events", "Server-sent events: status every second, changes of the store",
     ROLE_READ, true, .now = get_events},
    {"POST", "/v1/login", "Begins a session of the page with a token", ROLE_NONE, true,
     .now = post_login, .max_body = SMALL_BODY},
    {"POST", "/v1/logout", "Ends the session", ROLE_NONE, true, .now = post_logout,
     .max_body = SMALL_BODY},
    {"GET", "/v1/session", "Who is logged in", ROLE_NONE, true, .now = get_session},
    {"GET", "/v1/customers/{id}", "All that is known of one customer", ROLE_READ, true,
     .read = get_customer, .stored = true},
    {"GET", CUSTOMER_HOURS, "A customer by hour of the week", ROLE_READ, true,
     .read = route_customer_hours},
    {"GET", CUSTOMER_FEATURES, "The features that a customer uses", ROLE_READ, true,
     .read = route_customer_features},
    {"GET", FEATURE_COURSE, "A feature over time", ROLE_READ, true, .read = route_feature_course},
    {"GET", "/v1/signals/{id}", "One signal", ROLE_READ, true, .read = get_signal, .stored = true},
    {"POST", "/v1/signals/{id}/ack", "Marks a signal as seen to", ROLE_ADMIN, true,
     .read = post_signal_ack, .max_body = SMALL_BODY},
    {"POST", "/v1/signals/{id}/close", "Closes a signal", ROLE_ADMIN, true,
     .read = post_signal_close, .max_body = SMALL_BODY},
    {"GET", "/v1/what-if", "People needed if more came, or for longer", ROLE_READ, true,
     .read = route_what_if},
    {"POST", "/v1/roster", "Takes over a roster", ROLE_ADMIN, false, .read = post_roster,
     .max_body = FILE_BODY},
};

const struct route *
route_at(size_t i)
{
    return i < sizeof routes / sizeof *routes ? &routes[i] : NULL;
}

/* GET of the page's files, and of /v1/NAME of each answer. */
static const struct route page_route = {.method = "GET", .limited = true, .now = get_page};
static const struct route answers = {.method = "GET", .read = route_answer, .stored = true};

/* HEAD is GET whose body the server leaves out. */
static bool
method_fits(const struct route *route, struct span method)
{
    return span_is(method, route->method) ||
           (span_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

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

/* Whether who asks may; else it was answered. */
static bool
may(struct serve *s, struct http_request *r, const struct route *route)
{
    const struct answer *a = route == &answers ? route_answer_of(r->path) : NULL;

    if (a)
        return access_let(s->access, r, a->admin ? ROLE_ADMIN : ROLE_READ, a->own != NULL);
    if (route->now == get_metrics && s->config->http_metrics_open)
        return access_let(s->access, r, ROLE_NONE, true);
    return access_let(s->access, r, route->role, route->limited);
}

static void
ingest_begins(struct serve *s, struct http_request *r)
{
    if (!ingest_takes(s->ingest, r))
        http_problem(r, 405, "Allow: POST\r\n", "Records are sent with POST.");
    else if (s->draining)
        http_problem(r, 503, "Retry-After: 5\r\n", "The daemon is stopping.");
    else if (ingest_asks(s->ingest, r->path) || access_let(s->access, r, ROLE_INGEST, true))
        ingest_head(s->ingest, r);
}

void
routes_head(void *arg, struct http_request *r)
{
    struct serve *s = arg;
    const struct route *route;
    const char *allowed;
    char extra[64];

    if (ingest_has(s->ingest, r->path)) {
        ingest_begins(s, r);
        return;
    }
    route = find_route(r->path, r->method, &allowed);
    if (route) {
        if (r->max_body > route->max_body)
            r->max_body = route->max_body;
        may(s, r, route);
    } else if (allowed) {
        snprintf(extra, sizeof extra, "Allow: %s\r\n", allowed);
        http_problem(r, 405, extra, "This path knows %s.", allowed);
    } else {
        http_problem(r, 404, NULL, "There is nothing here.");
    }
}

/* What is read from the store is the same as long as the store is: then who has it need not have it
 * again. Sets the ETag, which is weak because gzip has the same one. */
static bool
still_known(const struct serve *s, struct http_request *r, const struct route *route)
{
    const struct asker *asker = r->user;
    struct span accept = http_request_field(r, "Accept");
    uint64_t hash = hash_bytes(r->path.p, r->path.n, s->boot);

    r->pack = asked_accepts_gzip(r);
    if (!route->stored || !method_fits(route, r->method))
        return false;
    hash = hash_bytes(r->query.p, r->query.n, hash);
    hash = hash_bytes(accept.p, accept.n, hash);
    hash = hash_bytes(asker->owner, strlen(asker->owner), hash + asker->limited);
    snprintf(r->etag, sizeof r->etag, "W/\"%llx-%llx-%llx\"",
             (unsigned long long)access_generation(s->access), (unsigned long long)s->reloads,
             (unsigned long long)hash);
    return asked_knows(r, r->etag);
}

void
routes_request(void *arg, struct http_request *r)
{
    struct serve *s = arg;
    const char *allowed;
    const struct route *route = find_route(r->path, r->method, &allowed);

    if (route && s->draining && route->now != get_health)
        http_problem(r, 503, "Retry-After: 5\r\n", "The daemon is stopping.");
    else if (route && route->read && !still_known(s, r, route))
        readers_take(s->readers, r, route->read);
    else if (route && route->read)
        http_reply(r, 304, NULL, NULL, NULL);
    else if (route)
        route->now(s, r);
    else
        ingest_request(s->ingest, r);
}
