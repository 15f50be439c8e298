/*
 * routes.h - one row for each route, from which requests find their answer, and people the
 * description at /v1/openapi.json.
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "serve_internal.h"

struct route_param {
    const char *name, *what;
};

struct route {
    const char *method, *path; /* with one {part} at most, for asked_path */
    const char *summary;       /* one sentence */
    enum role role;            /* that it needs; ROLE_NONE: none */
    bool limited;              /* shows those who are limited to one owner's customers no others */
    /* Whoever answers at once has `now`; what takes longer, or asks the store, has `read`. */
    void (*now)(struct serve *s, struct http_request *r);
    reading *read;
    bool changer;      /* `read` runs where changes of the ledger do, one after the other */
    bool stored;       /* what it reads changes with the store only */
    uint32_t max_body; /* bytes of a request's body; 0: it has none */
    /* Of the query, up to one without name; below /v1 any other is refused. */
    const struct route_param *params;                    /* NULL: none */
    bool (*param_at)(size_t i, struct route_param *out); /* the same, where others know them */
    /* For the description only. */
    const char *needs; /* of the parameters what must be given, such as a=1&b=2; NULL: nothing */
    const char *takes, *takes_schema; /* type and JSON Schema of the request's body; NULL: none */
    bool may_take;                    /* it may as well be missing */
    const char *type, *schema;        /* of the answer; NULL: JSON; NULL: text */
    bool csv;                         /* or as CSV */
    bool accepted;                    /* the answer is 202: what was asked for goes on */
};

const struct route *route_at(size_t i); /* NULL after the last */

/* The parameters of GET /v1/NAME and of a route; false after the last. */
bool route_answer_param(const struct answer *a, size_t i, struct answer_param_info *out);
bool route_param(const struct route *r, size_t i, struct answer_param_info *out);

#endif
