/*
 * nearest.h - of the names that there are, the one that was probably meant.
 *
 * The distance between two names is the least number of letters put in, left out, exchanged, or
 * swapped with their neighbour (optimal string alignment: Damerau, CACM 7(3), 1964); capitals do
 * not matter. A name is near if no more than a third of what was given differs.
 */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 64 /* longer names are near to none */

struct nearest {
    const char *given, *best; /* borrowed; best: NULL as long as no name was near */
    size_t least;             /* its distance, and of all that is farther none is asked for */
    char hint[NEAREST_MAX + 24];
};

struct nearest nearest_to(const char *given);

/* One of the names that there are. Of two as near the first stays. */
void nearest_offer(struct nearest *n, const char *name);

/* ` (did you mean "report"?)` to follow the name that is not there, or "". Lives as long as n. */
const char *nearest_hint(struct nearest *n);

#endif
