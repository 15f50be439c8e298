/*
 * test_pattern.c - what every match of a pattern contains, and that the short ways by it and by
 * compiled code answer as the plain one does.
 */
#include <pthread.h>

#include "memory.h"
#include "pattern.h"
#include "test.h"

static struct pattern *
make(const char *text, unsigned flags)
{
    struct pattern *p = NULL;
    struct error e = {.text = ""};

    if (pattern_new(&p, span_str(text), flags, &e) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, e.text);
    return p;
}

TEST(pattern_requires_the_longest_plain_run_that_cannot_be_left_out)
{
    static const struct {
        const char *pattern, *literal;
    } cases[] = {
        {"(?<customer>\\S+) joined (?<conference>\\d+) at (?<start>.+)", " joined "},
        {"joined", "joined"},
        {"a", ""}, /* PCRE2 looks for that itself */
        {"^ab.cde$", "cde"},
        {"abc|abd", ""},
        {"(abc|abd)ef", "ef"},
        {"(abcd)ef", "abcd"},
        {"(abcd)?ef", "ef"},
        {"(abcd)*ef", "ef"},
        {"(abcd)+ef", "abcd"},
        {"(abcd){2}ef", "abcd"},
        {"(abcd){0,3}ef", "ef"},
        {"(abcd){00}ef", "ef"},
        {"((abcd)ef|x)gh", "gh"},
        {"(?:x(abcd))gh", "abcd"},
        {"(?:x(abcd)?)gh", "gh"},
        {"(?:x(abcd)?|y)?gh", "gh"},
        {"(?P<who>abc)de", "abc"},
        {"abcd?e", "abc"},
        {"abcd*e", "abc"},
        {"abcd{0,1}e", "abc"},
        {"abcd+e", "abcd"},
        {"abcd{2}e", "abcd"},
        {"abcd+?e", "abcd"},
        {"abcd??e", "abc"},
        {"abcd?+e", "abc"},
        {"ab{cde", ""},
        {"ab{,3}cde", ""}, /* PCRE2 changed its mind about that */
        {"ab}]cd", "ab}]cd"},
        {"\\d\\d:abc\\.def", ":abc"},
        {"[abc]de[^]de]f", "de"},
        {"[]abc]de", "de"},
        {"[[:alpha:]_]de", "de"},
        {"[[:^alpha:]]de", "de"},
        {"[a[:]de]fgh", ""},
        {"[a[b]cd", "cd"},
        {"[\\]ab]cd", "cd"},
        {"[\\c]ab]cd", ""}, /* ends at the second one */
        {"[\\Qab]cd\\E]ef", ""},
        {"\\Qab|cd\\E", ""},
        {"\\x61bcd", ""},
        {"\\N{U+61}bcd", ""},
        {"\\p{L}bcd", ""},
        {"(a)bc\\1de", ""},
        {"(?i)abc", ""},
        {"(?x)a b c", ""},
        {"(?s:abc)", ""},
        {"(?i:abc)de", ""},
        {"(?#abc)de", ""},
        {"(?=abc)ab", ""},
        {"(?!abc)ab", ""},
        {"(?<=abc)de", ""},
        {"(?<!abc)de", ""},
        {"(?>abc)de", ""},
        {"(?|abc)de", ""},
        {"(x)?(?(1)abc|de)fg", ""},
        {"(?<n>ab)(?&n)cd", ""},
        {"ab\\Kcd", ""},
        {"ab(*ACCEPT)cd", ""},
        {"(?C1)abc", ""},
        {"(?J)(?<n>ab)|(?<n>cd)", ""},
        {"(?J)(?<n>ab)(?<n>cde)", "cde"},
        {"caf\xC3\xA9?bar", "caf"},
        {"\xC3\xA9t\xC3\xA9s bon", "s bon"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pattern *p = make(cases[i].pattern, 0);
        struct span s = pattern_literal(p);

        if (!span_eq(s, span_str(cases[i].literal)))
            test_fail(__FILE__, __LINE__, "%s: \"%.*s\", not \"%s\"", cases[i].pattern, SPAN_ARG(s),
                      cases[i].literal);
        pattern_free(p);
    }
}

TEST(pattern_requires_nothing_where_case_does_not_matter)
{
    struct pattern *nocase = make("abc", PATTERN_NOCASE), *plain = make("abc", PATTERN_PLAIN),
                   *literal = make("a|c(", PATTERN_LITERAL | PATTERN_WHOLE);

    CHECK_INT(pattern_literal(nocase).n, 0);
    CHECK_INT(pattern_literal(plain).n, 0);
    CHECK_SPAN(pattern_literal(literal), "a|c(");
    pattern_free(nocase);
    pattern_free(plain);
    pattern_free(literal);
}

static uint64_t dice = 1;

static uint64_t
roll(uint64_t n)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (dice >> 33) % n;
}

