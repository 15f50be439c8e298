/*
 * day_factors.c - the calendar in memory, in the order of days and services.
 */
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "civil.h"

struct special { /* a day of a service; "": of all */
    int32_t day;
    char *service, *name;
    double factor;
};

struct day_factors {
    struct special *days;
    size_t count, cap;
};

enum status
day_factors_load(struct day_factors **out, struct store *s, struct error *err)
{
    struct day_factors *f = xcalloc(1, sizeof *f);
    struct query *q = NULL;
    enum status st = store_query(
        s, &q, "SELECT day, service, factor, name FROM calendar ORDER BY day, service", err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        struct span name = query_text(q, 3), service = query_text(q, 1);
        struct special d = {.factor = query_real(q, 2)};

        /* Other programs may have written it. */
        if (!parse_day(query_text(q, 0), &d.day) || !(d.factor >= 0) ||
            d.factor > CALENDAR_MAX_FACTOR)
            continue;
        d.service = xstrndup(service.p, service.n);
        d.name = name.n ? xstrndup(name.p, name.n) : NULL;
        if (f->count == f->cap) {
            f->cap = f->cap ? f->cap * 2 : 64;
            f->days = xrealloc(f->days, f->cap * sizeof *f->days);
        }
        f->days[f->count++] = d;
    }
    query_free(q);
    if (st != ST_NOT_FOUND) {
        day_factors_free(f);
        return st;
    }
    *out = f;
    return ST_OK;
}

void
day_factors_free(struct day_factors *f)
{
    for (size_t i = 0; f && i < f->count; i++) {
        free(f->days[i].service);
        free(f->days[i].name);
    }
    if (f)
        free(f->days);
    free(f);
}

static const struct special *
find(const struct day_factors *f, const char *service, int32_t day)
{
    size_t low = 0, high = f->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct special *d = &f->days[middle];
        int order = d->day < day ? -1 : d->day > day ? 1 : strcmp(d->service, service);

        if (order == 0)
            return d;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

double
day_factor(const struct day_factors *f, const char *service, int32_t day, const char **name)
{
    const struct special *d = find(f, service, day);

    if (!d)
        d = find(f, "", day);
    if (name)
        *name = d ? d->name : NULL;
    return d ? d->factor : 1;
}
