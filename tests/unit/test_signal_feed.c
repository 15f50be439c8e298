/*
 * test_signal_feed.c - a feed whose format has stopped matching is a signal until it matches again.
 */
#include "engine.h"
#include "passes.h"

static void
tell(struct analyst *a, const struct feed *f, int64_t now)
{
    struct error err = {0};

    if (analyst_feeds(a, f, 1, now, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

#define SIGNALS "SELECT kind, version, subject_type, subject, severity, state FROM signal"

TEST(a_feed_that_stopped_matching_is_a_signal_until_it_matches_again)
{
    struct feed f = {.input = "bridge", .type = "tail", .matching_known = true}, stopped = f;
    struct book b;
    struct analyst *a;

    book_open(&b);
    book_leg(&b, "acme", AT(TODAY, 9, 0), 60, "ann", "c1", NULL, OUTCOME_OK);
    book_commit(&b, NULL);
    a = open_analyst(&plain);
    run_pass(a, NOW, b.seq);
    tell(a, &f, NOW);
    CHECK_STR(rows(SIGNALS), "");
    stopped.stopped_matching = NOW - 600;
    stopped.matched = 0.02;
    stopped.matched_before = 0.99;
    strcpy(stopped.commonest, "start: missing");
    tell(a, &stopped, NOW);
    CHECK_STR(rows(SIGNALS), "feed_stopped_matching|1|input|bridge|critical|open");
    CHECK(strstr(rows("SELECT reason FROM signal"),
                 " 2 % of what comes by input \"bridge\" match its format, 99 % did before; mostly:"
                 " start: missing. Look with: callswell quarantine list --input bridge"));
    tell(a, &stopped, NOW + 60); /* nothing new */
    CHECK_STR(rows(SIGNALS), "feed_stopped_matching|1|input|bridge|critical|open");
    f.matching_known = false; /* after a start nothing is known yet */
    tell(a, &f, NOW + 90);
    CHECK_STR(rows(SIGNALS), "feed_stopped_matching|1|input|bridge|critical|open");
    f.matching_known = true;
    tell(a, &f, NOW + 120);
    CHECK_STR(rows(SIGNALS), "feed_stopped_matching|2|input|bridge|critical|closed");
    analyst_close(a);
    book_close(&b);
}
