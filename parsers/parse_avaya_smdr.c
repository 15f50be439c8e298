/*
 * parse_avaya_smdr.c - call detail records of Avaya Communication Manager: lines of columns by
 * position, as laid out on the switch.
 *
 *   030126 0930 01800             1001                    8600 ...      CR LF, perhaps NULs
 *   09:30 03/01                                                         the switch's date
 *
 * Everything but the dirt around them is said by the format: `columns` is the layout, `join` makes
 * the time of the end, because that is what switches write. Old layouts have no date; what the
 * switch's own date says, the arrival of the line says as well, and with the year.
 */
#include <stdlib.h>

#include "columns.h"
#include "document.h"

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* NULs stand behind lines, and in front of the next where the switch was interrupted. So do blanks:
 * where a line begins with a time, none of them is the layout's. */
static struct span
without_dirt(const struct format *f, struct span s)
{
    bool blanks = fixed_begins_with_time(f);

    while (s.n > 0 && (*s.p == '\0' || (*s.p == ' ' && blanks)))
        s = span_of(s.p + 1, s.n - 1);
    while (s.n > 0 && (s.p[s.n - 1] == '\0' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
        s.n--;
    return s;
}

/* "09:30 03/01", "0930 0301", in either order of day and month: sent when the switch connects, and
 * at midnight. No layout makes a call's line so short. */
static bool
is_date(struct span s)
{
    static const char *const shapes[] = {"dd:dd dd/dd", "dddd dddd",   "dddd dd/dd",
                                         "dddddddd",    "dd:dd dd:dd", NULL};

    s = span_trim(s);
    for (size_t k = 0; shapes[k]; k++) {
        size_t i = 0;

        if (strlen(shapes[k]) != s.n)
            continue;
        while (i < s.n && (shapes[k][i] == 'd' ? is_digit(s.p[i]) : s.p[i] == shapes[k][i]))
            i++;
        if (i == s.n)
            return true;
    }
    return false;
}

static bool
has_tenths(const struct format *f)
{
    const char *const *units = format_options(f)->units;

    while (units && *units && strcmp(*units, "duration=tenths") != 0)
        units++;
    return units && *units;
}

/* "1305", an hour, thirty minutes and five tenths of one, are 905 tenths. */
static void
count_tenths(struct document *d, struct fields *r)
{
    struct span s = r->v[FIELD_DURATION];
    unsigned tenths;

    if (!(r->has & FIELD_BIT(FIELD_DURATION)) || s.n != 4 || !is_digit(s.p[0]) ||
        !is_digit(s.p[1]) || !is_digit(s.p[2]) || !is_digit(s.p[3]))
        return;
    tenths = (unsigned)(s.p[0] - '0') * 600 + (unsigned)(s.p[1] - '0') * 100 +
             (unsigned)(s.p[2] - '0') * 10 + (unsigned)(s.p[3] - '0');
    r->v[FIELD_DURATION] = document_text(d, "%u", tenths);
}

static enum status
smdr_read(struct document *d, struct span frame, struct error *err)
{
    struct span line = without_dirt(d->format, frame);
    struct fields *r;
    enum status st;

    if (span_trim(line).n == 0)
        return ST_SKIP;
    if (memchr(line.p, '\0', line.n))
        return fail(err, ST_BAD_INPUT, "line: NUL byte");
    if (is_date(line)) {
        document_ignore(d, "date of the switch");
        return ST_OK;
    }
    r = document_record(d);
    st = fixed_take(d->format, line, r, err);
    if (st == ST_OK && has_tenths(d->format))
        count_tenths(d, r);
    return st;
}

static const struct document_ops smdr = {.frame = frame_line, .read = smdr_read};

const struct parser_ops parser_avaya_smdr = DOCUMENT_PARSER(
    "avaya-smdr", "Avaya Communication Manager, columns by position", &smdr, fixed_prepare, free);
