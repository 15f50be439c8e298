/*
 * results.h - what became of each record of one block, in their order, for senders who ask.
 *
 * The worker that has the block writes first, then the ledger thread, which decides corrections;
 * whoever is told of the commit may read. Never two of them at a time.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include <stddef.h>

#include "span.h"

enum result { RESULT_ACCEPTED, RESULT_DUPLICATE, RESULT_QUARANTINED, RESULT_IGNORED };

struct results;

struct results *results_new(void);
void results_free(struct results *r); /* accepts NULL */

/* Of the record with this number, from 0 on; what was said of it before is forgotten. The reason is
 * copied; NULL: there is none. Without results (NULL) nobody asked, and nothing happens. */
void results_set(struct results *r, size_t number, enum result result, const char *reason);

size_t results_count(const struct results *r);
/* *reason is empty where there is none, and valid until the next change. */
enum result results_get(const struct results *r, size_t number, struct span *reason);
const char *result_name(enum result result); /* "accepted", ... */

#endif
