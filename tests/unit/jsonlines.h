/*
 * jsonlines.h - what tests of JSON parsers share: random JSON with mistakes, fields as text.
 */
#ifndef JSONLINES_H
#define JSONLINES_H

#include "parsing.h"

/* "customer=acme duration=5 features=[a,b]", in the order of the fields. */
static inline const char *
shown(const struct stream *s)
{
    static char text[1 << 16];
    size_t n = 0;

    text[0] = '\0';
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *gap = n ? " " : "";

        if (s->fields.has & FIELD_BIT(i)) {
            n += (size_t)sprintf(text + n, "%s%s=%.*s", gap, field_name((enum field)i),
                                 SPAN_ARG(s->fields.v[i]));
        } else if (i == FIELD_FEATURES && s->fields.feature_items) {
            n += (size_t)sprintf(text + n, "%sfeatures=[", gap);
            for (uint32_t k = 0; k < s->fields.feature_count; k++)
                n += (size_t)sprintf(text + n, "%s%.*s", k ? "," : "",
                                     SPAN_ARG(s->fields.feature_items[k]));
            n += (size_t)sprintf(text + n, "]");
        }
    }
    return text;
}

static inline unsigned
dice(unsigned *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static inline void
add_some(struct buf *b, unsigned *seed, int depth)
{
    static const char *const values[] = {"1",
                                         "-0.5e3",
                                         "\"x\"",
                                         "\"\\u00e9\\n\"",
                                         "null",
                                         "true",
                                         "\"\"",
                                         "12345678901234567890",
                                         "\"\\ud83d\\ude00\"",
                                         "\"\xC3\xA9\"",
                                         "false",
                                         "0",
                                         "\"a long text, as long as a name is\""};
    static const char *const keys[] = {"a",     "b",        "c",     "f",  "x",
                                       "y",     "r1",       "r2",    "id", "customer",
                                       "start", "features", "media", "zz", "\\u0061"};
    unsigned what = dice(seed) % 8, n = dice(seed) % 4;

    if (depth > 3 || (what < 4 && depth > 0)) {
        buf_str(b, values[dice(seed) % (sizeof values / sizeof *values)]);
        return;
    }
    buf_char(b, what == 7 && depth ? '[' : '{');
    for (unsigned i = 0; i < n + (depth == 0) * 3; i++) {
        buf_str(b, i ? "," : "");
        if (!(what == 7 && depth))
            buf_printf(b, "\"%s\":%s", keys[dice(seed) % (sizeof keys / sizeof *keys)],
                       dice(seed) % 4 ? "" : " ");
        add_some(b, seed, depth + 1);
    }
    buf_char(b, what == 7 && depth ? ']' : '}');
}

static inline void
mutate(struct buf *b, unsigned *seed)
{
    static const char bytes[] = "{}[]\",:\\u0d 1e.-\xC3\xA9\xFF\x1F\x7Fnt";

    for (unsigned n = dice(seed) % 3; n > 0 && b->n > 1; n--) {
        size_t at = dice(seed) % b->n;

        if (dice(seed) % 3 == 0) {
            memmove(b->p + at, b->p + at + 1, b->n - at);
            b->n--;
        } else {
            b->p[at] = bytes[dice(seed) % (sizeof bytes - 1)];
        }
    }
}

#endif
