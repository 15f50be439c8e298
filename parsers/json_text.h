/*
 * json_text.h - strict JSON (RFC 8259) as a reader over bytes that stay where they are.
 *
 * Numbers keep their text. A reader stops at the first mistake: p stands on it and `why` says
 * what was expected. p == end then means that the text is cut off rather than wrong. Bytes up
 * to `limit` may be looked at, and are only looked at to go faster. Private to parsers/.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>

#include "sixteen.h"
#include "span.h"

#define JSON_MAX_DEPTH 32
#define JSON_MAX_KEYS  4096

struct json_text {
    const char *p, *end; /* end NULL: that of a line, not looked for yet */
    const char *limit;   /* >= end; if it is greater, *end is a control character */
    const char *why;
    unsigned depth, keys;
};

/* What a string's bytes say about it: printable ASCII, other UTF-8 and DEL, or with escapes. */
enum json_string_kind { JSON_PLAIN, JSON_UNICODE, JSON_ESCAPED };

static inline bool
json_wrong(struct json_text *t, const char *at, const char *why)
{
    t->p = at;
    t->why = why;
    return false;
}

/* Finds the end of the line in which p is. */
static inline void
json_find_end(struct json_text *t)
{
    const char *nl = memchr(t->p, '\n', (size_t)(t->limit - t->p));

    t->end = nl ? nl : t->limit;
    if (t->end > t->p && t->end[-1] == '\r')
        t->end--;
}

/* Passes over white space; most texts have none, and others one blank. */
static inline void
json_space(struct json_text *t)
{
    while (t->p < t->end && (unsigned char)*t->p <= ' ' &&
           (*t->p == ' ' || *t->p == '\n' || *t->p == '\r' || *t->p == '\t'))
        t->p++;
}

/* Passes over the character c, which must be next. */
static inline bool
json_expect(struct json_text *t, char c, const char *why)
{
    if (t->p == t->end || *t->p != c)
        return json_wrong(t, t->p, why);
    t->p++;
    return true;
}

#ifdef HAVE_SIXTEEN
/* A bit for each of sixteen bytes that is no plain part of a string. One more than a control
 * character is below 0x21, and signed so is one more than DEL or than any byte beyond ASCII. */
static inline uint32_t
json_stops(const char *p)
{
    __m128i x = _mm_loadu_si128((const __m128i *)p);
    __m128i odd = _mm_cmplt_epi8(_mm_add_epi8(x, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
    __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));

    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(odd, _mm_or_si128(quote, slash)));
}
#endif

/* The first byte at or after p that is no plain part of a string: quote, backslash, control
 * character, DEL, or beyond ASCII. */
static inline const char *
json_plain(const struct json_text *t, const char *p)
{
#ifdef HAVE_SIXTEEN
    for (; t->limit - p >= 32; p += 32) {
        uint32_t stops = json_stops(p) | json_stops(p + 16) << 16;

        if (stops)
            return p + __builtin_ctz(stops);
    }
#endif
    while (p < t->end && *p >= ' ' && *p < 0x7F && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* The rest of a string, from its first byte that is not plain. */
bool json_string_rest(struct json_text *t, const char *start, const char *p, struct span *out,
                      enum json_string_kind *kind);

/* Reads a string; *out is between its quotes, escapes checked and as written. */
static inline bool
json_string(struct json_text *t, struct span *out, enum json_string_kind *kind)
{
    const char *start = t->p + 1, *p = json_plain(t, start);

    if (__builtin_expect(p == t->end || *p != '"', 0))
        return json_string_rest(t, start, p, out, kind);
    *out = span_of(start, (size_t)(p - start));
    *kind = JSON_PLAIN;
    t->p = p + 1;
    return true;
}

/* Decodes the escapes of a string that json_string accepted; `to` has room for s.n bytes. */
size_t json_unescape(struct span s, char *to);

/* Reads a number, true, false or null; *out is its text. */
bool json_scalar(struct json_text *t, struct span *out);

/* Passes over one value of any kind, checking all of it. */
bool json_skip(struct json_text *t);

#endif
