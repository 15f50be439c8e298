/*
 * preload.c - what the harness puts between the daemon and the C library.
 *
 * The clock: CHAOS_CLOCK names a file whose first 8 bytes are added to the seconds of the wall
 * clock; it may change at any time.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *out);

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
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    result = real(clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += *offset();
    return result;
}
