/*
 * test_erlang.c - Erlang's formulas against 50-digit tables and published examples.
 */
#include "erlang.h"

#include "reference.h"

TEST(erlang_b_agrees_with_the_closed_form)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/erlang_b.csv"));
    while (reference_next(&r)) {
        double got = erlang_b(N("offered_erlangs"), (unsigned)N("servers"));

        CHECK(fabs(got - N("blocking_prob")) <= 1e-12 * N("blocking_prob"));
    }
    CHECK(r.rows >= 25);
}

TEST(erlang_b_survives_absurd_arguments)
{
    CHECK_NEAR(erlang_b(1e12, 10), 1, 1e-9);
    CHECK(erlang_b(1e-6, 100000) == 0);
    CHECK(erlang_b(-1, 3) == 0);
    CHECK(erlang_b(NAN, 3) == 0);
    CHECK(erlang_b(NAN, 0) == 1);
}

TEST(erlang_b_capacity_agrees_with_published_trunk_tables)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/erlang_b_inverse.csv"));
    while (reference_next(&r))
        CHECK_NEAR(erlang_b_capacity(N("blocking_prob"), (unsigned)N("servers")),
                   N("max_offered_erlangs"), 1e-9);
    CHECK(r.rows >= 9);
}

TEST(erlang_c_agrees_with_the_reference_in_every_row)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/erlang_c.csv"));
    while (reference_next(&r)) {
        struct erlang_queue q =
            erlang_c(N("calls"), N("interval_s"), N("aht_s"), (unsigned)N("agents"), N("target_s"));

        CHECK_NEAR(q.offered, N("offered_erlangs"), 1e-11);
        CHECK_NEAR(q.occupancy, N("occupancy"), 1e-11);
        CHECK_NEAR(erlang_b(q.offered, (unsigned)N("agents")), N("erlang_b"), 1e-11);
        CHECK_NEAR(q.prob_wait, N("prob_wait"), 1e-11);
        CHECK_NEAR(q.service_level, N("service_level"), 1e-11);
        CHECK(q.overload == isinf(N("asa_s")));
        if (q.overload) {
            CHECK(isinf(q.asa_s) && q.asa_s > 0);
            CHECK(isinf(q.queue));
        } else {
            CHECK_NEAR(q.asa_s, N("asa_s"), 1e-11);
            CHECK_NEAR(q.queue, N("mean_queue_len"), 1e-11);
        }
    }
    CHECK(r.rows >= 30);
}

TEST(required_agents_agree_with_the_reference_in_every_row)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/required_agents_erlang_c.csv"));
    while (reference_next(&r)) {
        struct erlang_demand d = {.calls = N("calls"),
                                  .interval_s = N("interval_s"),
                                  .aht_s = N("aht_s"),
                                  .service_level = N("sl_target"),
                                  .answer_within_s = N("target_s"),
                                  .max_occupancy = N("max_occupancy"),
                                  .shrinkage = N("shrinkage")};
        struct erlang_plan p = erlang_required(&d);

        CHECK_INT(p.agents, N("agents_raw"));
        CHECK_INT(p.scheduled, N("agents_scheduled"));
        CHECK_NEAR(p.queue.offered, N("offered_erlangs"), 1e-9);
        CHECK_NEAR(p.queue.service_level, N("service_level"), 1e-9);
        CHECK_NEAR(p.queue.occupancy, N("occupancy"), 1e-9);
        CHECK_NEAR(p.queue.prob_wait, N("prob_wait"), 1e-9);
        CHECK_NEAR(p.queue.asa_s, N("asa_s"), 1e-9);
        CHECK(!p.capped);
    }
    CHECK(r.rows >= 30);
}

TEST(required_agents_start_at_the_fewest_that_can_work)
{
    /* A low target and a load of 2.6: three suffice, a start at round(A + 1) would say four. */
    struct erlang_demand d = {.calls = 78,
                              .interval_s = 1800,
                              .aht_s = 60,
                              .service_level = 0.1,
                              .answer_within_s = 20,
                              .max_occupancy = 1};
    struct erlang_plan p = erlang_required(&d);

    CHECK_INT(p.agents, 3);
    CHECK_NEAR(p.queue.service_level, 0.335836, 1e-6);
}

