/*
 * spray.c - sends a file's lines as datagrams, one each, at a pace: nobody can tell a sender of
 * datagrams to wait.
 *
 * Usage: spray PORT FILE DATAGRAMS PER_SECOND, to 127.0.0.1; lines behind the first, which is
 * names. Prints one line of JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 64

static void
fail(const char *what)
{
    fprintf(stderr, "spray: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
sleep_until(int64_t ns)
{
    struct timespec t = {ns / 1000000000, ns % 1000000000};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int
dial(const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("connect");
    return fd;
}

static const char *
behind_line(const char *p, const char *end)
{
    const char *line = memchr(p, '\n', (size_t)(end - p));

    return line ? line + 1 : end;
}

/* The next lines, as many as there are and wanted; how many that were. */
static unsigned
send_some(int fd, const char **p, const char *end, size_t wanted)
{
    struct mmsghdr messages[AT_ONCE] = {0};
    struct iovec lines[AT_ONCE];
    unsigned n = 0, sent = 0;

    for (; n < AT_ONCE && n < wanted && *p < end; n++) {
        const char *next = behind_line(*p, end);

        lines[n] = (struct iovec){(void *)(uintptr_t)*p, (size_t)(next - *p)};
        messages[n].msg_hdr.msg_iov = &lines[n];
        messages[n].msg_hdr.msg_iovlen = 1;
        *p = next;
    }
    while (sent < n) {
        int done = sendmmsg(fd, messages + sent, n - sent, 0);

        if (done < 0 && errno != EINTR)
            fail("sendmmsg");
        sent += done > 0 ? (unsigned)done : 0;
    }
    return n;
}

int
main(int argc, char **argv)
{
    int file = argc == 5 ? open(argv[2], O_RDONLY) : -1, fd;
    size_t wanted, sent = 0;
    const char *p, *end;
    struct stat st;
    int64_t begun;
    double pace;

    if (file < 0 || fstat(file, &st) != 0 || !(pace = strtod(argv[4], NULL))) {
        fprintf(stderr, "usage: spray PORT FILE DATAGRAMS PER_SECOND\n");
        return 64;
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (p == MAP_FAILED)
        fail(argv[2]);
    end = p + st.st_size;
    p = behind_line(p, end);
    wanted = strtoul(argv[3], NULL, 10);
    fd = dial(argv[1]);
    begun = now_ns();
    while (sent < wanted && p < end) {
        sent += send_some(fd, &p, end, wanted - sent);
        sleep_until(begun + (int64_t)((double)sent / pace * 1e9));
    }
    printf("{\"datagrams\":%zu,\"seconds\":%.6f}\n", sent, (double)(now_ns() - begun) / 1e9);
    return 0;
}
