/*
 * test_syslog.c - records in syslog messages: headers as systems write them, times without a
 * year, and any format in the envelope.
 */
#include "../../parsers/syslog.h"
#include "format_lines.h"

/* What the header says: "time|host|app|text", or why it is none. */
static const char *
peeled(const char *line)
{
    static char out[512];
    struct syslog_message m;
    const char *why;

    if (!syslog_peel(at_the_edge(span_str(line)), &m, &why))
        return why;
    snprintf(out, sizeof out, "%.*s|%.*s|%.*s|%.*s", SPAN_ARG(m.time), SPAN_ARG(m.host),
             SPAN_ARG(m.app), SPAN_ARG(m.text));
    return out;
}

/* What headers say, row by row. */
struct header_row {
    const char *line, *want;
};

#define EXPECT_HEADERS(...)                                                                        \
    do {                                                                                           \
        static const struct header_row rows[] = {__VA_ARGS__};                                     \
                                                                                                   \
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)                                    \
            CHECK_STR(peeled(rows[i].line), rows[i].want);                                         \
    } while (0)

TEST(headers_of_rfc_5424)
{
    EXPECT_HEADERS(
        {"<134>1 2026-03-01T09:00:00.000003+01:00 sbc1 kamailio 8710 - - ACC: x",
         "2026-03-01T09:00:00.000003+01:00|sbc1|kamailio|ACC: x"},
        {"<0>1 - - - - - -", "|||"},
        {"<134>1 - h a p m [x@1 a=\"\\\"]\\\\\" b=\"]\"][y] t", "|h|a|t"},
        {"<134>1 - h a p m [x@1 a=\"] t", "syslog: the header of RFC 5424 is not whole"},
        {"<134>1 2026-03-01T09:00:00Z h", "syslog: the header of RFC 5424 is not whole"});
}

TEST(trap_a_byte_order_mark_in_front_of_the_text)
{
    EXPECT_HEADERS({"<134>1 2026-03-01T09:00:00+01:00 h a - - - \xEF\xBB\xBFtext",
                    "2026-03-01T09:00:00+01:00|h|a|text"},
                   {"<134>Mar  1 09:00:00 h a: \xEF\xBB\xBFtext", "Mar  1 09:00:00|h|a|text"});
}

TEST(headers_of_rfc_3164)
{
    EXPECT_HEADERS(
        {"<134>Mar  1 09:00:00 sbc1 kamailio[8710]: text", "Mar  1 09:00:00|sbc1|kamailio|text"},
        {"<134>Oct 17 09:00:00 sbc1 kamailio: a: b", "Oct 17 09:00:00|sbc1|kamailio|a: b"},
        {"<13>Mar  1 09:00:00 10.1.2.3 acme,4711", "Mar  1 09:00:00|10.1.2.3||acme,4711"},
        {"<13>Mar  1 09:00:00 /usr/sbin/kamailio[1]: x", "Mar  1 09:00:00||/usr/sbin/kamailio|x"},
        {"<13>Mar  1 09:00:00 h app: @cee: {\"a\":1}", "Mar  1 09:00:00|h|app|{\"a\":1}"},
        /* the day is to be padded with a blank, and is not everywhere */
        {"<13>Mar 1 09:00:00 h app: x", "Mar 1 09:00:00|h|app|x"},
        {"<13>Mar 01 09:00:00 h app: x", "Mar 01 09:00:00|h|app|x"});
}

TEST(trap_the_host_or_the_time_is_left_out)
{
    EXPECT_HEADERS({"<13>Mar  1 09:00:00 {\"a\": 1}", "Mar  1 09:00:00|||{\"a\": 1}"},
                   {"<13>Mar  1 09:00:00 kamailio[8710]: text", "Mar  1 09:00:00||kamailio|text"},
                   {"<13>acme,4711,2026-03-01 09:00", "|||acme,4711,2026-03-01 09:00"},
                   {"<13>kamailio[8710]: text", "||kamailio|text"}, {"<13>", "|||"});
}

