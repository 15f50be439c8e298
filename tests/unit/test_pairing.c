/*
 * test_pairing.c - joins and leaves become legs, in whatever order and however many of them arrive.
 */
#include "pairing_rig.h"

TEST(pairing_makes_a_leg_of_a_join_and_a_leave_in_any_order)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J ann 0");
    expect(&g, "");
    feed(&g, "L ann 60");
    expect(&g, "ann 0+60");
    feed(&g, "L bob 90");
    feed(&g, "J bob 10");
    expect(&g, "bob 10+80");
    feed(&g, "L eve 30; J eve 20; L eve 50; J eve 40");
    expect(&g, "eve 20+10, eve 40+10");
    feed(&g, "J zoe 100; L zoe 100");
    expect(&g, "zoe 100+0");
    rig_close(&g);
}

TEST(pairing_takes_what_is_said_twice_once)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J ann 0; J ann 0");
    feed(&g, "J ann 0");
    feed(&g, "L bob 70; L bob 70");
    feed(&g, "J bob 10");
    feed(&g, "L ann 60");
    expect(&g, "bob 10+60, ann 0+60");
    pass(&g, 100000);
    expect(&g, "");
    rig_close(&g);
}

TEST(pairing_ends_who_is_left_with_the_conference_unless_the_leave_comes_in_time)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J ann 0; J bob 10; E 600");
    pass(&g, 4);
    expect(&g, "");
    feed(&g, "L ann 599");
    expect(&g, "ann 0+599");
    pass(&g, 1);
    expect(&g, "bob 10+590");
    feed(&g, "L bob 601"); /* too late, and no second leg */
    pass(&g, 1000);
    expect(&g, "");
    rig_close(&g);
}

TEST(pairing_lets_a_conference_that_ended_begin_again)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J ann 0; E 600; J ann 900");
    pass(&g, 301);
    expect(&g, "ann 0+600~");
    feed(&g, "L ann 1000");
    expect(&g, "ann 900+100");
    rig_close(&g);
}

TEST(pairing_counts_a_leave_whose_join_was_lost)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "S 0; J ann 10; L ann 20; L bob 400; L eve 500 45; L max 450@d");
    pass(&g, 299);
    expect(&g, "ann 10+10");
    pass(&g, 1);
    expect(&g, "eve 455+45, bob 0+400~, max 450+0~?");
    feed(&g, "J bob 30"); /* it comes after all */
    pass(&g, 1000);
    expect(&g, "");
    rig_close(&g);
}

TEST(pairing_waits_by_the_clock_of_the_source_too)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J ann 10; L bob 20");
    feed(&g, "J ann 320@d");
    pass(&g, 0);
    expect(&g, "bob 20+0~");
    feed(&g, "J ann 43000@d");
    pass(&g, 0);
    expect(&g, "");
    feed(&g, "J ann 43700@e"); /* half a day after the last that was heard of c */
    pass(&g, 0);
    expect(&g, "ann 320+42680~, ann 10+10~");
    rig_close(&g);
}

TEST(pairing_ends_a_silent_conference_at_its_last_sign_of_life)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J ann 0; J bob 100");
    g.now += 43000;
    feed(&g, "L bob 43100");
    expect(&g, "bob 100+43000");
    pass(&g, 43199);
    expect(&g, "");
    pass(&g, 1000);
    expect(&g, "ann 0+43100~");
    feed(&g, "L ann 90000");
    pass(&g, 1000);
    expect(&g, "");
    pass(&g, 50000); /* and then nothing is left */
    pass(&g, 50000);
    pairing_settled(g.p);
    CHECK_INT(g.p->conference_count, 0);
    CHECK_INT(g.p->stay_count, 0);
    CHECK_INT(g.p->marks, 0);
    rig_close(&g);
}

