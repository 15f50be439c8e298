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
        "2020-03-01T10:00:00Z customer=A conference=u participant=u:16778240 leg=16778240");
}

/* An event of the meeting `uuid`, with what else its object has. */
#define EVENT(name, uuid, more)                                                                    \
    "{\"event\":\"" name "\",\"event_ts\":1770022803410,\"payload\":{\"account_id\":\"A\","        \
    "\"object\":{\"id\":\"8\",\"uuid\":\"" uuid "\"" more "}}}\n"
#define WHO(more) ",\"participant\":{" more "}"
#define OF(event, uuid, who)                                                                       \
    "2026-02-02T09:00:03Z id=" event ":" uuid ":" who ":1770022803410 customer=A conference=" uuid

/* The first to come has the same number in every meeting, and is not the same person. */
TEST(trap_a_user_id_is_of_one_meeting_only)
{
    EXPECT_LINES("zoom-webhook",
                 SPAN(EVENT("meeting.participant_joined", "u1", WHO("\"user_id\":\"16778240\""))
                          EVENT("meeting.participant_joined", "u2", WHO("\"user_id\":16778240"))),
                 "join " OF("meeting.participant_joined", "u1",
                            "16778240") " participant=u1:16778240 leg=16778240",
                 "join " OF("meeting.participant_joined", "u2",
                            "16778240") " participant=u2:16778240 leg=16778240");
}

/* Going to a breakout room he gets another one; his first stands beside it. */
TEST(trap_in_a_breakout_room_the_user_id_is_another)
{
    EXPECT_LINES(
        "zoom-webhook",
        SPAN(EVENT("meeting.participant_joined_breakout_room", "u1",
                   ",\"breakout_room_uuid\":\"b+/==\"" WHO(
                       "\"user_id\":\"33555456\",\"parent_user_id\":\"16778240\""))
                 EVENT("meeting."
                       "participa"
                       "nt_left_"
                       "breakout_"
                       "room",
                       "u1", WHO(""))),
        "feature " OF("meeting.participant_joined_breakout_room", "u1",
                      "16778240") " participant=u1:16778240 features=breakout_room leg=16778240",
        "ignored: the end of a feature");
}

TEST(trap_what_a_guest_has_not_is_empty_or_null_or_missing)
{
#define GUEST "join " OF("meeting.participant_joined", "u", "P") " participant=P leg=P"
    EXPECT_LINES(
        "zoom-webhook",
        SPAN(EVENT(
            "meeting.participant_joined", "u",
            WHO("\"participant_uuid\":\"P\",\"id\":\"\",\"email\":\"\",\"registrant_id\":null,"
                "\"customer_key\":\"\",\"join_time\":null"))
                 EVENT("meeting.participant_joined", "u",
                       WHO("\"participant_uuid\":\"P\",\"id\":null,\"registrant_id\":\"\","
                           "\"participant_user_id\":\"\",\"join_time\":\"\""))
                     EVENT("meeting.participant_joined", "u", WHO("\"participant_uuid\":\"P\""))),
        GUEST, GUEST, GUEST);
}

/* Zoom tells it to whoever asked for the call; to callswell it is demand that failed. */
TEST(trap_a_telephone_that_is_not_answered_is_demand_that_failed)
{
#define DIALLED(word, outcome, number)                                                             \
    "feature 2026-02-02T09:00:03Z" outcome " id=meeting.participant_phone_callout_" word           \
    ":u:" number ":1770022803410 customer=A conference=u participant=" number                      \
    " participant_name=Cy features=dial_out"
#define DIAL(word, number)                                                                         \
    EVENT("meeting.participant_phone_callout_" word, "u",                                          \
          WHO("\"invitee_name\":\"Cy\",\"phone_number\":" number ",\"from_number\":1"))
    EXPECT_LINES("zoom-webhook",
                 SPAN(DIAL("ringing", "4930111") DIAL("accepted", "4930111")
                          DIAL("rejected", "\"4930112\"") DIAL("missed", "4930113")),
                 "ignored: a call that rings", DIALLED("accepted", "", "4930111"),
                 DIALLED("rejected", " outcome=2", "4930112"),
                 DIALLED("missed", " outcome=2", "4930113"));
}

