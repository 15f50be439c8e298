/*
 * parse_regex.c - lines of free text, by a regular expression with named groups.
 *
 *   pattern = '(?<customer>\S+) joined (?<conference>\d+) at (?<start>.+)'
 *   acme joined 4711 at 2026-03-01T09:00:00Z
 *
 * A group feeds the field of its name, or the one that the format maps it to. Of several groups
 * for one field the first in the pattern that took part and is not empty counts. A line that
 * does not match is bad input, and so is one on which the pattern reached a limit.
 */
#include <stdlib.h>

#include "format.h"
#include "pattern.h"

struct group {
    unsigned number;
    enum field field;
};

struct regex {
    struct pattern *pattern;
    struct group *groups; /* that feed a field, in the order of the pattern */
    size_t count;
};

static void
regex_release(void *shared)
{
    struct regex *r = shared;

    if (!r)
        return;
    pattern_free(r->pattern);
    free(r->groups);
    free(r);
}

static int
by_number(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static void
find_groups(struct regex *r, const struct format *f)
{
    size_t names = pattern_names(r->pattern);

    r->groups = xcalloc(names, sizeof *r->groups);
    for (size_t i = 0; i < names; i++) {
        struct group *g = &r->groups[r->count];

        g->field = format_field_of(f, pattern_name(r->pattern, i, &g->number));
        r->count += g->field != FIELD_COUNT;
    }
    qsort(r->groups, r->count, sizeof *r->groups, by_number);
}

static bool
has_group(const struct regex *r, struct span name)
{
    unsigned number;

    for (size_t i = 0; i < pattern_names(r->pattern); i++)
        if (span_eq(pattern_name(r->pattern, i, &number), name))
            return true;
    return false;
}

/* A map entry for a group that is not there would wait for ever. */
static enum status
check_map(const struct regex *r, const struct format *f, struct error *err)
{
    const char *const *map = format_options(f)->map;
    enum field place;
    struct span part;

    for (; map && *map; map++) {
        const char *equals = strchr(*map, '=');

        if (equals && !has_group(r, span_trim(span_str(equals + 1))))
            return fail(err, ST_BAD_CONFIG, "map: the pattern has no group called \"%.40s\"",
                        equals + 1);
    }
    for (size_t i = 0; format_part(f, i, &part, &place); i++)
        if (!has_group(r, part))
            return fail(err, ST_BAD_CONFIG, "join: the pattern has no group called \"%.*s\"",
                        part.n > 40 ? 40 : SPAN_ARG(part));
    return r->count ? ST_OK
                    : fail(err, ST_BAD_CONFIG,
                           "pattern: expected named groups such as (?<customer>...) that feed a "
                           "field");
}

static enum status
regex_prepare(void **shared, const struct format *f, struct error *err)
{
    const char *text = format_options(f)->pattern;
    struct regex *r;
    struct error e;
    enum status st;

    if (!text || !*text)
        return fail(err, ST_BAD_CONFIG, "pattern: a regex format needs one");
    r = xcalloc(1, sizeof *r);
    st = pattern_new(&r->pattern, span_str(text), PATTERN_BREAKER, &e);
    if (st != ST_OK) {
        fail_at(err, st, e.pos, "pattern: %s", e.text);
    } else {
        find_groups(r, f);
        st = check_map(r, f, err);
    }
    if (st != ST_OK) {
        regex_release(r);
        return st;
    }
    *shared = r;
    return ST_OK;
}

static void *
regex_open(const struct format *f)
{
    const struct regex *r = format_shared(f);

    return pattern_scratch_new(r->pattern);
}

static void
regex_close(void *state)
{
    pattern_scratch_free(state);
}

static bool
regex_wants_header(const struct format *f)
{
    (void)f;
    return false;
}

static enum status
regex_read_header(const struct format *f, struct span line, struct layout **out, struct error *err)
{
    (void)f, (void)line, (void)out;
    return fail(err, ST_BAD_INPUT, "regex: has no header line");
}

static void
regex_layout_free(struct layout *l)
{
    (void)l;
}

static size_t
regex_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    (void)f;
    return cut_lines(buf, max_frame, eof);
}

static void
take_groups(const struct regex *r, const struct pattern_scratch *s, struct span line,
            struct fields *out)
{
    fields_begin(out);
    for (size_t i = 0; i < r->count; i++) {
        const struct group *g = &r->groups[i];
        struct span text = pattern_group(s, line, g->number);

        if (text.n == 0 || (out->has & FIELD_BIT(g->field)))
            continue;
        out->v[g->field] = text;
        out->has |= FIELD_BIT(g->field);
    }
}

static enum status
regex_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
           struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
           struct error *err)
{
    const struct regex *r = format_shared(f);
    enum status st = next_line(rest, max_frame, raw, err);
    const char *nul;

    (void)layout, (void)mem;
    if (st != ST_OK)
        return st;
    if (span_trim(*raw).n == 0)
        return ST_SKIP;
    nul = memchr(raw->p, '\0', raw->n);
    if (nul)
        return fail_at(err, ST_BAD_INPUT, nul - raw->p, "line: NUL byte");
    st = pattern_match(r->pattern, state, *raw, err);
    if (st == ST_NOT_FOUND)
        return fail_at(err, ST_BAD_INPUT, 0, "line does not match the pattern");
    if (st != ST_OK)
        return st;
    take_groups(r, state, *raw, out);
    return ST_OK;
}

static void
regex_show(const struct format *f, struct span header, struct span raw, struct arena *mem,
           column_seen *seen, void *arg)
{
    const struct regex *r = format_shared(f);
    struct pattern_scratch *s = pattern_scratch_new(r->pattern);

    (void)header, (void)mem;
    if (pattern_match(r->pattern, s, raw, NULL) == ST_OK)
        for (size_t i = 0; i < pattern_names(r->pattern); i++) {
            unsigned number;
            struct span name = pattern_name(r->pattern, i, &number);

            seen(arg, name, pattern_group(s, raw, number), format_field_of(f, name));
        }
    pattern_scratch_free(s);
}

const struct parser_ops parser_regex = {
    .name = "regex",
    .summary = "lines by a regular expression with named groups",
    .prepare = regex_prepare,
    .release = regex_release,
    .open = regex_open,
    .close = regex_close,
    .wants_header = regex_wants_header,
    .read_header = regex_read_header,
    .layout_free = regex_layout_free,
    .cut = regex_cut,
    .next = regex_next,
    .show = regex_show,
    .names_apart = true,
};
