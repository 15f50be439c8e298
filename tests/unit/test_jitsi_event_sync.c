/*
 * test_jitsi_event_sync.c - rooms and people of Jitsi Meet, as event_sync posts them.
 */
#include "format_lines.h"

#define CATCHUP "catchup@conference.meet.mydomain.com"
#define JID     "14f01c40-5195-4a4d-8efb-f58b49d18741@meet.mydomain.com/OWhl8jSh"
#define HERE    " customer=meet.mydomain.com conference_name=catchup"
#define THERE   " conference_room=" CATCHUP
#define JAMES                                                                                      \
    " participant=00380324-a840-400d-880f-7ee0933b7556 participant_name=James Barrow"              \
    " leg=1625823996:" JID

/* The lines of a sample, with what its ids were shortened to left out. */
static void
expect_sample(const char *name, const char *const *wanted)
{
    struct format *f = shipped_format("jitsi-event-sync");
    char line[2000];
    struct stream s;
    size_t n = 0;

    stream_open(&s, f, outside_sample(name));
    for (; next_line_of(&s, line, sizeof line); n++) {
        char *id = strstr(line, " id="), *end = id ? strstr(id, " customer=") : NULL;

        if (!wanted[n])
            test_fail(__FILE__, __LINE__, "too much: %s", line);
        CHECK(end);
        CHECK(end - id <= 4 + 120);
        memmove(id, end, strlen(end) + 1);
        CHECK_STR(line, wanted[n]);
    }
    CHECK(!wanted[n]);
    stream_close(&s);
    format_free(f);
}

TEST(the_documented_examples)
{
    expect_sample("jitsi_event_sync/sample1_doc.json",
                  LIST("conference_start 2021-07-09T09:46:36Z" HERE THERE));
    expect_sample("jitsi_event_sync/sample3_doc.json",
                  LIST("join 2021-07-09T09:46:36Z" HERE JAMES THERE));
    expect_sample("jitsi_event_sync/sample4_doc.json",
                  LIST("leave 2021-07-09T09:47:15Z+39" HERE JAMES THERE));
    expect_sample("jitsi_event_sync/sample2_doc.json",
                  LIST("join 2021-07-09T09:46:36Z" HERE JAMES THERE,
                       "leave 2021-07-09T09:47:15Z+39" HERE JAMES THERE,
                       "conference_end 2021-07-09T09:47:15Z" HERE THERE));
}

#define ROOM           "[acme]daily@conference.meet.example.org"
#define DAILY          " customer=acme conference_name=[acme]daily"
#define IN_IT          " conference_room=" ROOM
#define ANN            " participant=u-ann participant_name=Ann leg=1770022800:" A1
#define A1             "a1@meet.example.org/x"
#define BOB            " participant=b2@meet.example.org/y leg=1770022900:b2@meet.example.org/y"
#define ID(kind, rest) " id=" kind ":" ROOM ":" rest

/* Ann's join and leave are told again at the end under the same ids; Bob's, lost, only then. */
TEST(trap_who_was_lost_is_told_when_the_room_is_destroyed)
{
    EXPECT_LINES(
        "jitsi-event-sync", own_sample("jitsi-event-sync/room.json"),
        "conference_start 2026-02-02T09:00:00Z" ID("conference_start", "1770022800") DAILY IN_IT,
        "join 2026-02-02T09:00:00Z" ID("join", "1770022800:a1@meet.example.org/x") DAILY ANN IN_IT,
        "leave 2026-02-02T09:10:00Z+600" ID("leave", "1770022800:a1@meet.example.org/x")
            DAILY ANN IN_IT,
        "join 2026-02-02T09:10:01Z id=join:" ROOM ":br-1:1770023401:a1@meet.example.org/x"
        " customer=acme conference_name=[acme]daily"
        " participant=a1@meet.example.org/x leg=1770023401:a1@meet.example.org/x "
        "conference_room=" ROOM ":br-1",
        "join 2026-02-02T09:01:40Z" ID("join", "1770022900:b2@meet.example.org/y") DAILY BOB IN_IT,
        "leave 2026-02-02T09:20:00Z+1100" ID("leave", "1770022900:b2@meet.example.org/y")
            DAILY BOB IN_IT,
        "join 2026-02-02T09:00:00Z" ID("join", "1770022800:a1@meet.example.org/x") DAILY ANN IN_IT,
        "leave 2026-02-02T09:10:00Z+600" ID("leave", "1770022800:a1@meet.example.org/x")
            DAILY ANN IN_IT,
        "conference_end 2026-02-02T09:20:00Z" ID("conference_end", "1770022800") DAILY IN_IT);
}

