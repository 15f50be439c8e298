/*
 * load.c - sends a file's lines as HTTP requests over some connections, each as soon as the one
 * before it is answered.
 *
 * Usage: load PORT PATH FILE LINES CONNECTIONS REQUESTS [SKIP], to 127.0.0.1: so many lines in a
 * request, each line once, after SKIP others. A first line beginning with "id," is left out.
 * One thread and next to no work, so that who answers is what is measured. Prints one line of
 * JSON; any answer but 200 ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1000
#define MAX_HEAD        256
#define MAX_ANSWER      8192

struct request {
    char head[MAX_HEAD];
    struct iovec left[2]; /* head and body, what is not sent yet */
    int64_t begun_us;
};

struct connection {
    int fd;
    struct request request;
    char answer[MAX_ANSWER];
    size_t answered;
};

struct load {
    const char *path;
    struct sockaddr_in to;
    const char *lines, *end;
    int lines_each;
    size_t requests, begun, done, records;
    uint32_t *took_us; /* one a request */
};

static void
fail(const char *what, const char *why)
{
    fprintf(stderr, "load: %s: %s\n", what, why);
    exit(1);
}

static int64_t
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
dial(struct load *l, struct connection *c)
{
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&l->to, sizeof l->to) != 0)
        fail("connect", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static void
send_on(struct connection *c)
{
    struct iovec *left = c->request.left;
    ssize_t sent = writev(c->fd, left, 2);

    if (sent < 0 && errno != EAGAIN)
        fail("write", strerror(errno));
    for (int i = 0; i < 2 && sent > 0; i++) {
        size_t n = (size_t)sent < left[i].iov_len ? (size_t)sent : left[i].iov_len;

        left[i].iov_base = (char *)left[i].iov_base + n;
        left[i].iov_len -= n;
        sent -= (ssize_t)n;
    }
}

/* Passes over so many lines; answers how many there were. */
static int
take_lines(struct load *l, int lines)
{
    const char *line;
    int n = 0;

    for (; n < lines && l->lines < l->end; n++) {
        line = memchr(l->lines, '\n', (size_t)(l->end - l->lines));
        l->lines = line ? line + 1 : l->end;
    }
    return n;
}

/* Begins the next request, or closes the connection when none is left. */
static void
next_request(struct load *l, struct connection *c)
{
    const char *from = l->lines;
    int n = l->begun < l->requests ? take_lines(l, l->lines_each) : 0;

    c->answered = 0;
    if (n == 0) {
        close(c->fd);
        c->fd = -1;
        return;
    }
    l->begun++;
    l->records += (size_t)n;
    c->request.left[0] =
        (struct iovec){c->request.head, (size_t)snprintf(c->request.head, MAX_HEAD,
                                                         "POST %s HTTP/1.1\r\nHost: localhost\r\n"
                                                         "Content-Length: %zu\r\n\r\n",
                                                         l->path, (size_t)(l->lines - from))};
    c->request.left[1] = (struct iovec){(void *)(uintptr_t)from, (size_t)(l->lines - from)};
    c->request.begun_us = now_us();
    send_on(c);
}

/* Whether the answer is there as a whole. */
static int
complete(const struct connection *c)
{
    const char *body = strstr(c->answer, "\r\n\r\n"), *length;

    if (!body)
        return 0;
    length = strcasestr(c->answer, "\r\nContent-Length:");
    if (!length || length > body)
        fail("answer without a length", c->answer);
    return (size_t)(body + 4 - c->answer) + strtoul(length + 17, NULL, 10) <= c->answered;
}

static void
hear(struct load *l, struct connection *c)
{
    ssize_t got = read(c->fd, c->answer + c->answered, MAX_ANSWER - 1 - c->answered);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("read", got < 0 ? strerror(errno) : "closed without an answer");
    c->answered += (size_t)got;
    c->answer[c->answered] = '\0';
    if (!complete(c))
        return;
    if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0)
        fail("refused", c->answer);
    l->took_us[l->done++] = (uint32_t)(now_us() - c->request.begun_us);
    if (strcasestr(c->answer, "\r\nConnection: close")) {
        close(c->fd);
        dial(l, c);
    }
    next_request(l, c);
}

static void
run(struct load *l, struct connection *c, struct pollfd *p, size_t count)
{
    size_t open = count;

    for (size_t i = 0; i < count; i++) {
        dial(l, &c[i]);
        next_request(l, &c[i]);
    }
    while (open > 0) {
        for (size_t i = open = 0; i < count; i++) {
            p[i].fd = c[i].fd;
            p[i].events = c[i].request.left[1].iov_len > 0 ? POLLIN | POLLOUT : POLLIN;
            open += c[i].fd >= 0;
        }
        if (open > 0 && poll(p, count, 60000) <= 0)
            fail("poll", "no answer for a minute");
        for (size_t i = 0; i < count; i++) {
            if (c[i].fd >= 0 && p[i].revents & POLLOUT)
                send_on(&c[i]);
            if (c[i].fd >= 0 && p[i].revents & ~POLLOUT)
                hear(l, &c[i]);
        }
    }
}

static int
by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
    static struct connection connections[MAX_CONNECTIONS];
    static struct pollfd polled[MAX_CONNECTIONS];
    struct load l = {0};
    struct stat st;
    size_t count = argc == 7 || argc == 8 ? strtoul(argv[5], NULL, 10) : 0;
    int fd = argc == 7 || argc == 8 ? open(argv[3], O_RDONLY) : -1;
    int64_t begun;
    double seconds;

    if (fd < 0 || fstat(fd, &st) != 0 || count == 0 || count > MAX_CONNECTIONS) {
        fprintf(stderr, "usage: load PORT PATH FILE LINES CONNECTIONS REQUESTS [SKIP]\n");
        return 64;
    }
    l.path = argv[2];
    l.to = (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    l.lines_each = atoi(argv[4]);
    l.requests = strtoul(argv[6], NULL, 10);
    l.took_us = calloc(l.requests, sizeof *l.took_us);
    l.lines = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (!l.took_us || l.lines == MAP_FAILED)
        fail(argv[3], strerror(errno));
    l.end = l.lines + st.st_size;
    if (strncmp(l.lines, "id,", 3) == 0)
        take_lines(&l, 1);
    take_lines(&l, argc == 8 ? atoi(argv[7]) : 0);
    begun = now_us();
    run(&l, connections, polled, count);
    seconds = (double)(now_us() - begun) / 1e6;
    qsort(l.took_us, l.done, sizeof *l.took_us, by_size);
    printf("{\"requests\":%zu,\"records\":%zu,\"seconds\":%.6f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
           l.done, l.records, seconds, l.took_us[l.done / 2] / 1e3,
           l.took_us[l.done * 99 / 100] / 1e3);
    return 0;
}
