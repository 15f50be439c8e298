/*
 * test_http.c - the HTTP server over real sockets: an event loop in a thread of its own.
 */
#include "../../daemon/serve/http_server.h"
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
};

static void
on_head(void *arg, struct http_request *r)
{
    (void)arg;
    if (span_is(r->path, "/nowhere"))
        http_problem(r, 404, NULL, "There is nothing at %s.", "/nowhere");
    else if (span_is(r->path, "/tiny"))
        r->max_body = 4;
}

static void
on_request(void *arg, struct http_request *r)
{
    struct site *s = arg;
    struct buf body = {0};

    if (span_is(r->path, "/keep")) {
        s->kept = r;
        CHECK(eventfd_write(s->kept_fd, 1) == 0);
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

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    event_base_loopbreak(arg);
}

static void *
run_loop(void *arg)
{
    struct site *s = arg;

    event_base_loop(s->opt.base, EVLOOP_NO_EXIT_ON_EMPTY);
    http_server_close(s->server);
    event_free(s->stopper);
    event_base_free(s->opt.base);
    return NULL;
}

static void
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

static void
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

static void
site_stop(struct site *s)
{
    CHECK(eventfd_write(s->stop_fd, 1) == 0);
    pthread_join(s->thread, NULL);
    close(s->stop_fd);
    close(s->kept_fd);
}

static int
dial(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    return fd;
}

static void
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

static void
say(int fd, const char *text)
{
    put(fd, text, strlen(text));
}

/* All until the server closes. */
static struct buf
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
static struct buf
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

static int
status_of(const struct buf *b)
{
    return b->n > 12 && memcmp(b->p, "HTTP/1.1 ", 9) == 0 ? atoi(b->p + 9) : -1;
}

static size_t
count_text(const struct buf *b, const char *text)
{
    size_t n = 0;

    for (const char *at = b->p; (at = strstr(at, text)); at++)
        n++;
    return n;
}

/* Sends, half-closes if asked, hears all; the status of the first answer. */
static int
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

TEST(answers_a_request_and_closes_when_asked)
{
    static const char text[] = "GET /hello?a=b HTTP/1.1\r\n" HOST "X-Test:  value \r\n" BYE "\r\n";
    struct site s;
    struct buf b;

    site_init(&s);
    site_start(&s);
    CHECK_INT(ask(&s, text, sizeof text - 1, &b), 200);
    CHECK(strstr(b.p, "\r\nContent-Length: 22\r\n") && strstr(b.p, "\r\nConnection: close\r\n"));
    CHECK(strstr(b.p, "\r\nContent-Type: text/plain\r\n") && strstr(b.p, "\r\nDate: "));
    CHECK_STR(strstr(b.p, "\r\n\r\n"), "\r\n\r\nGET /hello [a=b] value");
    buf_clear(&b);
    site_stop(&s);
}

TEST(keeps_the_connection_and_counts_its_requests)
{
    struct site s;
    struct buf b;
    int fd;

    site_init(&s);
    s.opt.limits.max_requests = 3;
    site_start(&s);
    fd = dial(s.port);
    for (int i = 0; i < 3; i++) {
        say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi");
        b = hear_one(fd);
        CHECK_INT(status_of(&b), 200);
        CHECK(strstr(b.p, "POST /echo [] hi"));
        CHECK_INT(count_text(&b, "Connection: close"), i == 2);
        buf_clear(&b);
    }
    b = hear_all(fd);
    CHECK_INT(b.n, 0);
    buf_clear(&b);
    site_stop(&s);
}

TEST(pipelined_requests_are_answered_in_order_also_after_half_close)
{
    struct site s;
    struct buf b;
    int fd;
    const char *at;

    site_init(&s);
    site_start(&s);
    fd = dial(s.port);
    say(fd, "GET /1 HTTP/1.1\r\n" HOST "\r\n"
            "POST /2 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
            "POST /3 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
            "2\r\nde\r\n1;x=y\r\nf\r\n0\r\nX-Test: trailer\r\n\r\n"
            "HEAD /4 HTTP/1.1\r\n" HOST "\r\n"
            "GET /5 HTTP/1.1\r\n" HOST "\r\n"
            "GET /cut HTTP/1.1\r\nHo");
    shutdown(fd, SHUT_WR);
    b = hear_all(fd);
    CHECK_INT(count_text(&b, "HTTP/1.1 200 OK"), 5);
    CHECK((at = strstr(b.p, "GET /1 []")) && (at = strstr(at, "POST /2 [] abc")));
    CHECK((at = strstr(at, "POST /3 [] defHTTP/1.1")) && (at = strstr(at, "\r\n\r\nHTTP/1.1")));
    CHECK(strstr(at, "GET /5 []"));
    buf_clear(&b);
    site_stop(&s);
}

TEST(every_piece_size_gives_the_same_answer)
{
    static const char text[] = "POST /3 HTTP/1.1\r\n" HOST
                               "Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
                               "POST /4 HTTP/1.1\r\n" HOST BYE "Content-Length: 3\r\n\r\nxyz";
    struct site s;

    site_init(&s);
    site_start(&s);
    for (size_t piece = 1; piece < sizeof text; piece += 1 + piece / 8) {
        int fd = dial(s.port);
        struct buf b;

        for (size_t at = 0; at < sizeof text - 1; at += piece)
            put(fd, text + at, piece < sizeof text - 1 - at ? piece : sizeof text - 1 - at);
        b = hear_all(fd);
        CHECK_INT(count_text(&b, "HTTP/1.1 200 OK"), 2);
        CHECK(strstr(b.p, "POST /3 [] def") && strstr(b.p, "POST /4 [] xyz"));
        buf_clear(&b);
    }
    site_stop(&s);
}

/* A second request hides in each; it must never be executed. */
TEST(smuggled_requests_are_not_executed)
{
    static const char *const heads[] = {
        "Content-Length: 0\r\nContent-Length: 44\r\n",
        "Content-Length : 44\r\n",
        "Content-Length: +44\r\n",
        "Content-Length: 44\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
        "X: a\r\n Content-Length: 44\r\n",
        "X: a\nContent-Length: 44\r\n",
        "X: a\rContent-Length: 44\r\n",
        "Transfer-Encoding:\vchunked\r\n",
    };
    struct site s;

    site_init(&s);
    site_start(&s);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct buf text = {0}, b;

        buf_printf(&text, "POST /echo HTTP/1.1\r\n" HOST "%s\r\n", heads[i]);
        buf_str(&text, "0\r\n\r\nGET /smuggled HTTP/1.1\r\n" HOST "\r\n");
        CHECK_INT(ask(&s, text.p, text.n, &b), 400);
        CHECK_INT(count_text(&b, "HTTP/1.1 "), 1);
        CHECK(strstr(b.p, "application/problem+json") && !strstr(b.p, "smuggled"));
        CHECK(strstr(b.p, "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"));
        buf_clear(&b);
        buf_clear(&text);
    }
    site_stop(&s);
}

