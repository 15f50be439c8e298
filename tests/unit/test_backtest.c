/*
 * test_backtest.c - forecasts of the past against what another language's program made of the same
 * data, and against sums done by hand.
 *
 * What no test of the tables forecast_*.csv and holtwinters_*.csv reads, and why:
 * - rows of pedestrians (ped_*), of five-minute counts (P1) and of three bad days: the counts, and
 *   which days went bad, lie beside nobody;
 * - rows of methods that callswell does not have (those of R, among them Holt and Winters', the
 *   means of eight weeks, yesterday, LP without escape; intervals "poisson", "nb");
 * - rows of P2 on the Israeli bank: ten origins and twelve weeks that are not named;
 * - seconds: another machine's.
 */
#include "backtest.h"

#include "draw.h"
#include "reference.h"

#define MAX_DAYS 400

/* A calendar of counts; an empty cell is unknown. */
static double *
read_calendar(const char *path, unsigned *days, unsigned *slots)
{
    struct reference r;
    double *counts = NULL;

    reference_open(&r, path);
    *slots = (unsigned)r.columns - 1;
    *days = 0;
    counts = calloc((size_t)MAX_DAYS * *slots, sizeof *counts);
    CHECK(counts != NULL);
    while (reference_next(&r)) {
        for (unsigned i = 0; i < *slots; i++)
            counts[(size_t)*days * *slots + i] = *r.cell[i + 1] ? strtod(r.cell[i + 1], NULL) : NAN;
        ++*days;
        CHECK(*days < MAX_DAYS);
    }
    return counts;
}

/* off: of the same data 0, they agree to all digits; else the share by which other draws differ, of
 * a day that is seven times as little, by the root of that. */
static void
check_score(const struct backtest_score *s, const struct reference *ref, double off)
{
    const struct reference r = *ref;
    double day1 = N("wape_first_day"), week1 = N("wape_week1_or_h"), week2 = N("wape_week2");

    CHECK(fabs(s->wape_day1 - day1) < 6e-5 + sqrt(7) * off * day1);
    CHECK(fabs(s->wape_week1 - week1) < 6e-5 + off * week1);
    CHECK(fabs(s->wape_week2 - week2) < 6e-5 + off * week2);
    CHECK(fabs(s->mase - N("MASE")) < 6e-5 + off * N("MASE"));
}

/* What is left when each count stays with a chance of `share`. */
static double
thinned(double count, double share)
{
    double left = 0;

    for (double i = 0; i < count; i++)
        left += draw_uniform() < share;
    return isnan(count) ? NAN : left;
}

/* The two models that the forecast is mixed of, each alone: LP and EW of the tables. */
static void
score_parts(const double *counts, unsigned days, struct forecast_shape shape, unsigned first,
            struct backtest_score *out)
{
    struct forecast *f = forecast_new(shape);
    size_t cells = (size_t)shape.cycle * shape.slots;
    double off[2][3] = {{0}}, volume[3] = {0}, mase[2] = {0};
    unsigned cycles = days / shape.cycle, origins = 0;

    for (unsigned c = 0; c + 2 <= cycles; c++) {
        double error[2] = {0}, differs = 0, n = 0, pairs = 0;

        forecast_feed(f, counts + c * cells); /* what was said before it stays */
        for (size_t i = 0; c >= first && i < 2 * cells; i++) {
            double y = counts[c * cells + i];

            if (isnan(y))
                continue;
            n++;
            for (int span = 0; span < 3; span++) {
                if (span == 0 ? i >= shape.slots : (span == 2) != (i >= cells))
                    continue;
                volume[span] += y;
                for (int m = 0; m < 2; m++)
                    off[m][span] += fabs(y - f->ahead[m][i % cells]);
            }
            for (int m = 0; m < 2; m++)
                error[m] += fabs(y - f->ahead[m][i % cells]);
        }
        for (size_t i = cells; c >= first && i < c * cells; i++)
            if (!isnan(counts[i] - counts[i - cells])) {
                differs += fabs(counts[i] - counts[i - cells]);
                pairs++;
            }
        for (int m = 0; c >= first && m < 2; m++)
            mase[m] += error[m] / n / (differs / pairs);
        origins += c >= first;
        for (unsigned d = 1; d < shape.cycle; d++)
            forecast_feed(f, counts + c * cells + (size_t)d * shape.slots);
    }
    for (int m = 0; m < 2; m++)
        out[m] = (struct backtest_score){off[m][0] / volume[0], off[m][1] / volume[1],
                                         off[m][2] / volume[2], mase[m] / origins};
    forecast_free(f);
}

