/*
 * test_described.c - formats described without C: documents, positions, joined columns, units.
 */
#include "parsing.h"

#define CHECK_CONTAINS(got, part)                                                                  \
    do {                                                                                           \
        const char *got_ = (got);                                                                  \
        if (!strstr(got_, (part)))                                                                 \
            test_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\"", (part), got_);                \
    } while (0)

/* What the next record says, as "field=text field=text"; or why it is none. */
static const char *
next_said(struct stream *s)
{
    static char text[2048];
    struct record r;
    struct error err = {.text = ""};
    enum status st = stream_next(s);
    size_t n = 0;

    if (st != ST_OK) {
        snprintf(text, sizeof text, "%s", st == ST_NOT_FOUND || st == ST_SKIP ? "" : s->err.text);
        return text;
    }
    st = record_from_fields(s->f, &test_context, &s->fields, &s->mem, &r, &err);
    if (st != ST_OK) {
        snprintf(text, sizeof text, "%s", err.text);
        return text;
    }
    for (int f = 0; f < FIELD_COUNT; f++)
        if (r.has & FIELD_BIT(f) && r.text[f].n > 0 && f != FIELD_FEATURES)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s=%.*s", n ? " " : "",
                                  field_name((enum field)f), SPAN_ARG(r.text[f]));
    for (uint32_t i = 0; i < r.feature_count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s",
                              i ? ";" : " features=", SPAN_ARG(r.features[i]));
    CHECK_INT(r.has >> FIELD_COUNT, 0);
    return text;
}

/* The records of a text one after the other; `want` ends with NULL. */
static void
says(struct format_options o, const char *text, const char *const *want)
{
    struct format *f = make_format(o);
    struct stream s;

    stream_open(&s, f, at_the_edge(span_str(text)));
    for (; *want; want++)
        CHECK_STR(next_said(&s), *want);
    CHECK_INT(s.rest.n, 0);
    stream_close(&s);
    format_free(f);
}

#define REPORT                                                                                     \
    "<report switch='S1'><day date='2026-03-01'>"                                                  \
    "<call id='1'><times><begin>2026-03-01T09:00:00Z</begin></times><customer>a</customer>"        \
    "<used><f>video</f><f/><f>chat</f></used></call>"                                              \
    "<call id='2' customer='b'><times/><times><begin>2026-03-01T09:01:00Z</begin></times>"         \
    "<used><f>dial;rec</f></used></call></day>"                                                    \
    "<day date='2026-03-02'><call id='3'><customer>c</customer></call></day></report>"

TEST(xml_records_are_elements_and_values_are_paths)
{
    const struct format_options o = {
        .type = "xml",
        .records = "report/day/call",
        .map = LIST("id=@id", "start=times/begin", "start=../@date", "source=/report/@switch",
                    "features=used/f"),
        .time_format = "auto",
    };

    says(o, REPORT,
         LIST("id=1 source=S1 customer=a start=2026-03-01T09:00:00Z features=video;chat",
              "id=2 source=S1 customer=b start=2026-03-01T09:01:00Z features=dial;rec",
              "start: not a time"));
}

TEST(xml_that_is_something_else_is_refused_with_the_reason)
{
    const struct format_options o = {.type = "xml", .records = "report/call"};

    says(o, "<reports><call/></reports>", LIST("xml: <reports> where <report> is expected"));
    says(o, "<report><call><start>1772355600</start>", LIST("xml: no element found"));
    says(o, "<!DOCTYPE report [<!ENTITY e 'x'>]><report><call/></report>",
         LIST("xml: a document type is not allowed"));
    says(o, "<report><day/></report>", LIST("no record in the document"));
    says(o, "\xEF\xBB\xBF<report><call customer='a' start='1772355600'/></report>",
         LIST("customer=a start=1772355600"));
}

