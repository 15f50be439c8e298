/*
 * test_erlang_a.c - callers who hang up, against 50-digit tables and published examples.
 */
#include "erlang.h"

#include "reference.h"

TEST(erlang_a_agrees_with_the_reference_in_every_row)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/erlang_a.csv"));
    while (reference_next(&r)) {
        struct erlang_impatient q = erlang_a(N("calls"), N("interval_s"), N("aht_s"),
                                             N("patience_s"), (unsigned)N("agents"), N("target_s"));

        CHECK_NEAR(q.offered, N("offered_erlangs"), 1e-10);
        CHECK_NEAR(q.prob_wait, N("prob_wait"), 1e-10);
        CHECK_NEAR(q.prob_abandon, N("prob_abandon"), 1e-10);
        CHECK_NEAR(q.occupancy, N("occupancy"), 1e-10);
        CHECK_NEAR(q.mean_wait_s, N("mean_wait_all_s"), 1e-10);
        CHECK_NEAR(q.asa_s, N("asa_answered_s"), 1e-10);
        CHECK_NEAR(q.queue, N("mean_queue_len"), 1e-10);
        CHECK_NEAR(q.service_level, N("sl_answered_in_T_over_offered"), 1e-10);
        CHECK_NEAR(q.service_level_answered, N("sl_answered_in_T_over_answered"), 1e-10);
        CHECK_NEAR(q.service_level_virtual, N("prob_virtual_wait_le_T"), 1e-10);
        CHECK_NEAR(q.mean_wait_s, q.prob_abandon * N("patience_s"), 1e-10); /* an identity */
    }
    CHECK_INT(r.rows, 19);
}

TEST(erlang_a_of_a_large_centre_that_breaks_a_public_implementation)
{
    /* 800 agents, 790 erlangs: 0.694409 is what a series started with exp(-rate T) says. */
    struct erlang_impatient q = erlang_a_load(790, 60, 30, 800, 60);

    CHECK_NEAR(q.service_level, 0.989188, 1e-6);
}

TEST(erlang_a_under_any_load)
{
    static const double loads[] = {1e-9, 0.5, 10, 1000, 20000, 1e6};
    static const unsigned agents[] = {0, 1, 7, 1000, 10000};

    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        for (size_t j = 0; j < sizeof agents / sizeof *agents; j++) {
            struct erlang_impatient q = erlang_a_load(loads[i], 300, 120, agents[j], 20);

            CHECK(q.prob_wait >= 0 && q.prob_wait <= 1 + 1e-12);
            CHECK(q.prob_abandon >= fmax(0, 1 - agents[j] / loads[i]) - 1e-9);
            CHECK(q.prob_abandon <= 1 + 1e-12);
            CHECK(q.service_level >= 0 && q.service_level <= 1);
            CHECK(q.occupancy >= 0 && q.occupancy <= 1 + 1e-9);
            CHECK(q.asa_s >= 0 && isfinite(q.asa_s));
        }
    CHECK(erlang_a_load(0, 300, 120, 5, 20).service_level == 1);
    CHECK(erlang_a_load(10, 300, 120, 0, 20).prob_abandon == 1);
}

TEST(required_agents_with_patience_agree_with_the_reference_in_every_row)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/required_agents_erlang_a.csv"));
    while (reference_next(&r)) {
        struct erlang_demand d = {.calls = N("calls"),
                                  .interval_s = N("interval_s"),
                                  .aht_s = N("aht_s"),
                                  .service_level = N("sl_target"),
                                  .answer_within_s = N("target_s"),
                                  .max_occupancy = N("max_occupancy"),
                                  .shrinkage = N("shrinkage"),
                                  .patience_s = N("patience_s"),
                                  .max_abandon = N("max_abandon")};
        struct erlang_plan p = erlang_required(&d);

        CHECK_INT(p.agents, N("agents_raw"));
        CHECK_INT(p.scheduled, N("agents_scheduled"));
        CHECK_NEAR(p.queue.service_level, N("sl_answered_in_T_over_offered"), 1e-9);
        CHECK_NEAR(p.prob_abandon, N("prob_abandon"), 1e-9);
        CHECK_NEAR(p.queue.occupancy, N("occupancy"), 1e-9);
        CHECK_NEAR(p.queue.prob_wait, N("prob_wait"), 1e-9);
        CHECK(!p.capped);
    }
    CHECK_INT(r.rows, 8);
}

