/*
 * test_ipoffice_smdr.c - station message detail records of Avaya IP Office.
 */
#include "format_lines.h"

TEST(a_file_line_by_line)
{
    EXPECT_LINES(
        "ipoffice-smdr", own_sample("ipoffice-smdr/smdr.csv"),
        "ignored: line of the columns' names",
        "leg 2026-03-01T09:00:04Z+600 id=1000014:2026/03/01 09:00:00:00:10:00:4:E201:V11001:0:0"
        " customer=acme conference=100 participant=201 participant_name=Ann Ex direction=outbound"
        " wait=4",
        "ignored: reason: part of a call of two is left out by the format",
        "leg 2026-03-01T09:00:13Z+3900 id=1000015:2026/03/01 09:00:10:01:05:00:3:T9001:V11002:5:0"
        " conference=100 participant=4930123456 direction=inbound wait=3",
        "leg 2026-03-01T09:01:00Z+120 id=1000016:2026/03/01 09:01:00:00:02:00:0:V11003:T9002:0:0"
        " customer=beta, Ltd conference=101 participant=0044201234 direction=outbound wait=0",
        "leg 2026-03-01T09:02:20Z+0 outcome=2"
        " id=1000017:2026/03/01 09:02:00:00:00:00:20:E204:V11004:0:0 customer=acme conference=100"
        " participant=204 participant_name=Cy direction=outbound wait=20",
        "ignored: reason: part of a call of two is left out by the format",
        "refused: columns: not in their places; is there a comma in a name?",
        "leg 2026-03-01T09:05:01Z+60 id=1000020:2026/03/01 09:05:00:01:00:1:E206:V11001:0:0"
        " customer=acme conference=100 participant=206 participant_name=Ed direction=outbound"
        " wait=1",
        "refused: columns: 1, format has 17", "refused: columns: 5, format has 17");
}

#define PART(start, id, more) start ",00:10:00,4,201,O,700,700,acme,1," id more
#define CO                    ",E201,Ann,V11001,CO Channel 100.1,0,0"

TEST(trap_the_clock_is_the_systems_own)
{
    struct format_options o = shipped_options("ipoffice-smdr");

    o.timezone = "Europe/Berlin";
    o.map = LIST("customer=account", "id=call-id", "participant=caller");
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN(PART("2026/03/01 09:00:00", "1,0", CO)),
                    LIST("leg 2026-03-01T08:00:04Z+600 id=1 customer=acme conference=100"
                         " participant=201 participant_name=Ann direction=outbound wait=4"));
}

/* Parts of a call have its id in common, and the last one says that no other follows. */
TEST(trap_parts_of_one_call_are_records_of_their_own_and_the_same_part_is_one)
{
    static const char text[] = PART("2026/02/01 09:00:00", "1,1", CO) "\r\n" PART(
        "2026/02/01 09:00:00", "1,0",
        ",E202,Bob,V11002,CO Channel 100.2,0,0") "\r\n" PART("2026/02/01 09:00:00", "1,1",
                                                             CO) "\r\n";
    struct format *f = shipped_format("ipoffice-smdr");
    struct span id[3];
    struct stream s;

    stream_open(&s, f, at_the_edge(SPAN(text)));
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(stream_next(&s), ST_OK);
        id[i] = s.fields.v[FIELD_ID];
    }
    CHECK(!span_eq(id[0], id[1]) && span_eq(id[0], id[2]));
    stream_close(&s);
    format_free(f);
}

TEST(trap_what_stands_behind_the_first_seventeen_columns_is_of_the_release)
{
    EXPECT_LINES("ipoffice-smdr",
                 SPAN(PART("2026/02/01 09:00:00", "1,0", CO ",1,\"a,b\",,,,,x,y,z")),
                 "leg 2026-02-01T09:00:04Z+600 id=1:2026/02/01 09:00:00:00:10:00:4:E201:V11001:0:0"
                 " customer=acme conference=100 participant=201 participant_name=Ann"
                 " direction=outbound wait=4");
}

TEST(trap_voicemail_and_other_devices_of_the_system_are_no_conferences)
{
    EXPECT_LINES("ipoffice-smdr",
                 SPAN(PART("2026/02/01 09:00:00", "1,0", ",E201,Ann,V9501,VM Channel 1,0,0\n")
                          PART("2026/02/01 09:00:00", "2,0", ",E201,Ann,V8000,U1 0.0,0,0\n") PART(
                              "2026/02/01 09:00:00", "3,0", ",E201,CO Channel 100.1,E2,Bob,0,0\n")
                              PART("2026/02/01 09:00:00", "4,0", ",,,,,0,0\n")),
                 "ignored: reason: part of a call of two is left out by the format",
                 "ignored: reason: part of a call of two is left out by the format",
                 "ignored: reason: part of a call of two is left out by the format",
                 "ignored: reason: part of a call of two is left out by the format");
}

TEST(what_is_no_record_is_refused)
{
    static const char zero[] = "2026/02/01 09:00:00,00:10:00,4\0";

    EXPECT_LINES("ipoffice-smdr",
                 SPAN(PART("yesterday", "1,0",
                           CO "\n") "2026/02/01 09:00:00,long,4,201,O,700,700,,1,1,0" CO "\n"
                                    "2026/02/01 09:00:00,00:10:00,-4,201,O,700,700,,1,1,0" CO "\n"
                                    "\"2026/02/01\n"),
                 "refused: start: not a time", "refused: duration: connected time is none",
                 "refused: columns: not in their places; is there a comma in a name?",
                 "refused: quote: never closed");
    EXPECT_LINES("ipoffice-smdr", SPAN(zero), "refused: line: NUL byte");
}

TEST(every_beginning_of_a_file_is_read_within_its_bytes)
{
    read_every_beginning("ipoffice-smdr", own_sample("ipoffice-smdr/smdr.csv"));
}
