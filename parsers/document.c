/*
 * document.c - parsers of documents: what all of them share.
 */
#include "document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "civil.h"

struct document_item {
    struct document_item *next;
    enum status st;
    const char *why;
    size_t number; /* in its frame */
    struct fields fields;
};

/* --- taking down --- */

static struct document_item *
add_item(struct document *d, enum status st, const char *why)
{
    struct document_item *item = arena_alloc(d->mem, sizeof *item);

    item->next = NULL;
    item->st = st;
    item->number = d->last ? d->last->number + 1 : 0;
    item->why = why ? arena_copy(d->mem, span_of(why, strlen(why) + 1)).p : NULL;
    fields_begin(&item->fields);
    if (d->last)
        d->last->next = item;
    else
        d->first = item;
    d->last = item;
    return item;
}

struct fields *
document_record(struct document *d)
{
    return &add_item(d, ST_OK, NULL)->fields;
}

void
document_ignore(struct document *d, const char *why)
{
    add_item(d, ST_IGNORE, why);
}

void
document_refuse(struct document *d, const char *why)
{
    add_item(d, ST_BAD_INPUT, why);
}

void
fields_set(struct fields *r, enum field f, struct span text)
{
    if (text.n == 0 || f == FIELD_COUNT || (r->has & FIELD_BIT(f)))
        return;
    r->v[f] = text;
    r->has |= FIELD_BIT(f);
}

void
document_value(const struct document *d, struct fields *r, const char *name, struct span value)
{
    enum field field = format_field_of(d->format, span_str(name));

    fields_set(r, field, value);
    document_show(d, r, span_str(name), value, field);
}

void
document_show(const struct document *d, const struct fields *r, struct span name, struct span value,
              enum field field)
{
    const struct document_item *item =
        (const void *)((const char *)r - offsetof(struct document_item, fields));

    if (d->seen)
        d->seen(d->watcher, item->number, name, value, field);
}

void
document_watch(void *state, document_seen *seen, void *arg)
{
    struct document *d = state;

    d->seen = seen;
    d->watcher = arg;
}