TEST(shrinkage_never_costs_one_too_many_through_rounding)
{
    static const int percents[] = {5, 10, 15, 20, 25, 30, 35};

    for (unsigned agents = 0; agents <= 2000; agents++)
        for (unsigned i = 0; i < sizeof percents / sizeof *percents; i++) {
            unsigned rest = 100 - percents[i];
            unsigned want = (agents * 100 + rest - 1) / rest; /* in whole numbers */

            CHECK_INT(erlang_scheduled(agents, percents[i] / 100.0), want);
        }
}

TEST(staffing_questions_without_sense_have_bounded_answers)
{
    struct erlang_demand d = {.calls = 1e15,
                              .interval_s = 900,
                              .aht_s = 300,
                              .service_level = 0.8,
                              .answer_within_s = 20,
                              .max_occupancy = 0.85};
    struct erlang_plan p = erlang_required(&d);

    CHECK(p.capped);
    CHECK_INT(p.agents, ERLANG_MAX_AGENTS);
    CHECK(p.queue.overload);

    d.calls = 10;
    d.service_level = 1.5; /* cannot be met by anybody */
    p = erlang_required(&d);
    CHECK(p.capped);

    d.service_level = 0.8;
    d.aht_s = 0;
    p = erlang_required(&d);
    CHECK_INT(p.agents, 1);
    CHECK(p.queue.service_level == 1);

    d.calls = 0;
    d.minimum = 2;
    d.shrinkage = 0.3;
    p = erlang_required(&d);
    CHECK_INT(p.agents, 2);
    CHECK_INT(p.scheduled, 3);
}

TEST(offered_load_of_long_calls_runs_on_into_later_intervals)
{
    struct reference r;
    char name[64] = "";
    double load = 0;

    reference_open(&r, test_path("tests/data/ref/mol_offered_load.csv"));
    while (reference_next(&r)) {
        struct erlang_load step;

        if (strcmp(name, reference_text(&r, "case")) != 0)
            load = 0;
        snprintf(name, sizeof name, "%s", reference_text(&r, "case"));
        step = erlang_load_step(load, N("calls"), N("interval_s"), N("aht_s"));
        CHECK(fabs(step.mean - N("mol_interval_mean_erlangs")) <= 1e-8 * (step.mean + 1e-300));
        CHECK(fabs(step.end - N("mol_end_erlangs")) <= 1e-8 * (step.end + 1e-300));
        load = step.end;
    }
    CHECK_INT(r.rows, 24);
}

TEST(one_person_for_so_many_things_at_once)
{
    struct erlang_demand d = {
        .calls = 40, .interval_s = 1800, .per_agent = 15, .shrinkage = 0.25, .service_level = 0.8};
    struct erlang_plan p = erlang_required(&d);

    CHECK_INT(p.agents, 3);
    CHECK_INT(p.scheduled, 4);
    CHECK_NEAR(p.queue.occupancy, 40.0 / 45, 1e-12);
    CHECK_NEAR(erlang_achieved(&d, 2).queue.service_level, 0.75, 1e-12);
    CHECK(erlang_achieved(&d, 2).queue.overload);
    CHECK_INT(erlang_achieved(&d, 0).queue.service_level, 0);
    /* A peak that is only forecast: enough for four in five of them. */
    CHECK_INT(erlang_required_expected(&d, 0.04).agents, 4);
    CHECK(erlang_expected(&d, 0.04, 4).service_level >= 0.8);
    CHECK(erlang_expected(&d, 0.04, 3).service_level < 0.8);
    d.calls = 0;
    d.minimum = 1;
    CHECK_INT(erlang_required(&d).agents, 1);
    d.calls = 1e12;
    CHECK(erlang_required(&d).capped);
}
