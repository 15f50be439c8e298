/*
 * test_zoom_webhook.c - Zoom's events of meetings and webinars, and their habits.
 */
#include "format_lines.h"

#define RUNDE                                                                                      \
    "conference_name=W\xC3\xB6"                                                                    \
    "chentliche Runde"
#define IN        " conference=k1/aB+9cQk6== " RUNDE
#define ID(event) " id=" event ":k1/aB+9cQk6=="

TEST(a_meeting_event_by_event)
{
    EXPECT_LINES(
        "zoom-webhook", own_sample("zoom-webhook/meeting.json"),
        "conference_start 2026-02-02T09:00:03Z" ID("meeting.started") "::1770022803410"
                                                                      " customer=AcmeAccount1" IN,
        "join 2026-02-02T09:00:09Z" ID(
            "meeting.participant_joined") ":PU-ANN:1770022810999"
                                          " customer=AcmeAccount1" IN
                                          " participant=u-ann participant_name=Ann Ex leg=PU-ANN",
        "join 2026-02-02T09:01:39Z" ID(
            "meeting.participant_joined") ":PU-GUEST:1770022900100"
                                          " customer=AcmeAccount1" IN
                                          " participant=PU-GUEST participant_name=Guest "
                                          "leg=PU-GUEST",
        "feature 2026-02-02T09:02:29Z" ID(
            "meeting.sharing_started") ":PU-ANN:1770022950000"
                                       " customer=AcmeAccount1" IN
                                       " participant=u-ann participant_name=Ann Ex"
                                       " features=screen_share leg=PU-ANN",
        "feature 2026-02-02T09:02:40Z" ID("recording.started") "::1770022960000"
                                                               " customer=AcmeAccount1" IN
                                                               " features=recording",
        "feature 2026-02-02T09:02:50Z outcome=2" ID(
            "meeting.participant_phone_callout_missed") ":4930123456:1770022970000"
                                                        " customer=AcmeAccount1" IN
                                                        " participant=4930123456 "
                                                        "participant_name=Cy"
                                                        " features=dial_out",
        "conference_end 2026-02-02T10:00:00Z" ID("meeting.ended") "::1770026400500"
                                                                  " customer=AcmeAccount1" IN,
        "leave 2026-02-02T09:59:58Z" ID(
            "meeting.participant_left") ":PU-ANN:1770026401500"
                                        " customer=AcmeAccount1" IN
                                        " participant=u-ann participant_name=Ann Ex"
                                        " reason=left the meeting. Reason : Host ended the "
                                        "meeting. leg=PU-ANN",
        "ignored: files of a recording");
}

TEST(trap_the_planned_duration_is_not_how_long_it_was)
{
    struct format *f = shipped_format("zoom-webhook");
    struct stream s;

    stream_open(&s, f, own_sample("zoom-webhook/meeting.json"));
    while (s.rest.n > 0)
        if (stream_next(&s) == ST_OK)
            CHECK(!(s.fields.has & FIELD_BIT(FIELD_DURATION)));
    stream_close(&s);
    format_free(f);
}

TEST(trap_numbers_are_texts_or_numbers_and_uuids_have_slashes)
{
    EXPECT_LINES("zoom-webhook",
                 SPAN("{\"event\":\"webinar.started\",\"event_ts\":1770022803410,\"payload\":{"
                      "\"account_id\":\"A\",\"object\":{\"id\":812,\"uuid\":\"//x+=\"}}}\n"
                      "{\"event\":\"webinar.ended\",\"event_ts\":\"1770022803410\",\"payload\":{"
                      "\"account_id\":\"A\",\"object\":{\"id\":\"812\",\"uuid\":\"//x+=\"}}}"),
                 "conference_start 2026-02-02T09:00:03Z id=webinar.started://x+=::1770022803410"
                 " customer=A conference=//x+=",
                 "conference_end 2026-02-02T09:00:03Z id=webinar.ended://x+=::1770022803410"
                 " customer=A conference=//x+=");
}

/* Before 2021 there was neither event_ts nor participant_uuid. */
TEST(old_events_go_by_user_id_and_their_own_times)
{
    EXPECT_LINES(
        "zoom-webhook",
        SPAN("{\"event\":\"meeting.participant_joined\",\"payload\":{\"account_id\":\"A\","
             "\"object\":{\"uuid\":\"u\",\"participant\":{\"user_id\":16778240,\"id\":null,"
             "\"join_time\":\"2020-03-01T10:00:00Z\"}}}}"),
        "join 2020-03-01T10:00:00Z id=meeting.participant_joined:u:16778240:"
        "2020-03-01T10:00:00Z customer=A conference=u participant=16778240 leg=16778240");
}

TEST(what_is_no_usage_is_left_out_and_what_is_no_event_is_refused)
{
    EXPECT_LINES("zoom-webhook",
                 SPAN("{\"event\":\"endpoint.url_validation\",\"payload\":{\"plainToken\":\"p\"}}\n"
                      "{\"event\":\"phone.caller_ended\",\"payload\":{\"object\":{}}}\n"
                      "{\"event\":\"meeting.updated\",\"payload\":{}}\n"
                      "{\"event\":\"meeting.sharing_ended\",\"payload\":{}}\n"
                      "{\"event\":\"meeting.started\",\"payload\":{\"object\":{\"id\":1}}}\n"
                      "{}\n[7]\n\"text\"\n{\"event\":"),
                 "ignored: Zoom asks whether the address is ours",
                 "ignored: a telephone call and no meeting", "ignored: an event that is no usage",
                 "ignored: the end of a feature", "refused: conference: missing",
                 "refused: event: missing", "refused: something in the list is no object",
                 "refused: neither an object nor a list of objects",
                 "refused: not JSON: it ends too early");
}

TEST(trap_names_that_people_typed_never_cost_a_record)
{
    char text[1200], topic[600] = "";

    for (int i = 0; i < 100; i++)
        strcat(topic, "\xC3\xB6\\n");
    snprintf(text, sizeof text,
             "{\"event\":\"meeting.started\",\"event_ts\":1770022803410,\"payload\":{\"account_id\""
             ":\"A\",\"object\":{\"uuid\":\"u\",\"topic\":\"%s\"}}}",
             topic);
    topic[0] = '\0';
    for (int i = 0; i < 40; i++)
        strcat(topic, "\xC3\xB6 ");
    snprintf(text + 700, 400,
             "conference_start 2026-02-02T09:00:03Z id=meeting.started:u::"
             "1770022803410 customer=A conference=u conference_name=%.*s",
             119, topic);
    EXPECT_LINES("zoom-webhook", span_of(text, strlen(text)), text + 700);
}

TEST(another_map_makes_hosts_customers)
{
    struct format *f = make_format(
        (struct format_options){.type = "zoom-webhook",
                                .map = LIST("customer=payload.object.host_id",
                                            "participant=payload.object.participant.email")});

    expect_lines_at(__FILE__, __LINE__, f,
                    SPAN("{\"event\":\"meeting.participant_joined\",\"event_ts\":1770022803410,"
                         "\"payload\":{\"account_id\":\"A\",\"object\":{\"uuid\":\"u\",\"host_id\":"
                         "\"H\",\"participant\":{\"user_id\":\"1\",\"email\":\"a@b.c\"}}}}"),
                    LIST("join 2026-02-02T09:00:03Z id=meeting.participant_joined:u:1:1770022803410"
                         " customer=H conference=u participant=a@b.c leg=1"));
}
