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
    EXPECT_OF(LIST("time-start", "time-end", "bill-name", "chain", "from-dispname"),
              "2026/03/01 09:00:00,2026/03/01 09:00:09,A, B & C,Chain: 1;2;,Doe, Ann",
              "leg 2026-03-01T09:00:00Z+0 outcome=2 customer=A, B & C participant_name=Doe, Ann"
              " reason=segment of a call of two");
}

TEST(trap_a_record_may_be_longer_than_1024_bytes)
{
    char text[3000], chain[2000];
    struct stream s;

    memset(chain, '1', sizeof chain - 1);
    chain[sizeof chain - 1] = '\0';
    snprintf(text, sizeof text, "2026/03/01 09:00:00,2026/03/01 09:00:09,Chain: %s,acme", chain);
    stream_open(&s, of_columns(LIST("time-start", "time-end", "chain", "bill-code")),
                at_the_edge(span_str(text)));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_SPAN(s.fields.v[FIELD_CUSTOMER], "acme");
}

TEST(words_of_new_versions)
{
    EXPECT_OF(LIST("time-start", "time-end", "reason-terminated", "to-type", "to-dn"),
              "2026/03/01 09:00:00,2026/03/01 09:00:09,src_participant_terminated,conf_place,"
              "Ext.700",
              "leg 2026-03-01T09:00:00Z+0 outcome=2 conference=700"
              " cause=src_participant_terminated");
}

TEST(columns_without_times_are_a_mistake)
{
    CHECK_STR(refused_option((struct format_options){.type = "3cx", .columns = LIST("from-no")}),
              "columns: time-start and time-end have to be among them");
}

TEST(every_beginning_of_a_line_is_read_within_its_bytes)
{
    struct format *f = shipped_format("3cx");
    struct span text = own_sample("3cx/cdr.log");
    struct stream s;

    for (size_t n = 1; n < text.n; n++) {
        stream_open(&s, f, at_the_edge(span_of(text.p, n)));
        while (s.rest.n > 0)
            stream_next(&s);
        stream_close(&s);
    }
}
