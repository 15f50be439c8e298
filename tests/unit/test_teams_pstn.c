/*
 * test_teams_pstn.c - telephone legs of Microsoft Teams, from Graph and from the usage report.
 */
#include "format_lines.h"

#define ACME " customer=acme.example"
#define ANN  "leg 2026-02-02T09:00:08Z+219 id=p-1" ACME " conference=12345 participant=+4930111***"
#define LINE " media=pstn direction=inbound amount=0.02 currency=EUR leg=1835@192.0.2.3"

TEST(a_page_of_graph)
{
    EXPECT_LINES("teams-pstn", own_sample("teams-pstn/page.json"),
                 ANN " features=dial_in region=DE" LINE,
                 "leg 2026-02-02T09:01:08Z+60 id=p-2" ACME " conference=12345 participant=+33123"
                 " features=dial_out region=FR media=pstn direction=outbound amount=1.5"
                 " currency=EUR leg=1835@192.0.2.3",
                 "leg 2026-02-02T09:05:00Z+30 id=p-3" ACME " participant=u-bob participant_name=Bob"
                 " media=pstn direction=outbound amount=0 leg=77",
                 "leg 2026-02-02T09:06:00Z+0 outcome=1 id=d-4" ACME
                 " participant=u-bob participant_name=Bob cause=486 media=pstn direction=outbound");
}

TEST(the_report_with_its_byte_order_mark_and_offsets)
{
    EXPECT_LINES("teams-pstn", own_sample("teams-pstn/PSTN.calls.csv"),
                 ANN " features=dial_in region=DE" LINE,
                 "leg 2026-02-02T09:05:00Z+30 id=p-3" ACME " participant=u-bob participant_name=Bob"
                 " region=DE media=pstn direction=outbound amount=0.00 currency=EUR leg=77");
}

TEST(the_vendors_example)
{
    EXPECT_LINES("teams-pstn", outside_sample("teams_pstn/sample1_vendor_doc.json"),
                 "leg 2019-11-01T00:00:08Z+219 id=9c4984c7-6c3c-427d-a30c-bd0b2eacee90"
                 " customer=contoso.com participant=db03c14b-06eb-4189-939b-7cbf3a20ba27"
                 " participant_name=Richard Malk region=US media=pstn direction=inbound amount=0.00"
                 " currency=USD leg=1835317186_112562680@61.221.3.176",
                 "ignored: @odata.nextLink: further pages, which are to be fetched as well");
}

TEST(trap_a_call_record_has_an_id_and_times_too)
{
    EXPECT_LINES(
        "teams-pstn",
        SPAN("{\"id\":\"c\",\"version\":1,\"type\":\"groupCall\",\"modalities\":[\"audio\"],"
             "\"startDateTime\":\"2026-02-02T09:00:00Z\"}"),
        "refused: a call record: the format teams-callrecord is for these");
}

TEST(trap_a_page_is_not_all_of_the_report)
{
    static const char next[] = "{\"@odata.nextLink\":\"https://graph.example/next\",\"value\":[]}";
    static const char last[] = "{\"@odata.count\":0,\"value\":[]}";

    EXPECT_LINES("teams-pstn", span_str(next),
                 "ignored: @odata.nextLink: further pages, which are to be fetched as well");
    EXPECT_LINES("teams-callrecord", span_str(next),
                 "ignored: @odata.nextLink: further pages, which are to be fetched as well");
    EXPECT_LINES("teams-pstn", span_str(last), "ignored: nothing in it is usage");
}

#define AT "\"startDateTime\":\"2026-02-02T09:00:00.1234567Z\",\"duration\":5"
#define CALL(id, type, more)                                                                       \
    "{\"id\":\"" id "\",\"callId\":\"same\"," AT                                                   \
    ",\"userId\":\"u\",\"userPrincipalName\":\"u@d\","                                             \
    "\"callType\":\"" type "\"" more "}"
#define IS(id) "leg 2026-02-02T09:00:00Z+5 id=" id " customer=d"

/* Every leg has an id of its own; callId is shared. */
TEST(trap_a_call_id_is_shared_by_legs)
{
    EXPECT_LINES(
        "teams-pstn",
        SPAN("[" CALL("1", "user_in", ",\"conferenceId\":null,\"operator\":\"\"") "," CALL(
            "2", "user_out_forwarding", ",\"charge\":null") "," CALL("3", "ucap_in", "") "]"),
        IS("1") " participant=u media=pstn direction=inbound leg=same",
        IS("2") " participant=u media=pstn direction=outbound leg=same",
        IS("3") " participant=u media=pstn direction=inbound leg=same");
}

/* Whose line it is, is not who calls: a caller without a number is nobody known. */
TEST(trap_callers_are_masked_or_unknown)
{
    EXPECT_LINES(
        "teams-pstn",
        SPAN("[" CALL(
            "1", "conf_in",
            ",\"conferenceId\":7,\"callerNumber\":\"+4930***\","
            "\"callDurationSource\":\"operator\"") "," CALL("2", "conf_in",
                                                            ",\"conferenc"
                                                            "eId\":7,"
                                                            "\"callerNumb"
                                                            "er\":\"\","
                                                            "\"userDispla"
                                                            "yName\":"
                                                            "\"Ulf\"") "," CALL("3", "conf_out",
                                                                                ",\"conferenceId\":"
                                                                                "7,"
                                                                                "\"callerNumber\":"
                                                                                "\"+4930\","
                                                                                "\"calleeNumber\":"
                                                                                "null") "]"),
        IS("1") " conference=7 participant=+4930*** features=dial_in media=pstn"
                " direction=inbound leg=same",
        IS("2") " conference=7 participant=2 features=dial_in media=pstn direction=inbound "
                "leg=same",
        IS("3") " conference=7 participant=3 features=dial_out media=pstn direction=outbound"
                " leg=same");
}

TEST(trap_a_header_in_another_language_refuses_its_rows)
{
    EXPECT_LINES("teams-pstn", SPAN("Nutzungs-ID,Anruf-ID,Startzeit\na,b,2026-02-02T09:00:00Z\n"),
                 "refused: id: missing");
}

TEST(trap_columns_may_move_and_a_bad_row_costs_itself)
{
    EXPECT_LINES("teams-pstn",
                 SPAN("New,Start Time,UsageId,Duration Seconds,UPN,AAD ObjectId\n"
                      "x,2026-02-02T09:00:00Z,a,5,u@d,id\n"
                      "x,2026-02-02T09:00:00Z,,5,u@d,id\n"
                      "x,\"2026-02-02\"T,b,5,u@d,id\n"
                      "x,2026-02-02T09:00:00Z,c,5,u@d,id,too,many\n"),
                 "leg 2026-02-02T09:00:00Z+5 id=a customer=d participant=id media=pstn",
                 "refused: id: missing", "refused: quote: text follows a closing quote",
                 "leg 2026-02-02T09:00:00Z+5 id=c customer=d participant=id media=pstn");
}
