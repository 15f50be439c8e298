/*
 * parsing.h - what tests of parsers share: a format in a line, a text to records.
 */
#ifndef PARSING_H
#define PARSING_H

#include <sys/mman.h>
#include <unistd.h>

#include "civil.h"
#include "format.h"
#include "test.h"

#define MAX_FRAME 65536
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* 2026-03-01T12:00:00Z */
static const struct mapping_context test_context = {
    .now = 1772366400, .max_future = 300, .max_duration = 31 * 86400, .max_name = 128};

/* What a test need not give back: its process ends with it, and nothing of it counts as lost. */
static inline void
keep(const void *p)
{
    static const void *kept[100000];
    static size_t n;

    if (n > 0 && kept[n - 1] == p)
        return;
    CHECK(n < sizeof kept / sizeof *kept);
    kept[n++] = p;
}

static inline struct format *
make_format(struct format_options o)
{
    struct format *f = NULL;
    struct error err = {.text = ""};

    if (!o.name)
        o.name = "test";
    if (format_new(&f, &o, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "format_new: %s", err.text);
    keep(f);
    return f;
}

/* The option that format_new complains about. */
static inline const char *
refused_option(struct format_options o)
{
    static struct error err;
    struct format *f = NULL;

    if (!o.name)
        o.name = "test";
    if (format_new(&f, &o, &err) != ST_BAD_CONFIG)
        test_fail(__FILE__, __LINE__, "taken");
    CHECK(f == NULL);
    return err.text;
}

/* A stream being read: header first where the format has one. */
struct stream {
    const struct format *f;
    const struct parser_ops *ops;
    struct layout *layout;
    void *state;
    struct span rest, raw;
    struct arena mem;
    struct fields fields;
    struct error err;
};

static inline void
stream_open(struct stream *s, const struct format *f, struct span text)
{
    memset(s, 0, sizeof *s);
    s->f = f;
    s->ops = format_parser(f);
    s->state = s->ops->open(f);
    keep(s->state);
    if (s->ops->begin)
        s->ops->begin(s->state, SPAN("test"));
    s->rest = text;
    arena_init(&s->mem);
    if (s->ops->wants_header(f)) {
        struct span line;

        CHECK_INT(next_line(&s->rest, MAX_FRAME, &line, NULL), ST_OK);
        if (s->ops->read_header(f, line, &s->layout, &s->err) != ST_OK)
            test_fail(__FILE__, __LINE__, "%s", s->err.text);
    }
}

/* The next record, of the frame at hand or of the next one. */
static inline enum status
stream_next(struct stream *s)
{
    enum status st;

    if (s->ops->more && s->raw.p) {
        st = s->ops->more(s->state, &s->fields, &s->err);
        if (st != ST_NOT_FOUND || s->rest.n == 0)
            return st;
    }
    st = s->ops->next(s->state, s->f, s->layout, MAX_FRAME, &s->rest, &s->mem, &s->fields, &s->raw,
                      &s->err);
    keep(s->mem.head);
    return st;
}

static inline void
stream_close(struct stream *s)
{
    if (s->ops->wants_header(s->f))
        s->ops->layout_free(s->layout);
    s->ops->close(s->state);
    arena_clear(&s->mem);
}

/* Bytes that end where memory ends: one byte of over-read is a crash. */
static inline struct span
at_the_edge(struct span s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (s.n + page - 1) / page * page + page;
    char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    CHECK(mprotect(p + n - page, page, PROT_NONE) == 0);
    memcpy(p + n - page - s.n, s.p, s.n);
    return span_of(p + n - page - s.n, s.n);
}

/* A whole file in memory; the test's end frees it. */
static inline struct span
read_whole(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *p;
    long n;

    CHECK(f && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0);
    rewind(f);
    p = mmap(NULL, (size_t)n + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED && fread(p, 1, (size_t)n, f) == (size_t)n);
    fclose(f);
    return span_of(p, (size_t)n);
}

#endif
