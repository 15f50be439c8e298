/*
 * report_when.c - times as people say them.
 */
#include <stdio.h>

#include "civil.h"
#include "report.h"

int64_t
report_local(const struct report *r, int64_t utc)
{
    return utc + zone_offset_at(r->zone, utc);
}

char *
report_short_time(const struct report *r, char out[32], int64_t utc)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t local = report_local(r, utc);
    struct civil c = civil_from_utc(local);

    snprintf(out, 32, "%s %2d %s %02d:%02d", days[weekday_from_days(day_of(local))], c.day % 100,
             months[c.month - 1], c.hour % 100, c.minute % 100);
    return out;
}

/* The date of another day only where its weekday does not tell. */
char *
report_window(const struct report *r, char out[80], int64_t start, int64_t end)
{
    char from[32], to[32];
    int64_t last = report_local(r, end);
    int32_t days = day_of(last) - day_of(report_local(r, start));

    report_short_time(r, from, start);
    report_short_time(r, to, end);
    if (days == 0)
        snprintf(out, 80, "%s-%s", from, to + 11);
    else if (days == 1 && second_of_day(last) == 0)
        snprintf(out, 80, "%s-24:00", from);
    else if (days < 7)
        snprintf(out, 80, "%s - %.3s %s", from, to, to + 11);
    else
        snprintf(out, 80, "%s - %s", from, to);
    return out;
}
