/*
 * http_server.h - HTTP/1.1 for programs: strict, bounded, answered from any thread.
 *
 * Connections live on one event loop. A request is framed by http_framing.c, parsed by
 * libhttp-parser, and handed to the application whole; the application answers at once or
 * keeps the request and answers later, from whatever thread. Requests of one connection are
 * handled one after the other, in order. All deadlines are absolute: a slow sender or reader
 * is cut off however evenly it drips. The program must ignore SIGPIPE.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "http_framing.h"
#include "memory.h"
#include "span.h"
#include "status.h"

struct event_base;
struct http_server;
struct http_connection;
struct http_queue;

struct http_field {
    struct span name, value; /* value without blanks around it */
};

/* One request, owned by the application from `request` on until it replies. */
struct http_request {
    struct span method;      /* "POST" */
    struct span path, query; /* as sent, still percent-encoded; query without the "?" */
    struct http_field *fields;
    size_t field_count;
    struct buf body;   /* may be taken: copy the struct and zero it */
    uint64_t max_body; /* `head` may lower it: a longer body is refused with 413 */
    bool unmeasured;   /* POST and the like with neither a length nor chunks: no body */
    char peer[64];     /* "127.0.0.1:40312" */
    char etag[64];     /* `request` may set it: sent with 200 */
    bool pack;         /* ... and this: 200 with a long body is sent with gzip */
    void *user;        /* the application's own; freed with the request */
    /* private to the server */
    struct http_connection *conn;
    struct http_queue *queue;
    struct http_request *next;
    struct buf head, reply;
    struct span target;
    const char *type;
    char extra[768];
    int status;
    bool replied;
};

struct http_application {
    /* The head is there, the body not yet. May reply, then the body is not read; must not
     * keep the request. NULL allowed. */
    void (*head)(void *arg, struct http_request *r);
    /* All of it is there. Must see to it that there is one reply. */
    void (*request)(void *arg, struct http_request *r);
    void *arg;
};

struct http_options {
    struct event_base *base; /* borrowed; all server calls on its thread */
    const char *listen;      /* "127.0.0.1:8460", "[::1]:0", "localhost:0" */
    const char *certificate; /* PEM file; NULL: no TLS */
    const char *key;         /* PEM file; NULL: in the same */
    bool loopback_only;      /* refuse to listen where others could connect */
    struct http_limits limits;
    struct http_application app;
};

struct http_stats {
    uint64_t connections, refused_connections; /* ever */
    uint64_t gave_way;                         /* to newcomers, ever */
    uint64_t open;                             /* now */
    uint64_t requests[6];                      /* by hundred of the answer's status */
    uint64_t memory;                           /* bodies being collected, bytes */
};

/* ST_BAD_CONFIG: the address makes no sense. ST_IO: it cannot be listened on. */
enum status http_server_open(struct http_server **out, const struct http_options *opt,
                             struct error *err);
int http_server_port(const struct http_server *s);
bool http_server_is_local(const struct http_server *s); /* it listens on a loopback address */
void http_server_stats(const struct http_server *s, struct http_stats *out);

/* Other numbers of connections, in all and of an address. */
void http_server_limit(struct http_server *s, uint32_t max, uint32_t max_per_address);
/* Reads certificate and key again, or others, for the connections to come. ST_BAD_CONFIG: those
 * cannot be used, and nothing has changed. */
enum status http_server_certify(struct http_server *s, const char *certificate, const char *key,
                                struct error *err);
/* No new connections; idle ones are closed, others after their answer. */
void http_server_drain(struct http_server *s);
/* Connections with something still to do. */
size_t http_server_busy(const struct http_server *s);
/* Closes everything. Requests still with the application may be replied to (and must be, to
 * be freed), before or after. Accepts NULL. */
void http_server_close(struct http_server *s);

/* The value of a header, the empty span if absent. */
struct span http_request_field(const struct http_request *r, const char *name);

/* An answer without end, written bit by bit; event loop only. The request is gone with the call.
 * gone is called when the peer went, was too slow for what is written, or the server closes; not
 * after http_stream_end. */
struct http_stream;
struct http_stream *http_stream_begin(struct http_request *r, const char *type,
                                      void (*gone)(void *arg), void *arg);
void http_stream_write(struct http_stream *s, struct span bytes); /* may call gone */
void http_stream_end(struct http_stream *s);

/* Answers and gives the request back, exactly once, from any thread. Takes what body holds
 * (NULL: empty). type and extra are constants or copied, respectively; extra is whole header
 * lines ("Allow: GET\r\n"), or NULL. Nothing is stored by caches unless these lines say so. */
void http_reply(struct http_request *r, int status, const char *type, struct buf *body,
                const char *extra);
/* The same with an RFC 9457 problem as body. */
void http_problem(struct http_request *r, int status, const char *extra, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
