/*
 * scenario_text.h - changes as people write them.
 */
#ifndef SCENARIO_TEXT_H
#define SCENARIO_TEXT_H

#include <stdbool.h>

#include "scenario.h"
#include "span.h"

/* What was asked, as numbers. */
struct scenario_numbers {
    double calls_factor, aht_factor, aht_s;                          /* aht_s 0: as forecast */
    double sl, within, occupancy, shrinkage, patience, availability; /* NAN: as configured */
};

enum status scenario_read(const struct scenario *asked, struct scenario_numbers *out,
                          struct error *err);
/* "+20%" is 1.2; "-5 %" is 0.95. False: no change in per cent. */
bool scenario_percent(const char *text, double *factor);
/* "+2000": how many more. */
bool scenario_number(const char *text, double *number);
/* "NAME=CHANGE": the name may hold "=". */
bool scenario_split(const char *text, struct span *name, const char **change);
/* Says what was expected of a member. */
enum status scenario_wrong(struct error *err, const char *member, const char *given,
                           const char *expected);

#endif
