/*
 * http_framing.h - where one HTTP/1.x request ends and the next begins, strictly.
 *
 * Two programs that disagree about that let requests be smuggled. So nothing doubtful is
 * guessed at: these rules run over the raw bytes before any other parser sees them, and what
 * they refuse is answered and the connection closed. Pure functions over bytes; the rules are
 * those of RFC 9112 with every liberty it allows a recipient left out.
 */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

struct http_limits {
    uint32_t max_connections, max_per_address, max_requests; /* requests on one connection */
    size_t max_request_line, max_head; /* bytes; the head is all header lines together */
    size_t max_name;
    uint32_t max_headers;
    uint64_t max_body;   /* on the wire */
    uint64_t max_memory; /* bodies being collected, all connections together */
    uint32_t idle_ms, head_ms, linger_ms;
    uint32_t body_ms, body_rate; /* grace, and then so many bytes a second; both directions */
};

void http_limits_default(struct http_limits *l);

enum { HTTP_MORE = 0, HTTP_DONE = 200 };

/* The head of one request: zero it, then give all bytes so far with each call. */
struct http_head {
    size_t n;       /* HTTP_DONE: bytes of request line, headers and the blank line */
    size_t skipped; /* a stray CRLF before the request line, not part of it (0 or 2) */
    bool has_body, chunked, expect_continue, old; /* old: HTTP/1.0 */
    uint64_t length;                              /* Content-Length, 0 if none */
    bool unmeasured; /* POST, PUT or PATCH with no word of a body: it has none */
    /* private */
    size_t scanned, line, fields;
    uint32_t headers, hosts, lengths, codings, expects;
    bool may_bring; /* its method is one of those */
};

/* HTTP_MORE, HTTP_DONE, or the status to refuse with; *why is a constant sentence then. */
int http_frame_head(struct http_head *h, const struct http_limits *l, struct span bytes,
                    const char **why);

/* A chunked body: zero it, then give each piece of the stream once. */
struct http_chunks {
    uint64_t total; /* payload bytes announced so far */
    /* private */
    int state;
    uint32_t digits, extension, trailer;
    uint64_t left;
};

/* As above. *used is how many bytes belong to the body; all of them with HTTP_MORE. */
int http_frame_chunks(struct http_chunks *c, const struct http_limits *l, struct span bytes,
                      size_t *used, const char **why);

#endif
