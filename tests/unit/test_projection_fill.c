/*
 * test_projection_fill.c - an empty server is started with files of everything, unless others would
 * notice.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "trends_fixture.h"

#include "../../daemon/trends/crc64.h"
#include "../../daemon/trends/redis_dump.h"
#include "../../daemon/trends/start_files.h"

/* By its definition, a bit at a time. */
static uint64_t
crc64_by_bits(const char *p, size_t n)
{
    uint64_t crc = 0;

    for (; n > 0; p++, n--) {
        crc ^= (unsigned char)*p;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT64_C(0x95AC9329AC4BC9B5) : 0);
    }
    return crc;
}

TEST(crc64_is_that_of_its_definition)
{
    char text[700];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 131 ^ i >> 3);
    for (size_t from = 0; from < 20; from++)
        for (size_t n = 0; n <= sizeof text - from; n += n < 300 ? 1 : 13)
            CHECK(crc64_add(0, text + from, n) == crc64_by_bits(text + from, n));
}

TEST(crc64_of_pieces_joins_to_that_of_the_whole)
{
    char text[5000];

    CHECK(crc64_add(0, "123456789", 9) == UINT64_C(0xe9c6d914c4b8d9ca));
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * i >> 3);
    for (size_t cut = 0; cut <= sizeof text; cut += cut < 40 ? 1 : 411) {
        uint64_t first = crc64_add(0, text, cut), rest = sizeof text - cut;
        uint64_t second = crc64_add(0, text + cut, rest), whole = crc64_add(0, text, sizeof text);

        CHECK(crc64_join(first, second, rest) == whole);
        CHECK(crc64_add(first, text + cut, rest) == whole);
    }
}

/* --- the files alone --- */

static void
add_hash(struct start_files *f, const char *key, size_t fields, int64_t at_ms)
{
    struct buf entries = {0};
    char text[32];

    for (size_t i = 0; i < fields; i++) {
        snprintf(text, sizeof text, "f%zu", i);
        dump_entry(&entries, span_str(text));
        snprintf(text, sizeof text, "%zu", i * i);
        dump_entry(&entries, span_str(text));
    }
    start_files_hash(f, span_str(key), span_of(entries.p, entries.n), fields, at_ms);
    buf_clear(&entries);
}

static void
add_keys(struct start_files *f)
{
    static const size_t sizes[] = {1, 63, 64, 16383, 16384, 100000};
    char key[64], *value = xcalloc(1, 100000);

    memset(value, 'v', 100000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        snprintf(key, sizeof key, "string:%zu", sizes[i]);
        start_files_string(f, span_str(key), span_of(value, sizes[i]), 0);
    }
    free(value);
    start_files_string(f, SPAN("mortal"), SPAN("x"), INT64_C(4102444800123));
    for (size_t n = 1; n <= DUMP_MAX_FIELDS; n *= 4) {
        snprintf(key, sizeof key, "hash:%zu", n);
        add_hash(f, key, n, n == 4 ? INT64_C(4102444800456) : 0);
        CHECK_INT(start_files_flush(f, NULL), ST_OK);
    }
    start_files_log(f, SPAN("*3\r\n$3\r\nSET\r\n$8\r\nstring:1\r\n$5\r\nlater\r\n"));
}

static bool
exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

TEST(start_files_are_what_a_server_starts_from)
{
    struct start_files *f;
    struct scene s;

    scene_open(&s);
    ask(s.link, "SET gone 1");
    redis_link_close(s.link);
    f = start_files_new(managed_redis_start_folder(s.redis), 0);
    add_keys(f);
    CHECK_INT(start_files_end(f, NULL), ST_OK);
    CHECK(exists("redis/appendonlydir.new"));
    CHECK_INT(managed_redis_refill(s.redis, NULL, NULL), ST_OK);
    start_files_free(f);
    CHECK(!exists("redis/appendonlydir.new") && !exists("redis/appendonlydir.damaged"));
    for (int again = 0; again < 2; again++) { /* what came later is kept beside them */
        s.link = connect_to(managed_redis_url(s.redis), NULL);
        CHECK_STR(ask(s.link, "EXISTS gone"), "0");
        CHECK_STR(ask(s.link, "DBSIZE"), again ? "15" : "14");
        CHECK_STR(ask(s.link, "GET string:1"), "later");
        CHECK_STR(ask(s.link, "STRLEN string:16384"), "16384");
        CHECK_STR(ask(s.link, "STRLEN string:100000"), "100000");
        CHECK_STR(ask(s.link, "PEXPIRETIME mortal"), "4102444800123");
        CHECK_STR(ask(s.link, "PEXPIRETIME hash:4"), "4102444800456");
        CHECK_STR(ask(s.link, "PEXPIRETIME hash:16"), "-1");
        CHECK_STR(ask(s.link, "HLEN hash:4096"), "4096");
        CHECK_STR(ask(s.link, "HMGET hash:1024 f3 f1000"), "1000000 9");
        ask(s.link, "SET new 1");
        redis_link_close(s.link);
        managed_redis_stop(s.redis);
        CHECK_INT(managed_redis_start(&s.redis, NULL, ".", 0, NULL), ST_OK);
    }
    s.link = connect_to(managed_redis_url(s.redis), NULL);
    scene_close(&s);
}

