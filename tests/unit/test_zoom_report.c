/*
 * test_zoom_report.c - participant reports, as Zoom's web portal exports them.
 */
#include "format_lines.h"

#define WEEKLY                                                                                     \
    " customer=acme.example conference=81234567890:2026-02-02T10:00:00"                            \
    " conference_name=Weekly, all hands"
#define ID " id=81234567890:2026-02-02T10:00:00:"

/* One row each time that somebody came; minutes are rounded up and not used. */
TEST(a_report_with_its_meeting)
{
    EXPECT_LINES("zoom-report", own_sample("zoom-report/participants_81234567890.csv"),
                 "leg 2026-02-02T10:00:05Z+1805" ID
                 "ann@acme.example:2026-02-02T10:00:05:2026-02-02T10:30:10" WEEKLY
                 " participant=ann@acme.example participant_name=Ann Ex (ann)",
                 "leg 2026-02-02T10:40:00Z+1200" ID
                 "ann@acme.example:2026-02-02T10:40:00:2026-02-02T11:00:00" WEEKLY
                 " participant=ann@acme.example participant_name=Ann Ex (ann)",
                 "leg 2026-02-02T12:59:59Z+31" ID
                 "Guest \"Joe\":2026-02-02T12:59:59:2026-02-02T13:00:30" WEEKLY
                 " participant=Guest \"Joe\" participant_name=Guest \"Joe\"");
}

#define MEETING(start) "812 3456 7890,T," start ",,h@acme,60,3\n\n"

TEST(trap_times_are_local_and_have_an_older_and_a_newer_form)
{
    struct format *f =
        make_format((struct format_options){.type = "zoom-report",
                                            .timezone = "Europe/Berlin",
                                            .map = LIST("customer=meeting.host_domain")});

    expect_lines_at(
        __FILE__, __LINE__, f,
        SPAN("Meeting ID,Topic,Start Time,End Time,User Email,Duration "
             "(Minutes),Participants\n" MEETING(
                 "\"Aug 12, 2025 10:00:00 AM\"") "Name (Original Name),User Email,Join Time,Leave "
                                                 "Time,Duration (Minutes),Guest\n"
                                                 "A,,\"Aug 12, 2025 10:00:00 AM\",\"Aug 12, 2025 "
                                                 "12:30:00 PM\",150,No\n"),
        LIST("leg 2025-08-12T08:00:00Z+9000 id=81234567890:2025-08-12T10:00:00:A:"
             "2025-08-12T10:00:00:2025-08-12T12:30:00 customer=acme"
             " conference=81234567890:2025-08-12T10:00:00 conference_name=T participant=A"
             " participant_name=A"));
}

TEST(trap_headers_are_in_the_users_language)
{
    EXPECT_LINES(
        "zoom-report",
        SPAN("Meeting-ID,Thema,Startzeit,Endzeit,E-Mail,Dauer (Minuten),Teilnehmer\n" MEETING(
            "02/02/2026 10:00:00 AM") "Name (urspr.),E-Mail,Beitritt,Verlassen,Dauer "
                                      "(Minuten),Gast\n"
                                      "A,a@b,02/02/2026 10:00:00 AM,02/02/2026 10:01:00 "
                                      "AM,1,Nein\n"),
        "ignored: a header that is not English: columns are taken in their usual order",
        "leg 2026-02-02T10:00:00Z+60 id=81234567890:2026-02-02T10:00:00:a@b:"
        "2026-02-02T10:00:00:2026-02-02T10:01:00 customer=acme"
        " conference=81234567890:2026-02-02T10:00:00 conference_name=T participant=a@b"
        " participant_name=A");
}

TEST(trap_everybody_once_has_minutes_and_no_times)
{
    EXPECT_LINES(
        "zoom-report",
        SPAN("Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),\n" MEETING(
            "02/02/2026 10:00:00 AM") "Name (Original Name),User Email,Total Duration "
                                      "(Minutes),Guest\nA,,31,No\n"),
        "leg 2026-02-02T10:00:00Z+1860 id=81234567890:2026-02-02T10:00:00:A:: customer=acme"
        " conference=81234567890:2026-02-02T10:00:00 conference_name=T participant=A"
        " participant_name=A state=estimated");
}

#define PEOPLE                                                                                     \
    "Name (original name),Email,Join time,Leave time,Duration (minutes),Guest,"                    \
    "Recording disclaimer response,In waiting room\n"
#define TUTOR " customer=acme.example conference=81234567890:2026-02-02T10:00:00 conference_name=T"

/* Other columns, in another order, and the host's address behind his name. */
TEST(trap_newer_reports_name_and_order_their_columns_otherwise)
{
    EXPECT_LINES(
        "zoom-report",
        SPAN("\xEF\xBB\xBFTopic,ID,Host,Duration (minutes),Start time,End time,Participants\n"
             "T,812 3456 7890,Tutor (One) (tutor@acme.example),77,\"02/02/2026 10:00:00 AM\","
             "\"02/02/2026 11:17:00 AM\",2\n\n" PEOPLE
             "Ann,a@b,02/02/2026 10:00:00 AM,02/02/2026 10:01:00 AM,1,No,OK,No\n"
             "Bob,,02/02/2026 12:00:00 AM,02/02/2026 12:00:30 AM,1,Yes,,\n"),
        "leg 2026-02-02T10:00:00Z+60 id=81234567890:2026-02-02T10:00:00:a@b:2026-02-02T10:00:00:"
        "2026-02-02T10:01:00" TUTOR " participant=a@b participant_name=Ann",
        "leg 2026-02-02T00:00:00Z+30 id=81234567890:2026-02-02T10:00:00:Bob:2026-02-02T00:00:00:"
        "2026-02-02T00:00:30" TUTOR " participant=Bob participant_name=Bob");
    EXPECT_LINES("zoom-report",
                 SPAN("Topic,ID,Host,Duration (minutes),Start time,End time,Participants\n"
                      "T,81234567890,tutor@acme.example,77,02/02/2026 10:00:00 AM,,2\n\n"
                      "Name (original name),Email,Total duration (minutes),Guest\nA,,76,Yes\n"),
                 "leg 2026-02-02T10:00:00Z+4560 id=81234567890:2026-02-02T10:00:00:A::" TUTOR
                 " participant=A participant_name=A state=estimated");
}

