/*
 * test_redis_link.c - URLs, and connections to real servers and to hostile ones.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "trends_fixture.h"

/* --- URLs --- */

static void
accepts(const char *text, const char *host_or_path, int port, int db, const char *user,
        const char *password)
{
    struct error err = {0};
    struct redis_url u;

    if (redis_url_parse(&u, text, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, err.text);
    CHECK_STR(u.host ? u.host : u.path, host_or_path);
    CHECK_INT(u.host != NULL, port != 0);
    CHECK_INT(u.port, port);
    CHECK_INT(u.db, db);
    CHECK_STR(u.user ? u.user : "-", user);
    CHECK_STR(u.password ? u.password : "-", password);
    CHECK(!u.password || !strstr(u.shown, u.password));
    redis_url_clear(&u);
}

TEST(redis_url_takes_hosts_sockets_and_credentials)
{
    accepts("redis://127.0.0.1", "127.0.0.1", 6379, 0, "-", "-");
    accepts("redis://127.0.0.1/", "127.0.0.1", 6379, 0, "-", "-");
    accepts("redis://localhost:7000/3", "localhost", 7000, 3, "-", "-");
    accepts("redis://[::1]:7000/15", "::1", 7000, 15, "-", "-");
    accepts("redis://[::1]", "::1", 6379, 0, "-", "-");
    accepts("redis://:secret@db.example", "db.example", 6379, 0, "-", "secret");
    accepts("redis://bob:p%40ss%3Aw%2Ford@h:1/2", "h", 1, 2, "bob", "p@ss:w/ord");
    accepts("redis://bob:a:b@h", "h", 6379, 0, "bob", "a:b");
    accepts("unix:///run/redis.sock", "/run/redis.sock", 0, 0, "-", "-");
    accepts("unix:///run/redis.sock?db=4", "/run/redis.sock", 0, 4, "-", "-");
    accepts("unix:///a%20b%3F.sock", "/a b?.sock", 0, 0, "-", "-");
    accepts("unix://:secret@/run/r.sock", "/run/r.sock", 0, 0, "-", "secret");
}

TEST(redis_url_refuses_what_it_does_not_know_without_repeating_it)
{
    static const char *const bad[] = {
        "",
        "redis",
        "redis:/h",
        "rediss://h",
        "http://h",
        "redis://",
        "redis:///1",
        "redis://:@h",
        "redis://bob@h",
        "redis://bob:@h",
        "redis://h:",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:7x",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/1/2",
        "redis://h/99999999999",
        "redis://[::1",
        "redis://[::1]x",
        "redis://[]",
        "redis://:hunter2%4@h",
        "redis://:hunter2%zz@h",
        "redis://:hunter2%00@h",
        "unix://",
        "unix:///",
        "unix://x",
        "unix://x/y",
        "unix:///a?",
        "unix:///a?db=",
        "unix:///a?db=x",
        "unix:///a?x=1",
        "unix:///a%",
        "unix:///a%0",
        "hunter2",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err = {0};
        struct redis_url u;

        if (redis_url_parse(&u, bad[i], &err) != ST_BAD_CONFIG)
            test_fail(__FILE__, __LINE__, "accepted %s", bad[i]);
        CHECK(err.text[0] && !strstr(err.text, "hunter2"));
        CHECK(!u.host && !u.path && !u.user && !u.password);
    }
}

/* --- real servers --- */

static pid_t
start_server(const char *const *extra)
{
    const char *argv[32] = {"redis-server", "--port", "0",         "--unixsocket", "r.sock",
                            "--save",       "",       "--logfile", "r.log"};
    size_t n = 9;
    pid_t pid;

    test_need_program("redis-server");
    while (*extra)
        argv[n++] = *extra++;
    pid = fork();
    if (pid == 0) {
        execvp(argv[0], (char **)argv);
        _exit(127);
    }
    return pid;
}

static void
end_server(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static const char *
url_here(const char *userinfo, const char *rest)
{
    static char url[4096];
    char *cwd = getcwd(NULL, 0);

    snprintf(url, sizeof url, "unix://%s%s/r.sock%s", userinfo, cwd, rest);
    free(cwd);
    return url;
}

/* Servers take a moment to listen. */
static struct redis_link *
connect_when_up(const char *url)
{
    struct redis_link *link = NULL;
    struct error err;

    WAIT_UNTIL((link = connect_to(url, &err)) != NULL);
    return link;
}

TEST(redis_link_logs_in_and_selects_a_database)
{
    const char *const extra[] = {"--requirepass", "sesame", NULL};
    pid_t pid = start_server(extra);
    struct redis_link *link = connect_when_up(url_here(":sesame@", ""));
    struct error err = {0};

    CHECK_STR(ask(link, "ACL SETUSER bob on >p@ss:1 ~* +@all"), "OK");
    CHECK_STR(ask(link, "SET where zero"), "OK");
    redis_link_close(link);

    link = connect_to(url_here("bob:p%40ss%3A1@", "?db=5"), &err);
    CHECK(link != NULL);
    CHECK_STR(ask(link, "ACL WHOAMI"), "bob");
    CHECK_STR(ask(link, "GET where"), "(nil)");
    CHECK_STR(ask(link, "CLIENT GETNAME"), "test");
    CHECK(strstr(ask(link, "CLIENT LIST"), " db=5 "));
    redis_link_close(link);

    CHECK(!connect_to(url_here("", ""), &err));
    CHECK(strstr(err.text, "asks for a password"));
    CHECK(!connect_to(url_here(":open@", ""), &err));
    CHECK(strstr(err.text, "does not accept this user and password"));
    CHECK(!strstr(err.text, "open"));
    CHECK(!connect_to(url_here(":sesame@", "?db=99"), &err));
    CHECK(strstr(err.text, "has no such database"));
    end_server(pid);
}

TEST(redis_link_says_that_nobody_listens)
{
    struct redis_link_options opt = {
        .name = "test", .connect_timeout_ms = 1000, .silence_timeout_ms = 1000};
    struct redis_link *link = NULL;
    struct error err = {0};
    struct redis_url u;

    CHECK(redis_url_parse(&u, url_here("", ""), &err) == ST_OK);
    opt.url = &u;
    CHECK_INT(redis_link_open(&link, &opt, &err), ST_NOT_FOUND);
    CHECK(strstr(err.text, "cannot be reached"));
    redis_url_clear(&u);
}

TEST(redis_link_reaches_a_socket_whose_path_is_too_long)
{
    const char *const extra[] = {NULL};
    char folder[201], path[512];
    struct redis_link *link;
    pid_t pid;

    memset(folder, 'x', 200);
    folder[200] = '\0';
    CHECK(mkdir(folder, 0700) == 0 && chdir(folder) == 0);
    pid = start_server(extra);
    link = connect_when_up(url_here("", ""));
    CHECK_STR(ask(link, "PING"), "PONG");
    redis_link_close(link);
    end_server(pid);
    CHECK(chdir("..") == 0);
    snprintf(path, sizeof path, "%s/r.sock", folder);
    unlink(path);
}

TEST(redis_link_works_over_tcp)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof any;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char port[8], url[64];
    struct redis_link *link;
    pid_t pid;

    CHECK(bind(fd, (struct sockaddr *)&any, size) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&any, &size) == 0);
    close(fd);
    snprintf(port, sizeof port, "%d", ntohs(any.sin_port));
    snprintf(url, sizeof url, "redis://127.0.0.1:%s/1", port);
    const char *const extra[] = {"--port", port, "--bind", "127.0.0.1", NULL};
    pid = start_server(extra);
    link = connect_when_up(url);
    CHECK_STR(ask(link, "PING"), "PONG");
    redis_link_close(link);
    end_server(pid);
}

