/*
 * pattern_code.c - a short list of compiled patterns, the one used last in front.
 */
#include "pattern_code.h"

#include <pthread.h>
#include <stdlib.h>

#include "memory.h"
#include "pattern.h"
#include "pattern_literal.h"

#define IDLE_MOST   16 /* codes that nobody uses */
#define SPARE_MOST  8  /* scratches of one code */
#define LITERAL_MIN 2  /* PCRE2 looks for a single byte itself */
#define STACK_FIRST (32 * 1024)

struct pattern_code {
    struct pattern_code *next;
    unsigned references; /* under the lock, as are `next` and `spare` */
    char *text;
    size_t text_n;
    unsigned flags;
    pcre2_code *compiled;
    struct literal literal; /* owned */
    struct pattern_scratch *spare[SPARE_MOST];
};

static struct {
    pthread_mutex_t lock;
    struct pattern_code *first;
} codes = {.lock = PTHREAD_MUTEX_INITIALIZER};

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

/* (...)*+ and the like: compiled by PCRE2 10.42 they keep what they captured where the match did
 * not begin after all. Such a pattern is interpreted, and so is one that only looks like it. */
static bool
has_possessive_group(struct span text)
{
    const char *end = text.p + text.n;

    for (const char *p = text.p; (p = memchr(p, ')', (size_t)(end - p))) != NULL;) {
        const char *quantifier = ++p;

        if (p < end && *p == '{')
            while (p < end && *p != '}')
                p++;
        if (p + 1 < end && memchr("*+?}", *p, 4) && p[1] == '+')
            return true;
        p = quantifier;
    }
    return false;
}

static struct span
literal_text(struct span text, unsigned flags)
{
    struct span s = flags & PATTERN_LITERAL ? text : pattern_required(text);

    if ((flags & (PATTERN_NOCASE | PATTERN_PLAIN)) || s.n < LITERAL_MIN)
        return span_of(NULL, 0);
    return span_of(xstrndup(s.p, s.n), s.n);
}

static enum status
compile(struct pattern_code **out, struct span text, unsigned flags, struct error *err)
{
    pcre2_compile_context *context = must(pcre2_compile_context_create(NULL));
    struct pattern_code *c;
    PCRE2_UCHAR reason[160];
    PCRE2_SIZE at = 0;
    pcre2_code *code;
    int rc = 0;

    pcre2_set_parens_nest_limit(context, PATTERN_MAX_NESTING);
    code = pcre2_compile((PCRE2_SPTR)text.p, text.n, compile_options(flags), &rc, &at, context);
    pcre2_compile_context_free(context);
    if (!code) {
        pcre2_get_error_message(rc, reason, sizeof reason);
        return fail_at(err, ST_BAD_CONFIG, (long)at, "%s at offset %zu", (const char *)reason,
                       (size_t)at);
    }
    if (!(flags & PATTERN_PLAIN) && !has_possessive_group(text))
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where it cannot, matching is interpreted */
    c = xcalloc(1, sizeof *c);
    c->references = 1;
    c->text = xstrndup(text.p, text.n);
    c->text_n = text.n;
    c->flags = flags;
    c->compiled = code;
    c->literal = literal_of(literal_text(text, flags));
    *out = c;
    return ST_OK;
}

static void
scratch_free(struct pattern_scratch *s)
{
    if (!s)
        return;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->limits);
    pcre2_jit_stack_free(s->stack);
    free(s);
}

static void
code_free(struct pattern_code *c)
{
    for (size_t i = 0; i < SPARE_MOST; i++)
        scratch_free(c->spare[i]);
    pcre2_code_free(c->compiled);
    free((char *)c->literal.text.p);
    free(c->text);
    free(c);
}

