/*
 * test_cisco_cucm.c - CDR and CMR files of Cisco Unified CM, with a conference of every kind.
 */
#include "format_lines.h"

/* The format with calls of two counted, too. */
static struct format *
with_all_calls(void)
{
    struct format_options o = shipped_options("cisco-cucm");

    o.ignore = NULL;
    return make_format(o);
}

#define TWO    "ignored: reason: two-party call is left out by the format"
#define LED    "ignored: reason: call that became a conference is left out by the format"
#define MADE   " conference=Lab_1:16777219 conference_name=1000"
#define AD_HOC " features=ad_hoc_conference media="

TEST(conferences_of_every_kind)
{
    EXPECT_LINES(
        "cisco-cucm", own_sample("cisco-cucm/cdr.csv"), LED, LED,
        "leg 2026-03-01T09:01:00Z+600 id=pk-03 customer=acme" MADE
        " participant=1000 participant_name=ann" AD_HOC "audio leg=Lab_1:2:900:103",
        "leg 2026-03-01T09:01:00Z+440 id=pk-04 customer=acme" MADE " participant=1001" AD_HOC
        "video leg=Lab_1:2:900:104",
        "leg 2026-03-01T09:01:00Z+600 id=pk-05 customer=acme conference=Lab_1:16777219"
        " participant=cy@lab.example cause=458752" AD_HOC "audio leg=Lab_1:2:901:105",
        "ignored: reason: call left of a conference is left out by the format",
        "leg 2026-03-01T09:16:40Z+900 id=pk-07 customer=Sales conference=Lab_1:16777220"
        " conference_name=8600 participant=2000 features=meet_me media=audio leg=Lab_1:2:910:107",
        "ignored: announcement leg",
        "leg 2026-03-01T09:33:30Z+300 id=pk-09 customer=beta conference=Lab_1:16777221"
        " conference_name=70012 participant=2001 features=conference_now media=audio"
        " leg=Lab_1:2:920:109",
        "leg 2026-03-01T09:18:20Z+0 outcome=2 id=pk-10 customer=Sales conference_name=8600"
        " participant=2002 cause=262144 features=meet_me media=audio leg=Lab_1:2:930:110",
        "leg 2026-03-01T09:20:00Z+0 outcome=1 id=pk-11 customer=Sales conference_name=8600"
        " participant=2003 cause=41 features=meet_me media=audio leg=Lab_1:2:931:111",
        "ignored: recording leg", "ignored: monitoring leg",
        "ignored: link between two conferences",
        "leg 2026-03-01T09:16:40Z+900 id=pk-07 customer=Sales conference=Lab_1:16777220"
        " conference_name=8600 participant=2000 features=meet_me media=audio leg=Lab_1:2:910:107",
        "refused: columns: 3, header has 34", "refused: cdrRecordType: neither 1 nor 2");
}

TEST(poor_streams_are_good_audio_that_failed)
{
    EXPECT_LINES("cisco-cucm", own_sample("cisco-cucm/cmr.csv"), "ignored: stream of good quality",
                 "feature 2026-03-01T09:01:00Z+440 outcome=1 id=cm-2 participant=1001"
                 " features=good_audio;low_packet_loss leg=Lab_1:2:900:104",
                 "feature 2026-03-01T09:01:00Z+600 outcome=1 id=cm-3 participant=SEP001122334405"
                 " features=good_audio;few_concealed_seconds leg=Lab_1:2:901:105",
                 "ignored: stream of good quality");
}

TEST(the_real_cdr_file)
{
    expect_lines_at(__FILE__, __LINE__, with_all_calls(), outside_sample("cucm_cdr/sample1.csv"),
                    LIST("ignored: recording leg", "ignored: recording leg",
                         "leg 2025-04-18T16:32:10Z+11 id=ed56fecd-bd2d-48d4-ae03-7ee3766d6048"
                         " participant=5033466594 participant_name=rubbleb media=audio"
                         " reason=two-party call leg=cucmOHSUtest:2:25447:47874239"));
    EXPECT_LINES("cisco-cucm", outside_sample("cucm_cdr/sample1.csv"), "ignored: recording leg",
                 "ignored: recording leg", TWO);
}

