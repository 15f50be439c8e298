/*
 * test_lifecycle.c - one customer's life, day by day, and when somebody should look after it.
 */
#include "lifecycle.h"

#include <math.h>

#include "test.h"

static const struct life_facts nothing = {
    .today = 1000,
    .known = LIFE_NEVER,
    .intent = LIFE_NEVER,
    .contact = LIFE_NEVER,
    .first = LIFE_NEVER,
    .second = LIFE_NEVER,
    .last = LIFE_NEVER,
    .cancelled = LIFE_NEVER,
    .silent = INT32_MAX,
    .lost = INT32_MAX,
};
static const struct life unknown = {LIFE_NONE, LIFE_NEVER};

#define IS(l, want_stage, want_since)                                                              \
    do {                                                                                           \
        CHECK_STR(life_stage_name((l).stage), life_stage_name(want_stage));                        \
        CHECK_INT((l).since, want_since);                                                          \
    } while (0)

TEST(a_life_goes_from_the_first_word_to_the_second_coming)
{
    struct life_facts f = nothing;
    struct life l = life_next(unknown, &f);

    IS(l, LIFE_PROSPECT, LIFE_NEVER);
    f.known = f.contact = 990;
    l = life_next(l, &f);
    IS(l, LIFE_PROSPECT, 990);
    f.intent = 995;
    l = life_next(l, &f);
    IS(l, LIFE_INTENT, 995);
    f.today = f.first = f.last = 1001;
    l = life_next(l, &f);
    IS(l, LIFE_FIRST, 1001);
    f.today = f.second = f.last = 1003;
    l = life_next(l, &f);
    IS(l, LIFE_REPEAT, 1003);
    f.today = f.last = 1010;
    f.silent = 1031;
    f.lost = 1052;
    l = life_next(l, &f);
    IS(l, LIFE_REPEAT, 1003);
    f.surge = true;
    l = life_next(l, &f);
    IS(l, LIFE_SURGE, 1010);
    f.today = 1020;
    l = life_next(l, &f);
    IS(l, LIFE_SURGE, 1010); /* as long as it lasts */
    f.surge = false;
    l = life_next(l, &f);
    IS(l, LIFE_REPEAT, 1020);
    f.today = 1030;
    l = life_next(l, &f);
    IS(l, LIFE_REPEAT, 1020);
    f.today = 1033; /* nobody looked on the day itself */
    l = life_next(l, &f);
    IS(l, LIFE_DORMANT, 1031);
    f.silent = 1032; /* the limit is fitted anew each day */
    l = life_next(l, &f);
    IS(l, LIFE_DORMANT, 1031);
    f.today = 1060;
    l = life_next(l, &f);
    IS(l, LIFE_LOST, 1052);
    f.today = f.last = 1070;
    f.silent = 1090;
    f.lost = 1110;
    l = life_next(l, &f);
    IS(l, LIFE_RESURRECTED, 1070);
    f.today = 1071;
    l = life_next(l, &f);
    IS(l, LIFE_RESURRECTED, 1070);
    f.today = f.last = 1075;
    l = life_next(l, &f);
    IS(l, LIFE_REPEAT, 1075);
}

TEST(who_cancels_is_lost_until_they_use_it_again)
{
    struct life_facts f = nothing;
    struct life l;

    f.first = 900, f.second = 910, f.last = 990;
    f.cancelled = 995;
    l = life_next(unknown, &f);
    IS(l, LIFE_LOST, 995);
    f.last = f.today = 1001;
    l = life_next(l, &f);
    IS(l, LIFE_RESURRECTED, 1001);
}

