/*
 * test_staffing_windows.c - weeks of intervals, joined by hand first.
 */
#include "../../daemon/ctl/staffing_windows.h"

#include <math.h>

#include "test.h"

/* Half hours from 0 on with these many scheduled people. */
static size_t
half_hours(struct staffing_interval *at, const int *scheduled, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (struct staffing_interval){
            .start = (int64_t)i * 1800,
            .minutes = 30,
            .agents = scheduled[i] / 2,
            .scheduled = scheduled[i],
            .contacts = 10,
            .handling = i % 2 ? 100 : 200,
            .rostered = NAN,
        };
    return n;
}

TEST(equal_and_nearly_equal_intervals_are_one_window)
{
    struct staffing_interval at[8];
    struct staffing_window w[8];
    size_t n = half_hours(at, (const int[]){2, 2, 10, 10, 11, 10, 2, 2}, 8);

    /* Joining 11 to its neighbours leaves 1.5 idle hours, of which 0.5 and 1 are free. */
    n = staffing_windows(at, n, 8, w);
    CHECK_INT(n, 3);
    CHECK_INT(w[1].start, 3600);
    CHECK_INT(w[1].end, 3 * 3600);
    CHECK_INT(w[1].scheduled, 11);
    CHECK_INT(w[1].agents, 5);
    CHECK(w[1].contacts == 40 && w[1].handling == 150 && w[1].need == 20.5);
    CHECK(isnan(w[1].rostered) && isnan(w[1].missing));
}

TEST(too_many_windows_are_joined_where_it_costs_least)
{
    struct staffing_interval at[6];
    struct staffing_window w[6];
    size_t n = half_hours(at, (const int[]){1, 1, 9, 9, 5, 5}, 6);

    /* 9 and 5: four idle hours; 1 and 9: eight. */
    n = staffing_windows(at, n, 2, w);
    CHECK_INT(n, 2);
    CHECK_INT(w[0].end, 3600);
    CHECK_INT(w[1].scheduled, 9);
    n = half_hours(at, (const int[]){1, 1, 9, 9, 5, 5}, 6);
    CHECK_INT(staffing_windows(at, n, 1, w), 1);
    CHECK_INT(w[0].end, 3 * 3600);
}

TEST(gaps_stay_and_the_roster_is_summed)
{
    struct staffing_interval at[4];
    struct staffing_window w[4];
    size_t n = half_hours(at, (const int[]){4, 4, 4, 4}, 4);

    at[0].rostered = 3;
    at[1].rostered = 6;
    at[2].start = at[3].start = 7200; /* nothing between 1:00 and 2:00 */
    at[3].start += 1800;
    n = staffing_windows(at, n, 1, w);
    CHECK_INT(n, 2);
    CHECK_INT(w[0].end, 3600);
    /* One too few for half an hour; two too many later do not make up for it. */
    CHECK(w[0].missing == 0.5 && w[0].rostered == 3);
    CHECK(isnan(w[1].missing));
    CHECK_INT(staffing_windows(at, 0, 5, w), 0);
    CHECK_INT(staffing_windows(at, 1, 5, w), 1);
}
