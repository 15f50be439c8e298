/*
 * format_lines.h - shipped formats put to work in tests: a text becomes lines, one a record, with
 * every field in it by name, so that a table of lines says what all of a sample means.
 */
#ifndef FORMAT_LINES_H
#define FORMAT_LINES_H

#include "config.h"
#include "parsing.h"

/* The options of a format as it is shipped, to be changed and made. */
static inline struct format_options
shipped_options(const char *name)
{
    static struct config *c; /* for as long as the test runs */
    struct error err = {.text = ""};
    const struct format_options *o;

    if (!c && config_load(&c, NULL, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    o = config_format(c, name);
    if (!o)
        test_fail(__FILE__, __LINE__, "there is no format %s", name);
    return *o;
}

static inline struct format *
shipped_format(const char *name)
{
    return make_format(shipped_options(name));
}

/* "join start=2026-03-01T10:00:00Z customer=acme ..." of what mapping makes of it. */
static inline void
record_line(char *line, size_t room, const struct record *r)
{
    char start[CIVIL_TEXT];
    size_t n =
        (size_t)snprintf(line, room, "%s %s", kind_name(r->kind), format_utc(start, r->start));

    if (r->has & FIELD_BIT(FIELD_DURATION))
        n += (size_t)snprintf(line + n, room - n, "+%u", r->duration);
    if (r->outcome != OUTCOME_OK)
        n += (size_t)snprintf(line + n, room - n, " outcome=%d", r->outcome);
    for (int f = 0; f < FIELD_COUNT && n < room; f++)
        if ((r->has & FIELD_BIT(f)) && f != FIELD_KIND && f != FIELD_START && f != FIELD_END &&
            f != FIELD_DURATION && f != FIELD_OUTCOME)
            n += (size_t)snprintf(line + n, room - n, " %s=%.*s", field_name((enum field)f),
                                  SPAN_ARG(r->text[f]));
}

/* The next record as a line, "ignored: ..." or "refused: ..."; false at the end. */
static inline bool
next_line_of(struct stream *s, char *line, size_t room)
{
    struct record r;
    enum status st;

    do {
        if (s->rest.n == 0 && !s->raw.p)
            return false;
        st = stream_next(s);
        if (st == ST_NOT_FOUND)
            return false;
    } while (st == ST_SKIP && s->rest.n > 0);
    if (st == ST_OK)
        st = record_from_fields(s->f, &test_context, &s->fields, &s->mem, &r, &s->err);
    if (st == ST_OK)
        record_line(line, room, &r);
    else
        snprintf(line, room, "%s: %s", st == ST_IGNORE ? "ignored" : "refused", s->err.text);
    return st != ST_SKIP;
}

static inline void
expect_lines_at(const char *file, int at, struct format *f, struct span text,
                const char *const *wanted)
{
    char line[2000];
    struct stream s;
    size_t n = 0;

    stream_open(&s, f, text);
    for (; next_line_of(&s, line, sizeof line); n++)
        if (!wanted[n] || strcmp(line, wanted[n]) != 0)
            test_fail(file, at, "record %zu\n  is     %s\n  wanted %s", n, line,
                      wanted[n] ? wanted[n] : "nothing");
    if (wanted[n])
        test_fail(file, at, "there is no record %zu: %s", n, wanted[n]);
    stream_close(&s);
    format_free(f);
}

/* EXPECT_LINES("zoom-webhook", text, "join ...", "leave ..."): these and nothing else. */
#define EXPECT_LINES(format, text, ...)                                                            \
    expect_lines_at(__FILE__, __LINE__, shipped_format(format), (text), LIST(__VA_ARGS__))

/* Whatever a text may be cut off to is read, and nothing behind it. */
static inline void
read_every_beginning(const char *format, struct span text)
{
    struct format *f = shipped_format(format);
    struct stream s;

    for (size_t n = 1; n < text.n; n++) {
        stream_open(&s, f, at_the_edge(span_of(text.p, n)));
        while (s.rest.n > 0)
            stream_next(&s);
        stream_close(&s);
    }
    format_free(f);
}

/* A file of the project's own: tests/data/formats/... */
static inline struct span
own_sample(const char *name)
{
    char path[300];

    snprintf(path, sizeof path, "tests/data/formats/%s", name);
    return read_whole(test_path(path));
}

/* A file of the samples beside the project, which are not everywhere. */
static inline struct span
outside_sample(const char *name)
{
    char path[300];
    const char *found;

    snprintf(path, sizeof path, "shared/formats/%s", name);
    found = test_beside(path);
    if (!found)
        test_skip("%s is not here", path);
    return read_whole(found);
}

#endif
