/*
 * test_forecast.c - the forecast's whole state against a second implementation, and the
 * quantiles against tables.
 */
#include "forecast.h"

#include "reference.h"

#define CALENDAR_DAYS 400

/* Counts of a calendar file without its date column. */
static unsigned
load_calendar(const char *path, double *out, unsigned slots)
{
    struct reference r;

    reference_open(&r, path);
    CHECK_INT(r.columns, slots + 1);
    while (reference_next(&r)) {
        CHECK(r.rows <= CALENDAR_DAYS);
        for (unsigned i = 0; i < slots; i++) {
            const char *cell = r.cell[i + 1];

            out[(size_t)(r.rows - 1) * slots + i] = *cell ? strtod(cell, NULL) : NAN;
        }
    }
    return (unsigned)r.rows;
}

static void
check_tiny_state(const struct forecast *f, const struct reference *ref)
{
    static const char *const place[] = {"00", "01", "10", "11"};
    const struct reference r = *ref;
    double ahead[4];
    char name[32];

    forecast_cycle(f, ahead);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "P%s", place[i]);
        CHECK_NEAR(f->profile[i], N(name), 1e-12);
        snprintf(name, sizeof name, "num%s", place[i]);
        CHECK_NEAR(f->num[i], N(name), 1e-12);
        snprintf(name, sizeof name, "den%s", place[i]);
        CHECK_NEAR(f->den[i], N(name), 1e-12);
        snprintf(name, sizeof name, "forecast%s", place[i]);
        CHECK_NEAR(ahead[i], N(name), 1e-12);
    }
    CHECK_NEAR(f->level, N("level"), 1e-12);
    CHECK_NEAR(f->error[0], N("E_lp"), 1e-12);
    CHECK_NEAR(f->error[1], N("E_ew"), 1e-12);
}

TEST(forecast_state_agrees_after_every_step_of_the_small_example)
{
    struct forecast *f = forecast_new((struct forecast_shape){2, 2});
    struct reference input, r;

    reference_open(&input, test_path("tests/data/ref/forecast_tiny_input.csv"));
    reference_open(&r, test_path("tests/data/ref/forecast_tiny.csv"));
    CHECK(reference_next(&r));
    while (reference_next(&input)) {
        double day[2] = {strtod(input.cell[0], NULL), strtod(input.cell[1], NULL)};

        forecast_feed(f, day);
        if (f->days != (unsigned)N("days_consumed"))
            continue;
        check_tiny_state(f, &r);
        if (f->days < 10)
            CHECK(reference_next(&r));
    }
    CHECK_INT(f->days, 10);
    forecast_free(f);
}

static void
check_next_week(const char *calendar, const char *expected, struct forecast_shape shape,
                double level)
{
    static double days[CALENDAR_DAYS * 48], ahead[7 * 48];
    struct forecast *f = forecast_new(shape);
    struct reference r;
    unsigned n = load_calendar(calendar, days, shape.slots);

    for (unsigned d = 0; d < n; d++)
        forecast_feed(f, days + (size_t)d * shape.slots);
    CHECK_NEAR(f->level, level, 1e-12);
    forecast_cycle(f, ahead);
    reference_open(&r, expected);
    while (reference_next(&r))
        for (unsigned i = 0; i < shape.slots; i++)
            CHECK_NEAR(ahead[(size_t)(r.rows - 1) * shape.slots + i], strtod(r.cell[i + 1], NULL),
                       1e-8);
    CHECK_INT(r.rows, shape.cycle);
    CHECK_STR(forecast_model(f), "profile");
    CHECK(forecast_phi(f) > 0.001 && forecast_phi(f) < 0.5);
    forecast_free(f);
}

TEST(next_week_of_the_north_american_bank_agrees)
{
    const char *found = test_beside("shared/data/bank30_calendar.csv");
    char calendar[4096];

    if (!found)
        test_skip("no shared/data/bank30_calendar.csv beside the project");
    snprintf(calendar, sizeof calendar, "%s", found);
    check_next_week(calendar, test_beside("shared/ref/forecast_bank30_nextweek.csv"),
                    (struct forecast_shape){5, 28}, 0.9674127057431211);
}

TEST(next_week_of_the_israeli_bank_agrees)
{
    const char *found = test_beside("shared/data/anon30_calendar.csv");
    char calendar[4096];

    if (!found)
        test_skip("no shared/data/anon30_calendar.csv beside the project");
    snprintf(calendar, sizeof calendar, "%s", found);
    check_next_week(calendar, test_beside("shared/ref/forecast_anon30_nextweek.csv"),
                    (struct forecast_shape){7, 48}, 1.0849821221920517);
}

