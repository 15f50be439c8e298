/*
 * http_stream.c - answers without end: the connection is the stream.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "http_internal.h"

#define STREAM_MOST (256u << 10) /* bytes that a reader may be behind */

struct http_stream *
http_stream_begin(struct http_request *r, const char *type, void (*gone)(void *arg), void *arg)
{
    struct http_connection *c = r->conn;
    struct buf head = {0};

    http_write_head(&head, 200, type, HTTP_NO_LENGTH, NULL, true);
    http_connection_count(c, 200);
    http_connection_let_body_go(c);
    c->request = NULL;
    http_request_free(r);
    c->close_after = true;
    c->state = CONN_STREAM;
    c->gone = gone;
    c->gone_arg = arg;
    evtimer_del(c->timer);
    bufferevent_write(c->bev, head.p, head.n);
    buf_clear(&head);
    return (struct http_stream *)c;
}

void
http_stream_write(struct http_stream *s, struct span bytes)
{
    struct http_connection *c = (struct http_connection *)s;

    if (evbuffer_get_length(bufferevent_get_output(c->bev)) + bytes.n > STREAM_MOST)
        http_connection_free(c);
    else
        bufferevent_write(c->bev, bytes.p, bytes.n);
}

void
http_stream_end(struct http_stream *s)
{
    struct http_connection *c = (struct http_connection *)s;

    c->gone = NULL;
    http_connection_free(c);
}
