/*
 * preload.c - what the harness puts between the daemon and the C library.
 *
 * The clock: CHAOS_CLOCK names a file whose first 8 bytes are added to the seconds of the wall
 * clock; it may change at any time.
 *
 * The disk: CHAOS_TRACE names a file to which every change of ledger.db and its log is written
 * down in the order in which the kernel was asked for it, beside every sync that has returned and
 * every request that is about to be answered with yes. powerloss.py makes of that what a disk
 * might hold after a power cut. A record is one struct step and `length` bytes.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { DATABASE = 1, LOG = 2, FILES };

struct step {
    char what; /* 'w'rite, 't'runcate to offset, 's'ync, 'u'nlink, 'a'nswer */
    char file;
    char unused[6];
    uint64_t offset, length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static unsigned char file_of[65536]; /* by descriptor */

static void *
next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* --- the clock --- */

static const volatile int64_t *
offset(void)
{
    static const int64_t none;
    static const volatile int64_t *at;
    const char *path = getenv("CHAOS_CLOCK");
    int fd;
    void *p;

    if (at)
        return at;
    fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    p = fd >= 0 ? mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    at = p == MAP_FAILED ? &none : p;
    return at;
}

int
clock_gettime(clockid_t clock, struct timespec *out)
{
    static int (*real)(clockid_t, struct timespec *);
    int result;

    if (!real)
        real = (int (*)(clockid_t, struct timespec *))next("clock_gettime");
    result = real(clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += *offset();
    return result;
}

/* --- the disk --- */

static void
note(char what, int file, uint64_t at, const void *p, size_t n)
{
    struct step s = {.what = what, .file = (char)file, .offset = at, .length = n};
    struct iovec both[] = {{&s, sizeof s}, {(void *)p, n}};
    static ssize_t (*real)(int, const struct iovec *, int);

    if (!real)
        real = (ssize_t(*)(int, const struct iovec *, int))next("writev");
    if (real(trace, both, n ? 2 : 1) != (ssize_t)(sizeof s + n))
        abort();
}

static int
which(const char *path)
{
    const char *end = strrchr(path, '/');

    end = end ? end + 1 : path;
    return strcmp(end, "ledger.db") == 0 ? DATABASE : strcmp(end, "ledger.db-wal") == 0 ? LOG : 0;
}

static int
traced(int fd)
{
    return trace >= 0 && fd >= 0 && fd < (int)sizeof file_of ? file_of[fd] : 0;
}

__attribute__((constructor)) static void
begin(void)
{
    const char *path = getenv("CHAOS_TRACE");

    if (path)
        trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int
opened(int fd, const char *path)
{
    if (trace >= 0 && fd >= 0 && fd < (int)sizeof file_of)
        file_of[fd] = (unsigned char)which(path);
    return fd;
}

int
open64(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))next("open64");
    mode_t mode = 0;

    if (flags & (O_CREAT | O_TMPFILE)) {
        __builtin_va_list ap;

        __builtin_va_start(ap, flags);
        mode = __builtin_va_arg(ap, mode_t);
        __builtin_va_end(ap);
    }
    return opened(real(path, flags, mode), path);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    int file = traced(fd);
    ssize_t done;

    if (!real)
        real = (ssize_t(*)(int, const void *, size_t, off64_t))next("pwrite64");
    if (!file)
        return real(fd, p, n, at);
    pthread_mutex_lock(&lock);
    done = real(fd, p, n, at);
    if (done > 0)
        note('w', file, (uint64_t)at, p, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

int
ftruncate64(int fd, off64_t size)
{
    int (*real)(int, off64_t) = (int (*)(int, off64_t))next("ftruncate64");
    int file = traced(fd), result;

    pthread_mutex_lock(&lock);
    result = real(fd, size);
    if (file && result == 0)
        note('t', file, (uint64_t)size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

static int
synced(int fd, const char *name)
{
    int (*real)(int) = (int (*)(int))next(name);
    int file = traced(fd), result = real(fd);

    pthread_mutex_lock(&lock);
    if (file && result == 0)
        note('s', file, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int
fsync(int fd)
{
    return synced(fd, "fsync");
}

int
fdatasync(int fd)
{
    return synced(fd, "fdatasync");
}

int
unlink(const char *path)
{
    int (*real)(const char *) = (int (*)(const char *))next("unlink");
    int result = real(path);

    if (trace >= 0 && which(path) && result == 0)
        note('u', which(path), 0, NULL, 0);
    return result;
}

/* --- answers --- */

ssize_t
writev(int fd, const struct iovec *v, int n)
{
    static ssize_t (*real)(int, const struct iovec *, int);

    if (!real)
        real = (ssize_t(*)(int, const struct iovec *, int))next("writev");
    if (trace >= 0 && n > 0 && v[0].iov_len > 12 &&
        memcmp(v[0].iov_base, "HTTP/1.1 200", 12) == 0) {
        pthread_mutex_lock(&lock);
        note('a', 0, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return real(fd, v, n);
}
