/*
 * optimise.c - the least value of a smooth function of a few numbers.
 */
#include "optimise.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define SIMPLEX_STEPS 2000
#define SIMPLEX_END   1e-2
#define SLOPE_STEPS   200
#define SLOPE_END     1e-8
#define SLOPE_WIDTH   1e-5
/* Armijo's condition, and how often a step is halved before it is given up. */
#define ENOUGH 1e-4
#define HALVED 40

struct point {
    double v[OPTIMISE_MOST], f;
};

struct problem {
    optimise_cost *f;
    void *arg;
    int n;
};

static double
value(const struct problem *p, const double *v)
{
    double f = p->f(p->arg, v);

    return isnan(f) ? INFINITY : f;
}

/* --- Nelder and Mead --- */

/* Few points: insertion keeps equal ones in their order. */
static void
sort(struct point *s, int count)
{
    for (int i = 1; i < count; i++) {
        struct point x = s[i];
        int at = i;

        for (; at > 0 && s[at - 1].f > x.f; at--)
            s[at] = s[at - 1];
        s[at] = x;
    }
}

/* On the line from the worst point through the middle of the others. */
static struct point
along(const struct problem *p, const struct point *s, const double *middle, double far)
{
    struct point x;

    for (int k = 0; k < p->n; k++)
        x.v[k] = middle[k] + far * (middle[k] - s[p->n].v[k]);
    x.f = value(p, x.v);
    return x;
}

static void
shrink(const struct problem *p, struct point *s)
{
    for (int i = 1; i <= p->n; i++) {
        for (int k = 0; k < p->n; k++)
            s[i].v[k] = (s[0].v[k] + s[i].v[k]) / 2;
        s[i].f = value(p, s[i].v);
    }
}

static void
step(const struct problem *p, struct point *s)
{
    double middle[OPTIMISE_MOST] = {0};
    struct point x, y;

    for (int i = 0; i < p->n; i++)
        for (int k = 0; k < p->n; k++)
            middle[k] += s[i].v[k] / p->n;
    x = along(p, s, middle, 1);
    if (x.f < s[0].f) {
        y = along(p, s, middle, 2);
        s[p->n] = y.f < x.f ? y : x;
    } else if (x.f < s[p->n - 1].f) {
        s[p->n] = x;
    } else {
        y = along(p, s, middle, x.f < s[p->n].f ? 0.5 : -0.5);
        if (y.f < fmin(x.f, s[p->n].f))
            s[p->n] = y;
        else
            shrink(p, s);
    }
    sort(s, p->n + 1);
}

static double
size(const struct problem *p, const struct point *s)
{
    double most = 0;

    for (int k = 0; k < p->n; k++)
        most = fmax(most, fabs(s[p->n].v[k] - s[0].v[k]));
    return most;
}

static void
simplex(const struct problem *p, struct point *best)
{
    struct point s[OPTIMISE_MOST + 1];

    for (int i = 0; i <= p->n; i++) {
        s[i] = *best;
        if (i > 0)
            s[i].v[i - 1] += 0.5;
        s[i].f = value(p, s[i].v);
    }
    sort(s, p->n + 1);
    for (int i = 0; i < SIMPLEX_STEPS && size(p, s) > SIMPLEX_END; i++)
        step(p, s);
    *best = s[0];
}

/* --- BFGS --- */

static void
slope(const struct problem *p, const struct point *x, double *g)
{
    double v[OPTIMISE_MOST];

    memcpy(v, x->v, sizeof v);
    for (int k = 0; k < p->n; k++) {
        double more, less;

        v[k] = x->v[k] + SLOPE_WIDTH;
        more = value(p, v);
        v[k] = x->v[k] - SLOPE_WIDTH;
        less = value(p, v);
        v[k] = x->v[k];
        /* At the edge of what has a value there is no slope to follow. */
        g[k] = isfinite(more) && isfinite(less) ? (more - less) / (2 * SLOPE_WIDTH) : 0;
    }
}

static double
dot(const double *a, const double *b, int n)
{
    double sum = 0;

    for (int k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

typedef double matrix[OPTIMISE_MOST][OPTIMISE_MOST];

static void
identity(matrix h, int n)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            h[i][k] = i == k;
}

/* The inverse curvature after a step s that changed the slope by y. */
static void
learn(matrix h, const double *s, const double *y, int n)
{
    double sy = dot(s, y, n), hy[OPTIMISE_MOST], yhy;

    if (!(sy > DBL_EPSILON * sqrt(dot(s, s, n) * dot(y, y, n))))
        return;
    for (int i = 0; i < n; i++)
        hy[i] = dot(h[i], y, n);
    yhy = dot(y, hy, n);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            h[i][k] += (1 + yhy / sy) * s[i] * s[k] / sy - (hy[i] * s[k] + s[i] * hy[k]) / sy;
}

/* Goes down along d; false: there is no way down. */
static int
descend(const struct problem *p, struct point *x, const double *g, const double *d, double *moved)
{
    double down = dot(g, d, p->n), length = 1;

    for (int i = 0; i < HALVED; i++, length /= 2) {
        struct point y = *x;

        for (int k = 0; k < p->n; k++)
            y.v[k] += length * d[k];
        y.f = value(p, y.v);
        if (y.f <= x->f + ENOUGH * length * down) {
            for (int k = 0; k < p->n; k++)
                moved[k] = y.v[k] - x->v[k];
            *x = y;
            return 1;
        }
    }
    return 0;
}

static void
quasi_newton(const struct problem *p, struct point *x)
{
    double g[OPTIMISE_MOST], next[OPTIMISE_MOST], d[OPTIMISE_MOST], s[OPTIMISE_MOST];
    matrix h;

    identity(h, p->n);
    slope(p, x, g);
    for (int i = 0; i < SLOPE_STEPS && dot(g, g, p->n) > SLOPE_END * SLOPE_END; i++) {
        for (int k = 0; k < p->n; k++)
            d[k] = -dot(h[k], g, p->n);
        if (!(dot(g, d, p->n) < 0)) { /* what was learnt leads uphill: forget it */
            identity(h, p->n);
            for (int k = 0; k < p->n; k++)
                d[k] = -g[k];
        }
        if (!descend(p, x, g, d, s))
            break;
        slope(p, x, next);
        for (int k = 0; k < p->n; k++) {
            d[k] = next[k] - g[k];
            g[k] = next[k];
        }
        learn(h, s, d, p->n);
    }
}

double
optimise(optimise_cost *f, void *arg, double *v, int count)
{
    struct problem p = {f, arg, count};
    struct point x = {.f = 0};

    memcpy(x.v, v, (size_t)count * sizeof *v);
    simplex(&p, &x);
    quasi_newton(&p, &x);
    memcpy(v, x.v, (size_t)count * sizeof *v);
    return x.f;
}
