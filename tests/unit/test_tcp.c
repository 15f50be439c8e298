/*
 * test_tcp.c - connections: lines, counted frames, both, cut anywhere, refused, held up.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <netinet/tcp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connection_rig.h"
#include "edge.h"

#include "../../daemon/input/frame.h"

static struct rig
rig_new(const char *framing)
{
    struct rig r = connection_rig("tcp");

    r.cfg.framing = (char *)framing;
    return r;
}

TEST(tcp_reads_lines_as_they_come)
{
    struct rig r = rig_new("lines");
    int fd;

    rig_start(&r);
    fd = dial(r.ops->port(r.in));
    say(fd, "one\ntw");
    UNTIL(r.base, r.engine->frame_n == 1);
    say(fd, "o\n\nthree");
    UNTIL(r.base, r.engine->frame_n == 3);
    close(fd); /* an orderly end completes the last line */
    UNTIL(r.base, r.engine->frame_n == 4);
    CHECK_STR(r.engine->frames[0].p, "one\n");
    CHECK_STR(r.engine->frames[1].p, "two\n");
    CHECK_STR(r.engine->frames[2].p, "\n");
    CHECK_STR(r.engine->frames[3].p, "three");
    CHECK(strncmp(r.engine->frames[0].name, "127.0.0.1:", 10) == 0);
    CHECK_INT(r.engine->frames[1].offset, 4);
    CHECK_INT(r.engine->checkpoint_n, 0);
    rig_free(&r);
}

/* What the frames of a stream must be, however it is cut into pieces. */
static void
check_framing(const char *framing, const char *stream, size_t n, const char *const *want)
{
    for (size_t piece = 1; piece <= n; piece++) {
        struct engine *e = fake_engine();
        struct framer f = {.framing = FRAMING_AUTO};
        struct source_options opt = {.input = "t", .format = "lines", .name = "x"};
        struct source *s;
        struct gather g;
        struct error err;
        size_t i;

        CHECK(framing_parse(framing, &f.framing));
        CHECK_INT(engine_source(e, &s, &opt, &err), ST_OK);
        gather_init(&g, s, 0);
        for (size_t at = 0; at < n; at += piece) {
            size_t len = n - at < piece ? n - at : piece;
            bool eof = at + len == n;
            struct block b;
            enum status st;

            gather_add(&g, stream + at, len);
            while ((st = framer_take(&f, &g, eof, &b, &err)) == ST_OK)
                CHECK_INT(engine_submit(e, &b), ST_OK);
            CHECK_INT(st, ST_MORE);
        }
        for (i = 0; want[i]; i++) {
            CHECK(i < e->frame_n);
            CHECK_STR(e->frames[i].p, want[i]);
        }
        CHECK_INT(e->frame_n, i);
        gather_clear(&g);
        fake_free(e);
    }
}

#define FRAMES(framing, stream, ...)                                                               \
    check_framing(framing, stream, sizeof stream - 1, (const char *const[]){__VA_ARGS__, NULL})

/* Cisco's ASA writes one between a frame and the next count. A line may begin with one as well, but
 * not right behind a counted frame. */
TEST(trap_a_blank_or_line_end_stands_before_the_next_count)
{
    FRAMES("octets", "3 abc 2 de\n1 f", "abc", "de", "f");
    FRAMES("auto", "3 abc 2 de 1 f", "abc", "de", "f");
    FRAMES("auto", "3 abc\n2 de 10 0123456789", "abc", "\n", "de", "0123456789");
    FRAMES("auto", "3 abc x\n 2 de\n", "abc", " x\n", " 2 de\n");
    FRAMES("auto", " 2 de\n3 abc ", " 2 de\n", "abc", " ");
    FRAMES("auto", "3 abc 12", "abc", " 12");
}