#define CALLS                                                                                      \
    "{\"system\":\"S1\",\"report\":{\"meeting\":{\"id\":7},\"calls\":["                            \
    "{\"id\":1,\"who\":{\"account\":\"a\"},\"start\":1772355600,\"used\":[\"video\",\"chat\"]},"   \
    "{\"id\":2,\"who\":{\"account\":\"b\"},\"start\":1772355601,\"used\":\"dial;rec\","            \
    "\"tries\":[{\"wait\":3},{\"wait\":4}]},7]}}"

TEST(json_records_lie_in_an_array_inside)
{
    const struct format_options o = {
        .type = "json",
        .records = "report.calls",
        .map = LIST("customer=who.account", "conference=^.meeting.id", "source=$.system",
                    "features=used", "wait=tries.1.wait"),
    };

    says(o, CALLS,
         LIST("id=1 source=S1 customer=a conference=7 start=1772355600 features=video;chat",
              "id=2 source=S1 customer=b conference=7 start=1772355601 wait=4 features=dial;rec",
              "json: a record is no object"));
}

TEST(arrays_on_the_way_to_json_records_are_gone_through)
{
    const struct format_options o = {
        .type = "json",
        .records = "days.calls",
        .map = LIST("customer=c", "start=^.day", "source=^.^.s"),
        .time_format = "%Y-%m-%d",
    };

    says(o,
         "\xEF\xBB\xBF [{\"s\":1,\"days\":[{\"day\":\"2026-02-01\",\"calls\":[{\"c\":\"a\"},"
         "{\"c\":\"b\"}]},{\"day\":\"2026-02-02\",\"calls\":{\"c\":\"d\"}},{\"calls\":[]}]},"
         "{\"days\":null}] {\"days\":[{}]}\n{\"days\":",
         LIST("source=1 customer=a start=2026-02-01", "source=1 customer=b start=2026-02-01",
              "source=1 customer=d start=2026-02-02", "no record in the document",
              "not JSON: it ends too early"));
}

TEST(fixed_columns_stand_at_their_bytes)
{
    const struct format_options o = {
        .type = "fixed",
        .columns =
            LIST("date:1-8", "time:10-13", "account:15-20", "secs:22-25", "flag:26", "reason: 28-"),
        .map = LIST("customer=account", "duration=secs", "state=flag"),
        .join = LIST("start=date+time"),
        .units = LIST("duration=tenths"),
        .time_format = "%Y%m%d %H%M",
    };

    says(o,
         "20260301 0900 acme   0015X the end  \r\n"
         "20260301 0901 beta      7Y\n"
         "\n"
         "20260301 0901 beta  \n"
         "20260301 9901 beta      7Y",
         LIST("customer=acme start=20260301 0900 duration=0015 reason=the end state=X",
              "customer=beta start=20260301 0901 duration=7 state=Y", "",
              "line: 20 bytes, column secs ends at 25", "start: not a time"));
}

TEST(a_field_can_be_made_of_several_columns_in_every_type)
{
    const char *const want[] = {"id=s1:7 customer=a start=01.02.2026 09:00 resource=7",
                                "id=s1: customer=b start=01.02.2026 09:00", NULL};
    struct format_options o = {
        .map = LIST("customer=c", "resource=n"),
        .join = LIST("start=d+t", "id=sw+n"),
        .time_format = "%d.%m.%Y %H:%M",
    };

    o.type = "csv";
    says(o, "c,d,t,sw,n\na, 01.02.2026 ,09:00,s1,7\nb,01.02.2026,09:00,\"s1\",\n", want);
    o.type = "ndjson";
    says(o,
         "{\"c\":\"a\",\"d\":\"01.02.2026\",\"t\":\"09:00\",\"sw\":\"s1\",\"n\":7}\n"
         "{\"c\":\"b\",\"d\":\"01.02.2026\",\"t\":\"09:00\",\"sw\":\"s1\"}\n",
         want);
    o.type = "regex";
    o.pattern = "^(?<c>\\w) (?<d>\\S+) (?<t>\\S+) (?<sw>\\S+) ?(?<n>\\S*)$";
    says(o, "a 01.02.2026 09:00 s1 7\nb 01.02.2026 09:00 s1\n", want);
    o.type = "json";
    says(o,
         "[{\"c\":\"a\",\"d\":\"01.02.2026\",\"t\":\"09:00\",\"sw\":\"s1\",\"n\":7},"
         "{\"c\":\"b\",\"d\":\"01.02.2026\",\"t\":\"09:00\",\"sw\":\"s1\"}]",
         want);
    o.type = "xml";
    o.records = "r/x";
    says(o,
         "<r><x><c>a</c><d>01.02.2026</d><t>09:00</t><sw>s1</sw><n>7</n></x>"
         "<x><c>b</c><d>01.02.2026</d><t>09:00</t><sw>s1</sw></x></r>",
         want);
}

