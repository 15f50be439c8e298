/*
 * test_ledger_layout.c - a ledger of layout 1: read as it is, converted by the first daemon that
 * opens it, with all that was in it and with the damage that could be seen in it.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"
#include "ledger_file.h"

/* All columns of layout 1 in all rows of a table, as text; the caller frees it. */
static char *
contents(const char *table)
{
    char sql[200];
    struct buf columns = {0}, all = {0};

    snprintf(sql, sizeof sql,
             "SELECT group_concat('quote(\"' || name || '\")', ' || '','' || ')"
             " FROM pragma_table_info('%s') WHERE name NOT LIKE '%%checksum'"
             " AND name NOT IN ('floor', 'last_refused')",
             table);
    buf_str(&columns, ledger_file_text(sql));
    for (int i = 0; i < 20; i++) {
        struct buf row = {0};

        buf_printf(&row, "SELECT %s FROM \"%s\" LIMIT 1 OFFSET %d", columns.p, table, i);
        buf_printf(&all, "%s\n", ledger_file_text(row.p));
        buf_clear(&row);
    }
    buf_clear(&columns);
    return all.p;
}

static struct ledger_state
state_on_disk(void)
{
    struct ledger_reader *r;
    struct ledger_state state;
    struct error err;

    CHECK_INT(ledger_reader_open(&r, "ledger.db", &err), ST_OK);
    CHECK_INT(ledger_reader_state(r, &state, &err), ST_OK);
    ledger_reader_close(r);
    return state;
}

TEST(a_ledger_of_layout_1_is_read_as_it_is)
{
    struct ledger_check check;
    struct error err;

    ledger_file_of_layout_1();
    CHECK_STR(ledger_file_check(), "");
    CHECK_INT(state_on_disk().last_batch, 5);
    CHECK_INT(state_on_disk().last_refused, 3);
    CHECK_INT(ledger_backup("ledger.db", "copy.db", &check, &err), ST_OK);
    CHECK_INT(ledger_file_ask("SELECT version FROM meta"), 1); /* nobody wrote */
    CHECK_INT(system("mv copy.db ledger.db"), 0);
    ledger_close(ledger_here());
    CHECK_STR(ledger_file_check(), "");
}

TEST(a_ledger_of_layout_1_is_converted_with_all_that_is_in_it)
{
    static const char *const tables[] = {"batch",      "seen",  "total",      "total_day", "idem",
                                         "checkpoint", "event", "quarantine", "open_leg",  "audit"};
    const size_t n = sizeof tables / sizeof tables[0];
    char *before[sizeof tables / sizeof tables[0]];

    ledger_file_of_layout_1();
    for (size_t i = 0; i < n; i++)
        before[i] = contents(tables[i]);
    ledger_close(ledger_here());
    CHECK_INT(ledger_file_ask("SELECT version FROM meta"), 2);
    for (size_t i = 0; i < n; i++) {
        char *after = contents(tables[i]);

        CHECK_STR(after, before[i]);
        free(before[i]);
        free(after);
    }
    CHECK_STR(ledger_file_text("SELECT id || records || accepted || newest FROM meta"),
              "dd1e6ecc99324214dbd1013861450ca91061795255200");
    CHECK_INT(ledger_file_ask("SELECT last_seq FROM history ORDER BY 1 LIMIT 1"), 1);
    CHECK_STR(ledger_file_check(), "");
    ledger_close(ledger_here()); /* once is enough */
    CHECK_STR(ledger_file_check(), "");
}

/* Rows grow, and move to other pages, while they are walked over. */
TEST(a_conversion_misses_none_of_many_rows)
{
    ledger_file_of_layout_1();
    ledger_file_run(
        "CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (VALUES(10) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 20000) SELECT i FROM n;"
        "INSERT INTO idem SELECT 'hooks', 'key ' || i, i, '{\"records\":3}', 1 FROM n;"
        "INSERT INTO event SELECT 3, i, 7, i, 'acme', 'e' || i, '{\"kind\":\"inquiry\"}' FROM n;"
        "INSERT INTO checkpoint SELECT 'import', 'import:' || i, i, i, 1, 0 FROM n;"
        "INSERT INTO history SELECT i, i FROM n");
    ledger_close(ledger_here());
    CHECK_STR(ledger_file_check(), "");
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM event WHERE n > 9"), 19991);
}

