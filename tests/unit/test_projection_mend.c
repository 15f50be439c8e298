/*
 * test_projection_mend.c - month keys that are lost and then written for one of their days.
 *
 * The scrubber takes an hour here: what is right once the markers have moved was mended by the
 * write itself.
 */
#include "trends_fixture.h"

static void
one_use(struct scene *s, const char *feature, int32_t day)
{
    batch_begin(s->ledger);
    add5(change(s->ledger, CELL_FEATURE, feature, day), 0, 1, 0, 0, 0, 0);
    batch_end(s->ledger);
    settled(s);
}

/* Three days of November and one of October: customers acme and M*ller & Co, a feature. */
static void
autumn(struct scene *s)
{
    for (int d = 0; d < 3; d++) {
        one_leg(s, "acme", DAY - d, 40);
        one_leg(s, "M\xC3\xBCller & Co", DAY - d, 40);
        one_use(s, "screen share", DAY - d);
    }
    one_leg(s, "acme", DAY - 30, 40);
}

#define NOVEMBER "cs:{40}:d:acme:202611"

/* A key of the feature's, wherever it is. */
static const char *
feature_month(void)
{
    static char key[64];

    snprintf(key, sizeof key, "cs:{%u}:f:screen%%20share:202611",
             keys_partition(SPAN("screen share")));
    return key;
}

static void
lose_and_write(struct scene *s)
{
    autumn(s);
    ask(s->link, "DEL " NOVEMBER " %s", feature_month());
    ask(s->link, "HSET " NOVEMBER " 22@2 4:4:0 @2 5:5"); /* another node's is none of ours */
    one_leg(s, "acme", DAY, 40);
    CHECK_STR(ask(s->link, "HMGET " NOVEMBER " 20@1 21@1"), "1:60:0 1:60:0");
    CHECK_STR(ask(s->link, "HGET " NOVEMBER " 22@1"), "2:120:0");
    CHECK_STR(ask(s->link, "HGET " NOVEMBER " 22@2"), "4:4:0");
    CHECK_INT(status_of(s).mended, 1);
    one_use(s, "screen share", DAY - 1);
    CHECK_STR(ask(s->link, "HMGET %s 20@1 21@1 22@1", feature_month()), "1:0:0 1:0:0 2:0:0");
    CHECK_INT(status_of(s).mended, 2);
}

TEST(a_lost_month_is_whole_again_when_one_of_its_days_is_written)
{
    struct scene s;

    scene_open(&s);
    scene_project(&s);
    lose_and_write(&s);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(a_lost_month_whose_days_are_on_disk_is_whole_again_too)
{
    struct scene s;

    scene_open(&s);
    scene_project(&s);
    autumn(&s);
    fold(s.ledger);
    ask(s.link, "UNLINK " NOVEMBER);
    one_leg(&s, "acme", DAY - 7, 40); /* a day that was never there */
    CHECK_STR(ask(s.link, "HLEN " NOVEMBER), "5");
    CHECK_INT(status_of(&s).mended, 1);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(a_lost_month_is_whole_again_where_hashes_are_guarded)
{
    struct scene s;
    char *url;

    scene_open(&s);
    CHECK_STR(ask(s.link, "ACL SETUSER shy on >secret ~cs:* +@all -client|list -restore"), "OK");
    s.opt.url = url =
        xasprintf("unix://shy:secret@%s", managed_redis_url(s.redis) + strlen("unix://"));
    scene_project(&s);
    lose_and_write(&s);
    /* More fields than one guarded command takes. */
    batch_begin(s.ledger);
    for (int i = 0; i < 7001; i++) {
        char name[24];

        snprintf(name, sizeof name, "feature %d", i);
        cell_add_feature(change(s.ledger, CELL_CUSTOMER, "acme", DAY), span_str(name), i, 1);
    }
    batch_end(s.ledger);
    settled(&s);
    ask(s.link, "DEL " NOVEMBER);
    one_leg(&s, "acme", DAY, 40);
    CHECK_STR(ask(s.link, "HLEN " NOVEMBER), "7005");
    CHECK_INT(status_of(&s).mended, 3);
    s.opt.url = managed_redis_url(s.redis);
    CHECK(is_clean(&s));
    scene_stop(&s);
    free(url);
    scene_close(&s);
}

/* Its other days are closed and their lifetimes known. */
TEST(a_lost_month_that_is_over_gets_its_lifetime_with_its_days)
{
    struct scene s;

    scene_open(&s);
    s.opt.never_expire = false;
    s.opt.retention.day = 400 * INT64_C(86400);
    s.ledger->now = DAY * INT64_C(86400);
    scene_project(&s);
    autumn(&s);
    one_leg(&s, "acme", DAY - 31, 40);
    ask(s.link, "DEL cs:{40}:d:acme:202610");
    one_leg(&s, "acme", DAY - 30, 40);
    CHECK_STR(ask(s.link, "HLEN cs:{40}:d:acme:202610"), "3");
    /* 2026-11-01 and 400 days. */
    CHECK_STR(ask(s.link, "EXPIRETIME cs:{40}:d:acme:202610"), "1828051200");
    CHECK_INT(status_of(&s).mended, 1);
    scene_close(&s);
}

TEST(nothing_is_asked_or_sent_again_when_no_key_was_lost)
{
    struct scene s;
    size_t before;

    scene_open(&s);
    scene_project(&s);
    autumn(&s);
    before = calls(&s, "hset");
    CHECK_INT(s.ledger->older_asked, 3); /* once for each month that is new behind a marker */
    for (int i = 0; i < 20; i++)
        one_leg(&s, "acme", DAY - 2 - i % 10, 40);
    CHECK_INT(calls(&s, "hset") - before, 2 * 20); /* the day's quarters and the month */
    CHECK_INT(s.ledger->older_asked, 3);
    /* A key that is new with all its days, and grows while it is: nothing was lost. */
    batch_begin(s.ledger);
    for (int d = 0; d < 5; d++)
        leg(s.ledger, "newcomer", DAY - d, 1);
    batch_end(s.ledger);
    settled(&s);
    CHECK_INT(s.ledger->older_asked, 4);
    CHECK_INT(calls(&s, "hset") - before, 2 * 20 + 6);
    CHECK_INT(status_of(&s).mended, 0);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(many_lost_months_come_back_each_when_it_is_written)
{
    struct scene s;
    char name[32];

    scene_open(&s);
    scene_project(&s);
    for (int d = 0; d < 3; d++) {
        batch_begin(s.ledger);
        for (int i = 0; i < 300; i++) {
            snprintf(name, sizeof name, "customer%d", i);
            leg(s.ledger, name, DAY - d, 5);
        }
        batch_end(s.ledger);
        settled(&s);
    }
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "customer%d", i);
        ask(s.link, "DEL cs:{%u}:d:%s:202611", keys_partition(span_str(name)), name);
    }
    batch_begin(s.ledger);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "customer%d", i);
        leg(s.ledger, name, DAY, 6);
    }
    batch_end(s.ledger);
    settled(&s);
    CHECK_INT(status_of(&s).mended, 200);
    /* The others have not been written, and are still the scrubber's. */
    CHECK_INT(verify(&s, NULL, NULL).missing, 100 * 3);
    scene_close(&s);
}
