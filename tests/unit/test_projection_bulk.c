/*
 * test_projection_bulk.c - the first filling of a Redis: whole keys at once, months in one piece,
 * and what stands in their way.
 */
#include "trends_fixture.h"

#include "../../daemon/trends/months.h"
#include "../../daemon/trends/redis_dump.h"

/* A hash of `fields` fields with names of `length` bytes, given to Redis by RESTORE. */
static void
restore(struct scene *s, size_t fields, int length)
{
    struct buf entries = {0};
    struct redis_batch b = {0};
    redisReply *r = NULL;
    char *payload;
    size_t bytes;

    for (size_t i = 0; i < fields; i++) {
        char *name = xasprintf("%0*zu", length, i), *value = xasprintf("v%zu", i * i);

        dump_entry(&entries, span_str(name));
        dump_entry(&entries, span_str(value));
        free(name);
        free(value);
    }
    bytes = entries.n;
    ask(s->link, "DEL h");
    redis_batch_begin(&b, 0, 4);
    redis_batch_str(&b, "RESTORE");
    redis_batch_str(&b, "h");
    redis_batch_str(&b, "0");
    payload = redis_batch_room(&b, dump_bytes(bytes));
    memcpy(dump_begin(payload, bytes, fields), entries.p, bytes);
    dump_end(payload, bytes);
    CHECK_INT(redis_link_send(s->link, &b, keep_last, &r, NULL), ST_OK);
    CHECK_STR(r->str, "OK");
    freeReplyObject(r);
    redis_batch_clear(&b);
    buf_clear(&entries);
}

TEST(redis_takes_a_dump_of_any_size_and_checks_it_through)
{
    static const int lengths[] = {1,   2,   61,  62,  63,  64,  65,  124,
                                  125, 126, 127, 128, 129, 800, 4095};
    struct scene s;

    scene_open(&s);
    ask(s.link, "CONFIG SET sanitize-dump-payload yes");
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        restore(&s, 3, lengths[i]);
        CHECK_STR(ask(s.link, "HGET h %0*d", lengths[i] < 1900 ? lengths[i] : 1, 2),
                  lengths[i] < 1900 ? "v4" : "(nil)");
        CHECK_STR(ask(s.link, "HLEN h"), "3");
    }
    for (size_t n = 1; n <= DUMP_MAX_FIELDS; n = n < 140 ? n + 1 : n * 3 - n / 2) {
        restore(&s, n, 6);
        CHECK_INT(strtoull(ask(s.link, "HLEN h"), NULL, 10), n);
        CHECK_INT(strtoull(ask(s.link, "HGET h %06zu", n - 1) + 1, NULL, 10), (n - 1) * (n - 1));
        CHECK_STR(ask(s.link, "OBJECT ENCODING h"), n <= 512 ? "listpack" : "hashtable");
    }
    ask(s.link, "DEL h");
    scene_close(&s);
}

TEST(months_replace_a_day_that_comes_again)
{
    static const char *texts[] = {"a", "bb", "ccc", "dddd"};
    struct months m = {0};
    struct buf out = {0};

    /* Another table size, many keys, so that some share a place. */
    for (int round = 0; round < 2; round++) {
        for (int key = 0; key < 3000; key++)
            for (int day = 1; day <= 3; day++) {
                char name[16];

                snprintf(name, sizeof name, "key %d", key);
                months_add(&m, span_str(name), day, span_str(texts[day - 1]), 1);
            }
        CHECK_INT(m.count, 3000);
        months_add(&m, SPAN("key 7"), 1, span_str(texts[3]), 2); /* the first of the chain */
        months_add(&m, SPAN("key 8"), 2, span_str(texts[3]), 2);
        months_add(&m, SPAN("key 9"), 3, span_str(texts[3]), 2); /* the last */
        months_add(&m, SPAN("key 9"), 31, span_str(texts[0]), 1);
        for (size_t i = 0; i < m.count; i++) {
            struct span key = months_key(&m, &m.at[i]);
            const char *want = span_is(key, "key 7")   ? "bbcccdddd"
                               : span_is(key, "key 8") ? "acccdddd"
                               : span_is(key, "key 9") ? "abbdddda"
                                                       : "abbccc";

            buf_reset(&out);
            months_entries(&m, &m.at[i], &out);
            CHECK_STR(out.p, want);
            CHECK_INT(m.at[i].fields, span_is(key, "key 9")                            ? 5
                                      : span_is(key, "key 7") || span_is(key, "key 8") ? 4
                                                                                       : 3);
        }
        months_reset(&m);
        CHECK_INT(m.count, 0);
    }
    buf_clear(&out);
    months_clear(&m);
}

