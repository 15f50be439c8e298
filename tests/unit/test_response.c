/*
 * test_response.c - answers and conversions, and survival, against reference tables.
 */
#include "response.h"

#include "reference.h"

TEST(conversion_by_time_to_the_answer_agrees_with_the_table)
{
    enum { N_, CONVERTED = 2, RATE, RR, LO, HI, WLO, WHI, TREND, TREND_P, HOMOGENEITY };
    struct response_bucket b[6];
    struct response_trend t;
    struct reference r;

    for (int pass = 0; pass < 2; pass++) {
        int i = 0;

        reference_open(&r, test_path("tests/data/ref/response_time_conversion.csv"));
        for (; reference_next(&r); i++) {
            if (pass == 0) {
                b[i] = (struct response_bucket){.n = reference_cell(&r, 1),
                                                .converted = reference_cell(&r, CONVERTED)};
                continue;
            }
            CHECK_NEAR(b[i].rate, reference_cell(&r, RATE), 1e-9);
            CHECK_NEAR(b[i].low, reference_cell(&r, WLO), 1e-8);
            CHECK_NEAR(b[i].high, reference_cell(&r, WHI), 1e-8);
            CHECK_NEAR(t.trend, reference_cell(&r, TREND), 1e-9);
            CHECK_NEAR(t.homogeneity, reference_cell(&r, HOMOGENEITY), 1e-9);
            CHECK(fabs(t.trend_p / reference_cell(&r, TREND_P) - 1) < 1e-6);
            if (i == 5) {
                CHECK(isnan(b[i].ratio));
                continue;
            }
            CHECK_NEAR(b[i].ratio, reference_cell(&r, RR), 1e-9);
            /* The table took 1.96 for the quantile. */
            CHECK_NEAR(b[i].ratio_low, reference_cell(&r, LO), 3e-5);
            CHECK_NEAR(b[i].ratio_high, reference_cell(&r, HI), 3e-5);
        }
        CHECK_INT(i, 6);
        if (pass == 0)
            response_judge(b, 6, &t);
    }
}

TEST(nobody_converted_says_nothing)
{
    struct response_bucket b[] = {{.n = 10}, {.n = 0}, {.n = 5}};
    struct response_trend t;

    response_judge(b, 3, &t);
    CHECK(isnan(t.trend) && isnan(t.homogeneity) && isnan(b[0].ratio) && isnan(b[1].rate));
    CHECK(b[0].rate == 0 && b[0].low == 0 && b[0].high < 0.35);
}

TEST(within_sources_a_mixture_of_sources_does_not_count)
{
    /* In each source soon converts twice as often; late leads are mostly of the better source. */
    static const struct response_source s[] = {{900, 90, 100, 5}, {100, 40, 900, 180}};
    static const struct response_source one[] = {{420, 92, 700, 49}, {10, 5, 0, 0}};
    double ratio, low, high;

    response_within(s, 2, &ratio, &low, &high);
    CHECK_NEAR(ratio, 2, 1e-12);
    CHECK(low > 1.3 && high < 3);
    /* One source alone is the plain ratio, with nearly Katz' interval. */
    response_within(one, 2, &ratio, &low, &high);
    CHECK_NEAR(ratio, 92.0 / 420 / (49.0 / 700), 1e-12);
    CHECK_NEAR(low, 2.261342345, 1e-3);
    CHECK_NEAR(high, 4.330267032, 1e-3);
    response_within(one + 1, 1, &ratio, &low, &high);
    CHECK(isnan(ratio));
}

static size_t
read_gehan(struct survival *s)
{
    struct reference r;
    size_t n = 0;

    reference_open(&r, test_path("tests/data/ref/logrank_gehan_input.csv"));
    while (reference_next(&r))
        s[n++] = (struct survival){reference_cell(&r, 1), reference_cell(&r, 2) == 1,
                                   strcmp(reference_unquoted(r.cell[3]), "control") == 0};
    return n;
}

TEST(log_rank_agrees_with_the_published_trial)
{
    struct survival s[64];
    size_t n = read_gehan(s);
    struct survival_test t;
    struct reference r;

    CHECK_INT(n, 42);
    survival_compare(s, n, &t);
    reference_open(&r, test_path("tests/data/ref/logrank_gehan_expected.csv"));
    while (reference_next(&r)) {
        int g = strcmp(reference_unquoted(r.cell[0]), "control") == 0;

        CHECK_NEAR(t.observed[g], reference_cell(&r, 1), 0);
        CHECK_NEAR(t.expected[g], reference_cell(&r, 2), 1e-8);
        CHECK_NEAR(t.chi_squared, reference_cell(&r, 3), 1e-8);
        CHECK(fabs(t.p / reference_cell(&r, 4) - 1) < 1e-6);
    }
    CHECK_NEAR(t.variance, 6.256960574, 1e-9);
}

TEST(survival_agrees_with_the_published_curve)
{
    /* 6-MP: 0.857 after 6 weeks, 0.807 after 7, 0.448 after 23 (Cox and Oakes 1984). */
    struct survival s[64];
    struct survival_step step[64];
    size_t n = read_gehan(s), steps = survival_curve(s, n, 0, step);

    CHECK_INT(steps, 7);
    CHECK_NEAR(step[0].time, 6, 0);
    CHECK_NEAR(step[0].share, 18.0 / 21, 1e-12);
    CHECK_NEAR(step[1].share, 0.8067, 1e-4);
    CHECK_NEAR(step[6].share, 0.4482, 1e-4);
    CHECK_NEAR(step[6].at_risk, 6, 0);
    CHECK_INT(survival_curve(s, 0, 0, step), 0);
}
