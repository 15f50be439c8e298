/*
 * test_ledger_sums.c - every value of every row is guarded by a checksum: what was changed on disk
 * is found by the check, refused by whoever reads it, and left out by the recovery.
 */
#include "ledger.h"
#include "ledger_care.h"
#include "ledger_file.h"

#define FILE_ID "fe00:a7265d:0:2d06800538d394c2"

/* One of everything, and a copy to come back to. */
static void
make_whole(void)
{
    ledger_file_of_layout_1();
    ledger_close(ledger_here());
    ledger_file_run("INSERT INTO open_leg VALUES('hooks', 'leg 1', 7, x'0102',"
                    " row_checksum('hooks', 'leg 1', 7, x'0102'));"
                    "INSERT INTO kept VALUES(512, 1, x'01', x'02', row_checksum(512, 1, x'01',"
                    " x'02'));"
                    "INSERT INTO correction VALUES(-5, 2, 3, x'01', x'02', row_checksum(-5, 2, 3,"
                    " x'01', x'02'));"
                    "INSERT INTO merged VALUES(3, 'a', 'b', row_checksum(3, 'a', 'b'));"
                    "INSERT INTO corrected VALUES(1, 2, 1, row_checksum(1, 2, 1));"
                    "INSERT INTO intake VALUES(1, 'a', 'b', 'c', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,"
                    " row_checksum(1, 'a', 'b', 'c', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));"
                    "INSERT INTO feed_quarter VALUES(1, 'a', 2, 3, row_checksum(1, 'a', 2, 3));"
                    "INSERT INTO way VALUES(67, 'a', 'b', row_checksum(67, 'a', 'b'));"
                    "VACUUM INTO 'whole.db'");
}

static void
put_back(const char *harm)
{
    CHECK_INT(system("rm -f ledger.db* && cp whole.db ledger.db"), 0);
    ledger_file_run(harm);
}

static void
must_say(const char *text, const char *part)
{
    if (!strstr(text, part))
        test_fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", text, part);
}

/* --- the check --- */

static void
change_column(const char *table, const char *column)
{
    char sql[600];

    snprintf(sql, sizeof sql,
             "UPDATE OR IGNORE \"%s\" SET \"%s\" = CASE typeof(\"%s\") WHEN 'integer' THEN \"%s\" +"
             " 1 WHEN 'text' THEN \"%s\" || 'x' ELSE x'0203' END",
             table, column, column, column, column);
    put_back(sql);
    if (strcmp(ledger_file_check(), "") == 0)
        test_fail(__FILE__, __LINE__, "nothing is said of another %s in %s", column, table);
}

TEST(the_check_misses_no_change_in_any_column)
{
    char table[64], column[64], sql[300];
    int columns = 0;

    make_whole();
    CHECK_STR(ledger_file_check(), "");
    for (int i = 0;; i++, columns++) {
        snprintf(sql, sizeof sql,
                 "SELECT m.name || ' ' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
                 " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%%'"
                 " AND c.name <> 'one' ORDER BY m.name, c.cid LIMIT 1 OFFSET %d",
                 i);
        put_back("");
        if (sscanf(ledger_file_text(sql), "%63s %63s", table, column) != 2)
            break;
        change_column(table, column);
    }
    CHECK(columns > 116);
}

/* With another type the column is no longer the row's number, and reads as nothing. */
TEST(the_check_sees_a_changed_definition)
{
    make_whole();
    put_back("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql,"
             " 'one INTEGER', 'one INTEGEZ') WHERE name = 'meta'");
    must_say(ledger_file_check(), "the file's structure: meta.one is not defined as in a ledger\n");
    put_back("ALTER TABLE event ADD COLUMN other");
    CHECK_STR(ledger_file_check(),
              "the file's structure: event.other is not defined as in a ledger\n");
    put_back("");
    CHECK_STR(ledger_file_check(), "");
}

/* --- readers --- */

static void
no_position(void *arg, const char *input, const struct cursor *c)
{
    (void)arg, (void)input, (void)c;
}

static enum status
read_positions(struct ledger *l, struct error *err)
{
    return ledger_checkpoints(l, no_position, NULL, err);
}

static enum status
no_part(void *arg, uint64_t seq, struct span blob, struct error *err)
{
    (void)arg, (void)seq, (void)blob, (void)err;
    return ST_OK;
}

