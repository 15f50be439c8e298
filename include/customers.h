/*
 * customers.h - whose usage is it: account, alias, longest number prefix, domain.
 *
 * A directory is immutable; a change makes a new one and readers move over at their next
 * batch (counted references). Order of the rules, first that answers wins:
 *   1. the record's customer is a customer's id
 *   2. it is an alias (compared without regard to ASCII case)
 *   3. it is a number (+ and digits, punctuation ignored): longest prefix of the numbers
 *   4. it holds an @ or looks like sip:user@domain: the domain, then its parents
 *   5. no customer at all: the participant by rules 3 and 4
 *   6. the name as given
 *
 * A number is digits with blanks and ( ) - . / between them, perhaps with a + before or tel:
 * before that; only the digits are compared. A domain is compared without regard to ASCII case.
 */
#ifndef CUSTOMERS_H
#define CUSTOMERS_H

#include "memory.h"
#include "record.h"
#include "span.h"

struct directory;
struct directory_builder;

struct directory_builder *directory_builder_new(void);
/* Of two entries for one alias, prefix or domain the last one added holds. A prefix without a
 * digit or an empty domain is passed over. */
void directory_builder_id(struct directory_builder *b, struct span id);
void directory_builder_alias(struct directory_builder *b, struct span alias, struct span id);
void directory_builder_number(struct directory_builder *b, struct span prefix, struct span id);
void directory_builder_domain(struct directory_builder *b, struct span domain, struct span id);
/* Consumes the builder. The caller holds one reference. */
struct directory *directory_build(struct directory_builder *b);

struct directory *directory_ref(struct directory *d);
void directory_unref(struct directory *d);         /* accepts NULL */
size_t directory_bytes(const struct directory *d); /* memory held; accepts NULL */

/* Resolves r's customer in place (text[FIELD_CUSTOMER], has). The span borrows from the
 * directory or from the record; nothing is allocated now, mem is for rules that would need it.
 * False: no customer could be found. d may be NULL. */
bool directory_match(const struct directory *d, struct record *r, struct arena *mem);

/* What r's participant is known by, of r's customer or not (enum part_people, cell.h). d may be
 * NULL. */
uint8_t directory_people(const struct directory *d, const struct record *r);

#endif
