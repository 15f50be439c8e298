/*
 * pattern.c - PCRE2 with just-in-time compilation and limits.
 *
 * Figures behind the limits (PCRE2 10.42): the default match limit of ten million lets
 * ^(a+)+$ run 133 ms on 33 bytes, 10 000 ends it within 0.2 ms; compiled code knows no heap
 * or depth limit, so the match limit is what protects it, and its own stack may be too small for
 * a harmless long line, which the interpreter is then asked about once.
 */
#include "pattern.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "memory.h"
#include "pattern_code.h"

#define MINUTE_MS 60000

struct pattern {
    struct pattern_code *code;
    const pcre2_code *compiled;
    const struct literal *literal; /* what every match contains */
    PCRE2_SPTR names;              /* name_count entries: group number in two bytes, name, NUL */
    uint32_t name_count, name_size;
    bool breaker;
    _Atomic uint32_t errors; /* since then */
    _Atomic int64_t since_ms;
};

enum status
pattern_new(struct pattern **out, struct span text, unsigned flags, struct error *err)
{
    struct pattern_code *code;
    struct pattern *p;
    enum status st;

    if (text.n > PATTERN_MAX_TEXT)
        return fail_at(err, ST_BAD_CONFIG, PATTERN_MAX_TEXT, "longer than %d bytes",
                       PATTERN_MAX_TEXT);
    st = pattern_code_get(&code, text, flags, err);
    if (st != ST_OK)
        return st;
    p = xcalloc(1, sizeof *p);
    p->code = code;
    p->compiled = pattern_code_compiled(code);
    p->literal = pattern_code_literal(code);
    p->breaker = (flags & PATTERN_BREAKER) != 0;
    pcre2_pattern_info(p->compiled, PCRE2_INFO_NAMECOUNT, &p->name_count);
    pcre2_pattern_info(p->compiled, PCRE2_INFO_NAMEENTRYSIZE, &p->name_size);
    pcre2_pattern_info(p->compiled, PCRE2_INFO_NAMETABLE, &p->names);
    *out = p;
    return ST_OK;
}

void
pattern_free(struct pattern *p)
{
    if (p)
        pattern_code_unref(p->code);
    free(p);
}

struct span
pattern_literal(const struct pattern *p)
{
    return p->literal->text;
}

size_t
pattern_names(const struct pattern *p)
{
    return p->name_count;
}

struct span
pattern_name(const struct pattern *p, size_t i, unsigned *group)
{
    PCRE2_SPTR entry = p->names + i * p->name_size;

    *group = (unsigned)entry[0] << 8 | entry[1];
    return span_str((const char *)entry + 2);
}

struct pattern_scratch *
pattern_scratch_new(const struct pattern *p)
{
    return pattern_code_take(p ? p->code : NULL);
}

void
pattern_scratch_free(struct pattern_scratch *s)
{
    pattern_code_give(s);
}

static enum status
undecided(int rc, struct error *err)
{
    PCRE2_UCHAR reason[160];

    switch (rc) {
    case PCRE2_ERROR_MATCHLIMIT:
        return fail_at(err, ST_BAD_INPUT, 0, "pattern: match limit of %d steps",
                       PATTERN_MATCH_LIMIT);
    case PCRE2_ERROR_HEAPLIMIT:
        return fail_at(err, ST_BAD_INPUT, 0, "pattern: heap limit of %d KiB",
                       PATTERN_HEAP_LIMIT_KB);
    case PCRE2_ERROR_JIT_STACKLIMIT:
        return fail_at(err, ST_BAD_INPUT, 0, "pattern: stack limit of %d KiB",
                       PATTERN_STACK_MOST / 1024);
    default:
        pcre2_get_error_message(rc, reason, sizeof reason);
        return fail_at(err, ST_BAD_INPUT, 0, "pattern: %s", (const char *)reason);
    }
}

/* A limit was reached. The count need not be exact when threads meet: it is a brake. */
static void
note_error(struct pattern *p)
{
    int64_t now = clock_mono_ms();

    if (now - atomic_load(&p->since_ms) >= MINUTE_MS || atomic_load(&p->errors) == 0) {
        atomic_store(&p->since_ms, now);
        atomic_store(&p->errors, 0);
    }
    atomic_fetch_add(&p->errors, 1);
}

static bool
is_broken(const struct pattern *p)
{
    return p->breaker &&
           atomic_load_explicit(&p->errors, memory_order_relaxed) >= PATTERN_MAX_ERRORS &&
           clock_mono_ms() - atomic_load(&p->since_ms) < MINUTE_MS;
}

enum status
pattern_match(struct pattern *p, struct pattern_scratch *s, struct span subject, struct error *err)
{
    PCRE2_SPTR text = (PCRE2_SPTR)(subject.p ? subject.p : "");
    int rc;

    if (subject.n > PATTERN_MAX_SUBJECT)
        return fail_at(err, ST_BAD_INPUT, PATTERN_MAX_SUBJECT, "pattern: subject limit of %d bytes",
                       PATTERN_MAX_SUBJECT);
    if (!span_is_utf8(subject))
        return fail_at(err, ST_BAD_INPUT, 0, "not UTF-8");
    if (p->literal->text.n > 0 && !literal_is_in(p->literal, subject))
        return ST_NOT_FOUND;
    if (is_broken(p))
        return fail_at(err, ST_BAD_INPUT, 0,
                       "pattern: not tried, it reached its limits %d times within a minute",
                       PATTERN_MAX_ERRORS);
    rc = pcre2_match(p->compiled, text, subject.n, 0, PCRE2_NO_UTF_CHECK, s->data, s->limits);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(p->compiled, text, subject.n, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                         s->data, s->limits);
    if (rc >= 0)
        return ST_OK; /* 0: matched, and had more groups than there is room for */
    if (rc == PCRE2_ERROR_NOMATCH)
        return ST_NOT_FOUND;
    note_error(p);
    return undecided(rc, err);
}

struct span
pattern_group(const struct pattern_scratch *s, struct span subject, unsigned group)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->data);

    if (group >= pcre2_get_ovector_count(s->data) || at[2 * group] == PCRE2_UNSET ||
        at[2 * group + 1] < at[2 * group])
        return span_of(NULL, 0);
    return span_of(subject.p + at[2 * group], at[2 * group + 1] - at[2 * group]);
}
