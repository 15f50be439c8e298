/*
 * test_asterisk_ami.c - ConfBridge events of Asterisk's manager interface, and their habits.
 */
#include "format_lines.h"

#define IN  " conference=5e0c-b1 conference_name=4711"
#define ANN " participant=1001 participant_name=Ann"

TEST(a_conference_event_by_event)
{
    EXPECT_LINES("asterisk-ami", own_sample("asterisk-ami/conference.log"),
                 "ignored: answer to an action", "ignored: other event",
                 "conference_start 2026-03-01T09:00:00Z "
                 "id=5e0c-b1::conference_start:1772355600.000100" IN,
                 "join 2026-03-01T09:00:00Z id=5e0c-b1:1772355598.42:join:1772355600.250413 "
                 "customer=acme" IN " participant=1001 participant_name=Ann \"A\" Example "
                 "leg=1772355598.42",
                 "ignored: announcer or recorder channel", "ignored: announcer or recorder channel",
                 "join 2026-03-01T09:01:00Z id=5e0c-b1:1772355659.44:join:1772355660.000000" IN
                 " leg=1772355659.44",
                 "feature 2026-03-01T09:01:40Z id=5e0c-b1:1772355598.42:mute:1772355700.500000 "
                 "customer=acme" IN ANN " features=mute leg=1772355598.42",
                 "ignored: who is talking", "ignored: end of a feature",
                 "ignored: feature of nobody that is named",
                 "leave 2026-03-01T10:00:00Z id=5e0c-b1:1772355598.42:leave:1772359200.750000 "
                 "customer=acme" IN ANN " leg=1772355598.42",
                 "conference_end 2026-03-01T10:01:00Z "
                 "id=5e0c-b1::conference_end:1772359260.000000" IN);
}

#define JOIN(more)                                                                                 \
    "Event: ConfbridgeJoin\r\nConference: 1\r\nBridgeUniqueid: b\r\nUniqueid: 9.1\r\n"             \
    "Timestamp: 1772355600.1\r\n" more "\r\n"

/* What a join comes to with these headers besides. */
#define EXPECT_JOIN(more, wanted)                                                                  \
    EXPECT_LINES("asterisk-ami", SPAN(JOIN(more)),                                                 \
                 "join 2026-03-01T09:00:00Z id=b:9.1:join:1772355600.1" wanted " leg=9.1")

TEST(trap_values_are_split_at_the_first_colon_and_may_be_empty)
{
    EXPECT_JOIN("AccountCode: \r\nCallerIDName: a: b\r\nCallerIDNum:7\r\n",
                " conference=b conference_name=1 participant=7 participant_name=a: b");
}

TEST(trap_unknown_is_nobody)
{
    EXPECT_JOIN("CallerIDNum: <unknown>\r\nCallerIDName: <unknown>\r\n",
                " conference=b conference_name=1");
    EXPECT_JOIN("CallerIDNum: <unknown>\r\nCallerIDName: Cy\r\n",
                " conference=b conference_name=1 participant=Cy participant_name=Cy");
}

TEST(trap_names_are_escaped_as_in_c)
{
    EXPECT_JOIN("CallerIDName: \\\"A\\\" \\\\ B\\nC\\\r\nCallerIDNum: 7\r\n",
                " conference=b conference_name=1 participant=7 participant_name=\"A\" \\ B C\\");
    EXPECT_JOIN("CallerIDName: A\\aB\\bC\\fD\\tE\\vF\\r\\nG\\'s\\?\r\nCallerIDNum: 7\r\n",
                " conference=b conference_name=1 participant=7 participant_name=A B C D E F  G's?");
}

/* Asterisk 11 and older: other case of letters, no bridge. */
TEST(trap_old_releases_spell_headers_differently)
{
    EXPECT_LINES("asterisk-ami",
                 SPAN("event: ConfbridgeJoin\nTIMESTAMP: 1772355600.1\nChannel: SIP/7-1\n"
                      "UniqueID: 9.1\nconference: 4711\nCallerIDnum: 7\nCallerIDname: Di\n\n"),
                 "join 2026-03-01T09:00:00Z id=4711:9.1:join:1772355600.1 conference_name=4711 "
                 "participant=7 participant_name=Di leg=9.1 conference_room=4711");
}

