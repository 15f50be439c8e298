/*
 * csv_wide.h - sixty-four bytes of separated values at a time, a bit for each. Private to
 * csv_split.c and csv_cut.c.
 *
 * Quotes are regular where each cell that holds any is quoted as a whole. Then every second quote
 * opens, and what lies between quotes is told by counting them: no byte need be walked over.
 */
#ifndef CSV_WIDE_H
#define CSV_WIDE_H

#include "wide.h"

#ifdef HAVE_WIDE
#include <stdint.h>

#define CHUNK 64

struct chunk {
    const char *p;
    __m256i a, b;
};

WIDE static inline void
chunk_load(struct chunk *k, const char *p)
{
    k->p = p;
    k->a = _mm256_loadu_si256((const __m256i *)p);
    k->b = _mm256_loadu_si256((const __m256i *)(p + 32));
}

WIDE static inline uint64_t
bits(__m256i a, __m256i b)
{
    return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

/* A bit for each byte that is c. */
WIDE static inline uint64_t
bytes_of(const struct chunk *k, char c)
{
    const __m256i v = _mm256_set1_epi8(c);

    return bits(_mm256_cmpeq_epi8(k->a, v), _mm256_cmpeq_epi8(k->b, v));
}

/* How the bytes before a chunk ended; zero where a record begins. */
struct quotes_before {
    uint64_t inside; /* all ones: between quotes */
    uint64_t closed; /* 1: with a closing quote */
};

/* What the quotes of a chunk make of its bytes. */
struct quoted {
    uint64_t inside;  /* between quotes, or the opening one */
    uint64_t doubled; /* an opening quote behind a closing one: both stand for one in the text */
    uint64_t wrong;   /* here it shows that quotes are not regular: what is above means nothing */
};

/* ends: separators and LFs; cr: CRs before an LF; at_begin: a quote in front begins a cell. */
static inline struct quoted
quotes_in(uint64_t quotes, uint64_t ends, uint64_t cr, bool at_begin, struct quotes_before *q)
{
    uint64_t in = quotes, opening, closing, after;
    struct quoted out;

    for (unsigned i = 1; i < CHUNK; i *= 2)
        in ^= in << i; /* the parity of the bits up to each */
    in ^= q->inside;
    opening = quotes & in;
    closing = quotes & ~in;
    after = closing << 1 | q->closed;
    ends &= ~in;
    out.inside = in;
    out.doubled = opening & after;
    out.wrong = (opening & ~(ends << 1 | at_begin | after)) | (after & ~(ends | opening | cr));
    q->inside = -(in >> 63);
    q->closed = closing >> 63;
    return out;
}
#endif

#endif
