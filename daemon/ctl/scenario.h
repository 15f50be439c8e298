/*
 * scenario.h - what a person asks: "if things were otherwise", as options say it.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>

#include "options.h"
#include "span.h"

struct scenario {
    double calls_factor;
    struct option_list customers, features;
    const char *volume, *aht;
    double aht_factor, aht_s;
    double service_level, within, occupancy, shrinkage, patience; /* NAN: as configured */
};

/* Understands volume and aht. 0, or said what is wrong and the exit code. */
int scenario_read(struct scenario *s);
/* "+20%" is 1.2; "-5 %" is 0.95. False: no change in per cent. */
bool scenario_percent(const char *text, double *factor);
/* "NAME=CHANGE": the name may hold "=". */
bool scenario_split(const char *text, struct span *name, const char **change);
/* Says what was expected of an option; the exit code. */
int scenario_wrong(const char *option, const char *given, const char *expected);

#endif
