/*
 * test_once.c - blocks with a key are taken once: after the first, beside it, and after a crash.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_site.h"

static enum status
submit_once(struct site *s, const char *input, const char *text, const char *key, uint64_t hash,
            struct answer *a)
{
    struct source *source = site_source(s, input, "ndjson", IDENTITY_NONE);
    struct block b = site_block(source, text, a);
    struct once_key once = {span_str(key), hash};
    enum status st = engine_submit_once(s->engine, &b, &once);

    if (st != ST_OK)
        site_free_block(&b);
    source_unref(source);
    return st;
}

static struct answer
say_once(struct site *s, const char *input, const char *text, const char *key, uint64_t hash)
{
    struct answer a = {0};

    CHECK_INT(submit_once(s, input, text, key, hash, &a), ST_OK);
    SITE_UNTIL(a.told);
    return a;
}

static void
check_repetition(const struct answer *first, const struct answer *again)
{
    CHECK_INT(again->st, ST_SKIP);
    CHECK_INT(again->batch, first->batch);
    CHECK(memcmp(&again->count, &first->count, sizeof first->count) == 0);
}

/* Two legs without ids, a line that is refused: sent again, only the key tells. */
static char *
body(void)
{
    char *two = legs_without_ids("acme", 2), *text = NULL;

    CHECK(asprintf(&text, "%s{broken\n", two) > 0);
    free(two);
    return text;
}

TEST(once_a_repetition_gets_the_first_answer)
{
    struct answer first, again, other;
    char *text = body();
    struct ledger_state state;
    struct feed feeds[2];
    struct site s;

    site_open(&s, "");
    first = say_once(&s, "in", text, "k", 7);
    CHECK_INT(first.st, ST_OK);
    CHECK_INT(first.count.accepted, 2);
    CHECK_INT(first.count.quarantined, 1);
    again = say_once(&s, "in", text, "k", 7);
    check_repetition(&first, &again);
    CHECK_INT(submit_once(&s, "in", text, "k", 8, &again), ST_BAD_INPUT);
    other = say_once(&s, "another", text, "k", 7);
    CHECK_INT(other.st, ST_OK);
    CHECK_INT(engine_feeds(s.engine, feeds, 2), 2); /* the newest is first */
    CHECK_STR(feeds[1].input, "in");
    CHECK_INT(feeds[1].records, 6);
    CHECK_INT(feeds[1].duplicates, 3);
    site_close(&s);
    site_open(&s, "");
    again = say_once(&s, "in", text, "k", 7);
    check_repetition(&first, &again);
    CHECK_INT(submit_once(&s, "in", text, "k", 8, &again), ST_BAD_INPUT);
    site_close(&s);
    state = state_on_disk();
    CHECK_INT(state.ever.records, 12);
    CHECK_INT(state.ever.accepted, 4);
    CHECK_INT(state.ever.duplicates, 6);
    CHECK_INT(state.ever.quarantined, 2);
    CHECK_INT(legs_on_disk("acme"), 4);
    free(text);
}

/* With no room on the disk the first cannot be committed: its repetition waits for it, and needs
 * no room itself. */
TEST(once_a_repetition_waits_for_a_first_in_flight)
{
    struct answer first = {0}, again[3] = {0}, late = {0};
    struct rlimit whole, none;
    char *text = body();
    struct site s;

    signal(SIGXFSZ, SIG_IGN);
    site_open(&s, "");
    CHECK(getrlimit(RLIMIT_FSIZE, &whole) == 0);
    none = whole;
    none.rlim_cur = 4096;
    CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
    CHECK_INT(submit_once(&s, "in", text, "k", 7, &first), ST_OK);
    SITE_UNTIL(site_status(&s).commit_failures > 1);
    for (int i = 0; i < 3; i++)
        CHECK_INT(submit_once(&s, "in", text, "k", 7, &again[i]), ST_OK);
    CHECK_INT(submit_once(&s, "in", text, "k", 8, &late), ST_BAD_INPUT);
    CHECK_INT(submit_once(&s, "in", text, "new", 7, &late), ST_FULL);
    CHECK(!first.told && !again[0].told && !again[2].told);
    CHECK(setrlimit(RLIMIT_FSIZE, &whole) == 0);
    SITE_UNTIL(first.told && again[0].told && again[1].told && again[2].told);
    CHECK_INT(first.st, ST_OK);
    for (int i = 0; i < 3; i++)
        check_repetition(&first, &again[i]);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 2);
    CHECK_INT(state_on_disk().ever.duplicates, 9);
    free(text);
}

TEST(once_keys_are_forgotten_after_the_window)
{
    struct answer first, later = {0}, again;
    char *text = body();
    struct site s;

    site_open(&s, "limits { duplicate_window = \"1s\" }");
    first = say_once(&s, "in", text, "k", 7);
    say_once(&s, "in", text, "other", 7);
    SITE_UNTIL(submit_once(&s, "in", text, "k", 8, &later) == ST_OK);
    SITE_UNTIL(later.told);
    CHECK_INT(later.st, ST_OK);
    CHECK(later.batch > first.batch);
    again = say_once(&s, "in", text, "new", 8);
    CHECK_INT(again.st, ST_OK);
    site_close(&s);
    free(text);
}

#ifdef CALLSWELL_FAULTS

/* True: killed. */
static bool
send_in_child(const char *text, const char *fault)
{
    pid_t pid = fork();
    int status;

    CHECK(pid >= 0);
    if (pid == 0) {
        struct site s;

        if (fault)
            setenv("CALLSWELL_FAULT", fault, 1);
        site_open(&s, "");
        say_once(&s, "in", text, "k", 7);
        site_close(&s);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return false;
}

TEST(once_holds_wherever_the_first_was_killed)
{
    static const char *const places[] = {"batch_begun:1", "transaction_open:1",
                                         "transaction_ended:1", "not_answered:1", "answered:1"};
    char *text = body();

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct ledger_state state;

        CHECK(system("rm -rf st") == 0);
        CHECK(send_in_child(text, places[i]));
        CHECK(!send_in_child(text, NULL));
        CHECK(!send_in_child(text, NULL));
        state = state_on_disk();
        CHECK_INT(state.ever.accepted, 2);
        CHECK_INT(state.ever.quarantined, 1);
        CHECK_INT(state.ever.duplicates, i < 2 ? 3 : 6); /* the first two left nothing */
        CHECK_INT(legs_on_disk("acme"), 2);
    }
    free(text);
}

#else

TEST(once_holds_wherever_the_first_was_killed)
{
    test_skip("built without places to be killed at (SAN=1 has them)");
}

#endif
