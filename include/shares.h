/*
 * shares.h - parts of what comes: a customer's, a segment's, the skills of a service.
 *
 * Shares of customers and segments are those of all legs of the last four weeks.
 */
#ifndef SHARES_H
#define SHARES_H

#include "share_text.h"
#include "store.h"

/* Of all legs so much is one customer's; 0: none. */
enum status share_of_customer(struct store *s, struct span customer, double *share,
                              struct error *err);

struct skill {
    char *name;
    double share;
};
struct skills {
    struct skill at[SKILLS_MOST + 1]; /* as written, then what is left, if anything is */
    size_t count;
};

/* texts: as in skill_read, at most SKILLS_MOST, ended by NULL. ST_BAD_INPUT: err->text begins with
 * "split: "; ST_NOT_FOUND: a segment has none of the legs, or all. lenient: such a segment is left
 * out, because what is configured for good may have nobody today. On ST_OK the caller clears. */
enum status skills_find(struct store *s, const char *const *texts, bool lenient, struct skills *out,
                        struct error *err);
void skills_clear(struct skills *s);

#endif
