/*
 * test_projection_heal.c - losses, strangers and refusals, and what becomes of them.
 */
#include <glob.h>
#include <sys/stat.h>

#include "trends_fixture.h"

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
    contract_in_redis(&s);
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
    contract_in_redis(&s);
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
    one_leg(&s, "acme", DAY, 4);
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

/* The append-only file's size, and with `cut` its newest half goes, as in a power failure. While it
 * is being written anew there are two, and only the newer one may end early: a Redis does not start
 * otherwise. */
static off_t
log_size(bool cut)
{
    const char *newest;
    struct stat st;
    glob_t found;

    CHECK(glob("redis/appendonlydir/*.incr.aof", 0, NULL, &found) == 0);
    newest = found.gl_pathv[found.gl_pathc - 1];
    CHECK(stat(newest, &st) == 0);
    CHECK(!cut || truncate(newest, st.st_size / 2) == 0);
    globfree(&found);
    return st.st_size;
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

        one_leg(&s, "acme", DAY, 10);
        WAIT_UNTIL(log_size(false) > 1000); /* while it syncs, a Redis answers before it writes */
        kill(server_pid(s.link), SIGKILL);
        WAIT_UNTIL(!managed_redis_alive(s.redis));
        log_size(true);
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
    contract_in_redis(&s);
    old = server_pid(s.link);
    kill(old, SIGKILL);
    /* The projection may have been faster and have another one by now. */
    WAIT_UNTIL(!managed_redis_alive(s.redis) || kill(old, 0) != 0);
    one_leg(&s, "acme", DAY, 10);
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
    ask(s.link, "SET cs:{9}:applied:1 somebody-else:5:5:x");
    ask(s.link, "DEL cs:owner:1");
    WAIT_UNTIL(strstr(status_of(&s).problem, "come from another ledger"));
    CHECK_STR(ask(s.link, "DBSIZE"), "1");
    ask(s.link, "DEL cs:{9}:applied:1");
    WAIT_UNTIL(!status_of(&s).problem[0]); /* who waits for a held projection is told at once */
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
    WAIT_UNTIL(!status_of(&s).problem[0]);
    settled(&s);
    CHECK_STR(ask(s.link, "HGETALL cs:meta"), "nodes=7,1 partitions=64 version=1");
    scene_close(&s);
}

TEST(projection_of_a_restored_ledger_sends_all_and_removes_what_it_does_not_know)
{
    struct scene s;

    scene_open(&s);
    contract_in_redis(&s);
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

/* Its last session was killed between the keys and the markers, and then the ledger restored:
 * all markers are of its own history. */
TEST(projection_of_a_restored_ledger_knows_what_was_sent_ahead_of_the_markers)
{
    struct scene s;

    scene_open(&s);
    contract_in_redis(&s);
    CHECK(strncmp(ask(s.link, "GET cs:sent:1"), "0123abcd:77:1:", 14) == 0);
    scene_stop(&s);
    ask(s.link, "HSET cs:{59}:q:beta:20261122 00@1 1:1:1 @1 77:9");
    ask(s.link, "SET cs:sent:1 0123abcd:77:9:token");
    scene_project(&s);
    settled(&s);
    CHECK_STR(ask(s.link, "HEXISTS cs:{59}:q:beta:20261122 00@1"), "0");
    CHECK(!strstr(ask(s.link, "GET cs:{59}:applied:1"), "restored"));
    CHECK(strncmp(ask(s.link, "GET cs:sent:1"), "0123abcd:77:1:", 14) == 0);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(trends_rebuild_says_so_when_redis_refuses)
{
    struct scene s;
    struct error err = {0};

    scene_open(&s);
    contract_in_redis(&s);
    ask(s.link, "CONFIG SET min-replicas-to-write 1");
    CHECK_INT(trends_rebuild(s.opt.url, "1", "0123abcd", false, &err), ST_RETRY);
    CHECK(strstr(err.text, "min-replicas-to-write"));
    ask(s.link, "CONFIG SET min-replicas-to-write 0");
    CHECK_INT(trends_rebuild(s.opt.url, "1", "0123abcd", false, &err), ST_OK);
    scene_close(&s);
}

TEST(trends_rebuild_makes_a_running_projection_start_over)
{
    struct scene s;
    struct error err = {0};

    scene_open(&s);
    contract_in_redis(&s);
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
