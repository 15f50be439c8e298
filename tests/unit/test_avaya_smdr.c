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

/* A line of blanks with these texts at these columns (from 1). */
struct cell {
    size_t at;
    const char *text;
};

static char *
line_of(char *line, size_t n, const struct cell *cells)
{
    memset(line, ' ', n);
    for (; cells->text; cells++)
        memcpy(line + cells->at - 1, cells->text, strlen(cells->text));
    memcpy(line + n, "\r\n", 3);
    return line;
}

#define LINE(n, ...) line_of((char[(n) + 3]){0}, (n), (const struct cell[]){__VA_ARGS__, {0, NULL}})

/* The only record of the format in this text, which came on 1 March at 12:00 UTC. */
static void
expect_now(const char *format, struct span text, const char *want)
{
    struct mapping_context at = test_context;
    struct format *f = shipped_format(format);
    char line[500];
    struct stream s;
    struct record r;

    at.arrived = at.now;
    stream_open(&s, f, at_the_edge(text));
    CHECK_INT(stream_next(&s), ST_OK);
    if (record_from_fields(f, &at, &s.fields, &s.mem, &r, &s.err) == ST_OK)
        record_line(line, sizeof line, &r);
    else
        snprintf(line, sizeof line, "%s", s.err.text);
    CHECK_STR(line, want);
    CHECK_INT(s.rest.n, 0);
    stream_close(&s);
    format_free(f);
}

TEST(trap_the_layout_with_accounts_has_other_places)
{
    const char *line = LINE(114, {1, "030126"}, {8, "0930"}, {13, "01800"}, {19, "C"}, {21, " 9"},
                            {26, "101"}, {31, "8600"}, {65, " 1001"}, {71, "acme"}, {87, "00012"},
                            {93, "001"}, {97, "002"}, {101, "0101"}, {106, "70001"}, {114, "0"});

    EXPECT_LINES("avaya-smdr-account", span_str(line),
                 "leg 2026-03-01T09:00:00Z+1800 customer=acme conference_name=8600"
                 " participant=1001");
}

TEST(trap_teleseer_has_no_date_and_tenths_and_ends_in_nuls)
{
    const char *line = LINE(76, {4, "1159"}, {8, "1305"}, {12, "C"}, {13, "  9"}, {16, "101"},
                            {19, "           8600"}, {34, " 1001"}, {39, "acme           "},
                            {54, "3"}, {55, "1"}, {56, "001"}, {59, "002"}, {62, "0"});
    char whole[100];

    memcpy(whole, line, 78);
    memset(whole + 78, '\0', 3);
    /* They are read as what stands before the next line. */
    expect_lines_at(__FILE__, __LINE__, shipped_format("avaya-teleseer"), span_of(whole + 78, 3),
                    (const char *const[]){NULL});
    expect_now("avaya-teleseer", span_of(whole, 78),
               "leg 2026-03-01T10:28:30Z+5430 customer=acme conference_name=8600 participant=1001");
}

TEST(trap_int_isdn_has_no_date_and_blanks_between)
{
    const char *line =
        LINE(112, {1, "2350"}, {6, "0009"}, {11, "C"}, {13, "   9"}, {18, " 101"},
             {23, "           8600"}, {39, "4930123456"}, {50, "           beta"}, {66, "1234567"},
             {76, "3"}, {78, "001"}, {82, "002"}, {86, "0"}, {88, " 1"}, {91, "0101"}, {96, " 1"},
             {99, "  0"}, {103, "   1"}, {108, "0"}, {110, "0"}, {112, "0"});

    /* Ten minutes to midnight was yesterday. */
    expect_now("avaya-int-isdn", span_str(line),
               "leg 2026-02-28T23:49:06Z+54 customer=beta conference_name=8600"
               " participant=4930123456");
}

TEST(trap_a_date_of_the_switch_is_no_call_in_either_order_and_without_separators)
{
    static const char *const formats[] = {"avaya-smdr", "avaya-smdr-account", "avaya-teleseer",
                                          "avaya-int-isdn"};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        EXPECT_LINES(formats[i],
                     SPAN("09:00 03/31\r\n09:00 31/03\n0900 0331\r\n 0900 3103 \r\n09000331\r\n"
                          "0900 03/31\r\n"),
                     "ignored: date of the switch", "ignored: date of the switch",
                     "ignored: date of the switch", "ignored: date of the switch",
                     "ignored: date of the switch", "ignored: date of the switch");
}

