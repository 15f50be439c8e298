/*
 * test_twilio_conference.c - Twilio's status callbacks of conferences.
 */
#include "format_lines.h"

#define CF " conference=CF11111111111111111111111111111111"
#define ID " id=CF11111111111111111111111111111111:"
#define AC " customer=AC22222222222222222222222222222222"
#define UP " conference_name=stand up"

TEST(a_conference_callback_by_callback)
{
    EXPECT_LINES(
        "twilio-conference", own_sample("twilio-conference/standup.txt"),
        "join 2026-02-02T09:00:05Z" ID "1" AC CF UP " participant=CA0a leg=CA0a",
        "conference_start 2026-02-02T09:00:30Z" ID "3" AC CF UP,
        "join 2026-02-02T09:00:30Z" ID "2" AC CF UP " participant=lead features=coaching leg=CA0b",
        "feature 2026-02-02T09:01:00Z id=RE0a" AC CF " features=recording",
        "feature 2026-02-02T09:02:00Z" ID "4" AC CF UP " participant=CA0a features=mute leg=CA0a",
        "leg 2026-02-02T09:03:00Z+0 outcome=2" ID "5" AC CF UP
        " participant=cy cause=no-answer reason=participant_add_failed leg=CA0c",
        "leave 2026-02-02T09:15:00Z" ID "6" AC CF UP
        " participant=lead reason=participant_hung_up leg=CA0b",
        "conference_end 2026-02-02T09:15:01Z" ID "7" AC CF UP
        " reason=participant-with-end-conference-on-exit-left");
}

/* The query of a GET is the same form; blanks are "+" or "%20", the day has one digit or two. */
TEST(trap_dates_and_blanks_have_two_forms)
{
    EXPECT_LINES("twilio-conference",
                 SPAN("StatusCallbackEvent=conference-end&ConferenceSid=CF1&AccountSid=AC1&"
                      "FriendlyName=a%20b&SequenceNumber=9&"
                      "Timestamp=Thu%2C%201%20Jun%202017%2020%3A48%3A32%20%2B0000&"
                      "ReasonConferenceEnded=last-participant-left"),
                 "conference_end 2017-06-01T20:48:32Z id=CF1:9 customer=AC1 conference=CF1"
                 " conference_name=a b reason=last-participant-left");
}

TEST(trap_a_recording_is_told_several_times_and_counts_once)
{
    EXPECT_LINES(
        "twilio-conference",
        SPAN("ConferenceSid=CF1&AccountSid=AC1&RecordingSid=RE1&RecordingStatus=in-progress&"
             "RecordingStartTime=Thu%2C+01+Jun+2017+20%3A48%3A32+%2B0000\n"
             "ConferenceSid=CF1&AccountSid=AC1&RecordingSid=RE1&RecordingStatus=failed&"
             "RecordingStartTime=Thu%2C+01+Jun+2017+20%3A48%3A32+%2B0000"),
        "feature 2017-06-01T20:48:32Z id=RE1 customer=AC1 conference=CF1"
        " features=recording",
        "feature 2017-06-01T20:48:32Z outcome=1 id=RE1 customer=AC1 conference=CF1"
        " features=recording");
}

TEST(what_is_no_usage_is_left_out_and_what_is_no_callback_is_refused)
{
    EXPECT_LINES("twilio-conference",
                 SPAN("ConferenceSid=CF1&StatusCallbackEvent=participant-unmute\n"
                      "ConferenceSid=CF1&StatusCallbackEvent=participant-speech-start\n"
                      "ConferenceSid=CF1&StatusCallbackEvent=something-new\n"
                      "ConferenceSid=CF1&StatusCallbackEvent=participant-join\n"
                      "CallSid=CA1&CallStatus=completed\n{\"a\":1}\n&&=&\n"
                      "ConferenceSid=CF1&StatusCallbackEvent=conference-end&SequenceNumber=1&"
                      "AccountSid=AC1&Timestamp=yesterday"),
                 "ignored: the end of a feature", "ignored: who speaks",
                 "ignored: an event that is no usage", "refused: id: SequenceNumber is missing",
                 "refused: conference: missing", "refused: conference: missing",
                 "refused: conference: missing", "refused: start: not a time");
}

