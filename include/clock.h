/*
 * clock.h - the only source of time. Replaceable in tests.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

int64_t clock_now(void);     /* UTC seconds */
int64_t clock_now_us(void);  /* UTC microseconds */
int64_t clock_mono_ms(void); /* monotonic: for waits and rates, never for records */
int64_t clock_mono_us(void);
int64_t clock_cpu_us(void); /* that this thread has used */

/* Waiting by the monotonic clock, which nobody can set. */
void clock_cond_init(pthread_cond_t *cond);
/* As pthread_cond_timedwait, until a moment of clock_mono_us. False: it has come. */
bool clock_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t mono_us);

static inline int64_t
clock_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Fixes clock_now and clock_now_us at a moment (tests); 0 gives the real clock back. */
void clock_fix(int64_t utc_seconds);

#endif