/* --- the exchange --- */

static bool
expect_own_number(void *arg, size_t i, redisReply *r)
{
    size_t *seen = arg;

    if (r->type != REDIS_REPLY_STRING || strtoul(r->str, NULL, 10) != i || *seen != i)
        test_fail(__FILE__, __LINE__, "reply %zu is %s", i, r->str);
    ++*seen;
    return false;
}

TEST(redis_link_pairs_many_replies_with_their_commands)
{
    const char *const extra[] = {NULL};
    pid_t pid = start_server(extra);
    struct redis_link *link = connect_when_up(url_here("", ""));
    struct redis_batch b = {0};
    struct error err;
    size_t seen = 0;

    for (int i = 0; i < 200000; i++) {
        redis_batch_begin(&b, 0, 2);
        redis_batch_str(&b, "ECHO");
        redis_batch_i64(&b, i);
    }
    CHECK_INT(redis_link_send(link, &b, expect_own_number, &seen, &err), ST_OK);
    CHECK_INT(seen, 200000);
    redis_batch_clear(&b);

    /* One command, and one reply, far above what is sent ahead. */
    char *big = xmalloc(8 << 20);
    memset(big, 'v', 8 << 20);
    redis_batch_begin(&b, 0, 3);
    redis_batch_str(&b, "SET");
    redis_batch_str(&b, "big");
    redis_batch_arg(&b, span_of(big, 8 << 20));
    redis_batch_add(&b, 0, "GET", "big", NULL);
    CHECK_INT(redis_link_send(link, &b, NULL, NULL, &err), ST_OK);
    CHECK_STR(ask(link, "STRLEN big"), "8388608");
    free(big);
    redis_batch_clear(&b);
    redis_link_close(link);
    end_server(pid);
}

