/*
 * usual_days.c - how much of a usual day was each day, for everybody?
 *
 * First the shape of the week in each group, then what each single day was against it. Both are
 * ratios of counts with so many events added on either side that few events say little. All of it
 * twice: those who went their own way in some week, against what was found first, are left out the
 * second time.
 */
#include "usual_days.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define OWN_TIMES  3
#define OWN_EVENTS 5    /* fewer are luck */
#define LEAST      0.02 /* of a usual day: nothing is ever expected to be none at all */

struct sums {
    double day[USUAL_GROUPS_MAX + 1][USUAL_DAYS_MAX]; /* the last group is everybody */
    double week[USUAL_GROUPS_MAX + 1][7];             /* shape: 1 on average */
    double mean[USUAL_GROUPS_MAX + 1];                /* of the known days */
};

static double
expected(const struct usual_days *u, size_t day)
{
    return u->calendar ? fmax(u->calendar[day], LEAST) : 1;
}

/* Three times as much in a week as was to be expected, or a third. */
static bool
goes_its_own_way(const struct usual_days *u, const struct usual_customer *c, double total,
                 const double *exposure)
{
    double all = 0;

    for (size_t d = 0; d < u->days; d++)
        all += u->known[d] ? exposure[d] : 0;
    for (size_t d = u->days; d >= 7; d -= 7) {
        double seen = 0, due = 0;

        for (size_t i = d - 7; i < d; i++)
            if (u->known[i]) {
                seen += (double)c->count[i];
                due += total * exposure[i] / all;
            }
        if (fabs(seen - due) >= OWN_EVENTS && (seen > OWN_TIMES * due || due > OWN_TIMES * seen))
            return true;
    }
    return false;
}

/* exposure: what was found before, or NULL. */
static void
add_up(const struct usual_days *u, const struct usual_customer *customers, size_t count,
       const double *exposure, struct sums *s)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < count; i++) {
        const struct usual_customer *c = &customers[i];
        double total = 0, weight;

        for (size_t d = 0; d < u->days; d++)
            total += u->known[d] ? (double)c->count[d] : 0;
        if (exposure && goes_its_own_way(u, c, total, exposure + c->group * u->days))
            continue;
        weight = total > USUAL_WEIGHT ? USUAL_WEIGHT / total : 1;
        for (size_t d = 0; d < u->days; d++)
            if (u->known[d]) {
                s->day[c->group][d] += weight * (double)c->count[d];
                s->day[u->groups][d] += weight * (double)c->count[d];
            }
    }
}

/* The week of a group, drawn towards that of everybody, which is drawn towards an even one. */
static void
shape_week(const struct usual_days *u, struct sums *s, unsigned group)
{
    double seen[7] = {0}, due[7] = {0}, all = 0, days = 0;

    for (size_t d = 0; d < u->days; d++) {
        size_t weekday = (u->first_weekday + d) % 7;

        if (!u->known[d])
            continue;
        seen[weekday] += s->day[group][d];
        due[weekday] += expected(u, d);
        all += s->day[group][d];
        days += expected(u, d);
    }
    s->mean[group] = days > 0 ? all / days : 0;
    for (int w = 0; w < 7; w++) {
        double prior = group == u->groups ? 1 : s->week[u->groups][w];
        double usual = due[w] * s->mean[group];

        s->week[group][w] = (seen[w] + USUAL_PRIOR / 7 * prior) / (usual + USUAL_PRIOR / 7);
    }
}

/* What a day was against the shape of the week: 1 is as expected. */
static double
against_week(const struct usual_days *u, const struct sums *s, unsigned group, size_t day,
             double prior)
{
    double week = s->week[group][(u->first_weekday + day) % 7];

    if (!u->known[day])
        return prior;
    return (s->day[group][day] + USUAL_PRIOR * prior) / (s->mean[group] * week + USUAL_PRIOR);
}

static void
find(const struct usual_days *u, struct sums *s, double *out)
{
    double known = 0;

    shape_week(u, s, u->groups);
    for (unsigned g = 0; g < u->groups; g++)
        shape_week(u, s, g);
    for (size_t d = 0; d < u->days; d++)
        known += u->known[d];
    for (unsigned g = 0; g < u->groups; g++) {
        double *group = out + g * u->days, sum = 0;

        for (size_t d = 0; d < u->days; d++) {
            double everybody = against_week(u, s, u->groups, d, expected(u, d));
            double factor = against_week(u, s, g, d, everybody);

            group[d] = fmax(s->week[g][(u->first_weekday + d) % 7] * factor, LEAST);
            sum += u->known[d] ? group[d] : 0;
        }
        for (size_t d = 0; d < u->days && known > 0; d++)
            group[d] *= known / sum;
    }
}

void
usual_days(const struct usual_days *u, const struct usual_customer *customers, size_t count,
           double *out)
{
    struct sums s;

    add_up(u, customers, count, NULL, &s);
    find(u, &s, out);
    add_up(u, customers, count, out, &s);
    find(u, &s, out);
}
