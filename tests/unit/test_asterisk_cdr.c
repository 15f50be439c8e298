/*
 * test_asterisk_cdr.c - Asterisk's call detail records, by its column counts and its habits.
 */
#include "format_lines.h"

static struct format *
asterisk(const char *const *columns)
{
    return make_format((struct format_options){
        .type = "asterisk-cdr",
        .columns = columns,
        .time_format = "%Y-%m-%d %H:%M:%S",
        .map = LIST("customer=accountcode", "customer=peeraccount", "participant=src",
                    "duration=billsec", "outcome=disposition"),
        .outcome = LIST("ANSWERED=ok", "NO ANSWER=rejected", "FAILED=failed", "CONGESTION=failed"),
    });
}

static const char *
text_of(const struct record *r, enum field f)
{
    static char text[200];

    if (!(r->has & FIELD_BIT(f)))
        return "(absent)";
    snprintf(text, sizeof text, "%.*s", SPAN_ARG(r->text[f]));
    return text;
}

static enum status
next_record(struct stream *s, struct record *r)
{
    enum status st = stream_next(s);

    return st == ST_OK ? record_from_fields(s->f, &test_context, &s->fields, &s->mem, r, &s->err)
                       : st;
}

/* Moments by `date -u -d`. */
TEST(a_file_of_conference_calls)
{
    struct format *f = asterisk(NULL);
    struct stream s;
    struct record r;

    stream_open(&s, f, read_whole(test_path("tests/data/asterisk_cdr/Master.csv")));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_STR(text_of(&r, FIELD_CUSTOMER), "acme");
    CHECK_STR(text_of(&r, FIELD_CONFERENCE), "4711");
    CHECK_STR(text_of(&r, FIELD_PARTICIPANT), "1001");
    CHECK_STR(text_of(&r, FIELD_PARTICIPANT_NAME), "Ann Example");
    CHECK_STR(text_of(&r, FIELD_ID), "1769936402.42:17");
    CHECK_STR(text_of(&r, FIELD_CAUSE), "(absent)");
    CHECK_INT(r.start, 1769936402);
    CHECK_INT(r.duration, 1800);
    CHECK_INT(r.outcome, OUTCOME_OK);

    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_STR(text_of(&r, FIELD_CUSTOMER), "carrier");
    CHECK_STR(text_of(&r, FIELD_CONFERENCE), "4711");
    CHECK_STR(text_of(&r, FIELD_PARTICIPANT), "+4930123456");
    CHECK_STR(text_of(&r, FIELD_PARTICIPANT_NAME), "Bob");
    CHECK_STR(text_of(&r, FIELD_ID), "pbx1-1769937000.43:18");
    CHECK_INT(r.duration, 600);

    CHECK_INT(next_record(&s, &r), ST_IGNORE);
    CHECK_STR(s.err.text, "call of two parties");

    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_STR(text_of(&r, FIELD_CONFERENCE), "4712");
    CHECK_STR(text_of(&r, FIELD_PARTICIPANT_NAME), "1004");
    CHECK_INT(r.outcome, OUTCOME_FAILED);
    CHECK_INT(s.rest.n, 0);
    stream_close(&s);
    format_free(f);
}

#define BASE                                                                                       \
    "\"\",\"\",\"8600\",\"x\",\"\",\"c\",\"\",\"ConfBridge\",\"1\",\"2026-02-01 09:00:00\",,"      \
    "\"2026-02-01 09:01:00\",60,60,\"ANSWERED\",\"DOCUMENTATION\""

/* What stands behind the sixteen columns, and the id (NULL: the record's hash), customer and reason
 * that come of it. */
