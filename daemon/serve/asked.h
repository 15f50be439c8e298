/*
 * asked.h - what a request asks for in its query and its path, and in which form it wants it.
 */
#ifndef ASKED_H
#define ASKED_H

#include "http_server.h"

struct asked_param {
    const char *name; /* as in the query */
    const char **out; /* decoded, in the arena; NULL as long as it is not there */
};

/* ST_BAD_INPUT: "a=1&b=2" has a name that is not known. */
enum status asked_names(struct span query, bool (*known)(const void *arg, struct span name),
                        const void *arg, struct error *err);

/* Reads "a=1&b=2", of which asked_names has seen the names. ST_BAD_INPUT: one that is not among the
 * parameters, one that comes twice, or a value that is no UTF-8 or holds control characters. */
enum status asked_query(struct span query, const struct asked_param *params, size_t count,
                        struct arena *memory, struct error *err);

/* A parameter that may come several times; NULL after the last. */
struct asked_list {
    const char *name, **out;
    size_t most; /* out has room for one more */
};
enum status asked_query_lists(struct span query, const struct asked_param *params, size_t count,
                              const struct asked_list *lists, size_t list_count,
                              struct arena *memory, struct error *err);

/* "/v1/customers/{id}" and "/v1/customers/a%20b" match, and *id is "a b" in the arena; without
 * braces in the pattern *id stays as it is. NULL id and memory: only whether it matches. */
bool asked_path(const char *pattern, struct span path, struct arena *memory, const char **id);

/* Whether the request's Accept prefers CSV over JSON. */
bool asked_accepts_csv(const struct http_request *r);
/* What `format` says (NULL: not asked), else Accept. ST_BAD_INPUT: neither json nor csv. */
enum status asked_csv(const struct http_request *r, const char *format, bool *csv,
                      struct error *err);
bool asked_accepts_plain_metrics(const struct http_request *r); /* and not OpenMetrics */
/* "gzip" among what it accepts; without regard to preferences, but "q=0" is a no. */
bool asked_accepts_gzip(const struct http_request *r);
/* Whether its If-None-Match has this ETag. */
bool asked_knows(const struct http_request *r, const char *etag);

#endif