/* Pieces that make up patterns and, with some of those in the second list, texts. */
static void
write_any(struct buf *out, const char *const *pieces, size_t count, size_t most)
{
    buf_reset(out);
    buf_str(out, "");
    for (size_t n = roll(most) + 1; n > 0; n--)
        buf_str(out, pieces[roll(count)]);
}

/* What the short ways know they know for certain; the plain one may give up on it. */
static void
compare(struct pattern *fast, struct pattern *plain, struct span text, const char *pattern)
{
    struct pattern_scratch *a = pattern_scratch_new(fast), *b = pattern_scratch_new(plain);
    enum status got = pattern_match(fast, a, text, NULL);
    enum status want = pattern_match(plain, b, text, NULL);

    if (got != want && got != ST_BAD_INPUT && want != ST_BAD_INPUT)
        test_fail(__FILE__, __LINE__, "/%s/ on \"%.*s\": %d, not %d", pattern, SPAN_ARG(text), got,
                  want);
    for (unsigned g = 0; g < 4 && got == ST_OK && want == ST_OK; g++) {
        struct span x = pattern_group(a, text, g), y = pattern_group(b, text, g);

        if (x.p != y.p || x.n != y.n)
            test_fail(__FILE__, __LINE__, "/%s/ on \"%.*s\": group %u is \"%.*s\", not \"%.*s\"",
                      pattern, SPAN_ARG(text), g, SPAN_ARG(x), SPAN_ARG(y));
    }
    pattern_scratch_free(a);
    pattern_scratch_free(b);
}

TEST(pattern_answers_the_same_by_its_short_ways)
{
    static const char *const parts[] = {
        "a",        "b",   "ab",   "abc",   "ba",    "cab",   "?",           "*",
        "+",        "{2}", "{0}",  "{0,1}", "{1,2}", "(",     "(",           ")",
        ")",        "|",   "[ab]", "[^a]",  "[]a]",  ".",     "^",           "$",
        "\\w",      "\\b", "\\.",  "(?:",   "(?<n>", "(?i)",  "(?=",         "(?!",
        "\\K",      "\\1", "(?>",  "(?J)",  "\\Q",   "\\E",   "[[:alpha:]]", "\\x61",
        "\xC3\xA9", " ",   "(?x)", "(ab)",  "(b|c)", "[\\]a]"};
    static const char *const pieces[] = {"a", "b", "ab", "c", "abc", "cab", " ", ".", "\xC3\xA9"};
    struct buf pattern = {0}, text = {0};
    int compiled = 0, literal = 0;

    for (int i = 0; i < 30000; i++) {
        struct pattern *fast = NULL, *plain = NULL;
        unsigned flags = roll(4) == 0 ? PATTERN_WHOLE : 0;

        write_any(&pattern, parts, sizeof parts / sizeof *parts, 10);
        if (pattern_new(&fast, span_of(pattern.p, pattern.n), flags, NULL) != ST_OK)
            continue;
        plain = make(pattern.p, flags | PATTERN_PLAIN);
        compiled++;
        literal += pattern_literal(fast).n > 0;
        for (int k = 0; k < 20; k++) {
            write_any(&text, pieces, sizeof pieces / sizeof *pieces, 8);
            compare(fast, plain, span_of(text.p, text.n), pattern.p);
        }
        pattern_free(fast);
        pattern_free(plain);
    }
    CHECK(compiled > 1000 && literal > 200); /* enough of both were looked at */
    buf_clear(&pattern);
    buf_clear(&text);
}

