/*
 * pattern_code.h - compiled patterns, each of them once.
 *
 * A format is made for every connection and every request, and a worker opens it for every block:
 * none of them must wait for a compiler. Patterns of one text and one set of options are one code;
 * a few that nobody uses are kept for the next who does, and so is what a match needs besides.
 * Any thread.
 */
#ifndef PATTERN_CODE_H
#define PATTERN_CODE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "pattern_literal.h"
#include "span.h"
#include "status.h"

struct pattern_code;

/* ST_BAD_CONFIG: err->text is the reason, err->pos the byte offset. flags are pattern_flags. One
 * reference. */
enum status pattern_code_get(struct pattern_code **out, struct span text, unsigned flags,
                             struct error *err);
void pattern_code_unref(struct pattern_code *c); /* accepts NULL */

const pcre2_code *pattern_code_compiled(const struct pattern_code *c);
/* Its text is empty if nothing is known that every match contains. Lives as long as the code. */
const struct literal *pattern_code_literal(const struct pattern_code *c);

#define PATTERN_MATCH_LIMIT   10000
#define PATTERN_HEAP_LIMIT_KB 1024
#define PATTERN_STACK_MOST    (1024 * 1024)

/* What a match needs: room for groups, limits, a stack for compiled code. */
struct pattern_scratch {
    struct pattern_code *code; /* whose groups it has room for, a reference; or NULL */
    pcre2_match_data *data;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack;
};

/* For a code, or, with NULL, for the whole match only, of any code. */
struct pattern_scratch *pattern_code_take(struct pattern_code *c);
void pattern_code_give(struct pattern_scratch *s); /* accepts NULL */

#endif
