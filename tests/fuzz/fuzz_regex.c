/*
 * fuzz_regex.c - arbitrary patterns on arbitrary lines: the first line is the pattern.
 */
#include <stdlib.h>
#include <string.h>

#include "format.h"

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
    free(pattern);
    return 0;
}
