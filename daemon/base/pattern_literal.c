/*
 * pattern_literal.c - one walk over the text of a pattern, group by group.
 *
 *   (?<customer>\S+) joined (?<conference>\d+)(?: at (?<start>.+))?     requires " joined "
 *
 * A run of plain bytes ends at anything else. What stands in a group counts only if the group has
 * no branches and cannot be left out: else the best run is again the one from before the group.
 * Names of constructs and their meaning: pcre2pattern(3), PCRE2 10.42.
 */
#include "pattern_literal.h"

#include <stdbool.h>
#include <string.h>

#include "pattern.h"

struct group {
    struct span best; /* when it began */
    bool branches;
};

struct walk {
    const char *p, *end;
    const char *run; /* where the run began; NULL: there is none */
    struct span best;
    struct group group[PATTERN_MAX_NESTING + 1];
    size_t depth;
};

static void
end_run(struct walk *w, const char *end)
{
    size_t n = w->run ? (size_t)(end - w->run) : 0;

    if (n > w->best.n)
        w->best = span_of(w->run, n);
    w->run = NULL;
}

static bool
is_next(const struct walk *w, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(w->end - w->p) >= n && memcmp(w->p, text, n) == 0;
}

static const char *
skip_digits(const struct walk *w, const char *p)
{
    while (p < w->end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* {2} {2,} {2,5}: anything else in braces may mean one thing or another. */
static bool
take_braces(struct walk *w, bool *optional)
{
    const char *first = w->p + 1, *p = skip_digits(w, first);

    if (p == first)
        return false;
    *optional = true;
    for (const char *digit = first; digit < p; digit++)
        *optional &= *digit == '0';
    if (p < w->end && *p == ',')
        p = skip_digits(w, p + 1);
    if (p == w->end || *p != '}')
        return false;
    w->p = p + 1;
    return true;
}

/* How often the item that ends here comes: *optional if perhaps never, *counted if a quantifier
 * says so at all. False: it is not understood; a quantifier of a quantifier is not. */
static bool
take_quantifier(struct walk *w, bool *optional, bool *counted)
{
    *optional = *counted = false;
    if (w->p == w->end || !strchr("*+?{", *w->p) || *w->p == '\0')
        return true;
    *counted = true;
    if (*w->p == '{') {
        if (!take_braces(w, optional))
            return false;
    } else {
        *optional = *w->p++ != '+';
    }
    if (w->p < w->end && (*w->p == '+' || *w->p == '?'))
        w->p++;
    return w->p == w->end || *w->p == '\0' || !strchr("*+?{", *w->p);
}

/* One that is no plain byte: it may be there or not, it ends the run. */
static bool
take_other(struct walk *w, const char *begin, const char *end)
{
    bool optional, counted;

    end_run(w, begin);
    w->p = end;
    return take_quantifier(w, &optional, &counted);
}

static bool
take_plain(struct walk *w)
{
    const char *at = w->p++;
    bool optional, counted;

    if (!w->run)
        w->run = at;
    if (!take_quantifier(w, &optional, &counted))
        return false;
    if (counted)
        end_run(w, optional ? at : at + 1);
    return true;
}

/* A backslash and one byte, which stand for a class of characters, a place or that byte itself. All
 * other escapes of letters and digits mean too much. */
static bool
is_short_escape(const struct walk *w, const char *p)
{
    char c = p + 1 < w->end ? p[1] : '\0';
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

    if (c == '\0' || (c & 0x80) || (c >= '0' && c <= '9'))
        return false;
    return !letter || strchr("dDsSwWhHvVRtnrfbBAzZ", c);
}

static bool
take_escape(struct walk *w)
{
    return is_short_escape(w, w->p) && take_other(w, w->p, w->p + 2);
}

/* [abc] [^]a] [[:alpha:]_]; not what POSIX may yet mean by [. and [= */
static bool
take_class(struct walk *w)
{
    const char *begin = w->p, *p = begin + 1;

    if (p < w->end && *p == '^')
        p++;
    if (p < w->end && *p == ']')
        p++;
    while (p < w->end && *p != ']') {
        if (*p == '[' && p + 1 < w->end && strchr(":.=", p[1])) {
            if (p[1] != ':')
                return false;
            for (p += 2; p < w->end && *p >= '^' && *p <= 'z'; p++)
                continue;
            if (p + 1 >= w->end || p[0] != ':' || p[1] != ']')
                return false;
            p += 2;
        } else if (*p == '\\') {
            if (!is_short_escape(w, p))
                return false;
            p += 2;
        } else {
            p++;
        }
    }
    return p < w->end && take_other(w, begin, p + 1);
}

/* (...) (?:...) (?<name>...) (?P<name>...) are groups, (?J) is nothing. */
static bool
open_group(struct walk *w)
{
    const char *p = w->p + 1;

    end_run(w, w->p);
    if (is_next(w, "(?J)")) {
        w->p += 4;
        return true;
    }
    if (is_next(w, "(*") || w->depth == PATTERN_MAX_NESTING)
        return false;
    if (is_next(w, "(?:")) {
        p += 2;
    } else if (is_next(w, "(?<") || is_next(w, "(?P<")) {
        p = memchr(p, '<', (size_t)(w->end - p));
        if (p + 1 == w->end || p[1] == '=' || p[1] == '!' || p[1] == '*')
            return false;
        p = memchr(p, '>', (size_t)(w->end - p));
        if (!p)
            return false;
        p++;
    } else if (is_next(w, "(?")) {
        return false;
    }
    w->group[++w->depth] = (struct group){.best = w->best};
    w->p = p;
    return true;
}

static bool
close_group(struct walk *w)
{
    const struct group *g = &w->group[w->depth];
    bool optional, counted;

    if (w->depth == 0)
        return false;
    end_run(w, w->p++);
    if (!take_quantifier(w, &optional, &counted))
        return false;
    if (g->branches || optional)
        w->best = g->best;
    w->depth--;
    return true;
}

static bool
take_item(struct walk *w)
{
    switch (*w->p) {
    case '(':
        return open_group(w);
    case ')':
        return close_group(w);
    case '|':
        end_run(w, w->p++);
        w->group[w->depth].branches = true;
        return true;
    case '[':
        return take_class(w);
    case '\\':
        return take_escape(w);
    case '.':
    case '^':
    case '$':
        return take_other(w, w->p, w->p + 1);
    case '*':
    case '+':
    case '?':
    case '{':
        return false;
    default:
        /* A quantifier takes in all bytes of a character. */
        return *w->p & 0x80 ? take_other(w, w->p, w->p + 1) : take_plain(w);
    }
}

struct span
pattern_required(struct span pattern)
{
    struct walk w = {.p = pattern.p, .end = pattern.p + pattern.n};

    while (w.p < w.end)
        if (!take_item(&w))
            return span_of(NULL, 0);
    end_run(&w, w.end);
    return w.group[0].branches || w.depth > 0 ? span_of(NULL, 0) : w.best;
}

/* --- looking for one --- */

/* Letters by how often they are met in texts and names of many languages, roughly; what else there
 * is in lines of machines stands between the two halves. */
static int
commonness(char c)
{
    static const char common[] = "jqxzkvwypbgfhmu,;=/()[]<>\"'_-.:dcl0123456789rsnitoae ";
    const char *at = c ? strchr(common, c) : NULL;

    return at ? (int)(at - common) + 1 : 0;
}

struct literal
literal_of(struct span text)
{
    struct literal l = {text, 0};

    for (size_t i = 1; i < text.n; i++)
        if (commonness(text.p[i]) < commonness(text.p[l.rare]))
            l.rare = i;
    return l;
}

#define RARE_TRIES 8 /* where the byte is not rare, a search that takes no more than linear time */

bool
literal_is_in(const struct literal *l, struct span subject)
{
    const char *p, *end;

    if (subject.n < l->text.n)
        return false;
    p = subject.p + l->rare;
    end = subject.p + subject.n - (l->text.n - l->rare) + 1; /* of where the byte may stand */
    for (int i = 0; i < RARE_TRIES; i++) {
        p = memchr(p, l->text.p[l->rare], (size_t)(end - p));
        if (!p)
            return false;
        if (memcmp(p - l->rare, l->text.p, l->text.n) == 0)
            return true;
        p++;
    }
    p -= l->rare;
    return memmem(p, (size_t)(subject.p + subject.n - p), l->text.p, l->text.n) != NULL;
}
