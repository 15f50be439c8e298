/*
 * wide.h - thirty-two bytes at a time, with AVX2: what is compiled for it is marked WIDE and called
 * only where wide_works. HAVE_WIDE where it can be compiled at all. See sixteen.h for less.
 */
#ifndef WIDE_H
#define WIDE_H

#ifdef __x86_64__
#include <immintrin.h>
#include <stdbool.h>

#define HAVE_WIDE
#define WIDE __attribute__((target("avx2,bmi,popcnt")))

static inline bool
wide_works(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
}

/* Control characters, and what is not printable ASCII. One more than a control character is below
 * 0x21, and signed so is one more than DEL or than any byte beyond ASCII. */
WIDE static inline __m256i
wide_odd(__m256i v)
{
    return _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), _mm256_add_epi8(v, _mm256_set1_epi8(1)));
}
#endif

#endif
