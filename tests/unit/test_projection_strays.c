/*
 * test_projection_strays.c - keys in Redis that no cell of the ledger leads to.
 */
#include "trends_fixture.h"

static bool
exist(struct scene *s, const char *key)
{
    return strcmp(ask(s->link, "EXISTS %s", key), "1") == 0;
}

/* Until every key that was there at the beginning has been walked by. */
static void
walk(struct scene *s)
{
    size_t walks = calls(s, "dbsize") + 2; /* the walk that is under way, and one more */

    WAIT_UNTIL(calls(s, "dbsize") >= walks);
}

static void
scene_of_strays(struct scene *s)
{
    scene_open(s);
    s->opt.scrub_interval_ms = 100;
    contract_in_redis(s);
}

TEST(keys_that_the_ledger_knows_nothing_of_are_removed)
{
    static const char *const strays[] = {
        "cs:{40}:q:acme:20261121",        "cs:{40}:d:acme:202610",
        "cs:{40}:s:operator:20261121",    "cs:{45}:l:eu:20261121",
        "cs:{1}:f:recording:202610",      "cs:{1}:fu:recording:20261121@1",
        "cs:{1}:fc:recording:20261121@1", "cs:{40}:u:acme:20261121@1",
        "cs:{40}:c:acme:20261121@1",
    };
    size_t n = sizeof strays / sizeof *strays;
    struct scene s;

    scene_of_strays(&s);
    for (size_t i = 0; i < n; i++)
        if (strchr(strays[i] + 4, '@'))
            ask(s.link, "PFADD %s somebody", strays[i]);
        else
            ask(s.link, "HSET %s 01@1 1:60:0 02@1 1:60:0 @1 77:1", strays[i]);
    WAIT_UNTIL(status_of(&s).mended >= n);
    for (size_t i = 0; i < n; i++)
        if (exist(&s, strays[i]))
            test_fail(__FILE__, __LINE__, "%s is still there", strays[i]);
    CHECK(is_clean(&s));
    walk(&s);
    CHECK_INT(status_of(&s).mended, n); /* and nothing else was taken for one */
    CHECK_STR(ask(s.link, "EXISTS cs:owner:1 cs:meta cs:{40}:dirty cs:{40}:applied:1"), "4");
    scene_close(&s);
}

TEST(of_keys_that_others_write_too_only_our_fields_are_removed)
{
    struct scene s;

    scene_of_strays(&s);
    ask(s.link, "HSET cs:{40}:d:acme:202610 01@1 1:60:0 @1 77:1 01@2 4:4:0 @2 5:5 01@11 3:3:0");
    walk(&s);
    CHECK_STR(ask(s.link, "HGETALL cs:{40}:d:acme:202610"), "01@11=3:3:0 01@2=4:4:0 @2=5:5");
    CHECK_INT(status_of(&s).mended, 1);
    scene_close(&s);
}

TEST(keys_that_are_not_surely_ours_are_left_alone)
{
    static const char *const plants[] = {
        "HSET cs:{40}:q:acme:20261121 01@1 1:60:0",       /* without a version */
        "HSET cs:{41}:q:acme:20261121 01@1 1:1:1 @1 7:1", /* in a partition not its own */
        "HSET cs:{40}:x:acme:20261121 01@1 1:1:1 @1 7:1", /* of no family */
        "HSET cs:{40}:q:acme:yesterday 01@1 1:1:1 @1 7:1",
        "HSET us:{40}:q:acme:20261121 01@1 1:1:1 @1 7:1",
        "PFADD cs:{40}:u:acme:20261121@2 somebody", /* another node's */
        "SET cs:{40}:c:acme:20261121@1 HYL",        /* no HyperLogLog */
        "LPUSH cs:{40}:s:operator:20261121 @1",     /* other types */
        "LPUSH cs:{40}:u:acme:20261120@1 @1",
    };
    size_t n = sizeof plants / sizeof *plants;
    char before[32];
    struct scene s;

    scene_of_strays(&s);
    for (size_t i = 0; i < n; i++)
        ask(s.link, "%s", plants[i]);
    snprintf(before, sizeof before, "%s", ask(s.link, "DBSIZE"));
    walk(&s);
    CHECK_STR(ask(s.link, "DBSIZE"), before);
    CHECK_STR(ask(s.link, "HGETALL cs:{40}:q:acme:20261121"), "01@1=1:60:0");
    CHECK_INT(status_of(&s).mended, 0);
    scene_close(&s);
}

