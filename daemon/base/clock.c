/*
 * clock.c - the real clock, or a fixed one.
 */
#include "clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t fixed;

int64_t
clock_now_us(void)
{
    struct timespec ts;
    int64_t at = atomic_load_explicit(&fixed, memory_order_relaxed);

    if (at)
        return at * 1000000;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_now(void)
{
    return clock_now_us() / 1000000;
}

int64_t
clock_mono_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t
clock_cpu_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void
clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

bool
clock_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t mono_us)
{
    const struct timespec until = {mono_us / 1000000, mono_us % 1000000 * 1000};

    return pthread_cond_timedwait(cond, lock, &until) == 0;
}

void
clock_fix(int64_t utc_seconds)
{
    atomic_store(&fixed, utc_seconds);
}
