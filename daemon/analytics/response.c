/*
 * response.c - does answering soon pay?
 *
 * Wilson 1927, Katz and others 1978, Armitage 1955, Mantel and Haenszel 1959, Kaplan and Meier
 * 1958, Mantel 1966.
 */
#include "response.h"

#include <math.h>
#include <stdlib.h>

#include "demand.h"
#include "numeric.h"

/* The chance of at least so much, of one degree of freedom. */
static double
chi_squared_p(double x)
{
    return erfc(sqrt(x / 2));
}

static void
ratio_to(struct response_bucket *b, const struct response_bucket *last)
{
    double z = numeric_normal_quantile(0.975), spread;

    b->ratio = b->ratio_low = b->ratio_high = NAN;
    if (b == last || !(b->converted > 0) || !(last->converted > 0))
        return;
    b->ratio = b->rate / last->rate;
    spread = z * sqrt(1 / b->converted - 1 / b->n + 1 / last->converted - 1 / last->n);
    b->ratio_low = b->ratio * exp(-spread);
    b->ratio_high = b->ratio * exp(spread);
}

void
response_judge(struct response_bucket *b, size_t count, struct response_trend *out)
{
    double n = 0, converted = 0, sum = 0, squares = 0, slope = 0, rate;

    *out = (struct response_trend){NAN, NAN, NAN};
    for (size_t i = 0; i < count; i++) {
        n += b[i].n;
        converted += b[i].converted;
        sum += b[i].n * (double)i;
        squares += b[i].n * (double)i * (double)i;
        b[i].rate = b[i].n > 0 ? b[i].converted / b[i].n : NAN;
        demand_wilson(b[i].converted, b[i].n, &b[i].low, &b[i].high);
    }
    for (size_t i = 0; i < count; i++)
        ratio_to(&b[i], &b[count - 1]);
    rate = n > 0 ? converted / n : NAN;
    if (!(rate > 0 && rate < 1))
        return;
    out->homogeneity = 0;
    for (size_t i = 0; i < count; i++) {
        double off = b[i].converted - b[i].n * rate;

        slope += off * (double)i;
        if (b[i].n > 0)
            out->homogeneity += off * off / (b[i].n * rate * (1 - rate));
    }
    squares -= sum * sum / n;
    if (!(squares > 0))
        return;
    out->trend = slope * slope / (rate * (1 - rate) * squares);
    out->trend_p = chi_squared_p(out->trend);
}

void
response_within(const struct response_source *s, size_t count, double *ratio, double *low,
                double *high)
{
    double soon = 0, late = 0, spread = 0;

    *ratio = *low = *high = NAN;
    for (size_t i = 0; i < count; i++) {
        double n = s[i].soon_n + s[i].late_n, converted = s[i].soon_converted + s[i].late_converted;

        if (!(s[i].soon_n > 0) || !(s[i].late_n > 0))
            continue; /* compares nothing */
        soon += s[i].soon_converted * s[i].late_n / n;
        late += s[i].late_converted * s[i].soon_n / n;
        spread += (s[i].soon_n * s[i].late_n * converted -
                   s[i].soon_converted * s[i].late_converted * n) /
                  (n * n);
    }
    if (!(soon > 0) || !(late > 0))
        return;
    *ratio = soon / late;
    spread = numeric_normal_quantile(0.975) * sqrt(spread / (soon * late));
    *low = *ratio * exp(-spread);
    *high = *ratio * exp(spread);
}

/* --- survival --- */

static int
by_time(const void *a, const void *b)
{
    const struct survival *x = a, *y = b;

    return (x->time > y->time) - (x->time < y->time);
}

/* Those of one moment: s[from .. *to). */
struct moment {
    double left[2], events[2];
};

static struct moment
moment_at(const struct survival *s, size_t count, size_t from, size_t *to)
{
    struct moment m = {{0, 0}, {0, 0}};

    for (*to = from; *to < count && s[*to].time == s[from].time; ++*to) {
        m.left[s[*to].group]++;
        m.events[s[*to].group] += s[*to].event;
    }
    return m;
}

size_t
survival_curve(struct survival *s, size_t count, unsigned group, struct survival_step *out)
{
    double at_risk = 0, share = 1;
    size_t steps = 0;

    if (count == 0)
        return 0;
    qsort(s, count, sizeof *s, by_time);
    for (size_t i = 0; i < count; i++)
        at_risk += s[i].group == group;
    for (size_t i = 0, next; i < count; i = next) {
        struct moment m = moment_at(s, count, i, &next);

        if (m.events[group] > 0) {
            share *= 1 - m.events[group] / at_risk;
            out[steps++] = (struct survival_step){s[i].time, at_risk, m.events[group], share};
        }
        at_risk -= m.left[group];
    }
    return steps;
}

void
survival_compare(struct survival *s, size_t count, struct survival_test *out)
{
    double at_risk[2] = {0, 0};

    *out = (struct survival_test){{0, 0}, {0, 0}, 0, NAN, NAN};
    if (count == 0)
        return;
    qsort(s, count, sizeof *s, by_time);
    for (size_t i = 0; i < count; i++)
        at_risk[s[i].group]++;
    for (size_t i = 0, next; i < count; i = next) {
        struct moment m = moment_at(s, count, i, &next);
        double n = at_risk[0] + at_risk[1], events = m.events[0] + m.events[1];

        for (int g = 0; g < 2; g++) {
            out->observed[g] += m.events[g];
            out->expected[g] += events * at_risk[g] / n;
        }
        if (n > 1)
            out->variance += events * (n - events) / (n - 1) * (at_risk[0] / n) * (at_risk[1] / n);
        for (int g = 0; g < 2; g++)
            at_risk[g] -= m.left[g];
    }
    if (out->variance > 0) {
        double off = out->observed[0] - out->expected[0];

        out->chi_squared = off * off / out->variance;
        out->p = chi_squared_p(out->chi_squared);
    }
}