TEST(pairing_makes_a_second_leg_of_a_rejoin_whatever_becomes_of_the_leave_between)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J ann 0");
    feed(&g, "J ann 100");
    feed(&g, "L ann 50"); /* late, and in time */
    expect(&g, "ann 0+50");
    feed(&g, "L ann 200");
    expect(&g, "ann 100+100");
    feed(&g, "J bob 0; J bob 100; L bob 300");
    expect(&g, "bob 100+200");
    pass(&g, 300);
    expect(&g, "bob 0+100~");
    feed(&g, "L bob 60");
    pass(&g, 1000);
    expect(&g, "");
    rig_close(&g);
}

TEST(pairing_tells_devices_of_one_person_by_their_legs)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J #1 0; J #2 10; L #1 100");
    feed(&g, "L #2 50");
    expect(&g, "#1 0+100, #2 10+40");
    rig_close(&g);
}

/* Without `settle`, who names no leg: a rejoin whose events come in any order is two legs as long
 * as nothing makes a pair of its first and last; if that is made first, what was between is late,
 * and counts as halves do. */
TEST(pairing_of_who_names_no_leg_takes_the_first_pair_that_fits)
{
    static const char *const good[] = {
        "J ann 0|L ann 100|J ann 200|L ann 300", "J ann 0|J ann 200|L ann 100|L ann 300",
        "J ann 0|J ann 200|L ann 300|L ann 100", "J ann 200|J ann 0|L ann 100|L ann 300",
        "L ann 100|L ann 300|J ann 200|J ann 0", "L ann 300|J ann 200|L ann 100|J ann 0",
    };
    struct rig g;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char events[80];

        rig_open(&g);
        snprintf(events, sizeof events, "%s", good[i]);
        for (char *e = strtok(events, "|"); e; e = strtok(NULL, "|"))
            feed(&g, e);
        pass(&g, 1000);
        CHECK_INT(g.count, 2);
        CHECK_INT(g.seconds, 200);
        rig_close(&g);
    }
    rig_open(&g);
    feed(&g, "J ann 0");
    feed(&g, "L ann 300");
    expect(&g, "ann 0+300"); /* at once: nothing says that there was more */
    feed(&g, "J ann 200");
    feed(&g, "L ann 100");
    pass(&g, 1000);
    expect(&g, "ann 100+0~"); /* the leave, of no known join */
    feed(&g, "E 400");
    pass(&g, 2000);
    expect(&g, "ann 200+200"); /* the join, until the end of the conference */
    rig_close(&g);
}

TEST(pairing_holds_pairs_back_for_those_who_name_no_leg_if_it_is_told_so)
{
    struct rig g;

    rig_open(&g);
    g.opt.settle = 10;
    feed(&g, "J ann 0");
    feed(&g, "L ann 300");
    pass(&g, 9);
    feed(&g, "J ann 200");
    feed(&g, "L ann 100");
    pass(&g, 10);
    expect(&g, "ann 0+100, ann 200+100");
    rig_close(&g);
}

TEST(pairing_finds_where_a_leg_is_that_does_not_say_it)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J #1 0; J #2 0@d; J #3 10; L #2 60@-");
    expect(&g, "#2 0+60");
    feed(&g, "L #1 70@-; L #3 5@-"); /* of #3 before its join: not of it */
    expect(&g, "#1 0+70");
    feed(&g, "L #3 80@-");
    expect(&g, "#3 10+70");
    feed(&g, "J #4 0; J #4 100@d; L #4 130@-"); /* moved on without a leave */
    expect(&g, "#4 100+30");
    rig_close(&g);
}

TEST(pairing_keeps_a_leave_that_does_not_say_where_until_the_join_does)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "L #1 60@-; L #2 90 30@-; L #5 90@-");
    expect(&g, "");
    restart(&g);
    feed(&g, "J #1 0; J #1 100@d");
    expect(&g, "#1 0+60");
    feed(&g, "J #2 40@d");
    expect(&g, "#2 40+50");
    pass(&g, 301);
    expect(&g, "#5 90+0~?");
    feed(&g, "J #5 20"); /* it comes after all, and does not count once more */
    pass(&g, 301);
    expect(&g, "");
    pass(&g, 100000);
    pass(&g, 100000);
    pass(&g, 100000);
    keep_rows(&g);
    rig_close(&g);
}

