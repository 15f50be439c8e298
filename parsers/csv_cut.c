/*
 * csv_cut.c - where the last whole record of some bytes ends.
 *
 * As long as quotes are regular and no newline lies between them, every newline ends a frame, and
 * nothing but the last one need be found. The frame that is otherwise is walked over.
 */
#include "csv_scan.h"
#include "csv_wide.h"

/* Bytes of the first frame of buf, line end included; 0 if it is not whole yet. */
static size_t
frame_bytes(const struct csv_rules *r, struct span buf, size_t max_frame, bool eof)
{
    const char *nl = memchr(buf.p, '\n', buf.n);
    size_t line = nl ? (size_t)(nl - buf.p) + 1 : eof ? buf.n : 0;
    struct csv_cursor c;
    struct csv_cell cell;
    enum csv_step step;

    /* Without a quote in it a line is a frame, well-formed or too long. */
    if (line > 0 && !memchr(buf.p, r->quote, line))
        return line;
    csv_begin(&c, buf, max_frame, eof);
    do
        step = csv_next(r, &c, &cell);
    while (step == CSV_CELL);
    if (step == CSV_MORE)
        return 0;
    return step == CSV_LAST ? (size_t)(c.p - c.begin) : line;
}

/* Bytes at the front of buf, where a record begins, in which every newline ends a frame. */
static size_t
plain_bytes(const struct csv_rules *r, struct span buf)
{
    const char *quote = memchr(buf.p, r->quote, buf.n);

    return quote ? (size_t)(quote - buf.p) : buf.n;
}

#ifdef HAVE_WIDE
#define STRIDE (2 * CHUNK)

/* From `at` on, the first whole stride with a quote in it, or what is left behind the last one. */
WIDE static inline size_t
skip_plain(struct span buf, size_t at, char quote)
{
    const __m256i v = _mm256_set1_epi8(quote);

    for (; buf.n - at >= STRIDE; at += STRIDE) {
        struct chunk k, m;
        __m256i a, b;

        chunk_load(&k, buf.p + at);
        chunk_load(&m, buf.p + at + CHUNK);
        a = _mm256_or_si256(_mm256_cmpeq_epi8(k.a, v), _mm256_cmpeq_epi8(k.b, v));
        b = _mm256_or_si256(_mm256_cmpeq_epi8(m.a, v), _mm256_cmpeq_epi8(m.b, v));
        a = _mm256_or_si256(a, b);
        if (!_mm256_testz_si256(a, a))
            break;
    }
    return at;
}

WIDE static size_t
regular_bytes(const struct csv_rules *r, struct span buf)
{
    struct quotes_before before = {0, 0};
    char tail[CHUNK] = {0};

    for (size_t at = 0; at < buf.n; at += CHUNK) {
        uint64_t quotes, line_ends, part;
        struct quoted q;
        size_t left;
        struct chunk k;
        bool at_begin;

        if (!(before.inside | before.closed))
            at = skip_plain(buf, at, r->quote);
        left = buf.n - at;
        part = left < CHUNK ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
        chunk_load(&k, left < CHUNK ? memcpy(tail, buf.p + at, left) : buf.p + at);
        quotes = bytes_of(&k, r->quote) & part;
        if (!(quotes | before.inside | before.closed))
            continue;
        line_ends = bytes_of(&k, '\n') & part;
        at_begin = at == 0 || buf.p[at - 1] == r->separator || buf.p[at - 1] == '\n';
        q = quotes_in(quotes, line_ends | bytes_of(&k, r->separator),
                      bytes_of(&k, '\r') & line_ends >> 1, at_begin, &before);
        if ((q.wrong & part) | (q.inside & line_ends))
            return at;
    }
    return buf.n;
}
#endif

size_t
csv_cut(const struct csv_rules *r, struct span buf, size_t max_frame, bool eof)
{
    size_t (*usual)(const struct csv_rules *r, struct span buf) = plain_bytes;
    size_t done = 0;

    if (!r->quoting)
        return cut_lines(buf, max_frame, eof);
#ifdef HAVE_WIDE
    if (wide_works())
        usual = regular_bytes;
#endif
    while (done < buf.n) {
        struct span rest = span_of(buf.p + done, buf.n - done);
        size_t n = usual(r, rest);
        const char *line;

        if (n == rest.n)
            return done + cut_lines(rest, max_frame, eof);
        line = memrchr(rest.p, '\n', n);
        done += line ? (size_t)(line - rest.p) + 1 : 0;
        n = frame_bytes(r, span_of(buf.p + done, buf.n - done), max_frame, eof);
        if (n == 0)
            break;
        done += n;
    }
    return done;
}