static const struct {
    const char *tail, *id, *customer, *userfield;
} tails[] = {
    {"", NULL, "(absent)", "(absent)"},
    {",\"1769936402.42\"", NULL, "(absent)", "(absent)"},
    {",\"pbx-1769936402.42\"", NULL, "(absent)", "(absent)"},
    {",\"my note\"", NULL, "(absent)", "my note"},
    {",\"17.x\"", NULL, "(absent)", "17.x"},
    {",\"a-b-17.1\"", NULL, "(absent)", "a-b-17.1"},
    {",\".1\"", NULL, "(absent)", ".1"},
    {",\"1.\"", NULL, "(absent)", "1."},
    {",\"\"", NULL, "(absent)", "(absent)"},
    {",\"1769936402.42\",\"note\"", NULL, "(absent)", "note"},
    {",\"peer\",\"1769936402.42\",7", NULL, "peer", "(absent)"},
    {",\"1769936402.42\",\"peer\",\"1769936402.42\",7", "1769936402.42:7", "peer", "(absent)"},
    {",\"note\",\"peer\",\"1769936402.42\",7", NULL, "peer", "note"},
    {",\"1769936402.42\",\"note\",\"peer\",\"1769936402.42\",7", "1769936402.42:7", "peer", "note"},
};

TEST(trap_sixteen_to_twenty_one_columns)
{
    struct format *f = make_format((struct format_options){
        .type = "asterisk-cdr",
        .map = LIST("customer=accountcode", "customer=peeraccount", "reason=userfield",
                    "duration=billsec", "outcome=disposition")});

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        char line[600];
        struct stream s;
        struct record r;

        snprintf(line, sizeof line, BASE "%s\n", tails[i].tail);
        stream_open(&s, f, at_the_edge(span_str(line)));
        if (next_record(&s, &r) != ST_OK)
            test_fail(__FILE__, __LINE__, "%s: %s", tails[i].tail, s.err.text);
        if (tails[i].id)
            CHECK_STR(text_of(&r, FIELD_ID), tails[i].id);
        else
            CHECK_INT(strspn(text_of(&r, FIELD_ID), "0123456789abcdef"), 16);
        CHECK_STR(text_of(&r, FIELD_CUSTOMER), tails[i].customer);
        CHECK_STR(text_of(&r, FIELD_REASON), tails[i].userfield);
        CHECK_INT(r.duration, 60);
        stream_close(&s);
    }
    format_free(f);
}

TEST(other_counts_and_broken_quotes_are_refused)
{
    static const struct {
        const char *line, *why;
    } bad[] = {
        {"\"a\",\"b\"\n", "columns: 2, expected 16 to 21"},
        {BASE ",\"1\",\"2\",\"3\",\"4\",5,6\n", "columns: 22, expected 16 to 21"},
        {BASE ",\"1769936402.42\",\"\n", "quote: never closed"},
        {BASE ",\"1\"2\n", "quote: text follows a closing quote"},
    };
    struct format *f = asterisk(NULL);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct stream s;

        stream_open(&s, f, at_the_edge(span_str(bad[i].line)));
        CHECK_INT(stream_next(&s), ST_BAD_INPUT);
        CHECK_STR(s.err.text, bad[i].why);
        CHECK_INT(s.rest.n, 0);
        stream_close(&s);
    }
    format_free(f);
}

TEST(listed_columns_are_all_there_is)
{
    struct format *f = asterisk(LIST("clid", "start", "billsec", "disposition", "accountcode",
                                     "uniqueid", "sequence", "lastapp", "lastdata", "other"));
    struct stream s;
    struct record r;

    stream_open(&s, f,
                SPAN("\"\"\"A B\"\" <77>\",\"2026-02-01 09:00:00\",\"5\",\"ANSWERED\",\"acme\","
                     "\"1.2\",\"3\",\"Page\",\"SIP/1&SIP/2,d\",\"x\"\n\"\",\"\"\n"));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_STR(text_of(&r, FIELD_ID), "1.2:3");
    CHECK_STR(text_of(&r, FIELD_PARTICIPANT), "77");
    CHECK_STR(text_of(&r, FIELD_PARTICIPANT_NAME), "A B");
    CHECK_STR(text_of(&r, FIELD_CONFERENCE), "SIP/1&SIP/2");
    CHECK_INT(r.duration, 5);
    CHECK_INT(next_record(&s, &r), ST_BAD_INPUT);
    CHECK_STR(s.err.text, "columns: 2, format has 10");
    stream_close(&s);
    format_free(f);
    CHECK(strncmp(refused_option((struct format_options){.type = "asterisk-cdr",
                                                         .columns = LIST("nothing", "known")}),
                  "columns: ", 9) == 0);
}

