/*
 * test_freeswitch_json.c - mod_json_cdr's records, and the ways in which they come.
 */
#include "../../parsers/freeswitch.h"
#include "format_lines.h"
#include "json_read.h"

#define LEG                                                                                        \
    "leg 2026-03-01T09:00:00Z+1800 id=3da8bf84-0001 customer=acme conference=8b1c-77 "             \
    "conference_name=4711-example.org participant=1001 participant_name=Ann Ex "                   \
    "cause=NORMAL_CLEARING features=video direction=inbound leg=3da8bf84-0001"

/* The same leg in all of them, so the same id. */
TEST(a_leg_in_each_of_its_encodings)
{
    EXPECT_LINES("freeswitch-json", own_sample("freeswitch-json/leg.json"), LEG);
    EXPECT_LINES("freeswitch-json", own_sample("freeswitch-json/leg.base64"), LEG);
    EXPECT_LINES("freeswitch-json", own_sample("freeswitch-json/leg.form"), LEG);
}

/* What could not be posted lies in files, encoded as it would have been, without "cdr=". */
TEST(trap_files_with_encoded_content)
{
    struct span base64 = own_sample("freeswitch-json/leg.base64");
    struct span form = own_sample("freeswitch-json/leg.form");

    EXPECT_LINES("freeswitch-json", span_of(base64.p + 4, base64.n - 4), LEG);
    EXPECT_LINES("freeswitch-json", span_of(form.p + 4, form.n - 4), LEG);
}

TEST(trap_base64_is_no_form)
{
    struct span s = own_sample("freeswitch-json/leg.base64");

    CHECK(memchr(s.p, '+', s.n) || memchr(s.p, '/', s.n) || s.p[s.n - 1] == '=');
    EXPECT_LINES("freeswitch-json", s, LEG);
}

static struct format *
noting(void)
{
    return make_format((struct format_options){
        .type = "freeswitch-json", .map = LIST("customer=accountcode", "reason=my_note")});
}

#define NOTED(note)                                                                                \
    "leg 2026-03-01T09:00:00Z+1800 id=3da8bf84-0001 customer=acme conference=8b1c-77 "             \
    "conference_name=4711-example.org participant=1001 participant_name=Ann Ex "                   \
    "cause=NORMAL_CLEARING features=video direction=inbound reason=" note " leg=3da8bf84-0001"

/* One decoding of a form undoes the encoding of values, too: what they hold is bare JSON then. */
TEST(trap_a_form_leaves_quotes_and_backslashes_bare)
{
    struct span form = own_sample("freeswitch-json/leg.form"), text;
    struct json_value *root;
    struct arena mem;
    bool encoded;

    arena_init(&mem);
    CHECK_INT(freeswitch_text(form, '{', &mem, &text, &encoded, NULL), ST_OK);
    CHECK(encoded);
    CHECK_INT(json_parse_foreign(text, &mem, &root, NULL), ST_BAD_INPUT);
    arena_clear(&mem);
    expect_lines_at(__FILE__, __LINE__, noting(), form, LIST(NOTED("50% \\ \"so\" + more")));
}

TEST(trap_values_are_encoded_inside_of_the_json)
{
    expect_lines_at(__FILE__, __LINE__, noting(), own_sample("freeswitch-json/leg.json"),
                    LIST(NOTED("50% \\ \"so\" + more")));
    expect_lines_at(__FILE__, __LINE__, noting(), own_sample("freeswitch-json/leg.base64"),
                    LIST(NOTED("50% \\ \"so\" + more")));
}

TEST(trap_lists_are_texts)
{
    struct format_options o = {.type = "freeswitch-json", .map = LIST("customer=who")};

    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN("{\"variables\":{\"uuid\":\"u\",\"who\":\"ARRAY::a|:b\","
                         "\"start_epoch\":\"1772355600\"}}"),
                    LIST("leg 2026-03-01T09:00:00Z outcome=2 id=u customer=a leg=u"));
}

#define VARIABLES(more)                                                                            \
    SPAN("{\"variables\":{\"uuid\":\"u\",\"accountcode\":\"a\",\"start_epoch\":\"1772355600\","    \
         "\"end_epoch\":\"1772355660\"," more "}}")
#define START "leg 2026-03-01T09:00:00Z"

TEST(trap_zero_means_never)
{
    EXPECT_LINES("freeswitch-json",
                 VARIABLES("\"answer_epoch\":\"0\",\"billsec\":\"0\","
                           "\"hangup_cause\":\"NORMAL_CLEARING\""),
                 START "+0 outcome=2 id=u customer=a cause=NORMAL_CLEARING leg=u");
    EXPECT_LINES("freeswitch-json",
                 VARIABLES("\"answer_epoch\":\"1772355660\",\"billsec\":\"0\","
                           "\"hangup_cause\":\"NORMAL_CLEARING\""),
                 START "+0 id=u customer=a cause=NORMAL_CLEARING leg=u");
    EXPECT_LINES("freeswitch-json",
                 VARIABLES("\"answer_epoch\":\"0\",\"billsec\":\"0\","
                           "\"hangup_cause\":\"NETWORK_OUT_OF_ORDER\""),
                 START "+0 outcome=1 id=u customer=a cause=NETWORK_OUT_OF_ORDER leg=u");
}

