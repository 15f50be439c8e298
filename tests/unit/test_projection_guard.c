/*
 * test_projection_guard.c - older connections that cannot be closed, keys thrown away: what may be
 * set back or lost while nobody looks.
 */
#include "trends_fixture.h"

#include "../../daemon/trends/projection_write.h"

static bool
count_newer(void *arg, size_t i, redisReply *r)
{
    (void)i;
    if (!redis_is_error(r, "NEWER"))
        test_fail(__FILE__, __LINE__, "%s", r->str ? r->str : "?");
    ++*(unsigned *)arg;
    return false;
}

/* What a connection with this version would write; how many keys were newer. */
static unsigned
write_as(struct scene *s, uint64_t incarnation, uint64_t batch, unsigned legs)
{
    struct config_retention none = {0};
    struct fake_ledger *l = fake_ledger("x", 1);
    struct trend_writer w;
    unsigned newer = 0;

    trend_writer_init(&w, "1", &none, true);
    w.guarded = true;
    trend_writer_begin(&w, 45, incarnation, batch, 0);
    add5(change(l, CELL_REGION, "eu", DAY), 5, legs, 0, 0, 0, 0);
    trend_writer_cell(&w, change(l, CELL_REGION, "eu", DAY));
    trend_writer_months(&w);
    CHECK_INT(redis_link_tell(s->link, &w.batch, count_newer, &newer, NULL), ST_OK);
    trend_writer_clear(&w);
    fake_ledger_free(l);
    return newer;
}

TEST(guarded_writes_never_set_a_hash_back)
{
    static const struct {
        uint64_t incarnation, batch;
        bool newer;
    } steps[] = {
        {9, 9, false},
        {9, 8, true},
        {9, 9, false},
        {9, 10, false},
        {9, 9, true},
        {10, 1, false},
        {9, 100, true},
        {10, 99, false},
        {10, 100, false},
        {10, 99, true},
        {1700000000000000, 7, false},
        {1699999999999999, 8, true},
        {9007199254740993, 1, false},
        {9007199254740992, 1, true},
    };
    struct scene s;
    unsigned stands = 0;

    scene_open(&s);
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        CHECK_INT(write_as(&s, steps[i].incarnation, steps[i].batch, 100 + i), steps[i].newer);
        if (!steps[i].newer)
            stands = 100 + i;
        CHECK_INT(strtol(ask(s.link, "HGET cs:{45}:l:eu:20261122 0005@1"), NULL, 10), stands);
    }
    /* Another node's version says nothing about ours; what is no version neither. */
    ask(s.link, "DEL cs:{45}:l:eu:20261122");
    ask(s.link, "HSET cs:{45}:l:eu:20261122 @2 99:99 @1 nonsense");
    CHECK_INT(write_as(&s, 1, 1, 7), 0);
    CHECK_STR(ask(s.link, "HGETALL cs:{45}:l:eu:20261122"), "0005@1=7:0 @1=1:1 @2=99:99");
    scene_close(&s);
}

static char *
as_user_without(struct scene *s, const char *rights)
{
    CHECK_STR(ask(s->link, "ACL SETUSER shy on >secret ~cs:* +@all %s", rights), "OK");
    return xasprintf("unix://shy:secret@%s", managed_redis_url(s->redis) + strlen("unix://"));
}

TEST(projection_that_may_not_close_connections_looks_before_it_writes)
{
    static const char *const denied[] = {"-client|list", "-client|kill", "-client|id"};

    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        struct redis_link *old;
        struct error err;
        struct scene s;
        char *url;
        size_t before;

        scene_open(&s);
        s.opt.url = url = as_user_without(&s, denied[i]);
        old = connect_to(managed_redis_url(s.redis), &err);
        CHECK_STR(ask(old, "CLIENT SETNAME callswell-1"), "OK");
        contract_in_redis(&s);
        CHECK_STR(ask(old, "PING"), "PONG");
        before = calls(&s, "hset");
        contract_cells(s.ledger); /* again: the keys are there now */
        settled(&s);
        CHECK_STR(ask(s.link, "HGETALL cs:{45}:l:eu:20261122"), "0005@1=6:4 1439@1=0:2 @1=77:2");
        CHECK_STR(ask(s.link, "HGET cs:{40}:d:acme:202611 22.x.recording@1"), "4:2");
        CHECK_INT(calls(&s, "hset"), before + 7); /* by the script */
        CHECK(calls(&s, "hget") >= 7);
        CHECK_STR(status_of(&s).problem, "");
        /* A version that nobody of ours wrote is overwritten, not obeyed. */
        ask(s.link, "HSET cs:{45}:l:eu:20261122 @1 99999999999999999999:1 0005@1 1:1");
        /* And a key of another type is replaced as ever. */
        ask(s.link, "SET cs:{40}:s:operator:20261122 x");
        contract_cells(s.ledger);
        settled(&s);
        CHECK_STR(ask(s.link, "HGETALL cs:{45}:l:eu:20261122"), "0005@1=9:6 1439@1=0:3 @1=77:3");
        s.opt.url = managed_redis_url(s.redis);
        WAIT_UNTIL(is_clean(&s));
        scene_stop(&s);
        redis_link_close(old);
        free(url);
        scene_close(&s);
        CHECK(system("rm -rf redis redis.sock") == 0);
    }
}

TEST(guarded_writes_of_thousands_of_fields_are_split)
{
    struct scene s;
    char *url;

    scene_open(&s);
    s.opt.url = url = as_user_without(&s, "-client|list -restore");
    batch_begin(s.ledger);
    for (int i = 0; i < 7001; i++) {
        char name[24];

        snprintf(name, sizeof name, "feature %d", i);
        cell_add_feature(change(s.ledger, CELL_CUSTOMER, "acme", DAY), span_str(name), i, 1);
    }
    batch_end(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_STR(ask(s.link, "HLEN cs:{40}:d:acme:202611"), "7002");
    s.opt.url = managed_redis_url(s.redis);
    CHECK(is_clean(&s));
    scene_stop(&s);
    free(url);
    scene_close(&s);
}

TEST(projection_compares_soon_what_an_older_connection_may_have_set_back)
{
    struct scene s;
    char *url;

    scene_open(&s);
    s.opt.url = url = as_user_without(&s, "-client|list");
    contract_in_redis(&s);
    ask(s.link, "SET cs:{1}:fu:recording:20261122@1 late"); /* the second to be compared */
    WAIT_UNTIL(status_of(&s).mended > 0);
    s.opt.url = managed_redis_url(s.redis);
    CHECK(is_clean(&s));
    scene_stop(&s);
    free(url);
    scene_close(&s);
}

TEST(projection_counts_what_redis_throws_away_and_brings_it_back)
{
    struct scene s;

    scene_open(&s);
    contract_in_redis(&s);
    ask(s.link, "CONFIG SET maxmemory-policy allkeys-random");
    ask(s.link, "CONFIG SET maxmemory 1");
    CHECK(strncmp(ask(s.link, "SET x y"), "OOM", 3) == 0); /* with nothing left to throw away */
    ask(s.link, "CONFIG SET maxmemory 1gb");
    CHECK_STR(ask(s.link, "EXISTS cs:{40}:q:acme:20261122"), "0");
    WAIT_UNTIL(
        strstr(status_of(&s).problem, "allkeys-random; keys thrown away since it started: "));
    WAIT_UNTIL(is_clean(&s));
    CHECK(status_of(&s).evicted > 0);
    ask(s.link, "CONFIG SET maxmemory-policy noeviction");
    WAIT_UNTIL(status_of(&s).problem[0] == '\0');
    scene_close(&s);
}
