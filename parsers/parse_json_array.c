/*
 * parse_json_array.c - JSON objects in an array, over as many lines as they like.
 *
 *   [ {"customer": "acme",
 *      "start": 1772355600},
 *     {"customer": "beta", "start": 1772355601} ]
 *
 * A frame is one object. Brackets, commas and blanks between them are passed over, so that a
 * block may begin and end between any two objects, and lines of single objects are read as
 * well. Where a frame ends is a matter of the bytes in it alone:
 *
 *   1. an object without mistakes ends at its closing brace;
 *   2. one with a mistake, or that the input ends in, is given up: the frame ends where its
 *      braces close on the first line, else behind the first newline, else with the input;
 *   3. one that is longer than max_frame likewise, but behind the first newline at or after
 *      max_frame;
 *   4. anything that is no object ends before the next comma, bracket, brace or newline.
 */
#include "json_record.h"
#include "show.h"

/* How many bytes of brackets, commas, blanks and byte order marks are in front. */
static size_t
count_between(struct span s)
{
    size_t i = 0;

    for (;;) {
        if (s.n - i >= 3 && memcmp(s.p + i, "\xEF\xBB\xBF", 3) == 0)
            i += 3;
        else if (i < s.n && s.p[i] != '\0' && strchr("[],\n\r\t ", s.p[i]))
            i++;
        else
            return i;
    }
}

static size_t
to_newline(struct span s, size_t from)
{
    const char *nl = from < s.n ? memchr(s.p + from, '\n', s.n - from) : NULL;

    return nl ? (size_t)(nl - s.p) + 1 : 0;
}

/* Where the braces of an object that is no JSON close, if they do on its first line. */
static size_t
closing_brace(struct span s)
{
    bool quoted = false;
    int depth = 0;

    for (size_t i = 0; i < s.n && s.p[i] != '\n'; i++) {
        if (s.p[i] == '"')
            quoted = !quoted;
        else if (quoted)
            i += s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] != '\n';
        else if (s.p[i] == '{')
            depth++;
        else if (s.p[i] == '}' && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* A reader that does not look further than a frame may be long: whether an object has a mistake
 * must not depend on how much of the input is there. */
static struct json_text
reader(struct span s, size_t max_frame)
{
    const char *end = s.p + (s.n < max_frame ? s.n : max_frame);

    return (struct json_text){.p = s.p, .end = end, .limit = end};
}

/* Rules 1 to 3. 0: its end is not there yet. */
static size_t
object_end(struct span s, size_t max_frame, bool eof)
{
    struct json_text t = reader(s, max_frame);
    bool open, whole = json_skip(&t);
    size_t n;

    if (whole)
        return (size_t)(t.p - s.p);
    open = t.p == t.end;
    if (open && s.n <= max_frame && !eof)
        return 0;
    n = closing_brace(s);
    if (n == 0)
        n = to_newline(s, open && s.n > max_frame ? max_frame : 0);
    return n == 0 && eof ? s.n : n;
}

/* Rule 4. */
static size_t
no_object(struct span s, bool eof)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] != '\0' && strchr("\n,[]{", s.p[i]))
            return i;
    return eof ? s.n : 0;
}

static size_t
array_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    size_t whole = 0;

    (void)f;
    for (;;) {
        struct span s = span_of(buf.p + whole, buf.n - whole);
        size_t n = count_between(s);

        whole += n;
        s = span_of(s.p + n, s.n - n);
        if (s.n == 0)
            return whole;
        n = *s.p == '{' ? object_end(s, max_frame, eof) : no_object(s, eof);
        if (n == 0)
            return whole;
        whole += n;
    }
}

/* Takes n bytes as a frame; *raw is without the line end. */
static void
take(struct span *rest, size_t n, struct span *raw)
{
    *raw = span_of(rest->p, n);
    while (raw->n > 0 && (raw->p[raw->n - 1] == '\n' || raw->p[raw->n - 1] == '\r'))
        raw->n--;
    rest->p += n;
    rest->n -= n;
}

static enum status
array_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
           struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
           struct error *err)
{
    size_t between = count_between(*rest);
    struct json_text t;

    (void)layout;
    take(rest, between, raw);
    if (rest->n == 0)
        return ST_SKIP;
    if (*rest->p != '{') {
        take(rest, no_object(*rest, true), raw);
        return fail_at(err, ST_BAD_INPUT, 0, "json: expected an object");
    }
    t = reader(*rest, max_frame);
    if (json_record(&t, state, f, mem, out)) {
        take(rest, (size_t)(t.p - rest->p), raw);
        return ST_OK;
    }
    if (t.p == t.end && rest->n > max_frame)
        t.why = "record: too long";
    /* What a field may not hold can be good JSON: the frame is not where reading stopped. */
    take(rest, object_end(*rest, max_frame, true), raw);
    return fail_at(err, ST_BAD_INPUT, t.p < raw->p + raw->n ? t.p - raw->p : (long)raw->n, "%s",
                   t.why);
}

const struct parser_ops parser_json_array = {
    .name = "json-array",
    .summary = "JSON objects in an array, one body",
    .prepare = json_paths_new,
    .release = json_paths_free,
    .open = json_worker_new,
    .close = json_worker_free,
    .wants_header = json_no_header,
    .read_header = json_read_header,
    .layout_free = json_layout_free,
    .cut = array_cut,
    .next = array_next,
    .show = show_json,
};