TEST(tcp_finds_frames_wherever_the_stream_is_cut)
{
    FRAMES("lines", "3 abc\n12 x\n", "3 abc\n", "12 x\n");
    FRAMES("octets", "3 abc5 a\nb\nc1 \n2 12", "abc", "a\nb\nc", "\n", "12");
    FRAMES("octets", "3 abc\n4 abcd\n", "abc", "abcd"); /* a newline behind the count's end */
    FRAMES("auto", "3 abc4 de\n\n1 x", "abc", "de\n\n", "x");
    FRAMES("auto", "abc\n3 abcdef\n4 wxyzxx", "abc\n", "abc", "def\n", "wxyz", "xx");
    FRAMES("auto", "77,acme\n2026-05-01 10:00:00,x\n1777777777 y\n", "77,acme\n",
           "2026-05-01 10:00:00,x\n", "1777777777 y\n");
    FRAMES("auto", "0 abc\n007 x\n-3 y\n\n", "0 abc\n", "007 x\n", "-3 y\n", "\n");
    FRAMES("auto", "<34>1 2003-10-11T22:14:15.003Z host su - ID47 - it\n12 <34>Oct 11 x12",
           "<34>1 2003-10-11T22:14:15.003Z host su - ID47 - it\n", "<34>Oct 11 x", "12");
    FRAMES("auto", "5", "5");
}

TEST(tcp_passes_frames_that_are_too_long_on_by_their_beginning)
{
    static char x[FAKE_MAX_RECORD * 3 + 1];
    struct rig r = rig_new("auto");
    struct buf b = {0};
    int fd;

    memset(x, 'x', sizeof x - 1);
    rig_start(&r);
    buf_printf(&b, "before\n%s\nafter\n%d %s5 right", x, (int)sizeof x - 1, x);
    buf_printf(&b, "%d %.*s3 end", FAKE_MAX_RECORD, FAKE_MAX_RECORD, x);
    fd = dial(r.ops->port(r.in));
    say(fd, b.p);
    UNTIL(r.base, r.engine->frame_n == 7);
    CHECK_STR(r.engine->frames[0].p, "before\n");
    CHECK_INT(r.engine->frames[1].n, FAKE_MAX_RECORD * 3 + 1); /* arrived in one piece */
    CHECK_STR(r.engine->frames[2].p, "after\n");
    CHECK_INT(r.engine->frames[3].n, FAKE_MAX_RECORD + 2);
    CHECK_STR(r.engine->frames[4].p, "right");
    CHECK_INT(r.engine->frames[5].n, FAKE_MAX_RECORD);
    CHECK_STR(r.engine->frames[6].p, "end");
    /* A line without end: bounded, and the next one is read. */
    for (int i = 0; i < 3000; i++) {
        say(fd, x + sizeof x - 1 - 8192);
        event_base_loop(r.base, EVLOOP_NONBLOCK);
    }
    CHECK_INT(r.engine->frame_n, 7);
    say(fd, "\nnext\n");
    UNTIL(r.base, r.engine->frame_n == 9);
    CHECK_INT(r.engine->frames[7].n, FAKE_MAX_RECORD + 2);
    CHECK_STR(r.engine->frames[8].p, "next\n");
    close(fd);
    buf_clear(&b);
    rig_free(&r);
}

TEST(tcp_closes_connections_that_are_out_of_step)
{
    static const char *const bad[] = {"1048577 x", "abc",       "12x",       "  3 abc",
                                      "0 x",       "9999999 x", "99999999 x"};
    struct rig r = rig_new("octets");

    rig_start(&r);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd = dial(r.ops->port(r.in));

        say(fd, "2 ok");
        say(fd, bad[i]);
        UNTIL(r.base, hung_up(fd));
        close(fd);
        CHECK_INT(r.engine->frame_n, i + 1);
        CHECK_STR(r.engine->frames[i].p, "ok");
        UNTIL(r.base, r.engine->feed.lost == i + 1);
        CHECK(strstr(r.engine->feed.problem, "length of 1 to 1048576"));
    }
    rig_free(&r);
}

TEST(tcp_does_not_take_half_a_frame_for_a_record)
{
    struct rig r = rig_new("auto");
    struct linger now = {1, 0};
    int fd;

    rig_start(&r);
    fd = dial(r.ops->port(r.in));
    say(fd, "line\n10 01234");
    close(fd);
    UNTIL(r.base, r.engine->feed.lost == 1);
    CHECK(strstr(r.engine->feed.problem, "cut off"));
    fd = dial(r.ops->port(r.in));
    say(fd, "line\nhalf a li");
    UNTIL(r.base, r.engine->frame_n == 2);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd); /* resets */
    UNTIL(r.base, r.engine->feed.lost == 2);
    CHECK_INT(r.engine->frame_n, 2);
    rig_free(&r);
}

struct sender {
    int fd, from, to, kind;
};

