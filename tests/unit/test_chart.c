/*
 * test_chart.c - control charts against exact tables, and against the draw.
 */
#include "chart.h"

#include "draw.h"
#include "reference.h"

TEST(run_lengths_agree_with_the_exact_chain)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/cusum_poisson_arl.csv"));
    while (reference_next(&r)) {
        double from = N("lambda0"), to = N("lambda1"), k = N("k_used"), h = N("h");

        CHECK_NEAR(chart_reference(from, to, 0), N("k_exact"), 1e-7);
        CHECK_NEAR(chart_arl(from, 0, k, h), N("arl0"), 1e-6);
        CHECK_NEAR(chart_arl(to, 0, k, h), N("arl1"), 1e-6);
        CHECK_NEAR(chart_threshold(from, 0, k, N("arl0_target")), h, 0);
    }
    CHECK_INT(r.rows, 14);
}

TEST(counts_that_vary_more_need_a_higher_threshold)
{
    double k = chart_reference(10, 15, 0.1), calm = chart_threshold(10, 0, 12, 370);

    CHECK(k > 10 && k < 15);
    CHECK_NEAR(chart_reference(10, 15, 1e-9), chart_reference(10, 15, 0), 1e-6);
    CHECK_NEAR(chart_arl(10, 1e-9, 12, 8), chart_arl(10, 0, 12, 8), 1e-6);
    CHECK(chart_arl(10, 0.1, 12, calm) < 100);
    CHECK(chart_threshold(10, 0.1, 12, 370) > calm + 5);
}

TEST(weighted_means_follow_the_published_path)
{
    struct chart_ewma e = {10, 0.05, 10, 0};
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/ewma_path.csv"));
    while (reference_next(&r)) {
        double low, high;

        chart_ewma_add(&e, N("count"), &low, &high);
        CHECK_NEAR(e.z, N("ewma"), 1e-8);
        CHECK_NEAR(low, N("lcl"), 1e-8);
        CHECK_NEAR(high, N("ucl"), 1e-8);
        CHECK_INT(e.z > high, N("signal_up"));
    }
    CHECK_INT(r.rows, 12);
}

TEST(counts_in_the_thousands_have_a_threshold_too)
{
    struct chart_shift s = {0.001, 1.5};
    double mean[] = {3000, 2500}, h = chart_shift_threshold(&s, mean, 2, 700);

    CHECK(h > 0 && h < 40);
    s.phi = 0;
    h = chart_shift_threshold(&s, mean, 2, 700);
    CHECK(h > 0 && h < 40);
    CHECK(chart_arl(2000, 0, 2050, 60) > 10);
}

/* --- a service's day: quiet mornings, a full noon --- */

#define INTERVALS 48

static void
means_of_a_day(double *mean, size_t days)
{
    for (size_t i = 0; i < days * INTERVALS; i++) {
        double hour = (double)(i % INTERVALS) / 2;

        mean[i] = hour < 7 || hour > 20 ? 0 : 2 + 30 * sin((hour - 7) / 13 * 3.14159265);
    }
}

/* Counts until the alarm, on average. */
static double
simulate(const struct chart_shift *s, double threshold, double times, size_t runs)
{
    static double mean[400 * INTERVALS], seen[400 * INTERVALS];
    double sum = 0;

    means_of_a_day(mean, 400);
    for (size_t r = 0; r < runs; r++) {
        struct chart_found found;

        for (size_t i = 0; i < 400 * INTERVALS; i++)
            seen[i] = mean[i] > 0 ? (double)draw_negbin(mean[i] * times, 1 / s->phi) : 0;
        chart_shift_run(s, mean, seen, 400 * INTERVALS, threshold, &found);
        for (size_t i = 0; i < found.at; i++)
            sum += mean[i] > 0;
    }
    return sum / (double)runs;
}

TEST(a_service_is_falsely_alarmed_as_seldom_as_was_asked_for)
{
    static const struct chart_shift shifts[] = {{0.05, 1.5}, {0.05, 1 / 1.5}, {0.2, 1.5}};
    double mean[INTERVALS];

    draw_seed(7);
    means_of_a_day(mean, 1);
    for (size_t i = 0; i < 3; i++) {
        double h = chart_shift_threshold(&shifts[i], mean, INTERVALS, 700);
        double quiet = simulate(&shifts[i], h, 1, 150);
        double quick = simulate(&shifts[i], h, shifts[i].ratio, 150);

        printf("phi %.2f, %.2f times: threshold %.2f, alarm after %.0f counts in control, %.1f "
               "out of it\n",
               shifts[i].phi, shifts[i].ratio, h, quiet, quick);
        CHECK(quiet > 500 && quiet < 1000);
        CHECK(quick < (shifts[i].phi < 0.1 ? 12 : 25));
    }
}

TEST(a_shift_is_told_with_its_beginning)
{
    struct chart_shift s = {0.05, 1.5};
    double mean[] = {10, 10, 10, 0, 10, 10, 10, NAN}, seen[] = {9, 11, 8, 50, 19, 22, 18, 3};
    struct chart_found found;

    chart_shift_run(&s, mean, seen, 8, 3, &found);
    CHECK_INT(found.since, 4);
    CHECK(found.at == 5 || found.at == 6);
    CHECK_NEAR(found.expected, 10.0 * (double)(found.at - 3), 1e-12);
    chart_shift_run(&s, mean, seen, 3, 3, &found);
    CHECK_INT(found.at, 3);
    CHECK(isinf(chart_shift_threshold(&s, NULL, 0, 700)));
}