static struct backtest_score parts[2]; /* of what run_beside() ran last */

/* Of a calendar beside the project, in weeks of `cycle` days, from the day `from` on multiplied, or
 * where `from` is all of it and the factor below one, thinned. */
static struct backtest
run_beside(const char *name, unsigned cycle, unsigned first, unsigned from, double factor)
{
    const char *path = test_beside(name);
    unsigned days, slots;
    struct backtest b;
    double *counts;

    if (!path)
        test_skip("the calendar does not lie beside the project");
    counts = read_calendar(path, &days, &slots);
    draw_seed(5);
    for (size_t i = (size_t)from * slots; i < (size_t)days * slots; i++)
        counts[i] = from == 0 && factor < 1 ? thinned(counts[i], factor) : counts[i] * factor;
    backtest_run(counts, days, (struct forecast_shape){cycle, slots},
                 (struct backtest_range){first, 0}, &b);
    score_parts(counts, days, (struct forecast_shape){cycle, slots}, first, parts);
    free(counts);
    return b;
}

/* Rows of all origins, of the methods that are here. */
static void
check_table(const char *dataset, const struct backtest *b, double off)
{
    const struct {
        const char *name;
        const struct backtest_score *score;
    } methods[] = {{"C_recommended", &b->method[BACKTEST_FORECAST]},
                   {"snaive_week", &b->method[BACKTEST_NAIVE]},
                   {"sma4", &b->method[BACKTEST_MEAN4]},
                   {"LP", &parts[0]},
                   {"EW", &parts[1]}};
    bool all = strcmp(dataset, "bank30") == 0; /* the same origins in both protocols */
    struct reference r;
    int found = 0;

    reference_open(&r, test_path("tests/data/ref/forecast_baselines.csv"));
    while (reference_next(&r)) {
        const char *protocol = reference_text(&r, "protocol");

        if (strcmp(reference_text(&r, "dataset_or_horizon"), dataset) != 0 ||
            (strcmp(protocol, "P3_all_origins") != 0 &&
             !(all && strcmp(protocol, "P2_Rorigins_full_history") == 0)))
            continue;
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
            if (strcmp(reference_text(&r, "method"), methods[m].name) == 0) {
                CHECK_INT(b->origins, N("origins"));
                check_score(methods[m].score, &r, off);
                found++;
            }
    }
    CHECK_INT(found, all ? 8 : 5);
}

/* The interval methods that are in use: 80 % without the largest errors, 95 % conformal. */
static void
check_intervals(const char *dataset, const struct backtest *b)
{
    struct reference r;
    int found = 0;

    reference_open(&r, test_path("tests/data/ref/forecast_intervals.csv"));
    while (reference_next(&r)) {
        if (strcmp(reference_text(&r, "dataset"), dataset) != 0)
            continue;
        if (strcmp(reference_text(&r, "interval_method"), "nb_trim") == 0) {
            CHECK(fabs(b->coverage80 - N("coverage80")) < 1e-3);
            CHECK(fabs(b->pinball - N("scaled_pinball_q10_50_90")) < 2e-4);
            found++;
        }
        if (strcmp(reference_text(&r, "interval_method"), "conformal") == 0) {
            CHECK(fabs(b->coverage95 - N("coverage95")) < 1e-3);
            found++;
        }
    }
    CHECK_INT(found, 2);
    CHECK(b->coverage80 > 0.77 && b->coverage80 < 0.87);
    reference_open(&r, test_path("tests/data/ref/forecast_poisson_floor.csv"));
    while (reference_next(&r)) /* theirs stands on another idea of the mean */
        if (strcmp(reference_text(&r, "dataset"), dataset) == 0)
            CHECK(fabs(b->floor_week1 - N("poisson_noise_floor_wape_week1")) < 2e-3);
}

TEST(a_north_american_bank_of_2003)
{
    struct backtest b = run_beside("shared/data/bank30_calendar.csv", 5, 10, 0, 1);

    check_table("bank30", &b, 0);
    check_intervals("bank30", &b);
}

