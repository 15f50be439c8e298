/*
 * usage_group.c - what a group of customers that use it at the same hours is called.
 */
#include "usage_group.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

void
usage_point(const int64_t legs[USAGE_HOURS], double out[USAGE_HOURS])
{
    double all = 0;

    for (int h = 0; h < USAGE_HOURS; h++)
        all += (double)(legs[h] > 0 ? legs[h] : 0);
    for (int h = 0; h < USAGE_HOURS; h++)
        out[h] = all > 0 && legs[h] > 0 ? sqrt((double)legs[h] / all) : 0;
}

struct usage_shape
usage_shape(const double centroid[USAGE_HOURS], unsigned weekend)
{
    double all = 0, by_hour[24] = {0};
    struct usage_shape s = {0};

    for (int h = 0; h < USAGE_HOURS; h++)
        all += centroid[h] * centroid[h];
    for (int h = 0; h < USAGE_HOURS && all > 0; h++) {
        double share = centroid[h] * centroid[h] / all;
        int hour = h % 24;
        bool rest = weekend >> h / 24 & 1;

        by_hour[hour] += share;
        s.office += !rest && hour >= 8 && hour < 18 ? share : 0;
        s.evening += hour >= 18 && hour < 23 ? share : 0;
        s.night += hour >= 23 || hour < 6 ? share : 0;
        s.weekend += rest ? share : 0;
    }
    for (int hour = 1; hour < 24; hour++)
        s.peak = by_hour[hour] > by_hour[s.peak] ? hour : s.peak;
    return s;
}

const char *
usage_base(const struct usage_shape *s)
{
    if (s->office >= 0.60)
        return "office";
    if (s->evening >= 0.40)
        return "evening";
    if (s->night >= 0.25)
        return "night";
    return s->weekend >= 0.45 ? "weekend" : "mixed";
}

struct search {
    const size_t *overlap;
    const uint8_t *may;
    size_t news, olds;
};

static size_t
sum_of(const struct search *s, size_t from, size_t step, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += s->overlap[from + i * step];
    return sum;
}

static bool
is_same(const struct search *s, size_t n, size_t o)
{
    size_t both = 2 * s->overlap[n * s->olds + o];

    return s->may[n * s->olds + o] &&
           (both > sum_of(s, n * s->olds, 1, s->olds) || both > sum_of(s, o, s->olds, s->news));
}

void
usage_match(const size_t *overlap, const uint8_t *may, size_t news, size_t olds, int *out)
{
    struct search s = {overlap, may, news, olds};

    for (size_t n = 0; n < news; n++)
        out[n] = -1;
    for (;;) {
        size_t best_new = 0, best_old = 0, best = 0;

        for (size_t n = 0; n < news; n++)
            for (size_t o = 0; o < olds && out[n] < 0; o++) {
                bool taken = false;

                for (size_t i = 0; i < news; i++)
                    taken |= out[i] == (int)o;
                if (!taken && overlap[n * olds + o] > best && is_same(&s, n, o)) {
                    best = overlap[n * olds + o];
                    best_new = n;
                    best_old = o;
                }
            }
        if (best == 0)
            return;
        out[best_new] = (int)best_old;
    }
}
