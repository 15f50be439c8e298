/*
 * envelope.c - any format's records, each in a syslog message.
 *
 * A frame is a line, which is one message and may end in a NUL instead: inputs have taken the
 * counts of RFC 6587 off, and datagrams are lines as well. What the message says is handed to the
 * format's own parser as if nothing had been around it; what is refused is kept with the header,
 * so that it can be read again.
 */
#include "envelope.h"

#include <stdlib.h>

#include "document.h"
#include "syslog.h"

struct envelope {
    const struct format *format;
    void *inner; /* the content's own state */
    enum field host, app;
    struct syslog_message message;
    struct span line, rest; /* of the message: all of it, and what was not read yet */
    size_t max_frame;
    struct arena *mem;
};

static void *
envelope_open(const struct format *f)
{
    struct envelope *e = xcalloc(1, sizeof *e);
    const struct parser_ops *ops = format_content(f);

    e->format = f;
    e->inner = ops->open ? ops->open(f) : NULL;
    e->host = format_field_of(f, SPAN("SYSLOG_HOST"));
    e->app = format_field_of(f, SPAN("SYSLOG_APP"));
    return e;
}

static void
envelope_close(void *state)
{
    struct envelope *e = state;

    if (!e)
        return;
    if (format_content(e->format)->close)
        format_content(e->format)->close(e->inner);
    free(e);
}

static void
envelope_begin(void *state, struct span name)
{
    struct envelope *e = state;

    if (format_content(e->format)->begin)
        format_content(e->format)->begin(e->inner, name);
}

/* A value of the header, of which the record's parser knows nothing. */
static void
add_value(struct fields *out, enum field f, struct span text)
{
    if (f == FIELD_COUNT || text.n == 0)
        return;
    fields_set(out, f, text);
    out->printable = out->trimmed = false;
    out->longest = SIZE_MAX;
}

/* A record that does not say when: it began when it was written, or ended then if it says how
 * long it was. */
static void
stamp(const struct envelope *e, struct fields *out)
{
    static const uint64_t times = FIELD_BIT(FIELD_START) | FIELD_BIT(FIELD_END);
    enum field f = out->has & FIELD_BIT(FIELD_DURATION) ? FIELD_END : FIELD_START;

    if (((out->has | format_joined(e->format, out->has)) & times) || e->message.time.n == 0)
        return;
    add_value(out, f, e->message.time);
    out->stamped |= FIELD_BIT(f);
}

static enum status
complete(const struct envelope *e, enum status st, struct fields *out, struct error *err)
{
    if (st == ST_OK) {
        stamp(e, out);
        add_value(out, e->host, e->message.host);
        add_value(out, e->app, e->message.app);
    } else if (st == ST_BAD_INPUT && err && err->pos >= 0) {
        err->pos += e->message.text.p - e->line.p;
    }
    return st;
}

/* What is left of the message's text, which mostly is one frame of the content's. */
static enum status
read_inner(struct envelope *e, struct fields *out, struct error *err)
{
    const struct parser_ops *ops = format_content(e->format);
    struct span raw;

    return complete(
        e, ops->next(e->inner, e->format, NULL, e->max_frame, &e->rest, e->mem, out, &raw, err),
        out, err);
}

/* Its LF or, from senders who know no lines, its NUL; NULL: neither is there. */
static const char *
message_end(struct span s)
{
    const char *lf = memchr(s.p, '\n', s.n);
    const char *nul = memchr(s.p, '\0', lf ? (size_t)(lf - s.p) : s.n);

    return nul ? nul : lf;
}

static enum status
envelope_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
              struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
              struct error *err)
{
    struct envelope *e = state;
    enum status st = take_line(rest, message_end(*rest), max_frame, raw, err);
    const char *why;

    (void)f, (void)layout;
    e->line.p = NULL;
    if (st != ST_OK)
        return st;
    if (raw->n == 0)
        return ST_SKIP;
    if (!syslog_peel(*raw, &e->message, &why))
        return fail_at(err, ST_BAD_INPUT, 0, "%s", why);
    if (e->message.text.n == 0)
        return fail(err, ST_IGNORE, "syslog message without text");
    e->line = *raw;
    e->rest = e->message.text;
    e->max_frame = max_frame;
    e->mem = mem;
    return read_inner(e, out, err);
}

static enum status
envelope_more(void *state, struct fields *out, struct error *err)
{
    struct envelope *e = state;
    const struct parser_ops *ops = format_content(e->format);
    enum status st = ST_NOT_FOUND;

    if (!e->line.p)
        return st;
    if (ops->more)
        st = ops->more(e->inner, out, err);
    if (st != ST_NOT_FOUND)
        return complete(e, st, out, err);
    if (e->rest.n > 0)
        return read_inner(e, out, err);
    e->line.p = NULL;
    return ST_NOT_FOUND;
}

static size_t
envelope_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    size_t lines = cut_lines(buf, max_frame, eof);
    struct span rest = span_of(buf.p + lines, buf.n - lines);
    const char *nul = rest.n ? memrchr(rest.p, '\0', rest.n) : NULL;

    (void)f;
    return nul ? (size_t)(nul - buf.p) + 1 : lines;
}

const struct parser_ops parser_envelope = {
    .name = "syslog",
    .summary = "records in syslog messages",
    .prepare = document_prepare,
    .release = document_release,
    .open = envelope_open,
    .close = envelope_close,
    .wants_header = document_wants_header,
    .read_header = document_read_header,
    .layout_free = document_layout_free,
    .cut = envelope_cut,
    .next = envelope_next,
    .more = envelope_more,
    .begin = envelope_begin,
};
