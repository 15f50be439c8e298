/*
 * clock_text.c - times with the time of day first, and zones by their abbreviation.
 */
#include "clock_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "timetext.h"

static struct span
word(struct span *s)
{
    struct span w = span_trim(*s);
    const char *blank = memchr(w.p, ' ', w.n);
    size_t n = blank ? (size_t)(blank - w.p) : w.n;

    *s = span_of(w.p + n, w.n - n);
    return span_of(w.p, n);
}

struct span
clock_text(struct document *d, struct span text)
{
    char plain[64];
    struct span clock, zone, date, moment;
    bool floating;
    int32_t offset;
    int64_t utc;
    int n;

    if (text.n > 0 && (*text.p == '*' || *text.p == '.'))
        text = span_of(text.p + 1, text.n - 1);
    clock = word(&text);
    zone = word(&text);
    date = span_trim(text);
    if (date.n > 4 && date.p[3] == ' ' && (date.p[4] < '0' || date.p[4] > '9'))
        word(&date); /* the weekday */
    date = span_trim(date);
    if (memchr(clock.p, '.', clock.n)) /* milliseconds */
        clock.n = (size_t)((const char *)memchr(clock.p, '.', clock.n) - clock.p);
    if (clock.n == 0 || clock.n > 16 || date.n == 0 || date.n > 32)
        return span_of(text.p, 0);
    n = snprintf(plain, sizeof plain, "%.*s %.*s", SPAN_ARG(clock), SPAN_ARG(date));
    if (!timetext_read_pattern("%T %b %e %Y", span_of(plain, (size_t)n), &utc, &floating))
        return span_of(text.p, 0);
    moment = document_clock(d, utc);
    if (!timetext_zone(zone, &offset))
        return moment;
    if (offset == 0)
        return document_text(d, "%.*sZ", SPAN_ARG(moment));
    return document_text(d, "%.*s%c%02d:%02d", SPAN_ARG(moment), offset < 0 ? '-' : '+',
                         abs(offset) / 3600, abs(offset) / 60 % 60);
}
