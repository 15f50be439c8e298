/*
 * zone_rule.h - the POSIX TZ text in the footer of a time zone file; for zone.c only.
 */
#ifndef ZONE_RULE_H
#define ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

#define ZONE_MAX_OFFSET 93599 /* 25:59:59, RFC 8536 section 3.2 */

/* A day of the year and a time of that day: "Mm.w.d/time", "Jn/time", "n/time". */
struct zone_rule_date {
    char form;            /* 'M', 'J', or '0' for the zero-based day */
    int month, week, day; /* day alone for J and 0 */
    int32_t time;         /* seconds, may be negative or beyond a day */
};

struct zone_rule {
    int32_t standard, summer; /* seconds east of UTC */
    bool has_summer;
    struct zone_rule_date begin, end; /* of summer time */
};

/* False: not a rule. */
bool zone_rule_parse(struct zone_rule *out, struct span text);

/* The local wall clock reading (as if UTC) at which the date falls in a year. */
int64_t zone_rule_moment(const struct zone_rule_date *d, int year);

/* "+05:30", "-0800", "+5": seconds east; at most 25:59:59. */
bool zone_parse_offset(struct span s, int32_t *offset);

#endif
