/*
 * change.c - has the rate of something changed, or is it chance?
 *
 * Poisson: X1 given X1 + X0 = n is Binomial(n, t1 / (t1 + t0)) (Przyborowski and Wilenski
 * 1940). Negative binomial with size kappa a day: sums over t days are negative binomial of
 * size kappa * t with the same probability, so X1 given n is BetaBinomial(n, kappa t1,
 * kappa t0) exactly, whatever the mean. False discovery rate: Benjamini and Hochberg 1995.
 */
#include "change.h"

#include <math.h>
#include <stdlib.h>

#include "change_private.h"
#include "memory.h"
#include "numeric.h"

/* Above so many events the tails of the beta-binomial are those of its beta limit. */
#define MAX_TERMS 2e6
/* A product within these may take one more factor that is within them, too. */
#define PRODUCT_LEAST 1e-150
#define PRODUCT_MOST  1e150

static struct change_test
nothing_known(void)
{
    return (struct change_test){NAN, 1, 1, 1, 1};
}

static double
rate_ratio(const struct change_counts *c)
{
    return c->x0 > 0 ? c->x1 / c->t1 / (c->x0 / c->t0) : INFINITY;
}

/* From the exact tails and the probability of just what was seen. */
static struct change_test
test_from_tails(const struct change_counts *c, double more, double less, double point)
{
    struct change_test t;

    t.ratio = rate_ratio(c);
    t.p_more = fmin(more, 1);
    t.p_less = fmin(less, 1);
    t.mid_more = fmax(t.p_more - point / 2, 0);
    t.mid_less = fmax(t.p_less - point / 2, 0);
    return t;
}

struct change_test
change_poisson(const struct change_counts *c)
{
    double n = c->x1 + c->x0, p = c->t1 / (c->t1 + c->t0);
    double more, less, point;

    if (!(n > 0))
        return nothing_known();
    point = exp(numeric_lgamma(n + 1) - numeric_lgamma(c->x1 + 1) - numeric_lgamma(c->x0 + 1) +
                c->x1 * log(p) + c->x0 * log1p(-p));
    /* Binomial tails are incomplete beta functions; each is computed on its own side so that
     * a tail of 1e-20 is not lost in a subtraction from 1. */
    more = c->x1 > 0 ? numeric_beta(p, c->x1, c->x0 + 1) : 1;
    less = c->x0 > 0 ? numeric_beta(1 - p, c->x0, c->x1 + 1) : 1;
    return test_from_tails(c, more, less, point);
}

/* Logarithms are dear: of as many factors at once as a number can hold. */
static double
log_of_factors(double a, double k)
{
    double sum = 0, product = 1;

    for (double i = 0; i < k; i++) {
        product *= a + i;
        if (!(product > PRODUCT_LEAST && product < PRODUCT_MOST)) {
            sum += log(product);
            product = 1;
        }
    }
    return sum + log(product);
}

/* Differences of log-gammas lose what they have in common: few factors are multiplied, and large
 * arguments go through Stirling's series. */
double
change_log_rising(double a, double k)
{
    if (k <= 256)
        return log_of_factors(a, k);
    if (a < 1e4)
        return numeric_lgamma(a + k) - numeric_lgamma(a);
    return (a + k - 0.5) * log1p(k / a) + k * log(a) - k + (1 / (a + k) - 1 / a) / 12;
}

/* Sum of BetaBinomial(n, a, b) probabilities from k (whose probability is given) to n, by
 * the ratio of neighbours. The distribution may have its bulk at both ends (a or b below 1),
 * so only a falling tail of a unimodal one is cut short. */
static double
tail_upwards(double n, double k, double a, double b, double point)
{
    bool unimodal = a >= 1 && b >= 1;
    double sum = point, term = point;

    for (; k < n; k++) {
        double ratio = (n - k) * (k + a) / ((k + 1) * (n - k - 1 + b));

        term *= ratio;
        sum += term;
        if (unimodal && ratio < 1 && term < sum * 1e-18 * (1 - ratio))
            break;
    }
    return sum;
}

