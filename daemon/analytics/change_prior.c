/*
 * change_prior.c - a rate test that does not pretend to know how much counts vary.
 *
 * Negative binomial days of size kappa times exposure share their total as a Dirichlet-multinomial
 * (Mosimann 1962): its likelihood has no mean in it, so customers of every size say something of
 * the dispersion. The test's p value is then the mean over what phi may be, weighted by prior and
 * likelihood: it is below p for a share p of the unchanged customers, which is all that
 * Benjamini and Hochberg ask for.
 */
#include <math.h>
#include <stdlib.h>

#include "change.h"
#include "change_private.h"
#include "memory.h"

#define ROUNDS 60 /* of EM; weights hardly move after these */

/* 1 / kappa, from hardly more than chance to nearly nothing but luck. */
static const double values[CHANGE_PRIOR_VALUES] = {
    0.004, 0.015, 0.03, 0.06, 0.1, 0.15, 0.21, 0.29, 0.4, 0.55, 0.75, 1, 1.4, 1.9, 2.8, 4.5, 8, 16};

static double
log_likelihood(const struct change_days *d, double phi)
{
    double kappa = 1 / phi, exposure = 0, total = 0, sum = 0;

    for (size_t i = 0; i < d->days; i++) {
        double n = (double)d->count[i], part = d->exposure ? d->exposure[i] : 1;

        exposure += part;
        total += n;
        if (n > 0)
            sum += change_log_rising(kappa * part, n);
    }
    return total > 0 ? sum - change_log_rising(kappa * exposure, total) : 0;
}

/* Likelihoods of all values, the largest 1. */
static void
likelihoods(const struct change_days *d, double *out)
{
    double most = -INFINITY;

    for (int k = 0; k < CHANGE_PRIOR_VALUES; k++) {
        out[k] = log_likelihood(d, values[k]);
        most = fmax(most, out[k]);
    }
    for (int k = 0; k < CHANGE_PRIOR_VALUES; k++)
        out[k] = exp(out[k] - most);
}

static void
improve(struct change_prior *prior, const double *likelihood, size_t count)
{
    double sums[CHANGE_PRIOR_VALUES] = {0};

    for (size_t i = 0; i < count; i++) {
        const double *l = likelihood + i * CHANGE_PRIOR_VALUES;
        double all = 0;

        for (int k = 0; k < CHANGE_PRIOR_VALUES; k++)
            all += prior->weight[k] * l[k];
        for (int k = 0; k < CHANGE_PRIOR_VALUES; k++)
            sums[k] += prior->weight[k] * l[k] / all;
    }
    /* One customer more, who may be anything: no value is ever ruled out. */
    for (int k = 0; k < CHANGE_PRIOR_VALUES; k++)
        prior->weight[k] = (sums[k] + 1.0 / CHANGE_PRIOR_VALUES) / ((double)count + 1);
}

void
change_prior_fit(struct change_prior *out, const struct change_days *customers, size_t count)
{
    size_t step = (count + CHANGE_PRIOR_SAMPLE - 1) / CHANGE_PRIOR_SAMPLE, n = 0;
    double *likelihood;

    for (int k = 0; k < CHANGE_PRIOR_VALUES; k++) {
        out->phi[k] = values[k];
        out->weight[k] = 1.0 / CHANGE_PRIOR_VALUES;
    }
    if (count == 0)
        return;
    likelihood = xcalloc((count / step + 1) * CHANGE_PRIOR_VALUES, sizeof *likelihood);
    for (size_t i = 0; i < count; i += step)
        likelihoods(&customers[i], likelihood + n++ * CHANGE_PRIOR_VALUES);
    for (int round = 0; round < ROUNDS; round++)
        improve(out, likelihood, n);
    free(likelihood);
}

struct change_test
change_mixed(const struct change_counts *c, const struct change_days *days,
             const struct change_prior *prior)
{
    struct change_test sum = {0};
    double weight[CHANGE_PRIOR_VALUES], all = 0;

    likelihoods(days, weight);
    for (int k = 0; k < CHANGE_PRIOR_VALUES; k++)
        all += weight[k] *= prior->weight[k];
    for (int k = 0; k < CHANGE_PRIOR_VALUES; k++) {
        struct change_test t;

        if (weight[k] < all * 1e-9)
            continue;
        t = change_negbin(c, 1 / prior->phi[k]);
        sum.ratio = t.ratio;
        sum.p_more += weight[k] / all * t.p_more;
        sum.p_less += weight[k] / all * t.p_less;
        sum.mid_more += weight[k] / all * t.mid_more;
        sum.mid_less += weight[k] / all * t.mid_less;
    }
    return sum;
}
