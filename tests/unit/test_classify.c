/*
 * test_classify.c - names by rules: order, case, whole texts, limits, memory.
 */
#include "classify.h"
#include "test.h"

static struct rules *
make(const struct rule_option *opt, size_t count)
{
    struct rules *r;
    struct error e;

    if (rules_new(&r, opt, count, &e) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", e.text);
    return r;
}

TEST(classify_first_match_names_and_the_rest_keep_their_own)
{
    const struct rule_option opt[] = {{"recording", "rec(ord(ing)?)?|\\*2"},
                                      {"sharing", "screen.*|rec.*"},
                                      {"muting", "st\xC3\xB6rung"},
                                      {"a.b", NULL},
                                      {"dial out", ""}};
    static const char *const want[][2] = {{"rec", "recording"},
                                          {"RECORD", "recording"},
                                          {"Recording", "recording"},
                                          {"*2", "recording"},
                                          {"recorder", "sharing"},
                                          {"xrec", "xrec"},
                                          {"rec ", "sharing"},
                                          {"screen share", "sharing"},
                                          {"ST\xC3\x96RUNG", "muting"},
                                          {"A.B", "a.b"},
                                          {"axb", "axb"},
                                          {"Dial Out", "dial out"},
                                          {"", ""},
                                          {"**2", "**2"},
                                          {"rec\n", "rec\n"},
                                          {"\xFFrec", "\xFFrec"}};
    struct rules *r = make(opt, 5);
    struct classifier *c = classifier_new(r);

    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof want / sizeof *want; i++)
            CHECK_SPAN(classify(c, span_str(want[i][0]), NULL), want[i][1]);
    classifier_free(c);
    rules_free(r);
}

TEST(classify_without_rules_gives_the_text_itself)
{
    struct classifier *c = classifier_new(NULL);
    struct span s = SPAN("x");

    CHECK(classify(c, s, NULL).p == s.p);
    classifier_free(c);
    classifier_free(NULL);
    rules_free(NULL);
}

TEST(classify_names_the_rule_and_the_place_of_a_bad_pattern)
{
    const struct rule_option opt[] = {{"good", "x"}, {"bad one", "abc(def"}};
    struct rules *r = NULL;
    struct error e;

    CHECK(rules_new(&r, opt, 2, &e) == ST_BAD_CONFIG);
    CHECK(strstr(e.text, "bad one") && strstr(e.text, "parenthes"));
    CHECK_INT(e.pos, 7);
    CHECK(!r);
}

TEST(classify_knows_no_name_when_a_pattern_hits_its_limit)
{
    const struct rule_option opt[] = {{"first", "a+!b"}, {"slow", "(a+)+"}, {"fast", "a+!"}};
    static const char hostile[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    struct rules *r = make(opt, 3);
    struct classifier *c = classifier_new(r);
    const char *why;

    for (int i = 0; i < 2; i++) { /* remembered: the same text does not cost the limit again */
        CHECK(classify(c, span_str(hostile), &why).p == hostile);
        CHECK_STR(why,
                  "match: the pattern of \"slow\" reached a limit on one of the record's names");
    }
    CHECK_SPAN(classify(c, SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!b"), &why), "first");
    CHECK(!why);
    CHECK_SPAN(classify(c, SPAN("aaa"), &why), "slow");
    CHECK(!why);
    CHECK(classifier_bytes(c) > 0);
    classifier_free(c);
    rules_free(r);
}

TEST(classify_answers_stay_right_when_its_memory_starts_afresh)
{
    const struct rule_option opt[] = {{"even", "n[0-9]*[02468]"}};
    struct rules *r = make(opt, 1);
    struct classifier *c = classifier_new(r);
    struct span kept = classify(c, SPAN("n0"), NULL);

    for (int i = 0; i < 150000; i++) {
        char name[16];
        struct span s = span_of(name, (size_t)snprintf(name, sizeof name, "n%d", i)), got;

        got = classify(c, s, NULL);
        CHECK(i % 2 ? got.p == name : span_is(got, "even"));
    }
    CHECK_SPAN(kept, "even");
    CHECK(classify(c, SPAN("n2"), NULL).p == classify(c, SPAN("n4"), NULL).p);
    classifier_free(c);
    rules_free(r);
}

TEST(classify_matches_long_texts_without_remembering_them)
{
    const struct rule_option opt[] = {{"long", "x+"}};
    struct rules *r = make(opt, 1);
    struct classifier *c = classifier_new(r);
    static char text[20000];
    const char *why;

    memset(text, 'x', sizeof text);
    CHECK_SPAN(classify(c, span_of(text, 4000), NULL), "long");
    /* Longer than a pattern may look at: undecided, so it keeps its own name. */
    CHECK(classify(c, span_of(text, sizeof text), &why).p == text);
    CHECK(why);
    classifier_free(c);
    rules_free(r);
}
