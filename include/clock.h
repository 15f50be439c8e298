/*
 * clock.h - the only source of time. Replaceable in tests.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

int64_t clock_now(void);     /* UTC seconds */
int64_t clock_now_us(void);  /* UTC microseconds */
int64_t clock_mono_ms(void); /* monotonic: for waits and rates, never for records */
int64_t clock_mono_us(void);
int64_t clock_cpu_us(void); /* that this thread has used */

static inline int64_t
clock_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Fixes clock_now and clock_now_us at a moment (tests); 0 gives the real clock back. */
void clock_fix(int64_t utc_seconds);

#endif
