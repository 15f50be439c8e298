/*
 * clock_text.c - times with the time of day first, and zones by their abbreviation.
 */
#include "clock_text.h"

#include <stdio.h>

#include "civil.h"
#include "timetext.h"

/* Only those that are of one meaning; CST is Chicago's and Shanghai's, IST India's and Israel's. */
static const struct {
    const char *name, *offset;
} zones[] = {
    {"UTC", "Z"},       {"GMT", "Z"},       {"Z", "Z"},         {"WET", "Z"},
    {"WEST", "+01:00"}, {"CET", "+01:00"},  {"MET", "+01:00"},  {"CEST", "+02:00"},
    {"MEST", "+02:00"}, {"EET", "+02:00"},  {"EEST", "+03:00"}, {"MSK", "+03:00"},
    {"SAST", "+02:00"}, {"JST", "+09:00"},  {"KST", "+09:00"},  {"SGT", "+08:00"},
    {"HKT", "+08:00"},  {"AWST", "+08:00"}, {"AEST", "+10:00"}, {"AEDT", "+11:00"},
    {"NZST", "+12:00"}, {"NZDT", "+13:00"}, {"EST", "-05:00"},  {"EDT", "-04:00"},
    {"CDT", "-05:00"},  {"MST", "-07:00"},  {"MDT", "-06:00"},  {"PST", "-08:00"},
    {"PDT", "-07:00"},  {"AKST", "-09:00"}, {"AKDT", "-08:00"}, {"HST", "-10:00"},
};

static const char *
offset_of(struct span zone)
{
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (span_eq_nocase(zone, span_str(zones[i].name)))
            return zones[i].offset;
    return "";
}

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
    char plain[64], moment[CIVIL_TEXT];
    struct span clock, zone, date;
    bool floating;
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
    format_utc(moment, utc);
    moment[strlen(moment) - 1] = '\0'; /* its "Z" */
    return document_text(d, "%s%s", moment, offset_of(zone));
}
