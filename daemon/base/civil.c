/*
 * civil.c - calendar arithmetic in UTC, and the text forms of times.
 */
#include "civil.h"

#include <endian.h>
#include <string.h>
#include <strings.h>

/*
 * Years are counted from March, so that the leap day is a year's last day and the days before
 * a month are a linear function of it: (306 * m + 5) / 10 with m = 0 for March.
 */
#define DAYS_BEFORE_1970 719468 /* from 0000-03-01 to 1970-01-01 */

static int32_t
days_before_year(int32_t y)
{
    return 365 * y + y / 4 - y / 100 + y / 400;
}

static int32_t
days_before_month(int32_t m)
{
    return (306 * m + 5) / 10;
}

int32_t
days_from_civil(int year, int month, int day)
{
    int32_t y = year - (month < 3);
    int32_t m = month < 3 ? month + 9 : month - 3;

    return days_before_year(y) + days_before_month(m) + day - 1 - DAYS_BEFORE_1970;
}

void
civil_from_days(int32_t days, int *year, int *month, int *day)
{
    int64_t z = (int64_t)days + DAYS_BEFORE_1970;
    /* 3652425 days are 10000 Gregorian years; the constant makes the guess right or one high. */
    int32_t y = (int32_t)((10000 * z + 14780) / 3652425);
    int32_t rest = (int32_t)(z - days_before_year(y));
    int32_t m;

    if (rest < 0)
        rest = (int32_t)(z - days_before_year(--y));
    m = (100 * rest + 52) / 3060;
    *day = rest - days_before_month(m) + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = y + (m >= 10);
}

struct civil
civil_from_utc(int64_t utc)
{
    struct civil c;
    int second = second_of_day(utc);

    civil_from_days(day_of(utc), &c.year, &c.month, &c.day);
    c.hour = second / 3600;
    c.minute = second / 60 % 60;
    c.second = second % 60;
    return c;
}

int64_t
utc_from_civil(const struct civil *c)
{
    return (int64_t)days_from_civil(c->year, c->month, c->day) * DAY_SECONDS + c->hour * 3600 +
           c->minute * 60 + c->second;
}

static bool
is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool
valid_date(int year, int month, int day)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= lengths[month - 1] + (month == 2 && is_leap(year));
}

bool
civil_valid(const struct civil *c)
{
    return valid_date(c->year, c->month, c->day) && c->hour >= 0 && c->hour <= 23 &&
           c->minute >= 0 && c->minute <= 59 && c->second >= 0 && c->second <= 60;
}

int
weekday_from_days(int32_t days)
{
    int w = (int)(((int64_t)days + 3) % 7); /* 1970-01-01 was a Thursday */

    return w < 0 ? w + 7 : w;
}

bool
weekdays_read(const char *text, unsigned *days)
{
    static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
    static const char between[] = " ,";

    *days = 0;
    if (!text)
        return true;
    for (text += strspn(text, between); *text; text += strspn(text, between)) {
        size_t n = strcspn(text, between);
        int day = 0;

        while (day < 7 && ((n != 3 && n != strlen(names[day])) || strncasecmp(text, names[day], n)))
            day++;
        if (day == 7)
            return false;
        *days |= 1u << day;
        text += n;
    }
    return true;
}

/* --- text out --- */

