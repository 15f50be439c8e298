/*
 * test_freeswitch_esl.c - conference events of FreeSWITCH's event socket, and their habits.
 */
#include "format_lines.h"

#define IN                  " conference=8b1c-77 conference_name=4711-example.org"
#define ID(leg, action, at) " id=8b1c-77:" leg ":" action ":" at

TEST(a_conference_event_by_event)
{
    EXPECT_LINES(
        "freeswitch-esl", own_sample("freeswitch-esl/conference.log"), "ignored: no event",
        "ignored: no event",
        "conference_start 2026-03-01T09:00:00Z" ID("", "conference-create",
                                                   "1772355600250413") " customer=example.org" IN,
        "join 2026-03-01T09:00:01Z" ID(
            "3da8-01:12", "add-member",
            "1772355601250413") " customer=acme" IN " participant=+4930123456 "
                                "participant_name=Ann: 50% M\xC3\xBCller leg=3da8-01:12",
        "join 2026-03-01T09:01:40Z" ID(
            "3da8-02:13", "add-member",
            "1772355700000000") " customer=example.org" IN
                                " participant=1002 participant_name=Bob leg=3da8-02:13",
        "ignored: other action",
        "feature 2026-03-01T09:01:42Z" ID(
            "3da8-02:13", "mute-member",
            "1772355702000000") " customer=example.org" IN " participant=1002 participant_name=Bob "
                                "features=mute leg=3da8-02:13",
        "feature 2026-03-01T09:01:43Z" ID("", "start-recording",
                                          "1772355703000000") " customer=example.org" IN
                                                              " features=recording",
        "leave 2026-03-01T09:30:00Z" ID(
            "3da8-01:12", "del-member",
            "1772357400999999") " customer=acme" IN " participant=+4930123456 "
                                "participant_name=Ann: 50% M\xC3\xBCller leg=3da8-01:12",
        "conference_end 2026-03-01T10:00:00Z" ID("", "conference-destroy",
                                                 "1772359200000000") " customer=example.org" IN,
        "ignored: other event", "ignored: no event");
}

#define EVENT(action, more)                                                                        \
    "Event-Name: CUSTOM\nEvent-Subclass: conference%3A%3Amaintenance\n"                            \
    "Event-Date-Timestamp: 1772355600000000\nConference-Unique-ID: u\nAction: " action "\n" more   \
    "\n"

/* Logs have events as such, one behind the other. */
TEST(events_without_an_outer_packet)
{
    EXPECT_LINES("freeswitch-esl",
                 SPAN(EVENT("add-member", "Unique-ID: l\nMember-ID: 3\n")
                          EVENT("lock", "Conference-Domain: d\n")),
                 "join 2026-03-01T09:00:00Z id=u:l:3:add-member:1772355600000000 conference=u "
                 "leg=l:3",
                 "feature 2026-03-01T09:00:00Z id=u::lock:1772355600000000 customer=d "
                 "conference=u features=lock");
}

/* Its bytes are counted, whatever they are: empty lines, and what looks like a packet. */
TEST(trap_a_body_ends_where_its_length_says)
{
    EXPECT_LINES("freeswitch-esl",
                 SPAN("Content-Length: 41\nContent-Type: log/data\n\n"
                      "one\n\nContent-Type: text/event-plain\n\n\ntwo"
                      "\n\nContent-Type: command/reply\nContent-Length: +0x\n\n"),
                 "ignored: no event", "ignored: no event");
}

TEST(trap_an_inner_event_may_have_a_body_too)
{
    EXPECT_LINES(
        "freeswitch-esl",
        SPAN(EVENT("add-member", "Unique-ID: l\nContent-Length: 12\n") "a\n\nb: c\n\nd\n\n" EVENT(
            "del-member", "Unique-ID: l\n")),
        "join 2026-03-01T09:00:00Z id=u:l::add-member:1772355600000000 conference=u "
        "leg=l:",
        "leave 2026-03-01T09:00:00Z id=u:l::del-member:1772355600000000 conference=u "
        "leg=l:");
}

/* Every way to cut the stream in two gives the same whole packets. */
TEST(trap_packets_are_split_anywhere)
{
    struct format *f = shipped_format("freeswitch-esl");
    const struct parser_ops *ops = format_parser(f);
    struct span all = own_sample("freeswitch-esl/conference.log");
    size_t whole = ops->cut(f, all, MAX_FRAME, false);

    CHECK(whole >= all.n - 1);
    for (size_t n = 1; n < all.n; n++) {
        size_t first = ops->cut(f, at_the_edge(span_of(all.p, n)), MAX_FRAME, false);
        size_t rest = ops->cut(f, span_of(all.p + first, all.n - first), MAX_FRAME, false);

        CHECK(first <= n);
        CHECK_INT(first + rest, whole);
    }
    format_free(f);
}

