/*
 * timetext.h - how a format writes times.
 *
 * "auto" takes RFC 3339 and, by their size, epoch seconds (below 100 000 000 000), milliseconds
 * (below 10^14) and microseconds (below 10^17), each with or without a fraction. Anything else
 * is a pattern of the directives that format.h lists; a blank in it stands for one or more.
 */
#ifndef TIMETEXT_H
#define TIMETEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "civil.h"
#include "span.h"
#include "status.h"

/* Checks a pattern once: known directives that together give a date. NULL and "auto" are fine.
 * ST_BAD_CONFIG, err->text begins with "time_format". */
enum status timetext_check(const char *pattern, struct error *err);

/* A pattern of a clock alone ("%H:%M"), which is read as a moment of 1 January 1970. */
bool timetext_is_clock(const char *pattern);

/* The offset of a zone that an abbreviation names ("CEST"), in seconds east. False: there is none,
 * or it means another one elsewhere (CST is Chicago's and Shanghai's). */
bool timetext_zone(struct span name, int32_t *offset);

/* Reads a time, cut to the second. Without an offset in the text, *floating is set and *utc is
 * the wall clock reading as if it were UTC. pattern NULL is "auto"; memo may be NULL. False: not
 * such a time. */
static inline bool timetext_read(const char *pattern, struct date_memo *memo, struct span s,
                                 int64_t *utc, bool *floating);

/* --- the same, by kind --- */

bool timetext_read_auto(struct span s, int64_t *utc, bool *floating);
bool timetext_read_pattern(const char *pattern, struct span s, int64_t *utc, bool *floating);

static inline bool
timetext_read(const char *pattern, struct date_memo *memo, struct span s, int64_t *utc,
              bool *floating)
{
    bool has_offset;

    if (pattern)
        return timetext_read_pattern(pattern, s, utc, floating);
    if (memo && parse_usual_time(s, memo, utc, &has_offset)) {
        *floating = !has_offset;
        return true;
    }
    return timetext_read_auto(s, utc, floating);
}

#endif
