/*
 * test_engine_trouble.c - full disks, refused records, merges, and the end at any moment.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_site.h"

/* --- no room on the disk --- */

/* Files may not grow beyond this: as a full quota would have it. The soft limit can be given
 * back. */
static void
limit_files(rlim_t bytes)
{
    struct rlimit r;

    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &r) == 0);
    r.rlim_cur = bytes == 0 ? r.rlim_max : bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &r) == 0);
}

static void
count_calls(void *arg)
{
    ++*(atomic_int *)arg;
}

TEST(engine_waits_for_room_on_the_disk_and_goes_on)
{
    char *text = legs("acme", 1, 101), *more = legs("acme", 101, 201);
    struct answer first = {0}, second = {0};
    atomic_int calls = 0;
    struct source *source;
    struct site s;

    site_open(&s, "");
    engine_on_room(s.engine, count_calls, &calls);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    limit_files(4096);
    CHECK_INT(site_submit(&s, source, text, &first), ST_OK);
    SITE_UNTIL(site_status(&s).commit_failures > 1);
    CHECK(strstr(site_status(&s).stalled, "no room"));
    CHECK_INT(site_submit(&s, source, more, &second), ST_FULL); /* nothing more is taken */
    CHECK_INT(first.told, 0);
    limit_files(0);
    SITE_UNTIL(first.told && calls > 0);
    CHECK_INT(first.st, ST_OK);
    CHECK_INT(first.count.accepted, 100);
    CHECK_STR(site_status(&s).stalled, "");
    CHECK_INT(site_submit(&s, source, more, &second), ST_OK);
    source_unref(source);
    site_close(&s);
    CHECK_INT(second.told, 1);
    CHECK_INT(legs_on_disk("acme"), 200);
    free(text);
    free(more);
}

struct waiter {
    struct site *site;
    struct source *source;
    enum status st;
};

static void *
wait_for_room(void *arg)
{
    struct waiter *w = arg;
    char *text = legs("acme", 101, 201);
    struct block b = site_block(w->source, text, NULL);

    w->st = engine_submit_wait(w->site->engine, &b);
    if (w->st != ST_OK)
        site_free_block(&b);
    free(text);
    return NULL;
}

TEST(engine_ends_on_a_full_disk_without_acknowledging)
{
    char *text = legs("acme", 1, 101);
    struct answer answer = {0};
    struct source *source;
    struct waiter waiter;
    pthread_t thread;
    struct error err;
    struct site s;

    site_open(&s, "");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    limit_files(4096);
    CHECK_INT(site_submit(&s, source, text, &answer), ST_OK);
    SITE_UNTIL(site_status(&s).stalled[0]);
    waiter = (struct waiter){.site = &s, .source = source};
    CHECK(pthread_create(&thread, NULL, wait_for_room, &waiter) == 0);
    CHECK_INT(engine_settle(s.engine, SETTLE_COMMITTED, 1, &err), ST_RETRY);
    engine_wind_down(s.engine, 100);
    pthread_join(thread, NULL);
    CHECK_INT(waiter.st, ST_RETRY);
    SITE_UNTIL(answer.told);
    CHECK_INT(answer.st, ST_RETRY);
    CHECK_INT(answer.batch, 0);
    CHECK_INT(engine_settle(s.engine, SETTLE_COMMITTED, 1000, &err), ST_RETRY);
    source_unref(source);
    site_close(&s);
    limit_files(0);
    CHECK_INT(state_on_disk().last_batch, 0);
    site_open(&s, "");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, text).accepted, 100);
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 100);
    free(text);
}