/* In large centres fewer than the load will do: whoever waits does not wait long. */
TEST(required_agents_are_the_fewest_under_any_load)
{
    static const double calls[] = {1, 30, 1000, 60000, 3000000};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct erlang_demand d = {.calls = calls[i],
                                  .interval_s = 1800,
                                  .aht_s = 290,
                                  .service_level = 0.8,
                                  .answer_within_s = 20,
                                  .patience_s = 120};
        struct erlang_plan p = erlang_required(&d);

        CHECK(p.queue.service_level >= 0.8);
        CHECK(p.agents == 1 || erlang_achieved(&d, p.agents - 1).queue.service_level < 0.8);
        d.minimum = p.agents + 7;
        CHECK_INT(erlang_required(&d).agents, p.agents + 7);
    }
}

TEST(a_forecast_that_may_be_wrong_costs_service_level)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/erlang_a_random_rate.csv"));
    while (reference_next(&r)) {
        double offered = N("mean_calls") * N("aht_s") / N("interval_s");
        struct erlang_expected e =
            erlang_a_expected(offered, N("rate_phi_var_over_mean2"), N("aht_s"), N("patience_s"),
                              (unsigned)N("agents"), N("target_s"));

        CHECK(fabs(e.service_level - N("expected_sl")) < 1e-7);
        CHECK(fabs(e.prob_abandon - N("expected_abandon")) < 1e-7);
    }
    CHECK(r.rows >= 40);
}

TEST(agents_for_a_forecast_that_may_be_wrong)
{
    struct reference r;
    double calls = 0, phi = -1;
    unsigned agents;
    int found = 0;

    reference_open(&r, test_path("tests/data/ref/erlang_a_random_rate.csv"));
    while (reference_next(&r)) {
        struct erlang_demand d = {.calls = N("mean_calls"),
                                  .interval_s = N("interval_s"),
                                  .aht_s = N("aht_s"),
                                  .service_level = 0.8,
                                  .answer_within_s = N("target_s"),
                                  .patience_s = N("patience_s")};

        if (N("expected_sl") < 0.8 || (calls == d.calls && phi == N("rate_phi_var_over_mean2")))
            continue;
        calls = d.calls;
        phi = N("rate_phi_var_over_mean2");
        agents = erlang_required_expected(&d, phi).agents; /* some rows are left out */
        CHECK(agents <= N("agents"));
        CHECK(erlang_expected(&d, phi, agents).service_level > 0.8 - 1e-6);
        CHECK(erlang_expected(&d, phi, agents - 1).service_level < 0.8);
        CHECK_NEAR(erlang_expected(&d, phi, (unsigned)N("agents")).service_level, N("expected_sl"),
                   1e-6);
        found++;
    }
    CHECK(found >= 6);
}

TEST(agents_for_patient_callers_and_a_forecast_that_may_be_wrong)
{
    struct erlang_demand d = {.calls = 100,
                              .interval_s = 1800,
                              .aht_s = 180,
                              .service_level = 0.8,
                              .answer_within_s = 20,
                              .shrinkage = 0.3};
    struct erlang_plan sure = erlang_required(&d), safe = erlang_required_expected(&d, 0.04);

    CHECK_INT(erlang_required_expected(&d, 0).agents, sure.agents);
    CHECK(safe.agents > sure.agents && safe.scheduled > sure.scheduled);
    CHECK(erlang_expected(&d, 0.04, safe.agents).service_level >= 0.8 - 1e-4);
    CHECK(erlang_expected(&d, 0.04, safe.agents - 1).service_level < 0.8);
    d.calls = 0;
    d.minimum = 2;
    CHECK_INT(erlang_required_expected(&d, 0.04).agents, 2);
}

TEST(patience_from_a_log)
{
    CHECK_NEAR(erlang_patience(984, 2), 492, 1e-12);
    CHECK(isinf(erlang_patience(100, 0)));
}