TEST(refusals_have_their_statuses)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"GET /nowhere HTTP/1.1\r\n" HOST BYE "\r\n", 404},
        {"POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc", 404},
        {"POST /tiny HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde", 413},
        {"POST /tiny HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
         413},
        {"POST /tiny HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n",
         413},
        {"POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
         400},
        {"POST /x HTTP/1.1\r\n" HOST "\r\n", 411},
        {"POST /x HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: x\r\n\r\n", 417},
        {"FROB /x HTTP/1.1\r\n" HOST "\r\n", 501},
        {"CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET x HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
        {"GET http://a/abs?q HTTP/1.1\r\n" HOST BYE "\r\n", 200},
        {"GET / HTTP/1.1\r\n" HOST "Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n", 200},
        {"POST / HTTP/1.1\r\n" HOST "Connection: Upgrade, close\r\nUpgrade: h2c\r\n"
         "Content-Length: 3\r\n\r\nabc",
         200},
        {"GET / HTTP/1.0\r\n" HOST "\r\n", 200},
        {"GET / HTTP/1.0\r\n" HOST "Connection: keep-alive\r\n\r\n", 200},
    };
    struct site s;

    site_init(&s);
    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = ask(&s, rows[i].text, strlen(rows[i].text), NULL);

        if (status != rows[i].status)
            test_fail(__FILE__, __LINE__, "%d, not %d, for: %s", status, rows[i].status,
                      rows[i].text);
    }
    site_stop(&s);
}

