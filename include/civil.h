/*
 * civil.h - calendar arithmetic in UTC, and the text forms of times.
 *
 * Days count from 1970-01-01 (day 0); seconds are UTC without leap seconds. The
 * arithmetic is the proleptic Gregorian calendar's, valid for years 1..9999.
 */
#ifndef CIVIL_H
#define CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

#define DAY_SECONDS      86400
#define QUARTER_SECONDS  900
#define QUARTERS_PER_DAY 96

struct civil {
    int year, month, day;     /* 1..9999, 1..12, 1..31 */
    int hour, minute, second; /* 0..23, 0..59, 0..60 */
};

int32_t days_from_civil(int year, int month, int day);
void civil_from_days(int32_t days, int *year, int *month, int *day);
struct civil civil_from_utc(int64_t utc);
int64_t utc_from_civil(const struct civil *c);
bool civil_valid(const struct civil *c); /* month lengths and leap years included */
int weekday_from_days(int32_t days);     /* 0 Monday .. 6 Sunday */
/* "sat sun", "Friday, Saturday", "" or NULL (none) as bits, that of Monday is 1. False: a word is
 * no day. */
bool weekdays_read(const char *text, unsigned *days);

/* Floor division: right for times before 1970 as well. */
static inline int32_t
day_of(int64_t utc)
{
    return (int32_t)((utc >= 0 ? utc : utc - (DAY_SECONDS - 1)) / DAY_SECONDS);
}

static inline int
second_of_day(int64_t utc)
{
    return (int)(utc - (int64_t)day_of(utc) * DAY_SECONDS);
}

#define CIVIL_TEXT 32 /* room for any of the forms below, NUL included */
char *format_utc(char out[CIVIL_TEXT], int64_t utc);           /* 2026-11-22T01:30:00Z */
char *format_day(char out[CIVIL_TEXT], int32_t day);           /* 2026-11-22 */
char *format_day_compact(char out[CIVIL_TEXT], int32_t day);   /* 20261122 */
char *format_month_compact(char out[CIVIL_TEXT], int32_t day); /* 202611 */

/* "2026-11-22" exactly; false when it is no day of the calendar. */
bool parse_day(struct span s, int32_t *day);

/* RFC 3339 section 5.6, with these liberties that real senders take: a blank for T,
 * no seconds, any number of fraction digits (cut off), offset as Z, z, +hh:mm, +hhmm, +hh,
 * or none at all. *has_offset says whether an offset was there; without one *utc is the
 * local time read as if it were UTC, for the caller's zone to correct. */
bool parse_rfc3339(struct span s, int64_t *utc, bool *has_offset);

/* Dates read before, because the records of a file are of few days. All zero is an empty one. */
#define DATES_KEPT 16
struct date_memo {
    struct {
        uint64_t text;   /* "YYYY-MM-" as it stands */
        uint16_t digits; /* of the day */
        int32_t day;
    } seen[DATES_KEPT];
};

/* parse_rfc3339 for its usual forms, and faster: a time of day with seconds behind T or a blank.
 * False: another form, or no time. Whatever the memo holds, the answer is the same. */
bool parse_usual_time(struct span s, struct date_memo *memo, int64_t *utc, bool *has_offset);

#endif
