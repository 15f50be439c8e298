/*
 * timetext.c - how a format writes times.
 */
#include "timetext.h"

#include "digits.h"

/* --- epochs --- */

#define SECONDS_BELOW INT64_C(100000000000)
#define MILLIS_BELOW  (SECONDS_BELOW * 1000)
#define MICROS_BELOW  (MILLIS_BELOW * 1000)

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "1700000000", "1700000000.25", "1700000000250", "1700000000250000". No sign: what counts
 * here happened after 1970. */
static bool
read_epoch(struct span s, int64_t *utc)
{
    uint32_t first = 0;
    int64_t v = 0;
    size_t i = 0;

    if (s.n >= 8 && digits_read(span_of(s.p, 8), &first)) {
        v = first;
        i = 8;
    }
    for (; i < s.n && is_digit(s.p[i]); i++) {
        if (i == 17)
            return false;
        v = v * 10 + (s.p[i] - '0');
    }
    if (i == 0 || v >= MICROS_BELOW)
        return false;
    if (i < s.n) {
        if (s.p[i++] != '.' || i == s.n)
            return false;
        while (i < s.n && is_digit(s.p[i]))
            i++;
        if (i < s.n)
            return false;
    }
    *utc = v < SECONDS_BELOW ? v : v < MILLIS_BELOW ? v / 1000 : v / 1000000;
    return true;
}

bool
timetext_read_auto(struct span s, int64_t *utc, bool *floating)
{
    bool has_offset;

    if (s.n >= 16 && s.p[4] == '-') {
        if (!parse_rfc3339(s, utc, &has_offset))
            return false;
        *floating = !has_offset;
        return true;
    }
    *floating = false;
    return read_epoch(s, utc);
}

/* --- patterns --- */

#define NO_OFFSET INT32_MIN

struct reading {
    const char *p, *end;
    struct civil c;
    bool twelve, pm; /* %I was used; %p said afternoon */
    int32_t offset;  /* seconds east, or NO_OFFSET */
    int64_t epoch;   /* %s, or -1 */
};

static bool
number(struct reading *r, int min_digits, int max_digits, int *out)
{
    int v = 0, n = 0;

    while (n < max_digits && r->p < r->end && is_digit(*r->p)) {
        v = v * 10 + (*r->p++ - '0');
        n++;
    }
    *out = v;
    return n >= min_digits;
}

static bool
literal(struct reading *r, char wanted)
{
    if (r->p == r->end || *r->p != wanted)
        return false;
    r->p++;
    return true;
}

/* One or more blanks. */
static bool
blanks(struct reading *r)
{
    const char *start = r->p;

    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
        r->p++;
    return r->p > start;
}

/* English month names, short or whole, in any case. */
static bool
month_name(struct reading *r)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    size_t left = (size_t)(r->end - r->p);

    for (int m = 0; m < 12; m++) {
        size_t whole = strlen(names[m]), n;

        if (left < 3 || !span_eq_nocase(span_of(r->p, 3), span_of(names[m], 3)))
            continue;
        n = left >= whole && span_eq_nocase(span_of(r->p, whole), span_str(names[m])) ? whole : 3;
        r->p += n;
        r->c.month = m + 1;
        return true;
    }
    return false;
}

static bool
half_day(struct reading *r)
{
    if (r->end - r->p < 2 || (r->p[1] != 'M' && r->p[1] != 'm'))
        return false;
    r->pm = *r->p == 'P' || *r->p == 'p';
    if (!r->pm && *r->p != 'A' && *r->p != 'a')
        return false;
    r->p += 2;
    return true;
}

/* Only those that are of one meaning; CST is Chicago's and Shanghai's, IST India's and Israel's. */
static const struct {
    const char *name;
    int minutes;
} zones[] = {
    {"UTC", 0},     {"GMT", 0},    {"Z", 0},      {"WET", 0},    {"WEST", 60},  {"CET", 60},
    {"MET", 60},    {"CEST", 120}, {"MEST", 120}, {"EET", 120},  {"EEST", 180}, {"MSK", 180},
    {"SAST", 120},  {"JST", 540},  {"KST", 540},  {"SGT", 480},  {"HKT", 480},  {"AWST", 480},
    {"AEST", 600},  {"AEDT", 660}, {"NZST", 720}, {"NZDT", 780}, {"EST", -300}, {"EDT", -240},
    {"CDT", -300},  {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"AKST", -540},
    {"AKDT", -480}, {"HST", -600},
};

bool
timetext_zone(struct span name, int32_t *offset)
{
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (span_eq_nocase(name, span_str(zones[i].name))) {
            *offset = zones[i].minutes * 60;
            return true;
        }
    return false;
}

/* "CEST"; of one that means several the format's own zone is meant. */
static bool
zone_word(struct reading *r)
{
    const char *start = r->p;
    int32_t offset;

    while (r->p < r->end && ((*r->p >= 'A' && *r->p <= 'Z') || (*r->p >= 'a' && *r->p <= 'z')))
        r->p++;
    if (timetext_zone(span_of(start, (size_t)(r->p - start)), &offset))
        r->offset = offset;
    return r->p > start && r->p - start <= 5;
}

/* "Z", "+hh", "+hhmm", "+hh:mm" */
static bool
zone_offset(struct reading *r)
{
    int h, m = 0, sign;

    if (r->p < r->end && (*r->p == 'Z' || *r->p == 'z')) {
        r->p++;
        r->offset = 0;
        return true;
    }
    if (r->p == r->end || (*r->p != '+' && *r->p != '-'))
        return false;
    sign = *r->p++ == '-' ? -1 : 1;
    if (!number(r, 2, 2, &h) || h > 23)
        return false;
    if (r->p < r->end && (*r->p == ':' || is_digit(*r->p))) {
        literal(r, ':');
        if (!number(r, 2, 2, &m) || m > 59)
            return false;
    }
    r->offset = sign * (h * 60 + m) * 60;
    return true;
}