/* Takes it out of the list and puts it in front; NULL if it is not there. Lock held. */
static struct pattern_code *
find(struct span text, unsigned flags)
{
    for (struct pattern_code **at = &codes.first, *c; (c = *at) != NULL; at = &c->next)
        if (c->flags == flags && span_eq(span_of(c->text, c->text_n), text)) {
            *at = c->next;
            c->next = codes.first;
            codes.first = c;
            c->references++;
            return c;
        }
    return NULL;
}

/* Those beyond the number that may be idle, the one idle for longest last. Lock held. */
static struct pattern_code *
take_surplus(void)
{
    struct pattern_code *surplus = NULL;
    size_t idle = 0;

    for (struct pattern_code **at = &codes.first, *c; (c = *at) != NULL;) {
        if (c->references > 0 || ++idle <= IDLE_MOST) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        c->next = surplus;
        surplus = c;
    }
    return surplus;
}

enum status
pattern_code_get(struct pattern_code **out, struct span text, unsigned flags, struct error *err)
{
    struct pattern_code *c;
    enum status st;

    text.p = text.p ? text.p : "";
    pthread_mutex_lock(&codes.lock);
    *out = c = find(text, flags);
    pthread_mutex_unlock(&codes.lock);
    if (c)
        return ST_OK;
    st = compile(&c, text, flags, err);
    if (st != ST_OK)
        return st;
    pthread_mutex_lock(&codes.lock); /* another thread may have made the same: both are good */
    c->next = codes.first;
    codes.first = c;
    pthread_mutex_unlock(&codes.lock);
    *out = c;
    return ST_OK;
}

void
pattern_code_unref(struct pattern_code *c)
{
    struct pattern_code *surplus, *next;

    if (!c)
        return;
    pthread_mutex_lock(&codes.lock);
    c->references--;
    surplus = take_surplus();
    pthread_mutex_unlock(&codes.lock);
    for (; surplus; surplus = next) {
        next = surplus->next;
        code_free(surplus);
    }
}

const pcre2_code *
pattern_code_compiled(const struct pattern_code *c)
{
    return c->compiled;
}

const struct literal *
pattern_code_literal(const struct pattern_code *c)
{
    return &c->literal;
}

/* --- scratches --- */

static struct pattern_scratch *
scratch_new(const struct pattern_code *c)
{
    struct pattern_scratch *s = xcalloc(1, sizeof *s);

    s->data = must(c ? pcre2_match_data_create_from_pattern(c->compiled, NULL)
                     : pcre2_match_data_create(1, NULL));
    s->limits = must(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(s->limits, PATTERN_MATCH_LIMIT);
    pcre2_set_heap_limit(s->limits, PATTERN_HEAP_LIMIT_KB);
    /* NULL where there is no compiler for this machine: then nothing needs it. */
    s->stack = pcre2_jit_stack_create(STACK_FIRST, PATTERN_STACK_MOST, NULL);
    pcre2_jit_stack_assign(s->limits, NULL, s->stack);
    return s;
}

struct pattern_scratch *
pattern_code_take(struct pattern_code *c)
{
    struct pattern_scratch *s = NULL;

    if (!c)
        return scratch_new(NULL);
    pthread_mutex_lock(&codes.lock);
    c->references++;
    for (size_t i = 0; i < SPARE_MOST && !s; i++) {
        s = c->spare[i];
        c->spare[i] = NULL;
    }
    pthread_mutex_unlock(&codes.lock);
    if (!s)
        s = scratch_new(c);
    s->code = c;
    return s;
}

static bool
keep(struct pattern_code *c, struct pattern_scratch *s)
{
    size_t i = 0;

    pthread_mutex_lock(&codes.lock);
    while (i < SPARE_MOST && c->spare[i])
        i++;
    if (i < SPARE_MOST)
        c->spare[i] = s;
    pthread_mutex_unlock(&codes.lock);
    return i < SPARE_MOST;
}

void
pattern_code_give(struct pattern_scratch *s)
{
    struct pattern_code *c = s ? s->code : NULL;

    if (!c || !keep(c, s))
        scratch_free(s);
    pattern_code_unref(c);
}
