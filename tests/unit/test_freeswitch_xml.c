/*
 * test_freeswitch_xml.c - mod_xml_cdr's records, and the ways in which they come.
 */
#include "format_lines.h"

#define LEG                                                                                        \
    "leg 2026-03-01T09:00:00Z+1800 id=3da8bf84-0001 customer=acme conference=8b1c-77 "             \
    "conference_name=4711-example.org participant=1001 "                                           \
    "participant_name=Ann M\xC3\xBCller & 50%25 "                                                  \
    "cause=NORMAL_CLEARING features=video direction=inbound leg=3da8bf84-0001"

/* As text/xml, encode=true, base64, and with encode=false: "cdr=" before what is not encoded. */
TEST(a_leg_in_each_of_its_encodings)
{
    EXPECT_LINES("freeswitch-xml", own_sample("freeswitch-xml/leg.xml"), LEG);
    EXPECT_LINES("freeswitch-xml", own_sample("freeswitch-xml/leg.form"), LEG);
    EXPECT_LINES("freeswitch-xml", own_sample("freeswitch-xml/leg.base64"), LEG);
    EXPECT_LINES("freeswitch-xml", own_sample("freeswitch-xml/leg.plain"), LEG);
}

TEST(trap_files_with_encoded_content)
{
    struct span base64 = own_sample("freeswitch-xml/leg.base64");
    struct span form = own_sample("freeswitch-xml/leg.form");

    EXPECT_LINES("freeswitch-xml", span_of(base64.p + 4, base64.n - 4), LEG);
    EXPECT_LINES("freeswitch-xml", span_of(form.p + 4, form.n - 4), LEG);
}

static void
expect_reason(struct span text, const char *name, const char *wanted)
{
    char map[64];
    struct format_options o = {.type = "freeswitch-xml", .map = LIST("customer=uuid", map)};
    struct format *f;
    struct stream s;

    snprintf(map, sizeof map, "reason=%s", name);
    f = make_format(o);
    stream_open(&s, f, text);
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_SPAN(s.fields.v[FIELD_REASON], wanted);
    stream_close(&s);
    format_free(f);
}

TEST(trap_names_of_elements_with_undeclared_prefixes)
{
    expect_reason(own_sample("freeswitch-xml/leg.xml"), "nolocal:req_uuid", "r-1");
}

TEST(trap_several_values_are_repeated_elements)
{
    expect_reason(own_sample("freeswitch-xml/leg.xml"), "DP_MATCH", "4711");
}

/* Decoded in both ways of coming: a form is encoded twice. */
TEST(trap_variables_are_percent_encoded_and_caller_profiles_are_not)
{
    expect_reason(own_sample("freeswitch-xml/leg.xml"), "my_note", "50% \\ \"so\" + more");
    expect_reason(own_sample("freeswitch-xml/leg.form"), "my_note", "50% \\ \"so\" + more");
    expect_reason(own_sample("freeswitch-xml/leg.xml"), "caller_id_name",
                  "Ann M\xC3\xBCller & 50%25");
}

#define CDR(variables) SPAN("<cdr><variables><uuid>u</uuid>" variables "</variables></cdr>")

/* A value that begins with "<!" is written as it is, and then the whole is no XML. */
TEST(trap_values_that_were_not_escaped_are_refused)
{
    EXPECT_LINES("freeswitch-xml", CDR("<a><!x></a>"),
                 "refused: xml: not well-formed (invalid token)");
    EXPECT_LINES("freeswitch-xml",
                 SPAN("<!DOCTYPE cdr [<!ENTITY a \"b\">]><cdr><variables><uuid>&a;</uuid>"
                      "</variables></cdr>"),
                 "refused: xml: a document type is not allowed");
}

TEST(trap_a_file_that_is_still_being_written)
{
    struct format *f = shipped_format("freeswitch-xml");
    struct span leg = own_sample("freeswitch-xml/leg.xml");

    for (size_t n = 1; n < leg.n - 1; n += 7)
        CHECK_INT(format_parser(f)->cut(f, at_the_edge(span_of(leg.p, n)), MAX_FRAME, false), 0);
    CHECK_INT(format_parser(f)->cut(f, leg, MAX_FRAME, false), leg.n - 1);
    format_free(f);
    leg.n = (size_t)((const char *)memmem(leg.p, leg.n, "<callflow", 9) - leg.p);
    EXPECT_LINES("freeswitch-xml", leg, "refused: xml: no element found");
}

TEST(trap_zero_means_never)
{
    EXPECT_LINES("freeswitch-xml",
                 CDR("<accountcode>a</accountcode><start_epoch>1772355600</start_epoch>"
                     "<answer_epoch>0</answer_epoch><end_epoch>1772355610</end_epoch>"
                     "<billsec>0</billsec><hangup_cause>NO_ANSWER</hangup_cause>"),
                 "leg 2026-03-01T09:00:00Z+0 outcome=2 id=u customer=a cause=NO_ANSWER leg=u");
}

TEST(trap_the_first_callflow_is_the_newest)
{
#define FLOW(number, created, answered)                                                            \
    "<callflow><caller_profile><caller_id_number>" number "</caller_id_number></caller_profile>"   \
    "<times><created_time>" created "</created_time><answered_time>" answered "</answered_time>"   \
    "<hangup_time>1772355610000000</hangup_time></times></callflow>"
    EXPECT_LINES("freeswitch-xml",
                 SPAN("<cdr><variables><uuid>u</uuid><billsec>0</billsec></variables>" FLOW(
                     "2", "1772355600250413", "0") FLOW("1", "1772355500000000", "0") "</cdr>"),
                 "leg 2026-03-01T09:00:00Z+0 outcome=2 id=u participant=2 leg=u");
}

/* "M\xC3\xBCller" as decimal and as hexadecimal numbers, "&" as its name. */
TEST(trap_what_is_not_ascii_is_written_as_its_number)
{
    EXPECT_LINES("freeswitch-xml",
                 SPAN("<cdr><variables><uuid>u</uuid><start_epoch>1772355600</start_epoch>"
                      "<billsec>9</billsec></variables><callflow><caller_profile>"
                      "<caller_id_name>M&#252;ller &amp; M&#xFC;ller</caller_id_name>"
                      "<caller_id_number>1</caller_id_number></caller_profile></callflow></cdr>"),
                 "leg 2026-03-01T09:00:00Z+9 id=u participant=1 "
                 "participant_name=M\xC3\xBCller & M\xC3\xBCller leg=u");
}

TEST(what_is_no_record_is_refused)
{
    EXPECT_LINES("freeswitch-xml", SPAN("<html><body>no</body></html>"),
                 "refused: cdr/variables: missing");
    EXPECT_LINES("freeswitch-xml", SPAN("nothing"), "refused: neither a record nor an encoded one");
}

TEST(a_record_that_freeswitch_posted)
{
    EXPECT_LINES("freeswitch-xml", outside_sample("freeswitch_xml_cdr/sample1.xml"),
                 "leg 2014-05-05T07:11:38Z+0 outcome=2 id=80183ec8-d424-11e3-8fb2-65b6c3cdac7d "
                 "participant=8009 participant_name=8009 cause=NORMAL_CLEARING direction=inbound "
                 "leg=80183ec8-d424-11e3-8fb2-65b6c3cdac7d");
}