TEST(what_a_join_is_made_of_need_not_be_there)
{
    const struct format_options o = {.type = "csv",
                                     .columns = LIST("customer", "start", "a", "b", "id"),
                                     .join = LIST("id=a+b")};

    says(o, "c,1772355600,,,\nc,1772355600,,x,\nc,1772355600,,,own\n",
         LIST("customer=c start=1772355600", "id=:x customer=c start=1772355600",
              "id=own customer=c start=1772355600"));
}

/* The id of a person in the records of who was there, say. */
TEST(trap_a_column_is_called_like_a_field_that_is_made_of_others)
{
    const struct format_options o = {
        .type = "ndjson", .join = LIST("id=user+joined"), .map = LIST("start=joined")};

    says(o,
         "{\"id\":\"P1\",\"user\":\"7\",\"joined\":\"1772355600\",\"customer\":\"c\"}\n"
         "{\"user\":\"7\",\"id\":\"P1\",\"joined\":\"1772355700\",\"customer\":\"c\"}\n",
         LIST("id=7:1772355600 customer=c start=1772355600",
              "id=7:1772355700 customer=c start=1772355700"));
}

TEST(a_joined_start_is_not_taken_from_the_envelope)
{
    const struct format_options o = {.type = "fixed",
                                     .envelope = "syslog",
                                     .columns = LIST("d:1-10", "t:12-16", "customer:18-"),
                                     .join = LIST("start=d+t"),
                                     .map = LIST("source=SYSLOG_HOST"),
                                     .time_format = "%Y-%m-%d %H:%M"};

    says(o, "<13>1 2026-03-01T10:00:00Z pbx app - - - 2026-03-01 09:00 acme\n",
         LIST("source=pbx customer=acme start=2026-03-01 09:00"));
}

