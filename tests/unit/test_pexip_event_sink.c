/*
 * test_pexip_event_sink.c - events of Pexip Infinity, one by one and in bulk.
 */
#include "format_lines.h"

#define DAILY " customer=acme conference_name=daily"
#define ROOM  " conference_room=daily"
#define ANN   " participant=sip:ann@example.org participant_name=Ann"
#define OSLO  " region=Oslo media=SIP direction=in"

TEST(a_conference_event_by_event)
{
    EXPECT_LINES(
        "pexip-event-sink", own_sample("pexip-event-sink/events.json"),
        "conference_start 2026-02-02T09:00:00Z id=conference_start:daily:1770022800.1" DAILY ROOM,
        "join 2026-02-02T09:00:05Z id=join:8c1f-1" DAILY ANN OSLO " leg=8c1f-1" ROOM,
        "ignored: an event that is no usage",
        "leave 2026-02-02T09:10:05Z+600 id=leave:8c1f-1" DAILY ANN
        " region=Oslo media=SIP direction=in reason=Call disconnected leg=8c1f-1" ROOM,
        "feature 2026-02-02T09:01:00Z id=feature:8c1f-1" DAILY ANN " features=screen_share" OSLO
        " leg=8c1f-1" ROOM,
        "leg 2026-02-02T09:10:06Z+0 outcome=2 id=leg:8c1f-2" DAILY
        " participant=sip:bob@example.org reason=Invalid PIN leg=8c1f-2" ROOM,
        "conference_end 2026-02-02T09:11:40Z id=conference_end:daily:1770022800.1" DAILY ROOM,
        "ignored: a call between two parties");
}

TEST(trap_moments_are_seconds_with_a_fraction_or_without)
{
    EXPECT_LINES("pexip-event-sink",
                 SPAN("{\"event\":\"participant_connected\",\"time\":1559897886.526124,\"data\":{"
                      "\"uuid\":\"u\",\"conference\":\"c\",\"service_tag\":\"t\"}}"
                      "{\"event\":\"participant_connected\",\"time\":1559897886,\"data\":{"
                      "\"uuid\":\"u\",\"conference\":\"c\",\"service_tag\":\"t\"}}"),
                 "join 2019-06-07T08:58:06Z id=join:u customer=t conference_name=c"
                 " participant=u leg=u conference_room=c",
                 "join 2019-06-07T08:58:06Z id=join:u customer=t conference_name=c"
                 " participant=u leg=u conference_room=c");
}

TEST(trap_the_version_of_the_events_is_no_version_of_a_record)
{
    struct format *f = shipped_format("pexip-event-sink");
    struct stream s;

    stream_open(&s, f, own_sample("pexip-event-sink/events.json"));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK(!(s.fields.has & FIELD_BIT(FIELD_VERSION)));
    stream_close(&s);
    format_free(f);
}

TEST(what_is_no_event_is_refused)
{
    EXPECT_LINES("pexip-event-sink",
                 SPAN("{\"event\":\"participant_connected\",\"data\":{}}\n{\"a\":1}\n"
                      "{\"event\":\"eventsink_bulk\",\"data\":[1]}"),
                 "refused: leg: data.uuid is missing", "refused: event: missing",
                 "refused: something in the list is no object");
}