/* What is made new and what was converted are the same to every statement of ours. */
TEST(a_converted_ledger_has_the_columns_of_a_new_one)
{
    ledger_file_of_layout_1();
    ledger_close(ledger_here());
    CHECK_INT(system("mv ledger.db converted.db"), 0);
    ledger_close(ledger_here());
    ledger_file_run("ATTACH 'converted.db' AS c;"
                    "CREATE TABLE here AS SELECT m.name AS t, i.* FROM main.sqlite_schema m,"
                    " pragma_table_info(m.name, 'main') i WHERE m.type = 'table';"
                    "CREATE TABLE there AS SELECT m.name AS t, i.* FROM c.sqlite_schema m,"
                    " pragma_table_info(m.name, 'c') i WHERE m.type = 'table'");
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM here WHERE name = 'checksum'"), 19);
    CHECK_STR(ledger_file_text(
                  "SELECT coalesce(group_concat(t || '.' || name), '') FROM (SELECT t, cid, name,"
                  " type, \"notnull\", pk FROM here EXCEPT SELECT t, cid, name, type,"
                  " \"notnull\", pk FROM there)"),
              "");
    CHECK_INT(ledger_file_ask("SELECT (SELECT count(*) FROM here) - count(*) FROM there"), 0);
}

/* The floor came to layout 1 while that was in use. */
TEST(a_floor_is_read_and_converted_if_there_is_one)
{
    for (int floor = 0; floor < 2; floor++) {
        struct ledger *l;
        struct error err;
        bool more;

        CHECK_INT(system("rm -f ledger.db*"), 0);
        ledger_file_of_layout_1();
        if (floor)
            ledger_file_run("ALTER TABLE meta ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;"
                            "UPDATE meta SET floor = 20778");
        CHECK_INT(state_on_disk().floor, floor ? 20778 : 0);
        l = ledger_here();
        CHECK_INT(ledger_state(l)->floor, floor ? 20778 : 0);
        CHECK_INT(ledger_retire(l, 20778, &more, &err), ST_OK);
        ledger_close(l);
        CHECK_INT(state_on_disk().floor, 20778);
        CHECK_INT(ledger_file_ask("SELECT min(period) FROM total"), 20778);
        CHECK_STR(ledger_file_check(), "");
    }
}

TEST(another_nodes_ledger_is_not_converted)
{
    struct ledger *l = NULL;
    struct error err;

    ledger_file_of_layout_1();
    CHECK_INT(ledger_open(&l, "ledger.db", "2", &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "belongs to node \"1\""));
    CHECK_INT(ledger_file_ask("SELECT version FROM meta"), 1);
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM pragma_table_info('event')"), 7);
}

TEST(a_version_that_is_wrong_is_damage_and_one_that_is_newer_is_not)
{
    static const int versions[] = {0, 2, 3, 5, 129, -127};
    struct ledger_recovery out;
    struct ledger_check check;
    struct ledger *l = NULL;
    struct buf said = {0};
    struct error err;
    char harm[60];

    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        CHECK_INT(system("rm -f ledger.db*"), 0);
        ledger_file_of_layout_1();
        snprintf(harm, sizeof harm, "UPDATE meta SET version = %d", versions[i]);
        ledger_file_run(harm);
        CHECK_STR(ledger_file_check(), "the version in the state row is damaged\n");
        CHECK_INT(ledger_open(&l, "ledger.db", "1", &err), ST_CORRUPT);
        CHECK_STR(err.text, "ledger.db: the version in the state row is damaged");
        CHECK_INT(ledger_file_ask("SELECT version FROM meta"), versions[i]); /* and untouched */
        CHECK_STR(ledger_file_recover(&out), "the version in the state row: the new one has it\n");
        CHECK(!out.identity_lost);
        CHECK_INT(ledger_file_ask("SELECT count(*) FROM seen"), 4);
    }
    ledger_file_run("UPDATE meta SET version = 3; ALTER TABLE meta ADD COLUMN other");
    CHECK_INT(ledger_open(&l, "ledger.db", "1", &err), ST_BAD_CONFIG);
    ledger_file_run("ALTER TABLE meta DROP COLUMN other; ALTER TABLE meta DROP COLUMN floor");
    CHECK_INT(ledger_check("ledger.db", ledger_file_note, &said, &check, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "ledger.db has version 3, this program reads version 2"));
    buf_clear(&said);
}

