/*
 * test_retire.c - an engine at work while days leave the ledger.
 */
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "civil.h"
#include "engine_site.h"
#include "store_verify.h"

#define TODAY   (days_from_civil(2026, 11, 22))
#define NOW     ((int64_t)TODAY * DAY_SECONDS + 12 * 3600)
#define OLD     (NOW - 900 * (int64_t)DAY_SECONDS) /* 2024-06-05 */
#define OPTIONS "fold_interval = 10ms\nanalytics_interval = 10ms\n"
/* 800 days ago it was September, whose month is kept. */
#define FLOOR     (days_from_civil(2024, 9, 1))
#define OLD_FLOOR (days_from_civil(2022, 3, 1)) /* the same, when that was now */

static long long
ask(const char *path, const char *sql)
{
    sqlite3_stmt *st;
    sqlite3 *db;
    long long v = -1;

    CHECK(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    sqlite3_busy_timeout(db, SITE_LIMIT_MS);
    CHECK(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK);
    if (sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return v;
}

static char *
leg_at(const char *id, int64_t start)
{
    return xasprintf("{\"customer\":\"acme\",\"id\":\"%s\",\"start\":%lld,\"duration\":60}\n", id,
                     (long long)start);
}

static struct outcome_count
say_leg(struct site *s, struct source *source, const char *id, int64_t start)
{
    char *text = leg_at(id, start);
    struct outcome_count count = site_say(s, source, text);

    free(text);
    return count;
}

static void
complain(void *arg, const char *line)
{
    (void)arg;
    test_fail(__FILE__, __LINE__, "%s", line);
}

static void
must_agree(struct site *s)
{
    struct verify_watch watch = {.report = complain};
    struct store_verify_result r;
    struct error err;

    site_settle(s, SETTLE_ANALYSED);
    CHECK_INT(store_verify("st/ledger.db", "st/crm.db", &watch, &r, &err), ST_OK);
    CHECK_INT(r.missing + r.different + r.extra, 0);
}

static long long
old_legs_in_the_store(void)
{
    return ask("st/crm.db", "SELECT legs FROM customer_day WHERE day = '2024-06-05'");
}

static long long
old_totals(void)
{
    return ask("st/ledger.db", "SELECT (SELECT count(*) FROM total WHERE period < 19967)"
                               " + (SELECT count(*) FROM total_day WHERE period < 19967)");
}

/* An old leg, and years later a new one. */
static void
live_through(struct site *s, struct source *source)
{
    clock_fix(OLD + 3600);
    CHECK_INT(say_leg(s, source, "r1", OLD).accepted, 1);
    site_settle(s, SETTLE_ANALYSED);
    clock_fix(NOW);
    CHECK_INT(say_leg(s, source, "r2", NOW - 3600).accepted, 1);
}

TEST(days_that_are_past_every_retention_leave_the_ledger_and_stay_in_the_store)
{
    struct source *source;
    struct site s;
    char *visit;

    CHECK_INT(FLOOR, 19967);
    clock_fix(OLD);
    site_open(&s, OPTIONS);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    live_through(&s, source);
    SITE_UNTIL(state_on_disk().floor == FLOOR && old_totals() == 0);
    CHECK_INT(legs_on_disk("acme"), 1);
    CHECK_INT(old_legs_in_the_store(), 1);
    CHECK_INT(ask("st/crm.db", "SELECT first_day = '2024-06-05' FROM customer_stat"), 1);
    must_agree(&s);
    /* A small total of that day would take the place of the true one. */
    CHECK_INT(say_leg(&s, source, "r3", OLD).quarantined, 1);
    CHECK_INT(say_leg(&s, source, "r4", (int64_t)FLOOR * DAY_SECONDS - 1).quarantined, 1);
    visit =
        xasprintf("{\"kind\":\"visit\",\"customer\":\"acme\",\"start\":%lld}\n", (long long)OLD);
    CHECK_INT(site_say(&s, source, visit).quarantined, 1);
    free(visit);
    CHECK_INT(say_leg(&s, source, "r5", (int64_t)FLOOR * DAY_SECONDS).accepted, 1);
    must_agree(&s);
    CHECK_INT(old_totals(), 0);
    CHECK_INT(old_legs_in_the_store(), 1);
    source_unref(source);
    site_close(&s);
    /* Neither a clock that is set back nor a longer retention makes the day known again. */
    clock_fix(OLD + 3600);
    site_open(&s, OPTIONS "retention { day = 0 }\n");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(say_leg(&s, source, "r6", OLD).quarantined, 1);
    must_agree(&s);
    CHECK_INT(old_legs_in_the_store(), 1);
    source_unref(source);
    site_close(&s);
}

/* What was taken before the floor was announced is counted, in the store, before its day goes. */
TEST(a_record_on_its_way_is_counted_before_its_day_goes)
{
    struct answer a = {0};
    struct source *source;
    struct block b;
    struct site s;
    char *text = leg_at("r3", OLD);

    clock_fix(OLD);
    site_open(&s, OPTIONS);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    live_through(&s, source);
    b = site_block(source, text, &a);
    b.bulk = true; /* such a batch stays open for seconds */
    CHECK_INT(engine_submit(s.engine, &b), ST_OK);
    SITE_UNTIL(a.told && state_on_disk().floor == FLOOR && old_totals() == 0);
    CHECK_INT(a.count.accepted + a.count.quarantined, 1);
    CHECK_INT(old_legs_in_the_store(), 1 + (long long)a.count.accepted);
    must_agree(&s);
    free(text);
    source_unref(source);
    site_close(&s);
}

/* Twice a look at what is old enough to go: the second one begins after the first has ended. */
static void
wait_for_looks(struct site *s, struct source *source, int64_t start)
{
    static const char *const ids[] = {"look1", "look2"};

    for (int i = 0; i < 2; i++) {
        CHECK_INT(say_leg(s, source, ids[i], start).accepted, 1);
        clock_fix(clock_now() + 10 * DAY_SECONDS);
        SITE_UNTIL(ask("st/ledger.db", "SELECT sum(length(fingerprints)) FROM seen") == 0);
    }
}

TEST(nothing_goes_while_the_clock_runs_ahead_or_data_are_the_clock)
{
    static const char *const options[] = {OPTIONS, OPTIONS "clock = \"data\"\n",
                                          OPTIONS "retention { service = 0 }\n"};

    for (unsigned i = 0; i < 3; i++) {
        struct source *source;
        struct site s;

        CHECK_INT(system("rm -rf st"), 0);
        clock_fix(OLD + 3600);
        site_open(&s, options[i]);
        source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
        CHECK_INT(say_leg(&s, source, "r1", OLD).accepted, 1);
        clock_fix(NOW);
        if (i > 0)
            CHECK_INT(say_leg(&s, source, "r2", NOW).accepted, 1);
        wait_for_looks(&s, source, OLD);
        CHECK(i == 0 ? state_on_disk().floor < day_of(OLD) : state_on_disk().floor == 0);
        CHECK_INT(say_leg(&s, source, "r3", OLD).accepted, 1);
        source_unref(source);
        site_close(&s);
    }
}

static struct outcome_count
say_of(struct site *s, struct source *source, const char *customer, int64_t start)
{
    char text[200];

    snprintf(text, sizeof text, "{\"customer\":\"%s\",\"start\":%lld,\"duration\":60}\n", customer,
             (long long)start);
    return site_say(s, source, text);
}

TEST(names_whose_days_have_all_left_the_ledger_make_room)
{
    struct source *source;
    struct site s;

    clock_fix(OLD + 3600);
    site_open(&s, OPTIONS "limits { max_customers = 2 }\n");
    SITE_UNTIL(site_status(&s).names_known);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(say_of(&s, source, "stays", OLD).accepted, 1);
    CHECK_INT(say_of(&s, source, "goes", OLD).accepted, 1);
    CHECK_INT(say_of(&s, source, "comes", OLD).quarantined, 1);
    site_settle(&s, SETTLE_ANALYSED);
    clock_fix(NOW);
    CHECK_INT(say_of(&s, source, "stays", NOW - 3600).accepted, 1);
    SITE_UNTIL(site_status(&s).customers == 1);
    CHECK_INT(state_on_disk().floor, FLOOR);
    CHECK_INT(ask("st/ledger.db", "SELECT count(*) FROM way WHERE name = 'stays'"), 1);
    CHECK_INT(ask("st/ledger.db", "SELECT count(*) FROM way WHERE name = 'goes'"), 0);
    CHECK_INT(say_of(&s, source, "comes", NOW - 3600).accepted, 1);
    CHECK_INT(say_of(&s, source, "goes", NOW - 3600).quarantined, 1);
    CHECK_INT(say_of(&s, source, "stays", NOW - 3600).accepted, 1);
    must_agree(&s);
    source_unref(source);
    site_close(&s);
}

/* --- positions in files --- */

static bool
is_file(void *arg, const struct cursor *c)
{
    return strstr(arg, c->identity) != NULL;
}

static bool
has_place_of(struct site *s, const char *input, const char *file)
{
    struct cursor c;

    return engine_checkpoint(s->engine, input, file, &c);
}

static bool
has_place(struct site *s, const char *file)
{
    return has_place_of(s, "in", file);
}

/* One record of a file, which ends at `position`. */
static void
take_from(struct site *s, struct source *source, const char *file, uint64_t position, int64_t start,
          struct answer *answer)
{
    char *text = leg_at(file, start);
    struct block b = site_block(source, text, answer);

    b.bulk = position > 100; /* such a batch stays open for seconds */
    b.cursor.position = position;
    snprintf(b.cursor.identity, sizeof b.cursor.identity, "%s", file);
    CHECK_INT(engine_submit(s->engine, &b), ST_OK);
    free(text);
}

static void
read_file(struct site *s, struct source *source, const char *file, int64_t start)
{
    struct answer a = {0};

    take_from(s, source, file, 100, start, &a);
    SITE_UNTIL(a.told);
    CHECK_INT(a.count.records, 1);
}

TEST(positions_in_files_that_are_gone_are_forgotten_when_they_guard_nothing)
{
    static char all[] = "old new quiet", away[] = "old new", quiet[] = "quiet";
    struct answer a = {0};
    struct source *source;
    struct site s;

    clock_fix(OLD);
    site_open(&s, OPTIONS);
    source = site_source(&s, "in", "ndjson", IDENTITY_POSITION);
    read_file(&s, source, "old", OLD - 3600);
    read_file(&s, source, "quiet", OLD - 3600);
    site_settle(&s, SETTLE_ANALYSED);
    clock_fix(NOW);
    read_file(&s, source, "new", NOW - 3600);
    SITE_UNTIL(state_on_disk().floor == FLOOR);
    engine_forget_gone(s.engine, "other", is_file, all);
    engine_forget_gone(s.engine, "in", is_file, away);
    SITE_UNTIL(ask("st/ledger.db", "SELECT count(*) FROM checkpoint") == 2);
    CHECK(!has_place(&s, "old") && has_place(&s, "quiet") && has_place(&s, "new"));
    /* It turns up again: it is read anew, and nothing of it counts twice. */
    read_file(&s, source, "old", OLD - 3600);
    CHECK_INT(old_legs_in_the_store(), 2);
    must_agree(&s);
    /* What moves meanwhile is not gone. */
    take_from(&s, source, "quiet", 200, NOW - 3600, &a);
    engine_forget_gone(s.engine, "in", is_file, quiet);
    SITE_UNTIL(a.told);
    CHECK_INT(a.st, ST_OK);
    source_unref(source);
    site_close(&s);
    site_open(&s, OPTIONS);
    CHECK(has_place(&s, "old") && has_place(&s, "quiet") && has_place(&s, "new"));
    site_close(&s);
}

TEST(positions_of_imports_are_forgotten_when_they_guard_nothing)
{
    struct source *source;
    struct site s;

    clock_fix(OLD);
    site_open(&s, OPTIONS);
    source = site_source(&s, IMPORT_INPUT, "ndjson", IDENTITY_POSITION);
    read_file(&s, source, "old", OLD - 3600);
    site_settle(&s, SETTLE_ANALYSED);
    clock_fix(NOW);
    read_file(&s, source, "new", NOW - 3600);
    SITE_UNTIL(state_on_disk().floor == FLOOR);
    SITE_UNTIL(ask("st/ledger.db", "SELECT count(*) FROM checkpoint") == 1);
    CHECK(!has_place_of(&s, IMPORT_INPUT, "old") && has_place_of(&s, IMPORT_INPUT, "new"));
    read_file(&s, source, "old", OLD - 3600); /* once more: it is read anew */
    CHECK_INT(old_legs_in_the_store(), 1);
    must_agree(&s);
    source_unref(source);
    site_close(&s);
    site_open(&s, OPTIONS);
    CHECK(has_place_of(&s, IMPORT_INPUT, "old") && has_place_of(&s, IMPORT_INPUT, "new"));
    site_close(&s);
}

#ifdef CALLSWELL_FAULTS

#define CUSTOMERS 1200 /* more than one step takes */

static void
say_all(struct site *s, struct source *source, int64_t start)
{
    struct buf text = {0};

    for (int i = 0; i < CUSTOMERS; i++)
        buf_printf(&text, "{\"customer\":\"c%d\",\"start\":%lld,\"duration\":60}\n", i,
                   (long long)start);
    CHECK_INT(site_say(s, source, text.p).accepted, CUSTOMERS);
    buf_clear(&text);
    site_settle(s, SETTLE_ANALYSED);
}

static void
live_until_killed(const char *fault)
{
    struct source *source;
    struct site s;

    clock_fix(OLD + 3600);
    site_open(&s, OPTIONS);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    say_all(&s, source, OLD);
    SITE_UNTIL(state_on_disk().floor == OLD_FLOOR); /* or that might be where it is killed */
    source_unref(source);
    site_close(&s);
    setenv("CALLSWELL_FAULT", fault, 1);
    clock_fix(NOW);
    site_open(&s, OPTIONS);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    say_all(&s, source, NOW - 3600);
    for (;;)
        pause();
}

TEST(days_leave_the_ledger_whenever_it_is_killed)
{
    static const char *const faults[] = {"totals_retired:1", "totals_retired:2"};

    for (int i = 0; i < 2; i++) {
        struct site s;
        int status;
        pid_t pid;

        CHECK_INT(system("rm -rf st"), 0);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            live_until_killed(faults[i]);
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        CHECK_INT(state_on_disk().floor, i == 0 ? OLD_FLOOR : FLOOR);
        CHECK(i == 0 ? old_totals() > CUSTOMERS : old_totals() > 0 && old_totals() < CUSTOMERS);
        clock_fix(NOW);
        site_open(&s, OPTIONS);
        SITE_UNTIL(state_on_disk().floor == FLOOR && old_totals() == 0);
        must_agree(&s);
        CHECK_INT(ask("st/crm.db", "SELECT sum(legs) FROM customer_day"), 2 * CUSTOMERS);
        site_close(&s);
    }
}

#endif