TEST(trap_events_without_a_time_have_that_of_their_arrival)
{
    EXPECT_LINES("asterisk-ami",
                 SPAN("Callswell-Received: 1772355605.000002\r\nEvent: ConfbridgeLeave\r\n"
                      "Conference: 1\r\nBridgeUniqueid: b\r\nUniqueid: 9.1\r\n\r\n"
                      "Callswell-Received: 1772355609.000002\r\n" JOIN(
                          "") "Event: ConfbridgeLeave\r\nConference: 1\r\nBridgeUniqueid: b\r\n"
                              "Uniqueid: 9.1\r\n\r\n"),
                 "leave 2026-03-01T09:00:05Z id=b:9.1:leave:1772355605.000002 conference=b "
                 "conference_name=1 leg=9.1",
                 "join 2026-03-01T09:00:00Z id=b:9.1:join:1772355600.1 conference=b "
                 "conference_name=1 leg=9.1",
                 "refused: start: missing");
}

/* The same conference's name is used again by the next one. */
TEST(trap_a_conference_is_its_bridge_and_not_its_name)
{
    EXPECT_LINES("asterisk-ami",
                 SPAN("Event: ConfbridgeStart\nConference: 1\nBridgeUniqueid: b\n"
                      "Timestamp: 1772355600.1\n\nEvent: ConfbridgeStart\nConference: 1\n"
                      "BridgeUniqueid: c\nTimestamp: 1772355600.1\n\n"),
                 "conference_start 2026-03-01T09:00:00Z id=b::conference_start:1772355600.1 "
                 "conference=b conference_name=1",
                 "conference_start 2026-03-01T09:00:00Z id=c::conference_start:1772355600.1 "
                 "conference=c conference_name=1");
}

TEST(trap_who_is_there_after_a_reconnect_has_joined_when_the_channel_was_answered)
{
    EXPECT_LINES("asterisk-ami",
                 SPAN("Callswell-Received: 1772355660.5\r\nBridgeUniqueid: b\r\n"
                      "Event: ConfbridgeList\r\nActionID: 3\r\nConference: 1\r\n"
                      "AnsweredTime: 60\r\nCallerIDNum: 7\r\nUniqueid: 9.1\r\n\r\n"),
                 "join 2026-03-01T09:00:00Z id=b:9.1:join:1772355600 conference=b "
                 "conference_name=1 participant=7 leg=9.1");
}

/* What the bridge itself plays and records with has no channel in the event, or one of its own. */
TEST(trap_announcers_and_recorders_are_nobody)
{
    EXPECT_LINES("asterisk-ami",
                 SPAN("Event: ConfbridgeJoin\r\nConference: 1\r\nBridgeUniqueid: b\r\n"
                      "Timestamp: 1772355600.1\r\n\r\n"
                      "Event: ConfbridgeLeave\r\nConference: 1\r\nBridgeUniqueid: b\r\n"
                      "Channel: CBRec/conf-1-uid-7\r\nUniqueid: 9.7\r\n"
                      "Timestamp: 1772355600.1\r\n\r\n"),
                 "ignored: announcer or recorder channel",
                 "ignored: announcer or recorder channel");
}

TEST(trap_the_other_half_of_a_local_channel_is_nobody)
{
    EXPECT_LINES("asterisk-ami",
                 SPAN("Event: BridgeLeave\r\nBridgeUniqueid: b\r\nChannel: Local/7@x-0;2\r\n"
                      "Uniqueid: 9.2\r\n\r\n"),
                 "ignored: other event");
}