static enum status
read_log(struct ledger *l, struct error *err)
{
    return ledger_replay_log(l, no_part, NULL, err);
}

static void
no_fingerprints(void *arg, const uint64_t *fp, size_t n, int64_t created)
{
    (void)arg, (void)fp, (void)n, (void)created;
}

static enum status
read_fingerprints(struct ledger *l, struct error *err)
{
    return ledger_load_seen(l, INT64_MIN, no_fingerprints, NULL, err);
}

static enum status
expire_keys(struct ledger *l, struct error *err)
{
    bool more;

    return ledger_expire_idem(l, INT64_MAX, &more, err);
}

static enum status
fold(struct ledger *l, struct error *err)
{
    return ledger_fold(l, NULL, 0, ledger_state(l)->last_batch, err);
}

static enum status
fold_and_thin(struct ledger *l, struct error *err)
{
    enum status st = fold(l, err);
    bool more;

    return st == ST_OK ? ledger_thin_audit(l, INT64_MAX, &more, err) : st;
}

static enum status
find_last(struct ledger *l, struct error *err)
{
    uint64_t seq;

    return ledger_last_before(l, INT64_MAX, &seq, err);
}

static enum status
expire_events(struct ledger *l, struct error *err)
{
    struct event_place from = {-1, -1};

    return ledger_expire_events(l, 0, 5, &from, err);
}

static enum status
retire(struct ledger *l, struct error *err)
{
    bool more;

    return ledger_retire(l, 20000, &more, err);
}

static struct ledger_reader *
reader_here(void)
{
    struct ledger_reader *r;
    struct error err;

    CHECK_INT(ledger_reader_open(&r, "ledger.db", &err), ST_OK);
    return r;
}

static enum status
no_record(void *arg, const struct quarantine_row *q, struct error *err)
{
    (void)arg, (void)q, (void)err;
    return ST_OK;
}

static enum status
read_refused(struct ledger *l, struct error *err)
{
    struct ledger_reader *r = reader_here();
    enum status st = ledger_scan_quarantine(r, NULL, 0, 0, no_record, NULL, err);

    (void)l;
    ledger_reader_close(r);
    return st;
}

static enum status
no_event(void *arg, uint64_t seq, const struct event_row *e, struct error *err)
{
    (void)arg, (void)seq, (void)e, (void)err;
    return ST_OK;
}

static enum status
read_events(struct ledger *l, struct error *err)
{
    struct ledger_reader *r = reader_here();
    enum status st = ledger_scan_events(r, 0, no_event, NULL, err);

    (void)l;
    ledger_reader_close(r);
    return st;
}

static enum status
read_key(struct ledger *l, struct error *err)
{
    struct ledger_reader *r = reader_here();
    struct idem_row row;
    uint64_t seq;
    enum status st = ledger_find_idem(r, SPAN("hooks"), SPAN("k1"), &row, &seq, err);

    (void)l;
    ledger_reader_close(r);
    return st;
}

static enum status
read_place(struct ledger *l, struct error *err)
{
    struct ledger_reader *r = reader_here();
    bool known;
    enum status st = ledger_reader_in_history(r, 1795334182711037, 1, &known, err);

    (void)l;
    ledger_reader_close(r);
    return st;
}

static enum status
read_state(struct ledger *l, struct error *err)
{
    struct ledger_reader *r = reader_here();
    struct ledger_state state;
    enum status st = ledger_reader_state(r, &state, err);

    (void)l;
    ledger_reader_close(r);
    return st;
}

