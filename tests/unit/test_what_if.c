/*
 * test_what_if.c - scenarios of staffing: by published cases, and by what must not depend on how
 * one asks.
 */
#include "what_if.h"

#include <math.h>

#include "test.h"

/* The worked example of required staff that call centre manuals print: 100 calls of 180 s in half
 * an hour, 80 % in 20 s, 85 % busy at most, 30 % shrinkage: 14 at their desks, 20 rostered. */
static const struct erlang_demand rule = {.interval_s = 1800,
                                          .service_level = 0.8,
                                          .answer_within_s = 20,
                                          .max_occupancy = 0.85,
                                          .shrinkage = 0.3};
static const struct what_if_change none = {.calls_factor = 1, .aht_factor = 1};

TEST(nothing_changed_is_the_plan_as_it_is)
{
    const struct what_if_interval in[] = {{100, 180, NAN}, {0, 180, NAN}};
    struct erlang_plan plans[2];
    struct what_if_totals t;

    what_if_plan(&rule, &none, in, 2, plans, &t);
    CHECK_INT(plans[0].agents, 14);
    CHECK_INT(plans[0].scheduled, 20);
    CHECK_INT(plans[1].agents, 0);
    CHECK_NEAR(t.calls, 100, 1e-12);
    CHECK_NEAR(t.aht_s, 180, 1e-12);
    CHECK_INT(t.peak_agents, 14);
    CHECK_INT(t.peak, 0);
    CHECK_NEAR(t.scheduled_hours, 10, 1e-12);
    CHECK_NEAR(t.service_level, 0.8883500192, 1e-9);
    CHECK(isnan(t.short_hours) && isnan(t.rostered_level));
}

TEST(more_calls_by_share_by_number_and_longer_ones)
{
    const struct what_if_interval half = {50, 180, NAN}, quarter = {100, 45, NAN},
                                  whole = {100, 180, NAN};
    const struct what_if_change twice = {.calls_factor = 2, .aht_factor = 1},
                                fifty_more = {.calls_factor = 1,
                                              .extra_calls = 50,
                                              .aht_factor = 1},
                                four_times_as_long = {.calls_factor = 1, .aht_factor = 4},
                                three_minutes = {.calls_factor = 1, .aht_factor = 1, .aht_s = 180};
    struct what_if_totals want, got;

    what_if_plan(&rule, &none, &whole, 1, NULL, &want);
    what_if_plan(&rule, &twice, &half, 1, NULL, &got);
    CHECK(memcmp(&got, &want, sizeof got) == 0);
    what_if_plan(&rule, &fifty_more, &half, 1, NULL, &got);
    CHECK(memcmp(&got, &want, sizeof got) == 0);
    what_if_plan(&rule, &four_times_as_long, &quarter, 1, NULL, &got);
    CHECK(memcmp(&got, &want, sizeof got) == 0);
    what_if_plan(&rule, &three_minutes, &quarter, 1, NULL, &got);
    CHECK(memcmp(&got, &want, sizeof got) == 0);
}

TEST(what_a_roster_is_worth)
{
    /* 20 on the roster are 14 at their desks, which is what is needed; 16 are 11. */
    const struct what_if_interval enough = {100, 180, 20}, few[] = {{100, 180, 16}, {100, 180, 20}};
    struct what_if_totals t;

    what_if_plan(&rule, &none, &enough, 1, NULL, &t);
    CHECK_NEAR(t.short_hours, 0, 1e-12);
    CHECK_NEAR(t.rostered_level, 0.8883500192, 1e-9);
    what_if_plan(&rule, &none, few, 2, NULL, &t);
    CHECK_NEAR(t.short_hours, 2, 1e-12);
    CHECK_NEAR(t.rostered_level, (0.3896138117 + 0.8883500192) / 2, 1e-9);
}

TEST(long_calls_are_still_there_in_the_next_interval)
{
    /* One busy half hour a day of calls of an hour. */
    struct what_if_interval in[7 * 48];
    struct erlang_plan plans[7 * 48];
    struct what_if_totals t;

    for (int i = 0; i < 7 * 48; i++)
        in[i] = (struct what_if_interval){i % 48 == 20 ? 60 : 0, 3600, NAN};
    what_if_plan(&rule, &none, in, 7 * 48, plans, &t);
    CHECK(plans[20].agents > 0 && plans[21].agents > 0 && plans[22].agents > 0);
    CHECK(plans[21].agents > plans[20].agents); /* most are there when they have all come */
    CHECK(t.peak % 48 == 21);
    CHECK(plans[19].agents <= 1); /* those of yesterday are gone */
}
