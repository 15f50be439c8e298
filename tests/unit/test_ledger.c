/*
 * test_ledger.c - batches in, totals out, and what stands between them and a crash.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys.h"
#include "ledger.h"
#include "ledger_file.h"
#include "memory.h"
#include "test.h"
#include "totals.h"

#define DAY 20779 /* 2026-11-22 */

static struct ledger *
reopen(struct ledger *l)
{
    ledger_close(l);
    return ledger_here();
}

static void
add(struct cells *set, const char *customer, int32_t day, int64_t n)
{
    int64_t v[SERVICE_COLUMNS] = {n, 60 * n, 0, 0, 0};

    cell_add(cells_get(set, CELL_CUSTOMER, span_str(customer), day), 40, v);
}

/* One batch of n legs and as many fingerprints from `first` on. */
static uint64_t
commit(struct ledger *l, const char *customer, int64_t n, uint64_t first, int64_t created)
{
    struct cells *deltas = cells_new();
    uint64_t *fp = xcalloc((size_t)n, sizeof *fp), seq = 0;
    const uint64_t *fps[] = {fp};
    size_t counts[] = {(size_t)n};
    struct ledger_batch b = {
        .deltas = &deltas,
        .delta_count = 1,
        .fingerprints = fps,
        .fingerprint_counts = counts,
        .fingerprint_arrays = 1,
        .count = {.records = (uint64_t)n, .accepted = (uint64_t)n},
        .created = created,
    };
    struct error err;

    add(deltas, customer, DAY, n);
    for (int64_t i = 0; i < n; i++)
        fp[i] = first + (uint64_t)i;
    if (ledger_commit(l, &b, &seq, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    cells_free(deltas);
    free(fp);
    return seq;
}

static enum status
add_blob(void *arg, uint64_t seq, struct span blob, struct error *err)
{
    return totals_add_blob(arg, blob, seq, err);
}

static enum status
sum_legs(void *arg, const struct cell *c, struct error *err)
{
    int64_t v[SERVICE_COLUMNS];

    (void)err;
    cell_sum(c, v);
    *(int64_t *)arg += v[CUSTOMER_LEGS];
    return ST_OK;
}

static enum status
sum_read_legs(void *arg, const struct cell_view *c, struct error *err)
{
    (void)err;
    *(int64_t *)arg += c->sum[CUSTOMER_LEGS];
    return ST_OK;
}

static int64_t
legs_by_reader(void)
{
    struct ledger_reader *r;
    struct error err;
    int64_t sum = 0;

    CHECK_INT(ledger_reader_open(&r, "ledger.db", &err), ST_OK);
    CHECK_INT(ledger_scan_kind(r, CELL_CUSTOMER, 0, sum_read_legs, &sum, &err), ST_OK);
    ledger_reader_close(r);
    return sum;
}

/* Replays the log over the totals on disk, as a start does. */
static int64_t
legs_in_all(struct ledger *l)
{
    struct totals *t = totals_new(l, ledger_state(l)->folded_batch);
    int64_t sum = 0;
    struct error err;

    CHECK_INT(ledger_replay_log(l, add_blob, t, &err), ST_OK);
    for (unsigned p = 0; p < KEY_PARTITIONS; p++)
        CHECK_INT(totals_scan(t, p, 0, sum_legs, &sum, &(uint64_t){0}, &err), ST_OK);
    totals_free(t);
    return sum;
}

TEST(ledger_log_and_totals_are_the_sum_of_all_batches)
{
    struct ledger *l = reopen(NULL);
    struct totals *t = totals_new(l, 0);
    struct cell **dirty;
    struct error err;
    size_t n;

    commit(l, "acme", 3, 100, 1);
    commit(l, "acme", 4, 200, 2);
    l = reopen(l);
    totals_free(t);
    CHECK_INT(ledger_state(l)->last_batch, 2);
    CHECK_INT(ledger_state(l)->ever.accepted, 7);
    CHECK_INT(legs_by_reader(), 0);
    CHECK_INT(legs_in_all(l), 7);
    t = totals_new(l, 0);
    CHECK_INT(ledger_replay_log(l, add_blob, t, &err), ST_OK);
    dirty = totals_dirty(t, &n);
    CHECK_INT(n, 1);
    CHECK_INT(ledger_fold(l, dirty, n, 2, &err), ST_OK);
    free(dirty);
    totals_free(t);
    CHECK_INT(ledger_state(l)->folded_batch, 2);
    CHECK_INT(legs_by_reader(), 7);
    CHECK_INT(legs_in_all(l), 0); /* the log is empty */
    commit(l, "acme", 5, 300, 3);
    l = reopen(l);
    CHECK_INT(legs_by_reader(), 7);
    CHECK_INT(legs_in_all(l), 12); /* the new batch over the total on disk */
    ledger_close(l);
}

#define NAMES 801
#define DAYS  27 /* with so many rows a scan changes its snapshot on the way */

static void
fill_many_names(struct ledger *l)
{
    struct totals *t = totals_new(l, 0);
    struct cells *deltas = cells_new();
    const uint64_t *fps[] = {NULL};
    size_t none[] = {0};
    struct ledger_batch b = {
        .deltas = &deltas,
        .delta_count = 1,
        .fingerprints = fps,
        .fingerprint_counts = none,
        .created = 1,
    };
    int64_t one[SERVICE_COLUMNS] = {1};
    struct cell **dirty;
    struct error err;
    uint64_t seq;
    size_t n;

    for (int i = 0; i < NAMES; i++)
        for (int day = -1; day < DAYS; day++) {
            char name[16];

            snprintf(name, sizeof name, "n%d", i * 7919 % NAMES);
            add(deltas, name, DAY + day, i + 1);
        }
    cell_add(cells_get(deltas, CELL_FEATURE, span_str("n1"), DAY), 0, one);
    cell_add(cells_get(deltas, CELL_SERVICE, span_str("n1"), DAY), 0, one);
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_OK);
    cells_free(deltas);
    CHECK_INT(ledger_replay_log(l, add_blob, t, &err), ST_OK);
    dirty = totals_dirty(t, &n);
    CHECK_INT(ledger_fold(l, dirty, n, seq, &err), ST_OK);
    free(dirty);
    totals_free(t);
}

struct in_order {
    char name[16];
    int32_t day;
    int64_t legs;
    unsigned names, rows;
};

static enum status
check_order(void *arg, const struct cell_view *c, struct error *err)
{
    struct in_order *o = arg;

    (void)err;
    CHECK_INT(c->kind, CELL_CUSTOMER);
    if (span_is(c->name, o->name)) {
        CHECK_INT(c->day, o->day + 1);
    } else {
        CHECK(span_cmp(span_str(o->name), c->name) < 0);
        CHECK_INT(c->day, DAY);
        o->names++;
    }
    snprintf(o->name, sizeof o->name, "%.*s", SPAN_ARG(c->name));
    o->day = c->day;
    o->rows++;
    o->legs += c->sum[CUSTOMER_LEGS];
    return ST_OK;
}

TEST(a_kind_is_read_in_the_order_of_names_and_days_over_all_partitions)
{
    struct ledger *l = reopen(NULL);
    struct ledger_reader *r;
    struct in_order o = {.name = ""};
    struct error err;

    fill_many_names(l);
    CHECK_INT(ledger_reader_open(&r, "ledger.db", &err), ST_OK);
    CHECK_INT(ledger_scan_kind(r, CELL_CUSTOMER, DAY, check_order, &o, &err), ST_OK);
    CHECK_INT(o.names, NAMES);
    CHECK_INT(o.rows, NAMES * DAYS);
    CHECK_INT(o.legs, (int64_t)NAMES * (NAMES + 1) / 2 * DAYS);
    ledger_reader_close(r);
    ledger_close(l);
}

static void
collect(void *arg, const uint64_t *fp, size_t n, int64_t created)
{
    uint64_t *sum = arg;

    (void)created;
    for (size_t i = 0; i < n; i++)
        sum[0]++, sum[1] += fp[i];
}

static void
collect_gone(void *arg, const uint64_t *fp, size_t n)
{
    collect(arg, fp, n, 0);
}

static void
check_seen(struct ledger *l, uint64_t want)
{
    uint64_t sum[2] = {0, 0};
    struct error err;

    CHECK_INT(ledger_load_seen(l, INT64_MIN, collect, sum, &err), ST_OK);
    CHECK_INT(sum[0], want);
}

TEST(ledger_forgets_ids_by_age_and_by_number)
{
    struct ledger *l = reopen(NULL);
    uint64_t gone[2] = {0, 0};
    struct error err;
    bool more = true;

    for (int i = 0; i < 10; i++)
        commit(l, "acme", 10, (uint64_t)(1000 + 10 * i), 100 * (i + 1));
    check_seen(l, 100);
    CHECK_INT(ledger_expire_seen(l, 100, 0, collect_gone, gone, &more, &err), ST_OK);
    CHECK_INT(gone[0], 0);
    CHECK(!more);
    CHECK_INT(ledger_state(l)->seen_since, 100);
    CHECK_INT(ledger_state(l)->seen_gone, 0);
    CHECK_INT(ledger_expire_seen(l, 301, 0, collect_gone, gone, &more, &err), ST_OK);
    CHECK_INT(gone[0], 30);
    CHECK_INT(gone[1], 30 * 1000 + 29 * 30 / 2);
    CHECK_INT(ledger_state(l)->seen_since, 400);
    CHECK_INT(ledger_state(l)->seen_gone, 300);
    check_seen(l, 70);
    gone[0] = 0;
    CHECK_INT(ledger_expire_seen(l, 0, 15, collect_gone, gone, &more, &err), ST_OK);
    CHECK_INT(gone[0], 20); /* whole batches */
    l = reopen(l);
    check_seen(l, 50);
    CHECK_INT(ledger_state(l)->seen_gone, 500);
    CHECK_INT(ledger_expire_seen(l, INT64_MAX, 0, collect_gone, gone, &more, &err), ST_OK);
    check_seen(l, 0);
    CHECK_INT(ledger_state(l)->seen_since, 0);
    l = reopen(l);
    check_seen(l, 0);
    CHECK_INT(ledger_state(l)->seen_gone, 1000);
    gone[0] = 0;
    CHECK_INT(ledger_expire_seen(l, INT64_MAX, 5, collect_gone, gone, &more, &err), ST_OK);
    CHECK(gone[0] == 0 && !more);
    CHECK_INT(ledger_state(l)->seen_gone, 1000);
    ledger_close(l);
}

/* Rows go in the order of their batches, whatever the clock said then. */
TEST(ledger_knows_the_newest_ids_that_it_forgot_by_any_clock)
{
    struct ledger *l = reopen(NULL);
    uint64_t gone[2] = {0, 0};
    struct error err;
    bool more;

    commit(l, "acme", 1, 1, 900);
    commit(l, "acme", 1, 2, 100); /* set back */
    commit(l, "acme", 1, 3, 200);
    CHECK_INT(ledger_expire_seen(l, 0, 2, collect_gone, gone, &more, &err), ST_OK);
    CHECK_INT(ledger_state(l)->seen_gone, 900);
    CHECK_INT(ledger_state(l)->seen_since, 200);
    l = reopen(l);
    check_seen(l, 1);
    CHECK_INT(ledger_state(l)->seen_gone, 900);
    CHECK_INT(ledger_expire_seen(l, 0, 1, collect_gone, gone, &more, &err), ST_OK);
    CHECK_INT(ledger_state(l)->seen_gone, 900);
    ledger_close(l);
}

TEST(ledger_forgets_in_slices)
{
    struct ledger *l = reopen(NULL);
    uint64_t gone[2] = {0, 0};
    struct error err;
    bool more = true;
    int calls = 0;

    for (int i = 0; i < 600; i++)
        commit(l, "acme", 1, (uint64_t)i + 1, i);
    for (; more; calls++)
        CHECK_INT(ledger_expire_seen(l, 1000, 0, collect_gone, gone, &more, &err), ST_OK);
    CHECK_INT(calls, 3);
    CHECK_INT(gone[0], 600);
    ledger_close(l);
}

TEST(ledger_audit_adds_up_per_batch_and_for_ever)
{
    struct ledger *l = reopen(NULL);
    struct error err;

    for (int i = 0; i < 5; i++)
        commit(l, "acme", 10 + i, (uint64_t)(1000 * i), i);
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM audit"), 5);
    CHECK_INT(ledger_fold(l, NULL, 0, 4, &err), ST_OK); /* four are added up */
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM audit"), 2);
    CHECK_INT(ledger_file_ask("SELECT sum(batches) FROM audit"), 5);
    CHECK_INT(ledger_file_ask("SELECT sum(accepted) FROM audit"), 60);
    CHECK_INT(ledger_file_ask("SELECT sum(records - accepted - duplicates - quarantined - ignored)"
                              " FROM audit"),
              0);
    CHECK_INT(ledger_file_ask("SELECT records FROM meta"), 60);
    ledger_close(l);
}

TEST(ledger_ends_rather_than_lose_count)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct ledger_batch b = {.count = {.records = 2, .accepted = 1}};
        struct ledger *l = reopen(NULL);
        struct error err;
        uint64_t seq;

        signal(SIGABRT, SIG_DFL);
        ledger_commit(l, &b, &seq, &err);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST(ledger_knows_its_own_history)
{
    struct ledger *l = reopen(NULL);
    uint64_t first = ledger_state(l)->incarnation, second;

    commit(l, "acme", 1, 1, 1);
    commit(l, "acme", 1, 2, 2);
    CHECK(ledger_in_history(l, first, 2));
    CHECK(!ledger_in_history(l, first, 3));
    l = reopen(l);
    second = ledger_state(l)->incarnation;
    CHECK(second > first);
    commit(l, "acme", 1, 3, 3);
    CHECK(ledger_in_history(l, first, 2));
    CHECK(!ledger_in_history(l, first, 3)); /* of a copy that went on elsewhere */
    CHECK(ledger_in_history(l, second, 3));
    CHECK(!ledger_in_history(l, second, 4));
    CHECK(!ledger_in_history(l, second + 1, 1));
    CHECK(!ledger_in_history(l, first - 1, 0));
    ledger_close(l);
    /* A copy from an earlier day, while the clock was ahead: still a later incarnation. */
    ledger_file_run("UPDATE meta SET incarnation = incarnation + 1000000000000;"
                    "UPDATE meta SET checksum = " LEDGER_STATE_CHECKSUM);
    CHECK_INT(system("mkdir copy && cp ledger.db* copy/"), 0);
    l = reopen(NULL);
    first = ledger_state(l)->incarnation;
    CHECK(first > second + 1000000000000 && first < second + 1000100000000);
    ledger_close(l);
    /* Put back once more, it is another one, though the clock says nothing. */
    CHECK_INT(system("rm ledger.db* && cp copy/ledger.db* ."), 0);
    l = reopen(NULL);
    CHECK(ledger_state(l)->incarnation > second + 1000000000000);
    CHECK(ledger_state(l)->incarnation != first);
    ledger_close(l);
}

static void
note_position(void *arg, const char *input, const struct cursor *c)
{
    char *out = arg;

    snprintf(out + strlen(out), 200 - strlen(out), "%s/%s=%llu ", input, c->identity,
             (unsigned long long)c->position);
}

TEST(ledger_keeps_one_position_for_each_file)
{
    struct ledger *l = reopen(NULL);
    struct cursor_row rows[] = {
        {.input = "in", .cursor = {.position = 5, .fingerprint = UINT64_MAX, .identity = "a"}},
        {.input = "in", .cursor = {.position = 7, .identity = "b"}},
        {.input = "other", .cursor = {.position = 9, .identity = "a"}}};
    char all[200] = "";
    struct error err;
    uint64_t seq;

    CHECK_INT(
        ledger_commit(l, &(struct ledger_batch){.cursors = rows, .cursor_count = 3}, &seq, &err),
        ST_OK);
    rows[0].cursor.position = 6;
    rows[0].known = true;
    rows[0].before = 4; /* not where it stands: somebody else was here */
    CHECK_INT(
        ledger_commit(l, &(struct ledger_batch){.cursors = rows, .cursor_count = 1}, &seq, &err),
        ST_IO);
    CHECK_STR(err.text, "ledger.db: input in: a does not stand at 4");
    CHECK_INT(ledger_commit(l, &(struct ledger_batch){.cursors = rows + 1, .cursor_count = 1}, &seq,
                            &err),
              ST_IO);
    CHECK_STR(err.text, "ledger.db: input in: b has a position already");
    rows[0].before = 5;
    CHECK_INT(
        ledger_commit(l, &(struct ledger_batch){.cursors = rows, .cursor_count = 1}, &seq, &err),
        ST_OK);
    l = reopen(l);
    CHECK_INT(ledger_checkpoints(l, note_position, all, &err), ST_OK);
    CHECK_STR(all, "in/b=7 other/a=9 in/a=6 "); /* oldest first */
    ledger_close(l);
}

static void
must_not_open(const char *node, enum status want, const char *says)
{
    struct ledger *l = NULL;
    struct error err = {0};

    CHECK_INT(ledger_open(&l, "ledger.db", node, &err), want);
    CHECK(l == NULL);
    if (!strstr(err.text, says))
        test_fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", err.text, says);
}

TEST(ledger_leaves_alone_what_it_does_not_understand)
{
    struct stat st;
    FILE *f;

    ledger_close(reopen(NULL));
    must_not_open("2", ST_BAD_CONFIG, "belongs to node \"1\"");
    ledger_file_run("ALTER TABLE meta RENAME COLUMN newest TO renamed;"
                    "UPDATE meta SET version = 3");
    must_not_open("1", ST_BAD_CONFIG, "has version 3");
    CHECK_INT(ledger_file_ask("SELECT version FROM meta"), 3);
    CHECK_INT(ledger_file_ask("SELECT count(*) FROM history"),
              0); /* no new incarnation was noted */
    CHECK(unlink("ledger.db") == 0);
    f = fopen("ledger.db", "w");
    CHECK(f && fputs("this is no database, but somebody's letter to the world\n", f) >= 0);
    CHECK(fclose(f) == 0);
    must_not_open("1", ST_CORRUPT, "not a database");
    CHECK(stat("ledger.db", &st) == 0 && st.st_size == 56);
}

TEST(ledger_notices_damage_in_what_it_keeps)
{
    struct ledger *l = reopen(NULL);
    uint64_t sum[2];
    struct error err;
    struct totals *t;

    commit(l, "acme", 5, 1, 1);
    ledger_close(l);
    ledger_file_run("UPDATE seen SET fingerprints = zeroblob(40);"
                    "UPDATE batch SET deltas = zeroblob(length(deltas))");
    l = reopen(NULL);
    CHECK_INT(ledger_load_seen(l, 0, collect, sum, &err), ST_CORRUPT);
    t = totals_new(l, 0);
    CHECK_INT(ledger_replay_log(l, add_blob, t, &err), ST_CORRUPT);
    totals_free(t);
    ledger_close(l);
}

TEST(ledger_says_full_and_keeps_what_it_had)
{
    struct ledger *l = reopen(NULL);
    struct ledger_batch b = {.created = 1};
    struct rlimit limit;
    struct error err;
    rlim_t before;
    uint64_t seq = 77;

    commit(l, "acme", 5, 1, 1);
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    before = limit.rlim_cur;
    limit.rlim_cur = 4096;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_FULL);
    CHECK_INT(seq, 77);
    CHECK_INT(ledger_fold(l, NULL, 0, 1, &err), ST_FULL);
    CHECK_INT(ledger_state(l)->last_batch, 1);
    CHECK_INT(ledger_state(l)->folded_batch, 0);
    limit.rlim_cur = before;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_OK);
    CHECK_INT(seq, 2);
    CHECK_INT(legs_in_all(l), 5);
    ledger_close(l);
}

static long
bytes_of(const char *path)
{
    struct stat st;

    CHECK(stat(path, &st) == 0);
    return (long)st.st_size;
}

TEST(a_long_log_is_put_away_when_the_committer_says_so)
{
    enum { IDS = 1000000 };
    struct ledger *l = reopen(NULL);
    long before;

    ledger_limit_wal(l, 1 << 30);
    commit(l, "acme", 5, 1, 1);
    CHECK(!ledger_wal_waits(l)); /* too little to be worth it */
    before = bytes_of("ledger.db");
    commit(l, "acme", IDS, 10, 2);
    CHECK(ledger_wal_waits(l));
    ledger_shorten_wal(l); /* not yet: it is long, not very long */
    CHECK(ledger_wal_waits(l));
    CHECK_INT(bytes_of("ledger.db"), before);
    ledger_tend_wal(l);
    CHECK(!ledger_wal_waits(l));
    CHECK(bytes_of("ledger.db") > before + IDS * (long)sizeof(uint64_t));
    CHECK_INT(legs_in_all(l), IDS + 5);
    ledger_close(l);
}