/* `read` meets what was changed after the open; without it the open itself does. */
static const struct {
    const char *harm;
    enum status (*read)(struct ledger *l, struct error *err);
    const char *says, *lost;
} cases[] = {
    {"UPDATE checkpoint SET position = 0", read_positions,
     "the position of input files in " FILE_ID " fails its checksum",
     "the position of input files in " FILE_ID
     " fails its checks: what is read there once more and has no id counts once more\n"},
    {"UPDATE batch SET seq = 4 WHERE seq = 5", read_log, "batch 4 fails its checksum",
     "the counts of batch 4 fails its checks\n"},
    {"UPDATE seen SET created = 0 WHERE seq = 2", read_fingerprints, "seen row 2 fails",
     "the fingerprints of batch 2 fails its checks\n"},
    {"UPDATE idem SET answer = replace(answer, ':3', ':4')", expire_keys,
     "a request's key of batch 1 fails",
     "the answer to input hooks, key k1 fails its checks: a"
     " request that comes again with it is no repetition\n"},
    {"UPDATE idem SET body_hash = 0 WHERE key = 'k1'", read_key, "a request's key of batch 1 fails",
     "the answer to input hooks, key k1 fails"},
    {"UPDATE idem SET answer = '{}' WHERE key = 'k1'", read_key, "a request's key of batch 1 fails",
     "the answer to input hooks, key k1 fails"},
    {"UPDATE audit SET created = 0 WHERE seq = 3", fold, "the audit of batch 3 fails",
     "the audit of batch 3 fails its checks\n"},
    {"UPDATE audit SET created = 0 WHERE seq = 4", find_last, "the audit of batch 4 fails",
     "the audit of batch 4 fails its checks\n"},
    {"UPDATE audit SET late = 1 WHERE seq = 1", fold_and_thin, "the audit of batch 1 fails",
     "the audit of batch 1 fails its checks\n"},
    {"UPDATE event SET customer = 'globex'", read_events, "event 0 of batch 3 fails",
     "an event of batch 3 fails its checks\n"},
    {"UPDATE event SET start = 1", expire_events, "event 0 of batch 3 fails",
     "an event of batch 3 fails its checks\n"},
    {"UPDATE total SET period = 19999 WHERE subject = CAST('c:acme' AS BLOB) AND period = 20777",
     retire, "the total of c:acme fails its checksum",
     "the total of customer acme on 2024-10-03\n"},
    {"UPDATE quarantine SET timezone = 'UTC' WHERE id = 2", read_refused,
     "refused record 2 fails its checksum", "refused record 2 fails its checks\n"},
    {"UPDATE quarantine SET head = x'7b7d' WHERE id = 3", read_refused,
     "refused record 3 fails its checksum", "refused record 3 fails its checks\n"},
    {"UPDATE history SET last_seq = 9 WHERE incarnation = 1795334182711037", NULL,
     "the incarnation 1795334182711037 fails its checksum", ""},
    {"UPDATE total_day SET period = 5 WHERE kind = 99 AND period = 20777", NULL,
     "the list of days fails its checksum", ""},
    {"UPDATE meta SET late = 1", NULL, "the state row fails its checksum",
     "the state row: what it said is taken from the other rows\n"},
    {"UPDATE meta SET version = 3", NULL, "the version in the state row is damaged",
     "the version in the state row: the new one has it\n"},
    {"UPDATE meta SET version = 0", NULL, "the version in the state row is damaged",
     "the version in the state row: the new one has it\n"},
    {"UPDATE meta SET version = 1", NULL, "the version in the state row is damaged",
     "the version in the state row: the new one has it\n"},
    {"UPDATE meta SET node = '2'", NULL, "the state row fails its checksum", "the ledger's id"},
};

TEST(whoever_reads_a_changed_row_refuses_it)
{
    make_whole();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ledger *l = NULL;
        struct error err = {0};

        if (cases[i].read) { /* nothing of what follows comes from elsewhere */
            put_back("");
            l = ledger_here();
            CHECK_INT(cases[i].read(l, &err), ST_OK);
            ledger_close(l);
            put_back(cases[i].harm);
            l = ledger_here();
            CHECK_INT(cases[i].read(l, &err), ST_CORRUPT);
            ledger_close(l);
        } else {
            put_back(cases[i].harm);
            CHECK_INT(ledger_open(&l, "ledger.db", "1", &err), ST_CORRUPT);
        }
        must_say(err.text, cases[i].says);
        must_say(err.text, "ledger.db: ");
    }
}

/* While a ledger is open, its reader meets what was changed behind its back. */
TEST(readers_of_the_state_and_the_past_refuse_what_was_changed)
{
    struct ledger *l;
    struct error err;

    make_whole();
    put_back("");
    l = ledger_here();
    CHECK_INT(read_state(l, &err), ST_OK);
    CHECK_INT(read_place(l, &err), ST_OK);
    ledger_file_run("UPDATE history SET last_seq = 9; UPDATE meta SET accepted = 7");
    CHECK_INT(read_place(l, &err), ST_CORRUPT);
    CHECK_INT(read_state(l, &err), ST_CORRUPT);
    must_say(err.text, "ledger.db: the state row fails its checksum");
    ledger_close(l);
}

