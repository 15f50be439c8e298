/*
 * classify.h - feature and service names as written by systems to names as people use them.
 *
 * Rules are PCRE2 patterns, anchored at both ends, without regard to case; the first that
 * matches names the thing, and what none matches keeps its own name. Rules are compiled once
 * and shared; each worker has its own scratch and a memory of texts already seen.
 */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "memory.h"
#include "record.h"
#include "span.h"
#include "status.h"

struct rules; /* immutable, shared */

struct rule_option {
    const char *name;  /* "recording" */
    const char *match; /* pattern; NULL or "": the name itself */
};

/* ST_BAD_CONFIG: err->text names the rule, err->pos the place in its pattern. */
enum status rules_new(struct rules **out, const struct rule_option *opt, size_t count,
                      struct error *err);
void rules_free(struct rules *r); /* accepts NULL */

struct classifier;                                        /* one worker's */
struct classifier *classifier_new(const struct rules *r); /* r outlives it; NULL: no rules */
void classifier_free(struct classifier *c);

/* The name for a text. The result is owned by the classifier (or is the text itself when no
 * rule matched) and valid until classifier_free. *why is NULL, or says that a pattern reached a
 * limit before any matched: then nobody knows the name, and the result is the text itself. The
 * reason is the rules' own. why may be NULL. */
struct span classify(struct classifier *c, struct span text, const char **why);
size_t classifier_bytes(const struct classifier *c); /* memory of what it remembers */

#endif
