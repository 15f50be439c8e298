/*
 * pattern_literal.h - bytes that every match of a pattern contains.
 *
 * Looking for a few bytes costs a fraction of what a regular expression does, so a text without
 * them is not matched at all. Only what is surely understood is looked at: of anything else, and
 * of all that could make a part optional, nothing is taken to be required.
 */
#ifndef PATTERN_LITERAL_H
#define PATTERN_LITERAL_H

#include <stdbool.h>

#include "span.h"

/* The longest such run in a pattern that PCRE2 compiled without options that change what its
 * letters mean. Borrows from the pattern, where no backslash is within the run; empty: none. */
struct span pattern_required(struct span pattern);

/* A run to look for, by way of that byte of it which texts are likely to have least of. */
struct literal {
    struct span text; /* empty: none that is known */
    size_t rare;      /* which byte */
};

struct literal literal_of(struct span text);                      /* borrows */
bool literal_is_in(const struct literal *l, struct span subject); /* the text is not empty */

#endif
