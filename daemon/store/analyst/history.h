/*
 * history.h - the past of one service by local day and interval, from quarter hours in UTC.
 *
 * Summer time is undone here: an hour that does not exist on a day is unknown, one that occurs
 * twice counts as its mean, so that nine o'clock is always nine o'clock.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdint.h>

#include "cell.h"
#include "handling.h"
#include "pass.h"
#include "zone.h"

#define HISTORY_DAYS 400

struct history {
    const struct zone *zone;    /* borrowed */
    int32_t first;              /* local day of index 0; HISTORY_DAYS is today */
    int minutes, slots;         /* of an interval; intervals a day */
    int32_t begun;              /* first local day with a contact; INT32_MAX: none */
    int32_t *offered, *handled; /* (HISTORY_DAYS + 1) * slots */
    int64_t *seconds;
    int64_t *wait;             /* seconds of all callers, the last HISTORY_WAIT_DAYS + 1: * slots */
    int64_t waited, abandoned; /* the same, and who gave up, in the last quarter of a year */
    int64_t newest;            /* start of the newest quarter hour with a contact, UTC; 0: none */
};

#define HISTORY_WAIT_DAYS 28

/* today: the local day that is not over. */
void history_init(struct history *h, const struct zone *zone, int32_t today, int minutes);
void history_clear(struct history *h);
void history_add(struct history *h, const struct cell_view *c); /* service or workload */

/* At `utc` so many things went on at once: an interval's count is its peak. */
void history_peak(struct history *h, int64_t utc, int32_t at_once);

/* The counts of one local day, NAN where unknown: for forecast_feed. A day without any input
 * is unknown, unless its weekday is usually without (then the house is closed: zero). */
void history_day(const struct history *h, const struct pass *p, int32_t day, double *out);

/* What came today so far. */
const int32_t *history_today(const struct history *h);

/* How long contacts took, without today: borrows. */
struct handling_past history_handling(const struct history *h);

/* Mean patience of callers in seconds; 0 when too few gave up to say, or waits are not recorded. */
double history_patience(const struct history *h);

#endif
