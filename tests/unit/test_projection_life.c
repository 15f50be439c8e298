/*
 * test_projection_life.c - verification, the scrubber, and how long keys live.
 */
#include "trends_fixture.h"

/* --- verification and the scrubber --- */

TEST(trends_verify_names_every_difference)
{
    struct scene s;
    struct verify_result r;
    struct buf lines = {0};

    scene_open(&s);
    contract_in_redis(&s);
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
    r = verify(&s, collect_lines, &lines);
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

static bool
has_version(struct scene *s, const char *key)
{
    return strncmp(ask(s->link, "HGET %s @1", key), "77:", 3) == 0;
}

/* What tells a copy's age from another one's, and a stray of ours from what is somebody else's. */
TEST(a_version_that_is_gone_or_none_is_named_once_a_key_and_mended)
{
    static const char *const keys[] = {"cs:{40}:q:acme:20261122", "cs:{45}:l:eu:20261122",
                                       "cs:{40}:d:acme:202611", "cs:{1}:f:recording:202611"};
    struct scene s;
    struct verify_result r;
    struct buf lines = {0};

    scene_open(&s);
    s.opt.scrub_interval_ms = 640;
    contract_cells(s.ledger);
    batch_begin(s.ledger);
    leg(s.ledger, "acme", DAY - 1, 7); /* the month's key holds two days */
    batch_end(s.ledger);
    fold(s.ledger);
    scene_project(&s);
    settled(&s);
    scene_stop(&s);
    ask(s.link, "HDEL %s @1", keys[0]);
    ask(s.link, "HSET %s @1 9:9:9", keys[1]);
    ask(s.link, "HDEL %s @1", keys[2]);
    ask(s.link, "HSET %s @1 77:-1", keys[3]);
    r = verify(&s, collect_lines, &lines);
    CHECK_INT(r.missing, 2);
    CHECK_INT(r.different, 2);
    CHECK_INT(r.extra, 0);
    CHECK(strstr(lines.p, "missing cs:{40}:q:acme:20261122 @1\n"));
    CHECK(strstr(lines.p, "different cs:{45}:l:eu:20261122 @1 redis=9:9:9\n"));
    CHECK(strstr(lines.p, "missing cs:{40}:d:acme:202611 @1\n"));
    buf_clear(&lines);
    scene_project(&s);
    WAIT_UNTIL(is_clean(&s));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!has_version(&s, keys[i]))
            test_fail(__FILE__, __LINE__, "%s has no version", keys[i]);
    CHECK_INT(status_of(&s).mended, 4);
    scene_close(&s);
}

/* A row that memory has left behind says less than Redis rightly holds. */
TEST(projection_scrubber_looks_at_the_newest_of_a_cell_only)
{
    struct scene s;

    scene_open(&s);
    batch_begin(s.ledger);
    leg(s.ledger, "hot", DAY, 7);
    batch_end(s.ledger);
    fold(s.ledger);
    for (unsigned quarter = 8; quarter < 12; quarter++) {
        batch_begin(s.ledger);
        leg(s.ledger, "hot", DAY, quarter);
        batch_end(s.ledger);
    }
    s.opt.scrub_interval_ms = 64;
    scene_project(&s);
    settled(&s);
    for (uint64_t asked = 0; asked < 2 * KEY_PARTITIONS; asked += 16)
        poll(NULL, 0, 16);
    CHECK_INT(status_of(&s).mended, 0);
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