TEST(the_domain_is_behind_the_services_name)
{
    EXPECT_LINES("jitsi-event-sync",
                 SPAN("{\"event_name\":\"muc-room-created\",\"room_jid\":\"r@muc.meet.jitsi\","
                      "\"created_at\":1770022800}\n"
                      "{\"event_name\":\"muc-room-created\",\"room_jid\":\"r@x.org\","
                      "\"created_at\":1770022800}"),
                 "conference_start 2026-02-02T09:00:00Z id=conference_start:r@muc.meet.jitsi:"
                 "1770022800 customer=meet.jitsi conference_name=r@muc.meet.jitsi "
                 "conference_room=r@muc.meet.jitsi",
                 "conference_start 2026-02-02T09:00:00Z id=conference_start:r@x.org:1770022800"
                 " customer=x.org conference_name=r@x.org conference_room=r@x.org");
}

#define AT                "\"room_name\":\"r\",\"room_jid\":\"r@conference.d\""
#define EVENT(name, more) "{\"event_name\":\"muc-" name "\"," AT "," more "}\n"
#define WHO(jid, more)                                                                             \
    "\"occupant\":{\"occupant_jid\":\"" jid "\",\"name\":null,\"id\":\"\"" more "}"
#define AFTER(kind, rest) " id=" kind ":r@conference.d:" rest " customer=d conference_name=r"
#define ONE(joined)       " participant=a@d/x leg=" joined ":a@d/x conference_room=r@conference.d"

/* The same jid with another moment of joining is another stay; what is posted again is the same. */
TEST(trap_somebody_may_come_again_under_the_same_jid)
{
    EXPECT_LINES(
        "jitsi-event-sync",
        SPAN(EVENT("occupant-joined", WHO("a@d/x", ",\"joined_at\":1770022800")) EVENT(
            "occupant-left", WHO("a@d/x", ",\"joined_at\":1770022800,\"left_at\":1770022810"))
                 EVENT("occupant-left",
                       WHO("a@d/x", ",\"joined_at\":1770022800,\"left_at\":1770022810"))
                     EVENT("occupant-joined", WHO("a@d/x", ",\"joined_at\":1770022820"))),
        "join 2026-02-02T09:00:00Z" AFTER("join", "1770022800:a@d/x") ONE("1770022800"),
        "leave 2026-02-02T09:00:10Z+10" AFTER("leave", "1770022800:a@d/x") ONE("1770022800"),
        "leave 2026-02-02T09:00:10Z+10" AFTER("leave", "1770022800:a@d/x") ONE("1770022800"),
        "join 2026-02-02T09:00:20Z" AFTER("join", "1770022820:a@d/x") ONE("1770022820"));
}

