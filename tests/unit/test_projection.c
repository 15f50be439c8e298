/*
 * test_projection.c - the ledger's totals in a real Redis: exact keys, markers, nodes, slices.
 */
#include "trends_fixture.h"

TEST(projection_writes_the_documented_keys_and_no_others)
{
    struct scene s;

    scene_open(&s);
    contract_in_redis(&s);
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
    CHECK(strncmp(ask(s.link, "GET cs:sent:1"), "0123abcd:77:1:", 14) == 0);
    CHECK_STR(ask(s.link, "GET cs:owner:1"), "0123abcd");
    for (int p = 0; p < KEY_PARTITIONS; p++) {
        const char *marker = ask(s.link, "GET cs:{%d}:applied:1", p);

        CHECK(strncmp(marker, "0123abcd:77:1:", 14) == 0);
        CHECK_INT(strlen(marker), 14 + 16);
    }
    /* 11 keys of counts, 4 dirty sets, 64 markers, owner, sent, meta. */
    CHECK_STR(ask(s.link, "DBSIZE"), "82");
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
    contract_in_redis(&s);
    scene_stop(&s);
    /* The next run of the same ledger has a new incarnation; nothing has changed. */
    s.ledger->old_incarnation = 77;
    s.ledger->old_last = 1;
    s.ledger->feed.incarnation = 78;
    fold(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_INT(status_of(&s).keys_sent, 0);
    one_leg(&s, "acme", DAY, 10);
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
