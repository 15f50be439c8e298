/*
 * test_demand.c - demand for features against worked examples.
 */
#include "demand.h"

#include "change.h"
#include "reference.h"

TEST(wilson_intervals_agree_with_the_table)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/wilson.csv"));
    while (reference_next(&r)) {
        double low, high;

        demand_wilson(N("x"), N("n"), &low, &high);
        CHECK_NEAR(low, N("lo95"), 2e-10);
        CHECK_NEAR(high, N("hi95"), 2e-10);
    }
    CHECK(r.rows >= 6);
}

TEST(wilson_interval_of_nothing_is_everything)
{
    double low, high;

    demand_wilson(0, 0, &low, &high);
    CHECK(low == 0 && high == 1);
}

TEST(the_line_leaves_a_margin_for_estimates)
{
    struct demand_reach r = {10000, false, 25, 0.5};

    CHECK(demand_decided(&r, false));
    r.people = 9999;
    CHECK(!demand_decided(&r, false));
    CHECK(demand_decided(&r, true)); /* an open decision stays down to 8,000 */
    r.people = 7999;
    CHECK(!demand_decided(&r, true));
    r.estimated = true;
    r.people = 10165;
    CHECK(!demand_decided(&r, false));
    r.people = 10166;
    CHECK(demand_decided(&r, false));
    r.customers = 24;
    CHECK(!demand_decided(&r, false));
    r.customers = 25;
    r.largest_share = 0.51;
    CHECK(!demand_decided(&r, false));
}

#define FEATURES  8
#define CUSTOMERS 121
#define PEOPLE    131072

/* Evidence of the worked example: signals of people for features. */
static struct {
    char names[FEATURES][32];
    double value[CUSTOMERS];
    double evidence[FEATURES][PEOPLE], oldest[FEATURES][PEOPLE];
    int customer[PEOPLE];
    int features;
} world;

static int
feature_of(const char *name)
{
    int f = 0;

    while (f < world.features && strcmp(world.names[f], name) != 0)
        f++;
    if (f == world.features) {
        CHECK(f < FEATURES);
        snprintf(world.names[world.features++], sizeof world.names[0], "%s", name);
    }
    return f;
}

static void
load_world(const char *events, const char *customers)
{
    struct reference r;

    reference_open(&r, customers);
    while (reference_next(&r))
        world.value[(int)N("customer")] = N("value");
    reference_open(&r, events);
    for (int f = 0; f < FEATURES; f++)
        for (int p = 0; p < PEOPLE; p++)
            world.oldest[f][p] = -1;
    while (reference_next(&r)) {
        int f = feature_of(reference_text(&r, "feature")), p = (int)N("person") - 1000;
        double age = N("age_days"), e;

        CHECK(p >= 0 && p < PEOPLE);
        world.customer[p] = (int)N("customer");
        world.oldest[f][p] = fmax(world.oldest[f][p], age);
        if (age >= 90)
            continue;
        e = demand_vote(age, strcmp(reference_text(&r, "kind"), "click") == 0 ? 0.3 : 1);
        world.evidence[f][p] = fmax(world.evidence[f][p], e);
    }
}

static double
value_of(int f, double *votes, double *people)
{
    double by_customer[CUSTOMERS] = {0}, v = 0;

    *votes = *people = 0;
    for (int p = 0; p < PEOPLE; p++) {
        by_customer[world.customer[p]] += world.evidence[f][p];
        *votes += world.evidence[f][p];
        *people += world.evidence[f][p] > 0;
    }
    for (int c = 1; c < CUSTOMERS; c++)
        v += demand_value(demand_customer_weight(world.value[c], 40.665), by_customer[c]);
    return v;
}

static void
first_signals(int f, double *recent, double *before)
{
    *recent = *before = 0;
    for (int p = 0; p < PEOPLE; p++) {
        double first = world.oldest[f][p];

        *recent += first >= 0 && first < 28;
        *before += first >= 28 && first < 56;
    }
}

static double
largest_share(int f)
{
    double people[CUSTOMERS] = {0}, largest = 0, all = 0;

    for (int p = 0; p < PEOPLE; p++)
        people[world.customer[p]] += world.evidence[f][p] > 0;
    for (int c = 0; c < CUSTOMERS; c++) {
        all += people[c];
        largest = fmax(largest, people[c]);
    }
    return largest / all;
}