TEST(trap_values_are_encoded_in_plain_events_and_not_in_json)
{
    EXPECT_LINES(
        "freeswitch-esl",
        SPAN(EVENT(
            "lock",
            "Conference-Domain: a%20b+c%zz\n") "Content-Length: 159\nContent-Type: "
                                               "text/event-json\n\n"
                                               "{\"Event-Subclass\":\"conference::maintenance\","
                                               "\"Action\":\"lock\","
                                               "\"Event-Date-Timestamp\":\"1772355600000000\","
                                               "\"Conference-Unique-ID\":\"u\",\"Conference-"
                                               "Domain\":\"a%20b\"}"),
        "feature 2026-03-01T09:00:00Z id=u::lock:1772355600000000 customer=a b+c%zz "
        "conference=u features=lock",
        "feature 2026-03-01T09:00:00Z id=u::lock:1772355600000000 customer=a%20b "
        "conference=u features=lock");
}

TEST(trap_a_conference_is_its_unique_id_and_not_its_name)
{
#define MADE(id)                                                                                   \
    "Event-Name: CUSTOM\nEvent-Subclass: conference%3A%3Amaintenance\nConference-Name: 4711-d\n"   \
    "Event-Date-Timestamp: 1772355600000000\nConference-Unique-ID: " id                            \
    "\nAction: conference-create\n\n"
    EXPECT_LINES("freeswitch-esl", SPAN(MADE("u") MADE("v")),
                 "conference_start 2026-03-01T09:00:00Z id=u::conference-create:1772355600000000 "
                 "conference=u conference_name=4711-d",
                 "conference_start 2026-03-01T09:00:00Z id=v::conference-create:1772355600000000 "
                 "conference=v conference_name=4711-d");
}

/* The number of a member begins again with the process; a channel may come back. */
TEST(trap_a_stay_is_channel_and_member)
{
    EXPECT_LINES("freeswitch-esl",
                 SPAN(EVENT("add-member", "Unique-ID: l\nMember-ID: 3\n")
                          EVENT("add-member", "Unique-ID: l\nMember-ID: 4\n")
                              EVENT("add-member", "Unique-ID: m\nMember-ID: 3\n")),
                 "join 2026-03-01T09:00:00Z id=u:l:3:add-member:1772355600000000 conference=u "
                 "leg=l:3",
                 "join 2026-03-01T09:00:00Z id=u:l:4:add-member:1772355600000000 conference=u "
                 "leg=l:4",
                 "join 2026-03-01T09:00:00Z id=u:m:3:add-member:1772355600000000 conference=u "
                 "leg=m:3");
}

TEST(trap_members_without_a_channel_are_nobody)
{
    EXPECT_LINES("freeswitch-esl", SPAN(EVENT("add-member", "Member-ID: 3\n")),
                 "ignored: member without a channel");
}

/* Events tell of all but those who were not let in; these are in the record at the end. */
TEST(rejected_attempts_are_in_the_record_of_the_whole_conference)
{
#define RECORD                                                                                     \
    "<cdr><conference><name>4711-example.org</name><members><member type='caller'><join_time>"     \
    "1772355600</join_time></member></members><rejected><attempt><reason>invalid_pin</reason>"     \
    "<reject_time>1772355660</reject_time></attempt></rejected></conference></cdr>"
    static const char wanted[] = "leg 2026-03-01T09:01:00Z+0 outcome=2 "
                                 "id=u:rejected:1:1772355660 customer=example.org conference=u "
                                 "conference_name=4711-example.org cause=invalid_pin";
    struct format_options o = {.type = "freeswitch-esl", .map = LIST("customer=domain")};
    char text[2000];

    snprintf(text, sizeof text,
             "Event-Name: CUSTOM\nEvent-Subclass: conference%%3A%%3Acdr\n"
             "Conference-Unique-ID: u\nContent-Length: %zu\n\n%s"
             "Event-Name: CUSTOM\nEvent-Subclass: conference%%3A%%3Acdr\nCDR-Path: /x\n\n"
             "Event-Name: CUSTOM\nEvent-Subclass: conference%%3A%%3Acdr\nContent-Length: 4\n\n"
             "<cdr\n",
             sizeof RECORD - 1, RECORD);
    expect_lines_at(__FILE__, __LINE__, make_format(o), span_str(text),
                    LIST(wanted, "ignored: other event", "refused: xml: unclosed token"));
}

TEST(what_is_no_packet_is_refused)
{
    EXPECT_LINES("freeswitch-esl",
                 SPAN("GET / HTTP/1.1\nHost: x\n\nContent-Type: text/event-xml\n"
                      "Content-Length: 4\n\n<a/>Content-Type: text/event-json\n"
                      "Content-Length: 2\n\n{]Content-Type: text/event-json\n"
                      "Content-Length: 2\n\n[]\n\n"),
                 "refused: packet: neither event nor answer",
                 "refused: event: in XML; ask for plain or json",
                 "refused: not JSON: a key is missing", "refused: event: no JSON object");
}
