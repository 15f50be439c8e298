/*
 * test_3cx.c - call data records of 3CX, with commas where they are not wanted.
 */
#include "format_lines.h"

TEST(a_file_record_by_record)
{
    EXPECT_LINES("3cx", own_sample("3cx/cdr.log"),
                 "leg 2026-03-01T09:00:04Z+303 id=612504 customer=acme conference=700"
                 " participant=100 participant_name=Ann Ex",
                 "leg 2026-03-01T09:00:40Z+3600 id=612505 customer=acme conference=700"
                 " participant=030123",
                 "leg 2026-03-01T09:01:00Z+0 outcome=2 id=612506 customer=Smith, Jones & Co"
                 " conference=700 participant=101 participant_name=Cy cause=Failed_Busy",
                 "leg 2026-03-01T09:02:00Z+0 outcome=1 id=612507 customer=beta conference=700"
                 " participant=101 participant_name=Cy cause=Failed_NoRoute",
                 "ignored: reason: segment of a call of two is left out by the format",
                 "refused: 3cx: does not begin with \"Call \"",
                 "refused: 3cx: does not begin with \"Call \"",
                 "refused: columns: 3, format has 27");
}

/* A format with these columns. */
static struct format *
of_columns(const char *const *columns)
{
    struct format_options o = shipped_options("3cx");

    o.columns = columns;
    o.ignore = NULL;
    return make_format(o);
}

#define EXPECT_OF(columns, text, ...)                                                              \
    expect_lines_at(__FILE__, __LINE__, of_columns(columns), SPAN(text), LIST(__VA_ARGS__))

TEST(trap_columns_are_the_administrators)
{
    EXPECT_OF(LIST("time-start", "time-answered", "time-end", "from-dispname", "bill-code"),
              "2026/03/01 09:00:00,,2026/03/01 09:00:09,Doe, Ann, Dr.,acme",
              "leg 2026-03-01T09:00:00Z+0 outcome=2 customer=acme participant_name=Doe, Ann, Dr."
              " reason=segment of a call of two");
}

TEST(trap_a_comma_in_one_of_two_names_leaves_both_unknown_and_nothing_else)
{
    EXPECT_OF(LIST("time-start", "time-answered", "time-end", "from-dispname", "to-dispname",
                   "bill-code"),
              "2026/03/01 09:00:00,,2026/03/01 09:00:09,Doe, Ann,Bob,acme",
              "leg 2026-03-01T09:00:00Z+0 outcome=2 customer=acme reason=segment of a call of two");
}

TEST(trap_the_chain_keeps_the_names_on_either_side_apart)
{
    EXPECT_OF(
        LIST("time-start", "time-answered", "time-end", "bill-name", "chain", "from-dispname"),
        "2026/03/01 09:00:00,,2026/03/01 09:00:09,A, B & C,Chain: 1;2;,Doe, Ann",
        "leg 2026-03-01T09:00:00Z+0 outcome=2 customer=A, B & C participant_name=Doe, Ann"
        " reason=segment of a call of two");
}

TEST(trap_a_record_may_be_longer_than_1024_bytes)
{
    char text[3000], chain[2000];
    struct stream s;

    memset(chain, '1', sizeof chain - 1);
    chain[sizeof chain - 1] = '\0';
    snprintf(text, sizeof text, "2026/03/01 09:00:00,,2026/03/01 09:00:09,Chain: %s,acme", chain);
    stream_open(&s,
                of_columns(LIST("time-start", "time-answered", "time-end", "chain", "bill-code")),
                at_the_edge(span_str(text)));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_SPAN(s.fields.v[FIELD_CUSTOMER], "acme");
}

TEST(words_of_new_versions)
{
    EXPECT_OF(
        LIST("time-start", "time-answered", "time-end", "reason-terminated", "to-type", "to-dn"),
        "2026/03/01 09:00:00,,2026/03/01 09:00:09,src_participant_terminated,conf_place,"
        "Ext.700",
        "leg 2026-03-01T09:00:00Z+0 outcome=2 conference=700"
        " cause=src_participant_terminated");
}

TEST(columns_without_times_are_a_mistake)
{
    CHECK_STR(refused_option((struct format_options){.type = "3cx", .columns = LIST("from-no")}),
              "columns: time-start, time-answered and time-end have to be among them");
    /* Without it nobody could say whether a call was answered. */
    CHECK_STR(refused_option((struct format_options){
                  .type = "3cx", .columns = LIST("time-start", "time-end", "from-no")}),
              "columns: time-start, time-answered and time-end have to be among them");
}

