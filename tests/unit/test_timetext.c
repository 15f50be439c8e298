/*
 * test_timetext.c - times in other forms than the default one.
 */
#include "../../parsers/timetext.h"
#include "parsing.h"

#define START_UTC 1772355600

/* Expected moments by `date -u -d`. */
static const struct {
    const char *pattern, *text;
    int64_t utc; /* -1: refused */
} patterns[] = {
    {"%Y-%m-%d %H:%M:%S", "2026-03-01 09:00:00", START_UTC},
    {"%Y-%m-%d %H:%M:%S", "2026-3-1 9:00:00", START_UTC},
    {"%Y-%m-%d %H:%M:%S", "2026-03-01 09:00", -1},
    {"%Y-%m-%d %H:%M:%S", "2026-03-01 09:00:00 ", -1},
    {"%Y-%m-%d %H:%M:%S", "2026-03-01 09:00:00x", -1},
    {"%Y-%m-%d %H:%M:%S", "2026-02-29 09:00:00", -1},
    {"%Y-%m-%d %H:%M:%S", "2026-03-01 25:00:00", -1},
    {"%F %T", "2026-03-01 09:00:00", START_UTC},
    {"%FT%T%z", "2026-03-01T10:00:00+01:00", START_UTC},
    {"%FT%T%z", "2026-03-01T10:00:00+0100", START_UTC},
    {"%FT%T%z", "2026-03-01T10:00:00+01", START_UTC},
    {"%FT%T%z", "2026-03-01T09:00:00Z", START_UTC},
    {"%FT%T%z", "2026-03-01T09:00:00", -1},
    {"%F %T.%f", "2026-03-01 09:00:00.1234567", START_UTC},
    {"%F %T.%f", "2026-03-01 09:00:00.", -1},
    {"%d/%m/%y %I:%M:%S %p", "01/03/26 09:00:00 AM", START_UTC},
    {"%d/%m/%y %I:%M:%S %p", "01/03/26 12:00:00 am", START_UTC - 9 * 3600},
    {"%d/%m/%y %I:%M:%S%p", "28/02/26 12:00:00PM", START_UTC - 21 * 3600},
    {"%d/%m/%y %I:%M %p", "01/03/26 13:00 PM", -1},
    {"%d/%m/%y %I:%M %p", "01/03/26 09:00 XM", -1},
    {"%b %e %Y %H:%M:%S", "Mar  1 2026 09:00:00", START_UTC},
    {"%b %e %Y %H:%M:%S", "march 1 2026 09:00:00", START_UTC},
    {"%e %b %Y %H:%M:%S", " 1 MAR 2026 09:00:00", START_UTC},
    {"%e %b %Y %H:%M:%S", "1 Mrz 2026 09:00:00", -1},
    {"%d.%m.%y", "02.01.70", 86400},
    {"%s", "1772355600", START_UTC},
    {"%s.%f", "1772355600.5", START_UTC},
    {"%s", "-1", -1},
    {"%%%F", "%2026-03-01", START_UTC - 9 * 3600},
    {"%%%F", "2026-03-01", -1},
    {"%T.%f %Z %b %e %Y", "10:00:00.250 CET Mar 01 2026", START_UTC},
    {"%T %Z %b %e %Y", "04:00:00 EST MAR 1 2026", START_UTC},
    {"%F %T %Z", "2026-03-01 09:00:00 utc", START_UTC},
    {"%F %T %Z", "2026-03-01 09:00:00 IST", START_UTC}, /* of several meanings: floating */
    {"%F %T %Z", "2026-03-01 09:00:00 ", -1},
    {"%F %T %Z", "2026-03-01 09:00:00 +01", -1},
    {"%F %T %Z", "2026-03-01 09:00:00 Berlin", -1},
    {"%H%M", "0900", 9 * 3600},
    {"%H%M", "900", -1},
    {"%T", "23:59:59", 86399},
    {"%I:%M %p", "12:05 am", 300},
    {"%H%M", "2400", -1},
};

TEST(times_by_patterns)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct span text = at_the_edge(span_str(patterns[i].text));
        int64_t utc = -1;
        bool floating;

        CHECK_INT(timetext_check(patterns[i].pattern, NULL), ST_OK);
        if (!timetext_read(patterns[i].pattern, NULL, text, &utc, &floating))
            utc = -1;
        if (utc != patterns[i].utc)
            test_fail(__FILE__, __LINE__, "%s by %s: %lld", patterns[i].text, patterns[i].pattern,
                      (long long)utc);
    }
}

TEST(only_a_time_without_an_offset_is_floating)
{
    int64_t utc;
    bool floating = false;

    CHECK(timetext_read("%F %T", NULL, SPAN("2026-03-01 09:00:00"), &utc, &floating) && floating);
    CHECK(timetext_read("%F %T %z", NULL, SPAN("2026-03-01 09:00:00 +0200"), &utc, &floating));
    CHECK(!floating);
    CHECK(timetext_read("%F %T %Z", NULL, SPAN("2026-03-01 09:00:00 IST"), &utc, &floating));
    CHECK(floating);
    CHECK(timetext_read("%F %T %Z", NULL, SPAN("2026-03-01 09:00:00 CEST"), &utc, &floating));
    CHECK(!floating);
    CHECK(timetext_read("%H%M", NULL, SPAN("0900"), &utc, &floating) && floating);
    CHECK(timetext_read("%s", NULL, SPAN("1772355600"), &utc, &floating) && !floating);
    CHECK(timetext_read(NULL, NULL, SPAN("1772355600"), &utc, &floating) && !floating);
    CHECK(timetext_read(NULL, NULL, SPAN("2026-03-01T09:00:00Z"), &utc, &floating) && !floating);
    CHECK(timetext_read(NULL, NULL, SPAN("2026-03-01T09:00:00"), &utc, &floating) && floating);
}

TEST(a_pattern_without_a_day_is_one_of_a_clock_or_a_mistake)
{
    static const char *const mistakes[] = {"%H", "%M", "%H%M%z", "%H%M %Z", "%H%M %m", "%m %d %T"};

    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        CHECK_INT(timetext_check(mistakes[i], NULL), ST_BAD_CONFIG);
    CHECK(timetext_is_clock("%H%M") && timetext_is_clock("%T") && timetext_is_clock("%I.%M %p"));
    CHECK(!timetext_is_clock("%F %T") && !timetext_is_clock("%s") && !timetext_is_clock(NULL));
}
