/*
 * test_asterisk_cel.c - channel events of Asterisk, of now and of old, and their habits.
 */
#include "format_lines.h"

#define IN           " conference=5e0c-b1 conference_name=4711"
#define ID(type, at) " id=1772355598.42:" type ":" at ":5e0c-b1 customer=acme" IN
#define ANN          " participant=1001 participant_name=Ann Ex leg=1772355598.42"

/* The last exit is of a bridge that went on with two: another technology, the same stay. */
TEST(a_conference_event_by_event)
{
    EXPECT_LINES(
        "asterisk-cel", own_sample("asterisk-cel/Master.csv"), "ignored: other event",
        "ignored: other event", "ignored: other event",
        "join 2026-03-01T09:00:00Z" ID("BRIDGE_ENTER", "1772355600.250413") ANN,
        "ignored: announcer or recorder channel",
        "join 2026-03-01T09:01:00Z "
        "id=1772355659.44:BRIDGE_ENTER:1772355660.000000:5e0c-b1" IN
        " participant=Bob participant_name=Bob leg=1772355659.44",
        "leave 2026-03-01T09:30:00Z" ID("BRIDGE_EXIT", "1772357400.000000") ANN,
        "join 2026-03-01T09:31:40Z" ID("BRIDGE_ENTER", "1772357500.000000") ANN,
        "leave 2026-03-01T10:00:00Z" ID("BRIDGE_EXIT", "1772359200.750000") ANN,
        "ignored: other event",
        "hangup 2026-03-01T10:00:01Z id=1772355598.42:CHAN_END:1772359201.100000 leg=1772355598.42",
        "ignored: other event");
}

#define EVENT(type, at, channel, app, data, extra)                                                 \
    "\"" type "\",\"" at "\",\"\",\"7\",\"\",\"\",\"\",\"s\",\"d\",\"" channel "\",\"" app         \
    "\",\"" data "\",\"3\",\"acme\",\"9.1\",\"9.1\",\"\",\"note\",\"\",\"" extra "\"\n"
#define EXTRA(technology)                                                                          \
    "{\"\"bridge_id\"\":\"\"b\"\",\"\"bridge_technology\"\":\"\"" technology "\"\"}"
#define ENTER(app, data, technology)                                                               \
    EVENT("BRIDGE_ENTER", "1772355600.5", "SIP/7-1", app, data, EXTRA(technology))

TEST(trap_bridges_of_two_parties_are_no_conferences)
{
    EXPECT_LINES(
        "asterisk-cel",
        SPAN(ENTER("Dial", "PJSIP/2", "simple_bridge") ENTER("Dial", "PJSIP/2", "native_rtp")
                 EVENT("BRIDGE_START", "1", "SIP/7-1", "Dial", "", "")),
        "ignored: bridge of two parties", "ignored: bridge of two parties", "ignored: other event");
}

/* A call of three mixes as well, and so may any application: the site knows. */
TEST(trap_a_mixing_bridge_is_a_conference_only_of_a_room_or_if_the_map_names_it)
{
    struct format_options o = {.type = "asterisk-cel",
                               .map = LIST("customer=accountcode", "conference_name=userfield")};

    EXPECT_LINES("asterisk-cel", SPAN(ENTER("Stasis", "meet,1", "softmix")),
                 "ignored: mixing bridge of no conference room");
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN(ENTER("Stasis", "meet,1", "softmix")
                             ENTER("Dial", "PJSIP/2", "simple_bridge")
                                 ENTER("ConfBridge", "4711,b", "softmix")),
                    LIST("join 2026-03-01T09:00:00Z id=9.1:BRIDGE_ENTER:1772355600.5:b "
                         "customer=acme conference=b conference_name=note participant=7 leg=9.1",
                         "ignored: bridge of two parties",
                         "join 2026-03-01T09:00:00Z id=9.1:BRIDGE_ENTER:1772355600.5:b "
                         "customer=acme conference=b conference_name=4711 participant=7 leg=9.1"));
}