static void *
send_lines(void *arg)
{
    struct sender *s = arg;
    struct buf b = {0};

    for (int i = s->from; i < s->to; i++) {
        char line[32];
        int n = snprintf(line, sizeof line, "line %d\n", i);

        if (s->kind == 0 || (s->kind == 2 && i % 3))
            buf_str(&b, line);
        else
            buf_printf(&b, "%d %s", n, line);
    }
    for (size_t at = 0; at < b.n;) {
        ssize_t n = send(s->fd, b.p + at, b.n - at < 40000 ? b.n - at : 40000, MSG_NOSIGNAL);

        if (n <= 0)
            break;
        at += (size_t)n;
    }
    buf_clear(&b);
    close(s->fd);
    return NULL;
}

TEST(tcp_loses_nothing_while_the_engine_is_full_now_and_then)
{
    struct rig r = rig_new("auto");
    struct sender s[6];
    pthread_t t[6];

    rig_start(&r);
    r.engine->room = 0;
    for (int i = 0; i < 6; i++) {
        s[i] = (struct sender){dial(r.ops->port(r.in)), i * 50000, (i + 1) * 50000, i % 3};
        CHECK(pthread_create(&t[i], NULL, send_lines, &s[i]) == 0);
    }
    UNTIL(r.base, r.engine->refused >= 6);
    CHECK_INT(r.engine->frame_n, 0);
    while (fake_frame_count(r.engine) < 300000) {
        r.engine->room = 3;
        r.ops->resume(r.in);
        UNTIL(r.base, r.engine->room == 0 || fake_frame_count(r.engine) == 300000);
    }
    for (int i = 0; i < 6; i++)
        pthread_join(t[i], NULL);
    CHECK_INT(fake_numbers(r.engine, 0, 300000), 0);
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 0 connections"));
    CHECK(!r.engine->feed.exact);
    rig_free(&r);
}

