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

TEST(what_is_no_record_is_refused_or_left_out)
{
    EXPECT_LINES("teams-callrecord",
                 SPAN("{\"value\":[{\"subscriptionId\":\"s\",\"resource\":\"r\"},"
                      "{\"id\":\"s\",\"caller\":{}},{\"id\":\"\"},7]}\n"
                      "{\"id\":\"c\",\"version\":1,\"sessions\":[1,{\"id\":\"s\",\"caller\":{}}]}"),
                 "ignored: a notification: the record is to be fetched",
                 "refused: a page of sessions without its record",
                 "refused: id: missing, or version", "refused: something in the list is no object",
                 "refused: something in the list is no object",
                 "refused: start: a session without its times");
}