/* Coverage of intervals for genuine forecasts a week ahead, as measured for the method. */
TEST(intervals_cover_about_what_they_promise)
{
    static double days[CALENDAR_DAYS * 28], ahead[5 * 28];
    const char *calendar = test_beside("shared/data/bank30_calendar.csv");
    struct forecast *f = forecast_new((struct forecast_shape){5, 28});
    unsigned n, inside = 0, all = 0;

    if (!calendar)
        test_skip("no shared/data/bank30_calendar.csv beside the project");
    n = load_calendar(calendar, days, 28);
    for (unsigned d = 0; d < n; d++) {
        if (d % 5 == 0)
            forecast_cycle(f, ahead);
        for (unsigned i = 0; d >= 50 && i < 28; i++) {
            double y = days[d * 28 + i], low, high;

            if (isnan(y))
                continue;
            forecast_interval(ahead[d % 5 * 28 + i], forecast_phi(f), 0.8, &low, &high);
            inside += y >= low && y <= high;
            all++;
        }
        forecast_feed(f, days + (size_t)d * 28);
    }
    CHECK_NEAR((double)inside / all, 0.84, 0.04); /* Poisson intervals would cover 0.42 */
    forecast_free(f);
}

TEST(quantiles_agree_with_the_table)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/nb_quantiles.csv"));
    while (reference_next(&r)) {
        double got = forecast_quantile(N("mean"), N("phi"), N("q"));

        CHECK_INT(got, N("quantile"));
    }
    CHECK(r.rows >= 50);
}

TEST(quantiles_end_for_any_argument)
{
    double low, high;

    CHECK(forecast_quantile(0, 0.1, 0.9) == 0);
    CHECK(forecast_quantile(NAN, 0.1, 0.9) == 0);
    CHECK(forecast_quantile(5, 0.1, 0) == 0);
    CHECK(isinf(forecast_quantile(5, 0.1, 1)));
    CHECK(forecast_quantile(5, 0.1, 1 - 1e-17) > 20);
    CHECK(isfinite(forecast_quantile(5, 50, 0.999999)));
    forecast_interval(1e9, 0.01, 0.8, &low, &high);
    CHECK(low > 8.5e8 && low < 9e8 && high > 1.1e9 && high < 1.15e9);
}

TEST(short_histories_fall_back_to_a_mean_and_say_so)
{
    struct forecast *f = forecast_new((struct forecast_shape){2, 3});
    double ahead[6];

    forecast_cycle(f, ahead);
    CHECK_STR(forecast_model(f), "none");
    CHECK(ahead[0] == 0 && ahead[5] == 0);
    CHECK(forecast_phi(f) == FORECAST_PHI_UNKNOWN);
    forecast_feed(f, (double[]){10, NAN, 4});
    CHECK_STR(forecast_model(f), "mean");
    forecast_cycle(f, ahead);
    CHECK(ahead[0] == 10 && ahead[1] == 0 && ahead[2] == 4);
    CHECK(ahead[3] == 10); /* the other day is not known: the same time of any day */
    forecast_feed(f, (double[]){2, 2, 2});
    forecast_feed(f, (double[]){20, 6, NAN});
    forecast_cycle(f, ahead);
    CHECK(ahead[0] == 15 && ahead[1] == 6 && ahead[2] == 4 && ahead[3] == 2);
    /* Only slot 0 of day 0 was seen twice: 10 and 20 about each other. */
    CHECK_NEAR(forecast_phi(f), ((100 * 0.5 - 20) + (100 * 0.5 - 10)) / (400 + 100), 1e-12);
    forecast_free(f);
}

TEST(a_level_shift_is_followed_and_an_outlier_is_not)
{
    struct forecast *f = forecast_new((struct forecast_shape){7, 1});
    double ahead[7];

    for (int d = 0; d < 70; d++)
        forecast_feed(f, (double[]){100});
    forecast_feed(f, (double[]){1000});
    forecast_cycle(f, ahead);
    CHECK(ahead[3] > 95 && ahead[3] < 105);
    for (int d = 0; d < 41; d++)
        forecast_feed(f, (double[]){300});
    forecast_cycle(f, ahead);
    CHECK(ahead[3] > 280 && ahead[3] < 320);
    forecast_free(f);
}

TEST(a_history_of_nothing_forecasts_nothing)
{
    struct forecast *f = forecast_new((struct forecast_shape){7, 4});
    double ahead[28];

    for (int d = 0; d < 60; d++)
        forecast_feed(f, (double[]){NAN, NAN, NAN, NAN});
    for (int d = 0; d < 24; d++)
        forecast_feed(f, (double[]){0, 0, 0, 0});
    forecast_cycle(f, ahead);
    for (int i = 0; i < 28; i++)
        CHECK(ahead[i] == 0);
    CHECK(forecast_phi(f) > 0);
    forecast_free(f);
}
