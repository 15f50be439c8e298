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
    check_next_week(calendar, test_path("tests/data/ref/forecast_bank30_nextweek.csv"),
                    (struct forecast_shape){5, 28}, 0.9674127057431211);
}

TEST(next_week_of_the_israeli_bank_agrees)
{
    const char *found = test_beside("shared/data/anon30_calendar.csv");
    char calendar[4096];

    if (!found)
        test_skip("no shared/data/anon30_calendar.csv beside the project");
    snprintf(calendar, sizeof calendar, "%s", found);
    check_next_week(calendar, test_path("tests/data/ref/forecast_anon30_nextweek.csv"),
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

/* What is left of each day, by what came of it until then: on top of what the weekly profile alone
 * had said at the week's start, over all days that can be learnt for. */
static void
check_intraday(const char *dataset, const char *calendar, struct forecast_shape shape, int rows)
{
    static double days[CALENDAR_DAYS * 48], said[CALENDAR_DAYS * 48];
    unsigned n = load_calendar(calendar, days, shape.slots), slots = shape.slots;
    struct forecast *f = forecast_new(shape);
    struct reference r;
    int found = 0;

    for (unsigned d = 0; d < n; d++) {
        forecast_feed(f, days + (size_t)d * slots);
        if (d >= 3 * shape.cycle)
            memcpy(said + (size_t)d * slots, f->ahead[0] + (size_t)d % shape.cycle * slots,
                   slots * sizeof *said);
    }
    reference_open(&r, test_path("tests/data/ref/forecast_intraday_update.csv"));
    while (reference_next(&r)) {
        unsigned cut = (unsigned)N("intervals_seen"),
                 first = (shape.cycle + 5) * shape.cycle; /* week 10, week 12 */
        double before = 0, after = 0, volume = 0, ahead[48];

        if (strcmp(reference_text(&r, "dataset"), dataset) != 0)
            continue;
        for (unsigned d = first; d < n; d++) {
            unsigned past = d - 3 * shape.cycle < 60 ? d - 3 * shape.cycle : 60;

            memcpy(ahead, said + (size_t)d * slots, slots * sizeof *ahead);
            forecast_intraday(said + (size_t)(d - past) * slots, days + (size_t)(d - past) * slots,
                              past, slots, cut, days + (size_t)d * slots, ahead);
            for (unsigned i = cut; i < slots; i++) {
                double y = days[(size_t)d * slots + i];

                if (isnan(y))
                    continue;
                before += fabs(y - said[(size_t)d * slots + i]);
                after += fabs(y - ahead[i]);
                volume += y;
            }
        }
        CHECK(fabs(before / volume - N("wape_rest_of_day_before")) < 6e-5);
        CHECK(fabs(after / volume / N("wape_rest_of_day_after") - 1) < 0.015);
        found++;
    }
    CHECK_INT(found, rows);
    forecast_free(f);
}

TEST(what_the_day_has_brought_corrects_the_rest_of_it)
{
    const char *bank = test_beside("shared/data/bank30_calendar.csv");
    char first[4096];

    if (!bank)
        test_skip("no shared/data/bank30_calendar.csv beside the project");
    snprintf(first, sizeof first, "%s", bank);
    check_intraday("bank30", first, (struct forecast_shape){5, 28}, 3);
    check_intraday("anon30", test_beside("shared/data/anon30_calendar.csv"),
                   (struct forecast_shape){7, 48}, 3);
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

TEST(the_days_before_are_kept_for_the_correction)
{
    struct forecast *f = forecast_new((struct forecast_shape){7, 2});
    double said[60 * 2], came[60 * 2];
    unsigned n;

    for (int d = 0; d < 7 * 26 + 3; d++)
        forecast_feed(f, (double[]){d % 7 == 6 ? NAN : d, d % 7 == 6 ? NAN : 100});
    n = forecast_recent(f, 60, said, came);
    CHECK_INT(n, 51); /* without the Sundays */
    CHECK_NEAR(came[2 * (n - 1)], 7 * 26 + 2, 1e-12);
    CHECK_NEAR(came[2 * (n - 4)], 7 * 26 - 2, 1e-12);
    CHECK(said[2 * (n - 1) + 1] > 90 && said[2 * (n - 1) + 1] < 110);
    CHECK_INT(forecast_recent(f, 4, said, came), 3);
    forecast_free(f);
}

TEST(a_day_that_begins_well_above_its_forecast_is_expected_to_go_on_so)
{
    double said[20 * 4], came[20 * 4], today[4] = {140, 140, NAN, NAN}, ahead[4];
    struct forecast_update u;

    for (int d = 0; d < 20; d++)
        for (int i = 0; i < 4; i++) {
            said[d * 4 + i] = 100;
            came[d * 4 + i] = d % 2 ? 130 : 70; /* days differ, their hours do not */
        }
    for (int i = 0; i < 4; i++)
        ahead[i] = 100;
    u = forecast_intraday(said, came, 20, 4, 2, today, ahead);
    CHECK_INT(u.days, 20);
    CHECK(u.factor > 1.3 && u.factor < 1.4);
    CHECK_NEAR(ahead[1], 100, 1e-12);
    CHECK_NEAR(ahead[3], 100 * u.factor, 1e-9);
    CHECK_NEAR(forecast_intraday(said, came, 3, 4, 2, today, ahead).factor, 1, 1e-12);
}

TEST(a_short_history_takes_the_shape_of_its_pool)
{
    struct forecast *f = forecast_new((struct forecast_shape){2, 2});
    double pool[4] = {10, 30, 20, 20}, ahead[4];

    forecast_feed(f, (double[]){2, 2});
    forecast_cycle(f, ahead);
    forecast_pool(f, pool, ahead);
    /* Four of forty a day is a tenth of the pool; two cycles of that and one of its own. */
    CHECK_NEAR(ahead[0], (2 + 2 * 1.0) / 3, 1e-12);
    CHECK_NEAR(ahead[1], (2 + 2 * 3.0) / 3, 1e-12);
    CHECK_NEAR(ahead[2], 2, 1e-12);
    forecast_cycle(f, ahead);
    forecast_pool(f, (double[]){0, 0, 0, 0}, ahead); /* which says nothing */
    CHECK_NEAR(ahead[0], 2, 1e-12);
    forecast_free(f);
}

TEST(tiny_volumes_lean_on_the_pool_and_others_do_not)
{
    struct forecast *tiny = forecast_new((struct forecast_shape){1, 10});
    struct forecast *busy = forecast_new((struct forecast_shape){1, 10});
    double day[10] = {0}, pool[10] = {0}, ahead[10], kept[10];

    pool[2] = pool[3] = 50;
    for (int d = 0; d < 40; d++) {
        memset(day, 0, sizeof day);
        day[d % 10 == 0 ? 2 : 9] = d % 5 == 0;
        forecast_feed(tiny, day);
        day[2] = day[9] = 40;
        forecast_feed(busy, day);
    }
    forecast_cycle(busy, kept);
    memcpy(ahead, kept, sizeof ahead);
    forecast_pool(busy, pool, ahead);
    CHECK(memcmp(ahead, kept, sizeof ahead) == 0);
    forecast_cycle(tiny, kept);
    memcpy(ahead, kept, sizeof ahead);
    forecast_pool(tiny, pool, ahead);
    CHECK(ahead[3] > kept[3] && ahead[9] < kept[9]);
    forecast_free(tiny);
    forecast_free(busy);
}
