/*
 * test_change.c - tests for changed rates against exact tables.
 */
#include "change.h"

#include "reference.h"

static void
check_tail(double got, double want)
{
    /* Reference values have ten digits. */
    CHECK(fabs(got - want) <= 2e-9 * want + 1e-15);
}

TEST(poisson_rate_test_agrees_with_the_exact_one)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/rate_ratio_poisson.csv"));
    while (reference_next(&r)) {
        struct change_counts c = {N("x1"), N("t1"), N("x0"), N("t0")};
        struct change_test t = change_poisson(&c);
        double low, high;

        check_tail(t.p_more, N("p_greater_exact"));
        check_tail(t.p_less, N("p_less_exact"));
        check_tail(t.mid_more, N("p_greater_midp"));
        check_tail(t.mid_less, N("p_less_midp"));
        change_ratio_interval(&c, 0.95, &low, &high);
        CHECK_NEAR(low, N("rr_ci95_lo"), 1e-6);
        if (isinf(N("rr_ci95_hi")))
            CHECK(isinf(high));
        else
            CHECK_NEAR(high, N("rr_ci95_hi"), 1e-6);
        if (isfinite(N("rate_ratio")))
            CHECK_NEAR(t.ratio, N("rate_ratio"), 1e-7);
        else
            CHECK(isnan(t.ratio) == isnan(N("rate_ratio")));
    }
    CHECK(r.rows >= 17);
}

TEST(negative_binomial_rate_test_agrees_with_the_beta_binomial)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/rate_ratio_negbin_conditional.csv"));
    while (reference_next(&r)) {
        struct change_counts c = {N("x1"), N("t1"), N("x0"), N("t0")};
        struct change_test t = change_negbin(&c, N("kappa_per_unit"));
        double slack = N("kappa_per_unit") > 1e3 ? 1e-8 : 1e-9; /* log-gamma of large numbers */

        CHECK_NEAR(t.p_more, N("p_greater_exact"), slack);
        CHECK_NEAR(t.p_less, N("p_less_exact"), slack);
        CHECK_NEAR(t.mid_more, N("p_greater_midp"), slack);
        CHECK_NEAR(t.mid_less, N("p_less_midp"), slack);
    }
    CHECK(r.rows >= 13);
}

TEST(negative_binomial_test_tends_to_poisson)
{
    struct change_counts c = {12, 7, 20, 28};
    struct change_test p = change_poisson(&c), n = change_negbin(&c, INFINITY);

    CHECK(p.mid_more == n.mid_more && p.mid_less == n.mid_less);
    n = change_negbin(&c, 0);
    CHECK(p.mid_more == n.mid_more);
}

TEST(large_counts_are_answered_alike_by_sum_and_by_limit)
{
    struct change_counts below = {500000, 7, 1400000, 28}, above = {600000, 7, 1680000, 28};
    double a = change_negbin(&below, 5).mid_more, b = change_negbin(&above, 5).mid_more;

    CHECK(a > 1e-4 && a < 0.5);
    CHECK(fabs(a - b) < 1e-3 * a);
    above = (struct change_counts){1e12, 7, 1e12, 28};
    CHECK(change_poisson(&above).mid_more < 1e-300);
    CHECK(isfinite(change_negbin(&above, 3).mid_more));
}

TEST(tails_far_out_keep_their_digits)
{
    /* 60 of 60 in one of five weeks: (1/5)^60. */
    struct change_counts c = {60, 7, 0, 28};

    CHECK(fabs(change_poisson(&c).p_more / pow(0.2, 60) - 1) < 1e-10);
    /* Beta-binomial with a = b = 1 is uniform on 0..n. */
    c = (struct change_counts){99, 1, 1, 1};
    CHECK_NEAR(change_negbin(&c, 1).p_more, 2.0 / 101, 1e-12);
}

TEST(no_events_say_nothing)
{
    struct change_counts c = {0, 7, 0, 28};
    struct change_test t = change_negbin(&c, 2);

    CHECK(t.p_more == 1 && t.p_less == 1 && t.mid_more == 1 && t.mid_less == 1);
    CHECK(isnan(t.ratio));
    CHECK(!change_is_large(&c));
}