/* A call over the end of summer time, written in the server's local time. */
TEST(trap_a_call_over_the_end_of_summer_time_in_local_text)
{
    struct format *f = make_format(
        (struct format_options){.type = "asterisk-cdr",
                                .timezone = "Europe/Berlin",
                                .columns = LIST("accountcode", "start", "end", "billsec"),
                                .map = LIST("customer=accountcode", "duration=billsec")});
    struct stream s;
    struct record r;

    stream_open(&s, f, SPAN("\"a\",\"2025-10-26 02:59:00\",\"2025-10-26 02:01:00\",115\n"));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_INT(r.start, 1761440340); /* 00:59:00 UTC */
    CHECK_INT(r.duration, 115);
    stream_close(&s);
    format_free(f);
}

TEST(every_prefix_of_a_good_record_is_refused_or_smaller)
{
    static const char line[] = BASE ",\"1769936402.42\",\"note\",\"peer\",\"1769936402.42\",7\n";
    struct format *f = asterisk(NULL);

    for (size_t n = 1; n < sizeof line; n++) {
        struct stream s;
        enum status st;

        stream_open(&s, f, at_the_edge(span_of(line, n)));
        st = stream_next(&s);
        CHECK(st == ST_OK || st == ST_BAD_INPUT);
        CHECK(st == ST_BAD_INPUT || n > (size_t)(strrchr(BASE, ',') - BASE));
        CHECK_INT(s.rest.n, 0);
        stream_close(&s);
    }
    format_free(f);
}

/* Nothing is billed where there was no answer; the cell is empty, without quotes. */
TEST(trap_an_answer_that_never_came)
{
    EXPECT_LINES("asterisk-cdr",
                 SPAN("\"acme\",\"1\",\"8600\",\"x\",\"\",\"c\",\"\",\"ConfBridge\",\"1\","
                      "\"2026-02-01 09:00:00\",,\"2026-02-01 09:00:09\",9,0,\"CANCEL\","
                      "\"DOCUMENTATION\",\"1.2\",\"\",\"\",\"1.2\",3\n"),
                 "leg 2026-02-01T09:00:00Z+0 outcome=2 id=1.2:3 customer=acme conference=1 "
                 "participant=1 cause=CANCEL");
}

/* Seconds are cut from milliseconds, the stamps from both ends: they differ by one, or more. */
TEST(trap_what_is_billed_is_not_the_difference_of_the_stamps)
{
    EXPECT_LINES("asterisk-cdr",
                 SPAN("\"acme\",\"1\",\"8600\",\"x\",\"\",\"c\",\"\",\"ConfBridge\",\"1\","
                      "\"2026-02-01 09:00:00\",\"2026-02-01 09:00:01\",\"2026-02-01 09:00:09\",8,7,"
                      "\"ANSWERED\",\"DOCUMENTATION\",\"1.2\",\"\",\"\",\"1.2\",3\n"),
                 "leg 2026-02-01T09:00:00Z+7 id=1.2:3 customer=acme conference=1 participant=1");
}

#define CALL(src, clid, app, data, dstchannel, sequence)                                           \
    "\"acme\",\"" src "\",\"8600\",\"x\",\"" clid "\",\"c\",\"" dstchannel "\",\"" app             \
    "\",\"" data "\",\"2026-02-01 09:00:00\",\"2026-02-01 09:00:00\",\"2026-02-01 09:00:09\","     \
    "9,9,\"ANSWERED\",\"DOCUMENTATION\",\"1.2\",\"\",\"\",\"1.2\"," sequence "\n"
