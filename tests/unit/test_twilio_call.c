/*
 * test_twilio_call.c - calls of Twilio's REST API, participants of Conference Insights.
 */
#include "format_lines.h"

#define AAAA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

TEST(the_vendors_example_of_a_call)
{
    EXPECT_LINES("twilio-call", outside_sample("twilio_call/sample1_vendor_doc.json"),
                 "leg 2019-10-18T17:02:00Z+4 id=CA" AAAA " version=3142836121 customer=AC" AAAA
                 " participant=+13051913581 direction=outbound-api wait=1 amount=0.200"
                 " currency=USD");
}

TEST(the_vendors_example_of_a_participant)
{
    EXPECT_LINES("twilio-call",
                 outside_sample("twilio_conference/sample3_vendor_doc_insights_participant.json"),
                 "leg 2021-10-08T02:58:59Z+63 id=CP" AAAA " version=3 customer=AC" AAAA
                 " conference=CF" AAAA " participant=+1000000001 features=mute region=us1"
                 " media=carrier direction=outbound wait=0 leg=CA" AAAA);
}

TEST(conferences_themselves_are_left_out)
{
    EXPECT_LINES("twilio-call",
                 outside_sample("twilio_conference/sample1_vendor_doc_conference.json"),
                 "ignored: a conference: its participants are records of their own");
    EXPECT_LINES("twilio-call",
                 outside_sample("twilio_conference/sample2_vendor_doc_insights_conference.json"),
                 "ignored: a conference: its participants are records of their own");
}

TEST(a_page_of_calls)
{
    EXPECT_LINES("twilio-call", own_sample("twilio-call/page.json"),
                 "leg 2026-02-02T09:00:00Z+600 id=CA01 version=3540046802 customer=AC1"
                 " participant=+4930111 direction=inbound wait=0 currency=USD",
                 "leg 2026-02-02T09:05:00Z+0 outcome=2 id=CA02 version=3540046320 customer=AC1"
                 " participant=+4930333 cause=no-answer direction=outbound-api wait=1"
                 " currency=USD",
                 "ignored: a call that goes on");
}

#define CALL(more)                                                                                 \
    "{\"sid\":\"CA1\",\"account_sid\":\"AC1\",\"status\":\"completed\",\"from\":\"a\","            \
    "\"start_time\":\"Mon, 02 Feb 2026 09:00:00 +0000\"," more "}"

TEST(trap_a_price_that_comes_later_is_a_higher_version)
{
    EXPECT_LINES(
        "twilio-call",
        SPAN(CALL("\"duration\":\"4\",\"date_updated\":\"Mon, 02 Feb 2026 09:10:01 +0000\","
                  "\"price\":null")
                 CALL("\"duration\":\"4\",\"date_updated\":\"Mon, 02 Feb 2026 09:10:01 +0000\","
                      "\"price\":\"-0.0085\"")),
        "leg 2026-02-02T09:00:00Z+4 id=CA1 version=3540046802 customer=AC1 participant=a",
        "leg 2026-02-02T09:00:00Z+4 id=CA1 version=3540046803 customer=AC1 participant=a"
        " amount=0.0085");
}

TEST(trap_seconds_are_texts_and_may_be_missing)
{
    EXPECT_LINES("twilio-call",
                 SPAN(CALL("\"duration\":null,\"end_time\":\"Mon, 02 Feb 2026 09:00:07 +0000\"")
                          CALL("\"duration\":\"\",\"end_time\":null") CALL("\"duration\":5")),
                 "leg 2026-02-02T09:00:00Z+7 id=CA1 version=0 customer=AC1 participant=a",
                 "leg 2026-02-02T09:00:00Z id=CA1 version=0 customer=AC1 participant=a",
                 "leg 2026-02-02T09:00:00Z+5 id=CA1 version=0 customer=AC1 participant=a");
}

TEST(trap_insights_come_again_when_they_are_complete_and_round_up)
{
    EXPECT_LINES(
        "twilio-call",
        SPAN(
            "{\"participants\":[{\"participant_sid\":\"CP1\",\"account_sid\":\"AC1\","
            "\"processing_state\":\"in_progress\",\"join_time\":\"2026-02-02T09:00:00Z\","
            "\"leave_time\":\"2026-02-02T09:00:10Z\",\"duration_seconds\":11,\"label\":\"ann\"},"
            "{\"participant_sid\":\"CP2\",\"account_sid\":\"AC1\",\"processing_state\":\"timeout\","
            "\"join_time\":\"2026-02-02T09:00:00Z\",\"leave_time\":null,\"duration_seconds\":11,"
            "\"from\":\"+1\",\"call_direction\":\"inbound\"},"
            "{\"participant_sid\":\"CP3\",\"join_time\":null,\"call_status\":\"busy\"}]}\n"
            "{\"uri\":\"/x\"}"),
        "leg 2026-02-02T09:00:00Z+10 id=CP1 version=1 customer=AC1 participant=ann",
        "leg 2026-02-02T09:00:00Z+11 id=CP2 version=2 customer=AC1 participant=+1"
        " direction=inbound",
        "ignored: a participant who never came, without a time", "refused: id: sid is missing");
}