TEST(start_files_that_are_not_finished_leave_nothing)
{
    struct start_files *f = start_files_new("files", 100000);

    start_files_string(f, SPAN("k"), SPAN("v"), 0);
    CHECK_INT(start_files_flush(f, NULL), ST_OK);
    CHECK(!start_files_begun(f) && !exists("files"));
    add_hash(f, "h", 4000, 0);
    add_hash(f, "i", 4000, 0);
    CHECK_INT(start_files_flush(f, NULL), ST_OK);
    CHECK(start_files_begun(f) && exists("files"));
    CHECK_INT(start_files_held(f), 0);
    start_files_free(f);
    CHECK(!exists("files"));
    /* Nor do those that cannot be written. */
    f = start_files_new("no/folder", 0);
    start_files_string(f, SPAN("k"), SPAN("v"), 0);
    CHECK_INT(start_files_flush(f, NULL), ST_IO);
    CHECK(start_files_failed(f));
    start_files_free(f);
}

TEST(start_files_know_which_keys_came)
{
    struct start_files *f = start_files_new("files", 0);
    char key[16];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20000; i++) {
            snprintf(key, sizeof key, "k%d", i);
            CHECK(start_files_first(f, span_str(key)));
        }
        for (int i = 0; i < 20000; i += 7) {
            snprintf(key, sizeof key, "k%d", i);
            CHECK(!start_files_first(f, span_str(key)));
        }
        start_files_forget(f);
    }
    start_files_free(f);
}

/* --- the projection --- */

static _Atomic unsigned restarts;

static enum status
restart(void *arg, const atomic_bool *cancel, struct error *err)
{
    enum status st = managed_redis_refill(arg, cancel, err);

    restarts++;
    return st;
}

/* Nobody is connected. */
static void
fill_scene(struct scene *s)
{
    scene_open(s);
    redis_link_close(s->link);
    s->link = NULL;
    s->opt.restart = restart;
    s->opt.start_folder = managed_redis_start_folder(s->redis);
    s->opt.start_bytes = 10000;
}

static void
projected(struct scene *s)
{
    if (!s->projection)
        scene_project(s);
    settled(s);
    s->link = connect_to(managed_redis_url(s->redis), NULL);
    CHECK(s->link != NULL);
}

TEST(projection_fills_an_empty_server_with_files)
{
    unsigned p = keys_partition(SPAN("c1"));
    struct scene s;

    fill_scene(&s);
    many_days(s.ledger);
    fold(s.ledger);
    contract_cells(s.ledger);
    projected(&s);
    CHECK_INT(restarts, 1);
    CHECK_INT(calls(&s, "restore") + calls(&s, "hset") - 1, 0); /* cs:meta */
    CHECK(is_clean(&s));
    CHECK(status_of(&s).keys_sent > 40 * (35 * 3 + 2));
    CHECK_STR(status_of(&s).problem, "");
    CHECK_STR(ask(s.link, "HLEN cs:{%u}:d:c1:202611", p), "23");
    CHECK_STR(ask(s.link, "PFCOUNT cs:{%u}:u:c1:20261122@1", p), "1");
    CHECK_STR(ask(s.link, "SISMEMBER cs:{%u}:dirty c:c1", p), "1");
    CHECK_STR(ask(s.link, "GET cs:owner:1"), "0123abcd");
    CHECK(strncmp(ask(s.link, "GET cs:sent:1"), "0123abcd:77:2:", 14) == 0);
    CHECK(strncmp(ask(s.link, "GET cs:{%u}:applied:1", p), "0123abcd:77:2:", 14) == 0);
    /* From then on it is told what changes. */
    many_days(s.ledger);
    settled(&s);
    CHECK(calls(&s, "hset") >= 40 * (35 + 2));
    CHECK_INT(restarts, 1);
    CHECK(is_clean(&s));
    scene_close(&s);
}

