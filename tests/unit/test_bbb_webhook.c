/*
 * test_bbb_webhook.c - BigBlueButton's events, as bbb-webhooks posts them.
 */
#include "format_lines.h"

#define M    "0123456789abcdef0123456789abcdef01234567-1770022800000"
#define BBB  " customer=bbb.example.com conference=" M
#define ID   " id=" M ":"
#define REAL "8043c8452ae9830aac14c517adff3839dbd9228f-1698771157700"

TEST(a_class_form_by_form)
{
    EXPECT_LINES(
        "bbb-webhook", own_sample("bbb-webhook/class.txt"),
        "conference_start 2026-02-02T09:00:00Z" ID ":meeting-created:1770022800411" BBB
        " conference_name=Class 7",
        "join 2026-02-02T09:00:05Z" ID "w_ann:user-joined:1770022805000" BBB
        " participant=ann@school participant_name=Ann \xC3\x96 leg=w_ann",
        "ignored: an event that is no usage",
        "join 2026-02-02T09:00:09Z" ID "w_bob:user-joined:1770022809000" BBB
        " participant=w_bob participant_name=Bob leg=w_bob",
        "feature 2026-02-02T09:00:10Z" ID "w_ann:user-audio-voice-enabled:1770022810000" BBB
        " participant=ann@school features=audio leg=w_ann",
        "ignored: somebody who listens",
        "feature 2026-02-02T09:00:20Z" ID "w_ann:meeting-screenshare-started:1770022820000" BBB
        " participant=ann@school features=screen_share leg=w_ann",
        "leave 2026-02-02T10:00:00Z" ID "w_bob:user-left:1770026400000" BBB
        " participant=w_bob leg=w_bob",
        "conference_end 2026-02-02T10:00:05Z" ID ":meeting-ended:1770026405000" BBB);
}

#define SUE  " conference=" REAL " participant=w_uxw0dzhtvk0l"
#define JOHN " conference=" REAL " participant=w_xfsb9gxtlfom"
#define WHO  " id=" REAL ":w_xfsb9gxtlfom:"

/* Without the form around them there is no domain, and so no customer. */
TEST(a_real_meeting_event_by_event)
{
    EXPECT_LINES(
        "bbb-webhook", outside_sample("bbb_webhooks/sample1.json"),
        "conference_start 2023-10-31T16:52:37Z id=" REAL "::meeting-created:1708381132686"
        " conference=" REAL " conference_name=random-9019868",
        "join 2024-02-19T22:18:53Z" WHO "user-joined:1708381133689" JOHN
        " participant_name=John Doe leg=w_xfsb9gxtlfom",
        "ignored: an event that is no usage", "ignored: an event that is no usage",
        "ignored: an event that is no usage",
        "join 2024-02-19T22:18:57Z id=" REAL ":w_uxw0dzhtvk0l:user-joined:1708381137694" SUE
        " participant_name=Mary Sue leg=w_uxw0dzhtvk0l",
        "feature 2024-02-19T22:18:58Z" WHO "user-audio-voice-enabled:1708381138695" JOHN
        " features=audio leg=w_xfsb9gxtlfom",
        "ignored: an event that is no usage", "ignored: an event that is no usage",
        "ignored: the end of a feature",
        "feature 2024-02-19T22:19:02Z" WHO "user-cam-broadcast-start:1708381142699" JOHN
        " features=camera leg=w_xfsb9gxtlfom",
        "ignored: the end of a feature",
        "feature 2024-02-19T22:19:04Z" WHO "meeting-screenshare-started:1708381144703" JOHN
        " features=screen_share leg=w_xfsb9gxtlfom",
        "ignored: the end of a feature",
        "feature 2024-02-19T22:19:06Z" WHO "chat-group-message-sent:170838114:e419299b85b07a53"
        " conference=" REAL " participant_name=John Doe features=chat leg=w_xfsb9gxtlfom",
        "ignored: an event that is no usage", "ignored: an event that is no usage",
        "feature 2024-02-19T22:19:09Z" WHO "user-raise-hand-changed:1708381149707" JOHN
        " features=raise_hand leg=w_xfsb9gxtlfom",
        "ignored: the end of a feature",
        "feature 2024-02-19T22:19:11Z" WHO "poll-started:1708381151711"
        ":2be582:15a85927c9cdea5c" JOHN " features=poll leg=w_xfsb9gxtlfom",
        "ignored: an answer to a poll",
        "leave 2024-02-19T22:19:13Z id=" REAL ":w_uxw0dzhtvk0l:user-left:1708381153713" SUE
        " leg=w_uxw0dzhtvk0l",
        "leave 2024-02-19T22:19:14Z" WHO "user-left:1708381154716" JOHN " leg=w_xfsb9gxtlfom",
        "conference_end 2024-02-19T22:19:15Z id=" REAL "::meeting-ended:1708381155717"
        " conference=" REAL);
}

