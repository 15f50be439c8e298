/*
 * test_backtest.c - forecasts of the past against what another language's program made of the same
 * data, and against sums done by hand.
 */
#include "backtest.h"

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

static void
check_score(const struct backtest_score *s, double day1, double week1, double week2, double mase)
{
    CHECK(fabs(s->wape_day1 - day1) < 6e-5);
    CHECK(fabs(s->wape_week1 - week1) < 6e-5);
    CHECK(fabs(s->wape_week2 - week2) < 6e-5);
    CHECK(fabs(s->mase - mase) < 6e-5);
}

/* Of a calendar beside the project, in weeks of `cycle` days. */
static struct backtest
run_beside(const char *name, unsigned cycle, unsigned first)
{
    const char *path = test_beside(name);
    unsigned days, slots;
    struct backtest b;
    double *counts;

    if (!path)
        test_skip("the calendar does not lie beside the project");
    counts = read_calendar(path, &days, &slots);
    backtest_run(counts, days, (struct forecast_shape){cycle, slots}, first, &b);
    free(counts);
    return b;
}

TEST(a_north_american_bank_of_2003)
{
    struct backtest b = run_beside("shared/data/bank30_calendar.csv", 5, 10);

    CHECK_INT(b.origins, 23);
    check_score(&b.method[BACKTEST_FORECAST], 0.0551, 0.0632, 0.0648, 0.8658);
    check_score(&b.method[BACKTEST_NAIVE], 0.0695, 0.0846, 0.0858, 1.1470);
    check_score(&b.method[BACKTEST_MEAN4], 0.0588, 0.0683, 0.0685, 0.9264);
    CHECK(fabs(b.floor_week1 - 0.0229) < 6e-5);
    CHECK(fabs(b.coverage80 - 0.8366) < 6e-5);
    CHECK(fabs(b.coverage95 - 0.9382) < 6e-5);
}

TEST(an_israeli_bank_of_1999)
{
    struct backtest b = run_beside("shared/data/anon30_calendar.csv", 7, 12);

    CHECK_INT(b.origins, 38);
    check_score(&b.method[BACKTEST_FORECAST], 0.2843, 0.2773, 0.2726, 0.7181);
    check_score(&b.method[BACKTEST_NAIVE], 0.3564, 0.3621, 0.3752, 0.9613);
    check_score(&b.method[BACKTEST_MEAN4], 0.3118, 0.3046, 0.3001, 0.7882);
    CHECK(fabs(b.floor_week1 - 0.1305) < 2e-3); /* theirs stands on another idea of the mean */
    CHECK(fabs(b.coverage80 - 0.8765) < 6e-5);
    CHECK(fabs(b.coverage95 - 0.9400) < 6e-5);
}

/* Four weeks of two days of one slot: 10, 20 for ever, but for one day that nobody knows and one
 * that nobody foresaw. */
TEST(by_hand)
{
    const double counts[] = {10, 20, 10, 20, 10, 20, 10, NAN, 16, 20};
    struct backtest b;

    backtest_run(counts, 10, (struct forecast_shape){2, 1}, 3, &b);
    CHECK_INT(b.origins, 1);
    CHECK_NEAR(b.method[BACKTEST_NAIVE].wape_day1, 0, 1e-12);
    CHECK_NEAR(b.method[BACKTEST_NAIVE].wape_week1, 0, 1e-12); /* the unknown day is not scored */
    CHECK_NEAR(b.method[BACKTEST_NAIVE].wape_week2, 6.0 / 36, 1e-12);
    CHECK(isnan(b.method[BACKTEST_NAIVE].mase)); /* nothing differed until then */
    backtest_run(counts, 10, (struct forecast_shape){2, 1}, 4, &b);
    CHECK_INT(b.origins, 0);
    CHECK(isnan(b.method[BACKTEST_FORECAST].wape_week1));
}