struct change_test
change_negbin(const struct change_counts *c, double kappa)
{
    double n = c->x1 + c->x0, a = kappa * c->t1, b = kappa * c->t0;
    double point, more, less;

    if (!(n > 0))
        return nothing_known();
    /* From this size on the difference to Poisson is below the error of log-gamma. */
    if (!(kappa > 0) || kappa >= 1e8)
        return change_poisson(c);
    if (n > MAX_TERMS) {
        more = 1 - numeric_beta((c->x1 - 0.5) / n, a, b);
        less = 1 - numeric_beta((c->x0 - 0.5) / n, b, a);
        return test_from_tails(c, more, less, fmax(more + less - 1, 0));
    }
    point = exp(numeric_lgamma(n + 1) - numeric_lgamma(c->x1 + 1) - numeric_lgamma(c->x0 + 1) +
                change_log_rising(a, c->x1) + change_log_rising(b, c->x0) -
                change_log_rising(a + b, n));
    more = tail_upwards(n, c->x1, a, b, point);
    less = tail_upwards(n, c->x0, b, a, point);
    return test_from_tails(c, more, less, point);
}

void
change_ratio_interval(const struct change_counts *c, double confidence, double *low, double *high)
{
    double alpha = (1 - confidence) / 2, scale = c->t0 / c->t1;
    double from = c->x1 > 0 ? numeric_beta_quantile(alpha, c->x1, c->x0 + 1) : 0;
    double to = c->x0 > 0 ? numeric_beta_quantile(1 - alpha, c->x1 + 1, c->x0) : 1;

    *low = from < 1 ? from / (1 - from) * scale : INFINITY;
    *high = to < 1 ? to / (1 - to) * scale : INFINITY;
}

double
change_two_sided(const struct change_test *t)
{
    return fmin(1, 2 * fmin(t->mid_more, t->mid_less));
}

struct change_baseline
change_baseline(const struct change_days *daily)
{
    struct change_baseline b = {.days = (double)daily->days};
    double squares = 0, exposure = 0;

    if (daily->days == 0)
        return b;
    for (size_t i = 0; i < daily->days; i++) {
        b.total += (double)daily->count[i];
        exposure += daily->exposure ? daily->exposure[i] : 1;
    }
    b.mean = b.total / exposure;
    for (size_t i = 0; i < daily->days; i++) {
        double off = (double)daily->count[i] - b.mean * (daily->exposure ? daily->exposure[i] : 1);

        squares += off * off;
    }
    b.variance = b.days > 1 ? squares / (b.days - 1) : 0;
    return b;
}

double
change_pooled_phi(const struct change_baseline *b, size_t count)
{
    double over = 0, weight = 0;

    for (size_t i = 0; i < count; i++) {
        if (b[i].total < 10 || b[i].days < 2)
            continue;
        over += b[i].variance - b[i].mean;
        weight += b[i].mean * b[i].mean - b[i].variance / b[i].days;
    }
    return over > 0 && weight > 0 ? over / weight : 0;
}

double
change_phi(const struct change_baseline *b, double pooled)
{
    double m = b->mean, den, own, w;

    if (b->days < 2 || !(m > 0))
        return pooled;
    den = fmax(m * m - b->variance / b->days, 1e-9);
    own = fmin(fmax((b->variance - m) / den, 0), 10);
    w = den / (den + 4 * (m + m * m) / sqrt(b->days));
    return fmax((1 - w) * pooled + w * own, pooled / 2);
}

bool
change_is_large(const struct change_counts *c)
{
    double expected = c->x0 * c->t1 / c->t0;
    double ratio;

    if (c->x1 + c->x0 < 10 || c->t0 < 14 || fabs(c->x1 - expected) < 5)
        return false;
    ratio = rate_ratio(c);
    return ratio >= 1.5 || ratio <= 1 / 1.5;
}

struct ranked {
    double p;
    size_t place;
};

static int
by_p(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

void
change_fdr(const double *p, double *q, size_t count)
{
    struct ranked *order;
    double least = 1;

    if (count == 0)
        return;
    order = xcalloc(count, sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = (struct ranked){p[i], i};
    qsort(order, count, sizeof *order, by_p);
    for (size_t i = count; i-- > 0;) {
        least = fmin(least, order[i].p * (double)count / (double)(i + 1));
        q[order[i].place] = least;
    }
    free(order);
}