static char *
put_digits(char *p, int v, int width)
{
    for (int i = width - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + width;
}

static char *
put_day(char *p, int32_t day, const char *dash)
{
    int y, m, d;

    civil_from_days(day, &y, &m, &d);
    p = put_digits(p, y, 4);
    if (*dash)
        *p++ = *dash;
    p = put_digits(p, m, 2);
    if (*dash)
        *p++ = *dash;
    return put_digits(p, d, 2);
}

char *
format_utc(char out[CIVIL_TEXT], int64_t utc)
{
    int second = second_of_day(utc);
    char *p = put_day(out, day_of(utc), "-");

    *p++ = 'T';
    p = put_digits(p, second / 3600, 2);
    *p++ = ':';
    p = put_digits(p, second / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, second % 60, 2);
    *p++ = 'Z';
    *p = '\0';
    return out;
}

char *
format_day(char out[CIVIL_TEXT], int32_t day)
{
    *put_day(out, day, "-") = '\0';
    return out;
}

char *
format_day_compact(char out[CIVIL_TEXT], int32_t day)
{
    *put_day(out, day, "") = '\0';
    return out;
}

char *
format_month_compact(char out[CIVIL_TEXT], int32_t day)
{
    format_day_compact(out, day);
    out[6] = '\0';
    return out;
}

/* --- text in --- */

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Two digits as a number, -1 if they are none. */
static inline int
two(const char *p)
{
    unsigned a = (unsigned char)p[0] - (unsigned)'0', b = (unsigned char)p[1] - (unsigned)'0';

    return a > 9 || b > 9 ? -1 : (int)(a * 10 + b);
}

/* "YYYY-MM-DD" at p, ten bytes. */
static bool
read_date(const char *p, int *year, int *month, int *day)
{
    int century = two(p), rest = two(p + 2);

    if (century < 0 || rest < 0 || p[4] != '-' || p[7] != '-')
        return false;
    *year = century * 100 + rest;
    *month = two(p + 5);
    *day = two(p + 8);
    return valid_date(*year, *month, *day);
}

bool
parse_day(struct span s, int32_t *day)
{
    int y, m, d;

    if (s.n != 10 || !read_date(s.p, &y, &m, &d))
        return false;
    *day = days_from_civil(y, m, d);
    return true;
}

/* "Z", "z", "+hh:mm", "+hhmm", "+hh" and nothing behind it. */
static bool
read_offset(const char *p, const char *end, int *seconds)
{
    size_t n = (size_t)(end - p);
    int h, m = 0;

    *seconds = 0;
    if (n == 1)
        return *p == 'Z' || *p == 'z';
    if ((*p != '+' && *p != '-') || (n != 3 && n != 5 && n != 6) || (n == 6 && p[3] != ':'))
        return false;
    h = two(p + 1);
    if (n > 3)
        m = two(end - 2);
    if (h < 0 || h > 23 || m < 0 || m > 59)
        return false;
    *seconds = (h * 60 + m) * 60;
    if (*p == '-')
        *seconds = -*seconds;
    return true;
}

/* "HH:MM[:SS[.fraction]]" at *p; moves *p behind it. */
static bool
read_clock(const char **p, const char *end, int *second_of_day_out)
{
    const char *q = *p;
    int h, m, s = 0;

    if (end - q < 5 || q[2] != ':')
        return false;
    h = two(q);
    m = two(q + 3);
    q += 5;
    if (end - q >= 3 && *q == ':') {
        s = two(q + 1);
        q += 3;
        if (end - q >= 2 && (*q == '.' || *q == ',') && is_digit(q[1]))
            for (q++; q < end && is_digit(*q);)
                q++;
    }
    if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60)
        return false;
    *second_of_day_out = (h * 60 + m) * 60 + s;
    *p = q;
    return true;
}

bool
parse_rfc3339(struct span s, int64_t *utc, bool *has_offset)
{
    const char *p = s.p, *end = s.p + s.n;
    int year, month, day, clock, offset = 0;

    if (s.n < 16 || !read_date(p, &year, &month, &day))
        return false;
    if (p[10] != 'T' && p[10] != ' ' && p[10] != 't')
        return false;
    p += 11;
    if (!read_clock(&p, end, &clock))
        return false;
    *has_offset = p < end;
    if (p < end && !read_offset(p, end, &offset))
        return false;
    *utc = (int64_t)days_from_civil(year, month, day) * DAY_SECONDS + clock - offset;
    return true;
}