TEST(tcp_takes_the_header_line_of_each_connection)
{
    struct rig r = rig_new("auto");
    int a, b, c;

    r.cfg.format = (char *)"header";
    rig_start(&r);
    a = dial(r.ops->port(r.in));
    b = dial(r.ops->port(r.in));
    c = dial(r.ops->port(r.in));
    say(a, "id,a\r\nline 0\n");
    say(b, "4 id,b6 line 1");
    say(c, "id,c\n6 line 2");
    UNTIL(r.base, r.engine->frame_n == 3);
    CHECK_INT(fake_numbers(r.engine, 0, 3), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(r.engine->frames[i].header[3], 'a' + (r.engine->frames[i].p[5] - '0'));
    say(dial(r.ops->port(r.in)), "no header\nline 3\n");
    UNTIL(r.base, r.engine->feed.lost == 1);
    CHECK(strstr(r.engine->feed.problem, "no column id"));
    close(a), close(b), close(c);
    rig_free(&r);
}

TEST(tcp_limits_connections)
{
    struct rig r = rig_new("lines");
    int fds[65];

    rig_start(&r);
    for (int i = 0; i < 65; i++) /* 64 of one address */
        fds[i] = dial(r.ops->port(r.in));
    UNTIL(r.base, hung_up(fds[64]));
    CHECK(!hung_up(fds[63]));
    UNTIL(r.base, strstr(r.engine->feed.problem, "too many connections"));
    for (int i = 0; i < 65; i++)
        close(fds[i]);
    rig_free(&r);
}

/* Of the address that has most, the one that was silent for longest: whoever comes in numbers
 * drives out his own, and a quiet sender stays. */
TEST(tcp_the_idlest_of_who_has_most_gives_way_to_a_newcomer)
{
    struct rig r = rig_new("lines");
    int quiet, crowd[3], newcomer;

    r.limits.max_connections = 4;
    rig_start(&r);
    quiet = dial_from("127.0.0.2", r.ops->port(r.in));
    say(quiet, "line 0\n");
    UNTIL(r.base, r.engine->frame_n == 1);
    for (int i = 0; i < 3; i++) {
        crowd[i] = dial_from("127.0.0.3", r.ops->port(r.in));
        say(crowd[i], i == 0 ? "line 1\n" : i == 1 ? "line 2\n" : "line 3\n");
        UNTIL(r.base, r.engine->frame_n == (size_t)i + 2);
    }
    say(crowd[0], "line 4\n");
    UNTIL(r.base, r.engine->frame_n == 5);
    newcomer = dial_from("127.0.0.4", r.ops->port(r.in));
    say(newcomer, "line 5\n");
    UNTIL(r.base, r.engine->frame_n == 6);
    CHECK(hung_up(crowd[1]));
    CHECK(!hung_up(quiet) && !hung_up(crowd[0]) && !hung_up(crowd[2]) && !hung_up(newcomer));
    UNTIL(r.base, r.engine->feed.gave_way == 1);
    CHECK(strstr(r.engine->feed.problem, "gave way") && strstr(r.engine->feed.problem, "4 conn"));
    CHECK_INT(r.engine->feed.lost, 0);
    CHECK_INT(fake_numbers(r.engine, 0, 6), 0);
    close(quiet), close(crowd[0]), close(crowd[1]), close(crowd[2]), close(newcomer);
    rig_free(&r);
}

TEST(tcp_half_a_record_of_who_gives_way_is_counted_as_lost)
{
    struct rig r = rig_new("lines");
    int first, second;

    r.limits.max_connections = 1;
    rig_start(&r);
    first = dial(r.ops->port(r.in));
    say(first, "line 0\nhalf");
    UNTIL(r.base, r.engine->frame_n == 1);
    second = dial(r.ops->port(r.in));
    say(second, "line 1\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK(hung_up(first));
    UNTIL(r.base, r.engine->feed.lost == 1 && r.engine->feed.gave_way == 1);
    CHECK_INT(fake_numbers(r.engine, 0, 2), 0);
    close(first), close(second);
    rig_free(&r);
}

/* Whom the engine holds up does not rest by his own will. */
TEST(tcp_a_newcomer_waits_while_nobody_may_go)
{
    struct rig r = rig_new("lines");
    int first, second;

    r.limits.max_connections = 1;
    rig_start(&r);
    r.engine->room = 0;
    first = dial(r.ops->port(r.in));
    say(first, "line 0\n");
    UNTIL(r.base, r.engine->refused > 0);
    second = dial(r.ops->port(r.in));
    say(second, "line 1\n");
    for (int i = 0; i < 20; i++)
        event_base_loop(r.base, EVLOOP_ONCE);
    CHECK(!hung_up(first) && !hung_up(second));
    CHECK_INT(r.engine->frame_n, 0);
    r.engine->room = -1;
    r.ops->resume(r.in);
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[0].p, "line 0\n");
    CHECK(hung_up(first) && !hung_up(second));
    UNTIL(r.base, r.engine->feed.gave_way == 1);
    CHECK_INT(r.engine->feed.lost, 0);
    close(first), close(second);
    rig_free(&r);
}

/* The rig's side of a connection is in this process, too. */
static int
other_side(int fd)
{
    struct sockaddr_in mine, peer;
    socklen_t n = sizeof mine;

    CHECK(getsockname(fd, (struct sockaddr *)&mine, &n) == 0);
    for (int k = 3; k < 1024; k++) {
        n = sizeof peer;
        if (getpeername(k, (struct sockaddr *)&peer, &n) == 0 && peer.sin_port == mine.sin_port)
            return k;
    }
    test_fail(__FILE__, __LINE__, "nobody is connected to it");
}

/* Quiet senders are left alone; those that are gone without a word must not stay for ever. */
TEST(tcp_asks_quiet_peers_whether_they_are_alive)
{
    struct rig r = rig_new("lines");
    int fd, server, after = 0, each = 0, answers = 0;
    socklen_t n = sizeof after;

    rig_start(&r);
    fd = dial(r.ops->port(r.in));
    say(fd, "line 0\n");
    UNTIL(r.base, r.engine->frame_n == 1);
    server = other_side(fd);
    CHECK(getsockopt(server, IPPROTO_TCP, TCP_KEEPIDLE, &after, &n) == 0);
    CHECK(getsockopt(server, IPPROTO_TCP, TCP_KEEPINTVL, &each, &n) == 0);
    CHECK(getsockopt(server, IPPROTO_TCP, TCP_KEEPCNT, &answers, &n) == 0);
    CHECK(after + each * answers <= 180);
    close(fd);
    rig_free(&r);
}

TEST(tcp_refuses_what_it_cannot_listen_on)
{
    static const char *const bad[] = {"",    "127.0.0.1", "localhost:1",   ":514",
                                      "::1", "1.2.3.4:x", "1.2.3.4:70000", "[::1]"};
    struct rig r = rig_new("lines");
    struct error err;
    char taken[32];
    struct input *other;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        r.cfg.listen = (char *)bad[i];
        CHECK_INT(r.ops->start(&other, r.base, r.engine, &r.cfg, &r.limits, &err), ST_BAD_CONFIG);
    }
    r.cfg.listen = (char *)"127.0.0.1:0";
    r.cfg.framing = (char *)"netstring";
    CHECK_INT(r.ops->start(&other, r.base, r.engine, &r.cfg, &r.limits, &err), ST_BAD_CONFIG);
    r.cfg.framing = NULL;
    rig_start(&r);
    snprintf(taken, sizeof taken, "127.0.0.1:%d", r.ops->port(r.in));
    r.cfg.listen = taken;
    CHECK_INT(r.ops->start(&other, r.base, r.engine, &r.cfg, &r.limits, &err), ST_IO);
    CHECK(strstr(err.text, taken));
    rig_free(&r);
}

