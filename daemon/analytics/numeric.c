/*
 * numeric.c - special functions that several analytics need.
 */
#include "numeric.h"

#include <math.h>

double
numeric_lgamma(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

/* The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8),
 * evaluated forwards by Lentz's method. Converges fast for x < (a + 1) / (a + b + 2). */
static double
beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    double f;

    d = 1 / (fabs(d) < tiny ? tiny : d);
    f = d;
    for (int m = 1; m < 100000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step;

        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        f *= c * d;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        step = c * d;
        f *= step;
        if (fabs(step - 1) < 1e-16)
            break;
    }
    return f;
}

double
numeric_beta(double x, double a, double b)
{
    double front;

    if (!(x > 0))
        return 0;
    if (x >= 1)
        return 1;
    front = exp(numeric_lgamma(a + b) - numeric_lgamma(a) - numeric_lgamma(b) + a * log(x) +
                b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double
numeric_beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;

    if (!(p > 0))
        return 0;
    if (p >= 1)
        return 1;
    for (int i = 0; i < 1100 && high - low > 1e-15 * high; i++) {
        double middle = (low + high) / 2;

        if (numeric_beta(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

double
numeric_normal_quantile(double p)
{
    double low = -40, high = 40;

    if (!(p > 0))
        return -INFINITY;
    if (p >= 1)
        return INFINITY;
    while (high - low > 1e-14) {
        double middle = (low + high) / 2;

        if (erfc(-middle / M_SQRT2) / 2 < p)
            low = middle;
        else
            high = middle;
        if (middle == low && middle == high)
            break;
    }
    return (low + high) / 2;
}

/* Newton's method from Tricomi's approximation; each root has its mirror image. */
void
numeric_legendre(unsigned n, double *node, double *weight)
{
    for (unsigned i = 0; i < (n + 1) / 2; i++) {
        double x = cos(3.14159265358979323846 * (i + 0.75) / (n + 0.5)), slope = 1, step;

        for (int round = 0; round < 100; round++) {
            double p = 1, before = 0;

            for (unsigned k = 1; k <= n; k++) {
                double older = before;

                before = p;
                p = ((2.0 * k - 1) * x * before - (k - 1.0) * older) / k;
            }
            slope = n * (x * p - before) / (x * x - 1);
            step = p / slope;
            x -= step;
            if (fabs(step) < 1e-15)
                break;
        }
        node[i] = -x;
        node[n - 1 - i] = x;
        weight[i] = weight[n - 1 - i] = 2 / ((1 - x * x) * slope * slope);
    }
}

uint64_t
numeric_mix64(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}