static void
limit_files(rlim_t bytes)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* At every page of its log that may find none. */
TEST(a_conversion_without_room_leaves_the_ledger_as_it_was)
{
    struct ledger *l = NULL;
    struct error err;
    enum status st = ST_FULL;
    int said = 0;

    ledger_file_of_layout_1();
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t room = 4096; st != ST_OK; room += 1024) {
        limit_files(room);
        st = ledger_open(&l, "ledger.db", "1", &err);
        limit_files(RLIM_INFINITY);
        if (st == ST_OK || ledger_file_ask("SELECT version FROM meta") == 2)
            break; /* what then had no room came after it */
        CHECK_INT(st, ST_FULL);
        said += strstr(err.text, "could not be converted") && /* or no log can be begun */
                strstr(err.text, ": no room on the disk; ");
        CHECK_STR(ledger_file_check(), "");
    }
    CHECK(said > 5);
    if (st == ST_OK)
        ledger_close(l);
    ledger_close(ledger_here());
    CHECK_STR(ledger_file_check(), "");
}

#ifdef CALLSWELL_FAULTS
/* Opens it in a process that is killed at that place; false if it does not come by. */
static bool
killed_at(const char *place, int time)
{
    char fault[40];
    pid_t pid = fork();
    int status;

    snprintf(fault, sizeof fault, "%s:%d", place, time);
    CHECK(pid >= 0);
    if (pid == 0) {
        setenv("CALLSWELL_FAULT", fault, 1);
        ledger_close(ledger_here());
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}
#endif

TEST(a_conversion_that_is_killed_is_whole_or_begins_anew)
{
#ifdef CALLSWELL_FAULTS
    int times = 0;

    ledger_file_of_layout_1();
    while (killed_at("row_converted", times + 1)) {
        times++;
        CHECK_INT(ledger_file_ask("SELECT version FROM meta"), 1);
        CHECK_STR(ledger_file_check(), "");
    }
    CHECK(times > 20);
    CHECK_INT(system("rm -f ledger.db*"), 0);
    ledger_file_of_layout_1();
    CHECK(killed_at("row_converted", 20));
    CHECK(killed_at("ledger_converted", 1));
    CHECK_INT(ledger_file_ask("SELECT version FROM meta"), 2);
    CHECK_STR(ledger_file_check(), "");
    CHECK(!killed_at("ledger_converted", 1)); /* once is enough */
    CHECK_STR(ledger_file_check(), "");
#else
    test_skip("fault points are in builds with sanitizers only");
#endif
}

/* What was damaged before the conversion is so after it; with and without it the recovery saves
 * the rest. */
TEST(no_conversion_makes_damage_good)
{
    static const struct {
        const char *harm, *says, *lost;
    } cases[] = {
        {"UPDATE quarantine SET head = x'7b7d' WHERE id = 3",
         "the refused record 3 fails its checksum\n", "refused record 3 fails its checks\n"},
        {"UPDATE seen SET fingerprints = x'0102030405060708' WHERE seq = 5",
         "the fingerprints of batch 5 fail their checksum\n",
         "the fingerprints of batch 5 fails its checks\n"},
        {"UPDATE batch SET deltas = substr(deltas, 2) WHERE seq = 2",
         "ledger.db: batch 2 fails its checksum\n", "the counts of batch 2 fails its checks\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int converted = 0; converted < 2; converted++) {
            struct ledger_recovery out;

            CHECK_INT(system("rm -f ledger.db*"), 0);
            ledger_file_of_layout_1();
            ledger_file_run(cases[i].harm);
            if (converted)
                ledger_close(ledger_here());
            CHECK_STR(ledger_file_check(), cases[i].says);
            CHECK_INT(ledger_file_ask("SELECT version FROM meta"), 1 + converted);
            CHECK(strstr(ledger_file_recover(&out), cases[i].lost));
            CHECK(!out.identity_lost);
            CHECK_INT(ledger_file_ask("SELECT version FROM meta"), 2);
            CHECK_INT(ledger_file_ask("SELECT count(*) FROM checkpoint"), 1);
            CHECK_INT(ledger_file_ask("SELECT last_refused FROM meta"), 3);
        }
}
