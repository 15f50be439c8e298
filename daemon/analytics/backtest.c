/*
 * backtest.c - how good would the forecast have been.
 */
#include "backtest.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "numeric.h"

#define MEAN_CYCLES 4

struct sums { /* of |y - f| and y */
    double error, volume;
};

struct tally { /* of one method */
    struct sums day1, week1, week2;
    double mase; /* sum over origins */
    unsigned origins;
};

struct run {
    const double *counts;
    struct forecast_shape shape;
    size_t cells; /* in a cycle */
    unsigned cycles;
    struct tally tally[BACKTEST_METHODS];
    double floor_day1, floor_week1, floor_week2;
    double inside80, inside95, intervals, pinball;
};

const char *
backtest_method_name(enum backtest_method m)
{
    static const char *const names[] = {"forecast", "same week day before", "mean of four weeks"};

    return names[m];
}

/* What came in a slot of a cycle. */
static double
at(const struct run *r, unsigned cycle, size_t cell)
{
    return r->counts[cycle * r->cells + cell];
}

/* --- what else one could say --- */

/* The mean of the last `most` cycles before the origin in which the slot is known, looking back
 * no further than `reach`; of the next older one where all of them are unknown. */
static double
mean_before(const struct run *r, unsigned origin, size_t cell, unsigned most)
{
    double sum = 0;
    unsigned seen = 0;

    for (unsigned back = 1; back <= origin && (back <= most || seen == 0); back++) {
        double y = at(r, origin - back, cell);

        if (!isnan(y)) {
            sum += y;
            seen++;
        }
    }
    return seen ? sum / seen : 0;
}

/* Mean absolute difference between neighbouring cycles, in what the origin knows. */
static double
naive_scale(const struct run *r, unsigned origin)
{
    double sum = 0;
    size_t n = 0;

    for (unsigned c = 1; c < origin; c++)
        for (size_t i = 0; i < r->cells; i++) {
            double difference = at(r, c, i) - at(r, c - 1, i);

            if (!isnan(difference)) {
                sum += fabs(difference);
                n++;
            }
        }
    return n ? sum / (double)n : NAN;
}

/* --- scores --- */

static void
add(struct sums *s, double y, double f)
{
    s->error += fabs(y - f);
    s->volume += y;
}

static void
score(struct run *r, unsigned origin, const double *said, double scale, struct tally *t)
{
    double error = 0, n = 0;

    for (unsigned week = 0; week < 2; week++)
        for (size_t i = 0; i < r->cells; i++) {
            double y = at(r, origin + week, i);

            if (isnan(y))
                continue;
            add(week ? &t->week2 : &t->week1, y, said[i]);
            if (week == 0 && i < r->shape.slots)
                add(&t->day1, y, said[i]);
            error += fabs(y - said[i]);
            n++;
        }
    if (n > 0 && scale > 0) {
        t->mase += error / n / scale;
        t->origins++;
    }
}

/* E|X - m| of a Poisson X with mean m: 2 exp(-m) m^(k+1) / k!, k the whole part of m. */
static double
poisson_deviation(double m)
{
    double k = floor(m);

    return m > 0 ? 2 * exp(-m + (k + 1) * log(m) - numeric_lgamma(k + 1)) : 0;
}

static double
pinball(double y, double said, double q)
{
    return y > said ? q * (y - said) : (1 - q) * (said - y);
}

static void
score_spread(struct run *r, unsigned origin, const double *said, const struct forecast_spread *s)
{
    for (size_t i = 0; i < r->cells; i++) {
        double y = at(r, origin, i), low, high, least = poisson_deviation(said[i]);

        r->floor_week2 += isnan(at(r, origin + 1, i)) ? 0 : least;
        if (isnan(y))
            continue;
        r->floor_week1 += least;
        r->floor_day1 += i < r->shape.slots ? least : 0;
        forecast_low_high(s, said[i], &low, &high);
        r->inside80 += y >= low && y <= high;
        r->pinball += (pinball(y, low, 0.1) + pinball(y, high, 0.9) +
                       pinball(y, forecast_quantile(said[i], s->phi_usual, 0.5), 0.5)) /
                      3;
        forecast_extremes(s, said[i], &low, &high);
        r->inside95 += y >= low && y <= high;
        r->intervals++;
    }
}

static void
score_origin(struct run *r, unsigned origin, const struct forecast *f, double *said)
{
    double scale = naive_scale(r, origin);
    struct forecast_spread spread;

    forecast_cycle(f, said);
    score(r, origin, said, scale, &r->tally[BACKTEST_FORECAST]);
    forecast_spread(f, &spread);
    score_spread(r, origin, said, &spread);
    for (size_t i = 0; i < r->cells; i++)
        said[i] = mean_before(r, origin, i, 1);
    score(r, origin, said, scale, &r->tally[BACKTEST_NAIVE]);
    for (size_t i = 0; i < r->cells; i++)
        said[i] = mean_before(r, origin, i, MEAN_CYCLES);
    score(r, origin, said, scale, &r->tally[BACKTEST_MEAN4]);
}

/* --- all origins --- */

static double
ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

static struct backtest_score
finish(const struct tally *t)
{
    return (struct backtest_score){
        .wape_day1 = ratio(t->day1.error, t->day1.volume),
        .wape_week1 = ratio(t->week1.error, t->week1.volume),
        .wape_week2 = ratio(t->week2.error, t->week2.volume),
        .mase = ratio(t->mase, t->origins),
    };
}

void
backtest_run(const double *counts, unsigned days, struct forecast_shape shape,
             struct backtest_range range, struct backtest *out)
{
    struct run r = {.counts = counts,
                    .shape = shape,
                    .cells = (size_t)shape.cycle * shape.slots,
                    .cycles = days / shape.cycle};
    struct forecast *f = forecast_new(shape);
    double *said = xcalloc(r.cells, sizeof *said);

    *out = (struct backtest){0};
    if (range.most && r.cycles > range.most + 1 && range.first < r.cycles - 1 - range.most)
        range.first = r.cycles - 1 - range.most;
    for (unsigned c = 0; c + 2 <= r.cycles; c++) {
        if (c >= range.first) {
            score_origin(&r, c, f, said);
            out->origins++;
        }
        for (unsigned d = 0; d < shape.cycle; d++)
            forecast_feed(f, counts + c * r.cells + (size_t)d * shape.slots);
    }
    for (int m = 0; m < BACKTEST_METHODS; m++)
        out->method[m] = finish(&r.tally[m]);
    out->floor_day1 = ratio(r.floor_day1, r.tally[BACKTEST_FORECAST].day1.volume);
    out->floor_week1 = ratio(r.floor_week1, r.tally[BACKTEST_FORECAST].week1.volume);
    out->floor_week2 = ratio(r.floor_week2, r.tally[BACKTEST_FORECAST].week2.volume);
    out->coverage80 = ratio(r.inside80, r.intervals);
    out->coverage95 = ratio(r.inside95, r.intervals);
    out->pinball = ratio(2 * r.pinball, r.tally[BACKTEST_FORECAST].week1.volume);
    free(said);
    forecast_free(f);
}
