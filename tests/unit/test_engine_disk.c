/*
 * test_engine_disk.c - read-only, failing, slow and short disks under a running engine.
 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_site.h"
#include "faulty_disk.h"
#include "ledger_care.h"

TEST(engine_waits_while_the_file_system_is_read_only)
{
    char *text = legs("acme", 1, 101);
    struct answer first = {0}, second = {0};
    struct source *source;
    struct site s;

    faulty_disk();
    site_open(&s, "");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    disk_write_errno = EROFS;
    CHECK_INT(site_submit(&s, source, text, &first), ST_OK);
    SITE_UNTIL(strstr(site_status(&s).stalled, "read-only"));
    CHECK_INT(site_submit(&s, source, text, &second), ST_FULL);
    CHECK_INT(first.told, 0);
    disk_write_errno = 0;
    SITE_UNTIL(first.told);
    CHECK_INT(first.count.accepted, 100);
    SITE_UNTIL(!site_status(&s).stalled[0]);
    CHECK_INT(site_submit(&s, source, text, &second), ST_OK);
    source_unref(source);
    site_close(&s);
    CHECK_INT(second.count.duplicates, 100);
    CHECK_INT(legs_on_disk("acme"), 100);
    CHECK_INT(ledger_trouble_read("st/ledger.db", NULL, 0), TROUBLE_NONE);
    free(text);
}

/* The engine ends its process: what was told, and how it ended. */
static int
run_until_it_ends(const char *text, atomic_int *fault, int error)
{
    int told = 0;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        struct answer answer = {0};
        struct source *source;
        struct site s;

        faulty_disk();
        site_open(&s, "");
        source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
        *fault = error;
        site_submit(&s, source, text, &answer);
        SITE_UNTIL(answer.told);
        _Exit(50);
    }
    CHECK(waitpid(child, &told, 0) == child && WIFEXITED(told));
    return WEXITSTATUS(told);
}

/* After a failed sync nobody knows what is on the disk: not the page cache, not SQLite. */
TEST(engine_ends_when_the_disk_fails_and_looks_at_all_of_the_ledger_before_it_goes_on)
{
    char *text = legs("acme", 1, 101), why[200];
    struct source *source;
    struct site s;

    for (int i = 0; i < 2; i++) {
        CHECK_INT(run_until_it_ends(text, i ? &disk_write_errno : &disk_sync_errno, EIO), 1);
        CHECK_INT(ledger_trouble_read("st/ledger.db", why, sizeof why), TROUBLE_IO);
        CHECK(strstr(why, "COMMIT"));
    }
    site_open(&s, "");
    CHECK_INT(ledger_trouble_read("st/ledger.db", NULL, 0), TROUBLE_NONE);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, text).records, 100); /* committed or not: told of neither */
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 100);
    free(text);
}

/* SQLite calls that damage, but nobody has to recover anything when the disk reads again. */
TEST(engine_takes_a_read_that_failed_for_what_it_is_and_starts_when_the_disk_is_well)
{
    char *text = legs("acme", 1, 101);
    struct source *source;
    struct error err = {0};
    struct site s;

    faulty_disk();
    for (int i = 0; i < 2; i++) { /* a folder without a ledger, and one with */
        disk_read_errno = EIO;
        for (int n = 0; n < 3; n++) { /* a new ledger is not read more often */
            disk_reads_left = n;
            CHECK_INT(site_try(&s, "", &err), ST_IO);
            if (!strstr(err.text, "the disk could not be read"))
                test_fail(__FILE__, __LINE__, "%s", err.text);
            CHECK_INT(ledger_trouble_read("st/ledger.db", NULL, 0), TROUBLE_NONE);
        }
        disk_read_errno = 0;
        site_open(&s, "");
        source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
        site_say(&s, source, text);
        source_unref(source);
        site_close(&s);
    }
    CHECK_INT(legs_on_disk("acme"), 100);
    free(text);
}

TEST(engine_answers_nobody_before_a_slow_sync_is_through_and_says_what_it_waits_for)
{
    char *text = legs("acme", 1, 101);
    struct answer answer = {0};
    struct source *source;
    struct site s;

    faulty_disk();
    site_open(&s, "");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    disk_sync_wait = 1;
    CHECK_INT(site_submit(&s, source, text, &answer), ST_OK);
    SITE_UNTIL(strstr(site_status(&s).disk_problem, "slow"));
    CHECK_INT(answer.told, 0);
    disk_sync_wait = 0;
    SITE_UNTIL(answer.told);
    CHECK_INT(answer.count.accepted, 100);
    SITE_UNTIL(!strstr(site_status(&s).disk_problem, "slow"));
    source_unref(source);
    site_close(&s);
    free(text);
}

