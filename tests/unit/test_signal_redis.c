/*
 * test_signal_redis.c - a Redis in trouble becomes a signal, and the signal goes with the trouble.
 */
#include "passes.h"

static void
tell(struct analyst *a, const char *problem, bool connected, int64_t since, int64_t now)
{
    struct redis_health h = {
        .node = "n1", .problem = problem, .connected = connected, .since = since};
    struct error err = {0};

    if (analyst_redis(a, &h, now, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

#define SIGNALS "SELECT version, subject_type, subject, severity, state, reason FROM signal"

TEST(a_redis_in_trouble_is_a_signal_until_it_is_over)
{
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_leg(&b, "acme", AT(TODAY, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    tell(a, "", true, 0, NOW);
    tell(a, "It is away", false, NOW - 59, NOW); /* a restart takes that long */
    CHECK_STR(rows(SIGNALS), "");
    tell(a, "It is away", false, NOW - 60, NOW);
    CHECK_STR(rows(SIGNALS), "1|node|n1|critical|open|It is away");
    tell(a, "It is away", false, NOW - 60, NOW + 500); /* nothing new */
    CHECK_STR(rows(SIGNALS), "1|node|n1|critical|open|It is away");
    /* A pass of the others leaves it alone. */
    run_pass(a, NOW + 600, b.seq);
    CHECK_STR(rows(SIGNALS), "1|node|n1|critical|open|It is away");
    /* It is back, and something else is wrong with it: no second signal. */
    tell(a, "It may throw counters away", true, NOW - 60, NOW + 700);
    CHECK_STR(rows(SIGNALS), "2|node|n1|warning|open|It may throw counters away");
    tell(a, "", true, NOW - 60, NOW + 800);
    CHECK_STR(rows("SELECT version, state, closed_at IS NOT NULL FROM signal"), "3|closed|1");
    /* The next time is another signal. */
    tell(a, "It is away", false, NOW + 900, NOW + 1000);
    CHECK_STR(rows("SELECT state, window_start FROM signal ORDER BY first_seen"),
              "closed|2026-11-22T11:59:00Z;open|2026-11-22T12:15:00Z");
    analyst_close(a);
    book_close(&b);
}