TEST(projection_fills_a_server_that_was_emptied)
{
    struct scene s;

    fill_scene(&s);
    many_days(s.ledger);
    projected(&s);
    ask(s.link, "FLUSHALL");
    redis_link_close(s.link);
    WAIT_UNTIL(restarts == 2);
    projected(&s);
    WAIT_UNTIL(is_clean(&s));
    CHECK_INT(calls(&s, "restore"), 0);
    scene_close(&s);
}

TEST(projection_gives_keys_in_files_their_lifetimes)
{
    unsigned p = keys_partition(SPAN("c1"));
    struct scene s;

    fill_scene(&s);
    s.opt.never_expire = false;
    s.opt.retention = (struct config_retention){.quarter = 400 * 86400, .people = 500 * 86400};
    s.ledger->now = (int64_t)DAY * 86400;
    many_days(s.ledger);
    projected(&s);
    CHECK_INT(restarts, 1);
    CHECK_INT(strtoll(ask(s.link, "PEXPIRETIME cs:{%u}:q:c1:20261121", p), NULL, 10),
              (int64_t)(DAY + 400) * 86400 * 1000);
    CHECK_INT(strtoll(ask(s.link, "PEXPIRETIME cs:{%u}:u:c1:20261121@1", p), NULL, 10),
              (int64_t)(DAY + 500) * 86400 * 1000);
    CHECK_STR(ask(s.link, "TTL cs:{%u}:q:c1:20261122", p), "-1");
    /* Nothing is left for a sweep of that day. */
    CHECK(strncmp(ask(s.link, "GET cs:{%u}:swept:1", p), "20779:0:0:", 10) == 0);
    CHECK_INT(calls(&s, "pexpireat"), 0);
    /* The next day's finds what has closed since. */
    pthread_mutex_lock(&s.ledger->mutex);
    s.ledger->now = (int64_t)(DAY + 1) * 86400;
    pthread_mutex_unlock(&s.ledger->mutex);
    WAIT_UNTIL(strcmp(ask(s.link, "TTL cs:{%u}:q:c1:20261122", p), "-1") != 0);
    scene_close(&s);
}

/* Rows on disk that are older than what memory has: every one of these keys comes twice. */
TEST(projection_fills_with_the_newest_of_what_comes_twice)
{
    unsigned p = keys_partition(SPAN("c1"));
    struct scene s;
    struct cell *c;

    fill_scene(&s);
    many_days(s.ledger);
    fold(s.ledger);
    many_days(s.ledger);
    batch_begin(s.ledger); /* too many fields for one piece of the base */
    for (unsigned i = 0; i < DUMP_MAX_FIELDS + 10; i++) {
        char name[16];

        snprintf(name, sizeof name, "f%u", i);
        c = change(s.ledger, CELL_CUSTOMER, "wide", DAY);
        cell_add_feature(c, span_str(name), 1, 0);
    }
    batch_end(s.ledger);
    projected(&s);
    CHECK_INT(restarts, 1);
    CHECK(is_clean(&s));
    CHECK_STR(ask(s.link, "HGET cs:{%u}:q:c1:20261122 01@1", p), "2:120:0");
    CHECK_STR(ask(s.link, "HLEN cs:{%u}:d:wide:202611", keys_partition(SPAN("wide"))), "4107");
    scene_close(&s);
}

/* --- when it is not done --- */

static void
was_told(struct scene *s)
{
    CHECK_INT(restarts, 0);
    CHECK(!exists("redis/appendonlydir.new"));
    CHECK_INT(calls(s, "restore"), 40 * (35 + 2));
    CHECK(is_clean(s));
    scene_close(s);
}

TEST(projection_does_not_restart_a_server_for_little)
{
    struct scene s;

    fill_scene(&s);
    s.opt.start_bytes = 10000000;
    many_days(s.ledger);
    projected(&s);
    CHECK_INT(status_of(&s).keys_sent, 40 * (35 * 3 + 2));
    was_told(&s);
}