static bool
expect_refusal(void *arg, size_t i, redisReply *r)
{
    size_t *seen = arg;

    if (i % 397 != 3 || !redis_is_error(r, i % 2 ? "WRONGTYPE" : "ERR"))
        test_fail(__FILE__, __LINE__, "reply %zu is %s", i, r->str ? r->str : "no text");
    ++*seen;
    return false;
}

/* Replies of every length and kind, so that they are cut anywhere between two reads. */
TEST(redis_link_tells_many_commands_and_shows_the_errors_of_each)
{
    const char *const extra[] = {NULL};
    pid_t pid = start_server(extra);
    struct redis_link *link = connect_when_up(url_here("", ""));
    struct redis_batch b = {0};
    struct error err;
    size_t seen = 0;

    redis_batch_add(&b, 0, "SET", "text", "x", NULL);
    CHECK_INT(redis_link_tell(link, &b, expect_refusal, &seen, &err), ST_OK);
    redis_batch_reset(&b);
    for (int i = 0; i < 200000; i++) {
        char number[16];

        snprintf(number, sizeof number, "%d", i * 7919);
        if (i % 397 == 3 && i % 2)
            redis_batch_add(&b, 0, "HSET", "text", "f", number, NULL);
        else if (i % 397 == 3)
            redis_batch_add(&b, 0, "INCR", "text", NULL);
        else if (i % 5 == 0)
            redis_batch_add(&b, 0, "INCRBY", "n", number, NULL);
        else if (i % 5 == 1)
            redis_batch_add(&b, 0, "GET", i % 3 ? "n" : "nothing", NULL);
        else if (i % 5 == 2)
            redis_batch_add(&b, 0, "PING", NULL);
        else
            redis_batch_add(&b, 0, "SET", "last", number, NULL);
    }
    CHECK_INT(redis_link_tell(link, &b, expect_refusal, &seen, &err), ST_OK);
    CHECK_INT(seen, (200000 - 4) / 397 + 1);
    CHECK_INT(strtol(ask(link, "GET last"), NULL, 10), 199999 * 7919L);
    redis_batch_clear(&b);
    redis_link_close(link);
    end_server(pid);
}

TEST(redis_batch_copies_a_command_with_its_key)
{
    struct redis_batch a = {0}, b = {0};

    redis_batch_add(&a, 3, "SET", "first", "1", NULL);
    redis_batch_add(&a, 4, "SET", "second", "22", NULL);
    redis_batch_add(&b, 0, "PING", NULL);
    redis_batch_copy(&b, &a, 1);
    CHECK_SPAN(span_of(b.out.p, b.out.n),
               "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$6\r\nsecond\r\n$2\r\n22\r\n");
    CHECK_SPAN(redis_batch_key(&b, 1), "second");
    CHECK_INT(b.at[1].partition, 4);
    CHECK_INT(b.at[1].end, b.out.n);
    redis_batch_clear(&a);
    redis_batch_clear(&b);
}

