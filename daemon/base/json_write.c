/*
 * json_write.c - JSON text into a buffer.
 */
#include "json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "civil.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Length of the UTF-8 sequence at p, 0 if it is none. */
static size_t
sequence(const char *p, size_t n)
{
    for (size_t len = 2; len <= 4 && len <= n; len++)
        if (span_is_utf8(span_of(p, len)))
            return len;
    return 0;
}

static void
escape_byte(struct buf *out, unsigned char c)
{
    static const char short_form[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                      ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    buf_char(out, '\\');
    if (c < sizeof short_form && short_form[c])
        buf_char(out, short_form[c]);
    else
        buf_printf(out, "u%04x", c);
}

void
json_escape(struct buf *out, struct span value)
{
    size_t plain = 0, i = 0;

    buf_char(out, '"');
    while (i < value.n) {
        unsigned char c = (unsigned char)value.p[i];
        size_t len = 1;

        if (c >= 0x80)
            len = sequence(value.p + i, value.n - i);
        if (len > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
            i += len;
            continue;
        }
        buf_add(out, value.p + plain, i - plain);
        if (c >= 0x80)
            buf_str(out, REPLACEMENT);
        else
            escape_byte(out, c);
        plain = ++i;
    }
    if (i > plain)
        buf_add(out, value.p + plain, i - plain);
    buf_char(out, '"');
}

void
json_begin(struct json_writer *w, struct buf *out)
{
    w->out = out;
    w->depth = 0;
    w->some[0] = false;
}

static void
before_value(struct json_writer *w, const char *key)
{
    if (w->some[w->depth])
        buf_char(w->out, ',');
    w->some[w->depth] = true;
    if (key)
        buf_printf(w->out, "\"%s\":", key);
}

static void
open_level(struct json_writer *w, const char *key, char open, char close)
{
    before_value(w, key);
    buf_char(w->out, open);
    if (++w->depth == JSON_WRITE_DEPTH)
        abort(); /* the program nests, not its data */
    w->some[w->depth] = false;
    w->closing[w->depth] = close;
}

void
json_object(struct json_writer *w, const char *key)
{
    open_level(w, key, '{', '}');
}

void
json_array(struct json_writer *w, const char *key)
{
    open_level(w, key, '[', ']');
}

void
json_close(struct json_writer *w)
{
    buf_char(w->out, w->closing[w->depth]);
    w->depth--;
}

void
json_key(struct json_writer *w, struct span key)
{
    before_value(w, NULL);
    json_escape(w->out, key);
    buf_char(w->out, ':');
    w->some[w->depth] = false; /* the value follows without a comma */
}

void
json_span(struct json_writer *w, const char *key, struct span value)
{
    before_value(w, key);
    json_escape(w->out, value);
}

void
json_text(struct json_writer *w, const char *key, const char *value)
{
    if (value)
        json_span(w, key, span_str(value));
    else
        json_null(w, key);
}

void
json_i64(struct json_writer *w, const char *key, int64_t value)
{
    before_value(w, key);
    buf_i64(w->out, value);
}

void
json_u64(struct json_writer *w, const char *key, uint64_t value)
{
    before_value(w, key);
    buf_u64(w->out, value);
}

#define WHOLE_BELOW 1e15 /* above, %g has an exponent */

void
json_real(struct json_writer *w, const char *key, double value)
{
    char text[40] = "null";

    if (fabs(value) < WHOLE_BELOW && value == (double)(int64_t)value && !signbit(value)) {
        json_i64(w, key, (int64_t)value); /* what the digits below would say, sooner */
        return;
    }
    for (int digits = 15; isfinite(value) && digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    before_value(w, key);
    buf_str(w->out, text);
}

void
json_bool(struct json_writer *w, const char *key, bool value)
{
    before_value(w, key);
    buf_str(w->out, value ? "true" : "false");
}

void
json_null(struct json_writer *w, const char *key)
{
    before_value(w, key);
    buf_str(w->out, "null");
}

void
json_raw(struct json_writer *w, const char *key, struct span json)
{
    before_value(w, key);
    buf_span(w->out, json);
}

void
json_time(struct json_writer *w, const char *key, int64_t utc)
{
    char text[CIVIL_TEXT];

    if (utc)
        json_text(w, key, format_utc(text, utc));
    else
        json_null(w, key);
}
