/*
 * test_staffing.c - days unlike others, what today has brought, what forecasts are worth, who is
 * there, who could go where: over ledgers in which the answer was planted.
 */
#include "calendar.h"
#include "passes.h"
#include "roster.h"
#include "zone.h"

#include "../../daemon/store/analyst/pass.h"

static struct config_service
service(const char *name)
{
    struct config_service s = config_service_defaults;

    s.name = (char *)name;
    return s;
}

static void
take_calendar(const char *csv, uint64_t want)
{
    struct calendar_imported n = {0};
    struct store *s;
    struct error err;

    if (store_open(&s, "crm.db", STORE_EDIT, &err) != ST_OK ||
        calendar_import(s, span_str(csv), &n, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    store_close(s);
    CHECK_INT(n.days, want);
}

/* Contacts from ten to twelve, n each half hour. */
static void
morning(struct book *b, const char *name, int32_t day, int n, int handle)
{
    for (int half = 0; half < 4; half++)
        for (int i = 0; i < n; i++)
            book_contact(b, name, AT(day, 10, half * 30 + i * 30 / n), 5, (uint32_t)handle,
                         OUTCOME_OK);
}

TEST(days_of_the_calendar_are_forecast_by_their_factor_and_teach_nothing)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    for (int32_t day = TODAY - 70; day < TODAY; day++)
        morning(&b, "desk", day, day == TODAY - 6 ? 90 : 10, 120); /* Monday: a campaign */
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    take_calendar("factor,day,until,service,name\n"
                  "9,2026-11-16,,desk,campaign\n"
                  "0,2026-11-24,2026-11-25,,\"closed, both\"\n"
                  "1.5,2026-11-25,,desk,after all\n",
                  4);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT start, round(forecast, 3), required > 0, day_factor, day_name FROM"
                   " staffing WHERE start LIKE '%T10:00:00Z' ORDER BY 1 LIMIT 4"),
              "2026-11-23T10:00:00Z|10.0|1|1.0|;2026-11-24T10:00:00Z|0.0|0|0.0|closed, both;"
              "2026-11-25T10:00:00Z|15.0|1|1.5|after all;2026-11-26T10:00:00Z|10.0|1|1.0|");
    /* Taken out again: the campaign was an outlier that hardly counts, the others are as usual. */
    take_calendar("day,until,service,factor\n2026-11-24,2026-11-25,,1\n2026-11-25,,desk,1\n"
                  "2026-11-16,,desk,1\n",
                  4);
    run_pass(a, NOW + 1, b.seq);
    CHECK_STR(rows("SELECT count(*), min(day_factor) FROM staffing WHERE start LIKE"
                   " '%T10:00:00Z' AND forecast > 9 AND forecast < 20"),
              "7|1.0");
    CHECK_STR(rows("SELECT count(*) FROM calendar"), "0");
    analyst_close(a);
    book_close(&b);
}

TEST(a_calendar_with_a_mistake_changes_nothing)
{
    static const struct {
        const char *csv, *says;
    } cases[] = {
        {"", "line 1: the file is empty"},
        {"day\n", "line 1: there is no column factor"},
        {"day,factor,mood\n", "line 1: column \"mood\" is none of"},
        {"day,factor\n2026-12-24,0\n24.12.2026,0\n", "line 3: day \"24.12.2026\""},
        {"day,factor\n2026-12-24,\n", "line 2: factor"},
        {"day,factor\n2026-12-24,-1\n", "line 2: factor"},
        {"day,factor\n2026-12-24,nan\n", "line 2: factor"},
        {"day,factor,until\n2026-12-24,0,2026-12-23\n", "line 2: until"},
        {"day,factor,until\n2026-12-24,0,2036-12-23\n", "line 2: until"},
        {"day,factor,service\n2026-12-24,0,a\tb\n", "line 2: the service"},
    };
    struct calendar_imported n;
    struct store *s;
    struct error err;

    CHECK_INT(store_open(&s, "crm.db", STORE_EDIT, &err), ST_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_INT(calendar_import(s, span_str(cases[i].csv), &n, &err), ST_BAD_INPUT);
        if (!strstr(err.text, cases[i].says))
            test_fail(__FILE__, __LINE__, "case %zu says %s", i, err.text);
    }
    store_close(s);
    CHECK_STR(rows("SELECT count(*) FROM calendar"), "0");
}