/* --- peers that are no Redis --- */

/* A server that says one thing to every client, at once or when it is asked something, and then
 * listens until it is ended. */
static pid_t
start_liar(const char *says, size_t n, bool asked)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "r.sock"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    pid_t pid;

    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8) != 0)
        test_fail(__FILE__, __LINE__, "bind: %m");
    pid = fork();
    if (pid == 0) {
        for (;;) {
            int peer = accept(fd, NULL, NULL);
            char sink[4096];

            if (asked && read(peer, sink, sizeof sink) <= 0)
                _exit(1);
            if (n > 0 && write(peer, says, n) < 0)
                _exit(1);
            while (read(peer, sink, sizeof sink) > 0)
                ;
            close(peer);
        }
    }
    close(fd);
    return pid;
}

/* The error must say `part`. */
static void
survives_with(const char *says, size_t n, bool asked, int patience_ms, const char *part)
{
    pid_t pid = start_liar(says, n, asked);
    struct redis_link_options opt = {
        .name = "test", .connect_timeout_ms = 1000, .silence_timeout_ms = patience_ms};
    struct redis_link *link = NULL;
    struct error err = {0};
    struct redis_url u;

    CHECK(redis_url_parse(&u, url_here("", ""), &err) == ST_OK);
    opt.url = &u;
    /* One right answer may get it past its name; it must not get further than that. */
    if (redis_link_open(&link, &opt, &err) == ST_OK)
        CHECK_INT(redis_link_must(link, NULL, &err, "PING", NULL), ST_RETRY);
    CHECK(err.text[0] && strstr(err.text, part));
    redis_link_close(link);
    redis_url_clear(&u);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    unlink("r.sock");
}

#define SURVIVES(text) survives_with(text, sizeof(text) - 1, false, 100, "")

TEST(redis_link_survives_peers_that_lie)
{
    SURVIVES("");
    SURVIVES("HTTP/1.1 400 Bad Request\r\n\r\n");
    SURVIVES("+OK\r\n+OK\r\n");
    SURVIVES("+OK\r\n+OK");
    SURVIVES("$99999999999999999999\r\n");
    SURVIVES("$-5\r\n");
    SURVIVES("*1000000\r\n");
    SURVIVES("*2147483647\r\n"); /* no room is made for them, and nobody goes through it */
    SURVIVES("*-7\r\n");
    SURVIVES("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n");
    SURVIVES("%1\r\n+a\r\n+b\r\n");
    SURVIVES("-ERR go away\r\n");
    SURVIVES("\0\0\0\0");
}

/* Long before as much has come as the longest reply may have: each part that comes is looked
 * through from the beginning of the line. */
TEST(redis_link_gives_up_a_line_that_does_not_end)
{
    const size_t n = 2 << 20;
    char *line = xmalloc(n);

    memset(line, 'x', n);
    line[0] = '+';
    survives_with(line, n, true, 10000, "does not end");
    free(line);
}

TEST(redis_link_wait_can_be_cancelled)
{
    pid_t pid = start_liar("", 0, false);
    atomic_bool cancel = true;
    struct redis_link_options opt = {.name = "test",
                                     .connect_timeout_ms = 1000,
                                     .silence_timeout_ms = 600000,
                                     .cancel = &cancel};
    struct redis_link *link = NULL;
    struct error err = {0};
    struct redis_url u;

    CHECK(redis_url_parse(&u, url_here("", ""), &err) == ST_OK);
    opt.url = &u;
    CHECK_INT(redis_link_open(&link, &opt, &err), ST_RETRY);
    redis_url_clear(&u);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

TEST(redis_info_finds_whole_names_only)
{
    struct span info = SPAN("# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\nrole:x"), v;

    CHECK(redis_info_find(info, "run_id", &v));
    CHECK_SPAN(v, "abc");
    CHECK(redis_info_find(info, "role", &v));
    CHECK_SPAN(v, "x");
    CHECK(!redis_info_find(info, "version", &v));
    CHECK(!redis_info_find(span_of("", 0), "role", &v));
}
