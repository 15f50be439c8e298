/*
 * forecast.c - how many contacts will come in each interval of the coming week.
 *
 * Weekly profile P times level L, with outliers clipped and a way out for lasting shifts; and
 * an exponentially weighted mean of each slot; mixed by the inverse eighth power of their
 * recent errors. The constants were chosen on half-hourly calls of two banks and matter
 * little: a level gain of 0 to 0.1 and a profile gain of 0.07 to 0.2 change the weekly error
 * by less than a twentieth.
 */
#include "forecast.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "forecast_internal.h"

#define LEVEL_GAIN    0.05
#define PROFILE_GAIN  0.12
#define CLIP          1.6  /* a day beyond this factor of its expectation is an outlier */
#define OUTLIER_CALLS 20.0 /* days with fewer calls are never outliers */
#define ESCAPE_DAYS   5    /* outliers in a row are a new level */
#define MEAN_DECAY    0.9
#define ERROR_DECAY   0.6
#define WEIGHT_POWER  8.0

size_t
forecast_cells(const struct forecast *f)
{
    return (size_t)f->shape.cycle * f->shape.slots;
}

static double *
cells_new_nan(const struct forecast *f, size_t cycles)
{
    size_t n = forecast_cells(f) * cycles;
    double *v = xcalloc(n, sizeof *v);

    for (size_t i = 0; i < n; i++)
        v[i] = NAN;
    return v;
}

struct forecast *
forecast_new(struct forecast_shape shape)
{
    struct forecast *f = xcalloc(1, sizeof *f);

    f->shape = shape;
    f->level = 1;
    f->profile = xcalloc(forecast_cells(f), sizeof *f->profile);
    f->day_count = xcalloc(shape.cycle, sizeof *f->day_count);
    f->num = xcalloc(forecast_cells(f), sizeof *f->num);
    f->den = xcalloc(forecast_cells(f), sizeof *f->den);
    f->current = cells_new_nan(f, 1);
    f->ahead[0] = xcalloc(forecast_cells(f), sizeof *f->ahead[0]);
    f->ahead[1] = xcalloc(forecast_cells(f), sizeof *f->ahead[1]);
    f->history = cells_new_nan(f, FORECAST_MIN_CYCLES);
    f->said = cells_new_nan(f, FORECAST_KEPT);
    f->came = cells_new_nan(f, FORECAST_KEPT);
    return f;
}

void
forecast_free(struct forecast *f)
{
    if (!f)
        return;
    free(f->profile);
    free(f->day_count);
    free(f->num);
    free(f->den);
    free(f->current);
    free(f->ahead[0]);
    free(f->ahead[1]);
    free(f->history);
    free(f->said);
    free(f->came);
    free(f);
}

/* Exponentially weighted mean. */

static void
mean_add(struct forecast *f, const double *week)
{
    for (size_t i = 0; i < forecast_cells(f); i++) {
        bool seen = !isnan(week[i]);

        f->num[i] = MEAN_DECAY * f->num[i] + (seen ? week[i] : 0);
        f->den[i] = MEAN_DECAY * f->den[i] + (seen ? 1 : 0);
    }
}

static void
mean_forecast(const struct forecast *f, double *out)
{
    double num = 0, den = 0;

    for (size_t i = 0; i < forecast_cells(f); i++) {
        num += f->num[i];
        den += f->den[i];
    }
    for (size_t i = 0; i < forecast_cells(f); i++) {
        if (f->den[i] > 0)
            out[i] = f->num[i] / f->den[i];
        else
            out[i] = den > 0 ? num / den : 0;
    }
}

/* Weekly profile times level. */

/* Smooths inside each day by [1 2 1] / 4; first and last slot stay. */
static void
smooth(struct forecast_shape shape, double *v)
{
    for (unsigned j = 0; j < shape.cycle; j++) {
        double *day = v + (size_t)j * shape.slots, before = day[0];

        for (unsigned i = 1; i + 1 < shape.slots; i++) {
            double here = day[i];

            day[i] = (before + 2 * here + day[i + 1]) / 4;
            before = here;
        }
    }
}