/* A batch that is given up takes all later ones with it: their positions lead past it. */
TEST(engine_commits_nothing_behind_a_batch_that_was_given_up)
{
    char *text = legs_without_ids("acme", 10);
    struct source *source;
    struct cursor c;
    struct site s;

    site_open(&s, "");
    source = site_source(&s, "in", "ndjson", IDENTITY_POSITION);
    limit_files(4096);
    for (uint64_t i = 1; i <= 2; i++) {
        struct block b = site_block(source, text, NULL);

        snprintf(b.cursor.identity, sizeof b.cursor.identity, "file");
        b.cursor.position = i;
        if (i == 2) {
            engine_wind_down(s.engine, 0);
            SITE_UNTIL(site_status(&s).stalled[0]);
            limit_files(0); /* room again, but too late */
        }
        if (engine_submit(s.engine, &b) != ST_OK)
            site_free_block(&b);
    }
    source_unref(source);
    site_close(&s);
    site_open(&s, "");
    CHECK(!engine_checkpoint(s.engine, "in", "file", &c));
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 0);
    free(text);
}

TEST(engine_does_not_open_what_is_not_its_own)
{
    struct error err = {0};
    struct stat st;
    struct site s;

    site_open(&s, "");
    CHECK_INT(site_try(&(struct site){0}, "", &err), ST_RETRY);
    CHECK(strstr(err.text, "another process"));
    site_close(&s);
    CHECK_INT(site_try(&s, "node = \"2\"", &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "belongs to node \"1\""));
    CHECK(truncate("st/ledger.db", 5000) == 0);
    CHECK_INT(site_try(&s, "", &err), ST_CORRUPT);
    CHECK(stat("st/ledger.db", &st) == 0 && st.st_size == 5000); /* kept as it is */
    CHECK(strstr(err.text, "ledger.db"));
}

/* --- quarantine --- */

static struct outcome_count
replay(struct site *s, uint64_t id, enum status want)
{
    struct outcome_count n = {0};
    struct error err;

    CHECK_INT(engine_replay(s->engine, id, NULL, &n, &err), want);
    return n;
}

TEST(engine_replays_what_was_refused_and_releases_what_is_counted)
{
    static const char wrong[] = "format \"f\" { type = csv columns = { customer, start, duration }"
                                " time_format = \"%d.%m.%Y %H:%M\" }";
    static const char right[] =
        "format \"f\" { type = csv columns = { customer, start, duration } }";
    struct outcome_count n;
    struct source *source;
    struct site s;

    site_open(&s, wrong);
    source = site_source(&s, "in", "f", IDENTITY_NONE);
    n = site_say(&s, source,
                 "acme,2026-01-01T10:00:00Z,60\nacme,never,60\n"
                 "acme,2026-01-01T11:00:00Z,60\n");
    CHECK_INT(n.quarantined, 3);
    n = replay(&s, 0, ST_OK);
    CHECK_INT(n.quarantined, 3);
    CHECK_INT(site_status(&s).quarantine_open, 3); /* no second rows */
    source_unref(source);
    site_close(&s);

    site_open(&s, right);
    n = replay(&s, 0, ST_OK);
    CHECK_INT(n.records, 3);
    CHECK_INT(n.accepted, 2);
    CHECK_INT(n.quarantined, 1);
    CHECK_INT(site_status(&s).quarantine_open, 1);
    n = replay(&s, 0, ST_OK);
    CHECK_INT(n.accepted, 0);
    replay(&s, 99, ST_NOT_FOUND);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 2);
    CHECK_INT(state_on_disk().ever.accepted, 2);
}

/* More rows than one slice, of two formats; one of them is not configured any more. */
TEST(engine_replays_all_rows_that_can_be_tried)
{
    static const char wrong[] =
        "format \"f\" { type = csv columns = { customer, start, duration }"
        " time_format = \"%d.%m.%Y %H:%M\" }\n"
        "format \"gone\" { type = csv columns = { customer, start, duration }"
        " time_format = \"%d.%m.%Y %H:%M\" }";
    static const char right[] =
        "format \"f\" { type = csv columns = { customer, start, duration } }";
    struct buf text = {0};
    struct source *source;
    struct site s;

    for (int i = 0; i < 1100; i++)
        buf_printf(&text, "acme,2026-01-01T10:00:00Z,60\n");
    buf_char(&text, '\0');
    site_open(&s, wrong);
    source = site_source(&s, "in", "gone", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, "acme,2026-01-01T10:00:00Z,60\n").quarantined, 1);
    source_unref(source);
    source = site_source(&s, "in", "f", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, text.p).quarantined, 1100);
    source_unref(source);
    site_close(&s);
    site_open(&s, right);
    CHECK_INT(replay(&s, 0, ST_OK).accepted, 1100);
    CHECK_INT(site_status(&s).quarantine_open, 1);
    replay(&s, 0, ST_BAD_INPUT); /* says which format is not known */
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 1100);
    buf_clear(&text);
}

