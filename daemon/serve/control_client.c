/*
 * control_client.c - the command line's half of the control socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control.h"
#include "control_socket.h"
#include "json_read.h"

#define MAX_LINE (16 << 20)

int
control_address(const char *state_dir, struct sockaddr_un *out)
{
    int dir = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    if (dir >= 0)
        snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/" CONTROL_SOCKET, dir);
    return dir;
}

/* A connected socket, or -1. */
static int
dial(const char *state_dir, struct error *err)
{
    struct sockaddr_un address;
    int dir = control_address(state_dir, &address), sock, rc;

    if (dir < 0) {
        fail(err, errno == ENOENT ? ST_NOT_FOUND : ST_IO, "%.100s: %s", state_dir, strerror(errno));
        return -1;
    }
    sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rc = sock < 0 ? -1 : connect(sock, (const struct sockaddr *)&address, sizeof address);
    if (rc != 0) {
        bool none = errno == ENOENT || errno == ECONNREFUSED;

        fail(err, none ? ST_NOT_FOUND : ST_IO, "no daemon answers in %.100s: %s", state_dir,
             strerror(errno));
        if (sock >= 0)
            close(sock);
        sock = -1;
    }
    close(dir);
    return sock;
}

bool
control_available(const char *state_dir)
{
    int sock = dial(state_dir, NULL);

    if (sock < 0)
        return false;
    close(sock);
    return true;
}

/* The descriptors travel with the first byte. */
static bool
send_request(int sock, const struct buf *text, const int *fds, size_t fd_count)
{
    union {
        char bytes[CMSG_SPACE(CONTROL_MAX_FDS * sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {text->p, text->n};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fd_count > 0) {
        struct cmsghdr *c;

        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
    }
    while (iov.iov_len > 0) {
        ssize_t n = sendmsg(sock, &msg, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        iov.iov_base = (char *)iov.iov_base + n;
        iov.iov_len -= (size_t)n;
        msg.msg_control = NULL;
        msg.msg_controllen = 0;
    }
    return true;
}

struct answer {
    void (*line)(void *arg, const struct json_value *line);
    void *arg;
    bool done;
    int exit_code;
    struct error *err;
};

static enum status
take_line(struct answer *a, struct span text)
{
    struct json_value *v;
    struct arena mem;
    enum status st;

    arena_init(&mem);
    st = json_parse(text, &mem, &v, a->err);
    if (st == ST_OK && json_get_bool(v, "done", false)) {
        a->done = true;
        a->exit_code = (int)json_get_i64(v, "exit", 1);
        if (a->exit_code != 0)
            fail(a->err, ST_OK, "%s", json_get_text(v, "message", ""));
    }
    if (st == ST_OK && a->line)
        a->line(a->arg, v);
    arena_clear(&mem);
    return st == ST_OK ? ST_OK : ST_IO;
}

/* Lines until the last one. */
static enum status
hear(int sock, struct answer *a)
{
    struct buf in = {0};
    enum status st = ST_OK;
    size_t scanned = 0;

    while (st == ST_OK && !a->done) {
        char *end = scanned < in.n ? memchr(in.p + scanned, '\n', in.n - scanned) : NULL;
        ssize_t n;

        if (end) {
            size_t used = (size_t)(end - in.p) + 1;

            st = take_line(a, span_of(in.p, used - 1));
            memmove(in.p, in.p + used, in.n - used);
            in.n -= used;
            scanned = 0;
            continue;
        }
        scanned = in.n;
        buf_reserve(&in, 65536);
        n = recv(sock, in.p + in.n, 65536, 0);
        if (n > 0)
            in.n += (size_t)n;
        else if (n == 0 || errno != EINTR)
            st = fail(a->err, ST_IO, "the daemon went away before it had answered");
        if (in.n > MAX_LINE)
            st = fail(a->err, ST_IO, "the daemon's answer is too long");
    }
    buf_clear(&in);
    return st;
}

enum status
control_call(const char *state_dir, const char *command, const char *args, const int *fds,
             size_t fd_count, void (*line)(void *arg, const struct json_value *line), void *arg,
             int *exit_code, struct error *err)
{
    struct answer a = {.line = line, .arg = arg, .err = err};
    struct buf text = {0};
    struct json_writer w;
    enum status st;
    int sock;

    if (fd_count > CONTROL_MAX_FDS)
        return fail(err, ST_BAD_INPUT, "too many files for one request");
    sock = dial(state_dir, err);
    if (sock < 0)
        return err && err->code == ST_NOT_FOUND ? ST_NOT_FOUND : ST_IO;
    json_begin(&w, &text);
    json_object(&w, NULL);
    json_text(&w, "command", command);
    if (args)
        json_raw(&w, "args", span_str(args));
    json_close(&w);
    buf_char(&text, '\n');
    /* A request refused early is answered although not all of it could be sent. */
    if (!send_request(sock, &text, fds, fd_count) && errno != EPIPE)
        st = fail(err, ST_IO, "cannot send to the daemon: %s", strerror(errno));
    else
        st = hear(sock, &a);
    if (st == ST_OK)
        *exit_code = a.exit_code;
    buf_clear(&text);
    close(sock);
    return st;
}
