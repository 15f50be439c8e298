/*
 * test_freeswitch_csv.c - mod_cdr_csv's records, in which nothing is escaped.
 */
#include "format_lines.h"

#define UUID(n) "3da8bf84-c133-4959-9e24-e72875cb33" n
#define LEG(duration, n, who, cause)                                                               \
    "leg 2026-03-01T09:00:00Z+" duration " id=" UUID(n) " customer=acme participant=" who          \
                                                        " cause=" cause " leg=" UUID(n)

TEST(records_of_the_template_example)
{
    EXPECT_LINES("freeswitch-csv", own_sample("freeswitch-csv/Master.csv"),
                 LEG("1800", "01", "1001 participant_name=Ann Ex", "NORMAL_CLEARING"),
                 LEG("0 outcome=2", "02", "1002 participant_name=Bob \"B\" Ex, Jr.", "USER_BUSY"),
                 "ignored: call of two parties");
}

#define TIMES                                                                                      \
    "\"2026-03-01 09:00:00\",\"2026-03-01 09:00:02\",\"2026-03-01 09:01:02\",\"62\",\"60\","       \
    "\"NORMAL_CLEARING\","
#define EXAMPLE(name, n)                                                                           \
    "\"" name "\",\"1001\",\"4711\",\"default\"," TIMES "\"" UUID(n) "\",\"\",\"acme\",\"PCMU\","  \
                                                                     "\"PCMU\"\n"
#define NAMED(name, n) LEG("60", n, "1001 participant_name=" name, "NORMAL_CLEARING")

/* A quote, a comma, both together, a line end, an empty name. */
TEST(trap_nothing_is_escaped)
{
    EXPECT_LINES("freeswitch-csv",
                 SPAN(EXAMPLE("A \"B\" C", "01") EXAMPLE("Ex, Ann", "02") EXAMPLE("\"", "03")
                          EXAMPLE(",", "04") EXAMPLE("", "05") EXAMPLE("a\",\"b\",\"c", "06")
                              EXAMPLE("two\nlines", "07") EXAMPLE("x\", \"y", "08")),
                 NAMED("A \"B\" C", "01"), NAMED("Ex, Ann", "02"), NAMED("\"", "03"),
                 NAMED(",", "04"), LEG("60", "05", "1001", "NORMAL_CLEARING"),
                 NAMED("a\",\"b\",\"c", "06"), NAMED("two lines", "07"), NAMED("x\", \"y", "08"));
}

/* Where it is not the name that has a form of its own, nothing is guessed. */
TEST(trap_what_cannot_be_told_apart_is_refused)
{
    struct format_options o = {.type = "freeswitch-csv",
                               .columns = LIST("one", "two", "start_stamp"),
                               .map = LIST("customer=one")};

    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN("\"a\",\"b\",\"c\",\"2026-03-01 09:00:00\"\n"
                         "\"a\",\"b\",\"2026-03-01 09:00:00\"\n"
                         "\"a\",\"2026-03-01 09:00:00\"\n\"a\",\"b\",\"2026-03-01 09:00:0\n"),
                    LIST("refused: columns: 4, template has 3, and no telling which holds the rest",
                         "leg 2026-03-01T09:00:00Z outcome=2 customer=a",
                         "refused: columns: 2, template has 3", "refused: quote: never closed"));
}

TEST(trap_the_built_in_template_has_a_blank_before_its_last_value)
{
    EXPECT_LINES("freeswitch-csv-default",
                 SPAN("\"Ann\",\"1001\",\"4711\",\"default\"," TIMES "\"" UUID("01") "\",\"\", "
                                                                                     "\"acme\"\n"),
                 NAMED("Ann", "01"));
}

#define ASTERISK(caller_id, app, argument)                                                         \
    "\"acme\",\"1001\",\"4711\",\"default\",\"" caller_id                                          \
    "\",\"sofia/internal/1001@x\",\"\",\"" app "\",\"" argument "\"," TIMES                        \
    "\"3\",\"" UUID("01") "\",\"\"\n"
#define IN(room)                                                                                   \
    "leg 2026-03-01T09:00:00Z+60 id=" UUID("01") " customer=acme conference=" room                 \
                                                 " conference_name=" room                          \
                                                 " participant=1001 participant_name="