#define LEFT "ConferenceSid=CF1&AccountSid=AC1&CallSid=CA1&StatusCallbackEvent=participant-leave&"
#define SENT "Timestamp=Thu%2C+1+Jun+2017+20%3A48%3A32+%2B0000&SequenceNumber="
#define CA1  " customer=AC1 conference=CF1 participant=CA1"

/* Each state of a call that came to nothing is demand that was not met; what came is a leave. */
TEST(trap_whoever_was_called_and_never_came_is_failed_demand)
{
    EXPECT_LINES(
        "twilio-conference",
        SPAN(LEFT SENT "1&ParticipantCallStatus=no-answer\n" LEFT SENT
                       "2&ParticipantCallStatus=busy\n" LEFT SENT
                       "3&ParticipantCallStatus=canceled\n" LEFT SENT
                       "4&ParticipantCallStatus=failed\n" LEFT SENT
                       "5&ParticipantCallStatus=completed\n" LEFT SENT
                       "6&ParticipantCallStatus=in-progress\n" LEFT SENT "7\n" LEFT SENT
                       "8&ReasonParticipantLeft=participant_add_failed\n" LEFT SENT
                       "9&ReasonParticipantLeft=participant_add_failed&ParticipantCallStatus=busy"),
        "leg 2017-06-01T20:48:32Z+0 outcome=2 id=CF1:1" CA1 " cause=no-answer leg=CA1",
        "leg 2017-06-01T20:48:32Z+0 outcome=2 id=CF1:2" CA1 " cause=busy leg=CA1",
        "leg 2017-06-01T20:48:32Z+0 outcome=2 id=CF1:3" CA1 " cause=canceled leg=CA1",
        "leg 2017-06-01T20:48:32Z+0 outcome=1 id=CF1:4" CA1 " cause=failed leg=CA1",
        "leave 2017-06-01T20:48:32Z id=CF1:5" CA1 " leg=CA1",
        "leave 2017-06-01T20:48:32Z id=CF1:6" CA1 " leg=CA1",
        "leave 2017-06-01T20:48:32Z id=CF1:7" CA1 " leg=CA1",
        "leg 2017-06-01T20:48:32Z+0 outcome=1 id=CF1:8" CA1 " reason=participant_add_failed"
        " leg=CA1",
        "leg 2017-06-01T20:48:32Z+0 outcome=2 id=CF1:9" CA1 " cause=busy"
        " reason=participant_add_failed leg=CA1");
}

TEST(trap_words_have_hyphens_or_underscores)
{
    EXPECT_LINES("twilio-conference",
                 SPAN("ConferenceSid=CF1&AccountSid=AC1&CallSid=CA1&" SENT
                      "1&StatusCallbackEvent=participant_join\n"
                      "ConferenceSid=CF1&AccountSid=AC1&CallSid=CA1&" SENT
                      "2&StatusCallbackEvent=participant_leave&ParticipantCallStatus=no_answer\n"
                      "ConferenceSid=CF1&AccountSid=AC1&CallSid=CA1&" SENT
                      "3&StatusCallbackEvent=participant-leave&"
                      "ReasonParticipantLeft=participant-add-failed"),
                 "join 2017-06-01T20:48:32Z id=CF1:1" CA1 " leg=CA1",
                 "leg 2017-06-01T20:48:32Z+0 outcome=2 id=CF1:2" CA1 " cause=no_answer leg=CA1",
                 "leg 2017-06-01T20:48:32Z+0 outcome=1 id=CF1:3" CA1
                 " reason=participant-add-failed leg=CA1");
}
