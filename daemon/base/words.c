/*
 * words.c - texts in lines that fit a terminal.
 */
#include "words.h"

#include <stdbool.h>

static size_t
columns(const char *p, size_t n)
{
    size_t c = 0;

    for (size_t i = 0; i < n; i++)
        c += ((unsigned char)p[i] & 0xC0) != 0x80;
    return c;
}

static size_t
last_line(const struct buf *out)
{
    size_t from = out->n;

    while (from > 0 && out->p[from - 1] != '\n')
        from--;
    return columns(out->p + from, out->n - from);
}

void
words_flow(struct buf *out, int indent, struct span text)
{
    size_t column = last_line(out);
    bool first = true; /* in its line, of this text */

    for (size_t at = 0; at < text.n;) {
        size_t end = at, wide;

        while (end < text.n && text.p[end] != ' ')
            end++;
        wide = columns(text.p + at, end - at);
        if (column + !first + wide > WORDS_WIDTH && column > (size_t)indent) {
            buf_printf(out, "\n%*s", indent, "");
            column = (size_t)indent;
            first = true;
        }
        if (!first)
            buf_char(out, ' ');
        buf_add(out, text.p + at, end - at);
        column += !first + wide;
        first = end == at; /* blanks at the beginning are none of its words */
        for (at = end; at < text.n && text.p[at] == ' ';)
            at++;
    }
}
