/*
 * region_use.h - from which regions customers came in a period, and who came mostly from one.
 *
 * A customer's attempts of a day (legs, failed ones too) are counted by region. What else is
 * counted by customer, such as features, is of a region only as far as its customers are: those
 * more than half of whose attempts in the period came from there. How much of their attempts did,
 * and how much of the region's they made, says how far that can be trusted.
 */
#ifndef REGION_USE_H
#define REGION_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"
#include "memory.h"
#include "span.h"
#include "status.h"

#define REGION_RULE "customers more than half of whose attempts in the period came from there"

struct region_count {
    struct span name;          /* empty: none was given */
    int64_t attempts;          /* that came from there */
    int64_t customers, mostly; /* with any of them; with more than half of theirs */
};

struct region_use {
    int32_t from, to;         /* days, UTC, [from, to) */
    const struct span *among; /* sorted by name: these customers only; NULL: all */
    size_t among_count;
    struct span wanted; /* whose customers are told apart; empty: nobody's */

    /* Out. */
    struct arena mem;
    struct region_count *regions; /* most attempts first */
    size_t count, cap;
    int64_t attempts;    /* of all the customers, wherever from */
    size_t member_count; /* customers mostly from the wanted one */
    int64_t member_all;  /* attempts of theirs */
    int64_t member_here; /* of these, from there */

    /* Of the customer that is being read. */
    int64_t *own; /* its attempts, by place in regions */
    int64_t all;  /* wherever they came from */
    size_t last;  /* region that was met last: mostly the next one's, too */
};

/* Fills in what is marked out; region_use_clear frees it, in any case. */
enum status region_use_read(struct region_use *u, const char *ledger_path, struct error *err);
void region_use_clear(struct region_use *u);

/* The same where somebody reads the customers' cells anyway, one customer after the other. */
void region_use_begin(struct region_use *u);
void region_use_add(struct region_use *u, const struct cell_view *c);
/* There are no more of this customer. True: it is one mostly from the wanted region. */
bool region_use_finish_customer(struct region_use *u);
void region_use_end(struct region_use *u);

/* Shares, 0 to 1; NAN where there is nothing to have a share of. */
double region_use_here(const struct region_use *u);    /* of the members' attempts, from there */
double region_use_covered(const struct region_use *u); /* of attempts from there, the members' */
double region_use_known(const struct region_use *u);   /* of all attempts, with a region */

#endif
