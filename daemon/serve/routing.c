/*
 * routing.c - from a request to its route: whether there is one, whether who asks may, and whether
 * it asks for nothing else than there is.
 */
#include <stdio.h>

#include "asked.h"
#include "config.h"
#include "hash.h"
#include "page.h"
#include "routes.h"

static void
get_page(struct serve *s, struct http_request *r)
{
    (void)s;
    page_request(r);
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
    const struct route *route;

    *allowed = page_has(path) ? "GET, HEAD" : NULL;
    if (*allowed)
        return method_fits(&page_route, method) ? &page_route : NULL;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        if (!asked_path(route->path, path, NULL, NULL))
            continue;
        *allowed = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method;
        if (method_fits(route, method))
            return route;
    }
    if (!route_answer_of(path))
        return NULL;
    *allowed = *allowed ? "GET, HEAD, POST" : "GET, HEAD";
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

struct asking {
    const struct route *route;
    const struct answer *answer; /* where the route is that of the answers */
};

static bool
is_param(const void *arg, struct span name)
{
    const struct asking *a = arg;
    struct answer_param_info p;

    for (size_t i = 0;
         a->answer ? route_answer_param(a->answer, i, &p) : route_param(a->route, i, &p); i++)
        if (span_is(name, p.name))
            return true;
    return false;
}

/* A parameter that is misspelt would look as if it had been heeded. Beside /v1 there are the page,
 * whose addresses are its own, and what probes and scrapers ask. */
static bool
asks_what_there_is(struct http_request *r, const struct route *route)
{
    struct asking a = {route, route == &answers ? route_answer_of(r->path) : NULL};
    struct error err;

    if (r->path.n < 4 || memcmp(r->path.p, "/v1/", 4) != 0 ||
        asked_names(r->query, is_param, &a, &err) == ST_OK)
        return true;
    http_problem(r, 400, NULL, "%s", err.text);
    return false;
}

/* Where a body belongs, a request without any word of one has lost it on its way. */
static void
refuse_unmeasured(struct http_request *r)
{
    http_problem(r, 411, NULL, "The request needs a Content-Length.");
}

static void
ingest_begins(struct serve *s, struct http_request *r)
{
    if (!ingest_takes(s->ingest, r))
        http_problem(r, 405, "Allow: POST\r\n", "Records are sent with POST.");
    else if (s->draining)
        http_problem(r, 503, "Retry-After: 5\r\n", "The daemon is stopping.");
    else if (!ingest_asks(s->ingest, r->path) && !access_let(s->access, r, ROLE_INGEST, true))
        return; /* and was told so */
    else if (r->unmeasured && !ingest_validates(s->ingest, r))
        refuse_unmeasured(r);
    else
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
        if (may(s, r, route) && asks_what_there_is(r, route) && r->unmeasured && route->takes &&
            !route->may_take)
            refuse_unmeasured(r);
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
        readers_take(route->changer ? s->changer : s->readers, r, route->read);
    else if (route && route->read)
        http_reply(r, 304, NULL, NULL, NULL);
    else if (route)
        route->now(s, r);
    else
        ingest_request(s->ingest, r);
}