TEST(lengths_of_time_are_read_in_their_units)
{
    static const struct {
        const char *unit, *text;
        long seconds; /* -1: refused */
    } cases[] = {
        {"seconds", "90.7", 90},      {"milliseconds", "1999", 1}, {"milliseconds", "0.5", 0},
        {"minutes", "2", 120},        {"minutes", "1.55", 93},     {"minutes", "1,5", 90},
        {"tenths", "15", 90},         {"clock", "1:02:03", 3723},  {"clock", "62:03", 3723},
        {"clock", "0:00:59.9", 59},   {"clock", "45", 45},         {"iso", "PT1H2M3.5S", 3723},
        {"iso", "P1DT1S", 86401},     {"iso", "PT0S", 0},          {"clock", "1:60:00", -1},
        {"clock", "1:2:3:4", -1},     {"clock", "1.5:00", -1},     {"minutes", "-1", -1},
        {"minutes", "1h", -1},        {"iso", "P1Y", -1},          {"iso", "PT", -1},
        {"iso", "PT3S1M", -1},        {"iso", "P1M", -1},          {"minutes", "99999999999", -1},
        {"clock", "99999:00:00", -1}, {"tenths", "1e3", -1},       {"iso", "PT1", -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char unit[40], line[80];
        struct format *f;
        struct stream s;
        struct record r;
        enum status st;

        snprintf(unit, sizeof unit, "wait=%s", cases[i].unit);
        snprintf(line, sizeof line, "a;1772355600;%s\n", cases[i].text);
        f = make_format((struct format_options){.type = "csv",
                                                .separator = ";",
                                                .columns = LIST("customer", "start", "wait"),
                                                .units = LIST(unit)});
        stream_open(&s, f, span_str(line));
        CHECK_INT(stream_next(&s), ST_OK);
        st = record_from_fields(f, &test_context, &s.fields, &s.mem, &r, &s.err);
        if (cases[i].seconds < 0 ? st != ST_BAD_INPUT : st != ST_OK || r.wait != cases[i].seconds)
            test_fail(__FILE__, __LINE__, "%s \"%s\": %u, %s", cases[i].unit, cases[i].text, r.wait,
                      st == ST_OK ? "read" : s.err.text);
        stream_close(&s);
        format_free(f);
    }
}

/* What the one record of this text is, at a moment. */
static enum status
record_at(struct format_options o, const char *text, struct mapping_context at, struct record *r,
          struct error *err)
{
    struct format *f = make_format(o);
    struct stream s;
    enum status st;

    stream_open(&s, f, at_the_edge(span_str(text)));
    st = stream_next(&s);
    CHECK_INT(st, ST_OK);
    st = record_from_fields(f, &at, &s.fields, &s.mem, r, err);
    stream_close(&s);
    return st;
}

TEST(trap_a_clock_without_a_day_is_of_the_day_on_which_its_record_came)
{
    static const int64_t noon = 1772366400, night = 1772319660; /* 13:00 and 00:01 in Berlin */
    const struct {
        int64_t arrived;
        const char *text;
        int64_t end;
    } cases[] = {
        {noon, "1200", noon - 3600},
        {noon, "1300", noon},
        {noon, "1304", noon + 240}, /* its clock is fast */
        {noon, "1306", noon + 360 - 86400},
        {night, "2359", night - 120},
        {night, "0001", night},
    };
    const struct format_options o = {.type = "csv",
                                     .columns = LIST("customer", "end", "duration"),
                                     .time_format = "%H%M",
                                     .timezone = "Europe/Berlin"};
    struct error err = {.text = ""};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mapping_context at = test_context;
        char line[64];
        struct record r;

        at.now = at.arrived = cases[i].arrived;
        snprintf(line, sizeof line, "acme,%s,600\n", cases[i].text);
        CHECK_INT(record_at(o, line, at, &r, &err), ST_OK);
        CHECK_INT(r.start, cases[i].end - 600);
    }
}

TEST(a_clock_without_a_day_says_nothing_where_nobody_knows_when_it_came)
{
    const struct format_options o = {
        .type = "csv", .columns = LIST("customer", "start"), .time_format = "%H:%M"};
    struct error err = {.text = ""};
    struct record r;

    CHECK_INT(record_at(o, "acme,09:00\n", test_context, &r, &err), ST_BAD_INPUT);
    CHECK_STR(err.text, "start: has no day, and when the record came is not known");
}