#define CALLED(conference, who, sequence)                                                          \
    "leg 2026-02-01T09:00:00Z+9 id=1.2:" sequence " customer=acme" conference who

/* A caller's name may hold one: the record goes on in the next line. */
TEST(trap_line_ends_inside_of_quotes)
{
    EXPECT_LINES("asterisk-cdr",
                 SPAN(CALL("1", "\"\"Ann\nEx\"\" <1>", "ConfBridge", "4711,b", "", "3")
                          CALL("1", "\"\"Ann\r\nEx\"\" <1>", "ConfBridge", "4711,b", "", "4")),
                 CALLED(" conference=4711", " participant=1 participant_name=Ann Ex", "3"),
                 CALLED(" conference=4711", " participant=1 participant_name=Ann  Ex", "4"));
}

TEST(trap_quotes_inside_of_quotes_are_doubled)
{
    EXPECT_LINES(
        "asterisk-cdr",
        SPAN(CALL("", "\"\"Cy, the \"\"\"\"third\"\"\"\"\"\" <2>", "MeetMe", "1|dM", "", "3")),
        CALLED(" conference=1", " participant=2 participant_name=Cy, the \"\"third\"\"", "3"));
}

#define ENDED(disposition)                                                                         \
    "\"acme\",\"1\",\"8600\",\"d\",\"\",\"c\",\"\",\"ConfBridge\",\"7\",\"2026-02-01 09:00:00\","  \
    ",\"2026-02-01 09:00:09\",9,0,\"" disposition                                                  \
    "\",\"DOCUMENTATION\",\"1.2\",\"\",\"\",\"1.2\",3\n"
#define MISSED(outcome, cause)                                                                     \
    "leg 2026-02-01T09:00:00Z+0 outcome=" outcome " id=1.2:3 customer=acme conference=7 "          \
    "participant=1 cause=" cause

TEST(trap_dispositions_have_words_of_their_own)
{
    EXPECT_LINES("asterisk-cdr",
                 SPAN(ENDED("NO ANSWER") ENDED("BUSY") ENDED("CANCEL") ENDED("FAILED")
                          ENDED("CONGESTION") ENDED("UNKNOWN")),
                 MISSED("2", "NO ANSWER"), MISSED("2", "BUSY"), MISSED("2", "CANCEL"),
                 MISSED("1", "FAILED"), MISSED("1", "CONGESTION"), MISSED("1", "UNKNOWN"));
}

/* A file is written record by record: what has no line end yet is the beginning of one. */
TEST(trap_a_record_without_its_line_end_is_waited_for)
{
    static const char text[] = CALL("1", "\"\"Ann\nEx\"\" <1>", "ConfBridge", "7,b", "", "3");
    struct format *f = shipped_format("asterisk-cdr");

    for (size_t n = 1; n < sizeof text - 1; n++)
        CHECK_INT(format_parser(f)->cut(f, at_the_edge(span_of(text, n)), MAX_FRAME, false), 0);
    CHECK_INT(format_parser(f)->cut(f, SPAN(text), MAX_FRAME, false), sizeof text - 1);
    format_free(f);
}

TEST(trap_records_of_one_call_share_their_uniqueid)
{
    EXPECT_LINES(
        "asterisk-cdr",
        SPAN(CALL("1", "", "ConfBridge", "7", "", "3") CALL("1", "", "ConfBridge", "7", "", "4")),
        CALLED(" conference=7", " participant=1", "3"),
        CALLED(" conference=7", " participant=1", "4"));
}

/* The id of a record without a sequence is its text: Asterisk writes it again into the account's
 * own file. A record that names neither call nor channel is like others by chance. */