TEST(projection_does_not_restart_a_server_that_others_use)
{
    static const char *const uses[] = {"SET somebody 1", "SET cs:{1}:applied:2 1", "SELECT 3",
                                       "PING", NULL};

    for (size_t i = 0; uses[i]; i++) {
        struct error err = {0};
        struct redis_link *other;
        struct scene s;

        fill_scene(&s);
        other = connect_to(managed_redis_url(s.redis), &err);
        ask(other, "%s", uses[i]);
        if (strncmp(uses[i], "SELECT", 6) == 0)
            ask(other, "SET somebody 1");
        if (strcmp(uses[i], "PING") != 0) { /* who says no more than that stays connected */
            redis_link_close(other);
            other = NULL;
        }
        many_days(s.ledger);
        projected(&s);
        ask(s.link, "FLUSHALL"); /* for the next */
        redis_link_close(other);
        CHECK_INT(restarts, 0);
        CHECK_INT(calls(&s, "restore"), 40 * (35 + 2));
        scene_close(&s);
    }
}

/* Somebody who comes while the files are written. */
static struct scene *visited;

static enum status
scan_with_a_visitor(void *ctx, unsigned partition, uint64_t after, cell_visit *visit, void *arg,
                    uint64_t *upto, struct error *err)
{
    struct redis_link *link;

    if (partition == KEY_PARTITIONS - 1 && visited) {
        link = connect_to(managed_redis_url(visited->redis), NULL);
        ask(link, "SET visitor 1");
        redis_link_close(link);
        visited = NULL;
    }
    return fake_scan_memory(ctx, partition, after, visit, arg, upto, err);
}

TEST(projection_does_not_restart_a_server_that_others_have_come_to_use)
{
    struct scene s;

    fill_scene(&s);
    visited = &s;
    s.ledger->feed.scan_memory = scan_with_a_visitor;
    many_days(s.ledger);
    projected(&s);
    CHECK_STR(ask(s.link, "GET visitor"), "1");
    CHECK_STR(ask(s.link, "SET visitor 2"), "OK"); /* who writes is not kept waiting for ever */
    was_told(&s);
}

TEST(projection_sends_everything_where_files_cannot_be_made)
{
    struct scene s;

    fill_scene(&s);
    s.opt.start_folder = "no/folder";
    many_days(s.ledger);
    projected(&s);
    was_told(&s);
}

/* Files that this server cannot read. */
static enum status
restart_badly(void *arg, const atomic_bool *cancel, struct error *err)
{
    int fd = open("redis/appendonlydir.new/appendonly.aof.1.base.rdb", O_WRONLY);

    CHECK(fd >= 0 && pwrite(fd, "RADISH", 6, 0) == 6);
    close(fd);
    return restart(arg, cancel, err);
}

TEST(projection_sends_everything_to_a_server_that_cannot_read_its_files)
{
    struct scene s;

    fill_scene(&s);
    s.opt.restart = restart_badly;
    many_days(s.ledger);
    projected(&s);
    CHECK_INT(restarts, 1);
    CHECK(exists("redis/appendonlydir.damaged"));
    CHECK_INT(calls(&s, "restore"), 40 * (35 + 2));
    CHECK(is_clean(&s));
    scene_close(&s);
}

/* --- crashes --- */

#ifdef CALLSWELL_FAULTS

static void
fill_until(const char *fault)
{
    struct scene s;

    setenv("CALLSWELL_FAULT", fault, 1);
    fill_scene(&s);
    many_days(s.ledger);
    scene_project(&s);
    settled(&s);
    _exit(0);
}

TEST(projection_goes_on_after_a_crash_anywhere_in_a_fill)
{
    static const char *const faults[] = {"redis_files_written:1", "redis_files_gone:1",
                                         "redis_files_in_place:1"};

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        pid_t child = fork();
        struct scene s;
        int status;

        if (child == 0)
            fill_until(faults[i]);
        CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        restarts = 0;
        fill_scene(&s);
        CHECK(!exists("redis/appendonlydir.new"));
        many_days(s.ledger);
        projected(&s);
        CHECK_INT(restarts, i < 2); /* in place means that all is there */
        CHECK(is_clean(&s));
        ask(s.link, "FLUSHALL");
        scene_close(&s);
    }
}

#endif