TEST(a_star_stands_for_all_words_that_are_not_listed)
{
    struct format_options o = {.type = "csv",
                               .columns = LIST("customer", "start", "outcome", "kind"),
                               .outcome = LIST("16=ok", "17=rejected", "*=failed"),
                               .kind = LIST("entered=join", "*=ignore")};
    static const char longer[] = "a,1772355600,a word that is longer than any word there is,leg";
    struct error err = {.text = ""};
    struct record r;

    CHECK_INT(record_at(o, "a,1772355600,17,leg\n", test_context, &r, &err), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_REJECTED);
    CHECK_INT(record_at(o, "a,1772355600,99,leg\n", test_context, &r, &err), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_FAILED);
    CHECK_INT(record_at(o, longer, test_context, &r, &err), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_FAILED);
    CHECK_INT(record_at(o, "a,1772355600,,leg\n", test_context, &r, &err), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_OK); /* it says nothing */
    CHECK_INT(record_at(o, "a,1772355600,16,entered\n", test_context, &r, &err), ST_OK);
    CHECK_INT(r.kind, KIND_JOIN);
    CHECK_INT(record_at(o, "a,1772355600,16,muted\n", test_context, &r, &err), ST_IGNORE);
    CHECK_STR(err.text, "kind: others are left out by the format"); /* one reason for all */
    o.kind = LIST("entered=join");
    CHECK_INT(record_at(o, "a,1772355600,16,muted\n", test_context, &r, &err), ST_BAD_INPUT);
}

TEST(lines_may_have_more_columns_than_are_listed_where_a_star_says_so)
{
    struct format_options o = {.type = "csv", .columns = LIST("customer", "x", "start", "*")};

    says(o, "a,,1772355600\na,,1772355600,\na,,1772355600,7,\"8,9\",10\n\"a\",,1772355600,7,8\n",
         LIST("customer=a start=1772355600", "customer=a start=1772355600",
              "customer=a start=1772355600", "customer=a start=1772355600"));
    o.columns = LIST("customer", "x", "start");
    says(o, "a,,1772355600,7\n", LIST("columns: 4, format has 3"));
}

TEST(what_cannot_be_meant_is_said_at_the_start)
{
    struct format_options fixed = {.type = "fixed"}, csv = {.type = "csv"}, json = {.type = "json"},
                          xml = {.type = "xml"};

    CHECK_CONTAINS(refused_option(fixed), "columns: expected");
    fixed.columns = LIST("start:0-3");
    CHECK_CONTAINS(refused_option(fixed), "columns: \"start:0-3\"");
    fixed.columns = LIST("start:9-3");
    CHECK_CONTAINS(refused_option(fixed), "columns: \"start:9-3\"");
    fixed.columns = LIST("other:1-3");
    CHECK_CONTAINS(refused_option(fixed), "none of them feeds a field");
    fixed.columns = LIST("start:1-3");
    fixed.map = LIST("customer=who");
    CHECK_CONTAINS(refused_option(fixed), "map: there is no column called \"who\"");
    csv.join = LIST("id=a++b");
    CHECK_CONTAINS(refused_option(csv), "join: \"id=a++b\" has a part");
    csv.join = LIST("id=a+b", "id=c+d");
    CHECK_CONTAINS(refused_option(csv), "join: id is made twice");
    csv.join = LIST("id=a+b+c+d+e+f+g+h+i");
    CHECK_CONTAINS(refused_option(csv), "join: more than 8");
    csv.join = LIST("features=a+b");
    CHECK_CONTAINS(refused_option(csv), "join: features is a list");
    csv.join = LIST("id=a+b");
    csv.map = LIST("id=x");
    CHECK_CONTAINS(refused_option(csv), "join: id is mapped, too");
    csv.join = NULL;
    csv.units = LIST("duration=hours");
    CHECK_CONTAINS(refused_option(csv), "units: \"duration=hours\"");
    csv.units = LIST("start=minutes");
    CHECK_CONTAINS(refused_option(csv), "units: start is no length of time");
    json.records = "a..b";
    CHECK_CONTAINS(refused_option(json), "records: \"a..b\" has a step without a name");
    json.records = "$.a";
    CHECK_CONTAINS(refused_option(json), "records: \"$.a\" begins at");
    json.records = "a";
    json.map = LIST("id=^.");
    CHECK_CONTAINS(refused_option(json), "map: \"^.\"");
    xml.records = "a/@b";
    CHECK_CONTAINS(refused_option(xml), "records: an attribute is no record");
}