TEST(trap_prefixes_are_taken_off_where_3cx_puts_them_and_names_are_left_alone)
{
    EXPECT_OF(LIST("historyid", "time-start", "time-answered", "time-end", "bill-name", "from-no",
                   "from-dispname"),
              "Call 7,2026/03/01 09:00:00,2026/03/01 09:00:00,2026/03/01 09:00:09,Call Centre Ltd,"
              "Ext.100,Call Centre",
              "leg 2026-03-01T09:00:00Z+9 id=7 customer=Call Centre Ltd participant=100"
              " participant_name=Call Centre reason=segment of a call of two");
    EXPECT_OF(LIST("time-start", "time-answered", "time-end", "bill-name", "from-dn"),
              "2026/03/01 09:00:00,2026/03/01 09:00:00,2026/03/01 09:00:09,Ext. Services,Ext.100",
              "leg 2026-03-01T09:00:00Z+9 customer=Ext. Services participant=100"
              " reason=segment of a call of two");
}

#define TIMES "2026/03/01 09:00:00,2026/03/01 09:00:00,2026/03/01 09:00:09"

TEST(trap_the_open_port_is_found_by_scanners)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

    EXPECT_LINES(
        "3cx",
        SPAN("GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\nOPTIONS sip:nm SIP/2.0\r\ncall 7,x\n"),
        "refused: 3cx: does not begin with \"Call \"",
        "refused: 3cx: does not begin with \"Call \"",
        "refused: 3cx: does not begin with \"Call \"",
        "refused: 3cx: does not begin with \"Call \"");
    EXPECT_LINES("3cx", span_of(hello, sizeof hello - 1),
                 "refused: 3cx: does not begin with \"Call \"");
    /* Where the id stands elsewhere, its prefix is looked for there. */
    EXPECT_OF(LIST("time-start", "time-answered", "time-end", "historyid", "bill-code"),
              TIMES ",Call 7,acme\n" TIMES ",7,acme\n",
              "leg 2026-03-01T09:00:00Z+9 id=7 customer=acme reason=segment of a call of two",
              "refused: 3cx: historyid does not begin with \"Call \"");
}

TEST(trap_a_record_ends_in_cr_lf_or_lf_or_where_its_connection_ends)
{
    EXPECT_OF(LIST("time-start", "time-answered", "time-end", "bill-code"),
              TIMES ",acme\r\n" TIMES ",beta\n" TIMES ",gamma",
              "leg 2026-03-01T09:00:00Z+9 customer=acme reason=segment of a call of two",
              "leg 2026-03-01T09:00:00Z+9 customer=beta reason=segment of a call of two",
              "leg 2026-03-01T09:00:00Z+9 customer=gamma reason=segment of a call of two");
}

/* Both spellings of who leads to a conference, by the segment's own party and by its last. */
TEST(trap_a_place_in_a_conference_is_spelt_in_two_ways)
{
    static const char *const spellings[] = {"ConfPlace", "conf_place", "confplace", NULL};

    for (size_t i = 0; spellings[i]; i++) {
        char text[200];

        snprintf(text, sizeof text,
                 TIMES ",acme,Extension,%s,Ext.700,\n" TIMES ",acme,%s,extension,,800\n",
                 spellings[i], spellings[i]);
        expect_lines_at(__FILE__, __LINE__,
                        of_columns(LIST("time-start", "time-answered", "time-end", "bill-code",
                                        "to-type", "final-type", "final-dn", "to-dn")),
                        span_str(text),
                        LIST("leg 2026-03-01T09:00:00Z+9 customer=acme conference=700",
                             "leg 2026-03-01T09:00:00Z+9 customer=acme conference=800"));
    }
}

/* Of the segments of a call, which have callid in common, each is a record. */
TEST(trap_the_call_id_is_shared_by_segments)
{
    EXPECT_OF(LIST("historyid", "callid", "time-start", "time-answered", "time-end", "bill-code"),
              "Call 1,A_1," TIMES ",acme\nCall 2,A_1," TIMES ",acme\n",
              "leg 2026-03-01T09:00:00Z+9 id=1 customer=acme reason=segment of a call of two",
              "leg 2026-03-01T09:00:00Z+9 id=2 customer=acme reason=segment of a call of two");
}

TEST(every_beginning_of_a_line_is_read_within_its_bytes)
{
    read_every_beginning("3cx", own_sample("3cx/cdr.log"));
}
