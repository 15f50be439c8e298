/*
 * shipped.h - what tests of shipped formats share: a format as it is compiled in, and a table of
 * what becomes of a text.
 */
#ifndef SHIPPED_H
#define SHIPPED_H

#include "config.h"
#include "parsing.h"

/* The options of a shipped format, to be changed and made; the test's end frees them. */
static inline struct format_options
shipped_options(const char *name)
{
    static struct config *c;
    struct error err;

    if (!c && config_load(&c, NULL, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    if (!config_format(c, name))
        test_fail(__FILE__, __LINE__, "no format %s", name);
    return *config_format(c, name);
}

static inline struct format *
shipped(const char *name)
{
    return make_format(shipped_options(name));
}

/* A stream of a shipped format over a text. */
static inline void
stream_of(struct stream *s, struct format *f, const char *text)
{
    stream_open(s, f, at_the_edge(span_str(text)));
}

/* "field=text" in the order of the fields, joined by "|": all that the parser found. */
static inline const char *
found(const struct fields *r)
{
    static char text[4096];
    size_t n = 0;

    text[0] = '\0';
    for (int f = 0; f < FIELD_COUNT; f++)
        if (r->has & FIELD_BIT(f))
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s=%.*s", n ? "|" : "",
                                  field_name((enum field)f), SPAN_ARG(r->v[f]));
    return text;
}

/* The next record as the parser leaves it: found(), or "ignored: why", "refused: why", "end". */
static inline const char *
next_found(struct stream *s)
{
    static char text[300];
    enum status st;

    do {
        if (s->rest.n == 0 && (!s->ops->more || !s->raw.p))
            return "end";
        st = stream_next(s);
    } while (st == ST_SKIP);
    if (st == ST_OK)
        return found(&s->fields);
    if (st == ST_NOT_FOUND)
        return "end";
    snprintf(text, sizeof text, "%s: %s", st == ST_IGNORE ? "ignored" : "refused", s->err.text);
    return text;
}

/* The first record of a text. */
static inline const char *
first_found(struct format *f, const char *text)
{
    struct stream s;

    stream_of(&s, f, text);
    return next_found(&s);
}

/* The record that the mapping makes of the first in a text. */
static inline enum status
first_record(struct format *f, const char *text, struct record *out, struct error *err)
{
    static struct stream s;
    enum status st;

    stream_of(&s, f, text);
    do
        st = stream_next(&s);
    while (st == ST_SKIP && s.rest.n > 0);
    if (st != ST_OK) {
        *err = s.err;
        return st;
    }
    return record_from_fields(f, &test_context, &s.fields, &s.mem, out, err);
}

#endif