/* --- the usual form, eight bytes at a time --- */

/* The first byte is the lowest. */
static inline uint64_t
eight(const char *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    return le64toh(w);
}

/*
 * "00:00:00" of digits and two bytes of its own between them, as values of two digits in the bytes
 * 0, 3 and 6 of the answer. *bad gets a byte's highest bit if the text is of another form or if one
 * of the values is above its limit: a digit's value below 10 stays below 0x80 when 0x76 is added,
 * and nothing else does. A byte that is 0x80 or more is bad by itself, so what it carries over
 * into the next one does not matter.
 */
static inline uint64_t
three_pairs(const char *p, const char *pattern, uint64_t limits, uint64_t *bad)
{
    uint64_t x = eight(p) ^ eight(pattern);
    uint64_t pairs = x * 10 + (x >> 8);

    *bad |= x | (x + UINT64_C(0x76767F76767F7676));
    *bad |= (pairs + (UINT64_C(0x007F00007F00007F) - limits)) & UINT64_C(0x0080000080000080);
    return pairs;
}

#define LIMITS(a, b, c) ((uint64_t)(a) | (uint64_t)(b) << 24 | (uint64_t)(c) << 48)

static inline int
pair(uint64_t pairs, int byte)
{
    return (int)(pairs >> (8 * byte) & 0xFF);
}

/* "YYYY-MM-DD" at p. */
static inline bool
read_day(const char *p, struct date_memo *memo, int32_t *day)
{
    unsigned place = (unsigned char)p[9] % DATES_KEPT;
    uint64_t text;
    uint16_t digits;
    int y, m, d;

    memcpy(&text, p, sizeof text);
    memcpy(&digits, p + 8, sizeof digits);
    /* A place that holds no date yet is zero, as is a text of NULs. */
    if (memo->seen[place].text == text && memo->seen[place].digits == digits && text != 0) {
        *day = memo->seen[place].day;
        return true;
    }
    if (!read_date(p, &y, &m, &d))
        return false;
    *day = days_from_civil(y, m, d);
    memo->seen[place].text = text;
    memo->seen[place].digits = digits;
    memo->seen[place].day = *day;
    return true;
}

/* What follows "HH:MM:SS" at p: nothing, or a fraction, an offset, or both. */
static inline bool
read_rest(const char *p, const char *end, int *offset, bool *has_offset)
{
    if (p < end && (*p == '.' || *p == ',')) {
        if (++p == end || !is_digit(*p))
            return false;
        while (p < end && is_digit(*p))
            p++;
    }
    *has_offset = p < end;
    return p == end || read_offset(p, end, offset);
}

bool
parse_usual_time(struct span s, struct date_memo *memo, int64_t *utc, bool *has_offset)
{
    const char *p = s.p, *end = s.p + s.n;
    uint64_t clock, zone, bad = 0;
    int offset = 0;
    int32_t day;

    if (s.n < 19 || (p[10] != 'T' && p[10] != ' ') || !read_day(p, memo, &day))
        return false;
    clock = three_pairs(p + 11, "00:00:00", LIMITS(23, 59, 60), &bad);
    *has_offset = true;
    if (s.n == 25 && (p[19] == '+' || p[19] == '-')) {
        zone =
            three_pairs(p + 17, p[19] == '-' ? "00-00:00" : "00+00:00", LIMITS(60, 23, 59), &bad);
        offset = pair(zone, 3) * 3600 + pair(zone, 6) * 60;
        offset = p[19] == '-' ? -offset : offset;
    } else if ((s.n != 20 || p[19] != 'Z') && !read_rest(p + 19, end, &offset, has_offset)) {
        return false;
    }
    *utc = (int64_t)day * DAY_SECONDS + pair(clock, 0) * 3600 + pair(clock, 3) * 60 +
           pair(clock, 6) - offset;
    return (bad & UINT64_C(0x8080808080808080)) == 0;
}