TEST(trap_cisco_writes_a_sequence_number_and_no_host)
{
    EXPECT_HEADERS(
        {"<189>16261: Dec 16 10:16:25.486: %A-5-B: x", "Dec 16 10:16:25.486|||%A-5-B: x"},
        {"<189>16261: gw1: *Dec 16 2010 10:16:25.486 CET: %A-5-B: x",
         "Dec 16 2010 10:16:25.486|||%A-5-B: x"},
        {"<189>51: gw1: .Dec 16 10:16:25: %A-5-B: x", "Dec 16 10:16:25|||%A-5-B: x"});
}

TEST(trap_files_have_no_priority)
{
    EXPECT_HEADERS(
        {"Mar  1 09:00:00 sbc1 kamailio[8710]: text", "Mar  1 09:00:00|sbc1|kamailio|text"},
        {"2026-03-01T09:00:00.000003+01:00 sbc1 kamailio[8710]: text",
         "2026-03-01T09:00:00.000003+01:00|sbc1|kamailio|text"});
}

TEST(trap_priorities_are_of_0_to_191_without_leading_zeros)
{
#define NO_PRIORITY "syslog: the priority is not <0> to <191>"
    EXPECT_HEADERS(
        {"<0>Mar  1 09:00:00 h t: x", "Mar  1 09:00:00|h|t|x"},
        {"<191>Mar  1 09:00:00 h t: x", "Mar  1 09:00:00|h|t|x"},
        {"<192>Mar  1 09:00:00 h t: x", NO_PRIORITY}, {"<007>Mar  1 09:00:00 h t: x", NO_PRIORITY},
        {"<00>Mar  1 09:00:00 h t: x", NO_PRIORITY}, {"<>Mar  1 09:00:00 h t: x", NO_PRIORITY},
        {"<-1>Mar  1 09:00:00 h t: x", NO_PRIORITY}, {"<13", NO_PRIORITY});
}

TEST(what_is_no_message_is_refused)
{
#define NEITHER "syslog: neither a priority nor a time in front"
    EXPECT_HEADERS({"GET / HTTP/1.1", NEITHER}, {"", NEITHER}, {"Mar", NEITHER});
}

TEST(every_beginning_of_a_header_is_read_within_its_bytes)
{
    static const char line[] = "<189>16261: gw1: *Dec 16 2010 10:16:25.486 CET: %A-5-B: x";
    static const char other[] = "<1>1 2026-03-01T09:00:00Z h a p m [x a=\"\\\"\"] \xEF\xBB\xBFt";
    struct syslog_message m;
    const char *why;

    for (size_t n = 0; n < sizeof line; n++)
        syslog_peel(at_the_edge(span_of(line, n)), &m, &why);
    for (size_t n = 0; n < sizeof other - 1; n++)
        CHECK(!syslog_peel(at_the_edge(span_of(other, n)), &m, &why) || n == 3 || n == 4 ||
              n >= strlen(other) - 5);
    CHECK(syslog_peel(at_the_edge(span_str(other)), &m, &why));
    CHECK_SPAN(m.text, "t");
}

TEST(trap_a_time_without_a_year_is_the_nearest_one)
{
    static const struct {
        const char *text;
        int64_t now;
        const char *want;
    } cases[] = {
        {"Mar  1 09:00:00", 1772366400, "2026-03-01T09:00:00Z"},
        {"Mar 1 09:00:00", 1772366400, "2026-03-01T09:00:00Z"},
        {"Mar 01 09:00:00", 1772366400, "2026-03-01T09:00:00Z"},
        {"Dec 31 23:59:58", 1767225605, "2025-12-31T23:59:58Z"}, /* read after New Year */
        {"Jan  1 00:00:03", 1767225597, "2026-01-01T00:00:03Z"}, /* a clock that is ahead */
        {"Jan  1 11:00:00", 1767225597, "2026-01-01T11:00:00Z"}, /* a zone that is wrong */
        {"Jun  1 09:00:00", 1772366400, "2025-06-01T09:00:00Z"}, /* an old file */
        {"Dec 16 2010 10:16:25.486", 1772366400, "2010-12-16T10:16:25Z"},
        {"Feb 29 09:00:00", 1709300000, "2024-02-29T09:00:00Z"},
        {"Feb 29 09:00:00", 1772366400, NULL}, /* neither 2025 nor 2026 */
        {"2026-03-01T09:00:00.5+01:00", 1772366400, "2026-03-01T08:00:00Z"},
        {"Mar 41 09:00:00", 1772366400, NULL},
    };
    char text[CIVIL_TEXT];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool floating;
        int64_t utc;

        if (!syslog_time(span_str(cases[i].text), cases[i].now, &utc, &floating))
            CHECK(!cases[i].want);
        else
            CHECK_STR(format_utc(text, utc), cases[i].want ? cases[i].want : "none");
    }
}