/* A call that was transferred has several and begins with the newest; times are microseconds. */
TEST(trap_the_first_callflow_is_the_newest)
{
    EXPECT_LINES(
        "freeswitch-json",
        SPAN("{\"variables\":{\"uuid\":\"u\",\"accountcode\":\"a\",\"billsec\":\"9\"},"
             "\"callflow\":[{\"caller_profile\":{\"caller_id_number\":\"2\"},\"times\":"
             "{\"created_time\":\"1772355600250413\",\"answered_time\":\"1772355601250413\","
             "\"hangup_time\":\"1772355610250413\",\"transfer_time\":\"0\"}},"
             "{\"caller_profile\":{\"caller_id_number\":\"1\"},\"times\":"
             "{\"created_time\":\"1772355500000000\",\"hangup_time\":\"0\"}}]}"),
        START "+9 id=u customer=a participant=2 leg=u");
}

/* A channel's text stamps are local; epochs are not. */
TEST(trap_stamps_are_local)
{
    EXPECT_LINES("freeswitch-json",
                 VARIABLES("\"start_stamp\":\"2026-03-01%2010%3A00%3A00\",\"billsec\":\"60\""),
                 START "+60 id=u customer=a leg=u");
}

TEST(a_conference_without_variables_of_its_own_is_known_by_its_application)
{
    EXPECT_LINES("freeswitch-json",
                 VARIABLES("\"last_app\":\"conference\",\"last_arg\":\"4711%40default%2B1234\","
                           "\"billsec\":\"60\",\"record_seconds\":\"58\""),
                 START "+60 id=u customer=a conference=4711 conference_name=4711 "
                       "features=recording leg=u");
}

TEST(a_leg_that_the_system_began_is_whom_it_called)
{
    EXPECT_LINES("freeswitch-json",
                 VARIABLES("\"direction\":\"outbound\",\"caller_id_number\":\"4711\","
                           "\"destination_number\":\"1002\",\"billsec\":\"60\""),
                 START "+60 id=u customer=a participant=1002 direction=outbound leg=u");
}

TEST(a_call_of_two_parties_is_no_conference_unless_the_map_says_so)
{
    struct format_options o = {.type = "freeswitch-json",
                               .map =
                                   LIST("customer=accountcode", "conference=destination_number")};

    EXPECT_LINES("freeswitch-json", own_sample("freeswitch-json/two_parties.json"),
                 "ignored: call of two parties");
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    own_sample("freeswitch-json/two_parties.json"),
                    LIST("leg 2026-03-01T09:00:00Z+1800 id=3da8bf84-0002 customer=acme "
                         "conference=4711 participant=1001 participant_name=Ann Ex "
                         "cause=NORMAL_CLEARING features=video direction=inbound "
                         "leg=3da8bf84-0002"));
}

TEST(what_is_no_record_is_refused)
{
    EXPECT_LINES("freeswitch-json", SPAN("GET / HTTP/1.1"),
                 "refused: neither a record nor an encoded one");
    EXPECT_LINES("freeswitch-json", SPAN("cdr="), "refused: neither a record nor an encoded one");
    EXPECT_LINES("freeswitch-json", SPAN("cdr=%5Bx"),
                 "refused: neither a record nor an encoded one");
    EXPECT_LINES("freeswitch-json", SPAN("{\"variables\":{\"uuid\":\"u\""),
                 "refused: not JSON: a comma or closing bracket is missing");
    EXPECT_LINES("freeswitch-json", SPAN("{}\n{\"variables\":{\"uuid\":\"u\"}}\n"),
                 "refused: variables: missing", "refused: start: missing");
}

TEST(objects_one_behind_the_other)
{
    struct format *f = shipped_format("freeswitch-json");
    struct span leg = own_sample("freeswitch-json/leg.json");

    for (size_t n = 1; n < leg.n - 1; n += 7)
        CHECK_INT(format_parser(f)->cut(f, at_the_edge(span_of(leg.p, n)), MAX_FRAME, false), 0);
    CHECK_INT(format_parser(f)->cut(f, leg, MAX_FRAME, false), leg.n - 1);
    format_free(f);
}

TEST(a_record_that_freeswitch_posted)
{
    struct format_options o = {.type = "freeswitch-json",
                               .map = LIST("conference=destination_number",
                                           "customer=sofia_profile_name", "media=read_codec")};

    EXPECT_LINES("freeswitch-json", outside_sample("freeswitch_json_cdr/sample1.json"),
                 "ignored: call of two parties");
    expect_lines_at(
        __FILE__, __LINE__, make_format(o), outside_sample("freeswitch_json_cdr/sample1.json"),
        LIST("leg 2018-01-11T10:25:44Z+68 id=3da8bf84-c133-4959-9e24-e72875cb33a1 "
             "customer=internal conference=1002 participant=1001 participant_name=1001 "
             "cause=NORMAL_CLEARING media=PCMU leg=3da8bf84-c133-4959-9e24-e72875cb33a1"));
}
