/*
 * test_teams_callrecord.c - call records of Microsoft Teams.
 */
#include "format_lines.h"

#define ACME " customer=t-acme conference=call-1"

/* Ann is in with two devices at once, and comes again; a telephone; nobody; a failed setup. */
TEST(a_group_call)
{
    EXPECT_LINES(
        "teams-callrecord", own_sample("teams-callrecord/group.json"), "ignored: a test call",
        "leg 2026-02-02T09:05:00Z+60 id=call-1:1 version=2" ACME
        " participant=+4930111 features=audio",
        "leg 2026-02-02T09:07:00Z+60 id=call-1:2 version=2" ACME " participant=s5 features=audio",
        "leg 2026-02-02T09:00:00Z+2400 id=call-1:3 version=2" ACME
        " participant=u-ann participant_name=Ann features=audio;video;screen_share",
        "leg 2026-02-02T09:50:00Z+600 id=call-1:4 version=2" ACME
        " participant=u-ann participant_name=Ann features=audio",
        "leg 2026-02-02T09:01:00Z+0 outcome=1 id=call-1:5 version=2" ACME
        " participant=u-bob participant_name=Bob cause=callSetup features=audio"
        " reason=no media path",
        "void 2026-02-02T09:05:00Z id=call-1:6 version=2"); /* two devices were one stay */
}

#define CALL   "e523d2ed-2966-4b6b-925b-754a88034cc5"
#define TENANT " customer=dc368399-474c-4d40-900c-6265431fd81f"

TEST(the_vendors_examples)
{
    EXPECT_LINES("teams-callrecord", outside_sample("teams_callrecord/sample1_vendor_doc.json"),
                 "ignored: a call record without its sessions");
    EXPECT_LINES("teams-callrecord", outside_sample("teams_callrecord/sample2_vendor_doc.json"),
                 "ignored: further sessions that were not fetched",
                 "leg 2020-02-25T18:52:21Z+25 id=" CALL ":1 version=1" TENANT
                 " participant=821809f5-0000-0000-0000-3b5136c0e777"
                 " participant_name=Abbie Wilkins features=audio",
                 "leg 2020-02-25T18:52:21Z+25 id=" CALL ":2 version=1" TENANT
                 " participant=f69e2c00-0000-0000-0000-185e5f5f5d8a"
                 " participant_name=Owen Franklin features=audio");
}

#define SESSION(from, to)                                                                          \
    "{\"id\":\"s\",\"startDateTime\":\"2026-02-02T" from "Z\",\"endDateTime\":\"2026-02-02T" to    \
    "Z\",\"caller\":{\"identity\":{\"guest\":{\"id\":\"g\"}}}}"
#define RECORD(version, sessions)                                                                  \
    "{\"id\":\"c\",\"version\":" version ",\"type\":\"groupCall\",\"sessions\":[" sessions "]}"

TEST(trap_a_later_version_takes_the_place_of_the_earlier_one)
{
    EXPECT_LINES("teams-callrecord",
                 SPAN(RECORD("1", SESSION("09:00:00.1234567", "09:10:00.123456")) "\n" RECORD(
                     "2", SESSION("09:00:00", "09:10:00") "," SESSION("09:05:00", "09:25:00"))),
                 "leg 2026-02-02T09:00:00Z+600 id=c:1 version=1 conference=c participant=g",
                 "leg 2026-02-02T09:00:00Z+1500 id=c:1 version=2 conference=c participant=g",
                 "void 2026-02-02T09:00:00Z id=c:2 version=2");
}

#define TIMES                                                                                      \
    ",\"startDateTime\":\"2026-02-02T09:00:00.1234567Z\","                                         \
    "\"endDateTime\":\"2026-02-02T09:10:00.123456Z\""
#define WITH(caller, more) "{\"id\":\"s\"" TIMES ",\"caller\":" caller more "}"
#define CALL_OF(more, sessions)                                                                    \
    "{\"id\":\"c\",\"version\":1,\"type\":\"groupCall\"" more ",\"sessions\":[" sessions "]}\n"
#define GUEST "{\"identity\":{\"guest\":{\"id\":\"g\",\"displayName\":\"\"}}}"
#define ONE   "leg 2026-02-02T09:00:00Z+600 id=c:1 version=1"
#define IN_C  " conference=c participant="

TEST(trap_people_stand_in_newer_and_older_places)
{
    EXPECT_LINES(
        "teams-callrecord",
        SPAN(CALL_OF(
            ",\"organizer\":{\"user\":{\"id\":\"o\",\"tenantId\":\"T\"}}",
            WITH("{\"identity\":{\"phone\":{\"id\":4930111,\"displayName\":null}}}", "") "," WITH(
                "{\"associatedIdentity\":null,\"identity\":{\"user\":{\"id\":\"u\","
                "\"displayName\":\"Ulf\",\"tenantId\":\"U\"},\"phone\":null}}",
                "")) CALL_OF(",\"organizer_v2\":null,\"organizer\":null",
                             WITH("{\"associatedIdentity\":{\"id\":\"\"},\"identity\":{\"user\":{"
                                  "\"id\":\"u\",\"tenantId\":\"U\"}}}",
                                  "")) CALL_OF("", WITH(GUEST, ""))),
        ONE " customer=T" IN_C "4930111",
        "leg 2026-02-02T09:00:00Z+600 id=c:2 version=1 customer=T" IN_C "u participant_name=Ulf",
        ONE " customer=U" IN_C "u", ONE IN_C "g");
}