#define END " cause=NORMAL_CLEARING leg=" UUID("01")

/* Quotes stand in caller_id as they are: ""Ann" <1001>". Each free text may hold the separator. */
TEST(trap_the_template_asterisk_does_not_double_quotes)
{
    EXPECT_LINES("freeswitch-csv-asterisk",
                 SPAN(ASTERISK("\"Ann\" <1001>", "conference", "4711@default+1234")
                          ASTERISK("\"Ex\",\"Ann\" <1001>", "conference", "4711@default")
                              ASTERISK("\"\" <1001>", "conference", "4711-x.org@d\",\"y")
                                  ASTERISK("\"Ann\" <1001>", "bridge", "user/1002")),
                 IN("4711") "Ann" END, IN("4711") "Ex\",\"Ann" END,
                 "leg 2026-03-01T09:00:00Z+60 id=" UUID(
                     "01") " customer=acme conference=4711-x.org conference_name=4711-x.org "
                           "participant=1001" END,
                 "ignored: call of two parties");
}

/* A site's own template: with the conference, without quotes. */
TEST(templates_are_lists_of_columns)
{
    struct format_options o = {.type = "freeswitch-csv",
                               .timezone = "Europe/Berlin",
                               .columns = LIST("uuid", "conference_uuid", "conference_name",
                                               "caller_id_number", "start_stamp", "billsec",
                                               "direction", "domain_name"),
                               .map = LIST("customer=domain_name")};

    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN(UUID("01") "," UUID("99") ",4711,1001,2026-03-01 10:00:00,60,inbound,"
                                                   "example.org\r\n"),
                    LIST("leg 2026-03-01T09:00:00Z+60 id=" UUID(
                        "01") " customer=example.org "
                              "conference=" UUID("99") " conference_name=4711 participant=1001 "
                                                       "direction=inbound leg=" UUID("01")));
    CHECK_STR(refused_option((struct format_options){.type = "freeswitch-csv", .separator = "::"}),
              "separator: \"::\" is not one byte");
}

/* No record is taken before it is whole, wherever the bytes end. */
TEST(a_record_ends_behind_a_quote)
{
    static const char text[] = EXAMPLE("two\nlines", "01");
    struct format *f = shipped_format("freeswitch-csv");
    char endless[400] = "\"";

    for (size_t n = 1; n < sizeof text - 1; n++)
        CHECK_INT(format_parser(f)->cut(f, at_the_edge(span_of(text, n)), MAX_FRAME, false), 0);
    CHECK_INT(format_parser(f)->cut(f, SPAN(text), MAX_FRAME, false), sizeof text - 1);
    for (int i = 0; i < 40; i++)
        strcat(endless, "abc\n");
    CHECK_INT(format_parser(f)->cut(f, span_str(endless), MAX_FRAME, false), 40 * 4 + 1);
    CHECK_INT(format_parser(f)->cut(f, span_of(endless, 1 + 15 * 4), MAX_FRAME, false), 0);
    CHECK_INT(format_parser(f)->cut(f, span_of(endless, 1 + 16 * 4), MAX_FRAME, false), 1 + 16 * 4);
    format_free(f);
}

TEST(records_that_freeswitch_wrote)
{
#define SCAN(at, n, who)                                                                           \
    "leg 2014-05-29T" at "Z+0 outcome=2 id=" n "-65b6c3cdac7d participant=" who                    \
    " participant_name=" who " cause=NORMAL_CLEARING leg=" n "-65b6c3cdac7d"
    EXPECT_LINES("freeswitch-csv", outside_sample("freeswitch_cdr_csv/sample1.csv"),
                 SCAN("16:59:50", "a5c9f6c0-e752-11e3-8bfb", "9007"),
                 SCAN("17:01:32", "e29ff0ae-e752-11e3-8bff", "9008"),
                 SCAN("17:01:33", "e2fe712e-e752-11e3-8c03", "9008"),
                 SCAN("17:01:33", "e34619ac-e752-11e3-8c07", "9008"),
                 SCAN("17:01:34", "e38cb5b0-e752-11e3-8c0b", "9008"));
}