/* An English header says where everything is, whatever it looks like. */
TEST(trap_columns_vary)
{
    EXPECT_LINES("zoom-report",
                 SPAN("Guest,Name (Original Name),Duration (Minutes),Leave Time,Join Time\n"
                      "No,Ann,7,02/02/2026 10:01:00 AM,02/02/2026 10:00:00 AM\n"
                      "No,Bob,7,02/02/2026 10:01:00 AM,02/02/2026 10:00:30 AM\n"),
                 "leg 2026-02-02T10:00:00Z+60 id=:Ann:2026-02-02T10:00:00:2026-02-02T10:01:00"
                 " participant=Ann participant_name=Ann",
                 "leg 2026-02-02T10:00:30Z+30 id=:Bob:2026-02-02T10:00:30:2026-02-02T10:01:00"
                 " participant=Bob participant_name=Bob");
}

TEST(trap_time_in_the_waiting_room_is_no_time_in_the_meeting)
{
    EXPECT_LINES("zoom-report",
                 SPAN(PEOPLE "Ann,a@b,02/02/2026 10:00:00 AM,02/02/2026 10:01:00 AM,1,No,OK,Yes\n"
                             "Ann,a@b,02/02/2026 10:01:00 AM,02/02/2026 10:02:00 AM,1,No,OK,No\n"),
                 "ignored: time in the waiting room",
                 "leg 2026-02-02T10:01:00Z+60 id=:a@b:2026-02-02T10:01:00:2026-02-02T10:02:00"
                 " participant=a@b participant_name=Ann");
}

/* A report with everybody once has minutes where the other one has times. */
TEST(trap_a_header_in_another_language_is_never_passed_over_silently)
{
    EXPECT_LINES("zoom-report",
                 SPAN("Thema,ID,Host,Dauer (Minuten),Startzeit,Endzeit,Teilnehmer\n"
                      "T,81234567890,tutor@acme.example,77,02/02/2026 10:00:00 AM,,2\n\n"
                      "Name (urspr.),E-Mail,Gesamtdauer (Minuten),Gast\nA,,31,Nein\n"),
                 "ignored: a header that is not English: columns are taken in their usual order",
                 "leg 2026-02-02T10:00:00Z+1860 id=81234567890:2026-02-02T10:00:00:A::" TUTOR
                 " participant=A participant_name=A state=estimated");
    EXPECT_LINES("zoom-report",
                 SPAN("Name (urspr.),E-Mail,Beitritt,Verlassen,Dauer (Minuten),Gast\n"
                      "A,,02/02/2026 10:00:00 AM,02/02/2026 10:01:00 AM,1,Nein\n"),
                 "refused: neither a meeting nor a participant");
}

/* Day or month first? Of 24 hours it is the day, unless the format says otherwise. */
TEST(trap_which_number_is_the_month_is_for_the_format_to_say)
{
#define ROW(joined, left)                                                                          \
    "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes)\n"                    \
    "A,," joined "," left ",1\n"
    struct format *f = make_format((struct format_options){
        .type = "zoom-report", .time_format = "%m/%d/%Y %H:%M:%S", .timezone = "UTC"});

    EXPECT_LINES("zoom-report", SPAN(ROW("02/01/2026 10:00:00", "02/01/2026 10:01:00")),
                 "leg 2026-01-02T10:00:00Z+60 id=:A:2026-01-02T10:00:00:2026-01-02T10:01:00"
                 " participant=A participant_name=A");
    expect_lines_at(__FILE__, __LINE__, f, SPAN(ROW("02/01/2026 10:00:00", "02/01/2026 10:01:00")),
                    LIST("leg 2026-02-01T10:00:00Z+60 id=:A:02/01/2026 10:00:00:02/01/2026 10:01:00"
                         " participant=A participant_name=A"));
    EXPECT_LINES("zoom-report", SPAN(ROW("soon", "02/02/2026 10:01:00 AM") "B,,,,5\n"),
                 "refused: start: not a time", "refused: start: missing");
}

TEST(a_report_without_its_meeting_and_meetings_without_people)
{
    EXPECT_LINES("zoom-report",
                 SPAN("Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes)\n"
                      "A,,02/02/2026 10:00:00 AM,02/02/2026 10:01:00 AM,1\n"),
                 "leg 2026-02-02T10:00:00Z+60 id=:A:2026-02-02T10:00:00:2026-02-02T10:01:00"
                 " participant=A participant_name=A");
    EXPECT_LINES("zoom-report",
                 SPAN("Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes)\n"
                      "812 3456 7890,T,,,h@acme,60\n812 3456 7891,U,,,h@acme,60\nwhat,is,this\n"),
                 "ignored: a meeting without its participants",
                 "refused: neither a meeting nor a participant",
                 "ignored: a meeting without its participants");
}
