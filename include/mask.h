/*
 * mask.h - records of which nothing is known, as they are shown and kept.
 *
 * Both look at bytes, whatever format they are in, and change none of a record's length.
 */
#ifndef MASK_H
#define MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

/* For the eye: telephone numbers keep their last two digits, e-mail addresses their first letter
 * and domain. A number is six digits in a row or more, or nine or more with one of "-. ()/" between
 * some of them; dates and times are left alone as far as they look like such. In place. */
void mask_people(char *p, size_t n);

/* For good: the values of keys that are secrets by their name (password, token, pin ...) become
 * "x", and "0" where digits stand without quotes, so that the record can still be read again. Finds
 * them in JSON, XML, forms and "key=value" text, percent-encoded quotes included, and in such text
 * as base64. In place; the number of values. */
size_t mask_secrets(char *p, size_t n);
/* The same for columns, whose names stand elsewhere: is it one of those (mask_value hides it)? */
bool is_secret_name(struct span name);
void mask_value(char *p, size_t n);

#endif