#define AT(time) EVENT("BRIDGE_ENTER", time, "SIP/7-1", "ConfBridge", "4711", EXTRA("softmix"))

/* A database drops the zeros at the end of a fraction, and writes zones in hours. */
TEST(trap_times_of_exports)
{
    static const struct {
        const char *text, *start;
    } times[] = {
        {AT("2026-03-01 18:56:20.25982"), "2026-03-01T18:56:20Z"},
        {AT("2026-03-01 06:56:20.25982-05"), "2026-03-01T11:56:20Z"},
        {AT("2026-03-01 12:56:20+01"), "2026-03-01T11:56:20Z"},
        {AT("1772355600.000001"), "2026-03-01T09:00:00Z"},
        {AT("1772355600.999999"), "2026-03-01T09:00:00Z"},
    };
    struct mapping_context any_time = test_context;

    any_time.now = 0;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct format *f = shipped_format("asterisk-cel");
        char start[CIVIL_TEXT];
        struct stream s;
        struct record r;

        stream_open(&s, f, span_str(times[i].text));
        CHECK_INT(stream_next(&s), ST_OK);
        CHECK_INT(record_from_fields(f, &any_time, &s.fields, &s.mem, &r, &s.err), ST_OK);
        CHECK_STR(format_utc(start, r.start), times[i].start);
        stream_close(&s);
        format_free(f);
    }
}

/* With dateformat in cel.conf, in the server's zone. */
TEST(trap_times_as_the_server_was_told_to_write_them)
{
    struct format_options o = {.type = "asterisk-cel",
                               .time_format = "%d.%m.%Y %H:%M:%S",
                               .timezone = "Europe/Berlin",
                               .map = LIST("customer=accountcode")};

    expect_lines_at(__FILE__, __LINE__, make_format(o), SPAN(AT("01.03.2026 10:00:00")),
                    LIST("join 2026-03-01T09:00:00Z id=9.1:BRIDGE_ENTER:01.03.2026 10:00:00:b "
                         "customer=acme conference=b conference_name=4711 participant=7 leg=9.1"));
}

/* Before Asterisk 12: no bridge and no JSON, rooms and events of their own. */
TEST(trap_events_of_old)
{
    EXPECT_LINES(
        "asterisk-cel",
        SPAN(EVENT("CONF_START", "1772355600.1", "SIP/7-1", "MeetMe", "4711|dM", "")
                 EVENT("CONF_ENTER", "1772355600.2", "SIP/7-1", "MeetMe", "4711|dM", "")
                     EVENT("CONF_EXIT", "1772355660.2", "SIP/7-1", "MeetMe", "4711|dM", "")
                         EVENT("CONF_END", "1772355660.3", "SIP/7-1", "MeetMe", "4711|dM", "")
                             EVENT("HANGUP", "1772355660.4", "SIP/7-1", "", "", "16,SIP/7-1,")
                                 EVENT("BRIDGE_ENTER", "1772355600.2", "SIP/7-1", "ConfBridge",
                                       "4712", "not JSON")),
        "conference_start 2026-03-01T09:00:00Z id=9.1:CONF_START:1772355600.1: customer=acme "
        "conference_name=4711 conference_room=4711",
        "join 2026-03-01T09:00:00Z id=9.1:CONF_ENTER:1772355600.2: customer=acme "
        "conference_name=4711 participant=7 leg=9.1 conference_room=4711",
        "leave 2026-03-01T09:01:00Z id=9.1:CONF_EXIT:1772355660.2: customer=acme "
        "conference_name=4711 participant=7 leg=9.1 conference_room=4711",
        "conference_end 2026-03-01T09:01:00Z id=9.1:CONF_END:1772355660.3: customer=acme "
        "conference_name=4711 conference_room=4711",
        "ignored: other event",
        "join 2026-03-01T09:00:00Z id=9.1:BRIDGE_ENTER:1772355600.2: customer=acme "
        "conference_name=4712 participant=7 leg=9.1 conference_room=4712");
}

