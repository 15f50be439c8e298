/*
 * test_civil.c - the calendar against the C library's, and against cases worked by hand.
 */
#include <time.h>

#include "civil.h"
#include "test.h"

TEST(days_and_dates_agree_with_timegm_for_every_day_of_the_years_1_to_9999)
{
    int32_t day;

    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 1};
            int64_t want = (int64_t)timegm(&tm);
            int y, m, d;

            CHECK_INT((int64_t)days_from_civil(year, month, 1) * DAY_SECONDS, want);
            CHECK_INT(weekday_from_days(days_from_civil(year, month, 1)), (tm.tm_wday + 6) % 7);
            civil_from_days(days_from_civil(year, month, 1), &y, &m, &d);
            CHECK_INT(y, year);
            CHECK_INT(m, month);
            CHECK_INT(d, 1);
        }
    for (day = days_from_civil(1, 1, 1); day < days_from_civil(9999, 12, 31); day++) {
        int y, m, d;

        civil_from_days(day, &y, &m, &d);
        CHECK_INT(days_from_civil(y, m, d), day);
    }
}

TEST(moments_split_like_gmtime_also_before_1970)
{
    static const int64_t moments[] = {
        0,         -1,        1,         86399,        86400,        -86400,
        -86401,    951782400, 951868799, 253402300799, -62135596800, 1709164800,
        4107542399};

    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        time_t t = (time_t)moments[i];
        struct tm tm;
        struct civil c = civil_from_utc(moments[i]);

        gmtime_r(&t, &tm);
        CHECK_INT(c.year, tm.tm_year + 1900);
        CHECK_INT(c.month, tm.tm_mon + 1);
        CHECK_INT(c.day, tm.tm_mday);
        CHECK_INT(c.hour * 3600 + c.minute * 60 + c.second,
                  tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
        CHECK_INT(utc_from_civil(&c), moments[i]);
    }
}

TEST(dates_that_are_none_are_refused)
{
    static const struct civil bad[] = {
        {2026, 2, 29, 0, 0, 0}, {1900, 2, 29, 0, 0, 0}, {2026, 13, 1, 0, 0, 0},
        {2026, 0, 1, 0, 0, 0},  {2026, 4, 31, 0, 0, 0}, {0, 1, 1, 0, 0, 0},
        {2026, 1, 0, 0, 0, 0},  {2026, 1, 1, 24, 0, 0}, {2026, 1, 1, 0, 60, 0},
        {2026, 1, 1, 0, 0, 61}, {10000, 1, 1, 0, 0, 0},
    };
    static const struct civil good[] = {
        {2024, 2, 29, 0, 0, 0},
        {2000, 2, 29, 23, 59, 60},
        {1, 1, 1, 0, 0, 0},
        {9999, 12, 31, 23, 59, 59},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!civil_valid(&bad[i]));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(civil_valid(&good[i]));
}

TEST(days_of_the_week_are_read_by_name)
{
    unsigned days = 99;

    CHECK(weekdays_read("sat sun", &days));
    CHECK_INT(days, 1 << 5 | 1 << 6);
    CHECK(weekdays_read(" Friday,SATURDAY , fri", &days));
    CHECK_INT(days, 1 << 4 | 1 << 5);
    CHECK(weekdays_read("mon tue wed thu fri sat sun", &days));
    CHECK_INT(days, 127);
    CHECK(weekdays_read("", &days));
    CHECK_INT(days, 0);
    CHECK(!weekdays_read("sat sunn", &days));
    CHECK(!weekdays_read("s", &days));
    CHECK(!weekdays_read("sat;sun", &days));
    CHECK(!weekdays_read("6 7", &days));
}

TEST(moments_are_written_in_their_four_forms)
{
    char text[CIVIL_TEXT];

    CHECK_STR(format_utc(text, 0), "1970-01-01T00:00:00Z");
    CHECK_STR(format_utc(text, 1795311000), "2026-11-22T01:30:00Z");
    CHECK_STR(format_utc(text, -1), "1969-12-31T23:59:59Z");
    CHECK_STR(format_day(text, 20779), "2026-11-22");
    CHECK_STR(format_day_compact(text, 20779), "20261122");
    CHECK_STR(format_month_compact(text, 20779), "202611");
}

