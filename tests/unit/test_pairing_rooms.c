/*
 * test_pairing_rooms.c - meetings in rooms that are used again; legs that hang up.
 */
#include "pairing_rig.h"

#define T0_TEXT "2024-03-10T10:00:00Z"

static void
rooms_open(struct rig *g)
{
    rig_open(g);
    g->opt.room_gap = 600;
    g->rooms = true;
}

/* "L ann 60" in one room; what comes out must be of the meeting that began at T0 + n. */
TEST(two_meetings_in_a_room_are_two_conferences)
{
    struct rig g;

    rooms_open(&g);
    feed(&g, "S 0 @%r; J ann 5 @%r; L ann 300 @%r; E 301 @%r");
    expect(&g, "ann@r@" T0_TEXT " 5+295");
    feed(&g, "S 310 @%r; J ann 310 @%r; J bob 311 @%r; L ann 400 @%r; L bob 400 @%r; E 400 @%r");
    expect(&g, "ann@r@2024-03-10T10:05:10Z 310+90, bob@r@2024-03-10T10:05:10Z 311+89");
    pass(&g, 10);
    CHECK_STR(g.conference, "r@2024-03-10T10:05:10Z 310..400: 2 joins, 2 legs, 2 people, "
                            "0 estimated");
    rig_close(&g);
}

TEST(a_room_that_was_empty_for_the_gap_has_another_meeting)
{
    struct rig g;

    rooms_open(&g);
    feed(&g, "J #1 0 @%r; L #1 60 @%r; J #2 659 @%r; L #2 700 @%r; J #3 1300 @%r; L #3 1310 @%r");
    expect(&g, "#1@r@" T0_TEXT " 0+60, #2@r@" T0_TEXT " 659+41, #3@r@2024-03-10T10:21:40Z 1300+10");
    rig_close(&g);
}

TEST(a_room_is_not_empty_while_somebody_is_in_it)
{
    struct rig g;

    rooms_open(&g);
    feed(&g, "J #1 0 @%r");
    restart(&g);
    feed(&g, "J #2 5000 @%r; L #2 5010 @%r; L #1 9000 @%r");
    expect(&g, "#2@r@" T0_TEXT " 5000+10, #1@r@" T0_TEXT " 0+9000");
    rig_close(&g);
}

/* Who says when a meeting begins and ends is believed, however long nobody is there. */
TEST(a_meeting_that_was_begun_and_not_ended_goes_on)
{
    struct rig g;

    rooms_open(&g);
    feed(&g, "S 0 @%r; J ann 0 @%r; L ann 10 @%r");
    restart(&g);
    feed(&g, "J ann 5000 @%r; L ann 5010 @%r; E 5020 @%r; J bob 5021 @%r; L bob 5030 @%r");
    expect(&g, "ann@r@" T0_TEXT " 0+10, ann@r@" T0_TEXT " 5000+10, "
               "bob@r@2024-03-10T11:23:41Z 5021+9");
    rig_close(&g);
}

/* By batches, so that order within one does not help. */
TEST(events_that_overtake_each_other_stay_in_their_meeting)
{
    struct rig g;

    rooms_open(&g);
    feed(&g, "L #1 500 @%r");
    feed(&g, "J #1 5 @%r");
    expect(&g, "#1@r@2024-03-10T10:08:20Z 5+495");
    feed(&g, "S 4 @%r");
    feed(&g, "J #2 3 @%r");
    feed(&g, "E 520 @%r");
    feed(&g, "L #2 510 @%r");
    expect(&g, "#2@r@2024-03-10T10:08:20Z 3+507");
    feed(&g, "E 520 @%r");
    feed(&g, "J #3 600 @%r; S 600 @%r; L #3 601 @%r");
    expect(&g, "#3@r@2024-03-10T10:10:00Z 600+1");
    rig_close(&g);
}

TEST(rooms_of_other_names_and_conferences_with_ids_have_nothing_to_do_with_it)
{
    struct rig g;

    rooms_open(&g);
    feed(&g, "J #1 0 @%r; J #1 1 @r; J #1 2 @%rr; L #1 10 @%r; L #1 11 @r; L #1 12 @%rr");
    expect(&g, "#1@r@" T0_TEXT " 0+10, #1@r 1+10, #1@rr@2024-03-10T10:00:02Z 2+10");
    rig_close(&g);
}

/* --- hangups --- */

TEST(a_leg_that_hangs_up_ends_where_it_is)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J #1 0; J #2 0; H #1 60 @-");
    expect(&g, "");
    pass(&g, 5);
    expect(&g, "#1 0+60");
    feed(&g, "L #1 59"); /* told after all: it has counted */
    pass(&g, 400);
    expect(&g, "");
    feed(&g, "L #2 90");
    expect(&g, "#2 0+90");
    rig_close(&g);
}

