/*
 * test_listening.c - inputs that go on under another section, with their connections.
 */
#include <errno.h>
#include <sys/resource.h>

#include "../../daemon/input/listening.h"
#include "connection_rig.h"

static void
start(struct rig *r, const char *type, const char *format)
{
    *r = connection_rig(type);
    r->cfg.format = (char *)format;
    rig_start(r);
}

static void
change(struct rig *r)
{
    struct error err;

    if (r->ops->change(r->in, &r->cfg, &r->limits, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static bool
is_refused(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = !dial_with(fd, port) && errno == ECONNREFUSED;

    close(fd);
    return refused;
}

TEST(a_changed_section_keeps_connections_and_what_they_began)
{
    struct rig r;
    int fd, port;

    start(&r, "tcp", "header");
    port = r.ops->port(r.in);
    fd = dial(port);
    say(fd, "id,a\nline 0\nlin");
    UNTIL(r.base, r.engine->frame_n == 1);
    r.cfg.source = (char *)"other";
    change(&r);
    CHECK_INT(r.ops->port(r.in), port);
    say(fd, "e 1\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[1].p, "line 1\n");
    CHECK_STR(r.engine->frames[1].header, "id,a");
    CHECK_STR(r.engine->frames[0].source, "");
    CHECK_STR(r.engine->frames[1].source, "other");
    r.cfg.format = (char *)"lines";
    change(&r);
    say(fd, "line 2\n");
    UNTIL(r.base, r.engine->frame_n == 3);
    CHECK_STR(r.engine->frames[2].header, "");
    CHECK(!hung_up(fd));
    CHECK_INT(fake_numbers(r.engine, 0, 3), 0);
    close(fd);
    rig_free(&r);
}

/* A header line stands at the beginning of a connection: one that is past it cannot send it. */
TEST(a_connection_without_the_header_line_of_its_new_format_ends)
{
    struct rig r;
    int past, fresh;

    start(&r, "tcp", "lines");
    past = dial(r.ops->port(r.in));
    say(past, "line 0\n");
    UNTIL(r.base, r.engine->frame_n == 1);
    fresh = dial(r.ops->port(r.in));
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 2 connections"));
    r.cfg.format = (char *)"header";
    change(&r);
    CHECK(hung_up(past) && !hung_up(fresh));
    say(fresh, "id,b\nline 1\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[1].header, "id,b");
    close(past), close(fresh);
    rig_free(&r);
}

TEST(another_framing_is_for_connections_to_come)
{
    struct rig r;
    int old, new;

    start(&r, "tcp", "lines");
    old = dial(r.ops->port(r.in));
    say(old, "line 0\n7 li");
    UNTIL(r.base, r.engine->frame_n == 1);
    r.cfg.framing = (char *)"lines";
    change(&r);
    new = dial(r.ops->port(r.in));
    say(new, "7 as it is\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[1].p, "7 as it is\n");
    say(old, "ne 1\n");
    UNTIL(r.base, r.engine->frame_n == 3);
    CHECK_STR(r.engine->frames[2].p, "line 1\n");
    close(old), close(new);
    rig_free(&r);
}

TEST(another_address_is_for_newcomers_and_the_old_one_is_free)
{
    struct rig r;
    int fd, newcomer, port, turns = 0;

    start(&r, "tcp", "lines");
    port = r.ops->port(r.in);
    fd = dial(port);
    say(fd, "line 0\n");
    UNTIL(r.base, r.engine->frame_n == 1);
    r.ops->withdraw(r.in);
    UNTIL(r.base, ++turns == 3);
    CHECK(is_refused(port));
    r.cfg.listen = (char *)"127.0.0.2:0";
    change(&r);
    newcomer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connect(newcomer,
                  (struct sockaddr *)&(struct sockaddr_in){
                      .sin_family = AF_INET,
                      .sin_port = htons((uint16_t)r.ops->port(r.in)),
                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)},
                  sizeof(struct sockaddr_in)) == 0);
    say(newcomer, "line 1\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    say(fd, "line 2\n");
    UNTIL(r.base, r.engine->frame_n == 3);
    CHECK(strstr(r.engine->feed.detail, "127.0.0.2:"));
    CHECK_INT(fake_numbers(r.engine, 0, 3), 0);
    close(fd), close(newcomer);
    rig_free(&r);
}

TEST(a_change_that_cannot_be_changes_nothing)
{
    struct rig r;
    struct error err;
    struct config_input good;
    char taken[32];
    int fd, other, port;

    start(&r, "tcp", "lines");
    good = r.cfg;
    port = r.ops->port(r.in);
    fd = dial(port);
    say(fd, "line 0\nli");
    UNTIL(r.base, r.engine->frame_n == 1);
    r.cfg.framing = (char *)"netstring";
    CHECK_INT(r.ops->change(r.in, &r.cfg, &r.limits, &err), ST_BAD_CONFIG);
    r.cfg.framing = NULL;
    r.cfg.format = (char *)"no such";
    CHECK_INT(r.ops->change(r.in, &r.cfg, &r.limits, &err), ST_BAD_CONFIG);
    r.ops->withdraw(r.in);
    r.cfg = good;
    snprintf(taken, sizeof taken, "127.0.0.1:%d", port);
    other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0);
    CHECK(bind(other,
               (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET,
                                                        .sin_port = htons((uint16_t)port),
                                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
               sizeof(struct sockaddr_in)) == 0 &&
          listen(other, 1) == 0);
    r.cfg.listen = taken;
    CHECK_INT(r.ops->change(r.in, &r.cfg, &r.limits, &err), ST_IO);
    CHECK(strstr(err.text, taken));
    close(other);
    change(&r);
    CHECK_INT(r.ops->port(r.in), port);
    say(fd, "ne 1\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[1].p, "line 1\n");
    close(fd);
    rig_free(&r);
}

TEST(other_limits_are_for_newcomers)
{
    struct rig r;
    struct error err;
    int first, second, third;

    start(&r, "tcp", "lines");
    first = dial(r.ops->port(r.in));
    second = dial_from("127.0.0.2", r.ops->port(r.in));
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 2 connections"));
    r.limits.max_connections = 1;
    CHECK_INT(r.ops->change(r.in, NULL, &r.limits, &err), ST_OK);
    CHECK(!hung_up(first) && !hung_up(second));
    third = dial_from("127.0.0.3", r.ops->port(r.in));
    say(third, "line 0\n");
    UNTIL(r.base, r.engine->frame_n == 1);
    CHECK(hung_up(first) && hung_up(second));
    r.limits.max_connections = 10;
    r.limits.max_per_address = 1;
    CHECK_INT(r.ops->change(r.in, NULL, &r.limits, &err), ST_OK);
    close(first);
    first = dial_from("127.0.0.3", r.ops->port(r.in));
    UNTIL(r.base, hung_up(first));
    CHECK(!hung_up(third));
    close(first), close(second), close(third);
    rig_free(&r);
}

TEST(that_nobody_could_be_accepted_is_no_problem_any_more_when_somebody_is)
{
    struct rig r;
    struct rlimit limit, none;
    int fd;

    start(&r, "tcp", "lines");
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = limit;
    none.rlim_cur = (rlim_t)fd + 1;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK(dial_with(fd, r.ops->port(r.in)));
    UNTIL(r.base, strstr(r.engine->feed.problem, "accepting: Too many open files"));
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 1 connections"));
    CHECK_STR(r.engine->feed.problem, "");
    close(fd);
    rig_free(&r);
}

TEST(a_problem_is_over_when_there_was_none_for_a_minute)
{
    struct rig r;
    struct acceptor *a;
    int first, second;

    start(&r, "tcp", "lines");
    a = &((struct listening *)r.in)->acceptor;
    acceptor_limit(a, 10, 1);
    first = dial(r.ops->port(r.in));
    second = dial(r.ops->port(r.in));
    UNTIL(r.base, strstr(r.engine->feed.problem, "turned away: too many connections from this"));
    a->problem_ms -= 30000;
    acceptor_settle(a);
    CHECK(a->problem[0]);
    a->problem_ms -= 31000;
    UNTIL(r.base, r.engine->feed.problem[0] == '\0');
    CHECK(!hung_up(first) && hung_up(second));
    close(first), close(second);
    rig_free(&r);
}

TEST(relp_sessions_go_on_under_a_changed_section)
{
    struct rig r;
    struct buf b = {0};
    char p[256];
    ssize_t n;
    int fd;

    start(&r, "relp", "lines");
    fd = dial(r.ops->port(r.in));
    say(fd, "1 open 31 relp_version=0\ncommands=syslog\n\n2 syslog 3 one\n3 syslog 3 t");
    UNTIL(r.base, r.engine->frame_n == 1);
    r.cfg.source = (char *)"other";
    change(&r);
    say(fd, "wo\n4 close 0\n");
    UNTIL(r.base, r.engine->frame_n == 2 && hung_up(fd) == false);
    while ((n = recv(fd, p, sizeof p, MSG_DONTWAIT)) != 0) {
        if (n > 0)
            buf_add(&b, p, (size_t)n);
        event_base_loop(r.base, EVLOOP_NONBLOCK);
    }
    CHECK(strstr(b.p, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 0\n0 serverclose 0\n"));
    CHECK_STR(r.engine->frames[1].p, "two");
    CHECK_STR(r.engine->frames[0].source, "");
    CHECK_STR(r.engine->frames[1].source, "other");
    buf_clear(&b);
    close(fd);
    rig_free(&r);
}

TEST(udp_keeps_what_the_kernel_holds_under_a_changed_section)
{
    struct rig r;
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct error err;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    start(&r, "udp", "lines");
    sa.sin_port = htons((uint16_t)r.ops->port(r.in));
    CHECK(sendto(fd, "line 0", 6, 0, (struct sockaddr *)&sa, sizeof sa) == 6);
    r.cfg.format = (char *)"unknown";
    CHECK_INT(r.ops->change(r.in, &r.cfg, &r.limits, &err), ST_BAD_CONFIG);
    r.cfg.format = (char *)"lines";
    r.cfg.source = (char *)"other";
    change(&r);
    UNTIL(r.base, r.engine->frame_n == 1);
    CHECK_STR(r.engine->frames[0].source, "other");
    close(fd);
    rig_free(&r);
}