/* Few different bytes, so that none is rare and a run nearly ends many times. */
TEST(pattern_finds_a_plain_run_wherever_it_stands)
{
    static const char *const pieces[] = {"a", "b", "aab", "ab"};
    struct buf run = {0}, text = {0};
    int found = 0;

    for (int i = 0; i < 3000; i++) {
        struct pattern *fast, *plain;

        write_any(&run, pieces, 4, 8);
        fast = make(run.p, PATTERN_LITERAL);
        plain = make(run.p, PATTERN_LITERAL | PATTERN_PLAIN);
        for (int k = 0; k < 10; k++) {
            struct pattern_scratch *s = pattern_scratch_new(fast);

            write_any(&text, pieces, 4, 40);
            compare(fast, plain, span_of(text.p, text.n), run.p);
            found += pattern_match(fast, s, span_of(text.p, text.n), NULL) == ST_OK;
            pattern_scratch_free(s);
        }
        pattern_free(fast);
        pattern_free(plain);
    }
    CHECK(found > 1000 && found < 29000);
    buf_clear(&run);
    buf_clear(&text);
}

TEST(pattern_is_compiled_once_for_all_who_make_it)
{
    struct pattern *a = make("some (text)", 0), *b = make("some (text)", 0), *c,
                   *other = make("some (text)", PATTERN_WHOLE);
    const char *literal = pattern_literal(a).p;
    struct pattern_scratch *s = pattern_scratch_new(a), *again;

    CHECK(pattern_literal(b).p == literal);
    CHECK(pattern_literal(other).p != literal);
    pattern_scratch_free(s);
    again = pattern_scratch_new(b);
    CHECK(again == s);
    pattern_free(a);
    pattern_free(b);
    c = make("some (text)", 0); /* also when nobody has it any more */
    CHECK(pattern_literal(c).p == literal);
    pattern_free(c);
    pattern_scratch_free(again);
    pattern_free(other);
}

TEST(patterns_that_nobody_uses_do_not_pile_up)
{
    struct pattern *kept = make("kept (text)", 0);
    const char *literal = pattern_literal(kept).p;

    for (int i = 0; i < 200; i++) { /* a sanitizer sees those that are lost */
        char text[32];
        struct pattern *p;
        struct pattern_scratch *s;

        snprintf(text, sizeof text, "number %d (text)", i);
        p = make(text, 0);
        s = pattern_scratch_new(p);
        pattern_free(p);
        CHECK_INT(pattern_match(kept, s, SPAN("kept text"), NULL), ST_OK);
        pattern_scratch_free(s);
    }
    CHECK(pattern_literal(kept).p == literal);
    pattern_free(kept);
}

/* Compiled code of PCRE2 10.42 left "ab" there, of where the match did not begin after all. */
TEST(pattern_groups_are_those_of_the_match)
{
    static const char *const patterns[] = {"(?<n>ab)*+\\b$", "(?<n>ab)?+\\b$",
                                           "(?<n>ab){0,2}+\\b$"};

    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct pattern *p = make(patterns[i], 0);
        struct pattern_scratch *s = pattern_scratch_new(p);
        struct span text = SPAN("ab  .abc");

        CHECK_INT(pattern_match(p, s, text, NULL), ST_OK);
        CHECK(!pattern_group(s, text, 1).p);
        pattern_scratch_free(s);
        pattern_free(p);
    }
}

static void *
make_and_match(void *arg)
{
    const char *own = arg;

    for (int i = 0; i < 300; i++) {
        const char *text = i % 3 ? "same (text)" : own;
        struct pattern *p = make(text, 0);
        struct pattern_scratch *s = pattern_scratch_new(p);

        CHECK_INT(pattern_match(p, s, SPAN("same text"), NULL), i % 3 ? ST_OK : ST_NOT_FOUND);
        pattern_free(p);
        pattern_scratch_free(s);
    }
    return NULL;
}

TEST(patterns_are_made_and_used_by_many_threads_at_once)
{
    char own[4][16];
    pthread_t thread[4];

    for (int i = 0; i < 4; i++) {
        snprintf(own[i], sizeof own[i], "own %d", i);
        CHECK_INT(pthread_create(&thread[i], NULL, make_and_match, own[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}
