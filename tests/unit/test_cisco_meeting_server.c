/*
 * test_cisco_meeting_server.c - what Call Bridges post.
 */
#include "format_lines.h"

#define CALL " conference=c-1"

TEST(posts_record_by_record)
{
    EXPECT_LINES(
        "cisco-meeting-server", own_sample("cisco-meeting-server/posts.xml"),
        "conference_start 2026-03-01T09:00:00Z id=s-1:0 customer=acme" CALL
        " conference_name=Weekly",
        "join 2026-03-01T09:00:01Z id=l-1:c-1:join" CALL
        " participant=ann@acme.example participant_name=Ann direction=incoming leg=l-1",
        "ignored: leg that is in no call yet",
        "join 2026-03-01T09:01:02Z id=l-1:c-1:join" CALL
        " participant=Ann participant_name=Ann leg=l-1",
        "join 2026-03-01T09:02:00Z id=l-2:c-1:join" CALL
        " participant=Bob participant_name=Bob leg=l-2",
        "ignored: feature of nobody that is named",
        "refused: the Call Bridge has dropped records before one of these",
        "leg 2026-03-01T09:20:00Z+0 outcome=2 id=s-1:8 customer=acme cause=not admitted"
        " reason=remoteTeardown leg=l-3",
        "leave 2026-03-01T09:31:00Z+1740 id=s-1:9 features=video reason=remoteTeardown leg=l-2",
        "leave 2026-03-01T09:30:01Z+1800 id=s-1:10 reason=callEnded leg=l-1",
        "conference_end 2026-03-01T09:31:01Z id=s-1:11" CALL,
        "ignored: record that says nothing of usage",
        "refused: record: without an element that has an id",
        "refused: the first element is not <records>", "refused: records: without a session");
}

/* --- traps, one by one --- */

#define POST(...) SPAN("<records session=\"s\">" __VA_ARGS__ "</records>")
#define RECORD(type, minute, index, body)                                                          \
    "<record type=\"" type "\" time=\"2026-03-01T09:" minute ":00Z\" recordIndex=\"9" index        \
    "\" correlatorIndex=\"" index "\">" body "</record>"

TEST(trap_a_leg_is_in_the_ivr_first_and_an_update_says_which_call)
{
    EXPECT_LINES("cisco-meeting-server",
                 POST(RECORD("callLegStart", "00", "1",
                             "<callLeg id=\"l\"><remoteParty>7</remoteParty><ivr/></callLeg>")
                          RECORD("callLegUpdate", "01", "2",
                                 "<callLeg id=\"l\"><state>connected</state><ivr/></callLeg>")
                              RECORD("callLegUpdate", "02", "3",
                                     "<callLeg id=\"l\"><call>c</call></callLeg>")),
                 "ignored: leg that is in no call yet", "ignored: leg that is in no call yet",
                 "join 2026-03-01T09:02:00Z id=l:c:join conference=c leg=l");
}

TEST(trap_a_leg_may_be_known_by_its_update_or_its_end_alone)
{
    EXPECT_LINES(
        "cisco-meeting-server",
        POST(RECORD("callLegUpdate", "01", "1", "<callLeg id=\"l\"><call>c</call></callLeg>")
                 RECORD("callLegEnd", "30", "2",
                        "<callLeg id=\"m\"><durationSeconds>600</durationSeconds></callLeg>")),
        "join 2026-03-01T09:01:00Z id=l:c:join conference=c leg=l",
        "leave 2026-03-01T09:30:00Z+600 id=s:2 leg=m");
}

TEST(trap_the_time_in_the_lobby_is_not_the_time_in_the_conference)
{
    EXPECT_LINES("cisco-meeting-server",
                 POST(RECORD("callLegEnd", "30", "1",
                             "<callLeg id=\"l\"><durationSeconds>1800</durationSeconds>"
                             "<activatedDuration>1740</activatedDuration></callLeg>")),
                 "leave 2026-03-01T09:30:00Z+1740 id=s:1 leg=l");
}

