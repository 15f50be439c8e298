/*
 * units.c - lengths of time that are not written in seconds.
 */
#include "format_tables.h"

static const char *const unit_names[] = {
    [UNIT_SECONDS] = "seconds", [UNIT_MILLISECONDS] = "milliseconds",
    [UNIT_MINUTES] = "minutes", [UNIT_TENTHS] = "tenths",
    [UNIT_CLOCK] = "clock",     [UNIT_ISO] = "iso",
};
#define UNITS (sizeof unit_names / sizeof unit_names[0])

enum status
format_compile_units(struct format *f, struct error *err)
{
    for (size_t i = 0; i < format_list_count(f->opt.units); i++) {
        struct span name;
        enum field field;
        unsigned unit = 0;
        enum status st = format_split_field("units", f->opt.units[i], &field, &name, err);

        if (st != ST_OK)
            return st;
        if (field != FIELD_DURATION && field != FIELD_WAIT && field != FIELD_HANDLE)
            return fail(err, ST_BAD_CONFIG, "units: %s is no length of time", field_name(field));
        while (unit < UNITS && !span_is(name, unit_names[unit]))
            unit++;
        if (unit == UNITS)
            return fail(err, ST_BAD_CONFIG,
                        "units: \"%.40s\": expected seconds, milliseconds, minutes, tenths, clock "
                        "or iso",
                        f->opt.units[i]);
        f->unit[field] = (uint8_t)unit;
        f->has_units |= unit != UNIT_SECONDS;
    }
    return ST_OK;
}

/* Thousandths, so that sums of parts keep their fractions to the end; none is beyond this. */
#define MOST (UINT64_C(1) << 50)

/* "12", "12.5" of so many thousandths each, off the front of *s. */
static bool
take_number(struct span *s, uint64_t each, uint64_t *out)
{
    uint64_t v = 0, part = each;
    size_t i = 0;

    for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++)
        v = v < MOST ? v * 10 + (uint64_t)(s->p[i] - '0') : MOST;
    if (i == 0)
        return false;
    v = v < MOST / each ? v * each : MOST;
    if (i + 1 < s->n && (s->p[i] == '.' || s->p[i] == ',') && s->p[i + 1] >= '0' &&
        s->p[i + 1] <= '9')
        for (i++; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
            part /= 10;
            v += part * (uint64_t)(s->p[i] - '0');
        }
    *out = v;
    s->p += i;
    s->n -= i;
    return true;
}

static bool
read_number(struct span s, uint64_t each, uint64_t *out)
{
    return take_number(&s, each, out) && s.n == 0;
}

/* "1:02:03", "62:03", "3", each with a fraction at the end. */
static bool
read_clock(struct span s, uint64_t *out)
{
    uint64_t v, sum = 0;

    for (int places = 1; take_number(&s, 1000, &v); places++) {
        if (places > 1 && v >= 60000)
            return false;
        sum = sum < MOST ? sum * 60 + v : MOST;
        if (s.n == 0) {
            *out = sum;
            return true;
        }
        if (*s.p != ':' || v % 1000 || places == 3)
            return false;
        s = span_of(s.p + 1, s.n - 1);
    }
    return false;
}

/* ISO 8601 without years and months, whose lengths differ: "P1DT2H3M4.5S". */
static bool
read_iso(struct span s, uint64_t *out)
{
    static const struct {
        char letter;
        bool clock;
        uint64_t thousandths;
    } parts[] = {
        {'D', false, 86400000}, {'H', true, 3600000}, {'M', true, 60000}, {'S', true, 1000}};
    size_t next = 0;
    bool clock = false, some = false;

    if (s.n < 3 || *s.p != 'P')
        return false;
    s = span_of(s.p + 1, s.n - 1);
    for (*out = 0; s.n > 0; some = true) {
        struct span number;
        uint64_t v;

        if (!clock && *s.p == 'T') {
            clock = true;
            s = span_of(s.p + 1, s.n - 1);
        }
        number = s;
        if (!take_number(&s, 1, &v) || s.n == 0)
            return false;
        number.n = (size_t)(s.p - number.p);
        while (next < 4 && (parts[next].letter != *s.p || parts[next].clock != clock))
            next++;
        if (next == 4 || !read_number(number, parts[next++].thousandths, &v))
            return false;
        *out = *out < MOST ? *out + v : MOST;
        s = span_of(s.p + 1, s.n - 1);
    }
    return some;
}

bool
unit_read(enum unit unit, struct span s, uint32_t *seconds)
{
    static const uint64_t each[] = {[UNIT_SECONDS] = 1000,
                                    [UNIT_MILLISECONDS] = 1,
                                    [UNIT_MINUTES] = 60000,
                                    [UNIT_TENTHS] = 6000};
    uint64_t v;

    if (unit == UNIT_CLOCK ? !read_clock(s, &v)
        : unit == UNIT_ISO ? !read_iso(s, &v)
                           : !read_number(s, each[unit], &v))
        return false;
    v /= 1000;
    *seconds = v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
    return true;
}
