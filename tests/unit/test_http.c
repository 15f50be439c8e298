/*
 * test_http.c - requests and answers of the HTTP server, over real sockets.
 */
#include "http_site.h"

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
/* A body of n bytes, no two stretches of it alike, and a request behind it. */
static struct buf
with_body(size_t n)
{
    struct buf all = {0};

    buf_printf(&all, "POST /long HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n", n);
    for (size_t i = 0; i < n; i++)
        buf_char(&all, (char)('a' + i * i / 7 % 26));
    buf_str(&all, "GET /next HTTP/1.1\r\n" HOST BYE "\r\n");
    return all;
}

static void
send_in_pieces(int fd, const struct buf *all, size_t piece)
{
    for (size_t at = 0; at < all->n; at += piece)
        put(fd, all->p + at, all->n - at < piece ? all->n - at : piece);
}

TEST(a_long_body_arrives_as_it_was_sent_and_what_follows_it_is_the_next_request)
{
    static const size_t sizes[] = {8191, 8192, 70000, 262144, 262145, 1500000};
    static const size_t pieces[] = {4001, 65536, SIZE_MAX};
    struct site s;

    site_init(&s);
    site_start(&s);
    for (size_t i = 0; i < 3 * sizeof sizes / sizeof *sizes; i++) {
        struct buf all = with_body(sizes[i / 3]), b;
        int fd = dial(s.port);
        const char *echo;

        send_in_pieces(fd, &all, pieces[i % 3]);
        b = hear_all(fd);
        echo = strstr(b.p, "POST /long [] ");
        CHECK(echo && memcmp(echo + strlen("POST /long [] "), strstr(all.p, "\r\n\r\n") + 4,
                             sizes[i / 3]) == 0);
        CHECK_INT(count_text(&b, "HTTP/1.1 200 OK"), 2);
        CHECK(strstr(b.p, "GET /next [] "));
        buf_clear(&all);
        buf_clear(&b);
    }
    site_stop(&s);
}

TEST(half_a_long_body_is_no_request)
{
    struct buf all = with_body(300000), answer;
    struct site s;
    int fd;

    site_init(&s);
    site_start(&s);
    fd = dial(s.port);
    put(fd, all.p, 150000);
    shutdown(fd, SHUT_WR);
    answer = hear_all(fd);
    CHECK_INT(answer.n, 0);
    buf_clear(&answer);
    buf_clear(&all);
    site_stop(&s);
}

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

/* Whoever forgot to announce a body does not get it answered as a request of its own. */
TEST(what_follows_a_request_that_announced_no_body_is_not_read)
{
    static const char text[] = "POST /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n";
    struct buf answer = {0};
    struct site s;

    site_init(&s);
    site_start(&s);
    CHECK_INT(ask(&s, text, strlen(text), &answer), 200);
    CHECK(strstr(answer.p, "/1") && !strstr(answer.p, "/2"));
    CHECK(strstr(answer.p, "Connection: close"));
    buf_clear(&answer);
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
        {"POST /x HTTP/1.1\r\n" HOST "\r\n", 200},
        {"POST /x HTTP/1.0\r\n" HOST "\r\n", 411},
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
/* Deadlines of a few milliseconds; the clients never send enough, so only a deadline ends it. */
/* One byte whenever the server can have seen the last: an idle timer would never fire. */
/* There is room for one connection: the second is served only once the first is cut off. */
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