static bool
fraction(struct reading *r)
{
    const char *start = r->p;

    while (r->p < r->end && is_digit(*r->p))
        r->p++;
    return r->p > start;
}

static bool
epoch(struct reading *r)
{
    const char *start = r->p;

    if (!fraction(r) || r->p - start > 11)
        return false;
    return read_epoch(span_of(start, (size_t)(r->p - start)), &r->epoch);
}

static bool
short_year(struct reading *r)
{
    int v;

    if (!number(r, 2, 2, &v))
        return false;
    r->c.year = v + (v < 69 ? 2000 : 1900); /* POSIX strptime */
    return true;
}

static bool
clock_text(struct reading *r)
{
    return number(r, 1, 2, &r->c.hour) && literal(r, ':') && number(r, 2, 2, &r->c.minute) &&
           literal(r, ':') && number(r, 2, 2, &r->c.second);
}

static bool
date_text(struct reading *r)
{
    return number(r, 4, 4, &r->c.year) && literal(r, '-') && number(r, 1, 2, &r->c.month) &&
           literal(r, '-') && number(r, 1, 2, &r->c.day);
}

static bool
directive(struct reading *r, char which)
{
    switch (which) {
    case 'Y':
        return number(r, 4, 4, &r->c.year);
    case 'y':
        return short_year(r);
    case 'm':
        return number(r, 1, 2, &r->c.month);
    case 'b':
        return month_name(r);
    case 'e':
        blanks(r); /* " 5": padded with a blank */
        return number(r, 1, 2, &r->c.day);
    case 'd':
        return number(r, 1, 2, &r->c.day);
    case 'I':
        r->twelve = true;
        return number(r, 1, 2, &r->c.hour) && r->c.hour >= 1 && r->c.hour <= 12;
    case 'H':
        return number(r, 1, 2, &r->c.hour);
    case 'M':
        return number(r, 1, 2, &r->c.minute);
    case 'S':
        return number(r, 1, 2, &r->c.second);
    case 'p':
        return half_day(r);
    case 'f':
        return fraction(r);
    case 'z':
        return zone_offset(r);
    case 'Z':
        return zone_word(r);
    case 's':
        return epoch(r);
    case 'T':
        return clock_text(r);
    case 'F':
        return date_text(r);
    case '%':
        return literal(r, '%');
    }
    return false;
}

static bool
walk(const char *pattern, struct reading *r)
{
    for (const char *f = pattern; *f; f++) {
        bool good;

        if (*f == '%')
            good = directive(r, *++f);
        else if (*f == ' ')
            good = blanks(r) || f[1] == ' ';
        else
            good = literal(r, *f);
        if (!good)
            return false;
    }
    return r->p == r->end;
}

bool
timetext_read_pattern(const char *pattern, struct span s, int64_t *utc, bool *floating)
{
    struct reading r = {.p = s.p, .end = s.p + s.n, .offset = NO_OFFSET, .epoch = -1};

    if (!walk(pattern, &r))
        return false;
    *floating = false;
    if (r.epoch >= 0) {
        *utc = r.epoch;
        return true;
    }
    if (r.twelve)
        r.c.hour = r.c.hour % 12 + (r.pm ? 12 : 0);
    if (r.c.year == 0 && r.c.month == 0 && r.c.day == 0) /* only a clock has none of them */
        r.c.year = 1970, r.c.month = r.c.day = 1;
    if (!civil_valid(&r.c))
        return false;
    *floating = r.offset == NO_OFFSET;
    *utc = utc_from_civil(&r.c) - (*floating ? 0 : r.offset);
    return true;
}

/* --- checking --- */

bool
timetext_is_clock(const char *pattern)
{
    bool hour = false, minute = false;

    for (const char *f = pattern; f && *f; f++) {
        if (*f != '%')
            continue;
        if (*++f == '\0' || strchr("YymbedFszZ", *f))
            return false;
        hour |= *f == 'H' || *f == 'I' || *f == 'T';
        minute |= *f == 'M' || *f == 'T';
    }
    return hour && minute;
}

enum status
timetext_check(const char *pattern, struct error *err)
{
    static const char known[] = "YymbedIHMSpfzZsTF%";
    bool used[128] = {false};

    if (!pattern || strcmp(pattern, "auto") == 0)
        return ST_OK;
    for (const char *f = pattern; *f; f++) {
        if (*f != '%')
            continue;
        f++;
        if (*f == '\0' || !strchr(known, *f))
            return fail(err, ST_BAD_CONFIG,
                        "time_format: \"%%%.1s\" is none of %%Y %%m %%d %%H "
                        "%%M %%S %%b %%e %%y %%z %%Z %%s %%f %%T %%F %%p %%I %%%%",
                        f);
        used[(unsigned char)*f] = true;
    }
    if (used['I'] != used['p'])
        return fail(err, ST_BAD_CONFIG, "time_format: %%I and %%p need each other");
    if (!used['s'] && !used['F'] && !timetext_is_clock(pattern) &&
        !((used['Y'] || used['y']) && (used['m'] || used['b']) && (used['d'] || used['e'])))
        return fail(err, ST_BAD_CONFIG, "time_format: \"%.60s\" gives no year, month and day",
                    pattern);
    return ST_OK;
}
