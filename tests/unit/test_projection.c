/*
 * test_projection.c - the ledger's totals in a real Redis: exact keys, every way of healing.
 */
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "trends_fixture.h"

#define DAY 20779 /* 2026-11-22 */

/* A managed server in the test's own folder, a ledger, and a connection that looks. */
struct scene {
    struct managed_redis *redis;
    struct fake_ledger *ledger;
    struct redis_link *link;
    struct projection *projection;
    struct projection_options opt;
};

static void
revive(void *arg)
{
    managed_redis_revive(arg, NULL);
}

static void
scene_open(struct scene *s)
{
    struct error err = {0};

    need_redis_server();
    log_set_level(LOG_LEVEL_ERROR);
    *s = (struct scene){0};
    if (managed_redis_start(&s->redis, NULL, ".", &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    s->link = connect_to(managed_redis_url(s->redis), &err);
    CHECK(s->link != NULL);
    s->ledger = fake_ledger("0123abcd", 77);
    s->opt = (struct projection_options){
        .url = managed_redis_url(s->redis),
        .node = "1",
        .feed = &s->ledger->feed,
        .never_expire = true,
        .revive = revive,
        .revive_arg = s->redis,
    };
}

static void
scene_project(struct scene *s)
{
    struct error err = {0};

    if (projection_start(&s->projection, &s->opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static void
scene_stop(struct scene *s)
{
    projection_stop(s->projection);
    s->projection = NULL;
}

static void
scene_close(struct scene *s)
{
    scene_stop(s);
    redis_link_close(s->link);
    managed_redis_stop(s->redis);
    fake_ledger_free(s->ledger);
}

/* Everything committed so far is in Redis. */
static void
settled(struct scene *s)
{
    struct error err = {0};

    if (projection_wait(s->projection, fake_last(s->ledger), WAIT_LIMIT_MS, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static struct projection_status
status_of(struct scene *s)
{
    struct projection_status st;

    projection_status(s->projection, &st);
    return st;
}

static struct verify_result
verify(struct scene *s, void (*report)(void *, const char *), void *arg)
{
    struct verify_result r;
    struct error err = {0};

    if (trends_verify(s->opt.url, "1", &s->ledger->feed, &s->opt.retention, s->opt.never_expire,
                      report, arg, &r, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return r;
}

static bool
is_clean(struct scene *s)
{
    struct verify_result r = verify(s, NULL, NULL);

    return r.missing + r.different + r.extra == 0;
}

/* --- the contract --- */

/* Partitions: CRC-16/XMODEM of the encoded name mod 64, computed with python3's
 * binascii.crc_hqx. */
static void
contract_cells(struct fake_ledger *l)
{
    struct cell *c;

    batch_begin(l);
    c = change(l, CELL_CUSTOMER, "acme", DAY);
    add5(c, 7, 0, 300, 1, 0, 0);
    add5(c, 6, 2, 600, 0, 0, 0);
    cell_add_feature(c, SPAN("recording"), 2, 1);
    cell_add_feature(c, SPAN("a b"), 0, 3);
    person(c, SKETCH_PEOPLE, "ann");
    person(c, SKETCH_PEOPLE, "bob");
    person(c, SKETCH_PEOPLE, "eve");
    person(c, SKETCH_SECOND, "room 1");
    add5(change(l, CELL_CUSTOMER, "M\xC3\xBCller & Co", DAY), 95, 0, 0, 4, 0, 0);
    c = change(l, CELL_FEATURE, "recording", DAY);
    add5(c, 0, 2, 1, 5, 0, 0);
    person(c, SKETCH_PEOPLE, "ann");
    person(c, SKETCH_SECOND, "acme");
    add5(change(l, CELL_SERVICE, "operator", DAY), 0, 9, 8, 1, 700, 65);
    add5(change(l, CELL_REGION, "eu", DAY), 5, 3, 2, 0, 0, 0);
    add5(change(l, CELL_REGION, "eu", DAY), 1439, 0, 1, 0, 0, 0);
    add5(change(l, CELL_WORKLOAD, "operator", DAY), 3, 9, 9, 9, 9, 9);
    batch_end(l);
}

TEST(projection_writes_the_documented_keys_and_no_others)
{
    struct scene s;

    scene_open(&s);
    contract_cells(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_STR(ask(s.link, "HGETALL cs:{40}:q:acme:20261122"), "06@1=2:600:0 07@1=0:300:1 @1=77:1");
    CHECK_STR(ask(s.link, "HGETALL cs:{40}:d:acme:202611"),
              "22.x.a%20b@1=0:3 22.x.recording@1=2:1 22@1=2:900:1 @1=77:1");
    CHECK_STR(ask(s.link, "PFCOUNT cs:{40}:u:acme:20261122@1"), "3");
    CHECK_STR(ask(s.link, "PFCOUNT cs:{40}:c:acme:20261122@1"), "1");
    /* The same people, counted by Redis itself, add nothing. */
    ask(s.link, "PFADD other ann bob eve");
    CHECK_STR(ask(s.link, "PFCOUNT other cs:{40}:u:acme:20261122@1"), "3");
    ask(s.link, "DEL other");
    CHECK_STR(ask(s.link, "HGETALL cs:{62}:q:M%%C3%%BCller%%20%%26%%20Co:20261122"),
              "95@1=0:0:4 @1=77:1");
    CHECK_STR(ask(s.link, "HGETALL cs:{62}:d:M%%C3%%BCller%%20%%26%%20Co:202611"),
              "22@1=0:0:4 @1=77:1");
    CHECK_STR(ask(s.link, "HGETALL cs:{1}:f:recording:202611"), "22@1=2:1:5 @1=77:1");
    CHECK_STR(ask(s.link, "PFCOUNT cs:{1}:fu:recording:20261122@1"), "1");
    CHECK_STR(ask(s.link, "PFCOUNT cs:{1}:fc:recording:20261122@1"), "1");
    CHECK_STR(ask(s.link, "HGETALL cs:{40}:s:operator:20261122"), "00@1=9:8:1:700:65 @1=77:1");
    CHECK_STR(ask(s.link, "HGETALL cs:{45}:l:eu:20261122"), "0005@1=3:2 1439@1=0:1 @1=77:1");
    CHECK_STR(ask(s.link, "SMEMBERS cs:{40}:dirty"), "c:acme s:operator");
    CHECK_STR(ask(s.link, "SMEMBERS cs:{62}:dirty"), "c:M%C3%BCller%20%26%20Co");
    CHECK_STR(ask(s.link, "SMEMBERS cs:{1}:dirty"), "f:recording");
    CHECK_STR(ask(s.link, "SMEMBERS cs:{45}:dirty"), "l:eu");
    CHECK_STR(ask(s.link, "HGETALL cs:meta"), "nodes=1 partitions=64 version=1");
    CHECK_STR(ask(s.link, "GET cs:owner:1"), "0123abcd");
    for (int p = 0; p < KEY_PARTITIONS; p++) {
        const char *marker = ask(s.link, "GET cs:{%d}:applied:1", p);

        CHECK(strncmp(marker, "0123abcd:77:1:", 14) == 0);
        CHECK_INT(strlen(marker), 14 + 16);
    }
    /* 11 keys of counts, 4 dirty sets, 64 markers, owner, meta. */
    CHECK_STR(ask(s.link, "DBSIZE"), "81");
    CHECK_STR(status_of(&s).problem, "");
    CHECK_INT(status_of(&s).keys_sent, 11);
    CHECK(is_clean(&s));
    CHECK_INT(verify(&s, NULL, NULL).keys, 11);
    scene_close(&s);
}

TEST(projection_replaces_values_with_newer_totals)
{
    struct scene s;

    scene_open(&s);
    scene_project(&s);
    for (int i = 1; i <= 5; i++) {
        batch_begin(s.ledger);
        leg(s.ledger, "acme", DAY, 10);
        batch_end(s.ledger);
        projection_kick(s.projection, false);
        settled(&s);
    }
    CHECK_STR(ask(s.link, "HGETALL cs:{40}:q:acme:20261122"), "10@1=5:300:0 @1=77:5");
    CHECK_STR(ask(s.link, "HGET cs:{40}:d:acme:202611 22@1"), "5:300:0");
    CHECK(is_clean(&s));
    /* Counters set back to zero stay as zeros; their distinct counts go. */
    batch_begin(s.ledger);
    cell_zero(change(s.ledger, CELL_CUSTOMER, "acme", DAY));
    batch_end(s.ledger);
    settled(&s);
    CHECK_STR(ask(s.link, "HGETALL cs:{40}:q:acme:20261122"), "10@1=0:0:0 @1=77:6");
    CHECK_STR(ask(s.link, "EXISTS cs:{40}:u:acme:20261122@1"), "0");
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projection_resumes_from_its_markers)
{
    struct scene s;

    scene_open(&s);
    contract_cells(s.ledger);
    scene_project(&s);
    settled(&s);
    scene_stop(&s);
    /* The next run of the same ledger has a new incarnation; nothing has changed. */
    s.ledger->old_incarnation = 77;
    s.ledger->old_last = 1;
    s.ledger->feed.incarnation = 78;
    fold(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_INT(status_of(&s).keys_sent, 0);
    batch_begin(s.ledger);
    leg(s.ledger, "acme", DAY, 10);
    batch_end(s.ledger);
    settled(&s);
    CHECK_INT(status_of(&s).keys_sent, 4);
    CHECK_STR(ask(s.link, "HGET cs:{40}:q:acme:20261122 @1"), "78:2");
    CHECK(strncmp(ask(s.link, "GET cs:{40}:applied:1"), "0123abcd:78:2:", 14) == 0);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projections_of_two_nodes_share_keys_and_never_a_field)
{
    struct scene s;
    struct fake_ledger *other = fake_ledger("9876fedc", 5);
    struct projection_options opt;
    struct projection *second;
    struct error err = {0};

    scene_open(&s);
    contract_cells(s.ledger);
    contract_cells(other);
    opt = s.opt;
    opt.node = "2";
    opt.feed = &other->feed;
    CHECK_INT(projection_start(&second, &opt, &err), ST_OK);
    scene_project(&s);
    settled(&s);
    CHECK_INT(projection_wait(second, 1, WAIT_LIMIT_MS, &err), ST_OK);
    CHECK_STR(ask(s.link, "HGETALL cs:{45}:l:eu:20261122"),
              "0005@1=3:2 0005@2=3:2 1439@1=0:1 1439@2=0:1 @1=77:1 @2=5:1");
    CHECK_STR(ask(s.link, "PFCOUNT cs:{40}:u:acme:20261122@1 cs:{40}:u:acme:20261122@2"), "3");
    CHECK_INT(strlen(ask(s.link, "HGET cs:meta nodes")), 3);
    CHECK(is_clean(&s));
    projection_stop(second);
    fake_ledger_free(other);
    scene_close(&s);
}

TEST(projection_sends_a_partition_larger_than_its_buffer_in_slices)
{
    struct verify_result r;
    struct scene s;

    scene_open(&s);
    s.opt.max_buffer = 100000;
    batch_begin(s.ledger);
    for (int32_t d = 0; d < 30; d++) { /* one region, so one partition; over a megabyte */
        struct cell *c = change(s.ledger, CELL_REGION, "eu", DAY - d);

        for (unsigned minute = 0; minute < 1440; minute++)
            add5(c, minute, 1000000 + d, minute, 0, 0, 0);
    }
    batch_end(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_STR(ask(s.link, "HGET cs:{45}:l:eu:20261122 0777@1"), "1000000:777");
    r = verify(&s, NULL, NULL);
    CHECK_INT(r.fields, 30 * 1440);
    CHECK_INT(r.missing + r.different + r.extra, 0);
    CHECK(status_of(&s).keys_sent > 30); /* it did not fit at once */
    scene_close(&s);
}

/* --- healing --- */

/* Many customers over several days of two months. */
static void
crowd(struct fake_ledger *l, int customers)
{
    char name[32];

    batch_begin(l);
    for (int i = 0; i < customers; i++)
        for (int d = 0; d < 3; d++) {
            snprintf(name, sizeof name, "customer %d", i);
            leg(l, name, DAY - 20 * d, (unsigned)(i + d) % 96);
        }
    batch_end(l);
}

TEST(projection_heals_an_emptied_redis_by_itself)
{
    struct scene s;

    scene_open(&s);
    crowd(s.ledger, 300);
    fold(s.ledger);
    contract_cells(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK(is_clean(&s));
    ask(s.link, "FLUSHALL");
    WAIT_UNTIL(strcmp(ask(s.link, "EXISTS cs:owner:1"), "1") == 0);
    WAIT_UNTIL(is_clean(&s));
    CHECK_STR(ask(s.link, "HGETALL cs:meta"), "nodes=1 partitions=64 version=1");
    scene_close(&s);
}

TEST(projection_heals_when_a_marker_is_gone_or_changed)
{
    struct scene s;

    scene_open(&s);
    contract_cells(s.ledger);
    scene_project(&s);
    settled(&s);
    ask(s.link, "DEL cs:{40}:applied:1 cs:{40}:q:acme:20261122");
    ask(s.link, "SET cs:{62}:applied:1 nonsense");
    batch_begin(s.ledger); /* the next move of the markers sees it */
    batch_end(s.ledger);
    settled(&s);
    CHECK_STR(ask(s.link, "HGET cs:{40}:q:acme:20261122 06@1"), "2:600:0");
    CHECK(strncmp(ask(s.link, "GET cs:{62}:applied:1"), "0123abcd:77:2:", 14) == 0);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projection_replaces_keys_of_a_wrong_type_with_all_that_was_in_them)
{
    struct scene s;

    scene_open(&s);
    batch_begin(s.ledger);
    leg(s.ledger, "acme", DAY - 1, 3);
    leg(s.ledger, "acme", DAY, 3);
    batch_end(s.ledger);
    scene_project(&s);
    settled(&s);
    ask(s.link, "SET cs:{40}:d:acme:202611 rubbish");
    ask(s.link, "SET cs:{40}:dirty rubbish");
    ask(s.link, "DEL cs:{40}:u:acme:20261122@1");
    ask(s.link, "LPUSH cs:{40}:u:acme:20261122@1 rubbish");
    batch_begin(s.ledger);
    leg(s.ledger, "acme", DAY, 4);
    batch_end(s.ledger);
    settled(&s);
    CHECK_STR(ask(s.link, "HGET cs:{40}:d:acme:202611 21@1"), "1:60:0");
    CHECK_STR(ask(s.link, "HGET cs:{40}:d:acme:202611 22@1"), "2:120:0");
    CHECK_STR(ask(s.link, "PFCOUNT cs:{40}:u:acme:20261122@1"), "1");
    CHECK_STR(ask(s.link, "SMEMBERS cs:{40}:dirty"), "c:acme");
    CHECK(is_clean(&s));
    scene_close(&s);
}

static pid_t
server_pid(struct redis_link *link)
{
    const char *at = strstr(ask(link, "INFO server"), "process_id:");

    return at ? (pid_t)strtol(at + 11, NULL, 10) : 0;
}

/* Cuts the newest half off the append-only file, as a power failure may. */
static void
lose_tail(void)
{
    struct stat st;
    glob_t found;

    CHECK(glob("redis/appendonlydir/*.incr.aof", 0, NULL, &found) == 0);
    CHECK(stat(found.gl_pathv[0], &st) == 0 && st.st_size > 1000);
    CHECK(truncate(found.gl_pathv[0], st.st_size / 2) == 0);
    globfree(&found);
}

TEST(projection_heals_after_redis_was_killed_and_lost_its_tail)
{
    struct scene s;

    scene_open(&s);
    s.opt.revive = NULL; /* the test brings it back, after the damage */
    crowd(s.ledger, 200);
    scene_project(&s);
    settled(&s);
    for (int round = 0; round < 2; round++) {
        struct error err;

        batch_begin(s.ledger);
        leg(s.ledger, "acme", DAY, 10);
        batch_end(s.ledger);
        settled(&s);
        kill(server_pid(s.link), SIGKILL);
        WAIT_UNTIL(!managed_redis_alive(s.redis));
        lose_tail();
        CHECK_INT(managed_redis_revive(s.redis, &err), ST_OK);
        redis_link_close(s.link);
        WAIT_UNTIL((s.link = connect_to(s.opt.url, &err)) != NULL);
        WAIT_UNTIL(status_of(&s).connected && strcmp(ask(s.link, "EXISTS cs:owner:1"), "1") == 0);
        WAIT_UNTIL(is_clean(&s));
    }
    CHECK_STR(ask(s.link, "HGET cs:{40}:q:acme:20261122 10@1"), "2:120:0");
    CHECK(status_of(&s).reconnects > 0);
    scene_close(&s);
}

TEST(projection_has_its_dead_server_started_again)
{
    struct scene s;
    struct error err;
    pid_t old;

    scene_open(&s);
    contract_cells(s.ledger);
    scene_project(&s);
    settled(&s);
    old = server_pid(s.link);
    kill(old, SIGKILL);
    WAIT_UNTIL(!managed_redis_alive(s.redis));
    batch_begin(s.ledger);
    leg(s.ledger, "acme", DAY, 10);
    batch_end(s.ledger);
    settled(&s);
    redis_link_close(s.link);
    s.link = connect_to(s.opt.url, &err);
    CHECK(s.link && server_pid(s.link) != old);
    CHECK(is_clean(&s));
    scene_close(&s);
}

/* --- who may write --- */

TEST(projection_holds_when_another_ledger_owns_its_fields)
{
    struct scene s;

    scene_open(&s);
    contract_cells(s.ledger);
    ask(s.link, "SET cs:owner:1 somebody-else");
    scene_project(&s);
    WAIT_UNTIL(strstr(status_of(&s).problem, "somebody-else"));
    CHECK(strstr(status_of(&s).problem, "rebuild --replace"));
    CHECK_INT(projection_wait(s.projection, 1, 0, NULL), ST_RETRY);
    CHECK_STR(ask(s.link, "DBSIZE"), "1");
    /* A marker of another ledger is as good a reason. */
    ask(s.link, "DEL cs:owner:1");
    ask(s.link, "SET cs:{9}:applied:1 somebody-else:5:5:x");
    WAIT_UNTIL(strstr(status_of(&s).problem, "come from another ledger"));
    CHECK_STR(ask(s.link, "DBSIZE"), "1");
    ask(s.link, "DEL cs:{9}:applied:1");
    settled(&s);
    CHECK_STR(status_of(&s).problem, "");
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projection_holds_on_keys_of_another_layout)
{
    struct scene s;

    scene_open(&s);
    contract_cells(s.ledger);
    ask(s.link, "HSET cs:meta version 2 partitions 64 nodes 7");
    scene_project(&s);
    WAIT_UNTIL(strstr(status_of(&s).problem, "layout version 2"));
    CHECK_STR(ask(s.link, "DBSIZE"), "1");
    ask(s.link, "HSET cs:meta version 1");
    settled(&s);
    CHECK_STR(ask(s.link, "HGETALL cs:meta"), "nodes=7,1 partitions=64 version=1");
    scene_close(&s);
}

TEST(projection_of_a_restored_ledger_sends_all_and_removes_what_it_does_not_know)
{
    struct scene s;

    scene_open(&s);
    contract_cells(s.ledger);
    scene_project(&s);
    settled(&s);
    scene_stop(&s);
    /* Redis saw batches up to 9 of this ledger, which the restored copy does not have. */
    for (int p = 0; p < KEY_PARTITIONS; p++)
        ask(s.link, "SET cs:{%d}:applied:1 0123abcd:77:9:token", p);
    ask(s.link, "HSET cs:{40}:q:acme:20261122 06@1 9:9:9 50@1 1:1:0 50@2 4:4:0 @2 5:5");
    ask(s.link, "HSET cs:{40}:d:acme:202611 23@1 7:7:7 23@2 4:4:0");
    ask(s.link, "HSET cs:{59}:q:beta:20261122 00@1 1:1:1 @1 77:9");
    ask(s.link, "PFADD cs:{59}:u:beta:20261122@1 x");
    ask(s.link, "PFADD cs:{59}:u:beta:20261122@2 x");
    scene_project(&s);
    settled(&s);
    CHECK_STR(ask(s.link, "HGETALL cs:{40}:q:acme:20261122"),
              "06@1=2:600:0 07@1=0:300:1 50@2=4:4:0 @1=77:1 @2=5:5");
    CHECK_STR(ask(s.link, "HMGET cs:{40}:d:acme:202611 22@1 23@1 23@2"), "(nil) 2:900:1 4:4:0");
    CHECK_STR(ask(s.link, "HEXISTS cs:{59}:q:beta:20261122 00@1"), "0");
    CHECK_STR(ask(s.link, "EXISTS cs:{59}:u:beta:20261122@1"), "0");
    CHECK_STR(ask(s.link, "EXISTS cs:{59}:u:beta:20261122@2"), "1");
    CHECK(strncmp(ask(s.link, "GET cs:{59}:applied:1"), "0123abcd:77:1:", 14) == 0);
    CHECK(!strstr(ask(s.link, "GET cs:{59}:applied:1"), "restored"));
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(trends_rebuild_makes_a_running_projection_start_over)
{
    struct scene s;
    struct error err = {0};

    scene_open(&s);
    contract_cells(s.ledger);
    scene_project(&s);
    settled(&s);
    ask(s.link, "HSET cs:{59}:q:beta:20261122 00@1 1:1:1");
    ask(s.link, "HDEL cs:{40}:q:acme:20261122 06@1");
    ask(s.link, "SET cs:owner:1 somebody-else");
    CHECK_INT(trends_rebuild(s.opt.url, "1", "0123abcd", false, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "somebody-else"));
    CHECK_INT(trends_rebuild(s.opt.url, "1", "0123abcd", true, &err), ST_OK);
    WAIT_UNTIL(is_clean(&s));
    CHECK_STR(ask(s.link, "EXISTS cs:{59}:q:beta:20261122"), "0");
    CHECK_STR(ask(s.link, "HGET cs:{40}:q:acme:20261122 06@1"), "2:600:0");
    scene_close(&s);
}

TEST(projection_closes_older_connections_of_its_node_only)
{
    struct scene s;
    struct error err;
    struct redis_link *old, *neighbour;
    redisReply *r;

    scene_open(&s);
    old = connect_to(s.opt.url, &err);
    neighbour = connect_to(s.opt.url, &err);
    CHECK_STR(ask(old, "CLIENT SETNAME callswell-1"), "OK");
    CHECK_STR(ask(neighbour, "CLIENT SETNAME callswell-11"), "OK");
    scene_project(&s);
    settled(&s);
    WAIT_UNTIL(status_of(&s).connected);
    CHECK_INT(redis_link_ask(old, &r, &err, "PING", NULL), ST_RETRY);
    CHECK_STR(ask(neighbour, "PING"), "PONG");
    redis_link_close(old);
    redis_link_close(neighbour);
    scene_close(&s);
}

TEST(projection_says_what_to_do_when_redis_refuses_writes)
{
    struct scene s;

    scene_open(&s);
    contract_cells(s.ledger);
    ask(s.link, "CONFIG SET maxmemory 1");
    scene_project(&s);
    WAIT_UNTIL(strstr(status_of(&s).problem, "out of memory"));
    CHECK(strstr(status_of(&s).problem, "raise maxmemory"));
    ask(s.link, "CONFIG SET maxmemory 100mb");
    ask(s.link, "CONFIG SET maxmemory-policy allkeys-lru");
    settled(&s);
    WAIT_UNTIL(strstr(status_of(&s).problem, "noeviction"));
    ask(s.link, "REPLICAOF 127.0.0.1 1");
    batch_begin(s.ledger);
    leg(s.ledger, "acme", DAY, 10);
    batch_end(s.ledger);
    projection_kick(s.projection, true);
    WAIT_UNTIL(strstr(status_of(&s).problem, "give the address of the master"));
    ask(s.link, "REPLICAOF NO ONE");
    settled(&s);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projection_works_for_a_user_with_few_rights)
{
    struct scene s;
    struct buf url = {0};

    scene_open(&s);
    contract_cells(s.ledger);
    CHECK_STR(ask(s.link, "ACL SETUSER counter on >secret ~cs:* -@all +@read +@write +@connection "
                          "-client +client|setname +eval +@transaction"),
              "OK");
    buf_printf(&url, "unix://counter:secret@%s", s.opt.url + strlen("unix://"));
    s.opt.url = url.p;
    scene_project(&s);
    settled(&s);
    CHECK_STR(status_of(&s).problem, "");
    s.opt.url = managed_redis_url(s.redis);
    CHECK(is_clean(&s));
    buf_clear(&url);
    scene_close(&s);
}

/* --- verification and the scrubber --- */

static void
collect(void *arg, const char *line)
{
    struct buf *b = arg;

    buf_printf(b, "%s\n", line);
}

TEST(trends_verify_names_every_difference)
{
    struct scene s;
    struct verify_result r;
    struct buf lines = {0};

    scene_open(&s);
    contract_cells(s.ledger);
    scene_project(&s);
    settled(&s);
    scene_stop(&s);
    ask(s.link, "HSET cs:{40}:q:acme:20261122 06@1 3:600:0");   /* changed */
    ask(s.link, "HDEL cs:{40}:d:acme:202611 22.x.recording@1"); /* missing */
    ask(s.link, "DEL cs:{1}:fu:recording:20261122@1");          /* missing */
    ask(s.link, "PFADD cs:{40}:u:acme:20261122@1 zoe");         /* changed */
    ask(s.link, "HSET cs:{45}:l:eu:20261122 0006@1 1:1");       /* extra in a key of ours */
    ask(s.link, "HSET cs:{40}:d:acme:202611 01@1 1:1:1");       /* extra in a month */
    ask(s.link, "HSET cs:{30}:s:zoe:20261122 00@1 1:1:1:1:1");  /* extra key */
    ask(s.link, "PFADD cs:{30}:c:zoe:20261122@1 x");            /* extra key */
    ask(s.link, "HSET cs:{45}:l:eu:20261122 0006@2 1:1");       /* another node's: fine */
    r = verify(&s, collect, &lines);
    CHECK_INT(r.different, 2);
    CHECK_INT(r.missing, 2);
    CHECK_INT(r.extra, 4);
    CHECK(strstr(lines.p, "different cs:{40}:q:acme:20261122 06@1 redis=3:600:0 ledger=2:600:0\n"));
    CHECK(strstr(lines.p, "missing cs:{40}:d:acme:202611 22.x.recording@1 ledger=2:1\n"));
    CHECK(strstr(lines.p, "missing cs:{1}:fu:recording:20261122@1\n"));
    CHECK(strstr(lines.p, "different cs:{40}:u:acme:20261122@1\n"));
    CHECK(strstr(lines.p, "extra cs:{45}:l:eu:20261122 0006@1 redis=1:1\n"));
    CHECK(strstr(lines.p, "extra cs:{40}:d:acme:202611 01@1\n"));
    CHECK(strstr(lines.p, "extra cs:{30}:s:zoe:20261122 00@1\n"));
    CHECK(strstr(lines.p, "extra cs:{30}:c:zoe:20261122@1\n"));
    buf_clear(&lines);
    /* With nobody projecting, what is behind is missing. */
    batch_begin(s.ledger);
    leg(s.ledger, "beta", DAY, 10);
    batch_end(s.ledger);
    CHECK_INT(verify(&s, NULL, NULL).missing, 2 + 4);
    scene_close(&s);
}

TEST(projection_scrubber_mends_single_keys_and_fields)
{
    struct scene s;

    scene_open(&s);
    s.opt.scrub_interval_ms = 640;
    contract_cells(s.ledger);
    fold(s.ledger);
    scene_project(&s);
    settled(&s);
    ask(s.link, "HSET cs:{40}:q:acme:20261122 06@1 3:600:0 51@1 1:1:1");
    ask(s.link, "DEL cs:{40}:d:acme:202611");
    ask(s.link, "SET cs:{1}:fu:recording:20261122@1 x");
    WAIT_UNTIL(status_of(&s).mended >= 6);
    WAIT_UNTIL(is_clean(&s));
    scene_close(&s);
}

/* --- lifetimes --- */

static long long
number(const char *text)
{
    return strtoll(text, NULL, 10);
}

static const char *
key_of(const char *kind, const char *customer, int32_t day, bool month, bool node)
{
    static char text[4][160];
    static unsigned next;
    char date[CIVIL_TEXT];

    next = (next + 1) % 4;
    snprintf(text[next], sizeof text[next], "cs:{%u}:%s:%s:%s%s",
             keys_partition(span_str(customer)), kind, customer,
             month ? format_month_compact(date, day) : format_day_compact(date, day),
             node ? "@1" : "");
    return text[next];
}

TEST(projection_gives_lifetimes_to_closed_periods_only)
{
    const int64_t day = DAY_SECONDS;
    struct scene s;
    int32_t today;

    scene_open(&s);
    s.opt.never_expire = false;
    s.opt.retention =
        (struct config_retention){.quarter = 35 * day, .day = 800 * day, .people = 35 * day};
    today = day_of(s.ledger->now);
    batch_begin(s.ledger);
    leg(s.ledger, "acme", today, 0);
    leg(s.ledger, "acme", today - 1, 0);
    leg(s.ledger, "acme", today - 36, 0);
    leg(s.ledger, "old", today - 840, 0);
    add5(change(s.ledger, CELL_SERVICE, "operator", today - 1), 0, 1, 1, 0, 1, 1);
    batch_end(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_STR(ask(s.link, "TTL %s", key_of("q", "acme", today, false, false)), "-1");
    CHECK_STR(ask(s.link, "TTL %s", key_of("u", "acme", today, false, true)), "-1");
    CHECK_STR(ask(s.link, "TTL %s", key_of("d", "acme", today, true, false)), "-1");
    CHECK_INT(number(ask(s.link, "EXPIRETIME %s", key_of("q", "acme", today - 1, false, false))),
              today * day + 35 * day);
    CHECK_INT(number(ask(s.link, "EXPIRETIME %s", key_of("c", "acme", today - 1, false, true))),
              today * day + 35 * day);
    /* 0 keeps for ever; what is past its time is not written; a month ages from its end. */
    CHECK_STR(ask(s.link, "TTL %s", key_of("s", "operator", today - 1, false, false)), "-1");
    CHECK_STR(ask(s.link, "EXISTS %s", key_of("q", "acme", today - 36, false, false)), "0");
    CHECK_STR(ask(s.link, "EXISTS %s", key_of("d", "old", today - 840, true, false)), "0");
    CHECK(number(ask(s.link, "EXPIRETIME %s", key_of("d", "acme", today - 36, true, false))) >
          (today - 36 + 800) * day);
    CHECK_INT(status_of(&s).expired, 3 + 4);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projection_sweeps_what_closes_while_it_is_live)
{
    const int64_t day = DAY_SECONDS;
    struct scene s;
    int32_t today;

    scene_open(&s);
    s.opt.never_expire = false;
    s.opt.retention = (struct config_retention){.quarter = 35 * day, .day = 800 * day};
    today = day_of(s.ledger->now);
    batch_begin(s.ledger);
    leg(s.ledger, "acme", today, 0);
    batch_end(s.ledger);
    scene_project(&s);
    settled(&s);
    WAIT_UNTIL(strcmp(ask(s.link, "EXISTS cs:{63}:swept:1"), "1") == 0);
    CHECK_STR(ask(s.link, "TTL %s", key_of("q", "acme", today, false, false)), "-1");
    fold(s.ledger);
    pthread_mutex_lock(&s.ledger->mutex);
    s.ledger->now += 32 * day; /* the month has closed as well */
    pthread_mutex_unlock(&s.ledger->mutex);
    WAIT_UNTIL(number(ask(s.link, "EXPIRETIME %s", key_of("q", "acme", today, false, false))) ==
               (today + 1 + 35) * day);
    CHECK(number(ask(s.link, "EXPIRETIME %s", key_of("d", "acme", today, true, false))) >
          (today + 800) * day);
    CHECK_STR(ask(s.link, "TTL %s", key_of("u", "acme", today, false, true)), "-1");
    /* Kept for ever from now on: the lifetimes go again. */
    scene_stop(&s);
    s.opt.retention = (struct config_retention){.people = 35 * day};
    scene_project(&s);
    WAIT_UNTIL(strcmp(ask(s.link, "TTL %s", key_of("q", "acme", today, false, false)), "-1") == 0);
    CHECK_INT(number(ask(s.link, "EXPIRETIME %s", key_of("u", "acme", today, false, true))),
              (today + 1 + 35) * day);
    scene_close(&s);
}
