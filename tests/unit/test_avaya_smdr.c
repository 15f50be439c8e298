/*
 * test_avaya_smdr.c - lines of Avaya's switches, and what stands around them.
 */
#include "format_lines.h"

/* The customer is known by the list only. */
#define LEG(when, who) "leg 2026-" when " conference_name=8600 participant=" who

TEST(a_switchs_lines)
{
    EXPECT_LINES("avaya-smdr", own_sample("avaya-smdr/cdr.txt"), "ignored: date of the switch",
                 LEG("03-01T09:00:00Z+1800", "1001"), LEG("03-01T09:30:01Z+59", "4930123456"),
                 "ignored: outcome: 0 is left out by the format", "ignored: date of the switch",
                 LEG("02-28T23:35:00Z+1800", "1003"),
                 "refused: line: 60 bytes, column auth-code ends at 71",
                 "refused: end: in the future");
}

TEST(trap_the_day_may_stand_first_and_times_are_local)
{
    struct format_options o = shipped_options("avaya-smdr");

    o.columns = LIST("date:1-6", "time:8-11", "sec-dur:13-17", "cond-code:19");
    o.map = LIST("duration=sec-dur", "outcome=cond-code");
    o.time_format = "%d%m%y %H%M";
    o.timezone = "Europe/Berlin";
    expect_lines_at(__FILE__, __LINE__, make_format(o), SPAN("280226 0930 00060 C\r\n"),
                    LIST("leg 2026-02-28T08:29:00Z+60"));
}

TEST(trap_old_layouts_have_tenths_of_minutes)
{
    struct format_options o = shipped_options("avaya-smdr");

    o.columns = LIST("date:1-6", "time:8-11", "duration:13-16", "cond-code:18");
    o.map = LIST("outcome=cond-code");
    o.units = LIST("duration=tenths");
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN("030126 0930 0009 C\r\n030126 1130 1305 C\r\n"),
                    LIST("leg 2026-03-01T09:29:06Z+54", "leg 2026-03-01T09:59:30Z+5430"));
}

TEST(a_line_with_nuls_inside_is_refused)
{
    expect_lines_at(__FILE__, __LINE__, shipped_format("avaya-smdr"),
                    span_of("\0\0003\0"
                            "01\0\n",
                            8),
                    LIST("refused: line: NUL byte"));
}

TEST(every_beginning_of_a_file_is_read_within_its_bytes)
{
    struct format *f = shipped_format("avaya-smdr");
    struct span text = own_sample("avaya-smdr/cdr.txt");
    struct stream s;

    for (size_t n = 1; n < text.n; n++) {
        stream_open(&s, f, at_the_edge(span_of(text.p, n)));
        while (s.rest.n > 0)
            stream_next(&s);
        stream_close(&s);
    }
}