TEST(pairing_goes_on_after_a_restart_where_it_stood)
{
    struct rig g;

    rows = 0;
    rig_open(&g);
    feed(&g, "S 0; J ann 10; L bob 50; J eve 20; J eve 120");
    restart(&g);
    CHECK_INT(g.p->open_legs, 3);
    feed(&g, "L ann 60; E 200");
    expect(&g, "ann 10+50");
    restart(&g);
    pass(&g, 5);
    expect(&g, "eve 120+80");
    restart(&g);
    pass(&g, 295);
    expect(&g, "eve 20+100~, bob 0+50~");
    restart(&g);
    feed(&g, "J bob 30; L eve 115"); /* halves whose legs have counted */
    pass(&g, 1000);
    expect(&g, "");
    pass(&g, 50000);
    keep_rows(&g);
    CHECK_INT(rows, 0);
    rig_close(&g);
}

TEST(pairing_says_who_is_where)
{
    struct pairing_status status;
    struct live live;
    struct rig g;

    rig_open(&g);
    feed(&g, "J ann 5@a; J bob 7@b; J eve 8@b; J max 1@c; L max 3@c; L zoe 4@d; S 2@b");
    pairing_live(g.p, &live, &g.memory);
    CHECK_INT(live.legs, 3);
    CHECK_INT(live.conferences, 2);
    CHECK_INT(live.conference_count, 2);
    CHECK_SPAN(live.conference[0].id, "b");
    CHECK_INT(live.conference[0].legs, 2);
    CHECK_INT(live.conference[0].since, T0 + 2);
    CHECK_SPAN(live.conference[1].id, "a");
    CHECK_INT(live.conference[1].since, T0 + 5);
    CHECK_INT(live.customer_count, 1);
    CHECK_SPAN(live.customer[0].name, "acme");
    CHECK_INT(live.customer[0].legs, 3);
    CHECK_SPAN(live.input[0].name, "in");
    pairing_status(g.p, &status);
    CHECK_INT(status.legs, 3);
    CHECK_INT(status.paired, 1);
    CHECK_INT(status.held, 8); /* three joins, a leave, four conferences */
    feed(&g, "L ann 9@a; L bob 9@b; L eve 9@b");
    pairing_live(g.p, &live, &g.memory);
    CHECK_INT(live.legs + live.conferences + live.conference_count + live.customer_count, 0);
    rig_close(&g);
}

TEST(pairing_tells_joins_legs_and_people_of_a_conference_apart)
{
    struct rig g;

    rows = 0;
    rig_open(&g);
    feed(&g, "J ann 0; J ann 0; J bob 10; L ann 20; J ann 30");
    pass(&g, 100);
    CHECK_INT(g.told, 0); /* somebody is in it */
    feed(&g, "L ann 50; L eve 60; E 90");
    restart(&g);
    pass(&g, 4);
    CHECK_INT(g.told, 0);
    pass(&g, 400);
    CHECK_STR(g.conference, "c 0..90: 3 joins, 4 legs, 3 people, 1 estimated");
    CHECK_INT(g.told, 1);
    restart(&g);
    pass(&g, 1000);
    CHECK_INT(g.told, 1);
    feed(&g, "J max 70; L max 95");
    pass(&g, 1000);
    CHECK_STR(g.conference, "c 0..95: 4 joins, 5 legs, 4 people, 1 estimated");
    CHECK_INT(g.told, 2);
    rig_close(&g);
}

/* As after `ledger recover`, which may have lost any row. */
TEST(pairing_does_without_a_conference_whose_row_was_lost)
{
    struct rig g;

    rows = 0;
    rig_open(&g);
    feed(&g, "S 0; J ann 10; L bob 40");
    keep_rows(&g);
    qsort(table, rows, sizeof *table, by_key);
    CHECK_INT(rows, 3);
    free(table[0].values);
    table[0] = table[--rows]; /* the first in order is the conference's own */
    restart(&g);
    CHECK_INT(g.p->open_legs, 1);
    feed(&g, "L ann 60");
    expect(&g, "ann 10+50");
    pass(&g, 300);
    expect(&g, "bob 40+0~"); /* the beginning went with the row */
    restart(&g);
    pass(&g, 50000);
    keep_rows(&g);
    CHECK_INT(rows, 0);
    rig_close(&g);
}