struct span
document_join(struct document *d, const struct span *parts, size_t n, char between)
{
    size_t total = n;
    char *p, *at;

    for (size_t i = 0; i < n; i++)
        total += parts[i].n;
    p = at = arena_alloc(d->mem, total + 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            *at++ = between;
        if (parts[i].n > 0)
            memcpy(at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    return span_of(p, (size_t)(at - p));
}

struct span
document_text(struct document *d, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        n = 0;
    return arena_copy(d->mem, span_of(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1));
}

struct span
document_clock(struct document *d, int64_t reading)
{
    char text[CIVIL_TEXT];
    struct span s = span_str(format_utc(text, reading));

    return arena_copy(d->mem, span_of(s.p, s.n - 1)); /* without its "Z" */
}

/* --- frames --- */

size_t
frame_line(struct span s, bool eof)
{
    const char *nl = memchr(s.p, '\n', s.n);

    return nl ? (size_t)(nl - s.p) + 1 : eof ? s.n : 0;
}

size_t
frame_all(struct span s, bool eof)
{
    return eof ? s.n : 0;
}

size_t
frame_packet(struct span s, bool eof)
{
    const char *nl = s.p, *end = s.p + s.n;

    while ((nl = memchr(nl, '\n', (size_t)(end - nl))) != NULL) {
        nl++;
        if (nl < end && *nl == '\n')
            return (size_t)(nl + 1 - s.p);
        if (end - nl >= 2 && nl[0] == '\r' && nl[1] == '\n')
            return (size_t)(nl + 2 - s.p);
    }
    return eof ? s.n : 0;
}

/* By brackets outside of strings. What begins with something else is a line. */
size_t
frame_json(struct span s, bool eof)
{
    bool quoted = false;
    size_t i = 0;
    int depth = 0;

    if (s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0)
        i = 3;
    while (i < s.n && s.p[i] != '\0' && strchr(" \t\r\n", s.p[i]))
        i++;
    if (i == s.n)
        return eof ? s.n : 0;
    if (s.p[i] != '{' && s.p[i] != '[') {
        size_t n = frame_line(span_of(s.p + i, s.n - i), eof);

        return n ? i + n : 0;
    }
    for (; i < s.n; i++) {
        char c = s.p[i];

        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return eof ? s.n : 0;
}

/* The first element's name, behind declarations, comments and blanks; n 0: not there yet. */
static struct span
first_element(struct span s)
{
    const char *p = s.p, *end = s.p + s.n, *q;

    while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
        p++;
        if (end - p >= 3 && memcmp(p, "!--", 3) == 0) {
            p = memmem(p, (size_t)(end - p), "-->", 3);
            if (!p)
                break;
        }
        if (p == end || *p == '!' || *p == '?' || *p == '-')
            continue;
        for (q = p; q < end && *q != '\0' && !strchr(" \t\r\n/>", *q);)
            q++;
        return q < end ? span_of(p, (size_t)(q - p)) : span_of(p, 0);
    }
    return span_of(end, 0);
}

/* Behind the first "</name >", with blanks; NULL: it is not there. */
static const char *
end_tag(const char *p, const char *end, struct span name)
{
    while ((p = memmem(p, (size_t)(end - p), "</", 2)) != NULL) {
        const char *q = p + 2;

        p = q;
        if ((size_t)(end - q) <= name.n || memcmp(q, name.p, name.n) != 0)
            continue;
        for (q += name.n; q < end && *q != '\0' && strchr(" \t\r\n", *q);)
            q++;
        if (q < end && *q == '>')
            return q + 1;
    }
    return NULL;
}

size_t
frame_xml(struct span s, bool eof)
{
    const char *end = s.p + s.n, *close;
    struct span name = first_element(s);

    if (name.n == 0)
        return eof ? s.n : 0;
    close = memchr(name.p, '>', (size_t)(end - name.p));
    if (close && close[-1] == '/') /* <alone/> */
        close++;
    else if (close)
        close = end_tag(close, end, name);
    return close ? (size_t)(close - s.p) : eof ? s.n : 0;
}

/* --- the parser --- */

enum status
document_prepare(void **shared, const struct format *f, struct error *err)
{
    (void)f, (void)err;
    *shared = NULL;
    return ST_OK;
}

void
document_release(void *shared)
{
    (void)shared; /* there is nothing */
}

void *
document_open(const struct format *f)
{
    struct document *d = xcalloc(1, sizeof *d);

    d->format = f;
    return d;
}

void
document_close(void *state)
{
    free(state);
}

bool
document_wants_header(const struct format *f)
{
    (void)f;
    return false;
}

enum status
document_read_header(const struct format *f, struct span line, struct layout **out,
                     struct error *err)
{
    (void)line, (void)out;
    return fail(err, ST_BAD_INPUT, "header: %s has none", format_name(f));
}

void
document_layout_free(struct layout *l)
{
    (void)l; /* there never is one */
}

void
document_begin(void *state, struct span name)
{
    ((struct document *)state)->name = name;
}

bool
parser_takes_documents(const struct parser_ops *p)
{
    return p->document && p->document->frame != frame_line;
}

/* A frame, or so much of what is too long for one as is passed over: to the first newline at or
 * after max_frame. 0: that is not there yet. The answer does not depend on what follows. */
static size_t
frame_at(const struct document_ops *ops, struct span s, size_t max_frame, bool eof)
{
    size_t n = ops->frame(s, false);
    const char *nl;

    if (n > 0 && n <= max_frame)
        return n;
    if (s.n <= max_frame)
        return eof ? ops->frame(s, true) : 0;
    nl = memchr(s.p + max_frame, '\n', s.n - max_frame);
    return nl ? (size_t)(nl - s.p) + 1 : eof ? s.n : 0;
}

size_t
document_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    const struct document_ops *ops = format_content(f)->document;
    size_t whole = 0, n;

    while (whole < buf.n &&
           (n = frame_at(ops, span_of(buf.p + whole, buf.n - whole), max_frame, eof)) > 0)
        whole += n;
    return whole;
}

enum status
document_more(void *state, struct fields *out, struct error *err)
{
    struct document *d = state;
    struct document_item *item = d->first;

    if (!item)
        return ST_NOT_FOUND;
    d->first = item->next;
    if (item->st != ST_OK)
        return fail_at(err, item->st, 0, "%s", item->why);
    *out = item->fields;
    return ST_OK;
}

enum status
document_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
              struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
              struct error *err)
{
    struct document *d = state;
    const struct document_ops *ops = format_content(f)->document;
    size_t n = frame_at(ops, *rest, max_frame, true);
    enum status st;

    (void)layout;
    *raw = span_of(rest->p, n);
    rest->p += n;
    rest->n -= n;
    while (raw->n > 0 && (raw->p[raw->n - 1] == '\n' || raw->p[raw->n - 1] == '\r'))
        raw->n--;
    d->mem = mem;
    d->own = NULL;
    d->first = d->last = NULL;
    if (raw->n == 0)
        return ST_SKIP;
    if (raw->n > max_frame)
        return fail_at(err, ST_BAD_INPUT, (long)max_frame, "record: longer than %zu bytes",
                       max_frame);
    st = ops->read(d, *raw, err);
    if (st != ST_OK) {
        d->first = d->last = NULL;
        if (err && (err->pos < 0 || (size_t)err->pos > raw->n))
            err->pos = 0;
        return st;
    }
    if (!d->first)
        return fail(err, ST_IGNORE, "%s", NOTHING_IN_IT);
    return document_more(d, out, err);
}
