/*
 * calendar.h - days that are unlike others: holidays, closed days, campaigns. The table that people
 * fill.
 *
 * A day has a factor, by which what is forecast for it is multiplied: 0 is closed. Such days are
 * no days to learn from. A row for a service comes before one for all of them.
 *
 * The file is CSV with a header; columns in any order: day, factor, and if wanted until (the last
 * day, included), service (empty: all), name. Days are local. Each day of a service that the file
 * names is replaced; a factor of 1 takes it out. The whole file is taken, or none of it.
 */
#ifndef CALENDAR_H
#define CALENDAR_H

#include <stdint.h>

#include "span.h"
#include "status.h"
#include "store.h"

#define CALENDAR_MAX_FACTOR 100
#define CALENDAR_MAX_DAYS   400 /* of one row */

struct calendar_imported {
    uint64_t days;
};

/* ST_BAD_INPUT: err->text begins with "line N: ". The store is open for STORE_EDIT. The analyst's
 * next pass reckons with it. */
enum status calendar_import(struct store *s, struct span csv, struct calendar_imported *out,
                            struct error *err);

/* The calendar, to be asked often. */
struct day_factors;
enum status day_factors_load(struct day_factors **out, struct store *s, struct error *err);
void day_factors_free(struct day_factors *f); /* accepts NULL */
/* 1: a day like others. *name, if wanted: borrowed; NULL where it has none. */
double day_factor(const struct day_factors *f, const char *service, int32_t day, const char **name);

#endif
