/*
 * history.c - the past of one service in local time.
 */
#include "history.h"

#include <math.h>
#include <stdlib.h>

#include "erlang.h"

/* Patience of callers changes slowly; a quarter of a year is enough and not too much. */
#define PATIENCE_DAYS 91
/* Of fewer who gave up the mean patience would be uncertain by more than a seventh. */
#define PATIENCE_ENOUGH 50

void
history_init(struct history *h, const struct zone *zone, int32_t today, int minutes)
{
    size_t n;

    *h = (struct history){
        .zone = zone,
        .first = today - HISTORY_DAYS,
        .minutes = minutes,
        .slots = 1440 / minutes,
        .begun = INT32_MAX,
    };
    n = (size_t)(HISTORY_DAYS + 1) * (size_t)h->slots;
    h->offered = xcalloc(n, sizeof *h->offered);
    h->handled = xcalloc(n, sizeof *h->handled);
    h->seconds = xcalloc(n, sizeof *h->seconds);
    h->wait = xcalloc((size_t)(HISTORY_WAIT_DAYS + 1) * (size_t)h->slots, sizeof *h->wait);
}

void
history_clear(struct history *h)
{
    free(h->offered);
    free(h->handled);
    free(h->seconds);
    free(h->wait);
}

void
history_add(struct history *h, const struct cell_view *c)
{
    for (unsigned i = 0; i < c->slot_count; i++) {
        struct cell_slot slot = c->slots[i];
        const int64_t *v = slot.v;
        int64_t utc = (int64_t)c->day * DAY_SECONDS + slot.slot * QUARTER_SECONDS;
        int64_t local = utc + zone_offset_at(h->zone, utc);
        int32_t day = day_of(local), today = h->first + HISTORY_DAYS;
        size_t place = (size_t)(second_of_day(local) / (h->minutes * 60)), at;

        if (day < h->first || day > today)
            continue;
        at = (size_t)(day - h->first) * (size_t)h->slots + place;
        h->offered[at] += (int32_t)v[SERVICE_OFFERED];
        h->handled[at] += (int32_t)v[SERVICE_HANDLED];
        h->seconds[at] += v[SERVICE_HANDLE_S];
        if (day >= today - HISTORY_WAIT_DAYS)
            h->wait[(size_t)(day - today + HISTORY_WAIT_DAYS) * (size_t)h->slots + place] +=
                v[SERVICE_WAIT_S];
        if (v[SERVICE_OFFERED] > 0 && utc > h->newest)
            h->newest = utc;
        if (day < today && day >= today - PATIENCE_DAYS) {
            h->waited += v[SERVICE_WAIT_S];
            h->abandoned += v[SERVICE_ABANDONED];
        }
        if (v[SERVICE_OFFERED] > 0 && day < h->begun)
            h->begun = day;
    }
}

void
history_peak(struct history *h, int64_t utc, int32_t at_once)
{
    int64_t local = utc + zone_offset_at(h->zone, utc);
    int32_t day = day_of(local);
    size_t at;

    if (day < h->first || day > h->first + HISTORY_DAYS || at_once <= 0)
        return;
    at = (size_t)(day - h->first) * (size_t)h->slots +
         (size_t)(second_of_day(local) / (h->minutes * 60));
    if (at_once > h->offered[at])
        h->offered[at] = at_once;
    if (day < h->begun)
        h->begun = day;
    if (utc > h->newest)
        h->newest = utc;
}

static bool
had_input(const struct pass *p, const struct zone *z, int32_t day)
{
    return pass_had_input(p, day_of(zone_to_utc(z, (int64_t)day * DAY_SECONDS + 43200)));
}

/* Was there input on at least two other days around this one? */
static bool
week_had_input(const struct history *h, const struct pass *p, int32_t day)
{
    int seen = 0;

    for (int32_t d = day - 3; d <= day + 3; d++)
        seen += d != day && had_input(p, h->zone, d);
    return seen >= 2;
}

/* Is this weekday usually one without input, while the days around it have some? Weeks without
 * any are gaps in what we were given, and say nothing about opening hours. */
static bool
usually_closed(const struct history *h, const struct pass *p, int32_t day)
{
    int weeks = 0, seen = 0;

    if (!week_had_input(h, p, day))
        return false;
    for (int32_t d = day - (day - h->begun) / 7 * 7; d < h->first + HISTORY_DAYS; d += 7) {
        if (!week_had_input(h, p, d))
            continue;
        weeks++;
        seen += had_input(p, h->zone, d);
    }
    return 2 * seen < weeks;
}

/* How many quarter hours of the day fall into each interval: all the same but for two days of
 * the year. */
static void
count_quarters(const struct history *h, int32_t day, int *quarters)
{
    int64_t begin = (int64_t)day * DAY_SECONDS;
    int64_t from = zone_to_utc(h->zone, begin), to = zone_to_utc(h->zone, begin + DAY_SECONDS);

    for (int i = 0; i < h->slots; i++)
        quarters[i] = to - from == DAY_SECONDS ? h->minutes / 15 : 0;
    for (int64_t t = from; to - from != DAY_SECONDS && t < to; t += QUARTER_SECONDS) {
        int64_t local = t + zone_offset_at(h->zone, t) - begin;

        if (local >= 0 && local < DAY_SECONDS)
            quarters[local / (h->minutes * 60)]++;
    }
}

void
history_day(const struct history *h, const struct pass *p, int32_t day, double *out)
{
    const int32_t *offered = h->offered + (size_t)(day - h->first) * (size_t)h->slots;
    int quarters[96];
    bool input = had_input(p, h->zone, day), known;
    int64_t any = 0;

    for (int i = 0; i < h->slots; i++)
        any += offered[i];
    known = any > 0 || input || usually_closed(h, p, day);
    count_quarters(h, day, quarters);
    for (int i = 0; i < h->slots; i++)
        out[i] =
            !known || quarters[i] == 0 ? NAN : (double)offered[i] * (h->minutes / 15) / quarters[i];
}

const int32_t *
history_today(const struct history *h)
{
    return h->offered + (size_t)HISTORY_DAYS * (size_t)h->slots;
}

struct handling_past
history_handling(const struct history *h)
{
    return (struct handling_past){.handled = h->handled,
                                  .seconds = h->seconds,
                                  .days = HISTORY_DAYS,
                                  .slots = (unsigned)h->slots,
                                  .weekday = (unsigned)weekday_from_days(h->first)};
}

double
history_patience(const struct history *h)
{
    double patience = erlang_patience((double)h->waited, (double)h->abandoned);

    return h->abandoned >= PATIENCE_ENOUGH && patience >= 1 ? patience : 0;
}