/* The syslog sender of util-linux is a peer that we did not write. */
TEST(tcp_understands_logger)
{
    struct rig r = rig_new("auto");
    char command[512];
    int port;

    if (system("logger --version >/dev/null 2>&1") != 0)
        test_skip("no logger program");
    rig_start(&r);
    port = r.ops->port(r.in);
    snprintf(command, sizeof command,
             "(logger -n 127.0.0.1 -P %d -T --octet-count -t cdr 'counted one' && "
             "logger -n 127.0.0.1 -P %d -T -t cdr 'plain two') >/dev/null 2>&1 &",
             port, port);
    CHECK(system(command) == 0);
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK(r.engine->frames[0].p[0] == '<' && r.engine->frames[1].p[0] == '<');
    CHECK(strstr(r.engine->frames[0].p, "counted one"));
    CHECK(strstr(r.engine->frames[1].p, "plain two"));
    rig_free(&r);
}

/* --- the thread around it all --- */

static void
note(void *arg)
{
    static int order;

    *(int *)arg = ++order;
}

TEST(edge_starts_resumes_posts_and_stops)
{
    struct engine *e = fake_engine();
    struct config_input cfg[] = {
        {.title = (char *)"hooks", .type = (char *)"http"},
        {.title = (char *)"a",
         .type = (char *)"tcp",
         .format = (char *)"lines",
         .listen = (char *)"127.0.0.1:0"},
        {.title = (char *)"b",
         .type = (char *)"udp",
         .format = (char *)"lines",
         .listen = (char *)"127.0.0.1:0"},
        {.title = (char *)"c",
         .type = (char *)"tail",
         .format = (char *)"lines",
         .path = (char *)"log"},
    };
    struct config_limits limits = {
        .max_connections = 10, .max_per_address = 10, .max_datagram = 8192};
    struct edge_options opt = {.engine = e, .inputs = cfg, .input_count = 4, .limits = &limits};
    struct error err;
    struct edge *edge;
    int first = 0, second = 0, fd;
    FILE *f;

    cfg[3].type = (char *)"carrier pigeon";
    CHECK_INT(edge_open(&edge, &opt, &err), ST_BAD_CONFIG);
    cfg[3].type = (char *)"tail";
    CHECK_INT(edge_open(&edge, &opt, &err), ST_OK);
    CHECK(edge_port(edge, "a") > 0 && edge_port(edge, "b") > 0);
    CHECK_INT(edge_port(edge, "c"), 0);
    CHECK_INT(edge_port(edge, "hooks"), 0);
    CHECK_INT(edge_run(edge, &err), ST_OK);
    pthread_mutex_lock(&e->lock);
    e->room = 0;
    pthread_mutex_unlock(&e->lock);
    fd = dial(edge_port(edge, "a"));
    say(fd, "line 0\n");
    close(fd);
    f = fopen("log", "w");
    fputs("line 1\n", f);
    fclose(f);
    for (;;) { /* both inputs are held up */
        size_t refused;

        pthread_mutex_lock(&e->lock);
        refused = e->refused;
        if (refused >= 2)
            e->room = -1;
        pthread_mutex_unlock(&e->lock);
        if (refused >= 2)
            break;
        sched_yield();
    }
    e->on_room(e->on_room_arg);
    while (fake_frame_count(e) < 2)
        sched_yield();
    CHECK_INT(fake_numbers(e, 0, 2), 0);
    edge_post(edge, note, &first);
    edge_post(edge, note, &second);
    edge_stop_inputs(edge); /* is posted itself, so those before it have run */
    CHECK(first == 1 && second == 2);
    e->on_room(e->on_room_arg); /* the engine may still call */
    edge_close(edge);
    edge_close(NULL);
    fake_free(e);
}
