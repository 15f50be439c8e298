/*
 * test_engine.c - what goes in is counted once, answered after the commit, and stays.
 */
#include "engine_site.h"

/* --- several threads, duplicates, restarts --- */

enum { THREADS = 4, BLOCKS = 40, IDS = 2000 };

struct sender {
    pthread_t thread;
    struct site *site;
    unsigned seed;
    struct answer answers[BLOCKS];
};

static void *
send_blocks(void *arg)
{
    struct sender *me = arg;
    struct source *source = site_source(me->site, "in", "ndjson", IDENTITY_NONE);

    for (unsigned i = 0; i < BLOCKS; i++) {
        unsigned from = 1 + (me->seed * 7919 + i * 104729) % IDS;
        char *text = legs("acme", from, from + 50);
        struct block b = site_block(source, text, &me->answers[i]);

        CHECK_INT(engine_submit_wait(me->site->engine, &b), ST_OK);
        free(text);
    }
    source_unref(source);
    return NULL;
}

static unsigned
distinct_ids(void)
{
    static bool seen[IDS + 64];
    unsigned n = 0;

    memset(seen, 0, sizeof seen);
    for (unsigned t = 0; t < THREADS; t++)
        for (unsigned i = 0; i < BLOCKS; i++)
            for (unsigned k = 0, from = 1 + (t * 7919 + i * 104729) % IDS; k < 50; k++)
                seen[from + k] = true;
    for (unsigned i = 0; i < IDS + 64; i++)
        n += seen[i];
    return n;
}

static struct outcome_count
send_from_all(struct site *s)
{
    struct sender senders[THREADS] = {0};
    struct outcome_count sum = {0};

    for (unsigned t = 0; t < THREADS; t++) {
        senders[t].site = s;
        senders[t].seed = t;
        CHECK(pthread_create(&senders[t].thread, NULL, send_blocks, &senders[t]) == 0);
    }
    for (unsigned t = 0; t < THREADS; t++)
        pthread_join(senders[t].thread, NULL);
    site_settle(s, SETTLE_COMMITTED);
    for (unsigned t = 0; t < THREADS; t++)
        for (unsigned i = 0; i < BLOCKS; i++) {
            const struct answer *a = &senders[t].answers[i];

            CHECK_INT(a->told, 1);
            CHECK_INT(a->st, ST_OK);
            CHECK_INT(a->count.records, 50);
            CHECK(a->batch > 0);
            sum.accepted += a->count.accepted;
            sum.duplicates += a->count.duplicates;
        }
    return sum;
}

TEST(engine_counts_an_id_once_whoever_sends_it_and_after_restarts)
{
    unsigned want = distinct_ids();
    struct outcome_count sum;
    struct site s;

    site_open(&s, "workers = 3");
    sum = send_from_all(&s);
    CHECK_INT(sum.accepted, want);
    CHECK_INT(sum.accepted + sum.duplicates, THREADS * BLOCKS * 50);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), want);
    CHECK_INT(state_on_disk().ever.accepted, want);
    site_open(&s, "workers = 2");
    sum = send_from_all(&s);
    CHECK_INT(sum.accepted, 0);
    CHECK_INT(sum.duplicates, THREADS * BLOCKS * 50);
    CHECK_INT(site_status(&s).dedup_ids, want);
    CHECK(site_status(&s).dedup_window_start >= 0);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), want);
    CHECK_INT(state_on_disk().ever.records, 2 * THREADS * BLOCKS * 50);
}

TEST(engine_keeps_what_was_not_folded)
{
    char *text = legs("acme", 1, 31);
    struct source *source;
    struct site s;

    site_open(&s, "fold_interval = 1h");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, text).accepted, 30);
    CHECK_INT(site_status(&s).folded, 0);
    CHECK_INT(site_status(&s).totals_cells, 1);
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 30);
    CHECK_INT(state_on_disk().folded_batch, state_on_disk().last_batch);
    free(text);
}

/* --- answers --- */

struct told {
    struct answer answer;
    uint64_t on_disk; /* last batch that another connection saw when the answer came */
};

static void
look_at_disk(void *arg, enum status st, const struct outcome_count *count, uint64_t batch)
{
    struct told *t = arg;

    t->on_disk = state_on_disk().last_batch;
    on_answer(&t->answer, st, count, batch);
}

TEST(engine_answers_after_the_commit_and_duplicates_no_earlier)
{
    struct source *source;
    struct site s;

    site_open(&s, "");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    for (unsigned i = 1; i <= 20; i++) {
        struct told t[2] = {0};

        for (int k = 0; k < 2; k++) {
            char *text = legs("acme", i, i + 1);
            struct block b = site_block(source, text, NULL);

            b.done = look_at_disk;
            b.done_arg = &t[k];
            CHECK_INT(engine_submit(s.engine, &b), ST_OK);
            free(text);
        }
        SITE_UNTIL(t[0].answer.told && t[1].answer.told);
        CHECK(t[0].on_disk >= t[0].answer.batch);
        CHECK(t[1].on_disk >= t[1].answer.batch);
        CHECK_INT(t[0].answer.count.accepted + t[1].answer.count.accepted, 1);
        if (t[0].answer.count.duplicates)
            CHECK(t[0].answer.batch >= t[1].answer.batch);
        else
            CHECK(t[1].answer.batch >= t[0].answer.batch);
    }
    source_unref(source);
    site_close(&s);
}

