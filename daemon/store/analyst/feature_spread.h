/*
 * feature_spread.h - how is the demand for a feature spread over the customers?
 *
 * Only the customers' own cells know, so this is added up where all of them are read; between
 * such readings the last answer stands.
 *
 * How many people of a customer used a feature is not kept: at most as many as times that it was
 * used, and at most as many as the customer has. The people are known of 30 days: as far as there
 * were more uses than people in these, the uses of 90 days count for less. What comes out only
 * shares out the people that the feature's own sketches have counted.
 */
#ifndef FEATURE_SPREAD_H
#define FEATURE_SPREAD_H

#include "demand.h"
#include "pass.h"
#include "profile.h"

struct spread;

struct spread *spread_new(void);
void spread_free(struct spread *s); /* accepts NULL */
/* One customer's uses and attempts of 90 days. Each customer once. */
void spread_add(struct spread *s, struct span customer, const struct profile *p);
/* Replaces what the store knows. */
enum status spread_save(struct spread *s, struct pass *p, struct error *err);

/* Reads every customer's cells for it: for a feature that nobody has read about yet. */
enum status spread_measure(struct pass *p, struct error *err);

struct feature_spread {
    bool known;                 /* else everything below is 0 but largest_share, which is NAN */
    double largest_share;       /* of the people, in one customer */
    int64_t wanting, denied;    /* customers: wanted it and failed; and never had it once */
    double root;                /* value = root * sqrt(votes): demand_value over all customers */
    double draws[DEMAND_DRAWS]; /* the same root of the customers as drawn */
};
enum status spread_load(struct pass *p, const char *feature, struct feature_spread *out,
                        struct error *err);

#endif
