/*
 * control.c - the daemon's half of the control socket: a listener and a thread per request.
 */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control_socket.h"
#include "json_read.h"
#include "log.h"

#define MAX_RUNNING     32
#define READ_TIMEOUT_MS 5000

struct kept {
    struct kept *next;
    _Alignas(16) char bytes[];
};

struct control {
    struct control_target target;
    const struct control_command *const *tables;
    char *state_dir;
    int sock, stop_fd;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    struct control_request *running; /* under lock */
    unsigned count;                  /* threads alive, under lock */
    bool stopping;                   /* under lock */
    struct kept *kept;               /* under lock */
};

/* --- for commands --- */

static bool
send_all(int sock, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(sock, p, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

void
control_say(struct control_request *r, const struct buf *line)
{
    if (!send_all(r->sock, line->p, line->n) || !send_all(r->sock, "\n", 1))
        r->cancel = 1;
}

bool
control_cancelled(struct control_request *r)
{
    struct pollfd p = {.fd = r->sock, .events = POLLRDHUP};

    if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLRDHUP)))
        r->cancel = 1;
    return r->cancel != 0;
}

int
control_answer(struct control_request *r, int code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(r->message, sizeof r->message, fmt, ap);
    va_end(ap);
    return code;
}

int
control_failed(struct control_request *r, const struct error *err)
{
    int code = err->code == ST_BAD_CONFIG ? 78 : err->code == ST_RETRY ? 69 : 1;

    return control_answer(r, code, "%s", err->text);
}

void *
control_keep(struct control_request *r, size_t size)
{
    struct kept *k = xcalloc(1, sizeof *k + size);

    pthread_mutex_lock(&r->control->lock);
    k->next = r->control->kept;
    r->control->kept = k;
    pthread_mutex_unlock(&r->control->lock);
    return k->bytes;
}

/* --- one request --- */

static void
keep_fds(struct control_request *r, struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (r->fd_count < CONTROL_MAX_FDS)
                r->fds[r->fd_count++] = fd;
            else
                close(fd);
        }
    }
}

/* Bytes up to the first line end, with the descriptors that came along. */
static bool
read_request(struct control_request *r, struct buf *in)
{
    union {
        char bytes[CMSG_SPACE(CONTROL_MAX_FDS * sizeof(int))];
        struct cmsghdr align;
    } control;

    while (in->n <= CONTROL_MAX_REQUEST) {
        struct pollfd p = {.fd = r->sock, .events = POLLIN};
        struct iovec iov;
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
        ssize_t n;

        buf_reserve(in, 4096);
        iov = (struct iovec){in->p + in->n, 4096};
        if (poll(&p, 1, READ_TIMEOUT_MS) != 1)
            return false;
        n = recvmsg(r->sock, &msg, MSG_CMSG_CLOEXEC);
        if (n <= 0)
            return false;
        keep_fds(r, &msg);
        in->n += (size_t)n;
        if (in->p[in->n - 1] == '\n')
            return true;
    }
    return true;
}

static const struct control_command *
find_command(const struct control *c, const char *name)
{
    for (size_t t = 0; c->tables[t]; t++)
        for (const struct control_command *command = c->tables[t]; command->name; command++)
            if (strcmp(command->name, name) == 0)
                return command;
    return NULL;
}

static int
run_command(struct control_request *r, struct span text)
{
    const struct control_command *command;
    const char *name;
    struct json_value *v;
    struct arena mem;
    struct error err;
    int code;

    arena_init(&mem);
    if (text.n > CONTROL_MAX_REQUEST) {
        code = control_answer(r, 64, "the request is too long");
    } else if (json_parse(text, &mem, &v, &err) != ST_OK) {
        code = control_answer(r, 64, "%s", err.text);
    } else {
        name = json_get_text(v, "command", "");
        command = find_command(r->control, name);
        r->args = json_find(v, "args");
        code = command ? command->run(r)
                       : control_answer(r, 64, "the daemon knows no command \"%.60s\"", name);
    }
    arena_clear(&mem);
    return code;
}

static void
finish(struct control_request *r)
{
    struct control *c = r->control;
    struct control_request **at = &c->running;

    for (size_t i = 0; i < r->fd_count; i++)
        close(r->fds[i]);
    buf_clear(&r->last);
    pthread_mutex_lock(&c->lock);
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    c->count--;
    close(r->sock); /* under the lock: control_stop shuts down the sockets of the list */
    pthread_cond_broadcast(&c->finished);
    pthread_mutex_unlock(&c->lock);
    free(r);
}