TEST(trap_properties_are_null_or_empty_or_missing)
{
    EXPECT_LINES(
        "teams-callrecord",
        SPAN(
            CALL_OF(",\"modalities\":null,\"endDateTime\":\"2026-02-02T09:20:00Z\"",
                    "{\"id\":\"s\",\"startDateTime\":\"2026-02-02T09:00:00Z\",\"endDateTime\":null,"
                    "\"modalities\":null,\"failureInfo\":null,\"segments\":null,"
                    "\"callee\":null,\"caller\":" GUEST "}")
                CALL_OF("", WITH(GUEST, ",\"modalities\":[],\"failureInfo\":{},\"isTest\":null"))
                    CALL_OF("", "") "{\"id\":\"c\",\"version\":1,\"sessions\":null}\n"),
        "leg 2026-02-02T09:00:00Z+1200 id=c:1 version=1" IN_C "g", ONE IN_C "g",
        "ignored: nothing in it is usage", "ignored: a call record without its sessions");
}

/* Only who never got in was not there: a call that broke off was one. */
TEST(trap_a_failure_in_mid_call_was_a_call)
{
#define FAILED(stage) WITH(GUEST, ",\"failureInfo\":{\"stage\":\"" stage "\",\"reason\":\"R\"}")
    EXPECT_LINES("teams-callrecord",
                 SPAN(CALL_OF("", FAILED("midcall")) CALL_OF("", FAILED("unknown"))
                          CALL_OF("", FAILED("unknownFutureValue")) CALL_OF("", FAILED("callSetup"))
                              CALL_OF("", FAILED("callSetup") "," WITH(GUEST, ""))),
                 ONE IN_C "g", ONE IN_C "g", ONE IN_C "g",
                 "leg 2026-02-02T09:00:00Z+0 outcome=1 id=c:1 version=1" IN_C
                 "g cause=callSetup reason=R",
                 ONE IN_C "g");
}

TEST(trap_words_of_the_future_have_one_name)
{
    EXPECT_LINES(
        "teams-callrecord",
        SPAN("{\"id\":\"c\",\"version\":1,\"type\":\"unknownFutureValue\",\"sessions\":[" WITH(
            GUEST, ",\"modalities\":[\"unknownFutureValue\",\"audio\"]") "]}"),
        ONE IN_C "g features=audio");
}

/* Its one session has the call's own id, and both of its ends are people. */
TEST(trap_a_call_of_two_is_no_conference)
{
    EXPECT_LINES(
        "teams-callrecord",
        SPAN("{\"id\":\"c\",\"version\":\"1\",\"type\":\"peerToPeer\",\"sessions\":[{\"id\":"
             "\"c\"" TIMES ",\"caller\":{\"associatedIdentity\":{\"id\":\"a\"}},"
             "\"callee\":{\"associatedIdentity\":{\"id\":\"b\"}},"
             "\"segments\":[{\"id\":\"c\"" TIMES "}]}]}"),
        ONE " participant=a", "leg 2026-02-02T09:00:00Z+600 id=c:2 version=1 participant=b");
}

TEST(trap_sessions_come_in_pages)
{
    EXPECT_LINES("teams-callrecord",
                 SPAN(CALL_OF(",\"sessions@odata.nextLink\":\"https://graph.microsoft.com/next\"",
                              WITH(GUEST, "")) "{\"value\":[" WITH(GUEST, "") "]}"),
                 "ignored: further sessions that were not fetched", ONE IN_C "g",
                 "refused: a page of sessions without its record");
}

TEST(what_is_no_record_is_refused_or_left_out)
{
    EXPECT_LINES("teams-callrecord",
                 SPAN("{\"value\":[{\"subscriptionId\":\"s\",\"resource\":\"r\"},"
                      "{\"subscriptionId\":\"s\",\"lifecycleEvent\":\"missed\"},"
                      "{\"id\":\"s\",\"caller\":{}},{\"id\":\"\"},7]}\n"
                      "{\"id\":\"c\",\"version\":1,\"sessions\":[1,{\"id\":\"s\",\"caller\":{}}]}"),
                 "ignored: a notification: the record is to be fetched",
                 "ignored: a notification of the subscription's own state",
                 "refused: a page of sessions without its record",
                 "refused: id: missing, or version", "refused: something in the list is no object",
                 "refused: something in the list is no object",
                 "refused: start: a session without its times");
}