TEST(parse_day_takes_a_day_and_nothing_else)
{
    static const char *const bad[] = {"",           "2026-11-2",   "2026-11-22 ", "2026/11/22",
                                      "2026-02-29", "20261122",    "-026-11-22",  "2026-1a-22",
                                      "0000-01-01", "2026-11-221", "+026-11-22"};
    int32_t day;

    CHECK(parse_day(SPAN("2026-11-22"), &day));
    CHECK_INT(day, 20779);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!parse_day(span_str(bad[i]), &day));
}

/* The first four are the examples of RFC 3339 section 5.8; their moments by `date -u -d`. */
static const struct {
    const char *text;
    int64_t utc;
    bool offset;
} times[] = {
    {"1985-04-12T23:20:50.52Z", 482196050, true},
    {"1996-12-19T16:39:57-08:00", 851042397, true},
    {"1990-12-31T23:59:60Z", 662688000, true},
    {"1937-01-01T12:00:27.87+00:20", -1041337173, true},
    {"2026-11-22T01:30:00z", 1795311000, true},
    {"2026-11-22t01:30:00Z", 1795311000, true},
    {"2026-11-22 01:30:00+0130", 1795305600, true},
    {"2026-11-22 01:30:00+01", 1795307400, true},
    {"2026-11-22 01:30Z", 1795311000, true},
    {"2026-11-22T01:30:00", 1795311000, false},
    {"2026-11-22T01:30", 1795311000, false},
    {"2026-11-22T01:30:00.9999999", 1795311000, false},
    {"2026-11-22T01:30:00,5", 1795311000, false},
};

TEST(rfc3339_times_and_their_liberties)
{
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t utc = 0;
        bool offset = false;

        CHECK(parse_rfc3339(span_str(times[i].text), &utc, &offset));
        CHECK_INT(utc, times[i].utc);
        CHECK_INT(offset, times[i].offset);
    }
}

TEST(what_is_no_rfc3339_time_is_refused)
{
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T",
        "2026-11-22T1:30:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T01:60:00Z",
        "2026-11-22T01:30:61Z",
        "2026-11-22T01:30:00.Z",
        "2026-11-22T01:30:00 Z",
        "2026-11-22T01:30:00+1:00",
        "2026-11-22T01:30:00+24:00",
        "2026-11-22T01:30:00+01:60",
        "2026-11-22T01:30:00+01-00",
        "2026-11-22T01:30:00Zz",
        "2026-02-30T01:30:00Z",
        "2026-11-22T01:30:0Z",
        "2026-11-22T01:30:",
        "2026-11-22_01:30:00Z",
        "20261122T013000Z",
        "1795311000",
    };
    int64_t utc;
    bool offset;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_rfc3339(span_str(bad[i]), &utc, &offset))
            test_fail(__FILE__, __LINE__, "took %s", bad[i]);
}

/* Cut-off input: a prefix is refused or is a time by itself, and no byte behind it is read. */
TEST(every_prefix_of_a_time_is_looked_at_alone)
{
    static const char text[] = "1996-12-19T16:39:57.25-08:00";

    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = malloc(n ? n : 1);
        int64_t utc;
        bool offset, good;

        memcpy(copy, text, n);
        good = parse_rfc3339(span_of(copy, n), &utc, &offset);
        /* 16 minutes, 19 seconds, 21 and 22 fraction, 25 +hh, 28 whole */
        CHECK_INT(good, n == 16 || n == 19 || n == 21 || n == 22 || n == 25 || n == 28);
        free(copy);
    }
}

/* Nothing has been remembered yet: what stands for that is zero, too. */
TEST(a_date_of_nuls_is_none_before_any_other_was_read)
{
    static const char text[] = "\0\0\0\0\0\0\0\0\0\0T00:01:00";
    struct date_memo memo = {0};
    bool offset;
    int64_t utc;

    CHECK(!parse_rfc3339(span_of(text, sizeof text - 1), &utc, &offset));
    CHECK(!parse_usual_time(span_of(text, sizeof text - 1), &memo, &utc, &offset));
}
