/*
 * test_asterisk_cdr.c - Asterisk's call detail records, by its column counts and its habits.
 */
#include "parsing.h"

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

    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_STR(text_of(&r, FIELD_CONFERENCE), "(absent)");
    CHECK_STR(text_of(&r, FIELD_PARTICIPANT_NAME), "Cy, the \"\"third\"\"");
    CHECK_STR(text_of(&r, FIELD_CAUSE), "NO ANSWER");
    CHECK_INT(r.outcome, OUTCOME_REJECTED);
    CHECK_INT(r.duration, 0);

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

/* What stands behind the sixteen columns, and the id, customer and reason that come of it. */
static const struct {
    const char *tail, *id, *customer, *userfield;
} tails[] = {
    {"", "(absent)", "(absent)", "(absent)"},
    {",\"1769936402.42\"", "(absent)", "(absent)", "(absent)"},
    {",\"pbx-1769936402.42\"", "(absent)", "(absent)", "(absent)"},
    {",\"my note\"", "(absent)", "(absent)", "my note"},
    {",\"17.x\"", "(absent)", "(absent)", "17.x"},
    {",\"a-b-17.1\"", "(absent)", "(absent)", "a-b-17.1"},
    {",\".1\"", "(absent)", "(absent)", ".1"},
    {",\"1.\"", "(absent)", "(absent)", "1."},
    {",\"\"", "(absent)", "(absent)", "(absent)"},
    {",\"1769936402.42\",\"note\"", "(absent)", "(absent)", "note"},
    {",\"peer\",\"1769936402.42\",7", "(absent)", "peer", "(absent)"},
    {",\"1769936402.42\",\"peer\",\"1769936402.42\",7", "1769936402.42:7", "peer", "(absent)"},
    {",\"note\",\"peer\",\"1769936402.42\",7", "(absent)", "peer", "note"},
    {",\"1769936402.42\",\"note\",\"peer\",\"1769936402.42\",7", "1769936402.42:7", "peer", "note"},
};

TEST(sixteen_to_twenty_one_columns)
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
        CHECK_STR(text_of(&r, FIELD_ID), tails[i].id);
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
TEST(a_call_over_the_end_of_summer_time)
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

/* Real captures and another project's test input, where they are at hand. */
TEST(records_that_asterisk_wrote)
{
    static const struct {
        const char *path;
        int ok, bad;
    } files[] = {
        {"shared/formats/asterisk_cdr_csv/sample1.csv", 2, 0},
        {"shared/formats/asterisk_cdr_csv/sample2.csv", 5, 0},
        {"shared/formats/asterisk_cdr_csv/sample3.csv", 0, 1},
    };
    struct format *f = asterisk(NULL);

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = test_beside(files[i].path);
        struct stream s;
        struct record r;
        int ok = 0, bad = 0;

        if (!path)
            test_skip("no %s", files[i].path);
        stream_open(&s, f, read_whole(path));
        while (s.rest.n > 0) {
            enum status st = next_record(&s, &r);

            ok += st == ST_OK;
            bad += st == ST_BAD_INPUT;
        }
        CHECK_INT(ok, files[i].ok);
        CHECK_INT(bad, files[i].bad);
        stream_close(&s);
    }
    format_free(f);
}