struct replaying {
    struct engine *engine;
    struct outcome_count count;
    struct error err;
    enum status st;
};

static void *
replay_away(void *arg)
{
    struct replaying *r = arg;

    r->st = engine_replay(r->engine, 0, NULL, &r->count, &r->err);
    return NULL;
}

/* A replay that ends in an error says what of it counts: the disk fills up amid 40 slices. */
TEST(engine_says_how_much_of_a_failed_replay_was_committed)
{
    static const char wrong[] = "format \"f\" { type = csv columns = { customer, start, duration }"
                                " time_format = \"%d.%m.%Y %H:%M\" }";
    static const char right[] =
        "format \"f\" { type = csv columns = { customer, start, duration } }";
    struct buf text = {0};
    struct replaying r = {0};
    struct source *source;
    char want[200];
    pthread_t thread;
    struct site s;

    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "%s,2026-01-01T10:00:00Z,60\n", i % 100 ? "acme" : "");
    site_open(&s, wrong);
    source = site_source(&s, "in", "f", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, text.p).quarantined, 20000);
    source_unref(source);
    site_close(&s);
    site_open(&s, right);
    r.engine = s.engine;
    CHECK(pthread_create(&thread, NULL, replay_away, &r) == 0);
    SITE_UNTIL(site_status(&s).quarantine_open < 20000);
    limit_files(4096);
    SITE_UNTIL(site_status(&s).stalled[0]);
    engine_wind_down(s.engine, 100);
    pthread_join(thread, NULL);
    site_close(&s);
    limit_files(0);
    CHECK_INT(r.st, ST_RETRY);
    CHECK(r.count.accepted > 0 && r.count.accepted < 19800);
    snprintf(want, sizeof want,
             "before that %llu records were read again and committed: %llu accepted,",
             (unsigned long long)r.count.records, (unsigned long long)r.count.accepted);
    if (!strstr(r.err.text, want))
        test_fail(__FILE__, __LINE__, "%s", r.err.text);
    CHECK_INT(state_on_disk().ever.accepted, r.count.accepted);
    CHECK_INT(legs_on_disk("acme"), r.count.accepted);
    buf_clear(&text);
}

/* What was one record when it was refused may be several now: all of them count, or none. */
TEST(engine_replays_a_row_as_a_whole)
{
    static const char quoted[] = "format \"f\" { type = csv columns = { customer, start, duration }"
                                 " time_format = \"%d.%m.%Y %H:%M\" }";
    static const char plain[] = "format \"f\" { type = csv columns = { customer, start, duration }"
                                " quote = \"\" }";
    struct outcome_count n;
    struct source *source;
    struct site s;

    site_open(&s, quoted);
    source = site_source(&s, "in", "f", IDENTITY_NONE);
    n = site_say(&s, source, "\"x\nacme,2026-01-01T10:00:00Z,60\n\",y,60\n");
    CHECK_INT(n.quarantined, 1);
    source_unref(source);
    site_close(&s);
    site_open(&s, plain);
    n = replay(&s, 0, ST_OK);
    CHECK_INT(n.records, 3);
    CHECK_INT(n.quarantined, 3);
    CHECK_INT(site_status(&s).quarantine_open, 1);
    replay(&s, 0, ST_OK);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 0);
}

static void *
replay_all(void *arg)
{
    struct outcome_count n;

    engine_replay(arg, 0, NULL, &n, NULL);
    return NULL;
}

