/*
 * http_reply.c - answers: their text, and their way from any thread to the event loop.
 */
#include "http_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "json_write.h"

struct http_queue *
http_queue_new(void)
{
    struct http_queue *q;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return NULL;
    q = xcalloc(1, sizeof *q);
    q->fd = fd;
    q->refs = 1;
    q->last = &q->first;
    pthread_mutex_init(&q->lock, NULL);
    return q;
}

static void
queue_unref(struct http_queue *q)
{
    bool last;

    pthread_mutex_lock(&q->lock);
    last = --q->refs == 0;
    pthread_mutex_unlock(&q->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&q->lock);
    close(q->fd);
    free(q);
}

struct http_request *
http_queue_take(struct http_queue *q)
{
    struct http_request *list;
    uint64_t count;

    if (read(q->fd, &count, sizeof count) < 0)
        count = 0; /* someone took the list already */
    pthread_mutex_lock(&q->lock);
    list = q->first;
    q->first = NULL;
    q->last = &q->first;
    pthread_mutex_unlock(&q->lock);
    return list;
}

void
http_queue_close(struct http_queue *q)
{
    struct http_request *r, *next;

    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_mutex_unlock(&q->lock);
    for (r = http_queue_take(q); r; r = next) {
        next = r->next;
        http_request_free(r);
    }
    queue_unref(q);
}

struct http_request *
http_request_new(struct http_queue *q)
{
    struct http_request *r = xcalloc(1, sizeof *r);

    pthread_mutex_lock(&q->lock);
    q->refs++;
    pthread_mutex_unlock(&q->lock);
    r->queue = q;
    return r;
}

void
http_request_free(struct http_request *r)
{
    if (!r)
        return;
    buf_clear(&r->body);
    buf_clear(&r->head);
    buf_clear(&r->reply);
    free(r->fields);
    free(r->user);
    queue_unref(r->queue);
    free(r);
}

struct span
http_request_field(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (span_eq_nocase(r->fields[i].name, span_str(name)))
            return r->fields[i].value;
    return span_of("", 0);
}

#define PACKED_FROM 1024 /* bytes of a body that is worth it */
#define EXTRA_OWN   160

/* What the application has asked for beside its own headers. */
static void
add_own_headers(struct http_request *r, struct buf *body, size_t at)
{
    bool pack = r->pack && body && body->n >= PACKED_FROM && http_pack(body);

    snprintf(r->extra + at, sizeof r->extra - at, "%s%s%s%s%s", r->etag[0] ? "ETag: " : "", r->etag,
             r->etag[0] ? "\r\nCache-Control: private, no-cache\r\n" : "",
             r->etag[0] || pack ? "Vary: Accept, Accept-Encoding\r\n" : "",
             pack ? "Content-Encoding: gzip\r\n" : "");
}

void
http_reply(struct http_request *r, int status, const char *type, struct buf *body,
           const char *extra)
{
    struct http_queue *q = r->queue;
    static const uint64_t one = 1;
    bool first = false, closed;
    int n;

    r->status = status;
    r->type = type;
    r->replied = true;
    n = snprintf(r->extra, sizeof r->extra, "%s", extra ? extra : "");
    if ((status == 200 || status == 304) && n >= 0 && (size_t)n + EXTRA_OWN < sizeof r->extra)
        add_own_headers(r, body, (size_t)n);
    if (body) {
        buf_clear(&r->reply);
        r->reply = *body;
        memset(body, 0, sizeof *body);
    }
    pthread_mutex_lock(&q->lock);
    closed = q->closed;
    if (!closed) {
        first = !q->first;
        r->next = NULL;
        *q->last = r;
        q->last = &r->next;
        /* Under the lock: once it is released the loop may free r and, closing, q. */
        if (first && write(q->fd, &one, sizeof one) < 0)
            first = false; /* the counter is full: it is readable already */
    }
    pthread_mutex_unlock(&q->lock);
    if (closed)
        http_request_free(r);
}

static const char *
reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {200, "OK"},
        {202, "Accepted"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status)
            return rows[i].text;
    return "Other";
}

void
http_write_problem(struct buf *out, int status, const char *detail)
{
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    json_text(&w, "type", "about:blank");
    json_text(&w, "title", reason(status));
    json_i64(&w, "status", status);
    json_text(&w, "detail", detail);
    json_close(&w);
    buf_char(out, '\n');
}

void
http_problem(struct http_request *r, int status, const char *extra, const char *fmt, ...)
{
    struct buf detail = {0}, body = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&detail, fmt, ap);
    va_end(ap);
    http_write_problem(&body, status, detail.p);
    buf_clear(&detail);
    http_reply(r, status, "application/problem+json", &body, extra);
}

void
http_write_head(struct buf *out, int status, const char *type, uint64_t length, const char *extra,
                bool close)
{
    time_t now = (time_t)clock_now();
    struct tm tm;
    char date[64];

    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, reason(status), date);
    if (type)
        buf_printf(out, "Content-Type: %s\r\nX-Content-Type-Options: nosniff\r\n", type);
    if (status != 304 &&
        length != HTTP_NO_LENGTH) /* whose length would be that of what it does not send */
        buf_printf(out, "Content-Length: %llu\r\n", (unsigned long long)length);
    if (!extra || !strstr(extra, "Cache-Control:"))
        buf_str(out, "Cache-Control: no-store\r\n");
    buf_printf(out, "%s%s\r\n", extra ? extra : "", close ? "Connection: close\r\n" : "");
}