TEST(what_was_never_mapped_is_refused)
{
    struct format *f = shipped_format("bbb-webhook");
    struct stream s;
    size_t n = 0;

    stream_open(&s, f, outside_sample("bbb_webhooks/sample2_raw_redis.json"));
    for (enum status st; (st = stream_next(&s)) != ST_SKIP; n++) {
        CHECK_INT(st, ST_BAD_INPUT);
        CHECK_STR(s.err.text, "an event that was not mapped");
    }
    CHECK_INT(n, 24);
    stream_close(&s);
    format_free(f);
}

TEST(trap_passwords_never_get_into_a_record)
{
    struct format *f = make_format((struct format_options){
        .type = "bbb-webhook",
        .map = LIST("customer=meeting.moderator-pass", "reason=meeting.viewer-pass")});
    struct stream s;
    char line[2000];

    stream_open(&s, f, own_sample("bbb-webhook/class.txt"));
    while (next_line_of(&s, line, sizeof line))
        CHECK(!strstr(line, "secret"));
    stream_close(&s);
    format_free(f);
}

TEST(trap_a_meeting_begins_when_its_id_says_even_if_nothing_else_does)
{
    EXPECT_LINES("bbb-webhook",
                 SPAN("domain=d&event=%5B%7B%22data%22%3A%7B%22id%22%3A%22meeting-created%22%2C"
                      "%22attributes%22%3A%7B%22meeting%22%3A%7B%22internal-meeting-id%22%3A%22x-"
                      "1698771157700%22%7D%7D%2C%22event%22%3A%7B%22ts%22%3A1708381132686%7D%7D%7D"
                      "%5D&timestamp=1"),
                 "conference_start 2023-10-31T16:52:37Z id=x-1698771157700::meeting-created:"
                 "1708381132686 customer=d conference=x-1698771157700");
}

/* Its time is when the event was mapped, and after a pause several are mapped at once. */
TEST(trap_events_mapped_in_one_millisecond_are_several)
{
#define CHAT(message, user)                                                                        \
    "{\"data\":{\"id\":\"chat-group-message-sent\",\"attributes\":{\"meeting\":{"                  \
    "\"internal-meeting-id\":\"m-1770022800000\",\"external-meeting-id\":\"x\"},\"chat-message\":" \
    "{"                                                                                            \
    "\"id\":\"" message "\",\"message\":\"hello\",\"sender\":{\"internal-user-id\":\"" user        \
    "\",\"name\":\"N\",\"time\":1}}},\"event\":{\"ts\":1770022801000}}}"
#define SAID(message, user)                                                                        \
    "feature 2026-02-02T09:00:01Z id=m-1770022800000:" user                                        \
    ":chat-group-message-sent:1770022801000:" message                                              \
    " conference=m-1770022800000 participant_name=N features=chat leg=" user
    EXPECT_LINES(
        "bbb-webhook",
        SPAN("[" CHAT("1", "a") "," CHAT("2", "a") "," CHAT("1", "b") "]\n[" CHAT("1", "a") "]"),
        SAID("1", "a"), SAID("2", "a"), SAID("1", "b"), SAID("1", "a"));
}

TEST(trap_the_meeting_of_a_recording_is_told_in_part)
{
    EXPECT_LINES("bbb-webhook",
                 SPAN("{\"data\":{\"id\":\"rap-publish-ended\",\"attributes\":{\"meeting\":{"
                      "\"external-meeting-id\":\"x\"},\"record-id\":\"r\",\"success\":true}}}\n"
                      "{\"data\":{\"id\":\"rap-deleted\",\"attributes\":{}}}\n"
                      "{\"data\":{\"id\":\"rap-published\"}}"),
                 "ignored: work on a recording", "ignored: work on a recording",
                 "ignored: work on a recording");
}

TEST(what_is_no_usage_is_left_out_and_what_is_no_event_is_refused)
{
    EXPECT_LINES("bbb-webhook",
                 SPAN("[{\"data\":{\"id\":\"rap-archive-ended\"}},"
                      "{\"data\":{\"id\":\"user-joined\",\"attributes\":{}}},{}]\n"
                      "domain=x&timestamp=1\ndomain=x&event=%5B%7B&timestamp=1\nGET / HTTP/1.1\n"),
                 "ignored: work on a recording", "refused: conference: missing",
                 "refused: event: data.id is missing", "refused: the form has no event",
                 "refused: not JSON: a key is missing", "refused: the form has no event");
}
