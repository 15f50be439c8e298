/*
 * test_bbb_events.c - events.xml of recorded BigBlueButton meetings.
 */
#include "format_lines.h"

#define M     "0123456789abcdef0123456789abcdef01234567-1770022800000"
#define CLASS " customer=school.example conference=" M " conference_name=Class 7"

/* Ann listened first, then spoke; Bob came twice, and once without being missed; who dialled in is
 * in no module but VOICE. */
TEST(a_meeting_as_legs)
{
    EXPECT_LINES("bbb-events", own_sample("bbb-events/class.xml"),
                 "feature 2026-02-02T09:00:15Z id=" M ":recording:feature:1770022815000" CLASS
                 " participant=ann@school participant_name=Ann & Co features=recording leg=w_ann",
                 "leg 2026-02-02T09:00:30Z+60 id=" M ":w_bob:leg:1770022830000" CLASS
                 " participant=w_bob participant_name=Bob features=camera;chat leg=w_bob",
                 "leg 2026-02-02T09:00:20Z+90 id=" M ":v_17:leg:1770022820000" CLASS
                 " participant=v_17 participant_name=+49 30 111 features=audio leg=v_17",
                 "leg 2026-02-02T09:00:05Z+3595 id=" M ":w_ann:leg:1770022805000" CLASS
                 " participant=ann@school participant_name=Ann & Co features=audio leg=w_ann",
                 "leg 2026-02-02T09:01:40Z+3500 id=" M ":w_bob:leg:1770022900000" CLASS
                 " participant=w_bob participant_name=Bob leg=w_bob");
}

TEST(trap_the_clock_of_old_files_begins_when_the_meeting_id_says)
{
    EXPECT_LINES("bbb-events", own_sample("bbb-events/old.xml"),
                 "leg 2018-08-10T11:20:00Z+60 id=abc-1533900000000:u1:leg:1533900000000"
                 " conference=abc-1533900000000 conference_name=Old participant=u1"
                 " participant_name=One features=breakout_room leg=u1",
                 "leg 2018-08-10T11:21:10Z+20 id=abc-1533900000000:u2:leg:1533900070000"
                 " conference=abc-1533900000000 conference_name=Old participant=u2"
                 " participant_name=Two features=breakout_room state=estimated leg=u2");
}

#define REAL "7b647dc3d3dfaa5262e4a01b8828639bb1d6c5c8-1684349961662"
#define POLL(second, ms)                                                                           \
    "feature 2023-05-17T" second "Z id=" REAL ":poll:feature:" ms " conference=" REAL              \
    " conference_name=test-polling participant=w_7essiaz9n8n8 participant_name=viewer"             \
    " features=poll leg=w_7essiaz9n8n8"

TEST(a_real_file)
{
    EXPECT_LINES("bbb-events", outside_sample("bbb_events_xml/sample1.xml"),
                 "feature 2023-05-17T18:59:38Z id=" REAL ":recording:feature:1684349978620"
                 " conference=" REAL " conference_name=test-polling participant=w_7essiaz9n8n8"
                 " participant_name=viewer features=recording leg=w_7essiaz9n8n8",
                 POLL("18:59:57", "1684349997072"), POLL("19:00:20", "1684350020276"),
                 POLL("19:00:34", "1684350034599"), POLL("19:00:49", "1684350049687"),
                 "leg 2023-05-17T18:59:29Z+97 id=" REAL ":w_7essiaz9n8n8:leg:1684349969363"
                 " conference=" REAL " conference_name=test-polling participant=w_7essiaz9n8n8"
                 " participant_name=viewer features=audio leg=w_7essiaz9n8n8",
                 "leg 2023-05-17T18:59:43Z+83 id=" REAL ":w_njutzvmeygba:leg:1684349983666"
                 " conference=" REAL " conference_name=test-polling participant=w_njutzvmeygba"
                 " participant_name=viewer features=audio leg=w_njutzvmeygba");
}

TEST(trap_a_poll_does_not_say_who_started_it)
{
#define EVENT(ms, module, name, text)                                                              \
    "<event timestamp=\"" ms "\" module=\"" module "\" eventname=\"" name "\">" text "</event>"
#define JOINED(ms, user, name)                                                                     \
    EVENT(ms, "PARTICIPANT", "ParticipantJoinEvent",                                               \
          "<userId>" user "</userId><name>" name "</name>")
#define ASKED(ms) EVENT(ms, "POLL", "PollStartedRecordEvent", "<pollId>1</pollId>")
    EXPECT_LINES(
        "bbb-events",
        SPAN("<recording meeting_id=\"abc-1533900000000\"><meeting name=\"M\"/>" JOINED(
            "1000", "u1", "One") JOINED("2000", "u2", "Two") ASKED("3000")
                 EVENT("4000", "PARTICIPANT", "AssignPresenterEvent",
                       "<userid>u2</userid><assignedBy>u1</assignedBy>") ASKED("5000")
                     EVENT("6000", "PARTICIPANT", "EndAndKickAllEvent", "") "</recording>"),
        "feature 2018-08-10T11:20:02Z id=abc-1533900000000:poll:feature:1533900002000"
        " conference=abc-1533900000000 conference_name=M features=poll",
        "feature 2018-08-10T11:20:04Z id=abc-1533900000000:poll:feature:1533900004000"
        " conference=abc-1533900000000 conference_name=M participant=u2"
        " participant_name=Two features=poll leg=u2",
        "leg 2018-08-10T11:20:00Z+5 id=abc-1533900000000:u1:leg:1533900000000"
        " conference=abc-1533900000000 conference_name=M participant=u1"
        " participant_name=One leg=u1",
        "leg 2018-08-10T11:20:01Z+4 id=abc-1533900000000:u2:leg:1533900001000"
        " conference=abc-1533900000000 conference_name=M participant=u2"
        " participant_name=Two leg=u2");
}

TEST(what_is_no_recording_is_refused)
{
    EXPECT_LINES(
        "bbb-events",
        SPAN("<cdr></cdr>\n<recording></recording>\n"
             "<recording meeting_id=\"m-1\"></recording>\n"
             "<recording meeting_id=\"m\"><event module=\"PARTICIPANT\" eventname=\""
             "ParticipantJoinEvent\" timestamp=\"5\"><userId>a</userId></event></recording>"
             "<recording meeting_id=\"m-1\"><event>"),
        "refused: xml: no recording of BigBlueButton", "refused: conference: meeting_id is missing",
        "ignored: nothing in it is usage", "refused: start: missing",
        "refused: xml: no element found");
}
