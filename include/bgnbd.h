/*
 * bgnbd.h - how active will a customer be, and how unusual is its silence?
 *
 * Pure arithmetic; the BG/NBD model (Fader, Hardie, Lee, Marketing Science 24, 2005). While a
 * customer is there, its active days come at a steady rate of its own; after each of them it may
 * leave for good. Rates are gamma distributed over the customers (r, alpha), chances of leaving
 * beta distributed (a, b). Time is in any one unit, here weeks.
 *
 * The chance that a customer is still there is 1 for all who came once and never again: it must
 * not be used to find whom to call. Use bgnbd_expected, and bgnbd_silence for an alarm.
 */
#ifndef BGNBD_H
#define BGNBD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bgnbd {
    double r, alpha, a, b; /* all above 0 */
};

/* Time begins with the first active day. */
struct bgnbd_customer {
    uint32_t repeats; /* active days after the first */
    double last;      /* when the last of them was; 0 without */
    double age;       /* now */
};

/* Log likelihood of all. -INFINITY if a parameter is not above 0. */
double bgnbd_loglik(const struct bgnbd *m, const struct bgnbd_customer *c, size_t count);

/* The parameters of the greatest likelihood, the same for the same customers in the same order;
 * *loglik is theirs. False: too few customers (50), none that came back, or no maximum found. */
bool bgnbd_fit(struct bgnbd *out, double *loglik, const struct bgnbd_customer *c, size_t count);

/* Chance that the customer has not left. Not for alarms: see above. */
double bgnbd_alive(const struct bgnbd *m, const struct bgnbd_customer *c);

/* Active days to be expected in the next `span` of time. */
double bgnbd_expected(const struct bgnbd *m, const struct bgnbd_customer *c, double span);

/* Chance of a silence at least `gap` long after the last active day, for somebody who has not left:
 * the tail of a Lomax distribution. */
double bgnbd_silence(const struct bgnbd *m, const struct bgnbd_customer *c, double gap);
/* The gap whose chance is p. */
double bgnbd_silent_after(const struct bgnbd *m, const struct bgnbd_customer *c, double p);

#endif