/* The answer must survive a body that is sent on regardless of it. */
TEST(a_body_too_large_is_refused_before_it_is_read)
{
    struct site s;
    struct buf b, text = {0};
    int fd;

    site_init(&s);
    site_start(&s);
    buf_str(&text, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 8388609\r\n\r\n");
    buf_reserve(&text, 4 << 20);
    memset(text.p + text.n, 'x', 4 << 20);
    text.n += 4 << 20;
    fd = dial(s.port);
    put(fd, text.p, text.n);
    shutdown(fd, SHUT_WR);
    b = hear_all(fd);
    CHECK_INT(status_of(&b), 413);
    buf_clear(&b);
    buf_clear(&text);
    site_stop(&s);
}

TEST(continue_is_said_when_the_head_is_good)
{
    struct site s;
    struct buf b;
    int fd;

    site_init(&s);
    site_start(&s);
    fd = dial(s.port);
    say(fd, "POST /echo HTTP/1.1\r\n" HOST BYE "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    b = hear_one(fd);
    CHECK_STR(b.p, "HTTP/1.1 100 Continue\r\n\r\n");
    buf_clear(&b);
    say(fd, "hi");
    b = hear_all(fd);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    site_stop(&s);
}

/* Deadlines of a few milliseconds; the clients never send enough, so only a deadline ends it. */
TEST(absolute_deadlines_cut_off_slow_heads_bodies_and_idle_connections)
{
    struct site s;
    struct buf b;
    int fd;

    site_init(&s);
    s.opt.limits.head_ms = 30;
    s.opt.limits.body_ms = 30;
    s.opt.limits.idle_ms = 40;
    s.opt.limits.body_rate = 1 << 20;
    site_start(&s);
    CHECK_INT(ask(&s, "GET / HT", 8, NULL), 408);
    fd = dial(s.port);
    say(fd, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcd");
    b = hear_all(fd);
    CHECK_INT(status_of(&b), 408);
    buf_clear(&b);
    fd = dial(s.port);
    say(fd, "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcd");
    b = hear_all(fd);
    CHECK_INT(status_of(&b), 408);
    buf_clear(&b);
    b = hear_all(dial(s.port));
    CHECK_INT(b.n, 0);
    buf_clear(&b);
    site_stop(&s);
}

/* One byte whenever the server can have seen the last: an idle timer would never fire. */
TEST(a_dripping_sender_is_cut_off)
{
    struct site s;
    struct buf b = {0};
    int fd;
    ssize_t n = -1;

    site_init(&s);
    s.opt.limits.head_ms = 100;
    s.opt.limits.max_head = 1 << 30;
    site_start(&s);
    fd = dial(s.port);
    say(fd, "GET / HTTP/1.1\r\n" HOST "X: ");
    buf_reserve(&b, 4096);
    while (n < 0) {
        say(fd, "x");
        sched_yield();
        n = recv(fd, b.p, 4096, MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            n = 0;
    }
    b.n = n > 0 ? (size_t)n : 0;
    CHECK_INT(status_of(&b), 408);
    close(fd);
    buf_clear(&b);
    site_stop(&s);
}

/* There is room for one connection: the second is served only once the first is cut off. */
TEST(a_reader_that_does_not_read_is_cut_off)
{
    static const char text[] = "GET /x HTTP/1.1\r\n" HOST BYE "\r\n";
    struct site s;
    struct buf b;
    int fd;

    site_init(&s);
    s.opt.limits.body_ms = 20;
    s.opt.limits.body_rate = 1 << 30;
    s.opt.limits.max_connections = 1;
    site_start(&s);
    fd = dial(s.port);
    say(fd, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    CHECK_INT(ask(&s, text, sizeof text - 1, NULL), 200);
    b = hear_all(fd);
    CHECK(b.n < BIG);
    buf_clear(&b);
    site_stop(&s);
}

TEST(a_large_answer_arrives_whole)
{
    static const char text[] = "GET /big HTTP/1.1\r\n" HOST BYE "\r\n";
    struct site s;
    struct buf b;

    site_init(&s);
    site_start(&s);
    CHECK_INT(ask(&s, text, sizeof text - 1, &b), 200);
    CHECK_INT(b.n - (size_t)(strstr(b.p, "\r\n\r\n") + 4 - b.p), BIG);
    buf_clear(&b);
    site_stop(&s);
}

static struct http_request *
wait_kept(struct site *s)
{
    eventfd_t n;

    CHECK(eventfd_read(s->kept_fd, &n) == 0);
    return s->kept;
}

TEST(an_answer_may_come_from_another_thread)
{
    struct site s;
    struct buf b, body = {0};
    int fd;

    site_init(&s);
    site_start(&s);
    fd = dial(s.port);
    say(fd, "GET /keep HTTP/1.1\r\n" HOST "\r\nGET /next HTTP/1.1\r\n" HOST BYE "\r\n");
    buf_str(&body, "kept");
    http_reply(wait_kept(&s), 200, "text/plain", &body, NULL);
    b = hear_all(fd);
    CHECK_INT(count_text(&b, "HTTP/1.1 200 OK"), 2);
    CHECK(strstr(b.p, "\r\n\r\nkeptHTTP/1.1") && strstr(b.p, "GET /next"));
    buf_clear(&b);
    site_stop(&s);
}

TEST(an_answer_to_a_dead_connection_is_dropped)
{
    static const char text[] = "GET /x HTTP/1.1\r\n" HOST BYE "\r\n";
    struct linger reset = {1, 0};
    struct site s;
    struct http_request *r;
    int fd;

    site_init(&s);
    site_start(&s);
    fd = dial(s.port);
    say(fd, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
    r = wait_kept(&s);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd); /* with a reset */
    CHECK_INT(ask(&s, text, sizeof text - 1, NULL), 200);
    http_problem(r, 503, "Retry-After: 1\r\n", "too late");
    CHECK_INT(ask(&s, text, sizeof text - 1, NULL), 200);
    site_stop(&s);
}

TEST(an_answer_after_the_server_closed_is_dropped)
{
    struct site s;
    struct http_request *r;
    int fd;

    site_init(&s);
    site_start(&s);
    fd = dial(s.port);
    say(fd, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
    r = wait_kept(&s);
    site_stop(&s);
    http_problem(r, 503, NULL, "far too late");
    close(fd);
}

TEST(one_address_gets_its_share_of_connections_and_no_more)
{
    static const char text[] = "GET /x HTTP/1.1\r\n" HOST BYE "\r\n";
    struct site s;
    struct buf b;
    int fd[3];

    site_init(&s);
    s.opt.limits.max_per_address = 3;
    site_start(&s);
    for (int i = 0; i < 3; i++) {
        fd[i] = dial(s.port);
        say(fd[i], "GET /x HTTP/1.1\r\n" HOST "\r\n");
        b = hear_one(fd[i]);
        buf_clear(&b);
    }
    CHECK_INT(ask(&s, text, sizeof text - 1, NULL), -1);
    say(fd[0], text);
    b = hear_all(fd[0]);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    say(fd[1], text); /* its last answer comes after the server saw fd[0] go, or before */
    b = hear_all(fd[1]);
    buf_clear(&b);
    close(fd[2]);
    site_stop(&s);
}

TEST(connections_above_the_total_wait_for_their_turn)
{
    static const char text[] = "GET /x HTTP/1.1\r\n" HOST BYE "\r\n";
    struct site s;
    struct buf b;
    int first, second;

    site_init(&s);
    s.opt.limits.max_connections = 1;
    site_start(&s);
    first = dial(s.port);
    say(first, "GET /x HTTP/1.1\r\n" HOST "\r\n");
    b = hear_one(first);
    buf_clear(&b);
    second = dial(s.port);
    say(second, text);
    say(first, text);
    b = hear_all(first);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    b = hear_all(second);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    site_stop(&s);
}

TEST(bodies_together_meet_the_memory_limit)
{
    struct site s;
    struct buf b;
    int fd;

    site_init(&s);
    s.opt.limits.max_memory = 10;
    site_start(&s);
    fd = dial(s.port);
    say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 20\r\n\r\n01234567890123456789");
    b = hear_all(fd);
    CHECK_INT(status_of(&b), 503);
    CHECK(strstr(b.p, "Retry-After: 1\r\n"));
    buf_clear(&b);
    fd = dial(s.port);
    say(fd, "POST /echo HTTP/1.1\r\n" HOST BYE "Content-Length: 10\r\n\r\n0123456789");
    b = hear_all(fd);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    site_stop(&s);
}

TEST(addresses_are_checked_before_listening)
{
    static const char *const bad[] = {"",
                                      "8460",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "::1:8460",
                                      "[::1]",
                                      "127.0.0.1:x",
                                      "127.0.0.1:70000",
                                      "0.0.0.0:0",
                                      "[::]:0",
                                      ":0",
                                      "127.0.0.1:-1",
                                      "no such host.invalid:0"};
    struct site s;
    struct error err;

    site_init(&s);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s.opt.listen = bad[i];
        CHECK_INT(http_server_open(&s.server, &s.opt, &err), ST_BAD_CONFIG);
    }
    event_base_free(s.opt.base);
    close(s.kept_fd);
    close(s.stop_fd);
}

TEST(ipv6_loopback_is_served)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct site s;
    struct buf b;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
        test_skip("this machine has no [::1]");
    close(fd);
    site_init(&s);
    s.opt.listen = "[::1]:0";
    site_start(&s);
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    a.sin6_port = htons((uint16_t)s.port);
    CHECK(connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    say(fd, "GET /six HTTP/1.1\r\n" HOST BYE "\r\n");
    b = hear_all(fd);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    site_stop(&s);
}

static void
check_curl(const char *command)
{
    int rc = system(command);

    if (rc != 0)
        test_fail(__FILE__, __LINE__, "%s: %d", command, rc);
}

/* A real client: keep-alive, chunked upload, 100-continue. */
TEST(curl_gets_along_with_it)
{
    struct site s;
    char command[512];

    if (system("curl --version >/dev/null 2>&1") != 0)
        test_skip("curl is not installed");
    site_init(&s);
    site_start(&s);
    snprintf(command, sizeof command,
             "curl -sS --noproxy '*' http://127.0.0.1:%d/a http://127.0.0.1:%d/b >out && "
             "test \"$(cat out)\" = 'GET /a [] GET /b [] '",
             s.port, s.port);
    check_curl(command);
    snprintf(command, sizeof command,
             "seq 1 300000 >in && curl -sS --noproxy '*' -T in -X POST -H 'Transfer-Encoding: "
             "chunked' -H 'Expect: 100-continue' http://127.0.0.1:%d/c >out && "
             "{ printf 'POST /c [] '; cat in; } | cmp - out",
             s.port);
    check_curl(command);
    snprintf(command, sizeof command,
             "curl -sS --noproxy '*' --data-binary @in http://127.0.0.1:%d/c >out && "
             "{ printf 'POST /c [] '; cat in; } | cmp - out",
             s.port);
    check_curl(command);
    site_stop(&s);
}
