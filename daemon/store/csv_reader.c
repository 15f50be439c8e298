/*
 * csv_reader.c - rows of a CSV text that is whole in memory.
 */
#include "csv_reader.h"

void
csv_reader_init(struct csv_reader *r, struct span text)
{
    *r = (struct csv_reader){.rest = text, .next_line = 1};
    arena_init(&r->mem);
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
        r->rest = span_of(text.p + 3, text.n - 3);
}

void
csv_reader_clear(struct csv_reader *r)
{
    arena_clear(&r->mem);
}

static char
peek(const struct csv_reader *r)
{
    return r->rest.n ? *r->rest.p : '\0';
}

static void
advance(struct csv_reader *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        r->next_line += r->rest.p[i] == '\n';
    r->rest.p += n;
    r->rest.n -= n;
}

/* "Say ""hello""" */
static enum status
read_quoted(struct csv_reader *r, struct span *out, struct error *err)
{
    char *text = arena_alloc(&r->mem, r->rest.n);
    size_t n = 0, at = 1;

    for (; at < r->rest.n; at++) {
        if (r->rest.p[at] == '"') {
            if (at + 1 >= r->rest.n || r->rest.p[at + 1] != '"')
                break;
            at++;
        }
        text[n++] = r->rest.p[at];
    }
    if (at >= r->rest.n)
        return fail(err, ST_BAD_INPUT, "line %ld: a quotation mark is never closed", r->line);
    advance(r, at + 1);
    if (r->rest.n && peek(r) != ',' && peek(r) != '\n' && peek(r) != '\r')
        return fail(err, ST_BAD_INPUT, "line %ld: text after a closing quotation mark", r->line);
    *out = span_of(text, n);
    return ST_OK;
}

static enum status
read_field(struct csv_reader *r, struct span *out, struct error *err)
{
    size_t n = 0;

    if (peek(r) == '"')
        return read_quoted(r, out, err);
    while (n < r->rest.n && r->rest.p[n] != ',' && r->rest.p[n] != '\n' && r->rest.p[n] != '\r')
        n++;
    *out = span_trim(span_of(r->rest.p, n));
    advance(r, n);
    return ST_OK;
}

static void
skip_blank_lines(struct csv_reader *r)
{
    while (r->rest.n && (peek(r) == '\n' || peek(r) == '\r'))
        advance(r, 1);
}

enum status
csv_reader_next(struct csv_reader *r, struct error *err)
{
    enum status st = ST_OK;

    arena_reset(&r->mem);
    r->count = 0;
    skip_blank_lines(r);
    r->line = r->next_line;
    if (r->rest.n == 0)
        return ST_NOT_FOUND;
    for (;;) {
        if (r->count == CSV_MAX_FIELDS)
            return fail(err, ST_BAD_INPUT, "line %ld: more than %d fields", r->line,
                        CSV_MAX_FIELDS);
        st = read_field(r, &r->fields[r->count], err);
        if (st != ST_OK)
            return st;
        r->count++;
        if (peek(r) != ',' || r->rest.n == 0)
            break;
        advance(r, 1);
    }
    skip_blank_lines(r);
    return ST_OK;
}

static enum status
no_such_column(struct span given, const char *const *names, int count, struct error *err)
{
    struct buf known = {0};
    enum status st;

    for (int c = 0; c < count; c++)
        buf_printf(&known, "%s%s", c ? ", " : "", names[c]);
    st = fail(err, ST_BAD_INPUT, "line 1: column \"%.*s\" is none of %s", SPAN_ARG(given), known.p);
    buf_clear(&known);
    return st;
}

enum status
csv_reader_header(struct csv_reader *r, const char *const *names, int count, int *place,
                  struct error *err)
{
    enum status st = csv_reader_next(r, err);

    if (st == ST_NOT_FOUND)
        return fail(err, ST_BAD_INPUT, "line 1: the file is empty");
    for (int c = 0; c < count; c++)
        place[c] = -1;
    for (size_t i = 0; st == ST_OK && i < r->count; i++) {
        int c = 0;

        while (c < count && !span_eq_nocase(r->fields[i], span_str(names[c])))
            c++;
        if (c == count)
            return no_such_column(r->fields[i], names, count, err);
        place[c] = (int)i;
    }
    return st;
}