/* Days differ from each other by as much as half, their halves do not: what ten o'clock brings is
 * what eleven will bring. */
TEST(what_today_has_brought_corrects_the_rest_of_it)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    for (int32_t day = TODAY - 84; day < TODAY; day++)
        morning(&b, "desk", day, day % 2 ? 30 : 15, 60);
    for (int i = 0; i < 30; i++) /* twice what a usual half hour has */
        book_contact(&b, "desk", AT(TODAY, 10, i), 5, 60, OUTCOME_OK);
    for (int i = 0; i < 30; i++)
        book_contact(&b, "desk", AT(TODAY, 10, 30), 5, 60, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, AT(TODAY, 11, 0), b.seq);
    CHECK_STR(
        rows("SELECT t.forecast > 1.15 * w.forecast, t.forecast < 1.5 * w.forecast, t.model"
             " LIKE '%rest of today times 1.%' FROM staffing t, (SELECT forecast FROM staffing"
             " WHERE start = '2026-11-29T10:30:00Z') w WHERE t.start ="
             " '2026-11-22T11:00:00Z'"),
        "1|1|1");
    analyst_close(a);
    /* What comes late is no sign that nobody called. */
    edit("DELETE FROM staffing");
    a = open_analyst(&plain);
    run_pass(a, AT(TODAY, 11, 0) + 12 * 3600, b.seq);
    CHECK_STR(rows("SELECT DISTINCT model LIKE '%rest of today times 0.%' FROM staffing"), "0");
    analyst_close(a);
    book_close(&b);
}

TEST(every_forecast_carries_what_forecasts_were_worth)
{
    struct book b;
    struct analyst *a;
    uint64_t seed = 7;

    book_open(&b);
    for (int32_t day = TODAY - 90; day < TODAY; day++)
        morning(&b, "desk", day, 20 + (int)(dice(&seed) % 25) - 12, 700);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT count(*), min(origins) FROM forecast_score"), "12|7");
    CHECK_STR(rows("SELECT wape > 0.1 AND wape < 0.45, wape < naive_wape, floor BETWEEN 0.1 AND"
                   " 0.25, mase < 1, coverage80 > 0.7, coverage95 >= coverage80, as_of FROM"
                   " forecast_score WHERE method = 'forecast' AND horizon = 'week1'"),
              "1|1|1|1|1|1|2026-11-22");
    CHECK_STR(rows("SELECT DISTINCT s.wape = f.wape, s.wape_floor = f.floor, s.wape_naive ="
                   " f.naive_wape FROM staffing s JOIN forecast_score f USING(service) WHERE"
                   " f.method = 'forecast' AND f.horizon = 'week1'"),
              "1|1|1");
    /* Seven hundred seconds, always: nothing scatters, and every method knows. */
    CHECK_STR(rows("SELECT horizon, wape < 1e-9, floor < 1e-9, naive_wape < 1e-9, mase IS NULL FROM"
                   " forecast_score WHERE"
                   " method = 'handling' ORDER BY 1"),
              "day1|1|1|1|1;week1|1|1|1|1;week2|1|1|1|1");
    CHECK_STR(rows("SELECT count(*) > 300 FROM staffing WHERE handle_wape < 1e-9 AND"
                   " handle_wape_floor < 1e-9 AND handle_wape_naive < 1e-9"),
              "1");
    CHECK_STR(rows("SELECT sum(scheduled_expected > scheduled) > 0, sum(scheduled_expected <"
                   " scheduled), sum(low95 > low OR high95 < high) FROM staffing"),
              "1|0|0");
    analyst_close(a);
    book_close(&b);
}

