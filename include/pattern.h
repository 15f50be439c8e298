/*
 * pattern.h - a regular expression (PCRE2) that cannot take long.
 *
 * Patterns are users' own and subjects strangers'. So every match has limits, and reaching
 * one is told apart from not matching: a record must not be left out quietly because its
 * pattern was slow. A pattern may be shared; scratch is for one thread. Making either again is
 * cheap: what was compiled is kept for a while.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>

#include "span.h"
#include "status.h"

#define PATTERN_MAX_TEXT    4096        /* bytes of a pattern */
#define PATTERN_MAX_NESTING 50          /* parentheses inside each other */
#define PATTERN_MAX_SUBJECT (16 * 1024) /* bytes that it is matched against */
#define PATTERN_MAX_ERRORS  100

struct pattern;
struct pattern_scratch;

enum pattern_flags {
    PATTERN_WHOLE = 1,   /* anchored at both ends */
    PATTERN_NOCASE = 2,  /* without regard to case */
    PATTERN_LITERAL = 4, /* no character is special */
    PATTERN_BREAKER = 8, /* after PATTERN_MAX_ERRORS undecided subjects within a minute it is not
                            tried before the minute is over: all are undecided */
    PATTERN_PLAIN = 16,  /* no short ways: neither compiled to machine code nor looked ahead for
                            what every match contains. The answers are the same; for tests */
};

/* ST_BAD_CONFIG: err->text is the reason, err->pos the byte offset in the pattern. */
enum status pattern_new(struct pattern **out, struct span text, unsigned flags, struct error *err);
void pattern_free(struct pattern *p); /* accepts NULL */

/* Named groups: how many, and the name and number of each. */
size_t pattern_names(const struct pattern *p);
struct span pattern_name(const struct pattern *p, size_t i, unsigned *group);

/* Bytes that every match contains, for which subjects are looked through first; empty: none that
 * are known. */
struct span pattern_literal(const struct pattern *p);

/* Room for the groups of that pattern; NULL: for the whole match only, of any pattern. */
struct pattern_scratch *pattern_scratch_new(const struct pattern *p);
void pattern_scratch_free(struct pattern_scratch *s); /* accepts NULL */

/* ST_OK: matched. ST_NOT_FOUND: certainly not. ST_BAD_INPUT: undecided; the subject is too
 * long or not UTF-8, or a limit was reached, which err->text names. */
enum status pattern_match(struct pattern *p, struct pattern_scratch *s, struct span subject,
                          struct error *err);

/* After ST_OK: the text of a group; p is NULL if the group took no part. */
struct span pattern_group(const struct pattern_scratch *s, struct span subject, unsigned group);

#endif