/* By drawing the 120 customers again; features in the order of their rank. */
static void
check_rank_intervals(const struct demand_rank *rank)
{
    static double scores[FEATURES * DEMAND_DRAWS];
    struct demand_interval got[FEATURES];
    struct reference r;

    for (int i = 0; i < FEATURES; i++) {
        int f = feature_of(rank[i].name);
        double by_customer[CUSTOMERS] = {0}, votes, people, growth;

        growth = rank[i].score / value_of(f, &votes, &people);
        for (int p = 0; p < PEOPLE; p++)
            by_customer[world.customer[p]] += world.evidence[f][p];
        for (unsigned c = 1; c < CUSTOMERS; c++) {
            uint8_t drawn[DEMAND_DRAWS];
            double weight = demand_customer_weight(world.value[c], 40.665);

            for (unsigned b = 0; b < DEMAND_DRAWS; b++)
                drawn[b] = (uint8_t)demand_drawn(b, c);
            demand_draw(drawn, growth * demand_value(weight, by_customer[c]),
                        &scores[i * DEMAND_DRAWS]);
        }
    }
    demand_rank_intervals(scores, FEATURES, got);
    reference_open(&r, test_path("tests/data/ref/demand_expected.csv"));
    for (int i = 0; reference_next(&r); i++) {
        CHECK_INT(got[i].low, N("rank_p05"));
        CHECK_INT(got[i].high, N("rank_p95"));
    }
}

TEST(the_worked_ranking_comes_out_in_every_column)
{
    const char *events = test_path("tests/data/ref/demand_input_events.csv");
    struct demand_rank rank[FEATURES];
    double p[FEATURES], q[FEATURES], recent[FEATURES], before[FEATURES];
    char customers[4096], path[4096];
    struct reference r;

    snprintf(path, sizeof path, "%s", events);
    snprintf(customers, sizeof customers, "%s",
             test_path("tests/data/ref/demand_input_customers.csv"));
    load_world(path, customers);
    CHECK_INT(world.features, FEATURES);
    for (int f = 0; f < FEATURES; f++) {
        first_signals(f, &recent[f], &before[f]);
        p[f] = demand_growth_p(recent[f], before[f]);
    }
    change_fdr(p, q, FEATURES);
    for (int f = 0; f < FEATURES; f++) {
        double votes, people, value = value_of(f, &votes, &people);
        double growth = demand_growth_factor(recent[f], before[f], q[f]);

        rank[f] = (struct demand_rank){value * growth, people, world.names[f], 0};
    }
    demand_rank(rank, FEATURES);
    reference_open(&r, test_path("tests/data/ref/demand_expected.csv"));
    for (int i = 0; reference_next(&r); i++) {
        int f = feature_of(rank[i].name);
        double votes, people, low, high, value = value_of(f, &votes, &people);

        CHECK_STR(rank[i].name, reference_text(&r, "feature"));
        CHECK_INT(rank[i].rank, N("rank"));
        CHECK_NEAR(demand_growth_factor(recent[f], before[f], q[f]), N("growth_factor_G"), 1e-9);
        CHECK_INT(people, N("reach_90d"));
        CHECK_NEAR(votes, N("decayed_votes"), 1e-6);
        CHECK_NEAR(value, N("value_weighted_V"), 1e-6);
        CHECK_INT(recent[f], N("new_28d"));
        CHECK_INT(before[f], N("prev_28d"));
        CHECK(fabs(p[f] - N("growth_midp_two_sided")) <= 1e-8 * p[f]);
        CHECK(fabs(q[f] - N("growth_bh_q")) <= 1e-8 * q[f]);
        CHECK_NEAR(rank[i].score, N("score"), 1e-6);
        demand_wilson(people, 1487, &low, &high);
        CHECK_NEAR(low, N("wilson_lo"), 1e-8);
        CHECK_NEAR(high, N("wilson_hi"), 1e-8);
        CHECK_NEAR(largest_share(f), N("top_customer_share"), 1e-6);
    }
    check_rank_intervals(rank);
}

TEST(a_line_is_crossed_when_the_net_growth_gets_there)
{
    CHECK_NEAR(demand_days_to(10000, 9000, 400, 150), 112, 1e-12); /* 1000 / 250 * 28 */
    CHECK(isnan(demand_days_to(10000, 10000, 400, 0)));            /* it is there */
    CHECK(isnan(demand_days_to(10000, 9000, 100, 100)));           /* it never gets there */
    CHECK(isnan(demand_days_to(10000, 9000, 100, 300)));
}

TEST(customers_are_drawn_as_a_poisson_number_of_times)
{
    double n = 0, square = 0, draws = 0;

    for (unsigned b = 0; b < DEMAND_DRAWS; b++)
        for (uint64_t c = 0; c < 1000; c++, draws++) {
            double k = demand_drawn(b, c);

            n += k;
            square += k * k;
        }
    CHECK_NEAR(n / draws, 1, 0.01);
    CHECK_NEAR(square / draws - 1, 1, 0.02); /* variance 1 as well */
    CHECK_INT(demand_drawn(7, 42), demand_drawn(7, 42));
}
