/*
 * test_udp.c - datagrams: one line, many, none, large, more than anybody can take.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "input_rig.h"

static struct rig
rig_new(const char *listen)
{
    struct rig r = rig_of("udp");

    r.cfg.listen = (char *)listen;
    rig_start(&r);
    r.fd = socket(listen[0] == '[' ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    CHECK(r.fd >= 0);
    if (listen[0] == '[') {
        struct sockaddr_in6 sa = {.sin6_family = AF_INET6,
                                  .sin6_port = htons((uint16_t)r.ops->port(r.in)),
                                  .sin6_addr = IN6ADDR_LOOPBACK_INIT};

        CHECK(connect(r.fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    } else {
        struct sockaddr_in sa = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)r.ops->port(r.in)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

        CHECK(connect(r.fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    }
    return r;
}

static void
say(const struct rig *r, const char *p, size_t n)
{
    CHECK(send(r->fd, p, n, 0) == (ssize_t)n);
}

TEST(udp_makes_each_line_of_a_datagram_a_frame)
{
    struct rig r = rig_new("127.0.0.1:0");

    say(&r, "one", 3);
    say(&r, "two\n", 4);
    say(&r, "", 0);
    say(&r, "three\nfour\r\n\nfive", 17);
    UNTIL(r.base, r.engine->frame_n == 6);
    CHECK_STR(r.engine->frames[0].p, "one");
    CHECK_STR(r.engine->frames[1].p, "two\n");
    CHECK_STR(r.engine->frames[2].p, "three\n");
    CHECK_STR(r.engine->frames[3].p, "four\r\n");
    CHECK_STR(r.engine->frames[4].p, "\n");
    CHECK_STR(r.engine->frames[5].p, "five");
    UNTIL(r.base, r.engine->feed.bytes == 24);
    CHECK(!r.engine->feed.exact);
    CHECK(strncmp(r.engine->feed.detail, "127.0.0.1:", 10) == 0);
    rig_free(&r);
}

TEST(udp_gives_datagrams_beyond_the_limit_on_whole)
{
    struct rig r = rig_new("127.0.0.1:0");
    char *p = xmalloc(65507);

    memset(p, 'x', 65507);
    p[10] = '\n';
    say(&r, p, 65507); /* as much as IPv4 carries */
    say(&r, p, 8193);
    say(&r, p, 8192);
    UNTIL(r.base, r.engine->frame_n == 4);
    CHECK_INT(r.engine->frames[0].n, 65507);
    CHECK_INT(r.engine->frames[1].n, 8193);
    CHECK_INT(r.engine->frames[2].n, 11);
    CHECK_INT(r.engine->frames[3].n, 8192 - 11);
    CHECK_INT(r.engine->feed.lost, 0);
    free(p);
    rig_free(&r);
}

TEST(udp_listens_on_ipv6)
{
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct rig r;

    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0)
        test_skip("no IPv6 here");
    close(fd);
    r = rig_new("[::1]:0");
    say(&r, "line 0", 6);
    UNTIL(r.base, r.engine->frame_n == 1);
    CHECK(strncmp(r.engine->feed.detail, "[::1]:", 6) == 0);
    rig_free(&r);
}

TEST(udp_waits_while_the_engine_is_full_and_the_kernel_counts_what_it_drops)
{
    struct rig r = rig_new("127.0.0.1:0");
    static char big[60000];
    int sent = 0, missing;

    memset(big, '#', sizeof big);
    r.engine->room = 0;
    say(&r, "line 0\n", 7);
    UNTIL(r.base, r.engine->refused == 1);
    /* More than the receive buffer holds. */
    for (sent = 1; sent < 2000; sent++) {
        int n = snprintf(big, 32, "line %d\n", sent);

        big[n] = '#';
        say(&r, big, sizeof big);
    }
    for (int i = 0; i < 20; i++)
        event_base_loop(r.base, EVLOOP_NONBLOCK);
    CHECK_INT(r.engine->frame_n, 0);
    r.engine->room = -1;
    r.ops->resume(r.in);
    UNTIL(r.base, r.engine->frame_n > 0);
    for (int i = 0; i < 200; i++)
        event_base_loop(r.base, EVLOOP_NONBLOCK);
    /* The drops are told with the next datagram that gets through. */
    say(&r, "last", 4);
    UNTIL(r.base, strcmp(r.engine->frames[r.engine->frame_n - 1].p, "last") == 0);
    missing = sent - (int)(r.engine->frame_n - 1);
    CHECK(missing > 0);
    UNTIL(r.base, r.engine->feed.lost > 0);
    CHECK_INT(r.engine->feed.lost, missing);
    rig_free(&r);
}

TEST(udp_does_not_start_with_an_unknown_format)
{
    struct config_input cfg = {
        .title = (char *)"t", .format = (char *)"unknown", .listen = (char *)"127.0.0.1:0"};
    struct config_limits limits = {0};
    struct engine *e = fake_engine();
    struct event_base *base = event_base_new();
    struct input *in;
    struct error err;

    CHECK_INT(input_find("udp")->start(&in, base, e, &cfg, &limits, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "no format"));
    CHECK(!input_find("pigeon"));
    event_base_free(base);
    fake_free(e);
}
