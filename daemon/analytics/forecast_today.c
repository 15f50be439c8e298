/*
 * forecast_today.c - forecasts corrected by what the day has brought, and from too little to go by.
 *
 * A day that began with a contacts where b were forecast is (a + k) / (b + k) of its forecast, k
 * being one by the variance of that factor between days; how much of it lasts is the slope, through
 * the origin, of the logarithm of the rest of the day's factor on its own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forecast_internal.h"
#include "memory.h"

#define LEAST_DAYS 5
/* A cycle of the pool's shape weighs as much as so many of one's own. */
#define POOL_CYCLES 2.0
/* So many counts behind each interval need no pool. */
#define POOL_COUNTS 5.0
/* A forecast is made of about (2 - d) / d cycles: the gain of the profile is d = 0.12. */
#define CYCLES_BEHIND ((2 - 0.12) / 0.12)

struct halves {
    double came[2], said[2]; /* until the cut, and after */
};

static struct halves
halves_of(const double *said, const double *came, unsigned slots, unsigned cut)
{
    struct halves h = {{0, 0}, {0, 0}};

    for (unsigned i = 0; i < slots; i++)
        if (!isnan(came[i]) && !isnan(said[i])) {
            h.came[i >= cut] += came[i];
            h.said[i >= cut] += said[i];
        }
    return h;
}

/* The variance of a day's factor beyond what chance does. */
static double
day_phi(const struct halves *h, unsigned n)
{
    double square = 0, chance = 0;

    for (unsigned d = 0; d < n; d++) {
        double off = h[d].came[0] / h[d].said[0] - 1;

        square += off * off;
        chance += 1 / h[d].said[0];
    }
    return fmax(1e-6, (square - chance) / n);
}

static double
slope(const struct halves *h, unsigned n, double k)
{
    double xx = 0, xy = 0;

    for (unsigned d = 0; d < n; d++) {
        double x = log((h[d].came[0] + k) / (h[d].said[0] + k));

        xx += x * x;
        xy += x * log((h[d].came[1] + 1) / (h[d].said[1] + 1));
    }
    return xx > 0 ? fmin(1, fmax(0, xy / xx)) : 0;
}

struct forecast_update
forecast_intraday(const double *said, const double *came, unsigned days, unsigned slots,
                  unsigned cut, const double *today, double *ahead)
{
    struct halves *h = xcalloc(days + 1, sizeof *h), now;
    struct forecast_update u = {.factor = 1};
    unsigned n = 0;

    for (unsigned d = 0; d < days; d++) {
        h[n] = halves_of(said + (size_t)d * slots, came + (size_t)d * slots, slots, cut);
        n += h[n].said[0] > 0 && h[n].said[1] > 0;
    }
    now = halves_of(ahead, today, cut, cut);
    if (n >= LEAST_DAYS && now.said[0] > 0) {
        double k = 1 / day_phi(h, n);

        u.days = n;
        u.factor = pow((now.came[0] + k) / (now.said[0] + k), slope(h, n, k));
        for (unsigned i = cut; i < slots; i++)
            ahead[i] *= u.factor;
    }
    free(h);
    return u;
}

static bool
knows_any(const double *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (!isnan(v[i]))
            return true;
    return false;
}

unsigned
forecast_recent(const struct forecast *f, unsigned most, double *said, double *came)
{
    unsigned slots = f->shape.slots, cycle = f->shape.cycle, now = f->days % cycle, n = 0;
    unsigned kept = f->scored < FORECAST_KEPT ? f->scored : FORECAST_KEPT;
    double *mixed = xcalloc(forecast_cells(f), sizeof *mixed);
    unsigned all = kept * cycle + (f->cycles >= FORECAST_MIN_CYCLES ? now : 0);

    forecast_mix(f, f->ahead[0], f->ahead[1], mixed);
    for (unsigned d = all > most ? all - most : 0; d < all; d++) {
        unsigned c = (f->scored - kept + d / cycle) % FORECAST_KEPT, j = d % cycle;
        bool current = d >= kept * cycle;
        size_t at = (current ? j : (size_t)c * cycle + j) * slots;

        memcpy(said + (size_t)n * slots, (current ? mixed : f->said) + at, slots * sizeof *said);
        memcpy(came + (size_t)n * slots, (current ? f->current : f->came) + at,
               slots * sizeof *came);
        n += knows_any(came + (size_t)n * slots, slots);
    }
    free(mixed);
    return n;
}

/* --- pooling --- */

/* One's own mean by time of day, whatever the day. */
static double *
time_of_day(const struct forecast *f, const double *ahead)
{
    double *shape = xcalloc(forecast_cells(f), sizeof *shape);

    for (unsigned i = 0; i < f->shape.slots; i++) {
        double sum = 0;

        for (unsigned j = 0; j < f->shape.cycle; j++)
            sum += ahead[(size_t)j * f->shape.slots + i];
        for (unsigned j = 0; j < f->shape.cycle; j++)
            shape[(size_t)j * f->shape.slots + i] = sum / f->shape.cycle;
    }
    return shape;
}

/* Counts of the pool's shape at the level of what was seen, and so many cycles of those. */
static void
pool_short(const struct forecast *f, const double *pool, double *ahead)
{
    size_t n = forecast_cells(f);
    double seen = 0, like = 0, sum;

    for (size_t i = 0; i < n; i++) {
        unsigned k = forecast_slot_sum(f, i, &sum);

        seen += sum;
        like += k * pool[i];
    }
    for (size_t i = 0; like > 0 && i < n; i++) {
        unsigned k = forecast_slot_sum(f, i, &sum);

        ahead[i] = (sum + POOL_CYCLES * pool[i] * seen / like) / (k + POOL_CYCLES);
    }
}

/* Nothing is taken from the pool where enough counts stand behind the forecast: a service that is
 * closed when others are open knows that itself. */
static void
pool_tiny(const struct forecast *f, const double *pool, double *ahead)
{
    size_t n = forecast_cells(f);
    double own = 0, like = 0, weight;

    for (size_t i = 0; i < n; i++) {
        own += ahead[i];
        like += pool[i];
    }
    weight = own / (double)n * fmin(CYCLES_BEHIND, f->cycles) / POOL_COUNTS;
    for (size_t i = 0; like > 0 && weight < 1 && i < n; i++)
        ahead[i] = weight * ahead[i] + (1 - weight) * pool[i] * own / like;
}

void
forecast_pool(const struct forecast *f, const double *pool, double *ahead)
{
    double *shape = pool ? NULL : time_of_day(f, ahead);

    if (f->cycles < FORECAST_MIN_CYCLES)
        pool_short(f, pool ? pool : shape, ahead);
    else if (pool) /* what it has of its own is smoothed already */
        pool_tiny(f, pool, ahead);
    free(shape);
}