static struct format *
enveloped(const char *name)
{
    struct format_options o = shipped_options(name);

    o.envelope = "syslog";
    return make_format(o);
}

/* What becomes of the first message of a text. */
static const char *
line_of(struct format *f, const char *text)
{
    static char line[2000];
    struct stream s;

    stream_open(&s, f, at_the_edge(span_str(text)));
    CHECK(next_line_of(&s, line, sizeof line));
    stream_close(&s);
    return line;
}

TEST(any_format_is_read_in_messages)
{
    CHECK_STR(line_of(enveloped("ndjson"),
                      "<134>1 2026-03-01T09:00:00Z h a - - - \xEF\xBB\xBF"
                      "{\"customer\":\"acme\",\"start\":1772355600,\"duration\":60}\n"),
              "leg 2026-03-01T09:00:00Z+60 customer=acme");
    CHECK_STR(line_of(enveloped("asterisk-cdr"),
                      "<134>Mar  1 09:00:00 h asterisk[1]: \"acme\",\"1001\",\"8600\",\"d\",\"\","
                      "\"c\",\"\",\"ConfBridge\",\"4711\",\"2026-03-01 09:00:02\","
                      "\"2026-03-01 09:00:02\",\"2026-03-01 09:30:02\",1800,1800,\"ANSWERED\","
                      "\"DOCUMENTATION\",\"1772355602.42\",\"\",\"\",\"1772355602.42\",17\n"),
              "leg 2026-03-01T09:00:02Z+1800 id=1772355602.42:17 customer=acme conference=4711"
              " participant=1001");
}

TEST(documents_are_read_in_messages)
{
    CHECK_STR(line_of(enveloped("kamailio-acc"),
                      "<134>1 2026-03-01T09:00:00Z h a - - - "
                      "{\"time\":1772355600,\"method\":\"ACK\",\"call_id\":\"x\"}"),
              "ignored: request that begins or ends no call");
}

TEST(the_header_says_when_where_the_record_does_not)
{
    struct format *f = enveloped("ndjson");

    CHECK_STR(line_of(f, "<134>Mar  1 09:00:00 h a: {\"customer\":\"acme\"}\n"),
              "leg 2026-03-01T09:00:00Z customer=acme");
    /* A record with a duration is written at its end. */
    CHECK_STR(line_of(f, "<134>Mar  1 09:00:00 h a: {\"customer\":\"a\",\"duration\":600}\n"),
              "leg 2026-03-01T08:50:00Z+600 customer=a");
    CHECK_STR(line_of(f, "<134>{\"customer\":\"acme\"}\n"), "refused: start: missing");
}

TEST(trap_a_header_without_zone_is_read_in_the_formats)
{
    struct format_options o = shipped_options("ndjson");

    o.envelope = "syslog";
    o.timezone = "Europe/Berlin";
    o.time_format = "%d.%m.%Y %H:%M"; /* the record's, not the header's */
    o.map = LIST("source=SYSLOG_HOST", "agent=SYSLOG_APP");
    CHECK_STR(line_of(make_format(o), "<134>Mar  1 09:00:00 sbc1 a[1]: {\"customer\":\"c\"}\n"),
              "leg 2026-03-01T08:00:00Z source=sbc1 customer=c agent=a");
}