TEST(engine_counts_a_row_once_that_two_replay)
{
    static const char wrong[] = "format \"f\" { type = csv columns = { customer, start, duration }"
                                " time_format = \"%d.%m.%Y %H:%M\" }";
    static const char right[] =
        "format \"f\" { type = csv columns = { customer, start, duration } }";
    struct buf text = {0};
    struct source *source;
    pthread_t t[3];
    struct site s;

    for (int i = 0; i < 200; i++)
        buf_printf(&text, "acme,2026-01-01T10:00:00Z,60\n");
    buf_char(&text, '\0');
    site_open(&s, wrong);
    source = site_source(&s, "in", "f", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, text.p).quarantined, 200);
    source_unref(source);
    site_close(&s);
    site_open(&s, right);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&t[i], NULL, replay_all, s.engine) == 0);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    CHECK_INT(site_status(&s).quarantine_open, 0);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 200);
    buf_clear(&text);
}

/* A megabyte for one input and imports: half of it each. */
TEST(engine_stops_the_input_that_fills_its_share_of_the_quarantine)
{
    static const char options[] = "limits { quarantine_bytes = 1MiB }\n"
                                  "input \"bad\" { type = http format = ndjson }";
    char *nonsense = xmalloc(30002), *good = legs("acme", 1, 11);
    struct source *bad, *other;
    struct answer a = {0};
    struct feed feeds[8];
    uint64_t dropped = 0;
    atomic_int calls = 0;
    struct error err;
    struct site s;
    size_t n;

    memset(nonsense, 'x', 30000);
    memcpy(nonsense + 30000, "\n", 2);
    for (int again = 0; again < 2; again++) {
        site_open(&s, options);
        bad = site_source(&s, "bad", "ndjson", IDENTITY_NONE);
        other = site_source(&s, "import", "ndjson", IDENTITY_NONE);
        for (int i = 0; !again && i < 18; i++) /* 17.5 fit; what is in hand comes in too */
            CHECK_INT(site_say(&s, bad, nonsense).quarantined, 1);
        CHECK_INT(site_submit(&s, bad, good, &a), ST_FULL);
        CHECK_INT(site_say(&s, other, good).records, 10);
        n = engine_feeds(s.engine, feeds, 8);
        for (size_t i = 0; i < n; i++)
            CHECK((strstr(feeds[i].problem, "quarantine") != NULL) ==
                  (strcmp(feeds[i].input, "bad") == 0));
        source_unref(bad);
        source_unref(other);
        if (!again)
            site_close(&s);
    }
    engine_on_room(s.engine, count_calls, &calls);
    bad = site_source(&s, "bad", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_submit(&s, bad, good, &a), ST_FULL);
    CHECK_INT(engine_drop(s.engine, 0, "bad", &dropped, &err), ST_OK);
    CHECK_INT(dropped, 18);
    CHECK_INT(calls, 1);
    CHECK_INT(site_say(&s, bad, good).duplicates, 10);
    source_unref(bad);
    site_close(&s);
    free(nonsense);
    free(good);
}

/* --- merging --- */

TEST(engine_moves_the_whole_history_of_a_customer)
{
    struct source *source;
    uint64_t cells = 0;
    struct error err;
    struct site s;
    char *a = legs("one", 1, 51), *b = legs("two", 51, 71), *c = legs("one", 71, 81);

    site_open(&s, "fold_interval = 1h");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    site_say(&s, source, a);
    site_say(&s, source, b);
    CHECK_INT(site_submit(&s, source, c, NULL), ST_OK); /* on its way: moves too */
    CHECK_INT(engine_merge_customer(s.engine, SPAN("one"), SPAN("two"), &cells, &err), ST_OK);
    CHECK(cells > 0);
    CHECK_INT(legs_on_disk("one"), 0);
    CHECK_INT(legs_on_disk("two"), 80);
    CHECK_INT(engine_merge_customer(s.engine, SPAN("one"), SPAN("two"), &cells, &err), ST_OK);
    CHECK_INT(engine_merge_customer(s.engine, SPAN("two"), SPAN("two"), &cells, &err),
              ST_BAD_INPUT);
    free(c);
    c = legs("two", 81, 91);
    site_say(&s, source, c);
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("one"), 0);
    CHECK_INT(legs_on_disk("two"), 90);
    free(a);
    free(b);
    free(c);
}