TEST(an_input_does_not_move_on_from_a_changed_position)
{
    struct cursor_row row = {.input = "files",
                             .cursor = {.position = 80, .identity = FILE_ID},
                             .known = true,
                             .before = 75};
    struct ledger_batch b = {.cursors = &row, .cursor_count = 1};
    struct ledger *l;
    struct error err;
    uint64_t seq;
    bool idle;

    make_whole();
    put_back("");
    l = ledger_here();
    row.cursor.position = 75;
    CHECK_INT(ledger_is_idle(l, &row, 5, &idle, &err), ST_OK);
    CHECK(idle);
    ledger_file_run("UPDATE checkpoint SET fingerprint = fingerprint + 1");
    CHECK_INT(ledger_is_idle(l, &row, 5, &idle, &err), ST_OK);
    CHECK(!idle); /* nor is it forgotten */
    row.cursor.position = 80;
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_IO);
    must_say(err.text, "does not stand at 75");
    ledger_file_run("UPDATE checkpoint SET fingerprint = fingerprint - 1");
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_OK);
    ledger_close(l);
    CHECK_STR(ledger_file_check(), "");
}

/* --- the recovery --- */

TEST(the_recovery_leaves_changed_rows_out_and_says_so)
{
    make_whole();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ledger_recovery out;

        put_back(cases[i].harm);
        must_say(ledger_file_recover(&out), cases[i].lost);
        CHECK_INT(out.lost > 0, cases[i].lost[0] != '\0');
        CHECK_INT(out.identity_lost, strstr(cases[i].lost, "the ledger's id") != NULL);
        ledger_close(ledger_here());
    }
}

TEST(of_a_changed_state_row_the_recovery_keeps_who_the_ledger_is)
{
    struct ledger_recovery out;
    char id[40];

    make_whole();
    put_back("UPDATE meta SET incarnation = 9000000000000000000, last_refused = 1, records = 1,"
             " floor = 99999");
    snprintf(id, sizeof id, "%.32s", ledger_file_text("SELECT id FROM meta"));
    ledger_file_recover(&out);
    CHECK(!out.identity_lost);
    CHECK_STR(ledger_file_text("SELECT id FROM meta"), id);
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM seen"), 4);
    CHECK_INT(ledger_file_ask("SELECT records FROM meta"), 10);
    CHECK_INT(ledger_file_ask("SELECT last_refused FROM meta"), 3);
    CHECK_INT(ledger_file_ask("SELECT floor FROM meta"),
              20777); /* no day that has totals is below */
    CHECK_INT(ledger_file_ask("SELECT incarnation FROM meta"), 1795334192879442);
}

TEST(a_ledger_can_lose_audits_more_than_once)
{
    struct ledger_recovery out;

    make_whole();
    put_back("UPDATE audit SET records = 77 WHERE seq = 2");
    ledger_file_recover(&out);
    ledger_file_run("UPDATE audit SET records = 77 WHERE seq = 3");
    must_say(ledger_file_recover(&out), "the audit of batch 3 fails its checks\n");
    CHECK_INT(ledger_file_ask("SELECT sum(records) FROM audit"), 10);
}

TEST(numbers_of_refused_records_come_from_the_state_row)
{
    const struct quarantine_row row = {.input = SPAN("hooks"),
                                       .source = SPAN(""),
                                       .format = SPAN("ndjson"),
                                       .stream = SPAN(""),
                                       .timezone = SPAN(""),
                                       .reason = SPAN("why"),
                                       .raw = SPAN("x"),
                                       .length = 1};
    const struct ledger_batch b = {
        .quarantine = &row, .quarantine_count = 1, .count = {.records = 1, .quarantined = 1}};
    struct ledger *l;
    struct error err;
    uint64_t seq;

    make_whole();
    put_back("DELETE FROM quarantine; DELETE FROM sqlite_sequence");
    l = ledger_here();
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_OK);
    ledger_close(l);
    CHECK_INT(ledger_file_ask("SELECT id FROM quarantine"), 4);
    CHECK_STR(ledger_file_check(), "");
    ledger_file_run("UPDATE quarantine SET id = 5; UPDATE quarantine"
                    " SET checksum = row_checksum(" LEDGER_QUARANTINE ")");
    CHECK_STR(ledger_file_check(), "the refused record 5 has a number that was never given\n");
}
