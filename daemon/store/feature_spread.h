/*
 * feature_spread.h - how evenly is a feature's use spread over the customers?
 *
 * Only the customers' own cells know, so this is added up where all of them are read; between
 * such readings the last answer stands.
 */
#ifndef FEATURE_SPREAD_H
#define FEATURE_SPREAD_H

#include "pass.h"
#include "profile.h"

struct spread;

struct spread *spread_new(void);
void spread_free(struct spread *s); /* accepts NULL */
/* One customer's uses and attempts of 90 days. */
void spread_add(struct spread *s, const struct profile *p);
/* Replaces what the store knows. */
enum status spread_save(const struct spread *s, struct pass *p, struct error *err);

/* Reads every customer's cells for it: for a feature that nobody has read about yet. */
enum status spread_measure(struct pass *p, struct error *err);
/* The largest customer's share of a feature's uses and attempts; NAN: not known. */
enum status spread_largest(struct pass *p, const char *feature, double *share, struct error *err);

#endif
