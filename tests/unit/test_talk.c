/*
 * test_talk.c - who waits for an answer, who was called on twice: by stories told by hand.
 *
 * A story is a list of "DAY KIND[AGENT][/SERVICE]": i asks, b books, r is a response, v a visit, o
 * an order. What comes of it was worked out from the rules in talk.h, not from the code.
 */
#include "talk.h"

#include "civil.h"
#include "test.h"

#define MOST 32

static const char letters[TALK_KINDS + 1] = {
    [TALK_INQUIRY] = 'i', [TALK_BOOKING] = 'b', [TALK_RESPONSE] = 'r',
    [TALK_VISIT] = 'v',   [TALK_ORDER] = 'o',
};

static size_t
read_story(const char *story, struct talk *out)
{
    size_t n = 0;

    while (*story) {
        char *rest;
        double day = strtod(story, &rest);
        struct talk *t = &out[n++];

        CHECK(n <= MOST && *rest == ' ');
        *t = (struct talk){.at = (int64_t)(day * DAY_SECONDS) + 1000000000,
                           .kind = (enum talk_kind)(strchr(letters, rest[1]) - letters)};
        story = rest + 2;
        t->agent = span_of(story, strcspn(story, "/,"));
        story += t->agent.n;
        if (*story == '/') {
            t->service = span_of(story + 1, strcspn(story + 1, ","));
            story += 1 + t->service.n;
        }
        story += strspn(story, ", ");
    }
    return n;
}

/* "last asked first-second(callers)" by their places; - is none. */
static const char *
told(const char *story, double now)
{
    static char text[64];
    struct talk t[MOST];
    size_t n = read_story(story, t);
    struct talk_standing s = talk_judge(t, n, (int64_t)(now * DAY_SECONDS) + 1000000000);
    char place[4][8];
    const size_t places[] = {s.last, s.asked, s.first, s.second};

    for (int i = 0; i < 4; i++)
        snprintf(place[i], sizeof place[i], places[i] == TALK_NONE ? "-" : "%d", (int)places[i]);
    if (s.second == TALK_NONE)
        snprintf(text, sizeof text, "%s %s", place[0], place[1]);
    else
        snprintf(text, sizeof text, "%s %s %s-%s(%u)", place[0], place[1], place[2], place[3],
                 s.callers);
    return text;
}

TEST(two_visits_by_different_people_are_one_too_many)
{
    CHECK_STR(told("0 vAnn, 3 vBob", 4), "1 - 0-1(2)");
    CHECK_STR(told("0 vAnn, 14 vBob", 15), "1 - 0-1(2)");
    CHECK_STR(told("0 vAnn, 14.1 vBob", 15), "1 -");
    CHECK_STR(told("0 vAnn, 3 v ANN ", 4), "1 -"); /* the same name, however it is written */
    CHECK_STR(told("0 vAnn, 3 v", 4), "1 -");      /* whose name is not known */
    CHECK_STR(told("0 vAnn, 3 v, 4 vBob", 4), "2 - 0-2(2)");
}

TEST(a_visit_that_was_asked_for_is_none_too_many)
{
    CHECK_STR(told("0 vAnn, 2 i, 3 vBob", 4), "2 -");
    CHECK_STR(told("0 vAnn, 2 o, 3 vBob", 4), "2 -");
    CHECK_STR(told("0 vAnn, 2 b, 3 vBob", 4), "2 - 0-2(2)");
    CHECK_STR(told("0 vAnn/sales, 3 vBob/repairs", 4), "1 -");
    CHECK_STR(told("0 vAnn/sales, 3 vBob", 4), "1 - 0-1(2)");
    CHECK_STR(told("0 vAnn, 1 rBob", 4), "1 -"); /* different kinds are no repetition */
}

TEST(each_inquiry_has_one_answer)
{
    CHECK_STR(told("0 i, 1 rAnn, 2 rBob", 4), "2 - 1-2(2)");
    CHECK_STR(told("0 i, 0.5 i, 1 rAnn, 2 rBob", 4), "3 -");
    CHECK_STR(told("0 i, 0.5 i, 1 rAnn, 2 rBob, 3 rCid", 4), "4 - 3-4(3)");
    CHECK_STR(told("0 i, 1 rAnn, 2 i, 3 rBob, 4 rAnn", 5), "4 - 3-4(2)");
    /* What was asked long ago is no cause any more. */
    CHECK_STR(told("0 i, 1 i, 2 rAnn, 16 rBob", 20), "3 - 2-3(2)");
    CHECK_STR(told("0 i, 1 i, 2 rAnn, 15 rBob", 20), "3 -");
}

TEST(the_newest_is_told_of_and_how_many_took_part)
{
    CHECK_STR(told("0 vAnn, 1 vBob, 30 vAnn, 31 vCid", 32), "3 - 2-3(2)");
    CHECK_STR(told("0 vAnn, 1 vBob, 2 vCid, 3 vann, 4 vDee", 32), "4 - 3-4(4)");
    CHECK_STR(told("0 vA, 0 vB, 0 vC, 0 vD, 0 vE, 0 vF, 0 vG, 0 vH, 0 vI, 0 vJ, 0 vK, 0 vL, 0 vM,"
                   " 0 vN, 0 vO, 0 vP, 0 vQ, 0 vR",
                   1),
              "17 - 16-17(16)");
}

TEST(who_asked_waits_until_somebody_speaks_to_it)
{
    CHECK_STR(told("", 1), "- -");
    CHECK_STR(told("0 o", 1), "- -");
    CHECK_STR(told("0 i, 1 i, 2 o", 3), "1 0");
    CHECK_STR(told("0 i, 1 i, 2 r", 3), "2 -"); /* one answer may be to both */
    CHECK_STR(told("0 i, 1 vAnn, 2 i", 3), "2 2");
    CHECK_STR(told("0 i, 1 b", 3), "1 0");
    CHECK_STR(told("0 i", 90), "0 0");
    CHECK_STR(told("0 i", 90.1), "0 -");
}

TEST(kinds_have_names)
{
    for (unsigned k = 0; k < TALK_KINDS; k++)
        CHECK_INT(talk_kind_find(span_str(talk_kind_name((enum talk_kind)k))), k);
    CHECK_INT(talk_kind_find(SPAN("return")), TALK_KINDS);
}
