/*
 * test_regex.c - lines by patterns: groups to fields, and patterns that would not come back.
 */
#include "parsing.h"
#include "pattern.h"

static struct format *
make(const char *pattern, const char *const *map)
{
    return make_format((struct format_options){.type = "regex", .pattern = pattern, .map = map});
}

static struct format_options
options(const char *pattern, const char *const *map)
{
    return (struct format_options){.type = "regex", .pattern = pattern, .map = map};
}

TEST(regex_groups_feed_fields)
{
    struct format *f = make("(?<customer>\\S+) joined (?<room>\\d+)(?: at (?<start>.+))?",
                            LIST("conference=room"));
    struct stream s;

    stream_open(&s, f,
                at_the_edge(SPAN("acme joined 4711 at 2026-03-01T09:00:00Z\r\n"
                                 "\n"
                                 "nobody left\n"
                                 "<14> caf\xC3\xA9 joined 1\n"
                                 "caf\xE9 joined 1\n"
                                 "a\0b joined 1\n"
                                 "beta joined 2")));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_INT(s.fields.has,
              FIELD_BIT(FIELD_CUSTOMER) | FIELD_BIT(FIELD_CONFERENCE) | FIELD_BIT(FIELD_START));
    CHECK_SPAN(s.fields.v[FIELD_CUSTOMER], "acme");
    CHECK_SPAN(s.fields.v[FIELD_CONFERENCE], "4711");
    CHECK_SPAN(s.fields.v[FIELD_START], "2026-03-01T09:00:00Z");
    CHECK_INT(stream_next(&s), ST_SKIP);
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK_STR(s.err.text, "line does not match the pattern");
    CHECK_SPAN(s.raw, "nobody left");
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_SPAN(s.fields.v[FIELD_CUSTOMER], "caf\xC3\xA9");
    CHECK(!(s.fields.has & FIELD_BIT(FIELD_START)));
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK_STR(s.err.text, "not UTF-8");
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK_STR(s.err.text, "line: NUL byte");
    CHECK_INT(s.err.pos, 1);
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_SPAN(s.fields.v[FIELD_CUSTOMER], "beta");
    CHECK_INT(s.rest.n, 0);
    stream_close(&s);
    format_free(f);
}

TEST(regex_first_group_with_text_feeds_the_field)
{
    struct format *f = make("(?J)^(?:c=(?<customer>\\w*);)?(?:d=(?<customer>\\w*);)?(?<other>.*)$",
                            LIST("reason=other"));
    static const struct {
        const char *line, *want;
    } cases[] = {{"c=a;d=b;", "a"}, {"d=b;", "b"}, {"c=;d=b;", "b"}, {"x", NULL}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stream s;

        stream_open(&s, f, at_the_edge(span_str(cases[i].line)));
        CHECK_INT(stream_next(&s), ST_OK);
        CHECK_INT((s.fields.has & FIELD_BIT(FIELD_CUSTOMER)) != 0, cases[i].want != NULL);
        if (cases[i].want)
            CHECK_SPAN(s.fields.v[FIELD_CUSTOMER], cases[i].want);
        stream_close(&s);
    }
    format_free(f);
}

TEST(regex_every_prefix_of_a_line_is_taken_or_refused)
{
    static const char line[] = "acme joined 4711 at 2026-03-01T09:00:00Z \xE2\x82\xAC";
    struct format *f = make("^(?<customer>\\S+) joined (?<conference>\\d+) at (?<start>\\S+) "
                            "(?<amount>\\X)$",
                            NULL);

    for (size_t n = 1; n < sizeof line; n++) {
        struct stream s;

        stream_open(&s, f, at_the_edge(span_of(line, n)));
        CHECK_INT(stream_next(&s), n + 1 == sizeof line ? ST_OK : ST_BAD_INPUT);
        stream_close(&s);
    }
    format_free(f);
}

/* Patterns and lines of the reliability measurements: each would run for tenths of a second,
 * or take hundreds of megabytes, without limits. */
