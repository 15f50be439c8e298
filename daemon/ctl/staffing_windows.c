/*
 * staffing_windows.c - a week of intervals as a shift plan that a person can read.
 */
#include "staffing_windows.h"

#include <math.h>
#include <string.h>

/* Joining is free up to so many idle hours, or this share of the week's work. */
#define FREE_HOURS 1.0
#define FREE_SHARE 0.002

static double
hours(const struct staffing_window *w)
{
    return (double)(w->end - w->start) / 3600;
}

static struct staffing_window
window_of(const struct staffing_interval *i)
{
    double length = i->minutes / 60.0;

    return (struct staffing_window){
        .start = i->start,
        .end = i->start + i->minutes * 60,
        .agents = i->agents,
        .scheduled = i->scheduled,
        .safe = i->safe,
        .contacts = i->contacts,
        .handling = i->handling,
        .need = i->scheduled * length,
        .rostered = i->rostered,
        .missing = fmax(0, i->scheduled - i->rostered) * length + 0 * i->rostered,
    };
}

/* NAN is nothing known on one side: the other side's number stands. */
static double
plus(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

static struct staffing_window
join(const struct staffing_window *a, const struct staffing_window *b)
{
    double contacts = a->contacts + b->contacts;

    return (struct staffing_window){
        .start = a->start,
        .end = b->end,
        .agents = a->agents > b->agents ? a->agents : b->agents,
        .scheduled = a->scheduled > b->scheduled ? a->scheduled : b->scheduled,
        .safe = a->safe > b->safe ? a->safe : b->safe,
        .contacts = contacts,
        .handling = contacts > 0
                        ? (a->contacts * a->handling + b->contacts * b->handling) / contacts
                        : a->handling,
        .need = a->need + b->need,
        .rostered = fmin(a->rostered, b->rostered),
        .missing = plus(a->missing, b->missing),
    };
}

/* Idle hours that joining two windows would add; INFINITY across a gap. */
static double
cost(const struct staffing_window *a, const struct staffing_window *b)
{
    int most = a->scheduled > b->scheduled ? a->scheduled : b->scheduled;

    if (a->end != b->start)
        return INFINITY;
    return (most - a->scheduled) * hours(a) + (most - b->scheduled) * hours(b);
}

size_t
staffing_windows(const struct staffing_interval *at, size_t count, size_t limit,
                 struct staffing_window *out)
{
    double work = 0, spare;
    size_t n = count;

    for (size_t i = 0; i < count; i++) {
        out[i] = window_of(&at[i]);
        work += out[i].need;
    }
    spare = fmax(FREE_HOURS, FREE_SHARE * work);
    while (n > 1) {
        double least = INFINITY;
        size_t best = 0;

        for (size_t i = 0; i + 1 < n; i++) {
            double c = cost(&out[i], &out[i + 1]);

            if (c < least) {
                least = c;
                best = i;
            }
        }
        if (isinf(least) || (n <= limit && least > spare))
            break;
        out[best] = join(&out[best], &out[best + 1]);
        memmove(&out[best + 1], &out[best + 2], (n - best - 2) * sizeof *out);
        n--;
    }
    return n;
}
