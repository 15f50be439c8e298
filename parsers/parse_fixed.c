/*
 * parse_fixed.c - lines of columns by position.
 *
 *   columns = {"start:1-19", "duration:21-25", "customer:27-"}
 *   2026-03-01 09:00:00 00360 acme
 *
 * Positions count bytes from 1, and the last one belongs to the column. Blanks around a value are
 * cut off. A line that ends before one of its columns does was cut off itself, or has another
 * layout, and is refused; a column without an end takes what there is.
 */
#include <stdlib.h>

#include "columns.h"
#include "document.h"
#include "format.h"

struct column {
    size_t begin, end; /* bytes, from 0 and behind; end SIZE_MAX: open */
    enum field field;
    struct span name;
};

struct fixed {
    size_t count;
    struct column column[];
};

#define MAX_COLUMNS  256
#define MAX_POSITION 65536

/* "17" off the front of *s. */
static bool
take_position(struct span *s, size_t *out)
{
    size_t v = 0, i = 0;

    for (; i < s->n && i < 6 && s->p[i] >= '0' && s->p[i] <= '9'; i++)
        v = v * 10 + (size_t)(s->p[i] - '0');
    *out = v;
    *s = span_of(s->p + i, s->n - i);
    return i > 0 && v > 0 && v <= MAX_POSITION;
}

static enum status
read_column(struct column *c, const struct format *f, const char *text, struct error *err)
{
    const char *colon = strrchr(text, ':');
    struct span at = colon ? span_trim(span_str(colon + 1)) : SPAN("");
    size_t first = 0;
    bool good = colon && take_position(&at, &first);

    c->name = colon ? span_trim(span_of(text, (size_t)(colon - text))) : SPAN("");
    c->end = first;
    if (good && at.n > 0) {
        good = *at.p == '-';
        at = span_of(at.p + 1, at.n - 1);
        if (good && at.n == 0)
            c->end = SIZE_MAX;
        else
            good = good && take_position(&at, &c->end) && at.n == 0;
    }
    if (!good || c->name.n == 0 || c->end < first)
        return fail(err, ST_BAD_CONFIG, "columns: \"%.60s\" is not of the form name:1-17", text);
    c->begin = first - 1;
    c->field = format_field_of(f, c->name);
    return ST_OK;
}

/* A map entry for a column that is not listed would wait for ever, unless an envelope has it. */
static enum status
check_names(const struct fixed *x, const struct format *f, struct error *err)
{
    const char *const *map = format_options(f)->map;
    bool any = false;

    for (size_t i = 0; i < x->count; i++)
        any |= x->column[i].field != FIELD_COUNT;
    for (; map && *map && !format_options(f)->envelope; map++) {
        struct span name = span_trim(span_str(strchr(*map, '=') + 1));
        size_t i = 0;

        while (i < x->count && !span_eq_nocase(x->column[i].name, name))
            i++;
        if (i == x->count)
            return fail(err, ST_BAD_CONFIG, "map: there is no column called \"%.*s\"",
                        name.n > 60 ? 60 : SPAN_ARG(name));
    }
    return any ? ST_OK : fail(err, ST_BAD_CONFIG, "columns: none of them feeds a field");
}

enum status
fixed_prepare(void **shared, const struct format *f, struct error *err)
{
    const char *const *columns = format_options(f)->columns;
    struct fixed *x;
    enum status st = ST_OK;
    size_t n = 0;

    while (columns && columns[n])
        n++;
    if (n == 0 || n > MAX_COLUMNS)
        return fail(err, ST_BAD_CONFIG, "columns: expected 1 to %d such as \"start:1-17\"",
                    MAX_COLUMNS);
    x = xcalloc(1, sizeof *x + n * sizeof *x->column);
    for (; x->count < n && st == ST_OK; x->count++)
        st = read_column(&x->column[x->count], f, columns[x->count], err);
    if (st == ST_OK)
        st = check_names(x, f, err);
    if (st == ST_OK)
        *shared = x;
    else
        free(x);
    return st;
}

static void *
fixed_open(const struct format *f)
{
    (void)f;
    return NULL; /* nothing is kept between lines */
}

static size_t
fixed_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    (void)f;
    return cut_lines(buf, max_frame, eof);
}

bool
fixed_begins_with_time(const struct format *f)
{
    static const uint64_t times = FIELD_BIT(FIELD_START) | FIELD_BIT(FIELD_END);
    const struct fixed *x = format_shared(f);

    for (size_t i = 0; i < x->count; i++) {
        uint64_t bit = x->column[i].field == FIELD_COUNT ? 0 : FIELD_BIT(x->column[i].field);

        if (x->column[i].begin == 0 && ((bit | format_joined(f, bit)) & times))
            return true;
    }
    return false;
}

enum status
fixed_take(const struct format *f, struct span line, struct fields *out, struct error *err)
{
    const struct fixed *x = format_shared(f);

    for (size_t i = 0; i < x->count; i++) {
        const struct column *c = &x->column[i];
        size_t end = c->end < line.n ? c->end : line.n;

        if (c->end != SIZE_MAX && line.n < c->end)
            return fail_at(err, ST_BAD_INPUT, (long)line.n,
                           "line: %zu bytes, column %.*s ends at %zu", line.n,
                           c->name.n > 40 ? 40 : SPAN_ARG(c->name), c->end);
        if (c->begin < end)
            fields_set(out, c->field, span_trim(span_of(line.p + c->begin, end - c->begin)));
    }
    return ST_OK;
}

static enum status
fixed_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
           struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
           struct error *err)
{
    enum status st = next_line(rest, max_frame, raw, err);
    struct span line = *raw;
    const char *nul;

    (void)state, (void)layout, (void)mem;
    if (st != ST_OK)
        return st;
    if (line.n >= 3 && memcmp(line.p, "\xEF\xBB\xBF", 3) == 0)
        line = span_of(line.p + 3, line.n - 3);
    if (span_trim(line).n == 0)
        return ST_SKIP;
    nul = memchr(line.p, '\0', line.n);
    if (nul)
        return fail_at(err, ST_BAD_INPUT, nul - raw->p, "line: NUL byte");
    fields_begin(out);
    return fixed_take(f, line, out, err);
}

static void
fixed_show(const struct format *f, struct span header, struct span raw, struct arena *mem,
           column_seen *seen, void *arg)
{
    const struct fixed *x = format_shared(f);

    (void)header, (void)mem;
    for (size_t i = 0; i < x->count; i++) {
        const struct column *c = &x->column[i];
        size_t end = c->end < raw.n ? c->end : raw.n;

        if (c->begin < end)
            seen(arg, c->name, span_trim(span_of(raw.p + c->begin, end - c->begin)), c->field);
    }
}

const struct parser_ops parser_fixed = {
    .name = "fixed",
    .summary = "lines of columns by position",
    .prepare = fixed_prepare,
    .release = free,
    .open = fixed_open,
    .close = document_release,
    .wants_header = document_wants_header,
    .read_header = document_read_header,
    .layout_free = document_layout_free,
    .cut = fixed_cut,
    .next = fixed_next,
    .show = fixed_show,
    .names_apart = true,
};