TEST(the_real_cmr_file)
{
    EXPECT_LINES("cisco-cucm", outside_sample("cucm_cmr/sample1.csv"),
                 "ignored: stream of good quality", "ignored: stream of good quality");
}

/* A file of a few columns. */
static struct span
file_of(const char *names, const char *values)
{
    static char text[2000];
    int n =
        snprintf(text, sizeof text,
                 "\"cdrRecordType\",\"globalCallID_callId\",\"pkid\",\"dateTimeOrigination\",%s\n"
                 "INTEGER,INTEGER,UNIQUEIDENTIFIER,INTEGER\n1,7,\"p\",1772355600,%s\n",
                 names, values);

    return at_the_edge(span_of(text, (size_t)n));
}

#define EXPECT_ONE(names, values, ...)                                                             \
    expect_lines_at(__FILE__, __LINE__, with_all_calls(), file_of(names, values), LIST(__VA_ARGS__))

TEST(trap_connect_zero_means_never)
{
    EXPECT_ONE("\"dateTimeConnect\",\"dateTimeDisconnect\",\"duration\",\"destCause_value\"",
               "0,1772355610,0,17",
               "leg 2026-03-01T09:00:00Z+0 outcome=2 id=p cause=17 reason=two-party call leg=::7:");
}

TEST(trap_causes_are_unsigned)
{
    EXPECT_ONE("\"destCause_value\"", "1459617833",
               "leg 2026-03-01T09:00:00Z+0 outcome=1 id=p cause=41 reason=two-party call leg=::7:");
    EXPECT_ONE("\"destCause_value\"", "-2030043095", /* 135 << 24 | 41 with a sign */
               "leg 2026-03-01T09:00:00Z+0 outcome=1 id=p cause=41 reason=two-party call leg=::7:");
    EXPECT_ONE("\"origCause_value\",\"destCause_value\"", "3,0",
               "leg 2026-03-01T09:00:00Z+0 outcome=1 id=p cause=3 reason=two-party call leg=::7:");
}

TEST(trap_a_bridge_number_alone_makes_no_conference)
{
    EXPECT_ONE("\"callingPartyNumber\",\"finalCalledPartyNumber\",\"destConversationId\"",
               "\"1\",\"b001\",0",
               "leg 2026-03-01T09:00:00Z+0 outcome=2 id=p participant=1 reason=two-party call"
               " leg=::7:");
    EXPECT_ONE("\"callingPartyNumber\",\"finalCalledPartyNumber\",\"joinOnBehalfOf\"",
               "\"b001\",\"5030\",27", "ignored: recording leg");
}

TEST(trap_integers_can_be_empty_and_columns_unknown)
{
    EXPECT_ONE("\"joinOnBehalfOf\",\"destCause_value\",\"aColumnOfTomorrow\"",
               ",,\"a \"\"b\"\", c\"",
               "leg 2026-03-01T09:00:00Z+0 outcome=2 id=p reason=two-party call leg=::7:");
}

/* "Controler", "-" for "=": Cisco's own text has all of them, beside texts that are no keys. */
TEST(trap_the_comment_is_spelt_in_several_ways)
{
#define COMMENTED "\"joinOnBehalfOf\",\"destConversationId\",\"comment\""
#define NAMED_1000                                                                                 \
    "leg 2026-03-01T09:00:00Z+0 outcome=2 id=p conference=:5 conference_name=1000"                 \
    " features=ad_hoc_conference leg=::7:"
    EXPECT_ONE(COMMENTED, "4,5,\"ConfControllerDn=1000;ConfControllerDeviceName=SEP1\"",
               NAMED_1000);
    EXPECT_ONE(COMMENTED, "4,5,\"ConfControlerDeviceName=SEP1; ConfControlerDn=1000\"", NAMED_1000);
    EXPECT_ONE(COMMENTED, "4,5,\"ConfRequestorDn-1001;ConfControllerDn-1000\"", NAMED_1000);
    EXPECT_ONE(COMMENTED, "4,5,\"DropConRequestorDeviceName=a=b,c;;ConfControllerDn=1000;\"",
               NAMED_1000);
}