TEST(an_israeli_bank_of_1999)
{
    struct backtest b = run_beside("shared/data/anon30_calendar.csv", 7, 12, 0, 1);

    check_table("anon30", &b, 0);
    check_intervals("anon30", &b);
}

static void
check_thinned_intervals(const char *dataset, const struct backtest *b)
{
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/forecast_intervals.csv"));
    while (reference_next(&r)) {
        if (strcmp(reference_text(&r, "dataset"), dataset) != 0)
            continue;
        if (strcmp(reference_text(&r, "interval_method"), "nb_trim") == 0) {
            CHECK(fabs(b->coverage80 - N("coverage80")) < 0.01);
            CHECK(fabs(b->pinball / N("scaled_pinball_q10_50_90") - 1) < 0.032);
        }
        if (strcmp(reference_text(&r, "interval_method"), "conformal") == 0)
            CHECK(fabs(b->coverage95 - N("coverage95")) < 0.01);
    }
    reference_open(&r, test_path("tests/data/ref/forecast_poisson_floor.csv"));
    while (reference_next(&r))
        if (strcmp(reference_text(&r, "dataset"), dataset) == 0)
            CHECK(fabs(b->floor_week1 / N("poisson_noise_floor_wape_week1") - 1) < 0.032);
    /* Nobody comes below the floor, and who guesses is well above. */
    CHECK(b->method[BACKTEST_FORECAST].wape_week1 > b->floor_week1);
    CHECK(b->method[BACKTEST_FORECAST].wape_week1 < b->method[BACKTEST_MEAN4].wape_week1);
    CHECK(b->method[BACKTEST_MEAN4].wape_week1 < b->method[BACKTEST_NAIVE].wape_week1);
}

/* The same calls, of which few are left: theirs were drawn by another generator, so scores agree as
 * far as such draws do. */
TEST(few_calls_are_forecast_as_well_as_few_calls_can_be)
{
    static const struct {
        const char *name, *file;
        unsigned cycle, first;
        double share;
    } series[] = {{"bank30_thin05", "shared/data/bank30_calendar.csv", 5, 10, 0.05},
                  {"anon30_thin10", "shared/data/anon30_calendar.csv", 7, 12, 0.1},
                  {"anon30_thin02", "shared/data/anon30_calendar.csv", 7, 12, 0.02}};

    for (size_t i = 0; i < 3; i++) {
        struct backtest b =
            run_beside(series[i].file, series[i].cycle, series[i].first, 0, series[i].share);

        check_table(series[i].name, &b, 0.032);
        check_thinned_intervals(series[i].name, &b);
    }
}

TEST(a_level_that_shifts_for_good)
{
    static const struct {
        const char *name;
        double factor;
    } scenarios[] = {{"bank30_x0.5_from_week20", 0.5},
                     {"bank30_x1.3_from_week20", 1.3},
                     {"bank30_x2_from_week20", 2}};
    struct reference r;
    int found = 0;

    for (size_t i = 0; i < 3; i++) {
        struct backtest b =
            run_beside("shared/data/bank30_calendar.csv", 5, 10, 100, scenarios[i].factor);
        const struct {
            const char *name;
            const struct backtest_score *score;
        } methods[] = {{"C_recommended", &b.method[BACKTEST_FORECAST]},
                       {"snaive_week", &b.method[BACKTEST_NAIVE]},
                       {"sma4", &b.method[BACKTEST_MEAN4]},
                       {"LP", &parts[0]},
                       {"EW", &parts[1]}};

        reference_open(&r, test_path("tests/data/ref/forecast_stress.csv"));
        while (reference_next(&r))
            for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
                if (strcmp(reference_text(&r, "scenario"), scenarios[i].name) == 0 &&
                    strcmp(reference_text(&r, "method"), methods[m].name) == 0) {
                    CHECK(fabs(methods[m].score->wape_day1 - N("wape_first_day")) < 6e-5);
                    CHECK(fabs(methods[m].score->wape_week1 - N("wape_week1")) < 6e-5);
                    CHECK(fabs(methods[m].score->wape_week2 - N("wape_week2")) < 6e-5);
                    found++;
                }
    }
    CHECK_INT(found, 15);
}

