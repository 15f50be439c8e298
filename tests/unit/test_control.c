/*
 * test_control.c - the control socket, both halves in one process.
 */
#include "control.h"
#include "json_read.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int started_fd; /* a command began */

static int
run_echo(struct control_request *r)
{
    json_text(&r->result, "text", json_get_text(r->args, "text", NULL));
    json_i64(&r->result, "number", json_get_i64(r->args, "number", -1));
    return 0;
}

static int
run_lines(struct control_request *r)
{
    for (int i = 0; i < 1000; i++) {
        struct buf b = {0};

        buf_printf(&b, "{\"line\":%d}", i);
        control_say(r, &b);
        buf_clear(&b);
    }
    return control_answer(r, 69, "%d lines", 1000);
}

/* Reads all of the files it is given. */
static int
run_files(struct control_request *r)
{
    char text[100] = "";
    size_t n = 0;

    for (size_t i = 0; i < r->fd_count; i++)
        n += (size_t)read(r->fds[i], text + n, 20);
    json_span(&r->result, "text", span_of(text, n));
    return 0;
}

static int
run_wait(struct control_request *r)
{
    uint64_t *kept = control_keep(r, sizeof *kept);

    CHECK(*kept == 0 && eventfd_write(started_fd, 1) == 0);
    while (!control_cancelled(r))
        sched_yield();
    *kept = 1;
    CHECK(eventfd_write(started_fd, 1) == 0);
    return control_answer(r, 1, "cancelled");
}

static const struct control_command first_table[] = {{"echo", run_echo}, {NULL, NULL}};
static const struct control_command second_table[] = {
    {"lines", run_lines}, {"files", run_files}, {"wait", run_wait}, {NULL, NULL}};
static const struct control_command *const tables[] = {first_table, second_table, NULL};