static void *
serve_request(void *arg)
{
    struct control_request *r = arg;
    struct buf in = {0};
    int code;

    if (read_request(r, &in)) {
        json_begin(&r->result, &r->last);
        json_object(&r->result, NULL);
        code = run_command(r, span_of(in.p, in.n));
        json_bool(&r->result, "done", true);
        json_i64(&r->result, "exit", code);
        json_text(&r->result, "message", r->message);
        json_close(&r->result);
        control_say(r, &r->last);
    }
    buf_clear(&in);
    finish(r);
    return NULL;
}

/* --- the listener --- */

static void
start_request(struct control *c, int sock)
{
    struct control_request *r = xcalloc(1, sizeof *r);
    pthread_attr_t detached;
    pthread_t thread;
    bool room;

    r->control = c;
    r->target = &c->target;
    r->sock = sock;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_mutex_lock(&c->lock);
    room = !c->stopping && c->count < MAX_RUNNING &&
           pthread_create(&thread, &detached, serve_request, r) == 0;
    if (room) {
        r->next = c->running;
        c->running = r;
        c->count++;
    }
    pthread_mutex_unlock(&c->lock);
    pthread_attr_destroy(&detached);
    if (room)
        return;
    log_warn("control_refused", "reason=\"too many requests\"");
    close(sock);
    free(r);
}

static void *
run_listener(void *arg)
{
    struct control *c = arg;
    struct pollfd fds[2] = {{.fd = c->sock, .events = POLLIN},
                            {.fd = c->stop_fd, .events = POLLIN}};

    for (;;) {
        int sock;

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[1].revents)
            return NULL;
        sock = accept4(c->sock, NULL, NULL, SOCK_CLOEXEC);
        if (sock >= 0)
            start_request(c, sock);
        else if (errno == EMFILE || errno == ENFILE)
            poll(&fds[1], 1, 100); /* the connection waits; do not spin */
    }
}

static enum status
make_socket(struct control *c, struct error *err)
{
    struct sockaddr_un address;
    int dir = control_address(c->state_dir, &address);
    enum status st = ST_OK;

    c->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    c->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (dir >= 0)
        unlink(address.sun_path);
    /* Nobody can connect before listen, so the mode is set in time. */
    if (dir < 0 || c->sock < 0 || c->stop_fd < 0 ||
        bind(c->sock, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(address.sun_path, 0600) != 0 || listen(c->sock, 16) != 0)
        st = fail(err, ST_IO, "%.100s/" CONTROL_SOCKET ": %s", c->state_dir, strerror(errno));
    if (dir >= 0)
        close(dir);
    return st;
}

enum status
control_open(struct control **out, const struct control_options *opt, struct error *err)
{
    struct control *c = xcalloc(1, sizeof *c);
    enum status st;

    c->target = opt->target;
    c->tables = opt->tables;
    c->state_dir = xstrdup(opt->state_dir);
    c->sock = c->stop_fd = -1;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->finished, NULL);
    st = make_socket(c, err);
    if (st == ST_OK && pthread_create(&c->thread, NULL, run_listener, c) != 0)
        st = fail(err, ST_IO, "cannot start the control thread");
    c->started = st == ST_OK;
    if (st == ST_OK)
        *out = c;
    else
        control_close(c);
    return st;
}

static void
remove_socket(const struct control *c)
{
    struct sockaddr_un address;
    int dir = control_address(c->state_dir, &address);

    if (dir < 0)
        return;
    unlink(address.sun_path);
    close(dir);
}

void
control_stop(struct control *c)
{
    if (!c || !c->started)
        return;
    c->started = false;
    if (eventfd_write(c->stop_fd, 1) != 0)
        abort(); /* a counter at 0 takes 1 */
    pthread_join(c->thread, NULL);
    remove_socket(c);
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    for (struct control_request *r = c->running; r; r = r->next)
        shutdown(r->sock, SHUT_RD); /* as if the client had hung up */
    while (c->count > 0)
        pthread_cond_wait(&c->finished, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

void
control_close(struct control *c)
{
    struct kept *k, *next;

    if (!c)
        return;
    control_stop(c);
    for (k = c->kept; k; k = next) {
        next = k->next;
        free(k);
    }
    if (c->sock >= 0)
        close(c->sock);
    if (c->stop_fd >= 0)
        close(c->stop_fd);
    pthread_cond_destroy(&c->finished);
    pthread_mutex_destroy(&c->lock);
    free(c->state_dir);
    free(c);
}
