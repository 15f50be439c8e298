/*
 * test_roster.c - a roster file, and what the staffing then says.
 */
#include "roster.h"

#include "passes.h"

static enum status
import(const char *csv, const char *zone, struct roster_imported *n, struct error *err)
{
    const struct zone *z;
    struct store *s;
    enum status st = zone_load(&z, zone, err);

    if (st == ST_OK)
        st = store_open(&s, "crm.db", STORE_EDIT, err);
    if (st != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err->text);
    st = roster_import(s, span_str(csv), z, n, err);
    store_close(s);
    return st;
}

static void
take(const char *csv, uint64_t want)
{
    struct roster_imported n = {0};
    struct error err;

    if (import(csv, "Europe/Berlin", &n, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(n.rows, want);
}

TEST(a_roster_is_local_and_replaces_whole_days)
{
    take("\xEF\xBB\xBFstart,Service,scheduled,minutes\r\n"
         "2026-03-28T22:00,desk,3,480\r\n" /* over the change to summer time */
         "2026-03-30T08:00,desk,5,480\r\n"
         "2026-03-30T08:00:00Z,\"phone, second\",2,60\r\n",
         3);
    CHECK_STR(rows("SELECT service, start, minutes, scheduled FROM roster ORDER BY 1, 2"),
              "desk|2026-03-28T21:00:00Z|480|3;desk|2026-03-30T06:00:00Z|480|5;"
              "phone, second|2026-03-30T08:00:00Z|60|2");
    /* The same again changes nothing; a day that is named anew is what the file says. */
    take(
        "service,start,minutes,scheduled\ndesk,2026-03-30T09:00,60,1\ndesk,2026-03-30T10:00,60,4\n",
        2);
    CHECK_STR(rows("SELECT service, start, scheduled FROM roster ORDER BY 1, 2"),
              "desk|2026-03-28T21:00:00Z|3;desk|2026-03-30T07:00:00Z|1;"
              "desk|2026-03-30T08:00:00Z|4;phone, second|2026-03-30T08:00:00Z|2");
}

TEST(a_file_with_a_mistake_changes_nothing)
{
    static const struct {
        const char *csv, *says;
    } cases[] = {
        {"", "line 1: the file is empty"},
        {"service,start,minutes\n", "line 1: there is no column scheduled"},
        {"service,start,minutes,heads\n", "line 1: column \"heads\" is none of"},
        {"service,start,minutes,scheduled\ndesk,soon,60,1\n", "line 2: start \"soon\""},
        {"service,start,minutes,scheduled\n,2026-11-23T08:00,60,1\n", "line 2: the service"},
        {"service,start,minutes,scheduled\ndesk,2026-11-23T08:00,1441,1\n", "line 2: minutes"},
        {"service,start,minutes,scheduled\ndesk,2026-11-23T08:00,60,-1\n", "line 2: scheduled"},
        {"service,start,minutes,scheduled\ndesk,2026-11-23T08:00,60\n", "line 2: scheduled"},
        {"service,start,minutes,scheduled\ndesk,2026-11-23T08:00,60,1\ndesk,2026-11-23T08:59,60,"
         "2\n",
         "line 3: overlaps"},
        {"service,start,minutes,scheduled\ndesk,2026-11-24T07:00,60,1\ndesk,2026-11-23T08:00,1440,"
         "2\n",
         "line 3: overlaps"},
    };
    struct roster_imported n;
    struct error err;

    take("service,start,minutes,scheduled\ndesk,2026-11-23T06:00,60,7\n", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_INT(import(cases[i].csv, "Europe/Berlin", &n, &err), ST_BAD_INPUT);
        if (!strstr(err.text, cases[i].says))
            test_fail(__FILE__, __LINE__, "case %zu says %s", i, err.text);
    }
    CHECK_STR(rows("SELECT start, scheduled FROM roster"), "2026-11-23T05:00:00Z|7");
}

#define GAPS                                                                                       \
    "SELECT count(*), sum(gap = rostered - scheduled), min(rostered), max(rostered), min(start),"  \
    " max(start) FROM staffing WHERE rostered IS NOT NULL"

TEST(the_gap_is_there_at_once_and_the_next_pass_agrees)
{
    const char *want = "16|16|1|9|2026-11-23T08:00:00Z|2026-11-23T15:30:00Z";
    struct book b;
    struct analyst *a;

    book_open(&b);
    for (int32_t d = TODAY - 60; d < TODAY; d++)
        for (int i = 0; i < 200; i++)
            book_contact(&b, "desk", AT(d, 8 + i % 10, 0), 5, 300, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT count(*) FROM signal WHERE kind LIKE '%staffed'"), "0");
    take("service,start,minutes,scheduled\ndesk,2026-11-23T08:00Z,240,1\n"
         "desk,2026-11-23T12:00Z,240,9\n",
         2);
    CHECK_STR(rows(GAPS), want);
    /* No new quarter hour, no new contact: the roster alone is reason enough to look again. */
    run_pass(a, NOW + 1, b.seq);
    CHECK_STR(rows(GAPS), want);
    CHECK_STR(rows("SELECT kind, subject, severity, json_extract(evidence, '$.rostered')"
                   " FROM signal WHERE kind = 'understaffed'"),
              "understaffed|desk|critical|1");
    CHECK_STR(rows("SELECT (SELECT sum(-gap * minutes) / 60.0 FROM staffing WHERE gap < 0) ="
                   " json_extract(evidence, '$.hours'), reason LIKE 'desk: Mon 23 Nov 08:00-08:30"
                   " 8 short,%; %worst Mon 23 Nov __:_0-%: 1 on the roster where % are needed'"
                   " FROM signal WHERE kind = 'understaffed'"),
              "1|1");
    take("service,start,minutes,scheduled\ndesk,2026-11-23T08:00Z,480,90\n", 1);
    run_pass(a, NOW + 2, b.seq);
    CHECK_STR(rows("SELECT kind, state, reason LIKE 'desk: Mon 23 Nov 08:%-%:00 % to spare% needed'"
                   " FROM signal WHERE kind LIKE '%staffed' ORDER BY 1"),
              "overstaffed|open|1;understaffed|closed|0");
    CHECK_STR(rows("SELECT min(gap) > 0, count(*) FROM staffing WHERE rostered = 90"), "1|16");
    analyst_close(a);
    book_close(&b);
}
