/*
 * test_rhythm.c - what is usual for a feed: nights, weekends, daily files, dead lines.
 */
#include "rhythm.h"
#include "test.h"

#define WEEK 672

static uint8_t hours[9 * WEEK];
static uint32_t counts[9 * WEEK];
static bool gaps[9 * WEEK];

/* Quarter 0 is Monday 0:00. */
static void
name_hours(void)
{
    for (int i = 0; i < 9 * WEEK; i++)
        hours[i] = (uint8_t)(i / 4 % 168);
}

static bool
is_office(int quarter)
{
    int day = quarter / 96 % 7, hour = quarter % 96 / 4;

    return day < 5 && hour >= 8 && hour < 18;
}

static void
make_office(int weeks)
{
    name_hours();
    for (int i = 0; i < weeks * WEEK; i++)
        counts[i] = is_office(i) ? 20 + (uint32_t)(i * 7919 % 11) : 0;
}

static struct rhythm
learn(int from, int to)
{
    struct rhythm_series s = {counts + from, hours + from, (size_t)(to - from)};
    struct rhythm r;

    rhythm_learn(&s, &r, gaps + from);
    return r;
}

static struct silence
silent(const struct rhythm *r, int from, int quarters)
{
    struct silence s;

    rhythm_judge(r, hours + from, (size_t)quarters, &s);
    return s;
}

#define MONDAY_8  32
#define FRIDAY_18 (4 * 96 + 72)

TEST(a_quiet_feed_is_not_a_dead_one)
{
    struct rhythm r;

    make_office(9);
    r = learn(MONDAY_8, 7 * WEEK + FRIDAY_18); /* ends on a Friday evening */
    for (int n = 1; n <= 62 * 4; n++)          /* until Monday 8:00 */
        if (silent(&r, FRIDAY_18, n).unusual)
            test_fail(__FILE__, __LINE__, "the weekend is unusual after %d quarters", n);
    /* Monday morning nobody calls: an hour is enough to know. */
    CHECK(!silent(&r, FRIDAY_18, 62 * 4 + 1).unusual);
    CHECK(silent(&r, FRIDAY_18, 62 * 4 + 4).unusual);
    /* Tuesday at ten: there never was a silence. */
    CHECK(!silent(&r, 96 + 40, 1).unusual);
    CHECK(silent(&r, 96 + 40, 4).unusual);
    CHECK_INT(silent(&r, 96 + 40, 4).longest, 0);
    CHECK_NEAR(silent(&r, 96 + 40, 4).missed, 100, 0.1);
}

TEST(little_past_makes_little_unusual)
{
    struct rhythm r;

    make_office(1);
    r = learn(MONDAY_8, MONDAY_8 + 12); /* three hours are known */
    for (int n = 1; n < WEEK - 12; n++) /* until the same hours come again */
        if (silent(&r, MONDAY_8 + 12, n).unusual)
            test_fail(__FILE__, __LINE__, "unusual after %d quarters", n);
    r = learn(MONDAY_8, FRIDAY_18 - 8); /* one week: Monday's silence is known, but for the past */
    CHECK(!silent(&r, MONDAY_8, 3).unusual);
    CHECK(silent(&r, MONDAY_8, 12).unusual);
}

TEST(a_daily_file_that_is_missing_is_noticed_half_a_day_later)
{
    struct rhythm r;
    int last = 6 * WEEK + 8; /* Monday 2:00 */

    name_hours();
    memset(counts, 0, sizeof counts);
    for (int i = 8; i <= last; i += 96)
        counts[i] = 5000;
    r = learn(8, last + 1);
    CHECK(!silent(&r, last + 1, 95).unusual);
    CHECK(!silent(&r, last + 1, 96 + 12).unusual); /* three hours late: files are, sometimes */
    CHECK(silent(&r, last + 1, 96 + 48).unusual);
}

TEST(gaps_of_the_past_are_found_and_do_not_teach)
{
    struct rhythm r;
    int from = 4 * WEEK + 96 + 40, to = from + 8; /* Tuesday 10:00 to 12:00 of the fifth week */
    size_t marked = 0;

    make_office(9);
    memset(counts + from, 0, 8 * sizeof *counts);
    r = learn(MONDAY_8, 8 * WEEK + FRIDAY_18);
    for (int i = MONDAY_8; i < 8 * WEEK + FRIDAY_18; i++)
        marked += gaps[i];
    CHECK_INT(marked, 8);
    CHECK(gaps[from] && gaps[to - 1] && !gaps[to]);
    CHECK_INT(silent(&r, from, 4).longest, 0);
    CHECK(silent(&r, from, 4).unusual);
    CHECK_NEAR(r.usual[24 + 10], 25, 4);
}

/* A feed of few records has long silences by chance: of 200 such feeds, over the week behind nine
 * weeks of learning, almost none may seem dead. */
TEST(few_records_are_no_gaps)
{
    uint64_t dice = 1;
    int alarms = 0;

    name_hours();
    for (int feed = 0; feed < 200; feed++) {
        struct rhythm r;
        int run = 0;
        bool alarm = false;

        for (int i = 0; i < 9 * WEEK; i++) {
            dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            counts[i] = (dice >> 33) % 1000 < 100; /* one in ten quarters */
        }
        counts[0] = 1;
        r = learn(0, 8 * WEEK);
        for (int i = 8 * WEEK; i < 9 * WEEK; i++) {
            run = counts[i] ? 0 : run + 1;
            alarm |= run > 0 && silent(&r, i - run + 1, run).unusual;
        }
        alarms += alarm;
    }
    CHECK(alarms <= 3);
}

TEST(lateness_is_a_share_of_what_comes)
{
    static uint64_t late[RHYTHM_LATE];
    static double cdf[RHYTHM_LATE];

    rhythm_lateness(late, cdf); /* nothing known: all at once */
    CHECK_NEAR(rhythm_arrived(cdf, 1), 1, 1e-12);
    late[0] = 50;
    late[1] = 30;
    late[96] = 20; /* a fifth a day later */
    rhythm_lateness(late, cdf);
    CHECK_NEAR(rhythm_arrived(cdf, 0), 0, 1e-12);
    CHECK_NEAR(rhythm_arrived(cdf, 0.5), 0.25, 1e-12);
    CHECK_NEAR(rhythm_arrived(cdf, 1), 0.5, 1e-12);
    CHECK_NEAR(rhythm_arrived(cdf, 2), 0.8, 1e-12);
    CHECK_NEAR(rhythm_arrived(cdf, 96), 0.8, 1e-12);
    CHECK_NEAR(rhythm_arrived(cdf, 97), 1, 1e-12);
    CHECK_NEAR(rhythm_arrived(cdf, -3), 0, 1e-12);
    CHECK_NEAR(rhythm_arrived(cdf, 1e9), 1, 1e-12);
}