/* What the record's parser knows of its own values does not hold for the header's. */
TEST(trap_names_in_a_header_may_be_anything)
{
    static const char long_name[] =
        "<134>1 - hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"
        "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh a - - - "
        "{\"start\":1772355600}\n";
    struct format_options o = shipped_options("ndjson");
    struct format *f;

    o.envelope = "syslog";
    o.map = LIST("customer=SYSLOG_HOST");
    f = make_format(o);
    CHECK_STR(line_of(f, "<134>1 - h1 a - - - {\"start\":1772355600}\n"),
              "leg 2026-03-01T09:00:00Z customer=h1");
    CHECK_STR(line_of(f, "<134>1 - h\x01\x02 a - - - {\"start\":1772355600}\n"),
              "refused: customer: holds a control character");
    CHECK_STR(line_of(f, "<134>1 - h\xFF a - - - {\"start\":1772355600}\n"),
              "refused: customer: not UTF-8");
    CHECK_STR(line_of(f, long_name), "refused: customer: longer than 128 bytes");
    format_free(f);
}

TEST(messages_one_after_the_other_and_what_is_wrong_with_them)
{
    static const char text[] = "<13>Mar  1 09:00:00 h a: {\"customer\":\"x\"}\r\n"
                               "\n"
                               "<13>Mar  1 09:00:00 h a: {\"customer\":\n"
                               "<13>Mar  1 09:00:00 h a: \n"
                               "scanner\n"
                               "<13>Mar  1 09:00:01 h a: {\"customer\":\"y\"}";
    static const char *const wanted[] = {"leg 2026-03-01T09:00:00Z customer=x",
                                         "refused: json: expected a value",
                                         "ignored: syslog message without text",
                                         "refused: syslog: neither a priority nor a time in front",
                                         "leg 2026-03-01T09:00:01Z customer=y"};
    char line[2000];
    struct stream s;

    stream_open(&s, enveloped("ndjson"), at_the_edge(span_str(text)));
    for (size_t i = 0; i < 5; i++) {
        CHECK(next_line_of(&s, line, sizeof line));
        CHECK_STR(line, wanted[i]);
        if (i == 1) {
            CHECK_SPAN(s.raw, "<13>Mar  1 09:00:00 h a: {\"customer\":"); /* to be read again */
            CHECK(s.err.pos > 25);
        }
    }
    CHECK(!next_line_of(&s, line, sizeof line));
    stream_close(&s);
}

/* RFC 6587, 3.4.2: there is no LF then for which a stream could wait. */
TEST(trap_messages_may_end_in_a_nul)
{
#define FIRST "<13>Mar  1 09:00:00 h a: {\"customer\":\"x\"}\0"
    static const char text[] = FIRST "<13>Mar  1 09:00:01 h a: {\"customer\":\"y\"}\0\n"
                                     "<13>Mar  1 09:00:02 h a: {\"customer\":\"z\"}\r\n<13>Mar";
    struct format *f = enveloped("ndjson");
    size_t whole = sizeof text - sizeof "<13>Mar";
    char line[2000];
    struct stream s;

    CHECK_INT(format_parser(f)->cut(f, at_the_edge(SPAN(text)), MAX_FRAME, false), whole);
    CHECK_INT(format_parser(f)->cut(f, at_the_edge(span_of(text, 60)), MAX_FRAME, false),
              sizeof FIRST - 1);
    CHECK_INT(
        format_parser(f)->cut(f, at_the_edge(span_of(text, sizeof FIRST - 2)), MAX_FRAME, false),
        0);
    stream_open(&s, f, at_the_edge(span_of(text, whole)));
    for (size_t i = 0; i < 3; i++) {
        CHECK(next_line_of(&s, line, sizeof line));
        CHECK_INT(line[strlen("leg 2026-03-01T09:00:0")], '0' + i);
        CHECK_INT(line[strlen(line) - 1], 'x' + i);
    }
    CHECK(!next_line_of(&s, line, sizeof line));
    stream_close(&s);
    format_free(f);
}

TEST(a_name_puts_any_format_into_the_envelope)
{
    CHECK_STR(format_in_syslog("syslog:ndjson"), "ndjson");
    CHECK(!format_in_syslog("ndjson"));
    CHECK_STR(shipped_options("syslog:ndjson").name, "ndjson");
}

TEST(what_has_a_header_line_has_no_envelope)
{
    CHECK(strncmp(refused_option((struct format_options){.type = "csv", .envelope = "syslog"}),
                  "envelope: messages have no header", 33) == 0);
    CHECK(strncmp(refused_option((struct format_options){.type = "ndjson", .envelope = "paper"}),
                  "envelope: expected syslog", 25) == 0);
}