/* metrics_fixture.csv gives no numbers that it was made of. These have its WAPE, MAE, RMSE, bias
 * and scale (found by trying); of them a backtest reckons what is compared here. Quantiles cannot
 * be given to it: it makes its own. */
TEST(the_metrics_of_a_week_said_by_the_week_before)
{
    const double counts[] = {4,   6.25, 4.75, 0.25, 5.5, 6.75, 4.75, 2.25,
                             5.5, 9.25, 5.75, 3.25, 5.5, 4.25, 4.25, 1.25};
    double wape = 0, mae = 0, mase = 0, scale = 0, volume[2] = {0};
    const struct backtest_score *s;
    struct backtest b;
    struct reference r;

    reference_open(&r, test_path("tests/data/ref/metrics_fixture.csv"));
    while (reference_next(&r)) {
        const char *metric = reference_text(&r, "metric");
        double *to = strcmp(metric, "WAPE") == 0            ? &wape
                     : strcmp(metric, "MAE") == 0           ? &mae
                     : strcmp(metric, "MASE") == 0          ? &mase
                     : strcmp(metric, "MASE_scale_m4") == 0 ? &scale
                                                            : NULL;

        if (to)
            *to = N("value");
    }
    for (int i = 8; i < 16; i++)
        volume[i >= 12] += counts[i];
    backtest_run(counts, 16, (struct forecast_shape){4, 1}, (struct backtest_range){2, 0}, &b);
    s = &b.method[BACKTEST_NAIVE];
    CHECK_INT(b.origins, 1);
    CHECK_NEAR(s->mase, mase, 1e-12);
    CHECK_NEAR(s->mase * scale, mae, 1e-12);
    CHECK_NEAR((s->wape_week1 * volume[0] + s->wape_week2 * volume[1]) / (volume[0] + volume[1]),
               wape, 1e-11);
}

/* The textbook's: three years of quarters, and the fourth. */
TEST(accuracy_of_a_seasonal_naive_forecast)
{
    const double counts[] = {10, 14, 8,  25, 16, 22, 14,  35,  15,  27,
                             18, 40, 28, 40, 25, 65, NAN, NAN, NAN, NAN};
    struct backtest b;

    backtest_run(counts, 20, (struct forecast_shape){4, 1}, (struct backtest_range){3, 0}, &b);
    CHECK_NEAR(b.method[BACKTEST_NAIVE].mase, 2.577777778, 1e-9);
    CHECK_NEAR(b.method[BACKTEST_NAIVE].wape_week1, 14.5 * 4 / 158, 1e-12);
}

TEST(the_newest_origins_alone)
{
    double counts[40];
    struct backtest b;

    for (int i = 0; i < 40; i++)
        counts[i] = i < 20 ? 100 * (i % 3) : 10;
    backtest_run(counts, 40, (struct forecast_shape){2, 1}, (struct backtest_range){4, 3}, &b);
    CHECK_INT(b.origins, 3);
    CHECK_NEAR(b.method[BACKTEST_NAIVE].wape_week1, 0, 1e-12); /* it has been quiet since */
}

/* Four weeks of two days of one slot: 10, 20 for ever, but for one day that nobody knows and one
 * that nobody foresaw. */
TEST(by_hand)
{
    const double counts[] = {10, 20, 10, 20, 10, 20, 10, NAN, 16, 20};
    struct backtest b;

    backtest_run(counts, 10, (struct forecast_shape){2, 1}, (struct backtest_range){3, 0}, &b);
    CHECK_INT(b.origins, 1);
    CHECK_NEAR(b.method[BACKTEST_NAIVE].wape_day1, 0, 1e-12);
    CHECK_NEAR(b.method[BACKTEST_NAIVE].wape_week1, 0, 1e-12); /* the unknown day is not scored */
    CHECK_NEAR(b.method[BACKTEST_NAIVE].wape_week2, 6.0 / 36, 1e-12);
    CHECK(isnan(b.method[BACKTEST_NAIVE].mase)); /* nothing differed until then */
    backtest_run(counts, 10, (struct forecast_shape){2, 1}, (struct backtest_range){4, 0}, &b);
    CHECK_INT(b.origins, 0);
    CHECK(isnan(b.method[BACKTEST_FORECAST].wape_week1));
}
