/*
 * test_service_shift.c - a service whose demand shifts is told within hours, one that is as ever
 * is not.
 */
#include "draw.h"
#include "passes.h"

#define FIRST (TODAY - 42) /* a Sunday, as today is */

/* Contacts of an interval, by the hour; times: from 09:00 of today on. */
static int64_t
contacts(int32_t day, int slot, double times)
{
    double hour = slot / 2.0, mean = hour < 7 || hour >= 20 ? 0 : 4 + 8 * sin((hour - 7) / 4.2);
    bool late = day == TODAY && hour >= 9;

    return mean > 0 ? draw_negbin(mean * (late ? times : 1), 30) : 0;
}

static void
serve(struct book *b, double times, int until)
{
    for (int32_t day = FIRST; day <= TODAY; day++)
        for (int slot = 0; slot < (day == TODAY ? until * 2 : 48); slot++)
            for (int64_t n = contacts(day, slot, times); n > 0; n--)
                book_contact(b, "help", AT(day, slot / 2, slot % 2 * 30), 5, 120, OUTCOME_OK);
    book_commit(b, NULL);
}

static struct config config = {.timezone = (char *)"UTC", .why_service_alarm = 90 * DAY_SECONDS};

static void
signals_of(double times, char out[512])
{
    struct book b;
    struct analyst *a;

    draw_seed(11);
    book_open(&b);
    serve(&b, times, 13);
    a = open_analyst(&config);
    run_pass(a, AT(TODAY, 13, 0), b.seq);
    snprintf(out, 512, "%s",
             rows("SELECT kind, subject, severity, value > baseline,"
                  " window_start BETWEEN '2026-11-21T15' AND '2026-11-22T10',"
                  " window_end = '2026-11-22T12:30:00Z',"
                  " json_extract(evidence, '$.sum') >= json_extract(evidence, '$.threshold'),"
                  " reason LIKE '% contacts since 2026-11-2_ %' FROM signal"
                  " WHERE kind = 'service_shift'"));
    analyst_close(a);
    book_close(&b);
}

TEST(a_service_that_is_as_forecast_has_not_shifted)
{
    char found[512];

    signals_of(1, found);
    CHECK_STR(found, "");
}

TEST(more_contacts_are_told_the_same_day)
{
    char found[512];

    signals_of(3, found);
    CHECK_STR(found, "service_shift|help|critical|1|1|1|1|1");
}

TEST(fewer_contacts_are_told_as_well)
{
    char found[512];

    signals_of(0.3, found);
    CHECK_STR(found, "service_shift|help|warning|0|1|1|1|1");
}

TEST(a_shift_is_closed_after_two_days_without)
{
    struct book b;
    struct analyst *a;

    draw_seed(11);
    book_open(&b);
    serve(&b, 2.2, 24);
    a = open_analyst(&config);
    run_pass(a, AT(TODAY, 23, 59), b.seq);
    CHECK_STR(rows("SELECT kind FROM signal WHERE kind = 'service_shift' AND state = 'open'"),
              "service_shift");
    for (int32_t day = TODAY + 1; day <= TODAY + 5; day++)
        for (int hour = 8; hour < 20; hour++)
            for (int i = 0; i < 20; i++)
                book_contact(&b, "help", AT(day, hour, i % 2 * 30), 5, 120, OUTCOME_OK);
    book_commit(&b, NULL);
    for (int32_t day = TODAY + 2; day <= TODAY + 5; day++)
        run_pass(a, AT(day, 23, 59), b.seq);
    CHECK_STR(rows("SELECT state FROM signal WHERE kind = 'service_shift'"), "closed");
    analyst_close(a);
    book_close(&b);
}
