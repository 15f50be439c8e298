/*
 * test_cisco_meeting_server.c - what Call Bridges post.
 */
#include "format_lines.h"

#define CALL " conference=c-1"

TEST(posts_record_by_record)
{
    EXPECT_LINES(
        "cisco-meeting-server", own_sample("cisco-meeting-server/posts.xml"),
        "conference_start 2026-03-01T09:00:00Z id=s-1:0 customer=acme" CALL
        " conference_name=Weekly",
        "join 2026-03-01T09:00:01Z id=l-1:c-1:join" CALL
        " participant=ann@acme.example participant_name=Ann direction=incoming leg=l-1",
        "ignored: leg that is in no call yet",
        "join 2026-03-01T09:01:02Z id=l-1:c-1:join" CALL
        " participant=Ann participant_name=Ann leg=l-1",
        "join 2026-03-01T09:02:00Z id=l-2:c-1:join" CALL
        " participant=Bob participant_name=Bob leg=l-2",
        "ignored: feature of nobody that is named",
        "refused: the Call Bridge has dropped records before one of these",
        "leg 2026-03-01T09:20:00Z+0 outcome=2 id=s-1:8 customer=acme cause=not admitted"
        " reason=remoteTeardown leg=l-3",
        "leave 2026-03-01T09:31:00Z+1740 id=s-1:9 features=video reason=remoteTeardown leg=l-2",
        "leave 2026-03-01T09:30:01Z+1800 id=s-1:10 reason=callEnded leg=l-1",
        "conference_end 2026-03-01T09:31:01Z id=s-1:11" CALL,
        "ignored: record that says nothing of usage",
        "refused: record: without an element that has an id",
        "refused: the first element is not <records>", "refused: records: without a session");
}