#define PERSON(more)                                                                               \
    "{\"participant_sid\":\"CP1\",\"conference_sid\":\"CF1\",\"account_sid\":\"AC1\","             \
    "\"label\":\"ann\",\"join_time\":\"2026-02-02T09:00:00Z\"," more "}"
#define ANN(outcome, version)                                                                      \
    "leg 2026-02-02T09:00:00Z+0 outcome=" outcome " id=CP1 version=" version                       \
    " customer=AC1 conference=CF1 participant=ann"

/* Calls say no-answer and failed, Insights noanswer and fail. */
TEST(trap_insights_spell_the_states_of_calls_in_another_way)
{
    EXPECT_LINES("twilio-call",
                 SPAN(PERSON("\"call_status\":\"noanswer\",\"leave_time\":\"2026-02-02T09:00:20Z\"")
                          PERSON("\"call_status\":\"fail\",\"processing_state\":\"complete\"")
                              PERSON("\"call_status\":\"no_answer\"")
                                  PERSON("\"call_status\":\"busy\"")
                                      PERSON("\"call_status\":\"canceled\"")),
                 ANN("2", "1") " cause=noanswer", ANN("1", "3") " cause=fail",
                 ANN("2", "1") " cause=no_answer", ANN("2", "1") " cause=busy",
                 ANN("2", "1") " cause=canceled");
}

TEST(trap_insights_of_a_conference_that_goes_on_have_no_end_yet)
{
    EXPECT_LINES(
        "twilio-call",
        SPAN(PERSON("\"call_status\":\"answered\",\"processing_state\":\"in_progress\","
                    "\"leave_time\":null,\"duration_seconds\":null")
                 PERSON("\"call_status\":\"completed\",\"processing_state\":\"complete\","
                        "\"leave_time\":\"2026-02-02T09:10:00Z\",\"duration_seconds\":601")),
        "leg 2026-02-02T09:00:00Z id=CP1 version=1 customer=AC1 conference=CF1 participant=ann",
        "leg 2026-02-02T09:00:00Z+600 id=CP1 version=3 customer=AC1 conference=CF1"
        " participant=ann");
}

TEST(trap_a_call_that_never_began_has_no_start_but_was_made)
{
    EXPECT_LINES("twilio-call",
                 SPAN("{\"sid\":\"CA1\",\"account_sid\":\"AC1\",\"status\":\"failed\",\"to\":\"b\","
                      "\"direction\":\"outbound-api\",\"start_time\":null,\"end_time\":null,"
                      "\"duration\":\"0\",\"date_created\":\"Mon, 2 Feb 2026 09:00:00 +0000\"}"),
                 "leg 2026-02-02T09:00:00Z+0 outcome=1 id=CA1 version=0 customer=AC1 participant=b"
                 " cause=failed direction=outbound-api");
}

TEST(trap_a_negative_price_is_a_charge_and_a_positive_one_is_given_back)
{
    EXPECT_LINES("twilio-call",
                 SPAN(CALL("\"duration\":\"4\",\"price\":\"-0.200\"")
                          CALL("\"duration\":\"4\",\"price\":\"0.200\"")
                              CALL("\"duration\":\"4\",\"price\":\"0.000\"")
                                  CALL("\"duration\":\"4\",\"price\":-0.2")),
                 "leg 2026-02-02T09:00:00Z+4 id=CA1 version=1 customer=AC1 participant=a"
                 " amount=0.200",
                 "leg 2026-02-02T09:00:00Z+4 id=CA1 version=1 customer=AC1 participant=a"
                 " amount=-0.200",
                 "leg 2026-02-02T09:00:00Z+4 id=CA1 version=1 customer=AC1 participant=a"
                 " amount=0.000",
                 "leg 2026-02-02T09:00:00Z+4 id=CA1 version=1 customer=AC1 participant=a"
                 " amount=0.2");
}

/* Pages of /Conferences.json and of /Conferences/CF/Participants.json: what they are is said. */
TEST(resources_of_conferences_are_left_out_by_their_names)
{
    EXPECT_LINES("twilio-call",
                 SPAN("{\"conferences\":[{\"sid\":\"CF1\",\"friendly_name\":\"daily\",\"status\":"
                      "\"completed\",\"reason_conference_ended\":\"last-participant-left\"}]}"
                      "{\"conference_sid\":\"CF1\",\"create_time\":\"2026-02-02T09:00:00Z\","
                      "\"start_time\":null}"
                      "{\"participants\":[{\"call_sid\":\"CA1\",\"conference_sid\":\"CF1\","
                      "\"label\":\"ann\",\"status\":\"connected\"}]}"),
                 "ignored: a conference: its participants are records of their own",
                 "ignored: a conference: its participants are records of their own",
                 "ignored: a participant who is there: no times, which Insights have");
}