/* A week of a service that nobody has known for longer takes the others' shape. */
TEST(a_young_service_takes_the_shape_of_the_others)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    for (int32_t day = TODAY - 60; day < TODAY; day++)
        morning(&b, "old", day, 40, 120);
    for (int32_t day = TODAY - 3; day < TODAY; day++)
        for (int i = 0; i < 8; i++)
            book_contact(&b, "young", AT(day, 10, 5), 5, 120, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT start, round(forecast, 3) FROM staffing WHERE service = 'young' AND"
                   " start LIKE '2026-11-27%' AND forecast > 0 ORDER BY 1"),
              "2026-11-27T10:00:00Z|4.0;2026-11-27T10:30:00Z|1.333;"
              "2026-11-27T11:00:00Z|1.333;2026-11-27T11:30:00Z|1.333");
    CHECK_STR(rows("SELECT DISTINCT service, model LIKE 'mean with the shape of other services;%'"
                   " FROM staffing ORDER BY 1"),
              "old|0;young|1");
    analyst_close(a);
    book_close(&b);
}

/* --- rosters --- */

TEST(people_to_spare_are_shown_where_they_are_missing)
{
    char *chat_only[] = {(char *)"chat", NULL}, *nowhere[] = {(char *)"", NULL};
    struct config_service services[] = {service("chat"), service("desk"), service("mail")};
    struct config config = {.timezone = (char *)"UTC", .services = services, .service_count = 3};
    struct book b;
    struct analyst *a;

    services[0].rate = 25;
    services[1].can_serve = chat_only;
    services[2].can_serve = nowhere;
    book_open(&b);
    for (int32_t day = TODAY - 60; day < TODAY; day++)
        for (int i = 0; i < 3; i++)
            morning(&b, services[i].name, day, 20, 300);
    book_commit(&b, NULL);
    a = open_analyst(&config);
    edit("INSERT INTO roster VALUES('chat', '2026-11-24T10:00:00Z', 120, 5),"
         " ('desk', '2026-11-24T10:00:00Z', 120, 20), ('mail', '2026-11-24T10:00:00Z', 120, 20)");
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT from_service, to_service, start, minutes, people = (SELECT -gap FROM"
                   " staffing WHERE service = 'chat' AND start = '2026-11-24T10:00:00Z') FROM"
                   " staffing_move"),
              "desk|chat|2026-11-24T10:00:00Z|120|1");
    CHECK_STR(rows("SELECT kind, subject, severity, reason LIKE '%Tue 24 Nov 10:00-12:00 %'"
                   " FROM signal WHERE kind LIKE '%staffed' ORDER BY 1, 2"),
              "overstaffed|desk|info|1;overstaffed|mail|info|1;understaffed|chat|critical|1");
    CHECK_STR(
        rows("SELECT json_extract(evidence, '$.cost') = 25 * json_extract(evidence,"
             " '$.hours'), json_extract(evidence, '$.hours_from_others') ="
             " json_extract(evidence, '$.hours'), reason LIKE '%; people to spare in desk could"
             " work %' FROM signal WHERE subject = 'chat' AND kind = 'understaffed'"),
        "1|1|1");
    services[1].can_serve = nowhere; /* the rule in the configuration changes */
    run_pass(a, NOW + 1, b.seq);
    CHECK_STR(rows("SELECT count(*) FROM staffing_move"), "0");
    analyst_close(a);
    book_close(&b);
}

/* Two hundred each half hour, of which half speak French: two queues of one hundred calls of 180
 * seconds take fourteen at their desks each, twenty on the roster (Call Centre Helper's worked
 * example), and one queue fewer than both. */
