/*
 * names.h - which customers, features, services and regions there are, and how many there may be.
 *
 * Every name costs memory, rows and keys for months, so strangers must not be able to make up any
 * number of them. Names are remembered as 64-bit hashes: two of n million that share one are taken
 * for the same, which happens once in about 10^13 / n^2 sets. Any thread.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "span.h"

enum name_kind { NAME_CUSTOMER, NAME_FEATURE, NAME_SERVICE, NAME_REGION, NAME_KINDS };

/* NAME_KINDS for a kind of cell that is not limited. */
enum name_kind name_kind_of(enum cell_kind kind);

struct names;

struct names *names_new(const uint32_t most[NAME_KINDS]);
void names_free(struct names *n); /* accepts NULL */

/* Now it is known, however many there are. True: it was not before. */
bool names_add(struct names *n, enum name_kind kind, struct span name);
/* Fetches the place that names_add of it will look at. */
void names_prefetch(const struct names *n, enum name_kind kind, struct span name);
/* False: it is not known and there is no room for it. Else it is known from now on; *added counts
 * on if it was not before. */
bool names_admit(struct names *n, enum name_kind kind, struct span name, uint64_t *added);
/* It is no longer known. */
void names_remove(struct names *n, enum name_kind kind, struct span name);
/* Could so many new names of each kind be too many? Cheap: for asking often. */
bool names_tight(const struct names *n, const uint64_t more[NAME_KINDS]);
uint64_t names_count(const struct names *n, enum name_kind kind);
uint32_t names_most(const struct names *n, enum name_kind kind);
size_t names_bytes_held(const struct names *n);
size_t names_bytes_most(const struct names *n); /* with as many of each kind as there may be */

#endif