TEST(only_large_changes_are_worth_telling)
{
    static const struct {
        struct change_counts c;
        bool large;
    } rows[] = {
        {{12, 7, 20, 28}, true},    /* 12 where 5 were expected */
        {{9, 7, 20, 28}, false},    /* 4 more than expected */
        {{12, 7, 20, 13}, false},   /* baseline too short */
        {{6, 7, 3, 28}, false},     /* nine events in all */
        {{130, 7, 400, 28}, false}, /* a third more only */
        {{0, 7, 40, 28}, true},     /* gone */
        {{40, 7, 0, 28}, true},     /* new */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(change_is_large(&rows[i].c), rows[i].large);
}

TEST(false_discovery_rates_agree_with_the_published_example)
{
    struct reference r;
    double p[64], want[64], q[64], shuffled[64];
    size_t n = 0;

    reference_open(&r, test_path("tests/data/ref/bh_fdr.csv"));
    while (reference_next(&r)) {
        p[n] = N("p");
        want[n++] = N("bh_q");
    }
    change_fdr(p, q, n);
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR(q[i], want[i], 1e-9);
    for (size_t i = 0; i < n; i++)
        shuffled[i] = p[(i * 7 + 3) % n]; /* 7 and 15 share no factor */
    change_fdr(shuffled, q, n);
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR(q[i], want[(i * 7 + 3) % n], 1e-9);
    change_fdr(NULL, NULL, 0);
}

TEST(dispersion_is_estimated_from_daily_counts)
{
    /* Mean 2, every day 2 off it: variance 8 * 4 / 7. */
    static const int64_t daily[] = {4, 0, 4, 0, 4, 0, 4, 0};
    struct change_baseline b = change_baseline(&(struct change_days){daily, NULL, 8});
    double variance = 8 * 4.0 / 7, den = 4 - variance / 8, own = (variance - 2) / den, w;

    CHECK_NEAR(b.mean, 2, 0);
    CHECK_NEAR(b.variance, variance, 1e-15);
    CHECK_NEAR(change_pooled_phi(&b, 1), own, 1e-12);
    w = den / (den + 4 * 6 / sqrt(8));
    CHECK_NEAR(change_phi(&b, 0.1), (1 - w) * 0.1 + w * own, 1e-12);
    /* Evenly spread counts give no dispersion of their own, but half of the pooled one stays. */
    b = change_baseline(&(struct change_days){(const int64_t[]){2, 2, 2, 2, 2, 2, 2, 2}, NULL, 8});
    CHECK(change_phi(&b, 0.5) >= 0.25);
    CHECK(change_pooled_phi(&b, 1) == 0);
    b = change_baseline(&(struct change_days){NULL, NULL, 0});
    CHECK(change_phi(&b, 0.5) == 0.5);
}

TEST(a_rhythm_that_is_known_is_no_dispersion)
{
    static const int64_t daily[] = {8, 8, 8, 8, 8, 1, 1, 8, 8, 8, 8, 8, 1, 1};
    static const double exposure[] = {1.33, 1.33, 1.33, 1.33, 1.33, 0.17, 0.17,
                                      1.33, 1.33, 1.33, 1.33, 1.33, 0.17, 0.17};
    struct change_days blind = {daily, NULL, 14}, knowing = {daily, exposure, 14};
    struct change_baseline b = change_baseline(&blind), k = change_baseline(&knowing);

    CHECK(change_pooled_phi(&b, 1) > 0.1);
    CHECK(change_pooled_phi(&k, 1) == 0);
    CHECK_NEAR(k.mean, 6, 0.01);
}

TEST(a_mixture_of_dispersions_is_between_its_parts)
{
    /* Four weeks of 2 a day, evenly: hardly any dispersion is likely, a large one is not. */
    int64_t even[28], wild[28];
    struct change_days days = {even, NULL, 28};
    struct change_prior prior;
    struct change_counts c = {26, 7, 56, 28};
    struct change_test calm, stormy;

    for (int i = 0; i < 28; i++) {
        even[i] = 2;
        wild[i] = i % 7 == 3 ? 14 : 0;
    }
    change_prior_fit(&prior, &days, 0);
    for (int i = 0; i < CHANGE_PRIOR_VALUES; i++)
        CHECK_NEAR(prior.weight[i], 1.0 / CHANGE_PRIOR_VALUES, 1e-12);
    calm = change_mixed(&c, &days, &prior);
    CHECK(calm.mid_more > change_poisson(&c).mid_more);
    CHECK(calm.mid_more < change_negbin(&c, 1 / prior.phi[4]).mid_more);
    days.count = wild;
    stormy = change_mixed(&c, &days, &prior);
    CHECK(stormy.mid_more > 0.1 && stormy.mid_more > 10 * calm.mid_more);
    /* With nobody but such customers the weights lean that way. */
    change_prior_fit(&prior, &days, 1);
    CHECK(prior.weight[CHANGE_PRIOR_VALUES - 1] > prior.weight[0]);
}