TEST(pairing_refuses_rows_that_it_did_not_write)
{
    struct rig g;
    struct error err;

    rows = 0;
    rig_open(&g);
    feed(&g, "S 0; J ann 10; E 20");
    keep_rows(&g);
    qsort(table, rows, sizeof *table, by_key);
    CHECK_INT(rows, 2);
    for (size_t i = 0; i < rows; i++)
        for (size_t n = 0; n < table[i].n; n++) {
            struct open_leg_row row = {.source = table[i].source,
                                       .key = table[i].key,
                                       .values = span_of(xstrndup(table[i].values, n), n)};
            struct pairing *p = pairing_new();

            CHECK_INT(pairing_load(p, &row, &err), ST_CORRUPT);
            free((char *)(uintptr_t)row.values.p);
            pairing_free(p);
        }
    rig_close(&g);
}

TEST(legs_that_come_whole_make_up_their_conference_and_count_no_more)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "W ann 60 45; W bob 0 30");
    restart(&g);
    feed(&g, "W ann 200 10; J eve 100; L eve 150; W zoe 0 1 @d");
    expect(&g, "eve 100+50");
    pass(&g, 1000);
    CHECK_INT(g.told, 2);
    pass(&g, 100000); /* nothing has become of them since */
    CHECK_INT(g.told, 2);
    keep_rows(&g);
    CHECK_INT(rows, 0);
    rig_close(&g);
}

/* "f" as long as it waits; of a whole leg at any time until its conference is forgotten. */
TEST(a_feature_is_of_the_customer_of_its_leg)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "W #1 0 60; F #1 60 @-");
    expect(&g, "#1 60+0!");
    restart(&g);
    feed(&g, "F #1 61 @-");
    expect(&g, "#1 61+0!");
    feed(&g, "F #2 90 @-"); /* before its leg */
    restart(&g);
    feed(&g, "W #2 10 80");
    expect(&g, "#2 90+0!");
    feed(&g, "J #3 0; F #3 5 @-; L #3 10");
    expect(&g, "#3 0+10, #3 5+0!");
    feed(&g, "F #4 5 @-"); /* whose leg never comes */
    pass(&g, 200);
    CHECK_INT(g.p->ever.unplaced, 0);
    pass(&g, 200);
    CHECK_INT(g.p->ever.unplaced, 1);
    expect(&g, "");
    pass(&g, 100000);
    keep_rows(&g);
    CHECK_INT(rows, 0);
    rig_close(&g);
}

/* Two workers of one batch: the later join was met first and taken for the first one. */
TEST(of_a_join_and_its_repetitions_the_earliest_is_left)
{
    struct rig g;
    struct pair_event e[5];
    struct pairing_sink s;

    rig_open(&g);
    s = sink(&g);
    e[0] = event_of(&g, "J #1 300", KIND_JOIN);
    e[1] = event_of(&g, "L #1 900", KIND_LEAVE);
    e[2] = event_of(&g, "J #1 0", KIND_JOIN);
    e[3] = event_of(&g, "J #2 50", KIND_JOIN); /* of one that came in a batch before */
    e[4] = event_of(&g, "J #1 600", KIND_JOIN);
    e[0].id = e[2].id = e[4].id = 7;
    e[3].id = 8;
    e[2].again = e[3].again = e[4].again = true;
    CHECK_INT(pairing_sort(e, 5), 2);
    pairing_feed(g.p, &g.opt, e, 2, g.now, &s);
    expect(&g, "#1 0+900");
    CHECK_INT(g.p->open_legs, 0);
    rig_close(&g);
}
