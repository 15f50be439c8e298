/*
 * http_site.h - a server on an event loop in a thread of its own, and a plain client, for tests.
 */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include "../../daemon/serve/http_server.h"
#include "dial.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG (16 << 20) /* more than the kernel buffers on the way */

struct site {
    struct http_options opt;
    struct http_server *server;
    struct event *stopper;
    pthread_t thread;
    int stop_fd, port;
    struct http_request *kept; /* of /keep; answered by the test */
    int kept_fd;               /* eventfd: a request was kept */
    /* of /stream, the first two; /flood writes to the first until it is gone */
    struct http_stream *stream[2];
    unsigned streams;
    bool first_gone;
    struct event *flood;
};

static inline void
on_head(void *arg, struct http_request *r)
{
    (void)arg;
    if (span_is(r->path, "/nowhere"))
        http_problem(r, 404, NULL, "There is nothing at %s.", "/nowhere");
    else if (span_is(r->path, "/tiny"))
        r->max_body = 4;
}

static inline void
on_gone(void *arg)
{
    struct site *s = arg;

    s->first_gone = true;
}

static inline void
on_other_gone(void *arg)
{
    (void)arg;
}

/* As fast as the loop turns, so the others have their turn, too. */
static inline void
on_flood(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval now = {0, 0};
    static char text[32768];
    struct site *s = arg;

    (void)fd, (void)what;
    memset(text, 'x', sizeof text);
    if (!s->first_gone) {
        http_stream_write(s->stream[0], span_of(text, sizeof text));
        evtimer_add(s->flood, &now);
        return;
    }
    http_stream_write(s->stream[1], SPAN("still here\n"));
    http_reply(s->kept, 200, "text/plain", NULL, NULL);
    event_free(s->flood);
}

static inline void
on_request(void *arg, struct http_request *r)
{
    struct site *s = arg;
    struct buf body = {0};

    if (span_is(r->path, "/keep")) {
        s->kept = r;
        CHECK(eventfd_write(s->kept_fd, 1) == 0);
        return;
    }
    if (span_is(r->path, "/stream")) {
        void (*gone)(void *) = s->streams ? on_other_gone : on_gone;

        s->stream[s->streams++] = http_stream_begin(r, "text/event-stream", gone, s);
        return;
    }
    if (span_is(r->path, "/flood")) {
        s->kept = r;
        s->flood = evtimer_new(s->opt.base, on_flood, s);
        on_flood(-1, 0, s);
        return;
    }
    if (span_is(r->path, "/big")) {
        buf_reserve(&body, BIG);
        memset(body.p, 'b', BIG);
        body.n = BIG;
    } else {
        buf_printf(&body, "%.*s %.*s [%.*s] ", SPAN_ARG(r->method), SPAN_ARG(r->path),
                   SPAN_ARG(r->query));
        buf_span(&body, span_of(r->body.p ? r->body.p : "", r->body.n));
        buf_span(&body, http_request_field(r, "x-test"));
    }
    http_reply(r, 200, "text/plain", &body, NULL);
}

static inline void
on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    event_base_loopbreak(arg);
}

static inline void *
run_loop(void *arg)
{
    struct site *s = arg;

    event_base_loop(s->opt.base, EVLOOP_NO_EXIT_ON_EMPTY);
    http_server_close(s->server);
    event_free(s->stopper);
    event_base_free(s->opt.base);
    return NULL;
}

static inline void
site_init(struct site *s)
{
    memset(s, 0, sizeof *s);
    signal(SIGPIPE, SIG_IGN);
    s->opt.base = event_base_new();
    s->opt.listen = "127.0.0.1:0";
    s->opt.loopback_only = true;
    http_limits_default(&s->opt.limits);
    s->opt.app = (struct http_application){on_head, on_request, s};
    s->kept_fd = eventfd(0, 0);
    s->stop_fd = eventfd(0, 0);
}

static inline void
site_start(struct site *s)
{
    struct error err = {0};

    if (http_server_open(&s->server, &s->opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    s->port = http_server_port(s->server);
    s->stopper = event_new(s->opt.base, s->stop_fd, EV_READ, on_stop, s->opt.base);
    event_add(s->stopper, NULL);
    CHECK(pthread_create(&s->thread, NULL, run_loop, s) == 0);
}

static inline void
site_stop(struct site *s)
{
    CHECK(eventfd_write(s->stop_fd, 1) == 0);
    pthread_join(s->thread, NULL);
    close(s->stop_fd);
    close(s->kept_fd);
}

static inline void
put(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = send(fd, p, n, 0);

        if (done < 0)
            return; /* the server may have closed: the answer tells */
        p += done;
        n -= (size_t)done;
    }
}

static inline void
say(int fd, const char *text)
{
    put(fd, text, strlen(text));
}

/* All until the server closes. */
static inline struct buf
hear_all(int fd)
{
    struct buf b = {0};
    ssize_t n;

    do {
        buf_reserve(&b, 65536);
        n = recv(fd, b.p + b.n, 65536, 0);
        b.n += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    b.p[b.n] = '\0';
    close(fd);
    return b;
}

/* One answer of a connection that stays open. */
static inline struct buf
hear_one(int fd)
{
    struct buf b = {0};
    char *end, *length;
    size_t want = SIZE_MAX;

    while (b.n < want) {
        char c;

        if (recv(fd, &c, 1, 0) != 1)
            test_fail(__FILE__, __LINE__, "closed after: %s", b.n ? b.p : "");
        buf_char(&b, c);
        end = strstr(b.p, "\r\n\r\n");
        length = strstr(b.p, "Content-Length: ");
        if (end && want == SIZE_MAX)
            want = (size_t)(end + 4 - b.p) + (length ? (size_t)atol(length + 16) : 0);
    }
    return b;
}

static inline int
status_of(const struct buf *b)
{
    return b->n > 12 && memcmp(b->p, "HTTP/1.1 ", 9) == 0 ? atoi(b->p + 9) : -1;
}

static inline size_t
count_text(const struct buf *b, const char *text)
{
    size_t n = 0;

    for (const char *at = b->p; (at = strstr(at, text)); at++)
        n++;
    return n;
}

/* Sends, half-closes if asked, hears all; the status of the first answer. */
static inline int
ask(struct site *s, const char *p, size_t n, struct buf *answer)
{
    int fd = dial(s->port);
    struct buf b;
    int status;

    put(fd, p, n);
    b = hear_all(fd);
    status = status_of(&b);
    if (answer)
        *answer = b;
    else
        buf_clear(&b);
    return status;
}

#define HOST "Host: a\r\n"
#define BYE  "Connection: close\r\n"

#endif
