/*
 * pattern.c - PCRE2 with just-in-time compilation and limits.
 *
 * Figures behind the limits (PCRE2 10.42): the default match limit of ten million lets
 * ^(a+)+$ run 133 ms on 33 bytes, 10 000 ends it within 0.2 ms; compiled code knows no heap
 * or depth limit, so the match limit is what protects it, and its own stack may be too small for
 * a harmless long line, which the interpreter is then asked about once.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern.h"

#include <pcre2.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "clock.h"
#include "memory.h"

#define MATCH_LIMIT   10000
#define HEAP_LIMIT_KB 1024
#define STACK_FIRST   (32 * 1024)
#define STACK_MOST    (1024 * 1024)
#define MINUTE_MS     60000

struct pattern {
    pcre2_code *code;
    PCRE2_SPTR names; /* name_count entries: group number in two bytes, name, NUL */
    uint32_t name_count, name_size;
    bool breaker;
    _Atomic uint32_t errors; /* since then */
    _Atomic int64_t since_ms;
};

struct pattern_scratch {
    pcre2_match_data *data;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack;
};

/* PCRE2 answers NULL only when memory is short. */
static void *
must(void *p)
{
    if (!p)
        abort();
    return p;
}

static uint32_t
compile_options(unsigned flags)
{
    /* \C would split characters, which UTF mode with checked subjects must not see. */
    uint32_t options =
        PCRE2_UTF | (flags & PATTERN_LITERAL ? PCRE2_LITERAL : PCRE2_NEVER_BACKSLASH_C);

    if (flags & PATTERN_WHOLE)
        options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    if (flags & PATTERN_NOCASE)
        options |= PCRE2_CASELESS;
    return options;
}

enum status
pattern_new(struct pattern **out, struct span text, unsigned flags, struct error *err)
{
    pcre2_compile_context *context;
    struct pattern *p;
    PCRE2_UCHAR reason[160];
    PCRE2_SIZE at = 0;
    pcre2_code *code;
    int rc = 0;

    if (text.n > PATTERN_MAX_TEXT)
        return fail_at(err, ST_BAD_CONFIG, PATTERN_MAX_TEXT, "longer than %d bytes",
                       PATTERN_MAX_TEXT);
    context = must(pcre2_compile_context_create(NULL));
    pcre2_set_parens_nest_limit(context, PATTERN_MAX_NESTING);
    code = pcre2_compile((PCRE2_SPTR)(text.p ? text.p : ""), text.n, compile_options(flags), &rc,
                         &at, context);
    pcre2_compile_context_free(context);
    if (!code) {
        pcre2_get_error_message(rc, reason, sizeof reason);
        return fail_at(err, ST_BAD_CONFIG, (long)at, "%s at offset %zu", (const char *)reason,
                       (size_t)at);
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where it cannot, matching is interpreted */
    p = xcalloc(1, sizeof *p);
    p->code = code;
    p->breaker = (flags & PATTERN_BREAKER) != 0;
    pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &p->name_count);
    pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &p->name_size);
    pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &p->names);
    *out = p;
    return ST_OK;
}

void
pattern_free(struct pattern *p)
{
    if (p)
        pcre2_code_free(p->code);
    free(p);
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
    struct pattern_scratch *s = xcalloc(1, sizeof *s);

    s->data = must(p ? pcre2_match_data_create_from_pattern(p->code, NULL)
                     : pcre2_match_data_create(1, NULL));
    s->limits = must(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(s->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(s->limits, HEAP_LIMIT_KB);
    /* NULL where there is no compiler for this machine: then nothing needs it. */
    s->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MOST, NULL);
    pcre2_jit_stack_assign(s->limits, NULL, s->stack);
    return s;
}

void
pattern_scratch_free(struct pattern_scratch *s)
{
    if (!s)
        return;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->limits);
    pcre2_jit_stack_free(s->stack);
    free(s);
}

static enum status
undecided(int rc, struct error *err)
{
    PCRE2_UCHAR reason[160];

    switch (rc) {
    case PCRE2_ERROR_MATCHLIMIT:
        return fail_at(err, ST_BAD_INPUT, 0, "pattern: match limit of %d steps", MATCH_LIMIT);
    case PCRE2_ERROR_HEAPLIMIT:
        return fail_at(err, ST_BAD_INPUT, 0, "pattern: heap limit of %d KiB", HEAP_LIMIT_KB);
    case PCRE2_ERROR_JIT_STACKLIMIT:
        return fail_at(err, ST_BAD_INPUT, 0, "pattern: stack limit of %d KiB", STACK_MOST / 1024);
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
    if (is_broken(p))
        return fail_at(err, ST_BAD_INPUT, 0,
                       "pattern: not tried, it reached its limits %d times within a minute",
                       PATTERN_MAX_ERRORS);
    rc = pcre2_match(p->code, text, subject.n, 0, PCRE2_NO_UTF_CHECK, s->data, s->limits);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(p->code, text, subject.n, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, s->data,
                         s->limits);
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