/* Somebody who reads on and on keeps the log from being emptied. */
TEST(engine_stops_taking_before_a_reader_makes_its_log_endless)
{
    struct answer answer = {0};
    struct source *source;
    bool alarmed = false;
    unsigned id = 1;
    sqlite3 *reader;
    struct site s;

    site_open(&s, "limits { max_wal = 1MiB }");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK(sqlite3_open_v2("st/ledger.db", &reader, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    CHECK(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM meta", NULL, NULL, NULL) == SQLITE_OK);
    while (!strstr(site_status(&s).stalled, "max_wal")) {
        char *text = legs("acme", id, id + 50);

        answer.told = 0;
        if (site_submit(&s, source, text, &answer) == ST_OK) {
            SITE_UNTIL(answer.told);
            id += 50;
        }
        free(text);
        alarmed |= strstr(site_status(&s).disk_problem, "keeps reading") != NULL;
    }
    CHECK(site_status(&s).wal_bytes < 16 << 20);
    sqlite3_close(reader);
    SITE_UNTIL(!site_status(&s).stalled[0] && !strstr(site_status(&s).disk_problem, "reading"));
    CHECK(alarmed);
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), id - 1);
}

/* A reserve that no disk has. */
TEST(engine_takes_nothing_below_its_reserve)
{
    char *text = legs("acme", 1, 11);
    struct answer answer = {0};
    struct source *source;
    struct stat st;
    struct site s;

    site_open(&s, "limits { disk_reserve = 1024GiB disk_ballast = 0 }");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK(strstr(site_status(&s).stalled, "disk_reserve"));
    CHECK_INT(site_submit(&s, source, text, &answer), ST_FULL);
    source_unref(source);
    site_close(&s);
    CHECK_INT(answer.told, 0);
    site_open(&s, "limits { disk_reserve = 0 disk_ballast = 1MiB }");
    SITE_UNTIL(stat("st/ballast", &st) == 0 && st.st_blocks * 512 >= 1 << 20);
    SITE_UNTIL(!site_status(&s).disk_problem[0]);
    site_close(&s);
    CHECK(stat("st/ballast", &st) == 0); /* there was room */
    free(text);
}

/* --- one input among others --- */

struct flood {
    struct site *site;
    struct source *source;
    char *text;
    atomic_bool stop;
    atomic_int taken, refused;
};

static void *
pour(void *arg)
{
    struct flood *f = arg;

    while (!f->stop) {
        if (site_submit(f->site, f->source, f->text, NULL) == ST_OK)
            f->taken++;
        else
            f->refused++;
    }
    return NULL;
}

/* Two that never stop, one that has little to say, and one that says it all at once. */
TEST(engine_keeps_room_for_inputs_beside_a_flood)
{
    char *little = legs("little", 5000, 5600), *much = legs("much", 10, 4009);
    struct source *quiet, *large;
    struct flood floods[2];
    struct answer answer = {0};
    pthread_t threads[2];
    int tries = 0;
    struct site s;

    site_open(&s, "workers = 1\nlimits { max_queue = 1MiB }");
    for (int i = 0; i < 2; i++) {
        floods[i] = (struct flood){.site = &s, .text = legs_without_ids("flood", 300)};
        floods[i].source = site_source(&s, i ? "one" : "two", "ndjson", IDENTITY_NONE);
        CHECK(pthread_create(&threads[i], NULL, pour, &floods[i]) == 0);
    }
    quiet = site_source(&s, "quiet", "ndjson", IDENTITY_NONE);
    large = site_source(&s, "large", "ndjson", IDENTITY_NONE);
    SITE_UNTIL(floods[0].refused > 0 && floods[1].refused > 0);
    for (int i = 0; i < 100; i++) {
        struct answer a = {0};

        CHECK_INT(site_submit(&s, quiet, little, &a), ST_OK); /* never refused */
        SITE_UNTIL(a.told);
    }
    CHECK(strlen(much) > (1u << 20) / 3);
    while (site_submit(&s, large, much, &answer) != ST_OK) {
        CHECK(++tries < 100);
        poll(NULL, 0, 50);
    }
    SITE_UNTIL(answer.told);
    CHECK_INT(answer.count.accepted, 3999);
    CHECK(floods[0].taken > 0 && floods[1].taken > 0);
    for (int i = 0; i < 2; i++) {
        floods[i].stop = true;
        pthread_join(threads[i], NULL);
        source_unref(floods[i].source);
        free(floods[i].text);
    }
    source_unref(quiet);
    source_unref(large);
    site_close(&s);
    CHECK_INT(legs_on_disk("flood"), 300 * (floods[0].taken + floods[1].taken));
    free(little);
    free(much);
}
