/*
 * test_engine_crash.c - killed at every step of a commit, a fold, a merge or a start, an engine
 * that is opened again has counted everything once.
 *
 * A child follows a "file" of records without ids: what guards them is the position alone. It is
 * killed at a named place, and started again until nothing kills it any more.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_site.h"

#ifdef CALLSWELL_FAULTS

enum { FILE_BLOCKS = 12, PER_BLOCK = 5 };

/* Blocks that the child was told are committed: more may be, fewer may not. */
static void
note_answer(void *arg, enum status st, const struct outcome_count *count, uint64_t batch)
{
    (void)batch;
    CHECK_INT(st, ST_OK);
    CHECK_INT(count->accepted, PER_BLOCK);
    CHECK(write(*(int *)arg, "+", 1) == 1);
}

/* Reads on from where the ledger says. Every block is a batch of its own, every third is followed
 * by a fold, and of every other two one is an import's, which is written as totals at once. */
static void
follow(int acknowledged, const char *fault)
{
    char *text = legs_without_ids("acme", PER_BLOCK);
    struct cursor c = {0};
    struct source *source;
    struct error err;
    struct site s;

    if (fault)
        setenv("CALLSWELL_FAULT", fault, 1);
    site_open(&s, "workers = 2\nfold_interval = 1h");
    source = site_source(&s, "in", "ndjson", IDENTITY_POSITION);
    engine_checkpoint(s.engine, "in", "file", &c);
    while (c.position < FILE_BLOCKS) {
        struct block b = site_block(source, text, NULL);

        b.done = note_answer;
        b.done_arg = &acknowledged;
        b.bulk = c.position / 2 % 2 == 1;
        b.cursor.position = ++c.position;
        memcpy(b.cursor.identity, "file", 5);
        CHECK_INT(engine_submit_wait(s.engine, &b), ST_OK);
        site_settle(&s, SETTLE_COMMITTED | (c.position % 3 == 0 ? SETTLE_ANALYSED : 0));
        if (c.position % 4 == 0)
            CHECK_INT(
                engine_merge_customer(s.engine, SPAN("acme"), SPAN("sum"), &(uint64_t){0}, &err),
                ST_OK);
    }
    source_unref(source);
    site_close(&s);
    free(text);
}

/* True: it was killed. */
static bool
run_child(int acknowledged, const char *fault)
{
    pid_t pid = fork();
    int status;

    CHECK(pid >= 0);
    if (pid == 0) {
        follow(acknowledged, fault);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        test_fail(__FILE__, __LINE__, "%s: the child failed", fault ? fault : "no fault");
    return false;
}

static size_t
acknowledged_blocks(int pipe_end)
{
    char p[256];
    ssize_t n = read(pipe_end, p, sizeof p);

    return n > 0 ? (size_t)n : 0;
}

static void
survive(const char *fault)
{
    int ends[2];
    size_t told;

    CHECK(system("rm -rf st") == 0);
    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], "-", 1) == 1); /* so that reading never waits */
    CHECK(run_child(ends[1], fault));
    told = acknowledged_blocks(ends[0]) - 1;
    if (access("st/ledger.db", F_OK) == 0 && told > 0)
        CHECK(state_on_disk().ever.accepted >= told * PER_BLOCK); /* I1 */
    CHECK(run_child(ends[1], fault) || true); /* perhaps killed in the same place once more */
    CHECK(!run_child(ends[1], NULL));
    close(ends[0]);
    close(ends[1]);
    CHECK_INT(state_on_disk().ever.accepted, FILE_BLOCKS * PER_BLOCK);
    CHECK_INT(legs_on_disk("acme") + legs_on_disk("sum"), FILE_BLOCKS * PER_BLOCK);
}

TEST(engine_counts_once_whenever_it_is_killed)
{
    static const char *const places[] = {
        "ledger_made",      "batch_begun",       "batch_staged", "row_written", "totals_written",
        "transaction_open", "transaction_ended", "not_answered", "answered",    "merge_announced",
    };
    static const int times[] = {1, 2, 5};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
            char fault[64];

            /* These come along once a start, and three times a run. */
            if ((strcmp(places[i], "ledger_made") == 0 && times[k] > 1) ||
                (strcmp(places[i], "merge_announced") == 0 && times[k] > 3))
                continue;
            snprintf(fault, sizeof fault, "%s:%d", places[i], times[k]);
            survive(fault);
        }
}

/* Killed three times in a row, at places and times drawn by a seed: while the first crash is being
 * recovered from, and while that one is. */
TEST(engine_counts_once_when_a_recovery_is_killed_too)
{
    static const char *const places[] = {
        "ledger_made",         "batch_begun",      "batch_staged",
        "row_written",         "totals_written",   "transaction_open",
        "transaction_ended",   "not_answered",     "answered",
        "merge_announced",     "seen_in_batch",    "cursors_in_batch",
        "quarantine_in_batch", "wal_checkpointed",
    };
    const char *seed = getenv("CRASH_SEED"), *triples = getenv("CRASH_TRIPLES");
    unsigned short draw[3] = {2, 0, (unsigned short)(seed ? atoi(seed) : 1)};
    int kills = 0;

    for (int n = triples ? atoi(triples) : 25; n > 0; n--) {
        char faults[3][64], all[200];
        int ends[2];
        size_t told;

        CHECK(system("rm -rf st") == 0);
        CHECK(pipe(ends) == 0);
        CHECK(write(ends[1], "-", 1) == 1);
        for (int i = 0; i < 3; i++)
            snprintf(faults[i], sizeof faults[i], "%s:%ld",
                     places[(size_t)nrand48(draw) % (sizeof places / sizeof *places)],
                     1 + nrand48(draw) % (i ? 3 : 8));
        snprintf(all, sizeof all, "%s %s %s", faults[0], faults[1], faults[2]);
        for (int i = 0; i < 3; i++)
            kills += run_child(ends[1], faults[i]);
        told = acknowledged_blocks(ends[0]) - 1;
        if (run_child(ends[1], NULL) || state_on_disk().ever.accepted != FILE_BLOCKS * PER_BLOCK ||
            legs_on_disk("acme") + legs_on_disk("sum") != FILE_BLOCKS * PER_BLOCK ||
            told > FILE_BLOCKS)
            test_fail(__FILE__, __LINE__, "not each once after %s", all);
        close(ends[0]);
        close(ends[1]);
    }
    CHECK(kills > 25);
}

#else

TEST(engine_counts_once_whenever_it_is_killed)
{
    test_skip("built without places to be killed at (SAN=1 has them)");
}

TEST(engine_counts_once_when_a_recovery_is_killed_too)
{
    test_skip("built without places to be killed at (SAN=1 has them)");
}

#endif