TEST(channel_variables_are_values_by_their_own_names)
{
    struct format_options o = {
        .type = "asterisk-ami",
        .map = LIST("customer=TENANT", "customer=AccountCode", "region=Context")};

    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN(JOIN("AccountCode: a\r\nContext: conf\r\nChanVariable: x=\r\n"
                              "ChanVariable(PJSIP/1-2): TENANT=acme=1\r\n")),
                    LIST("join 2026-03-01T09:00:00Z id=b:9.1:join:1772355600.1 customer=acme=1 "
                         "conference=b conference_name=1 region=conf leg=9.1"));
}

TEST(records_of_calls_tell_nothing_new)
{
    EXPECT_LINES(
        "asterisk-ami",
        SPAN("Event: Cdr\r\nAccountCode: a\r\n\r\nEvent: CEL\r\nEventName: HANGUP\r\n\r\n"),
        "ignored: call record: its conference's events tell the same",
        "ignored: channel event: its conference's events tell the same");
}

TEST(what_is_no_packet_is_refused)
{
    EXPECT_LINES("asterisk-ami", SPAN("GET / HTTP/1.1\r\nHost: x\r\n\r\n\x16\x03\x01\r\n\r\n"),
                 "refused: packet: neither event nor answer",
                 "refused: packet: neither event nor answer");
    EXPECT_LINES("asterisk-ami", SPAN("Asterisk Call Manager/5.0.1\r\n"), "ignored: greeting");
}

/* A packet that is not whole yet is waited for; at the end of all bytes it is what it is. */
TEST(a_packet_ends_at_its_empty_line)
{
    static const char text[] = JOIN("CallerIDNum: 7\r\n");
    struct format *f = shipped_format("asterisk-ami");
    const struct parser_ops *ops = format_parser(f);

    for (size_t n = 1; n < sizeof text - 1; n++)
        CHECK_INT(ops->cut(f, at_the_edge(span_of(text, n)), MAX_FRAME, false), 0);
    CHECK_INT(ops->cut(f, SPAN(JOIN("")), MAX_FRAME, false), sizeof JOIN("") - 1);
    format_free(f);
}

/* A capture has no Timestamp and no arrival: what there is to count has no moment. */
TEST(a_log_of_a_real_server)
{
    EXPECT_LINES("asterisk-ami", outside_sample("asterisk_ami/sample1.log"),
                 "refused: start: missing", "ignored: who is talking", "ignored: who is talking",
                 "ignored: action of a client", "ignored: answer to an action",
                 "ignored: other event", "refused: start: missing", "ignored: other event",
                 "ignored: other event", "ignored: other event", "ignored: other event",
                 "ignored: other event", "ignored: other event", "ignored: other event");
}

/* The same with the moment of its arrival in front of each packet, as a client writes it. */
TEST(a_log_of_a_real_server_with_the_moments_of_arrival)
{
    static char text[16384];
    struct span log = outside_sample("asterisk_ami/sample1.log");
    size_t n = 0;

    while (log.n > 0) {
        const char *end = memmem(log.p, log.n, "\r\n\r\n", 4);
        size_t packet = end ? (size_t)(end - log.p) + 4 : log.n;

        n += (size_t)snprintf(text + n, sizeof text - n,
                              "Callswell-Received: 1598968100.25\r\n%.*s", (int)packet, log.p);
        log = span_of(log.p + packet, log.n - packet);
    }
#define STAY                                                                                       \
    " conference=0974b4b3-d5ea-441d-9f4e-acd2da843ca1 conference_name=9170*12 "                    \
    "participant=7711 participant_name=Evan Beatty leg=1598968093.901"
#define STAY_ID "0974b4b3-d5ea-441d-9f4e-acd2da843ca1:1598968093.901:"
    EXPECT_LINES(
        "asterisk-ami", span_of(text, n),
        "join 2020-09-01T13:48:20Z id=" STAY_ID "join:1598968100.25" STAY,
        "ignored: who is talking", "ignored: who is talking", "ignored: action of a client",
        "ignored: answer to an action", "ignored: other event",
        "leave 2020-09-01T13:48:20Z id=" STAY_ID "leave:1598968100.25" STAY, "ignored: other event",
        "ignored: other event", "ignored: other event", "ignored: other event",
        "ignored: other event", "ignored: other event", "ignored: other event");
}