/* The number is counted by each cluster for itself. */
TEST(trap_a_conversation_is_one_of_its_cluster)
{
#define CLUSTERED "\"joinOnBehalfOf\",\"destConversationId\",\"globalCallId_ClusterID\""
    EXPECT_ONE(CLUSTERED, "6,5,\"A_1\"",
               "leg 2026-03-01T09:00:00Z+0 outcome=2 id=p conference=A_1:5 features=meet_me"
               " leg=A_1::7:");
    EXPECT_ONE(CLUSTERED, "6,5,\"B_1\"",
               "leg 2026-03-01T09:00:00Z+0 outcome=2 id=p conference=B_1:5 features=meet_me"
               " leg=B_1::7:");
}

/* Has been seen after transfers; the types are passed over all the same. */
TEST(trap_lines_may_end_in_crlf)
{
    expect_lines_at(
        __FILE__, __LINE__, with_all_calls(),
        SPAN("\"cdrRecordType\",\"globalCallID_callId\",\"dateTimeOrigination\","
             "\"pkid\"\r\nINTEGER,INTEGER,INTEGER,UNIQUEIDENTIFIER\r\n"
             "1,7,1772355600,\"p\"\r\n1,7,1772355600,\"q\"\r\n"),
        LIST("leg 2026-03-01T09:00:00Z+0 outcome=2 id=p reason=two-party call leg=::7:",
             "leg 2026-03-01T09:00:00Z+0 outcome=2 id=q reason=two-party call leg=::7:"));
}

TEST(files_of_something_else_are_refused)
{
    struct format *f = shipped_format("cisco-cucm");
    struct layout *l;
    struct error err;

    CHECK_INT(format_parser(f)->read_header(f, SPAN("customer,start,duration"), &l, &err),
              ST_BAD_INPUT);
    CHECK_STR(err.text, "header: no column cdrRecordType");
    CHECK_INT(format_parser(f)->read_header(
                  f, SPAN("\"cdrRecordType\",\"globalCallID_callId\",\"pkid\""), &l, &err),
              ST_BAD_INPUT);
    CHECK_STR(err.text, "header: neither of a CDR nor of a CMR file");
    CHECK_INT(format_parser(f)->read_header(f, SPAN("\"cdrRecordType\"x,"), &l, &err),
              ST_BAD_INPUT);
}

TEST(any_column_can_be_mapped)
{
    struct format_options o = shipped_options("cisco-cucm");

    o.ignore = NULL;
    o.map = LIST("customer=callingPartyNumberPartition", "region=globalCallId_ClusterID");
    expect_lines_at(
        __FILE__, __LINE__, make_format(o),
        file_of("\"callingPartyNumberPartition\",\"globalCallId_ClusterID\"", "\"OnNet\",\"Lab\""),
        LIST("leg 2026-03-01T09:00:00Z+0 outcome=2 id=p customer=OnNet region=Lab"
             " reason=two-party call leg=Lab::7:"));
}

TEST(every_beginning_of_a_file_is_read_within_its_bytes)
{
    struct format *f = shipped_format("cisco-cucm");
    struct span text = own_sample("cisco-cucm/cdr.csv");
    size_t head = (size_t)((char *)memchr(text.p, '\n', text.n) - text.p) + 1;
    struct stream s;

    for (size_t n = head + 1; n < head + 900; n++) {
        stream_open(&s, f, at_the_edge(span_of(text.p, n)));
        while (s.rest.n > 0)
            stream_next(&s);
        stream_close(&s);
    }
}