TEST(only_use_brings_somebody_back)
{
    struct life_facts f = nothing;
    struct life dormant = {LIFE_DORMANT, 990}, lost = {LIFE_LOST, 990};

    f.first = 900, f.second = 910, f.last = 960;
    f.silent = 1010, f.lost = 1060; /* the limit is fitted anew, and wider now */
    IS(life_next(dormant, &f), LIFE_DORMANT, 990);
    IS(life_next(lost, &f), LIFE_LOST, 990);
    f.silent = 980; /* and narrower: who is lost stays so */
    IS(life_next(lost, &f), LIFE_LOST, 990);
    f.lost = 1000;
    IS(life_next(dormant, &f), LIFE_LOST, 1000);
    /* A late record of the eve of the limit: there was no silence. */
    f.last = 985;
    f.silent = 1010, f.lost = 1060;
    IS(life_next(dormant, &f), LIFE_REPEAT, 910);
    /* A new store knows the stage by its history, but not the day: the facts decide. */
    f.last = 990;
    IS(life_next((struct life){LIFE_DORMANT, LIFE_NEVER}, &f), LIFE_REPEAT, 910);
}

TEST(a_decline_is_a_stage_of_those_who_come_back_only)
{
    struct life_facts f = nothing;

    f.first = f.last = 990;
    f.decline = true;
    IS(life_next(unknown, &f), LIFE_FIRST, 990);
    f.second = f.last = 995;
    IS(life_next(unknown, &f), LIFE_DECLINE, 1000);
}

TEST(stages_have_names_that_are_found_again)
{
    for (int s = LIFE_PROSPECT; s < LIFE_STAGES; s++) {
        const char *name = life_stage_name((enum life_stage)s);

        CHECK_INT(life_stage_find(name, strlen(name)), s);
    }
    CHECK_INT(life_stage_find("", 0), LIFE_NONE);
    CHECK_INT(life_stage_find("repeated", 8), LIFE_NONE);
}

TEST(the_pace_is_what_three_of_four_took)
{
    double first[40], second[40];
    struct life_pace p;

    for (int i = 0; i < 40; i++) {
        first[i] = 40 - i; /* 40..1 */
        second[i] = 3 * (i + 1);
    }
    p = life_pace(first, 40, second, 40);
    CHECK_NEAR(p.to_first, 30, 0);
    CHECK_NEAR(p.to_second, 90, 0);
    CHECK_NEAR(p.longest, 114, 0);
    p = life_pace(first, 19, second, 19); /* too few say nothing: CDNOW's */
    CHECK_NEAR(p.to_first, 14, 0);
    CHECK_NEAR(p.to_second, 90.5, 0);
    CHECK_NEAR(p.longest, 279, 0);
    for (int i = 0; i < 40; i++)
        first[i] = second[i] = 1;
    p = life_pace(first, 40, second, 40); /* a week at least, a month of silence at least */
    CHECK_NEAR(p.to_first, 7, 0);
    CHECK_NEAR(p.longest, 28, 0);
}

TEST(who_stays_too_long_without_a_word_is_told)
{
    struct life_pace pace = {9, 60, 200};
    struct life_facts f = nothing;
    struct life l = {LIFE_PROSPECT, 950};

    CHECK_INT(life_overstayed(&l, &f, &pace), -1); /* never spoken to */
    f.contact = 986;
    CHECK_INT(life_overstayed(&l, &f, &pace), -1); /* fourteen days ago */
    f.contact = 985;
    CHECK_INT(life_overstayed(&l, &f, &pace), 1);
    f.contact = 800;
    CHECK_INT(life_overstayed(&l, &f, &pace), -1); /* no news */
    l = (struct life){LIFE_INTENT, 980};
    f.contact = 998;
    CHECK_INT(life_overstayed(&l, &f, &pace), -1); /* somebody is at it */
    f.contact = 997;
    CHECK_INT(life_overstayed(&l, &f, &pace), 11);
    l.since = 991;
    CHECK_INT(life_overstayed(&l, &f, &pace), -1);
    l = (struct life){LIFE_FIRST, 930};
    CHECK_INT(life_overstayed(&l, &f, &pace), 10);
    l.stage = LIFE_REPEAT;
    CHECK_INT(life_overstayed(&l, &f, &pace), -1);
}