TEST(skills_are_planned_and_missed_for_themselves)
{
    char *french[] = {(char *)"french=50%", NULL}, *none[] = {NULL};
    char *with_segment[] = {(char *)"french=50%", (char *)"top=segment:gold", NULL};
    struct config_service services[] = {service("desk")};
    struct config config = {.timezone = (char *)"UTC", .services = services, .service_count = 1};
    struct roster_imported n;
    struct analyst *a;
    struct store *s;
    struct book b;
    struct error err;

    services[0].skills = french;
    services[0].rate = 10;
    book_open(&b);
    for (int32_t day = TODAY - 28; day < TODAY; day++)
        morning(&b, "desk", day, 200, 180);
    book_commit(&b, NULL);
    a = open_analyst(&config);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT skill, share FROM service_skill ORDER BY 1"), "french|0.5;others|0.5");
    CHECK_STR(rows("SELECT skill, round(forecast, 6), low < 100, high > 100, required, scheduled,"
                   " required_expected >= required, rostered, gap FROM staffing_skill WHERE start ="
                   " '2026-11-24T10:00:00Z' ORDER BY 1"),
              "french|100.0|1|1|14|20|1||;others|100.0|1|1|14|20|1||");
    CHECK_STR(rows("SELECT required < 28, scheduled < 40, count(*) FROM staffing WHERE start ="
                   " '2026-11-24T10:00:00Z'"),
              "1|1|1");
    CHECK_STR(rows("SELECT count(*) FROM signal WHERE kind LIKE '%staffed'"), "0");
    /* What is forecast learns of its roster at once, before any pass. */
    CHECK_INT(store_open(&s, "crm.db", STORE_EDIT, &err), ST_OK);
    CHECK_INT(roster_import(s,
                            SPAN("service,start,minutes,scheduled\n"
                                 "desk/french,2026-11-24T10:00Z,120,12\n"
                                 "desk,2026-11-24T10:00Z,120,25\n"),
                            a->zone, &n, &err),
              ST_OK);
    store_close(s);
#define GAPS                                                                                       \
    "SELECT skill, rostered, gap, count(*) FROM staffing_skill WHERE rostered IS NOT NULL GROUP"   \
    " BY 1, 2, 3 UNION ALL SELECT '(all)', rostered, gap - rostered + scheduled, count(*) FROM"    \
    " staffing WHERE rostered IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1"
    CHECK_STR(rows(GAPS), "(all)|37|0|4;french|12|-8|4;others|25|5|4");
    run_pass(a, NOW + 1, b.seq);
    CHECK_STR(rows(GAPS), "(all)|37|0|4;french|12|-8|4;others|25|5|4");
    CHECK_STR(rows("SELECT kind, subject_type, subject, severity, value, baseline, reason LIKE"
                   " 'desk/french: Tue 24 Nov 10:00-12:00 8 short; 16.0 hours of work in the coming"
                   " week (160 in cost)%' FROM signal WHERE kind LIKE '%staffed' AND state = 'open'"
                   " AND severity <> 'info'"),
              "understaffed|skill|desk/french|critical|12.0|20.0|1");
    CHECK_STR(rows("SELECT count(*) FROM staffing_move"), "0"); /* they do not speak it */
    /* The other way round: who speaks French speaks to everybody. */
    edit("UPDATE roster SET scheduled = 37 - scheduled");
    run_pass(a, NOW + 2, b.seq);
    CHECK_STR(rows("SELECT from_service, to_service, minutes, people FROM staffing_move"),
              "desk/french|desk/others|120|5");
    services[0].skills = with_segment; /* which is still empty, and is looked for again */
    run_pass(a, NOW + 3, b.seq);
    CHECK_STR(rows("SELECT skill, share FROM service_skill ORDER BY 1"), "french|0.5;others|0.5");
    edit("INSERT INTO customer_day VALUES('acme', '2026-11-20', 30, 1, 0, 1, 1),"
         " ('zeta', '2026-11-20', 70, 1, 0, 1, 1)");
    edit("INSERT INTO segment_member VALUES('gold', 'acme', '2026-11-20T00:00:00Z', NULL)");
    run_pass(a, NOW + 4, b.seq);
    CHECK_STR(rows("SELECT skill, round(share, 9) FROM service_skill ORDER BY 1"),
              "french|0.5;others|0.2;top|0.3");
    services[0].skills = none;
    a->config = &config;
    run_pass(a, NOW + DAY_SECONDS, b.seq);
    CHECK_STR(rows("SELECT count(*) FROM service_skill"), "0");
    CHECK_STR(rows("SELECT count(*) FROM staffing_skill WHERE start >= '2026-11-24T12:00:00Z'"),
              "0");
    analyst_close(a);
    book_close(&b);
}