TEST(trap_without_a_sequence_the_same_line_is_the_same_record)
{
    static const char other[] = BASE ",\"1769936402.43\"\n";
    struct format *f = asterisk(NULL);
    struct format *g = asterisk(LIST("accountcode", "start", "billsec"));
    char first[200], again[200];
    struct stream s;
    struct record r;

    stream_open(&s, f, SPAN(BASE ",\"1769936402.42\"\n" BASE ",\"1769936402.42\"\n"));
    CHECK_INT(next_record(&s, &r), ST_OK);
    snprintf(first, sizeof first, "%s", text_of(&r, FIELD_ID));
    CHECK_INT(next_record(&s, &r), ST_OK);
    snprintf(again, sizeof again, "%s", text_of(&r, FIELD_ID));
    CHECK_STR(first, again);
    stream_close(&s);
    stream_open(&s, f, span_str(other));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK(strcmp(first, text_of(&r, FIELD_ID)) != 0);
    stream_close(&s);
    stream_open(&s, g, SPAN("\"a\",\"2026-02-01 09:00:00\",\"60\"\n"));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_STR(text_of(&r, FIELD_ID), "(absent)");
    stream_close(&s);
    format_free(f);
    format_free(g);
}

/* What was put through to somebody, or was to be, is no conference, unless the map says so. */
TEST(calls_of_two_parties_are_left_out_unless_the_map_gives_them_a_conference)
{
    struct format_options o = {.type = "asterisk-cdr",
                               .map = LIST("customer=accountcode", "conference=dst",
                                           "duration=billsec", "participant=src")};

    EXPECT_LINES("asterisk-cdr", SPAN(CALL("1", "", "Dial", "PJSIP/2,20", "PJSIP/2-1", "3")),
                 "ignored: call of two parties");
    EXPECT_LINES("asterisk-cdr", SPAN(CALL("1", "", "Queue", "help", "", "3")),
                 "ignored: call of two parties");
    EXPECT_LINES("asterisk-cdr", SPAN(CALL("1", "", "", "", "PJSIP/2-1", "3")),
                 "ignored: call of two parties");
    EXPECT_LINES("asterisk-cdr", SPAN(CALL("1", "", "Hangup", "", "", "3")),
                 CALLED("", " participant=1", "3"));
    EXPECT_LINES("asterisk-cdr", SPAN(CALL("1", "", "confbridge", "7", "PJSIP/2-1", "3")),
                 CALLED(" conference=7", " participant=1", "3"));
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN(CALL("1", "", "Dial", "PJSIP/2,20", "PJSIP/2-1", "3")),
                    LIST(CALLED(" conference=8600", " participant=1", "3")));
}

/* cdr_custom's advanced mappings: other separators and quotes, some or none. */
TEST(separated_values_as_cdr_custom_may_write_them)
{
#define COLUMNS                                                                                    \
    .columns = LIST("accountcode", "clid", "start", "billsec", "lastapp", "lastdata", "uniqueid",  \
                    "sequence", "tenantid"),                                                       \
    .map = LIST("customer=tenantid", "duration=billsec")
    static const char wanted[] = "leg 2026-02-01T09:00:00Z+9 id=1.2:3 customer=t1 conference=7 "
                                 "participant=1 participant_name=A";
    struct format_options all = {.type = "asterisk-cdr", .separator = ";", .quote = "'", COLUMNS};
    struct format_options some = {.type = "asterisk-cdr", .separator = "\\t", COLUMNS};
    struct format_options none = {.type = "asterisk-cdr", .separator = "|", .quote = "", COLUMNS};

    expect_lines_at(__FILE__, __LINE__, make_format(all),
                    SPAN("'a';'\"A\" <1>';'2026-02-01 09:00:00';'9';'ConfBridge';'7,b';'1.2';'3';"
                         "'t1'\n"),
                    LIST(wanted));
    expect_lines_at(__FILE__, __LINE__, make_format(some),
                    SPAN("\"a\"\t\"\"\"A\"\" <1>\"\t\"2026-02-01 09:00:00\"\t9\t\"ConfBridge\"\t"
                         "\"7\"\t\"1.2\"\t3\t\"t1\"\n"),
                    LIST(wanted));
    expect_lines_at(__FILE__, __LINE__, make_format(none),
                    SPAN("a|\"A\" <1>|2026-02-01 09:00:00|9|ConfBridge|7,b|1.2|3|t1\n"),
                    LIST(wanted));
}