/* --- identity --- */

TEST(engine_tells_records_without_ids_apart_as_the_input_says)
{
    static const struct {
        enum identity identity;
        int second; /* accepted when the same line comes again */
    } cases[] = {{IDENTITY_POSITION, 1}, {IDENTITY_CONTENT, 0}, {IDENTITY_NONE, 1}};
    struct site s;

    site_open(&s, "");
    for (size_t i = 0; i < 3; i++) {
        struct source *source = site_source(&s, "in", "ndjson", cases[i].identity);
        char name[16], *text;

        snprintf(name, sizeof name, "c%zu", i);
        text = legs_without_ids(name, 1);
        CHECK_INT(site_say(&s, source, text).accepted, 1);
        CHECK_INT(site_say(&s, source, text).accepted, cases[i].second);
        source_unref(source);
        free(text);
    }
    site_close(&s);
    CHECK_INT(legs_on_disk("c0"), 2);
    CHECK_INT(legs_on_disk("c1"), 1);
    CHECK_INT(legs_on_disk("c2"), 2);
}

TEST(engine_knows_an_id_by_its_source)
{
    struct source_options opt = {.input = "a", .format = "ndjson", .source = "pbx-1"};
    struct source *plain, *named;
    char *text = legs("acme", 5, 6);
    struct error err;
    struct site s;

    site_open(&s, "");
    plain = site_source(&s, "a", "ndjson", IDENTITY_NONE);
    CHECK_INT(engine_source(s.engine, &named, &opt, &err), ST_OK);
    CHECK_INT(site_say(&s, plain, text).accepted, 1);
    CHECK_INT(site_say(&s, named, text).accepted, 1); /* another system's number 5 */
    CHECK_INT(site_say(&s, named, text).duplicates, 1);
    source_unref(plain);
    plain = site_source(&s, "b", "ndjson", IDENTITY_CONTENT); /* another way, the same record */
    CHECK_INT(site_say(&s, plain, text).duplicates, 1);
    source_unref(plain);
    source_unref(named);
    site_close(&s);
    free(text);
}

/* --- late --- */

static const char old_leg[] = "{\"id\":\"old\",\"customer\":\"acme\",\"start\":1600000000,"
                              "\"duration\":60}\n";

TEST(engine_counts_late_records_and_says_so)
{
    struct source *source;
    struct site s;

    site_open(&s, "");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, old_leg).accepted, 1);
    CHECK_INT(site_status(&s).late, 1);
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 1);
}

TEST(engine_sets_late_records_aside_when_told_to)
{
    struct source *source;
    struct site s;

    site_open(&s, "limits { late = \"quarantine\" }");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, old_leg).quarantined, 1);
    CHECK_INT(site_status(&s).quarantine_open, 1);
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 0);
}

TEST(engine_forgets_the_oldest_ids_beyond_the_number_it_may_keep)
{
    struct source *source;
    struct site s;
    char *one = legs("acme", 1, 101), *two = legs("acme", 101, 201);

    site_open(&s, "limits { duplicate_records = 100 }");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, one).accepted, 100);
    CHECK_INT(site_say(&s, source, two).accepted, 100);
    SITE_UNTIL(site_status(&s).dedup_ids == 100);
    CHECK_INT(site_say(&s, source, two).duplicates, 100);
    source_unref(source);
    site_close(&s);
    free(one);
    free(two);
}

/* --- positions --- */

static void
note_cursor(void *arg, const struct cursor *c)
{
    struct buf *out = arg;

    buf_printf(out, "%s:%llu ", c->identity, (unsigned long long)c->position);
}

static struct block
block_at(struct source *source, const char *identity, uint64_t position)
{
    char *text = legs_without_ids("acme", 1);
    struct block b = site_block(source, text, NULL);

    snprintf(b.cursor.identity, sizeof b.cursor.identity, "%s", identity);
    b.cursor.position = position;
    b.cursor.fingerprint = position * UINT64_C(0x9e3779b97f4a7c15);
    free(text);
    return b;
}

TEST(engine_keeps_positions_with_the_records_before_them)
{
    struct buf all = {0};
    struct source *source;
    struct cursor c;
    struct site s;

    site_open(&s, "");
    source = site_source(&s, "follow", "ndjson", IDENTITY_POSITION);
    CHECK(!engine_checkpoint(s.engine, "follow", "a", &c));
    for (uint64_t i = 1; i <= 300; i++) {
        struct block a = block_at(source, "a", i), b = block_at(source, "b", 2 * i);

        CHECK_INT(engine_submit_wait(s.engine, &a), ST_OK);
        CHECK_INT(engine_submit_wait(s.engine, &b), ST_OK);
        CHECK(engine_checkpoint(s.engine, "follow", "a", &c));
        CHECK_INT(c.position, i); /* also before the commit: nobody may read it again */
    }
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 600);
    site_open(&s, "");
    CHECK(engine_checkpoint(s.engine, "follow", "a", &c));
    CHECK_INT(c.position, 300);
    CHECK(c.fingerprint == 300 * UINT64_C(0x9e3779b97f4a7c15));
    CHECK(!engine_checkpoint(s.engine, "other", "a", &c));
    engine_checkpoints(s.engine, "follow", note_cursor, &all);
    CHECK(strstr(all.p, "a:300") && strstr(all.p, "b:600"));
    buf_clear(&all);
    site_close(&s);
}

