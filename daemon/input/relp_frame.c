/*
 * relp_frame.c - frames of the Reliable Event Logging Protocol.
 */
#include "relp_frame.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX  9
#define COMMAND_MAX 32

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Digits at in.p[*at], and what ends them: a blank, or (ends_line) a line feed, which is left. */
static enum status
number(struct span in, size_t *at, bool ends_line, uint32_t *out)
{
    size_t i = *at, begin = i;

    for (*out = 0; i < in.n && in.p[i] >= '0' && in.p[i] <= '9'; i++) {
        if (i - begin == DIGITS_MAX)
            return ST_BAD_INPUT;
        *out = *out * 10 + (uint32_t)(in.p[i] - '0');
    }
    if (i == in.n)
        return ST_MORE;
    if (i == begin || (in.p[i] != ' ' && !(ends_line && in.p[i] == '\n')))
        return ST_BAD_INPUT;
    *at = in.p[i] == ' ' ? i + 1 : i;
    return ST_OK;
}

static enum status
word(struct span in, size_t *at, struct span *out)
{
    size_t i = *at, begin = i;

    while (i < in.n && is_letter(in.p[i]) && i - begin < COMMAND_MAX)
        i++;
    if (i == in.n)
        return ST_MORE;
    if (i == begin || in.p[i] != ' ')
        return ST_BAD_INPUT;
    *out = span_of(in.p + begin, i - begin);
    *at = i + 1;
    return ST_OK;
}

/* A blank before the line feed of a frame without data is what some senders write. */
enum status
relp_head_parse(struct span in, struct relp_head *out, struct error *err)
{
    size_t at = 0;
    enum status st = number(in, &at, false, &out->txnr);

    if (st == ST_OK)
        st = word(in, &at, &out->command);
    if (st == ST_OK)
        st = number(in, &at, true, &out->data_n);
    if (st == ST_OK && out->data_n > 0 && in.p[at - 1] != ' ')
        st = ST_BAD_INPUT; /* the frame ends before its data */
    out->n = at;
    if (st == ST_BAD_INPUT)
        return fail(err, st, "expected a frame \"NUMBER COMMAND LENGTH DATA\"");
    return st;
}

static void
copy_plain(char *out, size_t size, struct span s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && n + 1 < size; i++)
        if ((unsigned char)s.p[i] >= ' ' && s.p[i] != '"' && s.p[i] != 0x7f)
            out[n++] = s.p[i];
    out[n] = '\0';
}

static bool
has_word(struct span list, const char *want)
{
    while (list.n > 0) {
        const char *comma = memchr(list.p, ',', list.n);
        size_t n = comma ? (size_t)(comma - list.p) : list.n;

        if (span_is(span_of(list.p, n), want))
            return true;
        n += comma != NULL;
        list = span_of(list.p + n, list.n - n);
    }
    return false;
}

void
relp_offer_parse(struct span data, struct relp_offer *out)
{
    *out = (struct relp_offer){.version = -1};
    while (data.n > 0) {
        const char *lf = memchr(data.p, '\n', data.n), *equals;
        size_t n = lf ? (size_t)(lf - data.p) : data.n;

        equals = memchr(data.p, '=', n);
        if (equals) {
            struct span name = span_of(data.p, (size_t)(equals - data.p));
            struct span value = span_of(equals + 1, n - name.n - 1);

            if (span_is(name, "relp_version"))
                out->version =
                    value.n > 0 && value.p[0] >= '0' && value.p[0] <= '9' ? value.p[0] - '0' : -1;
            else if (span_is(name, "commands"))
                out->syslog = has_word(value, "syslog");
            else if (span_is(name, "relp_software"))
                copy_plain(out->peer, sizeof out->peer, value);
        }
        n += lf != NULL;
        data = span_of(data.p + n, data.n - n);
    }
}

void
relp_write(struct buf *out, uint32_t txnr, const char *command, const char *text)
{
    size_t n = strlen(text);

    buf_printf(out, "%u %s %zu%s%s\n", txnr, command, n, n ? " " : "", text);
}
