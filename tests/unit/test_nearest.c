/*
 * test_nearest.c - the name that was probably meant. Distances counted by hand.
 */
#include "nearest.h"
#include "test.h"

static const char *
nearest_of(const char *given, const char *const *names)
{
    struct nearest n = nearest_to(given);

    for (; *names; names++)
        nearest_offer(&n, *names);
    return n.best ? n.best : "";
}

TEST(a_slip_is_understood)
{
    static const char *const names[] = {"import", "report", "top", "why", "what-if", NULL};

    CHECK_STR(nearest_of("repotr", names), "report"); /* swapped: one, not two */
    CHECK_STR(nearest_of("reprot", names), "report");
    CHECK_STR(nearest_of("imprt", names), "import");
    CHECK_STR(nearest_of("immport", names), "import");
    CHECK_STR(nearest_of("inport", names), "import");
    CHECK_STR(nearest_of("REPORT", names), "report");
    CHECK_STR(nearest_of("whatif", names), "what-if");
    CHECK_STR(nearest_of("tpo", names), "top");
    CHECK_STR(nearest_of("hwy", names), "why");
}

TEST(what_is_far_from_all_names_is_none_of_them)
{
    static const char *const names[] = {"sitting", "abc", "", NULL};

    CHECK_STR(nearest_of("kitten", names), ""); /* three of six */
    CHECK_STR(nearest_of("setting", names), "sitting");
    CHECK_STR(nearest_of("ca", names), ""); /* swapping and then putting in between is not one */
    CHECK_STR(nearest_of("xyz", names), "");
    CHECK_STR(nearest_of("", names), "");
}

TEST(the_nearer_one_is_named_and_of_two_as_near_the_first)
{
    static const char *const names[] = {"formula", "formats", "format", NULL};

    CHECK_STR(nearest_of("format", names), "format");
    CHECK_STR(nearest_of("fomrats", names), "formats");
    CHECK_STR(nearest_of("formatx", names), "formats");
}

TEST(texts_that_no_name_is_as_long_as_are_passed_over)
{
    char text[NEAREST_MAX + 2];
    struct nearest n;

    memset(text, 'a', sizeof text);
    text[NEAREST_MAX] = '\0';
    n = nearest_to(text);
    nearest_offer(&n, text);
    CHECK(n.best == text && n.least == 0);
    text[NEAREST_MAX] = 'a';
    text[NEAREST_MAX + 1] = '\0';
    n = nearest_to(text);
    nearest_offer(&n, text);
    CHECK(n.best == NULL);
    CHECK_STR(nearest_hint(&n), "");
}

TEST(a_hint_is_put_in_brackets)
{
    struct nearest n = nearest_to("repotr");

    CHECK_STR(nearest_hint(&n), "");
    nearest_offer(&n, "report");
    CHECK_STR(nearest_hint(&n), " (did you mean \"report\"?)");
}