TEST(projection_writes_every_key_once_and_a_month_in_one_command)
{
    struct scene s;
    size_t before;

    scene_open(&s);
    many_days(s.ledger);
    fold(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_INT(status_of(&s).keys_sent, 40 * (35 * 3 + 2));
    CHECK_INT(calls(&s, "restore"), 40 * (35 + 2));
    CHECK_INT(calls(&s, "hset"), 1); /* cs:meta */
    CHECK_STR(ask(s.link, "HLEN cs:{%u}:d:c1:202611", keys_partition(SPAN("c1"))), "23");
    CHECK(is_clean(&s));
    /* From then on it is HSET, because the keys are there. */
    before = calls(&s, "restore");
    many_days(s.ledger);
    settled(&s);
    CHECK_INT(calls(&s, "restore"), before);
    CHECK_INT(calls(&s, "hset"), 1 + 40 * (35 + 2));
    CHECK_STR(ask(s.link, "HGET cs:{%u}:d:c1:202611 22@1", keys_partition(SPAN("c1"))), "2:120:0");
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projection_sends_once_what_is_on_disk_and_in_memory)
{
    struct scene s;

    scene_open(&s);
    many_days(s.ledger);
    fold(s.ledger); /* memory gave back something of this batch */
    many_days(s.ledger);
    write_rows(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_INT(status_of(&s).keys_sent, 40 * (35 * 3 + 2));
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projection_adds_to_keys_that_exist_and_replaces_what_is_no_hash)
{
    unsigned p = keys_partition(SPAN("c1"));
    struct scene s;

    scene_open(&s);
    ask(s.link, "HSET cs:{%u}:q:c1:20261122 01@2 5:5:5 @2 1:1", p);
    ask(s.link, "HSET cs:{%u}:d:c1:202611 22@2 5:5:5 22@1 9:9:9 @2 1:1", p);
    ask(s.link, "SET cs:{%u}:q:c1:20261121 text", p);
    many_days(s.ledger);
    scene_project(&s);
    settled(&s);
    WAIT_UNTIL(is_clean(&s));
    CHECK_STR(ask(s.link, "HGETALL cs:{%u}:q:c1:20261122", p),
              "01@1=1:60:0 01@2=5:5:5 @1=77:1 @2=1:1");
    CHECK_STR(ask(s.link, "HMGET cs:{%u}:d:c1:202611 22@1 22@2", p), "1:60:0 5:5:5");
    CHECK_STR(ask(s.link, "HGETALL cs:{%u}:q:c1:20261121", p), "02@1=1:60:0 @1=77:1");
    scene_close(&s);
}

TEST(projection_without_the_permission_to_restore_does_with_hset)
{
    struct scene s;

    scene_open(&s);
    s.opt.never_expire = false;
    s.opt.retention = (struct config_retention){.quarter = 400 * 86400, .people = 500 * 86400};
    s.ledger->now = (int64_t)(DAY + 1) * 86400;
    ask(s.link, "ACL SETUSER default -restore");
    many_days(s.ledger);
    scene_project(&s);
    settled(&s);
    CHECK_STR(status_of(&s).problem, "");
    CHECK_INT(calls(&s, "hset"), 1 + 40 * (35 + 2));
    CHECK(is_clean(&s));
    CHECK_INT(strtoll(ask(s.link, "PEXPIRETIME cs:{%u}:q:c1:20261122", keys_partition(SPAN("c1"))),
                      NULL, 10),
              (int64_t)(DAY + 1 + 400) * 86400 * 1000);
    /* The other way gives the same. */
    scene_stop(&s);
    ask(s.link, "FLUSHALL");
    ask(s.link, "ACL SETUSER default +restore");
    scene_project(&s);
    settled(&s);
    CHECK(calls(&s, "restore") >= 40 * (35 + 2));
    CHECK(is_clean(&s));
    CHECK_INT(strtoll(ask(s.link, "PEXPIRETIME cs:{%u}:q:c1:20261122", keys_partition(SPAN("c1"))),
                      NULL, 10),
              (int64_t)(DAY + 1 + 400) * 86400 * 1000);
    CHECK_INT(
        strtoll(ask(s.link, "PEXPIRETIME cs:{%u}:u:c1:20261122@1", keys_partition(SPAN("c1"))),
                NULL, 10),
        (int64_t)(DAY + 1 + 500) * 86400 * 1000);
    CHECK_STR(ask(s.link, "TTL cs:{%u}:d:c1:202611", keys_partition(SPAN("c1"))), "-1");
    scene_close(&s);
}
