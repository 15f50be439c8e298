/*
 * zone_rule.c - the POSIX TZ text in the footer of a time zone file.
 *
 *   CET-1CEST,M3.5.0,M10.5.0/3      <+0330>-3:30      EST5EDT,M3.2.0,M11.1.0
 *
 * Offsets are written as seconds west of UTC. Hours of a rule go from -167 to 167 (RFC 8536
 * section 3.3.1, version 3 files).
 */
#include "zone_rule.h"

#include "civil.h"

struct cursor {
    const char *p, *end;
};

static bool
take(struct cursor *c, char wanted)
{
    if (c->p == c->end || *c->p != wanted)
        return false;
    c->p++;
    return true;
}

static bool
take_number(struct cursor *c, int max, int *out)
{
    const char *start = c->p;
    int v = 0;

    while (c->p < c->end && *c->p >= '0' && *c->p <= '9' && c->p - start < 4)
        v = v * 10 + (*c->p++ - '0');
    *out = v;
    return c->p > start && v <= max;
}

/* "[+-]hh[:mm[:ss]]" */
static bool
take_time(struct cursor *c, int max_hours, int32_t *out)
{
    bool negative = take(c, '-');
    int h, m = 0, s = 0;

    if (!negative)
        take(c, '+');
    if (!take_number(c, max_hours, &h))
        return false;
    if (take(c, ':')) {
        if (!take_number(c, 59, &m))
            return false;
        if (take(c, ':') && !take_number(c, 59, &s))
            return false;
    }
    *out = (h * 60 + m) * 60 + s;
    if (negative)
        *out = -*out;
    return true;
}

/* "CET" or "<+0330>": what a person would read, of no use here. */
static bool
take_name(struct cursor *c)
{
    const char *start = c->p;

    if (take(c, '<')) {
        while (c->p < c->end && *c->p != '>')
            c->p++;
        return take(c, '>');
    }
    while (c->p < c->end && ((*c->p >= 'A' && *c->p <= 'Z') || (*c->p >= 'a' && *c->p <= 'z')))
        c->p++;
    return c->p - start >= 3;
}

static bool
take_date(struct cursor *c, struct zone_rule_date *d)
{
    d->month = d->week = 0;
    d->time = 2 * 3600;
    if (take(c, 'M')) {
        d->form = 'M';
        if (!take_number(c, 12, &d->month) || d->month < 1 || !take(c, '.') ||
            !take_number(c, 5, &d->week) || d->week < 1 || !take(c, '.') ||
            !take_number(c, 6, &d->day))
            return false;
    } else {
        d->form = take(c, 'J') ? 'J' : '0';
        if (!take_number(c, 365, &d->day) || (d->form == 'J' && d->day < 1))
            return false;
    }
    return !take(c, '/') || take_time(c, 167, &d->time);
}

bool
zone_rule_parse(struct zone_rule *out, struct span text)
{
    struct cursor c = {text.p, text.p + text.n};
    int32_t west;

    memset(out, 0, sizeof *out);
    if (!take_name(&c) || !take_time(&c, 24, &west))
        return false;
    out->standard = -west;
    if (c.p == c.end)
        return true;
    out->has_summer = true;
    out->summer = out->standard + 3600;
    if (!take_name(&c))
        return false;
    if (c.p < c.end && *c.p != ',') {
        if (!take_time(&c, 24, &west))
            return false;
        out->summer = -west;
    }
    return take(&c, ',') && take_date(&c, &out->begin) && take(&c, ',') &&
           take_date(&c, &out->end) && c.p == c.end;
}

/* The week-th day of a month that is a weekday (0 Sunday); week 5 is the last one. */
static int32_t
nth_weekday(int year, int month, int week, int weekday)
{
    int32_t first = days_from_civil(year, month, 1);
    int32_t next =
        month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
    int32_t day = first + (weekday + 6 - weekday_from_days(first)) % 7 + (week - 1) * 7;

    return day >= next ? day - 7 : day;
}

int64_t
zone_rule_moment(const struct zone_rule_date *d, int year)
{
    int32_t day;

    if (d->form == 'M') {
        day = nth_weekday(year, d->month, d->week, d->day);
    } else {
        day = days_from_civil(year, 1, 1) + d->day;
        /* J counts from 1 and never counts 29 February: from March on it lags in leap years. */
        if (d->form == 'J') {
            day--;
            if (d->day >= 60 && days_from_civil(year, 3, 1) - days_from_civil(year, 1, 1) == 60)
                day++;
        }
    }
    return (int64_t)day * DAY_SECONDS + d->time;
}

bool
zone_parse_offset(struct span s, int32_t *offset)
{
    struct cursor c = {s.p, s.p + s.n};
    bool negative = take(&c, '-');
    int h, m = 0;

    if (!negative && !take(&c, '+'))
        return false;
    if (!take_number(&c, 2559, &h))
        return false;
    if (take(&c, ':')) {
        if (h > 25 || !take_number(&c, 59, &m))
            return false;
    } else if (s.n == 5) { /* +hhmm */
        m = h % 100;
        h /= 100;
    }
    *offset = (h * 60 + m) * 60 * (negative ? -1 : 1);
    return c.p == c.end && h <= 25 && m <= 59;
}