/* It may be somebody else's, so it takes an operator's word. */
TEST(a_stray_hash_without_a_version_is_named_by_verify_and_removed_by_a_rebuild)
{
    const char *key = "cs:{40}:q:acme:20261121";
    struct error err = {0};
    struct buf lines = {0};
    struct scene s;
    bool done = false;

    scene_of_strays(&s);
    ask(s.link, "HSET %s 01@1 1:60:0 01@2 4:4:0", key);
    walk(&s);
    CHECK_INT(verify(&s, collect_lines, &lines).extra, 1);
    CHECK_STR(lines.p, "extra cs:{40}:q:acme:20261121 01@1\n");
    CHECK(trends_rebuild(s.opt.url, "1", s.ledger->feed.ledger_id, false, &err) == ST_OK);
    WAIT_UNTIL(trends_rebuilt(s.opt.url, "1", &done, &err) == ST_OK && done);
    CHECK_STR(ask(s.link, "HGETALL %s", key), "01@2=4:4:0");
    CHECK(is_clean(&s));
    buf_clear(&lines);
    scene_close(&s);
}

TEST(a_large_redis_is_walked_a_page_at_a_time)
{
    struct scene s;
    size_t scans;

    scene_open(&s);
    s.opt.scrub_interval_ms = 100;
    batch_begin(s.ledger);
    for (int i = 0; i < 1500; i++) {
        char name[32];

        snprintf(name, sizeof name, "customer %d", i);
        leg(s.ledger, name, DAY - i % 40, (unsigned)i % 96);
    }
    batch_end(s.ledger);
    fold(s.ledger);
    scene_project(&s);
    settled(&s);
    for (int i = 0; i < 3000; i++) {
        char name[32];

        snprintf(name, sizeof name, "stray%d", i);
        ask(s.link, "HSET cs:{%u}:q:%s:20261121 01@1 1:1:1 @1 7:1", keys_partition(span_str(name)),
            name);
    }
    scans = calls(&s, "scan");
    WAIT_UNTIL(status_of(&s).mended >= 3000);
    CHECK(calls(&s, "scan") - scans >= 3); /* no more than a thousand or so at a time */
    CHECK(is_clean(&s));
    CHECK_INT(status_of(&s).mended, 3000);
    scene_close(&s);
}

/* As a daemon leaves it that is killed after it wrote one day of a month that was lost: the key is
 * there again, with that day alone, and the batch was announced but no marker came so far. */
TEST(a_daemon_killed_before_it_mended_is_made_good_in_a_minute)
{
    struct scene s;

    scene_open(&s);
    for (int d = 0; d < 3; d++) {
        batch_begin(s.ledger);
        leg(s.ledger, "late49", DAY - d, 40); /* of the first partitions to be compared */
        batch_end(s.ledger);
    }
    scene_project(&s);
    settled(&s);
    scene_stop(&s);
    batch_begin(s.ledger);
    leg(s.ledger, "late49", DAY, 41);
    batch_end(s.ledger);
    ask(s.link, "DEL cs:{%u}:d:late49:202611", keys_partition(SPAN("late49")));
    ask(s.link, "HSET cs:{%u}:d:late49:202611 22@1 2:120:0 @1 77:4",
        keys_partition(SPAN("late49")));
    ask(s.link, "SET cs:sent:1 0123abcd:77:4:token");
    scene_project(&s);
    WAIT_UNTIL(is_clean(&s));
    CHECK_STR(ask(s.link, "HLEN cs:{%u}:d:late49:202611", keys_partition(SPAN("late49"))), "4");
    scene_close(&s);
}