/* A thin profile is mostly noise, so it is drawn towards its smoothed self: m is roughly how
 * many calls stand behind a slot of it. */
static void
profile_forecast(const struct forecast *f, double *out)
{
    size_t n = forecast_cells(f);
    double m = 0, mix;

    for (size_t i = 0; i < n; i++)
        m += f->profile[i];
    m = m / (double)n * (2 - PROFILE_GAIN) / PROFILE_GAIN;
    mix = 1 / (1 + m / 25);
    memcpy(out, f->profile, n * sizeof *out);
    smooth(f->shape, out);
    if (m < 15)
        smooth(f->shape, out);
    for (size_t i = 0; i < n; i++)
        out[i] = f->level * ((1 - mix) * f->profile[i] + mix * out[i]);
}

static double
median_of(double *v, unsigned n)
{
    for (unsigned i = 1; i < n; i++)
        for (unsigned j = i; j > 0 && v[j] < v[j - 1]; j--) {
            double swap = v[j];

            v[j] = v[j - 1];
            v[j - 1] = swap;
        }
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void
profile_init(struct forecast *f)
{
    size_t n = forecast_cells(f), all = 0;
    double sum = 0;

    for (size_t i = 0; i < n * FORECAST_MIN_CYCLES; i++)
        if (!isnan(f->history[i])) {
            sum += f->history[i];
            all++;
        }
    for (size_t i = 0; i < n; i++) {
        double v[FORECAST_MIN_CYCLES];
        unsigned seen = 0;

        for (unsigned w = 0; w < FORECAST_MIN_CYCLES; w++)
            if (!isnan(f->history[w * n + i]))
                v[seen++] = f->history[w * n + i];
        if (seen > 0)
            f->profile[i] = median_of(v, seen);
        else
            f->profile[i] = all > 0 ? sum / (double)all : 0;
    }
    for (unsigned j = 0; j < f->shape.cycle; j++)
        f->day_count[j] = FORECAST_MIN_CYCLES;
}

/* Takes note of a day that is far off. True once so many in a row say the same that the
 * level itself has moved; the level is then set to their median. */
static bool
escape(struct forecast *f, double rel)
{
    int direction = rel > 1 ? 1 : -1;

    if (direction != f->run_direction)
        f->run_length = 0;
    f->run_direction = direction;
    f->run[f->run_length++] = rel;
    if (f->run_length < ESCAPE_DAYS)
        return false;
    f->level *= median_of(f->run, f->run_length);
    f->run_length = 0;
    f->run_direction = 0;
    return true;
}

static bool
outside_clip(double rel)
{
    return rel > CLIP || rel < 1 / CLIP;
}

static void
learn_profile(struct forecast *f, unsigned j, const double *y, double gain, double level)
{
    double *p = f->profile + (size_t)j * f->shape.slots;

    for (unsigned i = 0; i < f->shape.slots; i++)
        if (!isnan(y[i]))
            p[i] += gain * (y[i] / level - p[i]);
}

static void
profile_day(struct forecast *f, unsigned j, const double *y)
{
    const double *p = f->profile + (size_t)j * f->shape.slots;
    double total = 0, expected = 0, r, gain, calls;
    unsigned seen = 0;
    bool outlier;

    for (unsigned i = 0; i < f->shape.slots; i++)
        if (!isnan(y[i])) {
            total += y[i];
            expected += p[i];
            seen++;
        }
    if (seen == 0)
        return;
    if (expected <= 0) {
        learn_profile(f, j, y, PROFILE_GAIN, 1);
        return;
    }
    r = total / expected;
    outlier = fmax(total, expected * f->level) > OUTLIER_CALLS && outside_clip(r / f->level);
    if (!outlier) {
        f->run_length = 0;
        f->run_direction = 0;
    } else if (escape(f, r / f->level)) {
        outlier = false;
        if (outside_clip(r / f->level))
            return;
    }
    calls = total > 0 ? total : expected * f->level;
    gain = LEVEL_GAIN * calls / (calls + 10); /* little evidence, little gain */
    f->level +=
        (outlier ? gain / 4 : gain) * (fmin(fmax(r, f->level / CLIP), f->level * CLIP) - f->level);
    if (!outlier) {
        gain = fmax(PROFILE_GAIN, 1.0 / (f->day_count[j] + 1));
        f->day_count[j]++;
        learn_profile(f, j, y, gain, f->level);
    }
}

/* Both together. */

void
forecast_mix(const struct forecast *f, const double *profile, const double *mean, double *out)
{
    double a = fmax(f->error[0], 1e-9), b = fmax(f->error[1], 1e-9), least = fmin(a, b);
    double u = pow(least / a, WEIGHT_POWER), v = pow(least / b, WEIGHT_POWER);

    for (size_t i = 0; i < forecast_cells(f); i++)
        out[i] = (u * profile[i] + v * mean[i]) / (u + v);
}

/* Writes down what both models say at the start of a cycle, to score them at its end. */
static void
look_ahead(struct forecast *f)
{
    profile_forecast(f, f->ahead[0]);
    mean_forecast(f, f->ahead[1]);
}

static void
end_cycle(struct forecast *f)
{
    size_t n = forecast_cells(f), place = f->scored % FORECAST_KEPT * n;
    double error[2] = {0, 0};

    forecast_mix(f, f->ahead[0], f->ahead[1], f->said + place);
    memcpy(f->came + place, f->current, n * sizeof *f->came);
    f->scored++;
    for (size_t i = 0; i < n; i++) {
        double y = f->current[i];

        if (isnan(y))
            continue;
        error[0] += fabs(y - f->ahead[0][i]);
        error[1] += fabs(y - f->ahead[1][i]);
    }
    for (int k = 0; k < 2; k++)
        f->error[k] = ERROR_DECAY * f->error[k] + error[k];
    mean_add(f, f->current);
}

void
forecast_feed(struct forecast *f, const double *day)
{
    unsigned j = f->days % f->shape.cycle;
    size_t n = forecast_cells(f), bytes = f->shape.slots * sizeof *day;

    if (f->cycles < FORECAST_MIN_CYCLES) {
        memcpy(f->history + (size_t)f->days * f->shape.slots, day, bytes);
    } else {
        if (j == 0)
            look_ahead(f);
        memcpy(f->current + (size_t)j * f->shape.slots, day, bytes);
        profile_day(f, j, day);
    }
    f->days++;
    if (j + 1 < f->shape.cycle)
        return;
    if (f->cycles >= FORECAST_MIN_CYCLES)
        end_cycle(f);
    f->cycles++;
    if (f->cycles == FORECAST_MIN_CYCLES) {
        profile_init(f);
        for (unsigned w = 0; w < FORECAST_MIN_CYCLES; w++)
            mean_add(f, f->history + w * n);
    }
}

void
forecast_cycle(const struct forecast *f, double *out)
{
    double *profile, *mean;

    if (f->cycles < FORECAST_MIN_CYCLES) {
        forecast_short_mean(f, out);
        return;
    }
    profile = xcalloc(forecast_cells(f), sizeof *profile);
    mean = xcalloc(forecast_cells(f), sizeof *mean);
    profile_forecast(f, profile);
    mean_forecast(f, mean);
    forecast_mix(f, profile, mean, out);
    free(profile);
    free(mean);
}

const char *
forecast_model(const struct forecast *f)
{
    if (f->cycles >= FORECAST_MIN_CYCLES)
        return "profile";
    return f->days > 0 ? "mean" : "none";
}