TEST(trap_waiting_is_not_being_there)
{
    EXPECT_LINES(
        "zoom-webhook",
        SPAN(EVENT("meeting.participant_joined_waiting_room", "u",
                   WHO("\"participant_uuid\":\"P\",\"date_time\":\"2026-02-02T08:59:00Z\""))
                 EVENT("meeting.participant_admitted", "u", WHO("\"participant_uuid\":\"P\""))
                     EVENT("meeting.participant_put_in_waiting_room", "u", WHO(""))
                         EVENT("meeting.participant_left_waiting_room", "u", WHO(""))),
        "feature 2026-02-02T08:59:00Z id=meeting.participant_joined_waiting_room:u:P:1770022803410"
        " customer=A conference=u participant=P features=waiting_room leg=P",
        "ignored: on the way through the waiting room",
        "ignored: on the way through the waiting room",
        "ignored: on the way through the waiting room");
}

/* What is sent again is the same to the byte; what happens again has a moment of its own. */
TEST(trap_a_meeting_that_begins_again_is_no_repetition)
{
#define BEGUN(ts)                                                                                  \
    "{\"payload\":{\"object\":{\"uuid\":\"a\\/b+c==\"},\"account_id\":\"A\"},\"event_ts\":" ts     \
    ",\"event\":\"meeting.started\"}\n"
#define START(second, ts)                                                                          \
    "conference_start 2026-02-02T09:00:" second "Z id=meeting.started:a/b+c==::" ts                \
    " customer=A conference=a/b+c=="
    EXPECT_LINES(
        "zoom-webhook", SPAN(BEGUN("1770022803410") BEGUN("1770022803410") BEGUN("1770022804000")),
        START("03", "1770022803410"), START("03", "1770022803410"), START("04", "1770022804000"));
}

TEST(trap_webinars_have_the_same_shapes)
{
    EXPECT_LINES(
        "zoom-webhook",
        SPAN(EVENT("webinar.participant_joined", "w", WHO("\"participant_uuid\":\"P\""))
                 EVENT("webinar.participant_left", "w", WHO("\"participant_uuid\":\"P\""))
                     EVENT("webinar.sharing_started", "w", WHO("\"participant_uuid\":\"P\""))),
        "join " OF("webinar.participant_joined", "w", "P") " participant=P leg=P",
        "leave " OF("webinar.participant_left", "w", "P") " participant=P leg=P",
        "feature " OF("webinar.sharing_started", "w",
                      "P") " participant=P features=screen_share leg=P");
}

/* Calls of Zoom Phone have several shapes, and both of their sides are told: none counts here, and
 * all are counted as left out. */
TEST(trap_both_sides_of_a_telephone_call_are_told)
{
#define PHONE(name, object)                                                                        \
    "{\"event\":\"phone." name "\",\"event_ts\":1,\"payload\":{\"account_id\":\"A\","              \
    "\"object\":" object "}}\n"
#define LOGS "{\"call_logs\":[{\"id\":\"1\",\"call_id\":\"c\",\"duration\":7}]}"
    EXPECT_LINES(
        "zoom-webhook",
        SPAN(
            PHONE("caller_call_log_completed", LOGS) PHONE("callee_call_log_completed", LOGS)
                PHONE("caller_call_history_completed",
                      "{\"id\":\"1\",\"call_id\":\"c\",\"connect_type\":\"internal\"}")
                    PHONE("caller_ended", "{\"call_id\":\"c\",\"handup_result\":\"Call "
                                          "connected\"}")
                        PHONE("conference_started", "{\"conference_id\":\"k\",\"call_id\":\"c\"}")),
        "ignored: a telephone call and no meeting", "ignored: a telephone call and no meeting",
        "ignored: a telephone call and no meeting", "ignored: a telephone call and no meeting",
        "ignored: a telephone call and no meeting");
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
