/*
 * log_line.c - one event as a line of text or as a JSON object.
 *
 * A format's own quotes are told from those in its values by standing in for them, while it is
 * printed, with a byte that no text has: so a value can neither end itself nor begin another field.
 */
#include "log_line.h"

#include <stdio.h>
#include <string.h>

#include "json_write.h"
#include "mask.h"
#include "span.h"

#define QUOTE  '\x01'
#define FIELDS 1024

struct field {
    struct span name, value;
    bool quoted;
};

/* In a text of ours, what stands in quotes is of others. */
static void
mask_quoted(char *p, size_t n)
{
    char *open = NULL, *end = p + n;

    for (char *q = p; q < end; q++)
        if (*q == '"') {
            if (open)
                mask_people(open, (size_t)(q - open));
            open = open ? NULL : q + 1;
        }
    if (open)
        mask_people(open, (size_t)(end - open));
}

/* Takes the next NAME=VALUE from *p on; at the end of the text a value ends in any case. */
static bool
next_field(char **p, char *end, struct field *out)
{
    char *equals = memchr(*p, '=', (size_t)(end - *p)), *value, *stop;

    if (!equals)
        return false;
    out->name = span_of(*p, (size_t)(equals - *p));
    out->quoted = equals + 1 < end && equals[1] == QUOTE;
    value = equals + 1 + out->quoted;
    stop = memchr(value, out->quoted ? QUOTE : ' ', (size_t)(end - value));
    if (!stop)
        stop = end;
    out->value = span_of(value, (size_t)(stop - value));
    if (out->quoted)
        mask_quoted(value, out->value.n);
    else if (span_is(out->name, "key"))
        mask_people(value, out->value.n);
    for (*p = stop; *p < end && (**p == ' ' || **p == QUOTE);)
        ++*p;
    return true;
}

static size_t
quotes_in(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == QUOTE;
    return n;
}

/* Prints fmt with QUOTE for its quotes. A value that has that byte, too, could say what it is not:
 * then all of it is one text. */
static size_t
print_fields(char out[FIELDS], const char *fmt, va_list ap)
{
    static const char one_text[] = "text=\x01";
    const size_t head = sizeof one_text - 1;
    char form[FIELDS];

    snprintf(form, sizeof form, "%s", fmt);
    for (char *q = form; (q = strchr(q, '"')); q++)
        *q = QUOTE;
/* It is the caller's, which was checked, but for the quotes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(out, FIELDS, form, ap);
#pragma GCC diagnostic pop
    if (quotes_in(out) > quotes_in(form)) {
        memmove(out + head, out, FIELDS - head - 1);
        memcpy(out, one_text, head);
        out[FIELDS - 1] = '\0';
        for (char *q = out + head; (q = strchr(q, QUOTE)); q++)
            *q = '?';
    }
    return strlen(out);
}

/* --- as text --- */

/* Whatever is in it, it must neither end a line nor move a cursor. */
static void
put_value(struct buf *out, struct span s, bool quoted)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (quoted && (c == '"' || c == '\\'))
            buf_char(out, '\\');
        buf_char(out, c < 0x20 || c == 0x7F ? '?' : (char)c);
    }
}

static void
write_text(struct buf *out, const struct log_head *head, char *p, char *end)
{
    struct field f;

    buf_printf(out, "%s %s event=%s", head->when, head->level, head->event);
    while (next_field(&p, end, &f)) {
        buf_printf(out, " %.*s=%s", (int)f.name.n, f.name.p, f.quoted ? "\"" : "");
        put_value(out, f.value, f.quoted);
        buf_str(out, f.quoted ? "\"" : "");
    }
}

/* --- as JSON --- */

/* Digits that begin with 0 are a name. */
static bool
is_number(struct span s)
{
    size_t i = s.n > 1 && s.p[0] == '-', points = 0;

    if (i == s.n || s.n > 18 || (s.p[i] == '0' && s.n > i + 1 && s.p[i + 1] != '.'))
        return false;
    if (s.p[i] == '.' || s.p[s.n - 1] == '.')
        return false;
    for (; i < s.n; i++)
        if (s.p[i] == '.')
            points++;
        else if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return points <= 1;
}

static void
write_json(struct buf *out, const struct log_head *head, char *p, char *end)
{
    struct json_writer w;
    struct field f;
    char name[64];

    json_begin(&w, out);
    json_object(&w, NULL);
    json_text(&w, "time", head->when);
    json_text(&w, "level", head->level);
    json_text(&w, "event", head->event);
    while (next_field(&p, end, &f)) {
        snprintf(name, sizeof name, "%.*s", (int)f.name.n, f.name.p);
        if (!f.quoted && is_number(f.value))
            json_raw(&w, name, f.value);
        else
            json_span(&w, name, f.value);
    }
    json_close(&w);
}

void
log_line(struct buf *out, const struct log_head *head, bool json, const char *fmt, va_list ap)
{
    char fields[FIELDS];
    size_t n = print_fields(fields, fmt, ap);

    if (json)
        write_json(out, head, fields, fields + n);
    else
        write_text(out, head, fields, fields + n);
    buf_char(out, '\n');
}