/* Somebody stays while others come and go, and the bridge mixes or does not by their number. */
TEST(trap_a_bridge_changes_its_technology_while_people_stay)
{
    EXPECT_LINES("asterisk-cel",
                 SPAN(EVENT("BRIDGE_ENTER", "1772355600.5", "SIP/7-1", "ConfBridge", "4711",
                            EXTRA("softmix")) EVENT("BRIDGE_EXIT", "1772355660.5", "SIP/7-1",
                                                    "ConfBridge", "4711", EXTRA("simple_bridge"))),
                 "join 2026-03-01T09:00:00Z id=9.1:BRIDGE_ENTER:1772355600.5:b customer=acme "
                 "conference=b conference_name=4711 participant=7 leg=9.1",
                 "leave 2026-03-01T09:01:00Z id=9.1:BRIDGE_EXIT:1772355660.5:b customer=acme "
                 "conference=b conference_name=4711 participant=7 leg=9.1");
}

/* After a crash there is no BRIDGE_EXIT. What the channel is in ends with the channel. */
TEST(trap_an_exit_may_be_missing)
{
    EXPECT_LINES("asterisk-cel",
                 SPAN(EVENT("HANGUP", "1772355660.1", "SIP/7-1", "ConfBridge", "4711",
                            "{\"\"hangupcause\"\":16}")
                          EVENT("CHAN_END", "1772355660.2", "SIP/7-1", "ConfBridge", "4711", "")
                              EVENT("LINKEDID_END", "1772355660.3", "SIP/7-1", "", "", "")),
                 "ignored: other event",
                 "hangup 2026-03-01T09:01:00Z id=9.1:CHAN_END:1772355660.2 leg=9.1",
                 "ignored: other event");
}

/* A site's own event shows its own name. */
TEST(trap_user_events_have_any_name)
{
    EXPECT_LINES("asterisk-cel",
                 SPAN(EVENT("WAZO_CONFERENCE", "1772355600.1", "SIP/7-1", "", "", "{}")),
                 "ignored: other event");
}

TEST(objects_and_other_columns)
{
    struct format_options o = {.type = "asterisk-cel",
                               .separator = ";",
                               .columns = LIST("eventtype", "eventtime", "uniqueid", "appname",
                                               "appdata", "cid_num", "extra", "tenantid"),
                               .map = LIST("customer=tenantid")};

    EXPECT_LINES(
        "asterisk-cel",
        SPAN("{\"eventtype\":\"BRIDGE_ENTER\",\"eventtime\":\"1772355600.5\",\"num\":\"7\","
             "\"appname\":\"ConfBridge\",\"appdata\":\"4711\",\"accountcode\":\"acme\","
             "\"uniqueid\":\"9.1\",\"eventextra\":\"{\\\"bridge_id\\\":\\\"b\\\"}\"}\n{}\n"),
        "join 2026-03-01T09:00:00Z id=9.1:BRIDGE_ENTER:1772355600.5:b customer=acme "
        "conference=b conference_name=4711 participant=7 leg=9.1",
        "refused: eventtype: missing");
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN("BRIDGE_EXIT;1772355600;9.1;ConfBridge;4711,b;7;;t1\nx;y\n"),
                    LIST("leave 2026-03-01T09:00:00Z id=9.1:BRIDGE_EXIT:1772355600: customer=t1 "
                         "conference_name=4711 participant=7 leg=9.1 conference_room=4711",
                         "refused: columns: 2, format has 8"));
}

/* A call of two parties, in the events of Asterisk 10. */
TEST(events_that_asterisk_wrote)
{
    struct format *f = shipped_format("asterisk-cel");
    struct span text = outside_sample("asterisk_cel/sample1.csv");
    int other = 0, ends = 0;
    char line[300];
    struct stream s;

    stream_open(&s, f, text);
    while (next_line_of(&s, line, sizeof line)) {
        other += strcmp(line, "ignored: other event") == 0;
        ends += strncmp(line, "hangup ", 7) == 0;
    }
    CHECK_INT(other, 13);
    CHECK_INT(ends, 3);
    stream_close(&s);
    format_free(f);
}