/* Ten are planned, callers wait as long as they do with about seven. */
TEST(who_is_there_is_learnt_from_how_long_callers_wait)
{
    struct config_service services[] = {service("desk")};
    struct config config = {.timezone = (char *)"UTC", .services = services, .service_count = 1};
    struct analyst *a;
    struct book b;
    char sql[4096] = "";

    services[0].patience = 300;
    services[0].shrinkage = 0;
    book_open(&b);
    for (int32_t day = TODAY - 40; day < TODAY; day++)
        for (int i = 0; i < 4 * 40; i++) /* 6.7 erlangs: seven of them, 42 s on average */
            book_contact(&b, "desk", AT(day, 10, i * 120 / 160), 42, 300, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&config);
    for (int32_t day = TODAY - 28; day < TODAY + 2; day++) {
        size_t n = strlen(sql);
        char at[CIVIL_TEXT];

        snprintf(sql + n, sizeof sql - n, "%s('desk', '%s', 120, 10)",
                 n ? ", " : "INSERT INTO roster VALUES", format_utc(at, AT(day, 10, 0)));
    }
    edit(sql);
    run_pass(a, NOW, b.seq);
    CHECK_STR(rows("SELECT factor > 0.65 AND factor < 0.8, contacts, wait_seconds,"
                   " planned_wait_seconds < 20 FROM availability"),
              "1|4480.0|42.0|1");
    CHECK_STR(rows("SELECT count(*), min(availability) = max(availability), sum(scheduled >"
                   " required), model LIKE '%of the planned are there' FROM staffing WHERE"
                   " forecast > 1"),
              "28|1|28|1");
    services[0].availability = 1; /* who says so need not have it learnt */
    run_pass(a, NOW + 1, b.seq);
    CHECK_STR(rows("SELECT sum(scheduled > required), max(availability) FROM staffing WHERE"
                   " forecast > 1"),
              "0|1.0");
    analyst_close(a);
    book_close(&b);
}

/* --- what goes on at once --- */

/* Forty conferences begin each day at ten, in two regions, and last an hour: one person for 15. */
TEST(people_look_after_what_goes_on_at_once)
{
    struct config_service services[] = {service("supervisor"), service("east"), service("rooms")};
    struct config config = {.timezone = (char *)"UTC", .services = services, .service_count = 3};
    struct book b;
    struct analyst *a;

    services[0].concurrent = (char *)"legs";
    services[0].per = 15;
    services[0].shrinkage = 0;
    services[1].concurrent = (char *)"legs:east";
    services[1].per = 15;
    services[2].concurrent = (char *)"conferences";
    services[2].per = 2;
    book_open(&b);
    for (int32_t day = TODAY - 40; day < TODAY; day++)
        for (int i = 0; i < 40; i++) {
            b.region = i % 4 ? "west" : "east";
            book_leg(&b, "acme", AT(day, 10, i), 3600, "p", "k", NULL, OUTCOME_OK);
        }
    book_commit(&b, NULL);
    a = open_analyst(&config);
    run_pass(a, NOW, b.seq);
    edit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
         " INSERT INTO conference SELECT 's', 'c' || i || k, date('2026-11-22', -i || ' days') ||"
         " 'T09:00:00Z', 'acme', NULL, date('2026-11-22', -i || ' days') || 'T09:0' || k || ':00Z',"
         " date('2026-11-22', -i || ' days') || 'T09:50:00Z', 1, 1, 1, 0 FROM n,"
         " (SELECT 1 AS k UNION SELECT 2 UNION SELECT 3)");
    run_pass(a, NOW + 1, b.seq);
    /* At half past ten thirty have begun, at 10:39 all of them; from eleven on they end. */
    CHECK_STR(rows("SELECT service, substr(start, 12, 5), round(forecast, 3), required, scheduled"
                   " FROM staffing WHERE start LIKE '2026-11-24%' AND forecast > 0 ORDER BY 1, 2"),
              "east|10:00|8.0|1|2;east|10:30|10.0|1|2;east|11:00|10.0|1|2;east|11:30|2.0|1|2;"
              "rooms|09:00|3.0|2|3;rooms|09:30|3.0|2|3;"
              "supervisor|10:00|30.0|2|2;supervisor|10:30|40.0|3|3;supervisor|11:00|40.0|3|3;"
              "supervisor|11:30|10.0|1|1");
    CHECK_STR(rows("SELECT DISTINCT model FROM staffing WHERE service = 'east'"),
              "profile; peaks of legs:east, 15 for each person");
    analyst_close(a);
    book_close(&b);
}