TEST(trap_nuls_and_blanks_may_stand_before_a_line)
{
    static const char dirt[] = "\0 \0  ";
    const char *line =
        LINE(94, {1, "030126"}, {8, "0930"}, {13, "01800"}, {30, "1001"}, {35, "8600"}, {94, "C"});
    char text[200];
    size_t n = sizeof dirt - 1;

    memcpy(text, dirt, n);
    memcpy(text + n, line, 97);
    EXPECT_LINES("avaya-smdr", span_of(text, n + 96), LEG("03-01T09:00:00Z+1800", "1001"));
}

/* Blanks at the front of a layout that begins with something else are its own. */
TEST(blanks_in_front_of_other_columns_stay)
{
    struct format_options o = shipped_options("avaya-smdr");

    o.columns = LIST("calling:1-5", "date:7-12", "time:14-17", "sec-dur:19-23", "cond-code:25");
    o.map = LIST("duration=sec-dur", "outcome=cond-code", "participant=calling");
    expect_lines_at(__FILE__, __LINE__, make_format(o), SPAN("  101 030126 0930 01800 C\r\n"),
                    LIST("leg 2026-03-01T09:00:00Z+1800 participant=101"));
}

TEST(trap_numbers_stand_left_or_right_in_their_columns)
{
    const char *left =
        LINE(94, {1, "030126"}, {8, "0930"}, {13, "01800"}, {19, "1001"}, {35, "8600"}, {94, "C"});
    const char *right =
        LINE(94, {1, "030126"}, {8, "0930"}, {13, "01800"}, {30, "1001"}, {54, "8600"}, {94, "C"});

    EXPECT_LINES("avaya-smdr", span_str(left), LEG("03-01T09:00:00Z+1800", "1001"));
    EXPECT_LINES("avaya-smdr", span_str(right), LEG("03-01T09:00:00Z+1800", "1001"));
}

/* One that begins with the column's last byte is not taken for a shorter number. */
TEST(trap_a_number_as_long_as_its_column_is_taken_whole)
{
    const char *line = LINE(94, {1, "030126"}, {8, "0930"}, {13, "01800"}, {19, "004930123456789"},
                            {35, "12345678901234567890123"}, {94, "C"});

    EXPECT_LINES("avaya-smdr", span_str(line),
                 "leg 2026-03-01T09:00:00Z+1800 conference_name=12345678901234567890123"
                 " participant=004930123456789");
}

TEST(trap_only_code_c_is_a_leg_of_a_conference)
{
    static const char codes[] = "014678 9ABDEFGHIJKMNT";
    struct format *f = shipped_format("avaya-smdr");

    for (size_t i = 0; codes[i]; i++) {
        char code[2] = {codes[i], '\0'}, want[80], got[300];
        const char *line = LINE(94, {1, "030126"}, {8, "0930"}, {13, "01800"}, {94, code});
        struct stream s;

        if (codes[i] == ' ')
            continue;
        snprintf(want, sizeof want, "ignored: outcome: %s is left out by the format", code);
        stream_open(&s, f, span_str(line));
        CHECK(next_line_of(&s, got, sizeof got));
        CHECK_STR(got, want);
        stream_close(&s);
    }
    EXPECT_LINES("avaya-smdr",
                 span_str(LINE(94, {1, "030126"}, {8, "0930"}, {13, "01800"}, {94, "L"})),
                 "leg 2026-03-01T09:00:00Z+1800");
    EXPECT_LINES("avaya-smdr",
                 span_str(LINE(94, {1, "030126"}, {8, "0930"}, {13, "01800"}, {94, "?"})),
                 "refused: outcome: not a known word");
    format_free(f);
}

TEST(trap_the_time_is_the_end_unless_the_layout_has_the_start)
{
    struct format_options o = shipped_options("avaya-smdr");

    o.columns = LIST("date:1-6", "start-time:8-11", "sec-dur:13-17", "cond-code:19", "ucid:21-40");
    o.join = LIST("start=date+start-time");
    o.map = LIST("duration=sec-dur", "outcome=cond-code", "conference=ucid");
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN("030126 0930 01800 C 00001001231772355600\r\n"),
                    LIST("leg 2026-03-01T09:30:00Z+1800 conference=00001001231772355600"));
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
    read_every_beginning("avaya-smdr", own_sample("avaya-smdr/cdr.txt"));
}