/* Name and jid are the main room's; the main room goes on. */
TEST(trap_only_an_id_tells_a_breakout_room)
{
#define BREAKOUT "\"is_breakout\":true,\"breakout_room_id\":\"b1\""
#define THERE_IN " conference_room=r@conference.d:b1"
    EXPECT_LINES(
        "jitsi-event-sync",
        SPAN(EVENT("room-created", BREAKOUT ",\"created_at\":1770022800")
                 EVENT("occupant-joined", BREAKOUT "," WHO("a@d/x", ",\"joined_at\":1770022800"))
                     EVENT("room-destroyed", BREAKOUT ",\"created_at\":1770022800,"
                                                      "\"destroyed_at\":1770022860,"
                                                      "\"all_occupants\":[]")),
        "conference_start 2026-02-02T09:00:00Z" AFTER("conference_start", "b1:1770022800") THERE_IN,
        "join 2026-02-02T09:00:00Z" AFTER(
            "join", "b1:1770022800:a@d/x") " participant=a@d/x leg=1770022800:a@d/x" THERE_IN,
        "conference_end 2026-02-02T09:01:00Z" AFTER("conference_end", "b1:1770022800") THERE_IN);
}

/* In any order, and without the end of who was there to the end. */
TEST(trap_the_list_of_all_is_in_no_order_and_lacks_ends)
{
    EXPECT_LINES(
        "jitsi-event-sync",
        SPAN(EVENT("room-destroyed",
                   "\"created_at\":1770022800,\"destroyed_at\":1770022860,\"all_occupants\":["
                   "{\"occupant_jid\":\"b@d/y\",\"joined_at\":1770022850,\"left_at\":null},"
                   "{\"joined_at\":1770022801},"
                   "{\"occupant_jid\":\"a@d/x\",\"joined_at\":1770022800,"
                   "\"left_at\":1770022810}]")),
        "join 2026-02-02T09:00:50Z" AFTER("join", "1770022850:b@d/y") " participant=b@d/y"
                                                                      " leg=1770022850:b@d/y"
                                                                      " conference_room="
                                                                      "r@conference.d",
        "leave 2026-02-02T09:01:00Z+10" AFTER("leave",
                                              "1770022850:b@d/y") " participant=b@d/y"
                                                                  " leg=1770022850:b@d/y"
                                                                  " conference_room=r@conference.d",
        "refused: leg: occupant_jid is missing",
        "join 2026-02-02T09:00:00Z" AFTER("join", "1770022800:a@d/x") ONE("1770022800"),
        "leave 2026-02-02T09:00:10Z+10" AFTER("leave", "1770022800:a@d/x") ONE("1770022800"),
        "conference_end 2026-02-02T09:01:00Z" AFTER(
            "conference_end", "1770022800") " conference_room=r@conference.d");
}

/* Or the second meeting in a room would end as a repetition of the first one's end. */
TEST(what_has_no_beginning_is_told_apart_by_its_end)
{
    EXPECT_LINES("jitsi-event-sync",
                 SPAN(EVENT("room-destroyed", "\"destroyed_at\":1770022860")
                          EVENT("room-destroyed", "\"destroyed_at\":1770022960,\"created_at\":null")
                              EVENT("occupant-left", WHO("a@d/x", ",\"left_at\":1770022810"))
                                  EVENT("occupant-left", WHO("a@d/x", ",\"left_at\":1770022910"))),
                 "conference_end 2026-02-02T09:01:00Z" AFTER(
                     "conference_end", "1770022860") " conference_room=r@conference.d",
                 "conference_end 2026-02-02T09:02:40Z" AFTER(
                     "conference_end", "1770022960") " conference_room=r@conference.d",
                 "leave 2026-02-02T09:00:10Z" AFTER("leave", "1770022810:a@d/x") ONE(""),
                 "leave 2026-02-02T09:01:50Z" AFTER("leave", "1770022910:a@d/x") ONE(""));
}

TEST(what_is_no_event_is_refused)
{
    EXPECT_LINES("jitsi-event-sync",
                 SPAN("{\"event_name\":\"muc-occupant-joined\",\"room_jid\":\"r@d\"}\n"
                      "{\"event_name\":\"muc-occupant-joined\"}\n{}\n"
                      "{\"event_name\":\"muc-other\",\"room_jid\":\"r@d\"}"),
                 "refused: leg: occupant_jid is missing", "refused: conference: missing",
                 "refused: event: event_name is missing", "ignored: an event that is no usage");
}
