/*
 * span.h - text as pointer and length, borrowed and never assumed NUL-ended.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p;
    size_t n;
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
/* For printf: "%.*s". */
#define SPAN_ARG(s) (int)(s).n, (s).p

static inline struct span
span_of(const char *p, size_t n)
{
    return (struct span){p, n};
}

static inline struct span
span_str(const char *text) /* NULL becomes the empty span */
{
    return (struct span){text, text ? strlen(text) : 0};
}

static inline bool
span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
span_is(struct span a, const char *text)
{
    size_t n = strlen(text);

    return a.n == n && memcmp(a.p, text, n) == 0;
}

static inline char
ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool span_eq_nocase(struct span a, struct span b); /* ASCII letters only */
int span_cmp(struct span a, struct span b);        /* bytewise, shorter first */
struct span span_trim(struct span s);              /* blanks and tabs at both ends */
/* Whether it is one of those that are sorted by span_cmp. */
bool span_among(const struct span *sorted, size_t count, struct span s);

/* The value of a hexadecimal digit, of either case; -1: it is none. */
static inline int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of two of them at p; -1: not both are. */
static inline int
hex_byte(const char *p)
{
    int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);

    return low < 0 ? -1 : high << 4 | low;
}

/* Exact decimal integer with optional sign and nothing else; false on overflow. */
bool span_to_i64(struct span s, int64_t *out);

/* Valid UTF-8 without overlong forms, surrogates or values above U+10FFFF. */
bool span_is_utf8(struct span s);

/* True if a byte below 0x20 or 0x7F is inside. */
bool span_has_control(struct span s);

#endif