/* The mapping of the sample configuration: other columns, and numbers in quotes as well. */
TEST(trap_cdr_custom_has_another_order_and_quotes_numbers)
{
    EXPECT_LINES("asterisk-cdr-custom",
                 SPAN("\"\"\"A\"\" <1>\",\"1\",\"8600\",\"d\",\"c\",\"\",\"ConfBridge\",\"7,b\","
                      "\"2026-02-01 09:00:00\",\"2026-02-01 09:00:00\",\"2026-02-01 09:00:09\","
                      "\"9\",\"9\",\"ANSWERED\",\"3\",\"acme\",\"1.2\",\"note\",\"3\"\n"),
                 "leg 2026-02-01T09:00:00Z+9 id=1.2:3 customer=acme conference=7 participant=1 "
                 "participant_name=A");
}

TEST(objects_as_cdr_custom_may_write_them)
{
    EXPECT_LINES("asterisk-cdr-custom",
                 SPAN("{\"clid\":\"\\\"A\\\" <1>\",\"start\":\"2026-02-01 09:00:00\",\"billsec\":9,"
                      "\"disposition\":\"ANSWERED\",\"lastapp\":\"ConfBridge\",\"lastdata\":"
                      "\"7,b\",\"accountcode\":\"acme\",\"uniqueid\":\"1.2\",\"sequence\":3}\n"
                      "{\"clid\":\n"),
                 "leg 2026-02-01T09:00:00Z+9 id=1.2:3 customer=acme conference=7 participant=1 "
                 "participant_name=A",
                 "refused: not JSON: it ends too early");
}

TEST(objects_and_lines_are_cut_alike)
{
    static const char text[] =
        "{\"clid\":\"a\",\"b\":\"c\"}\n" BASE "\n{\"x\":\"\\\"\"}\n" BASE "\n";
    struct format *f = asterisk(NULL);
    size_t frames = 0;

    for (struct span rest = SPAN(text); rest.n > 0; frames++) {
        const char *nl = memchr(rest.p, '\n', rest.n);
        size_t line = (size_t)(nl - rest.p) + 1;

        CHECK_INT(format_parser(f)->cut(f, span_of(rest.p, line - 1), MAX_FRAME, false), 0);
        CHECK_INT(format_parser(f)->cut(f, span_of(rest.p, line), MAX_FRAME, false), line);
        rest = span_of(nl + 1, rest.n - line);
    }
    CHECK_INT(frames, 4);
    format_free(f);
}

/* Real captures and another project's test input, where they are at hand. */
TEST(records_that_asterisk_wrote)
{
#define TEST_USER                 " participant=test participant_name=Test User"
#define FIFTH(outcome, cause, id) "leg 2009-01-14T23:51:15Z+" outcome " id=" id TEST_USER cause
    EXPECT_LINES("asterisk-cdr", outside_sample("asterisk_cdr_csv/sample1.csv"),
                 "leg 2010-04-02T00:26:32Z+7 id=6987f468d71196be",
                 "leg 2010-04-02T00:34:02Z+7 id=d9b12ade8ea2e2e0");
    EXPECT_LINES("asterisk-cdr", outside_sample("asterisk_cdr_csv/sample2.csv"),
                 FIFTH("5", "", "77c561778cd6289e"), FIFTH("7", "", "41bc7b9609e6fb9f"),
                 FIFTH("0 outcome=1", " cause=FAILED", "fcd0e4aeda092e7a"),
                 FIFTH("0 outcome=2", " cause=NO ANSWER", "c3f0c42fa7980be3"),
                 FIFTH("0 outcome=2", " cause=BUSY", "4561a62271624b89"));
    EXPECT_LINES("asterisk-cdr", outside_sample("asterisk_cdr_csv/sample3.csv"),
                 "refused: quote: never closed");
}
