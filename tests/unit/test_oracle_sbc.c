/*
 * test_oracle_sbc.c - local CDR files of Oracle's session border controllers, which are CSV whose
 * columns are listed. The records are made by the accounting guide; none is of a real SBC.
 */
#include "format_lines.h"

TEST(start_interim_and_stop)
{
    EXPECT_LINES("oracle-sbc", own_sample("oracle-sbc/synthetic.csv"),
                 "ignored: kind: 1 is left out by the format",
                 "ignored: kind: 3 is left out by the format",
                 "leg 2026-02-16T10:15:01Z+600 id=a@h customer=acme conference_name=8600"
                 " participant=4930111 cause=16 media=PCMU",
                 "ignored: duration: 0 is left out by the format",
                 "leg 2026-02-06T09:20:10Z+61 id=c@h participant=4930113 media=PCMU",
                 "refused: start: missing");
}

/* Where a Stop record has the session's time, others have a moment, an interface or nothing. */
TEST(trap_the_columns_of_a_start_record_are_others)
{
    EXPECT_LINES("oracle-sbc",
                 SPAN("1,\"192.0.2.10\",0,\"a@h\"\n"
                      "3,,,,,,,,,,,,\"10:15:01.000 UTC FEB 16 2026\",,,\"M00\",0\n"
                      "7,,,,,,,,,,,,60,,,\"10:15:01.000 UTC FEB 16 2026\",0\n"),
                 "ignored: kind: 1 is left out by the format",
                 "ignored: kind: 3 is left out by the format", "refused: kind: not a known word");
}

/* dump_csv_format says which they are; with a header they are found by their names. */
TEST(trap_the_columns_vary_with_the_release)
{
    struct format_options o = shipped_options("oracle-sbc");
    static const char line[] = "2,\"a@h\",\"core\",60,\"10:15:01.5 EST FEB 16 2026\",9\n";
    static const char *const want[] = {"leg 2026-02-16T15:14:01Z+60 id=a@h customer=core", NULL};

    o.columns = LIST("Accounting Status", "Accounting Session ID", "Ingress Realm",
                     "Accounting Session Time", "Cisco Disconnect Time", "*");
    expect_lines_at(__FILE__, __LINE__, make_format(o), SPAN(line), want);
    o.columns = NULL;
    o.header = true;
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN("accounting status,Accounting Session ID,Ingress Realm,Accounting "
                         "Session Time,Cisco Disconnect Time,other\n"
                         "2,\"a@h\",\"core\",60,\"10:15:01.5 EST FEB 16 2026\",9\n"),
                    want);
}