TEST(a_leave_is_believed_before_a_hangup)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "J #1 0; L #1 59; H #1 60 @-");
    expect(&g, "#1 0+59");
    feed(&g, "J #2 0; H #2 60 @-");
    restart(&g);
    feed(&g, "L #2 59");
    expect(&g, "#2 0+59");
    pass(&g, 400);
    expect(&g, "");
    rig_close(&g);
}

TEST(a_hangup_alone_is_nothing_and_outlives_a_restart_with_its_join)
{
    struct rig g;

    rig_open(&g);
    feed(&g, "H #9 60 @-");
    CHECK(!pairing_is_due(g.p, &g.opt, g.now));
    feed(&g, "J #1 0; H #1 60 @-; E 300");
    restart(&g);
    pass(&g, 5);
    expect(&g, "#1 0+60");
    rig_close(&g);
}

/* --- the truth of many meetings --- */

enum { ROOMS = 3, MEETINGS = 5, PEOPLE = 4, BATCH = 7 };

struct seen {
    char id[ROOMS * MEETINGS][64]; /* of each meeting's legs */
    int legs[ROOMS * MEETINGS];
};

static void
on_met(void *arg, const struct paired_leg *leg)
{
    struct seen *seen = arg;
    struct span id = leg->record.text[FIELD_CONFERENCE];
    int meeting = atoi(leg->key.p + 2); /* "L#12.3": person 3 of meeting 12 */

    CHECK(id.n < sizeof seen->id[0]);
    if (seen->legs[meeting]++ == 0)
        memcpy(seen->id[meeting], id.p, id.n);
    CHECK_SPAN(id, seen->id[meeting]);
}

static void
on_told(void *arg, const struct paired_conference *c)
{
    (void)arg;
    CHECK(c->legs <= PEOPLE);
}

static size_t
write_meeting(struct rig *g, struct pair_event *out, int meeting, unsigned short dice[3])
{
    int64_t begin = 3000 * (meeting / ROOMS);
    char text[64];
    size_t n = 0;

    if (nrand48(dice) % 2) { /* systems that say so */
        snprintf(text, sizeof text, "S %lld @%%r%d", (long long)begin, meeting % ROOMS);
        out[n++] = event_of(g, text, KIND_CONFERENCE_START);
        snprintf(text, sizeof text, "E %lld @%%r%d", (long long)begin + 1500, meeting % ROOMS);
        out[n++] = event_of(g, text, KIND_CONFERENCE_END);
    }
    for (int i = 0; i < PEOPLE; i++) {
        long at = (long)begin + nrand48(dice) % 500,
             until = (long)begin + 600 + nrand48(dice) % 900;

        snprintf(text, sizeof text, "J #%d.%d %ld @%%r%d", meeting, i, at, meeting % ROOMS);
        out[n++] = event_of(g, text, KIND_JOIN);
        snprintf(text, sizeof text, "L #%d.%d %ld @%%r%d", meeting, i, until, meeting % ROOMS);
        out[n++] = event_of(g, text, KIND_LEAVE);
    }
    return n;
}

TEST(meetings_are_told_apart_whatever_comes_twice_and_however_often_the_process_starts)
{
    for (unsigned short seed = 0; seed < 200; seed++) {
        struct pair_event events[ROOMS * MEETINGS * (2 * PEOPLE + 2)];
        struct seen seen = {.legs = {0}};
        const struct pairing_sink sink = {on_met, on_told, on_met, &seen};
        unsigned short dice[3] = {seed, 1, 2};
        size_t n = 0;
        struct rig g;

        rooms_open(&g);
        for (int m = 0; m < ROOMS * MEETINGS; m++)
            n += write_meeting(&g, events + n, m, dice);
        pairing_sort(events, n);
        for (size_t i = 0; i < n;) {
            struct pair_event batch[2 * BATCH];
            size_t k = (size_t)(nrand48(dice) % BATCH), m = 0;

            k = k < n - i ? k : n - i;
            for (size_t e = i; e < i + k; e++)
                for (long twice = nrand48(dice) % 2; twice >= 0; twice--)
                    batch[m++] = events[e];
            g.now += 1;
            pairing_feed(g.p, &g.opt, batch, m, g.now, &sink);
            i += k;
            if (nrand48(dice) % 5 == 0)
                restart(&g);
        }
        for (int k = 0; k < 3; k++, g.now += 100000)
            pairing_pass(g.p, &g.opt, g.now, false, &sink);
        for (int a = 0; a < ROOMS * MEETINGS; a++) {
            CHECK_INT(seen.legs[a], PEOPLE);
            for (int b = 0; b < a; b++)
                CHECK(strcmp(seen.id[a], seen.id[b]) != 0);
        }
        keep_rows(&g);
        for (; rows > 0; rows--)
            free(table[rows - 1].values);
        rig_close(&g);
    }
}