TEST(engine_gives_a_name_to_one_at_a_time)
{
    struct site s;

    site_open(&s, "");
    CHECK(engine_claim(s.engine, "x"));
    CHECK(engine_claim(s.engine, "y"));
    CHECK(!engine_claim(s.engine, "x"));
    engine_disclaim(s.engine, "x");
    CHECK(engine_claim(s.engine, "x"));
    site_close(&s);
}

/* --- a full queue --- */

static void
count_room(void *arg)
{
    ++*(atomic_int *)arg;
}

TEST(engine_says_full_and_calls_when_there_is_room)
{
    struct answer answers[64] = {0};
    atomic_int calls = 0;
    char *text = legs_without_ids("acme", 5000); /* about half a megabyte */
    int64_t taken = 0;
    struct source *source;
    struct site s;

    site_open(&s, "limits { max_queue = 1MiB }\nworkers = 1");
    engine_on_room(s.engine, count_room, &calls);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    for (int i = 0; i < 64; i++) {
        enum status st = site_submit(&s, source, text, &answers[i]);

        CHECK(st == ST_OK || st == ST_FULL);
        if (st == ST_FULL) {
            int before = calls;
            struct block b = site_block(source, text, &answers[i]);

            CHECK_INT(engine_submit_wait(s.engine, &b), ST_OK);
            CHECK(calls > before || before > 0);
        }
        taken += 5000;
    }
    site_settle(&s, SETTLE_COMMITTED);
    CHECK_INT(site_status(&s).queue_bytes, 0);
    CHECK_INT(site_status(&s).accepted, taken);
    source_unref(source);
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), taken);
    free(text);
}

static enum status
submit_patient(struct site *s, struct source *source, const char *text, struct answer *answer)
{
    struct block b = site_block(source, text, answer);
    enum status st;

    b.patient = true;
    st = engine_submit(s->engine, &b);
    if (st != ST_OK) {
        free(b.p);
        source_unref(b.source);
    }
    return st;
}

TEST(who_had_enough_queued_is_called_although_another_of_its_input_got_in)
{
    struct answer answers[64] = {0}, small = {0};
    atomic_int calls = 0;
    char *text = legs_without_ids("acme", 5000), *one = legs_without_ids("acme", 1);
    struct source *source;
    struct site s;
    int n = 0;

    site_open(&s, "workers = 1");
    engine_on_room(s.engine, count_room, &calls);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    while (n < 64 && submit_patient(&s, source, text, &answers[n]) == ST_OK)
        n++;
    CHECK(n < 64); /* far from the queue's 64 MiB */
    CHECK_INT(submit_patient(&s, source, one, &small), ST_OK);
    site_settle(&s, SETTLE_COMMITTED);
    CHECK(calls > 0);
    source_unref(source);
    site_close(&s);
    free(text);
    free(one);
}

/* --- Redis and analytics --- */

TEST(engine_settles_in_redis_and_in_the_store)
{
    char *text = legs("acme", 1, 101);
    struct source *source;
    struct site s;

    test_need_program("redis-server");
    site_open(&s, "redis { url = \"managed\" }");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_submit(&s, source, text, NULL), ST_OK);
    site_settle(&s, SETTLE_COMMITTED | SETTLE_REDIS | SETTLE_ANALYSED);
    CHECK_INT(legs_on_disk("acme"), 100);
    CHECK(site_status(&s).redis_applied >= site_status(&s).batch);
    CHECK(site_status(&s).analysed >= site_status(&s).batch);
    CHECK_STR(site_status(&s).redis_problem, "");
    source_unref(source);
    engine_close(s.engine, 10000);
    config_free(s.config);
    free(text);
}

TEST(engine_counts_without_keeping)
{
    struct engine_options opt = {.dry_run = true};
    char *text = legs("acme", 1, 101);
    struct source *source;
    struct error err;
    struct site s;

    site_write("c.conf", "state_dir = \"st\"\n");
    CHECK_INT(config_load(&s.config, "c.conf", &err), ST_OK);
    opt.config = s.config;
    CHECK_INT(engine_open(&s.engine, &opt, &err), ST_OK);
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    CHECK_INT(site_say(&s, source, text).accepted, 100);
    CHECK_INT(site_say(&s, source, text).duplicates, 100);
    CHECK_INT(site_say(&s, source, "nonsense\n").quarantined, 1);
    CHECK_INT(site_status(&s).records, 201);
    source_unref(source);
    site_close(&s);
    CHECK(fopen("st/ledger.db", "r") == NULL);
    free(text);
}
