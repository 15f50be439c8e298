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

#define EVENT(ms, module, name, text)                                                              \
    "<event timestamp=\"" ms "\" module=\"" module "\" eventname=\"" name "\">" text "</event>"
#define JOINED(ms, user, name)                                                                     \
    EVENT(ms, "PARTICIPANT", "ParticipantJoinEvent",                                               \
          "<userId>" user "</userId><name>" name "</name>")

TEST(trap_a_poll_does_not_say_who_started_it)
{
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

#define MEETING(events)                                                                            \
    "<recording meeting_id=\"m-1533900000000\"><meeting name=\"M\"/>" events "</recording>"
#define LEFT(ms, user) EVENT(ms, "PARTICIPANT", "ParticipantLeftEvent", "<userId>" user "</userId>")
#define VOICE(ms, name, user, number)                                                              \
    EVENT(ms, "VOICE", name,                                                                       \
          "<callernumber>" number "</callernumber><callername>" number                             \
          "</callername><participant>" user "</participant><bridge>7</bridge>")
#define LEG(second, seconds, user, ms)                                                             \
    "leg 2018-08-10T11:20:" second "Z+" seconds " id=m-1533900000000:" user ":leg:1533900" ms      \
    " conference=m-1533900000000 conference_name=M participant=" user

TEST(trap_cameras_name_a_stream_or_a_file_and_no_user)
{
    EXPECT_LINES(
        "bbb-events",
        SPAN(MEETING(
            JOINED("1000", "w_a", "A") JOINED("1000", "w_b", "B") JOINED("1000", "w_c", "C") EVENT(
                "2000", "WEBCAM", "StartWebcamShareEvent", "<stream>low-w_a-1533900001000</stream>")
                EVENT("2000", "bbb-webrtc-sfu", "StartWebRTCShareEvent",
                      "<filename>/w_c/m-1533900000000/hd-w_b-15.webm"
                      "</filename>") EVENT("3000", "PARTICIPANT", "EndAndKickAllEvent", ""))),
        LEG("00", "2", "w_a", "000000") " participant_name=A features=camera leg=w_a",
        LEG("00", "2", "w_b", "000000") " participant_name=B features=camera leg=w_b",
        LEG("00", "2", "w_c", "000000") " participant_name=C leg=w_c");
}

/* The telephone side is left when somebody changes over from listening to speaking. */
TEST(trap_leaving_has_one_name_in_two_modules)
{
    EXPECT_LINES(
        "bbb-events",
        SPAN(MEETING(JOINED("1000", "w_a", "A") VOICE("2000", "ParticipantJoinedEvent", "w_a",
                                                      "w_a_1-bbbID-LISTENONLY-A")
                         VOICE("3000", "ParticipantLeftEvent", "w_a",
                               "") VOICE("4000", "ParticipantJoinedEvent", "w_a", "w_a_2-bbbID-A")
                             VOICE("5000", "ParticipantLeftEvent", "w_a", "") LEFT("9000", "w_a"))),
        LEG("00", "8", "w_a", "000000") " participant_name=A features=audio leg=w_a");
}

/* Known to the telephone side alone, or to both; each is one stay. */
TEST(trap_who_dials_in_is_a_participant_of_the_telephone)
{
    EXPECT_LINES(
        "bbb-events",
        SPAN(MEETING(VOICE("1000", "ParticipantJoinedEvent", "v_1", "4930") JOINED(
            "2000", "v_2", "D") VOICE("2500", "ParticipantJoinedEvent", "v_2", "4931")
                         VOICE("4000", "ParticipantLeftEvent", "v_1", "")
                             VOICE("5000", "ParticipantLeftEvent", "v_2", "") LEFT("6000", "v_2"))),
        LEG("00", "3", "v_1", "000000") " participant_name=4930 features=audio leg=v_1",
        LEG("01", "3", "v_2", "001000") " participant_name=D features=audio leg=v_2");
}

/* Everybody is sent away, or the file just ends: that is an estimate. */
TEST(trap_who_never_left_stays_to_the_end)
{
    EXPECT_LINES("bbb-events",
                 SPAN(MEETING(JOINED("1000", "w_a", "A")
                                  EVENT("4000", "PARTICIPANT", "EndAndKickAllEvent", "")
                                      EVENT("9000", "VOICE", "StopRecordingEvent", ""))
                          MEETING(JOINED("1000", "w_a", "A")
                                      EVENT("9000", "VOICE", "StopRecordingEvent", ""))),
                 LEG("00", "3", "w_a", "000000") " participant_name=A leg=w_a",
                 LEG("00", "8", "w_a", "000000") " participant_name=A state=estimated leg=w_a");
}

/* Of a file's three clocks: the epoch, else the date with its zone, else the monotonic one. */
TEST(trap_a_file_has_several_clocks)
{
#define AT(ms, user, clock)                                                                        \
    EVENT(ms, "PARTICIPANT", "ParticipantJoinEvent", clock "<userId>" user "</userId>")
#define CAME(second, user, ms)                                                                     \
    "leg 2018-08-10T11:20:" second "Z+30 id=m-1533900000000:" user ":leg:1533900" ms               \
    " conference=m-1533900000000 conference_name=M participant=" user " leg=" user
    EXPECT_LINES(
        "bbb-events",
        SPAN(MEETING(AT("500", "a",
                        "<timestampUTC>1533900000000</timestampUTC>"
                        "<date>2001-01-01T00:00:00.000Z</date>")
                         AT("900000", "b", "<date>2018-08-10T13:20:01.500+02:00</date>")
                             AT("2500", "c", "") EVENT("3000", "PARTICIPANT", "EndAndKickAllEvent",
                                                       "<timestampUTC>1533900030000"
                                                       "</timestampUTC>"))),
        CAME("00", "a", "000000"),
        "leg 2018-08-10T11:20:01Z+29 id=m-1533900000000:b:leg:1533900001000"
        " conference=m-1533900000000 conference_name=M participant=b leg=b",
        "leg 2018-08-10T11:20:02Z+28 id=m-1533900000000:c:leg:1533900002000"
        " conference=m-1533900000000 conference_name=M participant=c leg=c");
}

TEST(who_joins_without_an_id_is_refused)
{
    EXPECT_LINES("bbb-events",
                 SPAN(MEETING(EVENT("1000", "PARTICIPANT", "ParticipantJoinEvent", "<name>A</name>")
                                  LEFT("2000", ""))),
                 "refused: participant: userId is missing");
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
