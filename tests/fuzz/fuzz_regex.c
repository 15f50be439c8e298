/*
 * fuzz_regex.c - arbitrary patterns on arbitrary lines: the first line is the pattern. The short
 * ways of a pattern answer as the plain one does.
 */
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_lines(const struct format *f, struct span rest)
{
    const struct parser_ops *ops = format_parser(f);
    void *state = ops->open(f);
    struct arena mem;

    arena_init(&mem);
    while (rest.n > 0) {
        struct fields out;
        struct span raw;
        struct error err;

        if (ops->next(state, f, NULL, 65536, &rest, &mem, &out, &raw, &err) != ST_OK)
            continue;
        for (int i = 0; i < FIELD_COUNT; i++)
            if ((out.has & FIELD_BIT(i)) &&
                (out.v[i].p < raw.p || out.v[i].p + out.v[i].n > raw.p + raw.n))
                abort();
    }
    ops->close(state);
    arena_clear(&mem);
}

/* What a short way does not know, or the plain one gives up on, cannot be compared. */
static void
compare_line(struct pattern *fast, struct pattern *plain, struct span line)
{
    struct pattern_scratch *a = pattern_scratch_new(fast), *b = pattern_scratch_new(plain);
    enum status got = pattern_match(fast, a, line, NULL);
    enum status want = pattern_match(plain, b, line, NULL);

    if (got != want && got != ST_BAD_INPUT && want != ST_BAD_INPUT)
        abort();
    for (unsigned g = 0; g < 8 && got == ST_OK && want == ST_OK; g++) {
        struct span x = pattern_group(a, line, g), y = pattern_group(b, line, g);

        if (x.p != y.p || x.n != y.n)
            abort();
    }
    pattern_scratch_free(a);
    pattern_scratch_free(b);
}

static void
compare_ways(struct span text, struct span rest, unsigned flags)
{
    struct pattern *fast, *plain;

    if (pattern_new(&fast, text, flags, NULL) != ST_OK)
        return;
    if (pattern_new(&plain, text, flags | PATTERN_PLAIN, NULL) != ST_OK)
        abort();
    while (rest.n > 0) {
        const char *nl = memchr(rest.p, '\n', rest.n);
        size_t n = nl ? (size_t)(nl - rest.p) : rest.n;

        compare_line(fast, plain, span_of(rest.p, n));
        rest = span_of(rest.p + n + (nl != NULL), rest.n - n - (nl != NULL));
    }
    pattern_free(fast);
    pattern_free(plain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nl = memchr(data, '\n', size);
    size_t n = nl ? (size_t)(nl - data) : size;
    char *pattern = xstrndup((const char *)data, n);
    struct format_options o = {.name = "fuzz", .type = "regex", .pattern = pattern};
    struct format *f;

    if (format_new(&f, &o, NULL) == ST_OK) {
        if (nl)
            read_lines(f, span_of((const char *)nl + 1, size - n - 1));
        format_free(f);
    }
    if (nl) {
        struct span lines = span_of((const char *)nl + 1, size - n - 1);

        compare_ways(span_of(pattern, strlen(pattern)), lines, 0);
        compare_ways(span_of(pattern, strlen(pattern)), lines, PATTERN_WHOLE);
    }
    free(pattern);
    return 0;
}
