/*
 * test_cisco_ios.c - accounting lines of Cisco's gateways, and times with the clock first.
 */
#include "../../parsers/clock_text.h"
#include "format_lines.h"

#define CALL "A15210B082B11E0A142A279BD84410"

TEST(a_gateways_log_line_by_line)
{
    EXPECT_LINES("cisco-ios", own_sample("cisco-ios/gateway.log"),
                 "leg 2026-03-01T09:00:02Z+1800 id=" CALL ":2:1:4930123456 participant=4930123456"
                 " direction=answer leg=" CALL ":2:1",
                 "ignored: direction: originate is left out by the format",
                 "leg 2026-03-01T10:31:00Z+0 outcome=2 id=B1:2:1:4930123457 participant=4930123457"
                 " cause=17 direction=answer leg=B1:2:1",
                 "leg 2026-03-01T09:32:00Z+0 outcome=1 id=C1:2:1:4930123458 participant=4930123458"
                 " cause=47 direction=answer leg=C1:2:1",
                 "feature 2026-03-01T09:33:00Z id=A15210B0:D11E0A:12:CFA:03/01/2026 09:33:00.206"
                 " participant=510 features=CFA",
                 "ignored: no accounting in it",
                 "refused: voipaaa: ConnectTime is missing or not whole: the line was cut");
}

TEST(trap_a_zone_of_several_meanings_is_where_the_format_says)
{
    struct format_options o = shipped_options("cisco-ios");
    struct span text = own_sample("cisco-ios/gateway.log"), line;
    char out[500];
    struct stream s;

    next_line(&text, 4096, &line, NULL);
    next_line(&text, 4096, &line, NULL);
    next_line(&text, 4096, &line, NULL);
    o.timezone = "Asia/Shanghai";
    stream_open(&s, make_format(o), line);
    CHECK(next_line_of(&s, out, sizeof out));
    CHECK(strncmp(out, "leg 2026-03-01T02:31:00Z", 24) == 0);
}

/* --- traps, one by one --- */

#define HEAD   "%VOIPAAA-5-VOIP_CALL_HISTORY: CallLegType 2, ConnectionId "
#define SETUP  ", SetupTime 10:00:00.214 UTC Sun Mar 1 2026, PeerAddress 510, PeerSubAddress , "
#define TIMES  ", ConnectTime 10:00:01.214 UTC Sun Mar 1 2026, DisconnectTime "
#define ANSWER " UTC Sun Mar 1 2026, CallOrigin 2, ChargedUnits 0\n"

TEST(trap_the_cause_is_hexadecimal_and_values_may_be_blank)
{
    EXPECT_LINES("cisco-ios",
                 SPAN(HEAD "A1" SETUP "DisconnectCause 11  , DisconnectText user busy (17)" TIMES
                           "10:00:01.214" ANSWER),
                 "leg 2026-03-01T10:00:00Z+0 outcome=2 id=A1:2:2:510 participant=510 cause=17"
                 " direction=answer leg=A1:2:2");
}

TEST(trap_an_id_without_leading_zeros_and_an_unset_clock)
{
    EXPECT_LINES("cisco-ios",
                 SPAN("<189>16261: *Mar  1 10:16:25.486: " HEAD
                      "CA5210B082B11E0A142A279BD84410" SETUP
                      "DisconnectCause 10  , DisconnectText normal call clearing (16), ConnectTime "
                      "*10:00:01.214 UTC Sun Mar 1 2026, DisconnectTime .10:01:01.214" ANSWER),
                 "leg 2026-03-01T10:00:01Z+60 id=CA5210B082B11E0A142A279BD84410:2:2:510"
                 " participant=510 direction=answer leg=CA5210B082B11E0A142A279BD84410:2:2");
}

/* Both times are those of the clearing then, and the call began when it was set up. */
TEST(trap_a_call_that_nobody_answered_was_connected_when_it_was_cleared)
{
    EXPECT_LINES("cisco-ios",
                 SPAN(HEAD "A1" SETUP "DisconnectCause 12  , DisconnectText no answer" TIMES
                           "10:00:01.214" ANSWER HEAD "A2" SETUP
                           "DisconnectCause 26  , DisconnectText network out of order" TIMES
                           "10:00:01.214" ANSWER),
                 "leg 2026-03-01T10:00:00Z+0 outcome=2 id=A1:2:2:510 participant=510 cause=18"
                 " direction=answer leg=A1:2:2",
                 "leg 2026-03-01T10:00:00Z+0 outcome=1 id=A2:2:2:510 participant=510 cause=38"
                 " direction=answer leg=A2:2:2");
}

TEST(trap_a_message_that_was_cut_off_is_refused)
{
    EXPECT_LINES("cisco-ios", SPAN(HEAD "A1" SETUP "DisconnectCause 10  , DisconnectText nor\n"),
                 "refused: voipaaa: ConnectTime is missing or not whole: the line was cut");
}

TEST(times_with_the_clock_first)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"10:14:59.214 CET Thu Dec 16 2010", "2010-12-16T10:14:59+01:00"},
        {"*10:14:59.214 UTC Thu Dec 6 2010", "2010-12-06T10:14:59Z"},
        {".10:14:59 PDT Thu Jul  6 2010", "2010-07-06T10:14:59-07:00"},
        {"10:14:59.214 IST Thu Dec 16 2010", "2010-12-16T10:14:59"},
        {"10:14:59.214 EST DEC 16 2010", "2010-12-16T10:14:59-05:00"}, /* Oracle's */
        {"10:14:59.214 CET Thu Dec 16", ""},
        {"10:14:59.214 CET Thu Dec 41 2010", ""},
        {"10:14 CET", ""},
        {"", ""},
    };
    struct arena mem;
    struct document d = {.mem = &mem};

    arena_init(&mem);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_SPAN(clock_text(&d, at_the_edge(span_str(cases[i].text))), cases[i].want);
    arena_clear(&mem);
}

TEST(the_same_line_in_the_envelope)
{
    struct format_options o = shipped_options("syslog:cisco-ios");
    struct span text = own_sample("cisco-ios/gateway.log"), line;
    char out[500];
    struct stream s;

    next_line(&text, 4096, &line, NULL);
    o.envelope = "syslog";
    stream_open(&s, make_format(o), line);
    CHECK(next_line_of(&s, out, sizeof out));
    CHECK(strncmp(out, "leg 2026-03-01T09:00:02Z+1800", 29) == 0);
}

TEST(every_beginning_of_a_line_is_read_within_its_bytes)
{
    struct format *f = shipped_format("cisco-ios");
    struct span text = own_sample("cisco-ios/gateway.log");
    struct stream s;

    for (size_t n = 1; n < 700; n++) {
        stream_open(&s, f, at_the_edge(span_of(text.p, n)));
        while (s.rest.n > 0)
            stream_next(&s);
        stream_close(&s);
    }
}
