/*
 * test_managed_redis.c - the life of a redis-server of our own.
 */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "trends_fixture.h"
#include "../../daemon/trends/server_process.h"

static struct managed_redis *
start(const char *program)
{
    struct managed_redis *m = NULL;
    struct error err = {0};

    test_need_program("redis-server");
    log_set_level(LOG_LEVEL_ERROR);
    if (managed_redis_start(&m, program, ".", 0, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return m;
}

static long
pid_of(const struct managed_redis *m)
{
    struct error err;
    struct redis_link *link = connect_to(managed_redis_url(m), &err);
    const char *at;
    long pid;

    CHECK(link != NULL);
    at = strstr(ask(link, "INFO server"), "process_id:");
    pid = at ? strtol(at + 11, NULL, 10) : 0;
    redis_link_close(link);
    return pid;
}

TEST(managed_redis_is_private_durable_and_never_evicts)
{
    struct managed_redis *m = start(NULL);
    struct error err;
    struct redis_link *link = connect_to(managed_redis_url(m), &err);
    struct stat st;

    CHECK_STR(ask(link, "CONFIG GET port"), "0 port");
    CHECK_STR(ask(link, "CONFIG GET appendonly"), "appendonly yes");
    CHECK_STR(ask(link, "CONFIG GET appendfsync"), "appendfsync everysec");
    CHECK_STR(ask(link, "CONFIG GET maxmemory-policy"), "maxmemory-policy noeviction");
    CHECK_STR(ask(link, "CONFIG GET save"), " save");
    CHECK(stat("redis.sock", &st) == 0 && (st.st_mode & 0777) == 0700);
    CHECK(stat("redis", &st) == 0 && (st.st_mode & 0777) == 0700);
    /* Not in our process group: a Ctrl-C on the terminal is ours alone. */
    CHECK(getpgid((pid_t)pid_of(m)) != getpgrp());
    redis_link_close(link);
    managed_redis_stop(m);
}

TEST(managed_redis_keeps_its_data_over_a_stop)
{
    struct managed_redis *m = start("redis-server");
    struct error err;
    struct redis_link *link = connect_to(managed_redis_url(m), &err);
    long pid = pid_of(m);

    ask(link, "SET x 1");
    redis_link_close(link);
    managed_redis_stop(m);
    CHECK(kill((pid_t)pid, 0) != 0); /* stop waited for its end */
    m = start(NULL);
    link = connect_to(managed_redis_url(m), &err);
    CHECK_STR(ask(link, "GET x"), "1");
    redis_link_close(link);
    managed_redis_stop(m);
}

/* Starts a server in a child that then dies without a word, as after a crash. */
static long
start_and_crash(void)
{
    int report[2];
    long pid = 0;
    pid_t child;

    CHECK(pipe(report) == 0);
    child = fork();
    if (child == 0) {
        struct managed_redis *m = start(NULL);

        pid = pid_of(m);
        if (write(report[1], &pid, sizeof pid) != sizeof pid)
            _exit(1);
        _exit(0);
    }
    CHECK(read(report[0], &pid, sizeof pid) == sizeof pid);
    waitpid(child, NULL, 0);
    return pid;
}

/* A server that takes a while for every command in its file, and looks up now and then. */
static void
write_slow_program(void)
{
    FILE *f = fopen("slow-redis", "w");

    CHECK(f != NULL);
    fputs("#!/bin/sh\nexec redis-server \"$@\" --key-load-delay 600\n", f);
    CHECK(fclose(f) == 0 && chmod("slow-redis", 0700) == 0);
}

TEST(managed_redis_is_not_waited_for_while_it_loads)
{
    struct managed_redis *m = start(NULL);
    struct error err;
    struct redis_link *link = connect_to(managed_redis_url(m), &err);

    for (int i = 0; i < 10000; i++)
        ask(link, "SET k%d v", i);
    redis_link_close(link);
    managed_redis_stop(m);
    write_slow_program();
    m = start("../slow-redis"); /* from where it works */
    link = connect_to(managed_redis_url(m), &err);
    CHECK(strstr(ask(link, "GET k9999"), "LOADING") != NULL);
    WAIT_UNTIL(strcmp(ask(link, "GET k9999"), "v") == 0);
    redis_link_close(link);
    managed_redis_stop(m);
}

TEST(managed_redis_takes_over_the_server_of_a_crashed_daemon)
{
    long pid = start_and_crash();
    struct managed_redis *m = start(NULL);

    CHECK_INT(pid_of(m), pid);
    CHECK(managed_redis_alive(m));
    managed_redis_stop(m);
    WAIT_UNTIL(kill((pid_t)pid, 0) != 0);
}

TEST(managed_redis_ends_a_server_that_lost_its_socket)
{
    long pid = start_and_crash();
    struct managed_redis *m;

    CHECK(unlink("redis.sock") == 0);
    m = start(NULL);
    CHECK(pid_of(m) != pid);
    WAIT_UNTIL(kill((pid_t)pid, 0) != 0);
    managed_redis_stop(m);
}

TEST(managed_redis_is_revived_after_its_death)
{
    struct managed_redis *m = start(NULL);
    struct error err;
    struct redis_link *link = NULL;
    long pid = pid_of(m);

    CHECK_INT(managed_redis_revive(m, &err), ST_OK); /* alive: nothing to do */
    CHECK_INT(pid_of(m), pid);
    kill((pid_t)pid, SIGKILL);
    WAIT_UNTIL(!managed_redis_alive(m));
    CHECK_INT(managed_redis_revive(m, &err), ST_OK); /* its stale socket is in the way */
    WAIT_UNTIL((link = connect_to(managed_redis_url(m), &err)) != NULL);
    CHECK(managed_redis_alive(m));
    redis_link_close(link);
    managed_redis_stop(m);
}

static struct managed_redis *
start_impatient(int64_t hang_ms)
{
    struct managed_redis *m = NULL;
    struct error err = {0};

    test_need_program("redis-server");
    log_set_level(LOG_LEVEL_ERROR + 1);
    if (managed_redis_start(&m, NULL, ".", hang_ms, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return m;
}

TEST(managed_redis_that_hangs_is_ended_and_comes_back_with_its_data)
{
    struct managed_redis *m = start_impatient(200);
    struct error err;
    struct redis_link *link = connect_to(managed_redis_url(m), &err);
    pid_t pid = (pid_t)pid_of(m);

    ask(link, "SET x 1");
    redis_link_close(link);
    CHECK_INT(managed_redis_revive(m, &err), ST_OK); /* it answers: nothing to do */
    CHECK_INT(managed_redis_hung_at(m), 0);
    CHECK(kill(pid, SIGSTOP) == 0);
    CHECK_INT(managed_redis_revive(m, &err), ST_OK); /* the first silence */
    CHECK(kill(pid, 0) == 0);
    WAIT_UNTIL(managed_redis_revive(m, &err) == ST_OK && managed_redis_hung_at(m) > 0);
    CHECK(kill(pid, 0) != 0);
    WAIT_UNTIL((link = connect_to(managed_redis_url(m), &err)) != NULL);
    WAIT_UNTIL(strcmp(ask(link, "GET x"), "1") == 0);
    CHECK(pid_of(m) != pid);
    redis_link_close(link);
    managed_redis_stop(m);
}

TEST(managed_redis_that_was_silent_for_a_while_is_left_alone)
{
    struct managed_redis *m = start_impatient(INT64_C(3600) * 1000), *patient;
    pid_t pid = (pid_t)pid_of(m);
    struct error err;

    CHECK(kill(pid, SIGSTOP) == 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(managed_redis_revive(m, &err), ST_OK);
    CHECK(kill(pid, SIGCONT) == 0);
    CHECK_INT(pid_of(m), pid);
    CHECK_INT(managed_redis_hung_at(m), 0);
    managed_redis_stop(m);
    patient = start_impatient(0); /* never */
    pid = (pid_t)pid_of(patient);
    CHECK(kill(pid, SIGSTOP) == 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(managed_redis_revive(patient, &err), ST_OK);
    CHECK(kill(pid, SIGCONT) == 0);
    CHECK_INT(pid_of(patient), pid);
    managed_redis_stop(patient);
}

TEST(managed_redis_found_hanging_at_the_start_is_ended)
{
    long pid = start_and_crash();
    struct managed_redis *m;

    CHECK(kill((pid_t)pid, SIGSTOP) == 0);
    m = start_impatient(200);
    CHECK(pid_of(m) != pid);
    WAIT_UNTIL(kill((pid_t)pid, 0) != 0);
    managed_redis_stop(m);
}

/* A process that does nothing, and does not outlive this one. */
static pid_t
idle_child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return pid;
}

/* Takes connections and says nothing. */
static pid_t
mute_stranger(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    CHECK(bind(fd, (struct sockaddr *)&to, sizeof to) == 0 && listen(fd, 64) == 0);
    pid = idle_child();
    close(fd);
    return pid;
}

TEST(managed_redis_ends_nobody_else_who_is_silent)
{
    struct managed_redis *m = NULL;
    struct error err = {0};
    pid_t pid = mute_stranger("redis.sock");
    FILE *f;

    log_set_level(LOG_LEVEL_ERROR + 1);
    CHECK(mkdir("redis", 0700) == 0 && (f = fopen("redis/redis.pid", "w")) != NULL);
    fprintf(f, "%ld\n", (long)pid); /* a number that is another process' by now */
    fclose(f);
    CHECK_INT(managed_redis_start(&m, NULL, ".", 200, &err), ST_RETRY);
    CHECK(strstr(err.text, "says nothing and is none of ours"));
    CHECK(waitpid(pid, NULL, WNOHANG) == 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

TEST(a_server_process_is_known_by_its_folder_and_its_beginning)
{
    struct server_process p;
    pid_t pid = idle_child();

    CHECK(!server_process_found(&p, pid, "/"));
    CHECK(server_process_gone(&p));
    CHECK(server_process_found(&p, pid, "."));
    CHECK(!server_process_gone(&p));
    p.started--; /* the one that was meant has ended, and its number was given away again */
    CHECK(server_process_end(&p));
    CHECK(waitpid(pid, NULL, WNOHANG) == 0);
    CHECK(server_process_found(&p, pid, "."));
    CHECK(kill(pid, SIGSTOP) == 0); /* hears no SIGTERM */
    kill(pid, SIGKILL);
    WAIT_UNTIL(server_process_gone(&p)); /* though nobody has waited for it */
    waitpid(pid, NULL, 0);
}

TEST(managed_redis_works_in_a_folder_with_a_long_and_odd_name)
{
    char name[200];
    struct managed_redis *m;
    struct error err = {0};
    struct redis_link *link;

    test_need_program("redis-server");
    log_set_level(LOG_LEVEL_ERROR);
    memset(name, 'x', sizeof name);
    memcpy(name, "a b%41?#@\xC3\xA9", 11);
    name[sizeof name - 1] = '\0';
    CHECK(mkdir(name, 0700) == 0);
    if (managed_redis_start(&m, NULL, name, 0, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    link = connect_to(managed_redis_url(m), &err);
    CHECK_STR(ask(link, "PING"), "PONG");
    redis_link_close(link);
    managed_redis_stop(m);
}

TEST(managed_redis_says_what_is_missing_or_wrong)
{
    struct managed_redis *m = NULL;
    struct error err = {0};
    FILE *f;

    test_need_program("redis-server");
    CHECK_INT(managed_redis_start(&m, "/no/such/redis-server", ".", 0, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "/no/such/redis-server") && strstr(err.text, "install redis-server"));
    CHECK_INT(managed_redis_start(&m, NULL, "no such folder", 0, &err), ST_IO);
    /* A server that ends at once: its last words are the message. */
    f = fopen("redis/appendonlydir", "w");
    fputs("in the way\n", f);
    fclose(f);
    CHECK_INT(managed_redis_start(&m, NULL, ".", 0, &err), ST_RETRY);
    CHECK(strstr(err.text, "append-only dir"));
    CHECK(m == NULL);
    CHECK(access("redis/appendonlydir", F_OK) == 0);
}

#define INCREMENT "redis/appendonlydir/appendonly.aof.1.incr.aof"

static void
overwrite(const char *path, off_t at, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY);

    CHECK(fd >= 0);
    CHECK(pwrite(fd, bytes, n, at) == (ssize_t)n);
    close(fd);
}

static off_t
size_of(const char *path)
{
    struct stat st;

    CHECK(stat(path, &st) == 0);
    return st.st_size;
}

/* A crash of the machine leaves zeros at the end, a bad disk anything anywhere. */
TEST(managed_redis_starts_without_a_file_that_it_cannot_read)
{
    static const struct {
        const char *path;
        off_t at; /* < 0: behind the end */
    } damages[] = {
        {INCREMENT, -1},
        {INCREMENT, 10},
        {"redis/appendonlydir/appendonly.aof.1.base.rdb", 0},
        {"redis/appendonlydir/appendonly.aof.1.base.rdb", 30},
        {"redis/appendonlydir/appendonly.aof.manifest", 0},
    };
    char junk[5000] = {0};

    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct managed_redis *m = start(NULL);
        struct error err;
        struct redis_link *link = connect_to(managed_redis_url(m), &err);
        off_t at = damages[i].at;
        size_t n = at < 0 ? sizeof junk : 8;

        CHECK_STR(ask(link, "EXISTS x"), "0");
        ask(link, "SET x %zu", i);
        redis_link_close(link);
        managed_redis_stop(m);
        if (at >= 0)
            memset(junk, 'Z', sizeof junk);
        overwrite(damages[i].path, at < 0 ? size_of(damages[i].path) : at, junk, n);
    }
    /* The last of them has been kept. */
    managed_redis_stop(start(NULL));
    CHECK(access("redis/appendonlydir.damaged/appendonly.aof.manifest", F_OK) == 0);
}

static void
kill_server(struct scene *s)
{
    kill((pid_t)pid_of(s->redis), SIGKILL);
    WAIT_UNTIL(!managed_redis_alive(s->redis));
    redis_link_close(s->link);
    s->link = NULL;
}

TEST(managed_redis_that_is_killed_and_damaged_comes_back_filled)
{
    char junk[5000] = {0};
    struct scene s;
    struct error err;

    scene_open(&s);
    contract_in_redis(&s);
    ask(s.link, "SET x 1");
    scene_stop(&s);
    kill_server(&s);
    overwrite(INCREMENT, size_of(INCREMENT), junk, sizeof junk);
    scene_project(&s); /* nobody listens: it has it revived */
    settled(&s);
    s.link = connect_to(s.opt.url, &err);
    CHECK_STR(ask(s.link, "EXISTS x"), "0");
    CHECK(is_clean(&s));
    scene_close(&s);
}

/* Redis 7.0: a transaction cut off in the middle is skipped at the next start, but its MULTI stays
 * in the file, and what is written behind it is lost at the start after that. */
TEST(managed_redis_that_was_killed_writes_its_file_anew)
{
    struct scene s;
    struct error err;
    off_t whole;

    scene_open(&s);
    contract_in_redis(&s);
    ask(s.link, "CONFIG SET appendfsync always");
    whole = size_of(INCREMENT);
    ask(s.link, "MULTI");
    ask(s.link, "SET his 1");
    ask(s.link, "SET hers 1");
    ask(s.link, "EXEC");
    scene_stop(&s);
    kill_server(&s);
    CHECK(size_of(INCREMENT) > whole + 60);
    CHECK(truncate(INCREMENT, whole + 60) == 0);
    scene_project(&s);
    settled(&s);
    s.link = connect_to(s.opt.url, &err);
    CHECK_STR(ask(s.link, "EXISTS his hers"), "0");
    WAIT_UNTIL(access(INCREMENT, F_OK) != 0); /* there is a newer one */
    CHECK_STR(ask(s.link, "SET theirs 1"), "OK");
    scene_stop(&s);
    redis_link_close(s.link);
    managed_redis_stop(s.redis);
    CHECK_INT(managed_redis_start(&s.redis, NULL, ".", 0, &err), ST_OK);
    s.link = connect_to(managed_redis_url(s.redis), &err);
    CHECK_STR(ask(s.link, "GET theirs"), "1");
    CHECK_STR(ask(s.link, "HGET cs:{40}:q:acme:20261122 06@1"), "2:600:0");
    scene_close(&s);
}

/* Power loss wherever the last batch was being written to the file: the next start heals what is
 * missing, and what others write then is there after one more. */
TEST(managed_redis_heals_wherever_its_file_is_cut)
{
    struct scene s;
    struct error err;
    off_t before, after;

    scene_open(&s);
    contract_in_redis(&s);
    ask(s.link, "CONFIG SET appendfsync always");
    before = size_of(INCREMENT);
    one_leg(&s, "acme", DAY, 10);
    scene_stop(&s);
    kill_server(&s);
    after = size_of(INCREMENT);
    CHECK(after > before + 300);
    CHECK(system("cp -r redis/appendonlydir whole") == 0);
    for (off_t at = before; at < after; at += 31) {
        CHECK(system("rm -rf redis/appendonlydir && cp -r whole redis/appendonlydir") == 0);
        CHECK(truncate(INCREMENT, at) == 0);
        scene_project(&s); /* nobody listens: it has it revived */
        settled(&s);
        WAIT_UNTIL((s.link = connect_to(s.opt.url, &err)) != NULL);
        CHECK(is_clean(&s));
        CHECK_STR(ask(s.link, "HGET cs:{40}:q:acme:20261122 10@1"), "1:60:0");
        ask(s.link, "SET theirs %lld", (long long)at);
        scene_stop(&s);
        redis_link_close(s.link);
        managed_redis_stop(s.redis);
        CHECK_INT(managed_redis_start(&s.redis, NULL, ".", 0, &err), ST_OK);
        s.opt.url = managed_redis_url(s.redis);
        s.opt.server_arg = s.redis;
        s.link = connect_to(s.opt.url, &err);
        CHECK(is_clean(&s));
        CHECK_INT(atoll(ask(s.link, "GET theirs")), at);
        kill_server(&s);
    }
    CHECK(system("rm -r whole") == 0);
    scene_project(&s);
    settled(&s);
    WAIT_UNTIL((s.link = connect_to(s.opt.url, &err)) != NULL);
    scene_close(&s);
}

TEST(managed_redis_leaves_a_strange_server_alone)
{
    char *argv[] = {"redis-server", "--port", "0",         "--unixsocket", "redis.sock",
                    "--save",       "",       "--logfile", "r.log",        NULL};
    struct managed_redis *m = NULL;
    struct redis_link *link = NULL;
    struct error err = {0};
    char *cwd = getcwd(NULL, 0), url[4200];
    pid_t pid;

    test_need_program("redis-server");
    snprintf(url, sizeof url, "unix://%s/redis.sock", cwd);
    pid = fork();
    if (pid == 0) {
        execvp(argv[0], argv);
        _exit(127);
    }
    WAIT_UNTIL((link = connect_to(url, &err)) != NULL);
    CHECK_INT(managed_redis_start(&m, NULL, ".", 0, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "Another Redis listens"));
    CHECK_STR(ask(link, "PING"), "PONG");
    redis_link_close(link);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    free(cwd);
}