TEST(trap_who_was_not_admitted_was_in_no_conference)
{
    EXPECT_LINES("cisco-meeting-server",
                 POST(RECORD("callLegEnd", "30", "1",
                             "<callLeg id=\"l\"><cdrTag>acme</cdrTag>"
                             "<confirmationStatus>rejected</confirmationStatus>"
                             "<durationSeconds>98</durationSeconds></callLeg>")),
                 "leg 2026-03-01T09:30:00Z+0 outcome=2 id=s:1 customer=acme cause=not admitted"
                 " leg=l");
}

/* Its own spelling; the record behind them is good. */
TEST(trap_a_call_bridge_says_how_many_records_it_has_dropped)
{
    EXPECT_LINES("cisco-meeting-server",
                 POST("<record type=\"callEnd\" time=\"2026-03-01T09:00:00Z\" recordIndex=\"9\" "
                      "correlatorIndex=\"8\" numPreceedingRecordsMissing=\"5\"><call id=\"c\"/>"
                      "</record>"),
                 "refused: the Call Bridge has dropped records before one of these",
                 "conference_end 2026-03-01T09:00:00Z id=s:8 conference=c");
}

/* Each Call Bridge has an id of its own for it. */
TEST(trap_a_meeting_on_two_call_bridges_is_two_calls)
{
#define BEGUN(id)                                                                                  \
    "<call id=\"" id                                                                               \
    "\"><name>Weekly</name><coSpace>w</coSpace><callCorrelator>k</callCorrelator></call>"
    EXPECT_LINES(
        "cisco-meeting-server",
        POST(RECORD("callStart", "00", "1", BEGUN("c")) RECORD("callStart", "00", "2", BEGUN("d"))),
        "conference_start 2026-03-01T09:00:00Z id=s:1 customer=w conference=c "
        "conference_name=Weekly",
        "conference_start 2026-03-01T09:00:00Z id=s:2 customer=w conference=d "
        "conference_name=Weekly");
}

TEST(trap_ids_have_line_ends_around_them_and_elements_any_order)
{
    EXPECT_LINES("cisco-meeting-server",
                 POST(RECORD("callLegStart", "00", "1",
                             "<callLeg id=\"l\"><call>\n  c\n</call><direction>incoming"
                             "</direction><remoteParty>\n 7 </remoteParty></callLeg>")
                          RECORD("callLegStart", "01", "2",
                                 "<callLeg id=\"m\"><remoteParty>8</remoteParty>"
                                 "<direction>incoming</direction><call>c</call></callLeg>")),
                 "join 2026-03-01T09:00:00Z id=l:c:join conference=c participant=7"
                 " direction=incoming leg=l",
                 "join 2026-03-01T09:01:00Z id=m:c:join conference=c participant=8"
                 " direction=incoming leg=m");
}

/* recordIndex counts for each receiver, correlatorIndex for all; a session is one start of the
 * Call Bridge. */
TEST(trap_a_batch_that_is_sent_again_has_the_same_ids)
{
    EXPECT_LINES(
        "cisco-meeting-server",
        SPAN("<records session=\"s\"><record type=\"callEnd\" recordIndex=\"1\" "
             "time=\"2026-03-01T09:00:00Z\" correlatorIndex=\"4\"><call id=\"c\"/></record>"
             "</records>\n"
             "<records session=\"s\"><record type=\"callEnd\" recordIndex=\"2\" "
             "time=\"2026-03-01T09:00:00Z\" correlatorIndex=\"4\"><call id=\"c\"/></record>"
             "</records>\n"
             "<records session=\"t\"><record type=\"callEnd\" recordIndex=\"2\" "
             "time=\"2026-03-01T09:00:00Z\" correlatorIndex=\"4\"><call id=\"c\"/></record>"
             "</records>\n"),
        "conference_end 2026-03-01T09:00:00Z id=s:4 conference=c",
        "conference_end 2026-03-01T09:00:00Z id=s:4 conference=c",
        "conference_end 2026-03-01T09:00:00Z id=t:4 conference=c");
}
