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

#define PHONE(name, object)                                                                        \
    "{\"event\":\"phone." name "\",\"event_ts\":1,\"payload\":{\"account_id\":\"A\","              \
    "\"object\":" object "}}\n"
#define LOGS(logs)    "{\"call_logs\":[" logs "]}"
#define LEFT_OUT_CALL "ignored: reason: a telephone call and no meeting is left out by the format"
#define NO_MEETING    " reason=a telephone call and no meeting"

static struct format *
with_telephone_calls(void)
{
    return make_format((struct format_options){
        .type = "zoom-webhook",
        .map = LIST("customer=payload.account_id", "service=call.department",
                    "region=call.site.name", "amount=call.callee_number")});
}

#define OLDER "{\"call_id\":\"c1\",\"result\":\"Call connected\"}"
#define NEWER(more)                                                                                \
    "{\"id\":\"20231008-48c1\",\"call_id\":\"c2\",\"group_id\":\"g\",\"connect_type\":"            \
    "\"internal\",\"call_type\":\"general\",\"direction\":\"inbound\",\"caller_ext_id\":\"X\","    \
    "\"caller_ext_number\":\"101\",\"start_time\":\"2026-02-02T09:00:00Z\",\"talk_time\":50,"      \
    "\"hold_time\":20,\"wait_time\":7," more "}"
#define TALKED                                                                                     \
    "\"answer_time\":\"2026-02-02T09:00:07Z\",\"end_time\":\"2026-02-02T09:01:17Z\",\"result\":"   \
    "\"answered\""

TEST(telephone_calls_by_their_fields)
{
    expect_lines_at(
        __FILE__, __LINE__, with_telephone_calls(), own_sample("zoom-webhook/phone.json"),
        LIST("leg 2026-02-02T09:00:00Z+60 id=phone:c1 version=3 customer=A participant=101"
             " participant_name=Ann Ex features=recording service=sales region=HQ"
             " direction=outbound wait=5" NO_MEETING " amount=102",
             "leg 2026-02-02T09:00:07Z+70 id=phone:c2 version=2 customer=A participant=101"
             " features=recording direction=inbound wait=7" NO_MEETING,
             "leg 2026-02-02T09:00:07Z+70 id=phone:c2 version=3 customer=A participant=101"
             " direction=inbound wait=7" NO_MEETING));
}

/* A call is no meeting: what is shipped leaves it out. Who answers a queue's call must not be lost
 * behind who only heard it ring. */
TEST(trap_both_sides_of_a_telephone_call_are_told)
{
#define RANG "\"result\":\"no_answer\",\"result_reason\":\"answered_by_other\""
#define LEG  "leg 2026-02-02T09:00:0"
#define OF_C " id=phone:c2 version="
    EXPECT_LINES("zoom-webhook",
                 SPAN(PHONE("caller_call_log_completed", LOGS(OLDER))
                          PHONE("callee_call_log_completed", LOGS(OLDER "," OLDER))
                              PHONE("caller_call_history_completed", LOGS(NEWER(TALKED)))),
                 LEFT_OUT_CALL, LEFT_OUT_CALL, LEFT_OUT_CALL, LEFT_OUT_CALL);
    expect_lines_at(
        __FILE__, __LINE__, with_telephone_calls(),
        SPAN(PHONE("callee_call_history_completed", LOGS(NEWER(RANG) "," NEWER(TALKED)))
                 PHONE("caller_call_history_completed", LOGS(NEWER(TALKED)))),
        LIST(LEG "0Z+0 outcome=2" OF_C "1 customer=A participant=101 cause=no_answer"
                 " direction=inbound wait=7" NO_MEETING,
             LEG "7Z+70" OF_C "2 customer=A participant=101 direction=inbound wait=7" NO_MEETING,
             LEG "7Z+70" OF_C "3 customer=A participant=101 direction=inbound wait=7" NO_MEETING));
}

TEST(trap_how_a_telephone_call_went_is_spelt_in_many_ways)
{
    static const struct {
        const char *result; /* and what else */
        const char *line;   /* behind the moment */
    } rows[] = {
        {"\"Call connected\"", "+50"},
        {"\"Answered\"", "+50"},
        {"\"picked_up\"", "+50"},
        {"\"Auto Recorded\"", "+50"},
        {"\"who knows\",\"answer_time\":\"2026-02-02T09:00:00Z\"", "+50"},
        {"\"ANSWERED\",\"end_time\":\"2026-02-02T09:00:30Z\",\"talk_time\":null", "+50"},
        {"\"No Answer\"", "+0 outcome=2"},
        {"\"Busy\"", "+0 outcome=2"},
        {"\"Call Cancel\"", "+0 outcome=2"},
        {"\"voicemail\",\"answer_time\":\"2026-02-02T09:00:09Z\"", "+0 outcome=2"},
        {"\"ring_timeout\"", "+0 outcome=2"},
        {"\"abandoned\"", "+0 outcome=3"},
        {"\"call_failed\"", "+0 outcome=1"},
        {"\"who knows\"", "+0 outcome=1"},
        {"null", "+0 outcome=1"},
    };
    char text[1000], want[120];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct format *f = with_telephone_calls();
        struct stream s;
        char line[600];

        snprintf(text, sizeof text,
                 PHONE("callee_call_history_completed", LOGS(NEWER("\"result\":%s"))),
                 rows[i].result);
        stream_open(&s, f, span_of(text, strlen(text)));
        CHECK(next_line_of(&s, line, sizeof line));
        snprintf(want, sizeof want, "leg 2026-02-02T09:00:00Z%s id=phone:c2", rows[i].line);
        line[strlen(want)] = '\0';
        CHECK_STR(line, want);
    }
}

TEST(trap_a_telephone_call_that_is_not_over_is_none)
{
    EXPECT_LINES(
        "zoom-webhook",
        SPAN(PHONE("caller_ended", "{\"call_id\":\"c\",\"handup_result\":\"Call connected\"}")
                 PHONE("conference_started",
                       "{\"conference_id\":\"k\",\"call_id\":\"c\",\"owner\":{}}")
                     PHONE("caller_call_history_completed", "{\"id\":\"1\",\"call_id\":\"c\"}")
                         PHONE("caller_call_log_completed", LOGS("7,{\"result\":\"Busy\"}"))
                             PHONE("caller_call_log_completed", LOGS(""))),
        "ignored: a telephone call that is not told whole",
        "ignored: a telephone call that is not told whole", "refused: call_logs: missing",
        "refused: something in the list is no object", "refused: id: call_id is missing",
        "ignored: nothing in it is usage");
}

TEST(what_is_no_usage_is_left_out_and_what_is_no_event_is_refused)
{
    EXPECT_LINES(
        "zoom-webhook",
        SPAN("{\"event\":\"endpoint.url_validation\",\"payload\":{\"plainToken\":\"p\"}}\n"
             "{\"event\":\"phone.caller_ended\",\"payload\":{\"object\":{}}}\n"
             "{\"event\":\"meeting.updated\",\"payload\":{}}\n"
             "{\"event\":\"meeting.sharing_ended\",\"payload\":{}}\n"
             "{\"event\":\"meeting.started\",\"payload\":{\"object\":{\"id\":1}}}\n"
             "{}\n[7]\n\"text\"\n{\"event\":"),
        "ignored: Zoom asks whether the address is ours",
        "ignored: a telephone call that is not told whole", "ignored: an event that is no usage",
        "ignored: the end of a feature", "refused: conference: missing", "refused: event: missing",
        "refused: something in the list is no object",
        "refused: neither an object nor a list of objects", "refused: not JSON: it ends too early");
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