static struct control *
open_control(const char *dir)
{
    struct control_options opt = {.state_dir = dir, .tables = tables};
    struct control *c;
    struct error err;

    started_fd = eventfd(0, 0);
    if (control_open(&c, &opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return c;
}

struct heard {
    int lines, last_number;
    char text[64];
};

static void
on_line(void *arg, const struct json_value *line)
{
    struct heard *h = arg;

    h->lines++;
    h->last_number = (int)json_get_i64(line, "number", json_get_i64(line, "line", h->last_number));
    snprintf(h->text, sizeof h->text, "%s", json_get_text(line, "text", h->text));
}

TEST(a_command_gets_its_arguments_and_answers)
{
    struct control *c = open_control(".");
    struct heard h = {0};
    struct error err = {0};
    struct stat st;
    int code = -1;

    CHECK(stat("control.sock", &st) == 0 && S_ISSOCK(st.st_mode));
    CHECK_INT(st.st_mode & 0777, 0600);
    CHECK(control_available("."));
    CHECK_INT(control_call(".", "echo", "{\"text\":\"a\\\"b\\n\",\"number\":12}", NULL, 0, on_line,
                           &h, &code, &err),
              ST_OK);
    CHECK_INT(code, 0);
    CHECK_INT(h.lines, 1);
    CHECK_INT(h.last_number, 12);
    CHECK_STR(h.text, "a\"b\n");
    CHECK_INT(control_call(".", "echo", NULL, NULL, 0, on_line, &h, &code, &err), ST_OK);
    CHECK_INT(h.last_number, -1);
    control_close(c);
    CHECK(stat("control.sock", &st) != 0 && errno == ENOENT);
}

TEST(lines_arrive_in_order_and_a_failure_has_its_message)
{
    struct control *c = open_control(".");
    struct heard h = {0};
    struct error err = {0};
    int code = -1;

    CHECK_INT(control_call(".", "lines", NULL, NULL, 0, on_line, &h, &code, &err), ST_OK);
    CHECK_INT(code, 69);
    CHECK_INT(h.lines, 1001);
    CHECK_INT(h.last_number, 999);
    CHECK_STR(err.text, "1000 lines");
    CHECK_INT(control_call(".", "unknown", NULL, NULL, 0, NULL, NULL, &code, &err), ST_OK);
    CHECK_INT(code, 64);
    CHECK_STR(err.text, "the daemon knows no command \"unknown\"");
    CHECK_INT(control_call(".", "echo", "{broken", NULL, 0, NULL, NULL, &code, &err), ST_OK);
    CHECK_INT(code, 64);
    control_close(c);
}

TEST(open_files_are_handed_over)
{
    struct control *c = open_control(".");
    struct heard h = {0};
    struct error err = {0};
    int fds[4], code = -1;

    for (int i = 0; i < 4; i++) {
        int p[2];

        CHECK(pipe(p) == 0 && dprintf(p[1], "file%d ", i) == 6);
        close(p[1]);
        fds[i] = p[0];
    }
    CHECK_INT(control_call(".", "files", NULL, fds, 4, on_line, &h, &code, &err), ST_OK);
    CHECK_STR(h.text, "file0 file1 file2 file3 ");
    CHECK_INT(control_call(".", "files", NULL, fds, 5, on_line, &h, &code, &err), ST_BAD_INPUT);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    control_close(c);
}

TEST(a_path_longer_than_a_socket_address_works)
{
    char dir[400] = "./", name[61];
    struct control *c;
    struct error err;
    int code = -1;

    memset(name, 'd', 60);
    name[60] = '\0';
    for (int i = 0; i < 5; i++) {
        strcat(strcat(dir, name), "/");
        CHECK(mkdir(dir, 0700) == 0);
    }
    c = open_control(dir);
    CHECK_INT(control_call(dir, "echo", NULL, NULL, 0, NULL, NULL, &code, &err), ST_OK);
    CHECK_INT(code, 0);
    control_close(c);
    while (strlen(dir) > 2) {
        CHECK(rmdir(dir) == 0);
        dir[strlen(dir) - 61] = '\0';
    }
}

TEST(without_a_daemon_the_caller_is_told)
{
    struct error err;
    int code;

    CHECK(!control_available("."));
    CHECK(!control_available("./nowhere"));
    CHECK_INT(control_call(".", "echo", NULL, NULL, 0, NULL, NULL, &code, &err), ST_NOT_FOUND);
    CHECK_INT(control_call("nowhere", "echo", NULL, NULL, 0, NULL, NULL, &code, &err),
              ST_NOT_FOUND);
}

/* The socket of a daemon that was killed is in the way and not alive. */
TEST(a_dead_socket_is_replaced)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "control.sock"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), code = -1;
    struct control *c;
    struct error err;

    CHECK(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 1) == 0);
    close(fd);
    CHECK(!control_available("."));
    CHECK_INT(control_call(".", "echo", NULL, NULL, 0, NULL, NULL, &code, &err), ST_NOT_FOUND);
    c = open_control(".");
    CHECK_INT(control_call(".", "echo", NULL, NULL, 0, NULL, NULL, &code, &err), ST_OK);
    control_close(c);
}

static int
raw_dial(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "control.sock"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    return fd;
}

TEST(a_client_that_hangs_up_cancels_its_command)
{
    struct control *c = open_control(".");
    int fd = raw_dial();
    eventfd_t n;

    CHECK_INT(write(fd, "{\"command\":\"wait\"}\n", 19), 19);
    CHECK(eventfd_read(started_fd, &n) == 0);
    close(fd);
    CHECK(eventfd_read(started_fd, &n) == 0); /* it ended */
    control_close(c);
}

TEST(stopping_cancels_what_runs_and_what_has_not_begun)
{
    struct control *c = open_control(".");
    int running = raw_dial(), silent = raw_dial();
    char text[200] = "";
    eventfd_t n;
    ssize_t got;

    CHECK_INT(write(running, "{\"command\":\"wait\"}\n", 19), 19);
    CHECK(eventfd_read(started_fd, &n) == 0);
    control_stop(c);
    got = read(running, text, sizeof text - 1);
    CHECK(got > 0);
    CHECK_STR(text, "{\"done\":true,\"exit\":1,\"message\":\"cancelled\"}\n");
    close(running);
    close(silent);
    control_close(c);
}

TEST(a_request_without_end_is_refused)
{
    struct control *c = open_control(".");
    int fd = raw_dial();
    char filler[4096], text[200] = "";
    ssize_t n = 1;

    memset(filler, ' ', sizeof filler);
    for (size_t sent = 0; sent <= CONTROL_MAX_REQUEST && n > 0; sent += (size_t)n)
        n = send(fd, filler, sizeof filler, MSG_NOSIGNAL);
    CHECK(read(fd, text, sizeof text - 1) > 0);
    CHECK(strstr(text, "\"exit\":64"));
    close(fd);
    control_close(c);
}
