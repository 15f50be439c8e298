/*
 * test_clock_jumps.c - somebody sets the clock while records arrive.
 */
#include "engine_site.h"

struct sum {
    int64_t legs, failed;
};

static enum status
add_up(void *arg, const struct cell_view *v, struct error *err)
{
    struct sum *s = arg;

    (void)err;
    for (unsigned i = 0; i < v->slot_count; i++) {
        s->legs += v->slots[i].v[CUSTOMER_LEGS];
        s->failed += v->slots[i].v[CUSTOMER_FAILED];
    }
    return ST_OK;
}

static void
scan_acme(view_visit *visit, void *arg)
{
    struct ledger_reader *r;
    struct error err;

    CHECK_INT(ledger_reader_open(&r, "st/ledger.db", &err), ST_OK);
    CHECK_INT(ledger_scan_subject(r, CELL_CUSTOMER, SPAN("acme"), 0, visit, arg, &err), ST_OK);
    ledger_reader_close(r);
}

static struct outcome_count
say_leg(struct site *s, struct source *source, const char *id, int64_t start)
{
    char text[200];

    snprintf(text, sizeof text,
             "{\"customer\":\"acme\",\"id\":\"%s\",\"start\":%lld,\"duration\":60}\n", id,
             (long long)start);
    return site_say(s, source, text);
}

/* By an hour back, a day ahead, and home again: batches are committed and answered, ids are known,
 * legs count in the quarter hours that they name, once, and a start in between remembers all. */
TEST(clock_jumps_change_neither_counts_nor_answers)
{
    static const int64_t jumps[] = {0, -3600, 86400, -86400, 0, 86400, 0};
    int64_t now = clock_now(), start = now - 30 * 3600;
    unsigned n = sizeof jumps / sizeof *jumps;
    struct sum sum = {0};
    char id[8];

    for (unsigned again = 0; again < 2; again++) {
        struct site s;
        struct source *source;

        clock_fix(now + (again ? -3600 : 0));
        site_open(&s, "fold_interval = 10ms");
        source = site_source(&s, "import", "ndjson", IDENTITY_NONE);
        for (unsigned i = 0; i < n; i++) {
            clock_fix(now + jumps[i]);
            snprintf(id, sizeof id, "r%u", i);
            CHECK_INT(say_leg(&s, source, id, start).accepted, !again);
            CHECK_INT(say_leg(&s, source, "r0", start).duplicates, 1);
            snprintf(id, sizeof id, "r%u", i / 2);
            CHECK_INT(say_leg(&s, source, id, start).duplicates, 1);
            site_settle(&s, SETTLE_COMMITTED);
        }
        site_settle(&s, SETTLE_ANALYSED);
        source_unref(source);
        site_close(&s);
    }
    scan_acme(add_up, &sum);
    CHECK_INT(sum.legs, n);
    CHECK_INT(sum.failed, 0);
}

/* What the real clock allows is not in the future for one that was set back, and the other way
 * round: such a record waits in the quarantine, and counts when it is replayed. */
TEST(a_record_that_a_wrong_clock_refuses_counts_when_it_is_replayed)
{
    int64_t now = clock_now();
    struct outcome_count replayed;
    struct source *source;
    struct error err;
    struct site s;

    clock_fix(now - 3600);
    site_open(&s, "");
    source = site_source(&s, "import", "ndjson", IDENTITY_NONE);
    CHECK_INT(say_leg(&s, source, "r1", now - 60).quarantined, 1);
    clock_fix(now);
    CHECK_INT(engine_replay(s.engine, 0, NULL, &replayed, &err), ST_OK);
    CHECK_INT(replayed.accepted, 1);
    source_unref(source);
    site_close(&s);
}

/* --- messages without a year --- */

static enum status
note_day(void *arg, const struct cell_view *v, struct error *err)
{
    (void)err;
    *(int64_t *)arg = v->day;
    return ST_OK;
}

/* Thirteen months in quarantine: the message is of the March in which it came. */
TEST(trap_a_time_without_a_year_keeps_the_year_in_which_it_came_when_replayed)
{
    static const int64_t noon = 1772366400; /* 1 March 2026 */
    struct outcome_count replayed;
    struct source *source;
    struct error err;
    struct site s;
    int64_t day = 0;

    clock_fix(noon - 3600);
    site_open(&s, "retention { quarter = 0 day = 0 people = 0 }");
    source = site_source(&s, "import", "syslog:ndjson", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, "<134>Mar  1 12:00:00 sbc1 app: {\"customer\":\"acme\"}\n")
                  .quarantined,
              1);
    clock_fix(noon + 395 * 86400);
    CHECK_INT(engine_replay(s.engine, 0, NULL, &replayed, &err), ST_OK);
    CHECK_INT(replayed.accepted, 1);
    site_settle(&s, SETTLE_COMMITTED);
    source_unref(source);
    site_close(&s);
    scan_acme(note_day, &day);
    CHECK_INT(day, noon / 86400);
}