TEST(regex_names_the_limit_that_a_line_reached)
{
    static char many[16 * 1024 + 1];
    static const struct {
        const char *pattern, *fill, *end;
        size_t n;
        const char *why;
    } cases[] = {
        {"^(?<customer>(a+)+)$", "a", "!", 33, "pattern: match limit"},
        {"^(?<customer>(?:a|a)*)$", "a", "!", 60, "pattern: match limit"},
        {"(?<customer>(.*)*[xy])", "a", "", 4000, "pattern: match limit"},
        {"(?<customer>a)", "b", "", 16 * 1024 + 1, "pattern: subject limit of 16384 bytes"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct format *f = make(cases[i].pattern, NULL);
        struct buf b = {0};
        struct stream s;

        memset(many, cases[i].fill[0], sizeof many);
        buf_add(&b, many, cases[i].n);
        buf_printf(&b, "%s\nb\n", cases[i].end);
        stream_open(&s, f, span_of(b.p, b.n));
        CHECK_INT(stream_next(&s), ST_BAD_INPUT);
        if (strncmp(s.err.text, cases[i].why, strlen(cases[i].why)) != 0)
            test_fail(__FILE__, __LINE__, "%s: %s, not %s", cases[i].pattern, s.err.text,
                      cases[i].why);
        /* The line after it is read as ever. */
        CHECK_INT(s.rest.n, 2);
        CHECK(stream_next(&s) == ST_OK || strstr(s.err.text, "does not match"));
        stream_close(&s);
        buf_clear(&b);
        format_free(f);
    }
}

/* The hundred-and-first line that it cannot decide costs nothing, and neither does a good one. */
TEST(regex_rests_a_pattern_that_reaches_its_limits_too_often)
{
    struct format *f = make("^(?<customer>(a+)+)$", NULL);
    struct buf b = {0};
    struct stream s;

    for (int i = 0; i < PATTERN_MAX_ERRORS; i++)
        buf_str(&b, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n");
    buf_str(&b, "aaa\n");
    stream_open(&s, f, span_of(b.p, b.n));
    for (int i = 0; i < PATTERN_MAX_ERRORS; i++) {
        CHECK_INT(stream_next(&s), ST_BAD_INPUT);
        CHECK(strstr(s.err.text, "match limit"));
    }
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK(strstr(s.err.text, "not tried"));
    stream_close(&s);
    /* Another stream's format is its own: nobody spoils it for others. */
    format_free(f);
    f = make("^(?<customer>(a+)+)$", NULL);
    stream_open(&s, f, SPAN("aaa\n"));
    CHECK_INT(stream_next(&s), ST_OK);
    stream_close(&s);
    format_free(f);
    buf_clear(&b);
}

TEST(regex_long_lines_that_are_harmless_match)
{
    struct format *f = make("^(?<customer>\\w+)(?: \\w+)* (?<start>\\d+)$", NULL);
    struct buf b = {0};
    struct stream s;

    buf_str(&b, "acme");
    for (int i = 0; i < 2000; i++)
        buf_str(&b, " word");
    buf_str(&b, " 12345");
    stream_open(&s, f, at_the_edge(span_of(b.p, b.n)));
    if (stream_next(&s) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", s.err.text);
    CHECK_SPAN(s.fields.v[FIELD_CUSTOMER], "acme");
    CHECK_SPAN(s.fields.v[FIELD_START], "12345");
    stream_close(&s);
    format_free(f);
    /* Took 643 MiB on 1 MiB of text without limits; here it fits into the stack allowed. */
    f = make("^(?<customer>(?:(a)|b)*)$", NULL);
    buf_reset(&b);
    for (int i = 0; i < PATTERN_MAX_SUBJECT; i++)
        buf_char(&b, 'a');
    stream_open(&s, f, at_the_edge(span_of(b.p, b.n)));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_INT(s.fields.v[FIELD_CUSTOMER].n, b.n);
    stream_close(&s);
    buf_clear(&b);
    format_free(f);
}

TEST(regex_refuses_patterns_that_cannot_work)
{
    static char text[8192];
    static const struct {
        const char *pattern, *why;
    } cases[] = {
        {"", "pattern: a regex format needs one"},
        {"(?<customer>x", "pattern: missing closing parenthesis at offset 13"},
        {"customer=(\\w+)", "pattern: expected named groups"},
        {"(?<nobody>\\w+)", "pattern: expected named groups"},
        {"(?<customer>\\C)", "pattern: "},
        {"(?<customer>((a{1000}){1000}){1000})", "pattern: "},
        {"(?<customer>*)", "pattern: "},
    };
    struct format *f;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = refused_option(options(cases[i].pattern, NULL));

        if (strncmp(why, cases[i].why, strlen(cases[i].why)) != 0)
            test_fail(__FILE__, __LINE__, "%s: %s, not %s", cases[i].pattern, why, cases[i].why);
    }
    CHECK(strstr(refused_option(options("(?<customer>x)", LIST("start=when"))), "called \"when\""));
    CHECK(strstr(refused_option(options(NULL, NULL)), "pattern: a regex format needs one"));
    strcpy(text, "(?<customer>x)");
    memset(text + 14, 'y', PATTERN_MAX_TEXT - 14 + 1);
    CHECK(strstr(refused_option(options(text, NULL)), "longer than 4096 bytes"));
    text[PATTERN_MAX_TEXT] = '\0';
    format_free(make(text, NULL));
    for (int depth = 49; depth <= 52; depth++) {
        strcpy(text, "(?<customer>x)");
        for (int i = 0; i < depth; i++)
            strcat(text, "(");
        for (int i = 0; i < depth; i++)
            strcat(text, ")");
        if (depth <= PATTERN_MAX_NESTING) {
            f = make(text, NULL);
            format_free(f);
        } else {
            CHECK(strstr(refused_option(options(text, NULL)), "nested"));
        }
    }
}

TEST(regex_says_where_a_pattern_is_wrong)
{
    struct pattern *p = NULL;
    struct error e;

    CHECK_INT(pattern_new(&p, SPAN("ab[c"), 0, &e), ST_BAD_CONFIG);
    CHECK_INT(e.pos, 4);
    CHECK(!p);
    pattern_free(NULL);
    pattern_scratch_free(NULL);
}
