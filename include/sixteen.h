/*
 * sixteen.h - sixteen bytes at a time: SSE2, or the same on ARM's NEON by way of SIMDe, whose
 * headers give SSE2's names to it. HAVE_SIXTEEN where there is either.
 */
#ifndef SIXTEEN_H
#define SIXTEEN_H

#ifdef __SSE2__
#include <emmintrin.h>
#define HAVE_SIXTEEN
#elif defined __ARM_NEON && defined __has_include
#if __has_include(<simde/x86/sse2.h>)
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/sse2.h>
#define HAVE_SIXTEEN
#endif
#endif

#endif
