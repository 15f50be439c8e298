/*
 * test_usual_days.c - what all customers do together is known as such.
 */
#include "usual_days.h"

#include "test.h"

#define DAYS      35
#define CUSTOMERS 2000

static int64_t counts[CUSTOMERS][DAYS];
static struct usual_customer customers[CUSTOMERS];
static bool known[DAYS];
static double out[2 * DAYS];

/* Group 0 works on five days of the week, group 1 on the other two. */
static void
populate(void)
{
    for (size_t d = 0; d < DAYS; d++)
        known[d] = true;
    for (size_t i = 0; i < CUSTOMERS; i++) {
        customers[i] = (struct usual_customer){counts[i], i % 4 == 3};
        for (size_t d = 0; d < DAYS; d++)
            counts[i][d] = (d % 7 >= 5) == (int)customers[i].group ? 4 : 0;
    }
}

TEST(each_group_has_its_week)
{
    struct usual_days u = {DAYS, 2, 0, known, NULL};

    populate();
    usual_days(&u, customers, CUSTOMERS, out);
    CHECK_NEAR(out[0], 7.0 / 5, 0.01);
    CHECK(out[5] < 0.05);
    CHECK(out[DAYS] < 0.05);
    CHECK_NEAR(out[DAYS + 6], 7.0 / 2, 0.05);
}

TEST(a_holiday_of_all_is_a_small_day)
{
    struct usual_days u = {DAYS, 2, 0, known, NULL};

    populate();
    for (size_t i = 0; i < CUSTOMERS; i++)
        counts[i][29] /= 4;
    usual_days(&u, customers, CUSTOMERS, out);
    CHECK_NEAR(out[29] / out[22], 0.25, 0.02);
}

TEST(one_large_customers_change_is_its_own)
{
    struct usual_days u = {DAYS, 2, 0, known, NULL};

    populate();
    for (size_t d = 28; d < DAYS; d++)
        counts[0][d] *= 1000; /* twice as much as all the others together */
    usual_days(&u, customers, CUSTOMERS, out);
    CHECK_NEAR(out[29] / out[22], 1, 0.01);
}

TEST(a_season_of_most_is_nobodys_own)
{
    struct usual_days u = {DAYS, 2, 0, known, NULL};

    populate();
    for (size_t i = 0; i < CUSTOMERS; i++)
        for (size_t d = 28; d < DAYS; d++)
            counts[i][d] = i % 5 == 1 ? counts[i][d] * 20 : counts[i][d] / 2;
    usual_days(&u, customers, CUSTOMERS, out);
    CHECK_NEAR(out[29] / out[22], 0.5, 0.02); /* every fifth has risen; it does not count */
}

TEST(of_few_customers_only_the_calendar_is_believed)
{
    double calendar[DAYS];
    struct usual_days u = {DAYS, 2, 0, known, NULL};

    populate();
    for (size_t d = 0; d < DAYS; d++)
        calendar[d] = d == 29 ? 0.1 : 1;
    for (size_t i = 0; i < 3; i++)
        counts[i][29] = 0;
    usual_days(&u, customers, 3, out);
    CHECK(out[29] / out[22] > 0.9);
    u.calendar = calendar;
    usual_days(&u, customers, 3, out);
    CHECK(out[29] / out[22] < 0.12);
}

TEST(a_day_without_input_says_nothing)
{
    struct usual_days u = {DAYS, 2, 0, known, NULL};

    populate();
    known[29] = false;
    for (size_t i = 0; i < CUSTOMERS; i++)
        counts[i][29] = 0;
    usual_days(&u, customers, CUSTOMERS, out);
    CHECK_NEAR(out[29] / out[22], 1, 0.01);
    usual_days(&u, customers, 0, out);
    for (size_t d = 0; d < 2 * DAYS; d++)
        CHECK(isfinite(out[d]) && out[d] > 0);
}
