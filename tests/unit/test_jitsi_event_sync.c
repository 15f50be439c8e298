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

TEST(what_is_no_event_is_refused)
{
    EXPECT_LINES("jitsi-event-sync",
                 SPAN("{\"event_name\":\"muc-occupant-joined\",\"room_jid\":\"r@d\"}\n"
                      "{\"event_name\":\"muc-occupant-joined\"}\n{}\n"
                      "{\"event_name\":\"muc-other\",\"room_jid\":\"r@d\"}"),
                 "refused: leg: occupant_jid is missing", "refused: conference: missing",
                 "refused: event: event_name is missing", "ignored: an event that is no usage");
}
