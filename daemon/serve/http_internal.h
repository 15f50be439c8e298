/*
 * http_internal.h - what http_server.c, http_connection.c, http_body.c and http_reply.c share.
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <http_parser.h>
#include <pthread.h>

#include "acceptor.h"
#include "http_server.h"

struct bufferevent;
struct event;

enum conn_state {
    CONN_IDLE,     /* between requests */
    CONN_HEAD,     /* a head has begun */
    CONN_BODY,     /* a body is being collected */
    CONN_HANDLING, /* the application has the request */
    CONN_WRITING,  /* the answer is on its way */
    CONN_STREAM,   /* answered with a stream, which its owner writes */
    CONN_LINGER,   /* answered and half closed: what still comes is thrown away, so that the
                      peer can read the answer before a reset would destroy it */
};

struct http_connection {
    struct guest guest; /* first */
    struct http_server *server;
    struct bufferevent *bev;
    struct ssl_st *ssl; /* NULL: no TLS */
    struct event *timer;
    void (*gone)(void *arg); /* in CONN_STREAM */
    void *gone_arg;
    struct event *on_body; /* the body comes straight from the socket; else NULL */
    enum conn_state state;
    struct http_head head;
    struct http_chunks chunks;
    struct http_parser parser;
    struct http_request *request; /* in CONN_BODY and CONN_HANDLING */
    uint64_t body_left, body_got; /* body_left: with Content-Length */
    int64_t began_ms;             /* of the body */
    uint32_t requests;
    bool complete;           /* the parser saw the end of the message */
    bool close_after, ended; /* ended: the peer sends no more */
};

struct http_server {
    struct event_base *base;
    struct acceptor acceptor;
    struct event *notice;
    struct http_queue *queue;
    struct http_limits limits;
    struct http_application app;
    struct ssl_ctx_st *tls;  /* of the next connections; NULL: none */
    struct http_stats stats; /* but for what the acceptor counts */
    bool draining;
    bool local; /* only who is on this machine can connect */
};

/* Replies on their way from other threads to the loop. Outlives the server while requests
 * are out: counted references. */
struct http_queue {
    pthread_mutex_t lock;
    struct http_request *first, **last;
    int fd; /* eventfd */
    unsigned refs;
    bool closed;
};

struct http_queue *http_queue_new(void);     /* NULL: no descriptor left */
void http_queue_close(struct http_queue *q); /* frees what waits, drops the server's part */
struct http_request *http_queue_take(struct http_queue *q); /* the whole list */
struct http_request *http_request_new(struct http_queue *q);
void http_request_free(struct http_request *r);

/* "HTTP/1.1 200 OK" and the headers of an answer with this body length. */
void http_write_head(struct buf *out, int status, const char *type, uint64_t length,
                     const char *extra, bool close);
#define HTTP_NO_LENGTH UINT64_MAX /* until the connection ends */
void http_write_problem(struct buf *out, int status, const char *detail);

struct http_connection *http_connection_new(struct http_server *s, int fd); /* NULL: no room */
void http_connection_free(struct http_connection *c);
void http_connection_reply(struct http_connection *c, struct http_request *r);
/* A request that no application gets to see: answered here, the connection closed. */
void http_connection_refuse(struct http_connection *c, int status, const char *why);
void http_connection_dispatch(struct http_connection *c);          /* it is there as a whole */
void http_connection_count(struct http_connection *c, int status); /* an answer */
void http_connection_let_body_go(struct http_connection *c);       /* it is the request's alone */
extern const http_parser_settings http_callbacks;

/* http_pack.c: a gzip member instead of the bytes; false: there was no memory, nothing changed. */
bool http_pack(struct buf *body);

/* http_body.c. Goes on with the body; false: more bytes are needed. May refuse the request, or give
 * it to the application. */
bool http_body_read(struct http_connection *c);
/* n bytes of it, as libhttp-parser sees them. */
int http_body_add(struct http_connection *c, const char *at, size_t n);
/* Whatever comes next is for libevent's buffer. */
void http_body_leave_socket(struct http_connection *c);

#endif
