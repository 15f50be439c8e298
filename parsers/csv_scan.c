/*
 * csv_scan.c - walking over the cells of separated records.
 */
#include "csv_scan.h"

#define LINE_END_BYTES 2

/* One byte of an option: "\\t" in a configuration is a tab. */
static enum status
one_byte(const char *option, const char *text, char *out, struct error *err)
{
    if (strcmp(text, "\\t") == 0)
        text = "\t";
    if (text[0] == '\0' || text[1] != '\0' || (unsigned char)text[0] >= 0x80 || text[0] == '\n' ||
        text[0] == '\r')
        return fail(err, ST_BAD_CONFIG, "%s: \"%.20s\" is not one byte", option, text);
    *out = text[0];
    return ST_OK;
}

enum status
csv_rules_of(struct csv_rules *out, const struct format *f, struct error *err)
{
    const struct format_options *o = format_options(f);
    struct csv_rules r = {.separator = ',', .quoting = true, .quote = '"'};
    enum status st = ST_OK;

    if (o->separator && *o->separator)
        st = one_byte("separator", o->separator, &r.separator, err);
    if (st == ST_OK && o->quote) {
        r.quoting = *o->quote != '\0';
        if (r.quoting)
            st = one_byte("quote", o->quote, &r.quote, err);
    }
    if (st == ST_OK && r.quoting && r.quote == r.separator)
        return fail(err, ST_BAD_CONFIG, "quote: the same byte as the separator");
    if (st == ST_OK)
        *out = r;
    return st;
}

void
csv_begin(struct csv_cursor *c, struct span buf, size_t max_frame, bool eof)
{
    size_t n = buf.n;

    c->over = n > LINE_END_BYTES && n - LINE_END_BYTES > max_frame;
    if (c->over)
        n = max_frame + LINE_END_BYTES;
    c->begin = c->p = buf.p;
    c->end = buf.p + n;
    c->max_frame = max_frame;
    c->eof = eof && !c->over;
    if (n >= 3 && memcmp(buf.p, "\xEF\xBB\xBF", 3) == 0)
        c->p += 3;
}

static enum csv_step
malformed(struct csv_cursor *c, const char *at, const char *why)
{
    c->at = at;
    c->why = why;
    return CSV_BAD;
}

/* The bytes ended; what that means depends on who ended them. */
static enum csv_step
ran_out(struct csv_cursor *c, const char *why)
{
    if (c->over)
        return malformed(c, c->begin, "record: too long");
    return c->eof ? malformed(c, c->p, why) : CSV_MORE;
}

/* The record's bytes end at line_end, the next record begins at next. */
static enum csv_step
finish(struct csv_cursor *c, const char *line_end, const char *next)
{
    c->line_end = line_end;
    c->p = next;
    if ((size_t)(line_end - c->begin) > c->max_frame)
        return malformed(c, c->begin, "record: too long");
    return CSV_LAST;
}

static enum csv_step
bare_cell(const struct csv_rules *r, struct csv_cursor *c, struct csv_cell *out)
{
    const char *q = c->p;
    struct span *s = &out->text;

    while (q < c->end && *q != r->separator && *q != '\n')
        q++;
    if (q == c->end && !c->eof)
        return ran_out(c, "");
    *s = span_of(c->p, (size_t)(q - c->p));
    out->doubled = false;
    if (q < c->end && *q == r->separator) {
        c->p = q + 1;
        return CSV_CELL;
    }
    if (s->n > 0 && s->p[s->n - 1] == '\r')
        s->n--;
    return finish(c, s->p + s->n, q < c->end ? q + 1 : q);
}

/* What stands at q, behind a closing quote? */
static enum csv_step
after_quote(const struct csv_rules *r, struct csv_cursor *c, const char *q)
{
    const char *closed = q;

    if (q < c->end && *q == r->separator) {
        c->p = q + 1;
        return CSV_CELL;
    }
    if (q < c->end && *q == '\r')
        q++;
    if (q < c->end && *q == '\n')
        return finish(c, closed, q + 1);
    if (q < c->end)
        return malformed(c, closed, "quote: text follows a closing quote");
    if (!c->eof)
        return ran_out(c, "");
    return finish(c, closed, q);
}

static enum csv_step
quoted_cell(const struct csv_rules *r, struct csv_cursor *c, struct csv_cell *out)
{
    const char *start = c->p + 1, *q = start;

    out->doubled = false;
    for (;;) {
        q = memchr(q, r->quote, (size_t)(c->end - q));
        if (!q)
            return ran_out(c, "quote: never closed");
        if (q + 1 == c->end || q[1] != r->quote)
            break;
        out->doubled = true;
        q += 2;
    }
    /* A quote on the last byte in hand may be the first of two. */
    if (q + 1 == c->end && !c->eof)
        return ran_out(c, "");
    out->text = span_of(start, (size_t)(q - start));
    return after_quote(r, c, q + 1);
}

enum csv_step
csv_next(const struct csv_rules *r, struct csv_cursor *c, struct csv_cell *out)
{
    if (r->quoting && c->p < c->end && *c->p == r->quote)
        return quoted_cell(r, c, out);
    return bare_cell(r, c, out);
}

struct span
csv_unescape(const struct csv_rules *r, struct csv_cell cell, struct arena *mem)
{
    char *to;
    size_t n = 0;

    if (!cell.doubled)
        return cell.text;
    to = arena_alloc(mem, cell.text.n);
    for (size_t i = 0; i < cell.text.n; i++) {
        to[n++] = cell.text.p[i];
        if (cell.text.p[i] == r->quote)
            i++;
    }
    return span_of(to, n);
}

static struct span
first_line(struct span s, size_t *with_end)
{
    const char *nl = memchr(s.p, '\n', s.n);
    size_t n = nl ? (size_t)(nl - s.p) : s.n;

    *with_end = nl ? n + 1 : n;
    if (n > 0 && s.p[n - 1] == '\r')
        n--;
    return span_of(s.p, n);
}

enum status
csv_take(const struct csv_cursor *c, enum csv_step last, struct span *rest, struct span *raw,
         struct error *err)
{
    size_t taken, at;
    const char *nul;

    if (last != CSV_LAST) {
        *raw = first_line(*rest, &taken);
        at = (size_t)(c->at - c->begin);
        rest->p += taken;
        rest->n -= taken;
        return fail_at(err, ST_BAD_INPUT, (long)(at < raw->n ? at : raw->n), "%s", c->why);
    }
    *raw = span_of(c->begin, (size_t)(c->line_end - c->begin));
    taken = (size_t)(c->p - c->begin);
    rest->p += taken;
    rest->n -= taken;
    nul = memchr(raw->p, '\0', raw->n);
    if (nul)
        return fail_at(err, ST_BAD_INPUT, (long)(nul - raw->p), "record: holds a NUL byte");
    return raw->n == 0 ? ST_SKIP : ST_OK;
}
