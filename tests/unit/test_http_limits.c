/*
 * test_http_limits.c - deadlines, sizes and numbers that the HTTP server holds to.
 */
#include "http_site.h"

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

/* Reads until the text was heard. */
static void
hear(int fd, const char *text)
{
    struct buf b = {0};

    do {
        ssize_t n;

        buf_reserve(&b, 1024);
        n = recv(fd, b.p + b.n, 1000, 0);
        if (n <= 0)
            test_fail(__FILE__, __LINE__, "closed before %s", text);
        b.n += (size_t)n;
        b.p[b.n] = '\0';
    } while (!strstr(b.p, text));
    buf_clear(&b);
}

TEST(whoever_does_not_read_a_stream_is_dropped_and_others_hear_on)
{
    static const char get[] = "GET /stream HTTP/1.1\r\n" HOST "\r\n";
    static const char flood[] = "GET /flood HTTP/1.1\r\n" HOST BYE "\r\n";
    int small = 2048, slow = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), good;
    struct site s;
    struct buf b;

    site_init(&s);
    site_start(&s);
    CHECK(setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
    CHECK(dial_with(slow, s.port));
    say(slow, get);
    hear(slow, "\r\n\r\n");
    good = dial(s.port);
    say(good, get);
    hear(good, "\r\n\r\n");
    CHECK_INT(ask(&s, flood, sizeof flood - 1, NULL), 200); /* when the slow one is gone */
    hear(good, "still here\n");
    b = hear_all(slow); /* what was on its way, then the end */
    CHECK(b.n < BIG);
    buf_clear(&b);
    close(slow);
    close(good);
    site_stop(&s);
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

TEST(above_the_total_whoever_is_idle_gives_way_and_whoever_waits_for_an_answer_stays)
{
    static const char text[] = "GET /x HTTP/1.1\r\n" HOST BYE "\r\n";
    struct site s;
    struct buf b;
    eventfd_t kept;
    int waiting, idle, newcomer;

    site_init(&s);
    s.opt.limits.max_connections = 2;
    site_start(&s);
    waiting = dial(s.port);
    say(waiting, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
    CHECK(eventfd_read(s.kept_fd, &kept) == 0);
    idle = dial(s.port);
    say(idle, "GET /x HTTP/1.1\r\n" HOST "\r\n");
    b = hear_one(idle);
    buf_clear(&b);
    newcomer = dial(s.port);
    say(newcomer, "GET /x HTTP/1.1\r\n" HOST "\r\n");
    b = hear_one(newcomer);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    b = hear_all(idle);
    CHECK_INT(b.n, 0);
    buf_clear(&b);
    http_reply(s.kept, 200, "text/plain", NULL, NULL);
    b = hear_one(waiting);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    say(newcomer, text);
    b = hear_all(newcomer);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    close(waiting);
    site_stop(&s);
}

TEST(half_a_request_gives_way)
{
    static const char text[] = "GET /x HTTP/1.1\r\n" HOST BYE "\r\n";
    static const char *const halves[] = {
        "", "GET / HT", "POST /x HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\nabc"};
    struct site s;
    struct buf b;

    site_init(&s);
    s.opt.limits.max_connections = 1;
    site_start(&s);
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        int half = dial(s.port);

        say(half, halves[i]);
        CHECK_INT(ask(&s, text, sizeof text - 1, NULL), 200);
        b = hear_all(half);
        CHECK_INT(b.n, 0);
        buf_clear(&b);
    }
    site_stop(&s);
}

TEST(connections_above_the_total_wait_while_all_are_busy)
{
    static const char text[] = "GET /x HTTP/1.1\r\n" HOST BYE "\r\n";
    struct site s;
    struct buf b;
    eventfd_t kept;
    int first, second;

    site_init(&s);
    s.opt.limits.max_connections = 1;
    site_start(&s);
    first = dial(s.port);
    say(first, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
    CHECK(eventfd_read(s.kept_fd, &kept) == 0);
    second = dial(s.port);
    say(second, text);
    http_reply(s.kept, 200, "text/plain", NULL, NULL);
    b = hear_one(first);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    b = hear_all(second);
    CHECK_INT(status_of(&b), 200);
    buf_clear(&b);
    close(first);
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
