/*
 * test_sketch.c - distinct counts against a real redis-server and a published fixture.
 */
#include "test.h"

#include <hiredis/hiredis.h>
#include <math.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hash.h"
#include "sketch.h"
#include "sketch_union.h"

#define SERVER "/usr/bin/redis-server"

static struct span
element(char *text, size_t size, const char *prefix, int i)
{
    return span_of(text, (size_t)snprintf(text, size, "%s%d", prefix, i));
}

static void
add_many(struct sketch *s, const char *prefix, int from, int to)
{
    char text[64];

    for (int i = from; i < to; i++)
        sketch_add(s, hash_sketch(element(text, sizeof text, prefix, i)));
}

/* A private server in the test's folder, without a port; ends with the test. */
static redisContext *
start_redis(void)
{
    int out[2];
    char line[512];
    redisContext *r;
    FILE *f;
    pid_t pid;

    if (access(SERVER, X_OK) != 0)
        test_skip("no " SERVER);
    CHECK(pipe(out) == 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out[1], 1);
        execl(SERVER, SERVER, "--port", "0", "--unixsocket", "redis.sock", "--save", "",
              (char *)NULL);
        _exit(1);
    }
    close(out[1]);
    f = fdopen(out[0], "r");
    CHECK(f != NULL);
    do
        CHECK(fgets(line, sizeof line, f) != NULL);
    while (!strstr(line, "eady to accept connections") &&
           !strstr(line, "ready to accept connections at"));
    r = redisConnectUnix("redis.sock");
    CHECK(r && !r->err);
    return r;
}

static redisReply *
ask(redisContext *r, const char *fmt, ...)
{
    redisReply *reply;
    va_list ap;

    va_start(ap, fmt);
    reply = redisvCommand(r, fmt, ap);
    va_end(ap);
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        test_fail(__FILE__, __LINE__, "%s: %s", fmt, reply ? reply->str : r->errstr);
    return reply;
}

static long long
ask_int(redisContext *r, const char *command)
{
    redisReply *reply = ask(r, command);
    long long v = reply->integer;

    CHECK_INT(reply->type, REDIS_REPLY_INTEGER);
    freeReplyObject(reply);
    return v;
}

static void
set_sketch(redisContext *r, const char *key, const struct sketch *s)
{
    struct buf b = {0};

    sketch_to_redis(s, &b);
    freeReplyObject(ask(r, "SET %s %b", key, b.p, b.n));
    buf_clear(&b);
}

/* What Redis holds under a key must be exactly our registers. */
static void
check_registers(redisContext *r, const char *key, const struct sketch *want)
{
    redisReply *reply = ask(r, "GET %s", key);
    struct sketch got;

    CHECK_INT(sketch_from_redis(&got, span_of(reply->str, reply->len), NULL), ST_OK);
    CHECK(sketch_same(&got, want));
    sketch_clear(&got);
    freeReplyObject(reply);
}

TEST(sketch_equals_redis_register_by_register_at_every_size)
{
    static const int sizes[] = {0,   1,    2,    3,    6,    7,    14,    15,    100,
                                500, 1000, 1700, 1850, 2000, 5000, 20000, 100000};
    redisContext *r = start_redis();
    struct sketch s = {0};
    char text[64];
    int n = 0;

    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        add_many(&s, "user", n, sizes[k]);
        for (; n < sizes[k]; n++) {
            struct span e = element(text, sizeof text, "user", n);

            redisAppendCommand(r, "PFADD theirs %b", e.p, e.n);
            if (n % 1000 == 999 || n == sizes[k] - 1)
                for (int i = n % 1000; i >= 0; i--) {
                    redisReply *reply;

                    if (n - i < (k ? sizes[k - 1] : 0))
                        continue;
                    CHECK_INT(redisGetReply(r, (void **)&reply), REDIS_OK);
                    freeReplyObject(reply);
                }
        }
        set_sketch(r, "ours", &s);
        CHECK_INT(ask_int(r, "PFCOUNT ours"), ask_int(r, "PFCOUNT theirs"));
        CHECK_INT(llround(sketch_estimate(&s)), ask_int(r, "PFCOUNT theirs"));
        if (n > 0)
            check_registers(r, "theirs", &s);
        check_registers(r, "ours", &s);
    }
    sketch_clear(&s);
    redisFree(r);
}

TEST(sketch_that_redis_goes_on_with_is_still_right)
{
    redisContext *r = start_redis();
    struct sketch a = {0}, b = {0};

    add_many(&a, "x", 0, 300);
    add_many(&b, "x", 200, 40000);
    set_sketch(r, "a", &a);
    set_sketch(r, "b", &b);
    freeReplyObject(ask(r, "PFMERGE m a b"));
    freeReplyObject(ask(r, "PFADD a y0 y1 y2"));
    CHECK_INT(ask_int(r, "PFCOUNT a b"), ask_int(r, "PFCOUNT a m"));
    add_many(&a, "y", 0, 3);
    check_registers(r, "a", &a);
    CHECK(sketch_merge(&b, &a));
    CHECK(!sketch_merge(&b, &a));
    set_sketch(r, "u", &b);
    CHECK_INT(ask_int(r, "PFCOUNT u"), ask_int(r, "PFCOUNT a b"));
    sketch_clear(&a);
    sketch_clear(&b);
    redisFree(r);
}

TEST(sketch_with_a_rank_over_32_is_written_dense)
{
    redisContext *r = start_redis();
    struct sketch s = {0};
    struct buf b = {0};

    sketch_add(&s, 5);                                /* register 5, rank 51 */
    sketch_add(&s, 16383 | UINT64_C(1) << (14 + 31)); /* rank 32: still sparse by itself */
    sketch_to_redis(&s, &b);
    CHECK_INT(b.n, 12304);
    set_sketch(r, "k", &s);
    CHECK_INT(ask_int(r, "PFCOUNT k"), 2);
    check_registers(r, "k", &s);
    buf_clear(&b);
    sketch_clear(&s);
    redisFree(r);
}

static uint64_t
splitmix64(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* The fixture takes the register from the top bits and the rank from leading zeros: turned
 * here into the hash that gives the same register and rank by our rule. */
static uint64_t
as_our_hash(uint64_t h)
{
    uint64_t rest = h << 14 | UINT64_C(1) << 13;

    return h >> 50 | UINT64_C(1) << (14 + __builtin_clzll(rest));
}

TEST(sketch_estimates_as_published)
{
    FILE *f = fopen(test_path("tests/data/ref/hll_ertl_splitmix64.csv"), "r");
    struct sketch s = {0};
    unsigned long long n = 0, to;
    char line[256];
    int p, rows = 0;
    double want;

    CHECK(f != NULL);
    CHECK(splitmix64(1) == UINT64_C(0x910a2dec89025cc1));
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%d,%llu,%lf", &p, &to, &want) != 3 || p != 14)
            continue;
        while (n < to)
            sketch_add(&s, as_our_hash(splitmix64(++n)));
        CHECK_NEAR(sketch_estimate(&s), want, 1e-6);
        rows++;
    }
    CHECK_INT(rows, 10);
    fclose(f);
    sketch_clear(&s);
}

TEST(sketch_stored_and_read_back_is_the_same_and_every_cut_is_refused)
{
    static const int sizes[] = {0, 1, 2, 5, 14, 40, 1000, 1700, 3000, 200000};

    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct sketch s = {0}, again;
        struct buf b = {0}, twice = {0};
        const uint8_t *p, *begin;

        add_many(&s, "p", 0, sizes[k]);
        if (sizes[k] > 10)
            sketch_add(&s, 77); /* rank 51: needs the escape */
        sketch_encode(&s, &b);
        p = begin = (const uint8_t *)b.p;
        CHECK_INT(sketch_decode(&again, &p, begin + b.n, NULL), ST_OK);
        CHECK(p == begin + b.n);
        CHECK(sketch_same(&s, &again));
        sketch_encode(&again, &twice);
        CHECK(twice.n == b.n && memcmp(twice.p, b.p, b.n) == 0);
        sketch_clear(&again);
        for (size_t cut = 0; cut<b.n; cut += b.n> 500 ? 97 : 1) {
            uint8_t *copy = xmalloc(cut);

            memcpy(copy, b.p, cut);
            p = copy;
            CHECK_INT(sketch_decode(&again, &p, copy + cut, NULL), ST_CORRUPT);
            free(copy);
        }
        sketch_clear(&s);
        buf_clear(&b);
        buf_clear(&twice);
    }
}

TEST(sketch_merge_does_not_care_about_order)
{
    static const int sizes[] = {1, 3, 12, 30, 400, 1500, 9000};

    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 7; j++) {
            struct sketch a = {0}, b = {0}, ab = {0}, both = {0};

            add_many(&a, "e", 0, sizes[i]);
            add_many(&b, "e", sizes[i] / 2, sizes[i] / 2 + sizes[j]);
            add_many(&both, "e", 0, sizes[i]);
            add_many(&both, "e", sizes[i] / 2, sizes[i] / 2 + sizes[j]);
            sketch_merge(&ab, &a);
            CHECK(sketch_same(&ab, &a));
            sketch_merge(&ab, &b);
            sketch_merge(&b, &a);
            CHECK(sketch_same(&ab, &b));
            CHECK(sketch_same(&ab, &both));
            CHECK(!sketch_merge(&ab, &ab));
            sketch_clear(&a);
            sketch_clear(&b);
            sketch_clear(&ab);
            sketch_clear(&both);
        }
}

TEST(sketch_stays_small_while_few_are_counted)
{
    struct sketch s = {0};

    CHECK_INT(sketch_bytes(&s), 0);
    add_many(&s, "e", 0, 2);
    CHECK_INT(sketch_bytes(&s), 0);
    add_many(&s, "e", 0, 16);
    CHECK(sketch_bytes(&s) <= 64);
    add_many(&s, "e", 0, 1000);
    CHECK(sketch_bytes(&s) <= 8192);
    add_many(&s, "e", 0, 100000);
    CHECK_INT(sketch_bytes(&s), 16384);
    sketch_clear(&s);
    CHECK(sketch_empty(&s));
}

TEST(sketch_refuses_strings_that_are_not_hyperloglogs)
{
    struct sketch s = {0}, out;
    struct buf b = {0};

    add_many(&s, "e", 0, 50);
    sketch_to_redis(&s, &b);
    for (size_t cut = 0; cut < b.n; cut++)
        CHECK_INT(sketch_from_redis(&out, span_of(b.p, cut), NULL), ST_CORRUPT);
    buf_char(&b, 0);
    CHECK_INT(sketch_from_redis(&out, span_of(b.p, b.n), NULL), ST_CORRUPT);
    b.p[4] = 2;
    CHECK_INT(sketch_from_redis(&out, span_of(b.p, b.n - 1), NULL), ST_CORRUPT);
    CHECK_INT(sketch_from_redis(&out, SPAN("HYLX"), NULL), ST_CORRUPT);
    sketch_clear(&s);
    add_many(&s, "e", 0, 5000);
    buf_reset(&b);
    sketch_to_redis(&s, &b);
    memset(b.p + 16, 0xFF, 3); /* registers of 63 */
    CHECK_INT(sketch_from_redis(&out, span_of(b.p, b.n), NULL), ST_CORRUPT);
    CHECK_INT(sketch_from_redis(&out, span_of(b.p, b.n - 1), NULL), ST_CORRUPT);
    buf_clear(&b);
    sketch_clear(&s);
}

/* Adds sketches of `step` elements each, half of which the one before it has too, to a union and to
 * a sketch. */
static void
unite(struct sketch_union *u, int elements, int step)
{
    struct sketch all, into;

    sketch_init(&all);
    sketch_init(&into);
    for (int from = 0; from < elements; from += step / 2 + 1) {
        struct sketch one;

        sketch_init(&one);
        add_many(&one, "unite ", from, from + step);
        sketch_merge(&all, &one);
        sketch_union_add(u, &one);
        sketch_clear(&one);
    }
    CHECK(sketch_union_estimate(u) == sketch_estimate(&all));
    CHECK_INT(sketch_merge_union(&into, u), elements > 0);
    CHECK(sketch_same(&into, &all));
    CHECK(!sketch_merge_union(&into, u));
    sketch_clear(&all);
    sketch_clear(&into);
}

TEST(a_union_is_what_merging_makes_of_the_same_sketches)
{
    struct sketch_union *u = sketch_union_new();

    /* Few of few, many of few (more registers than any sketch lists), and with whole ones. */
    static const int sizes[][2] = {{0, 1},     {1, 1},       {40, 2},        {900, 12},
                                   {4000, 17}, {60000, 300}, {30000, 20000}, {5, 3}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unite(u, sizes[i][0], sizes[i][1]);
        sketch_union_reset(u);
        CHECK(sketch_union_estimate(u) == 0);
    }
    sketch_union_free(u);
}

TEST(a_union_of_one_whole_sketch_and_small_ones_is_their_union)
{
    struct sketch_union *u = sketch_union_new();
    struct sketch whole, small, all;

    sketch_init(&whole);
    sketch_init(&small);
    sketch_init(&all);
    add_many(&whole, "whole ", 0, 50000);
    add_many(&small, "small ", 0, 1500);
    sketch_merge(&all, &small);
    sketch_merge(&all, &whole);
    sketch_merge(&all, &small);
    sketch_union_add(u, &small);
    sketch_union_add(u, &whole);
    sketch_union_add(u, &small);
    CHECK(sketch_union_estimate(u) == sketch_estimate(&all));
    sketch_clear(&small);
    CHECK(sketch_merge_union(&small, u));
    CHECK(sketch_same(&small, &all));
    sketch_union_free(u);
    sketch_clear(&whole);
    sketch_clear(&small);
    sketch_clear(&all);
}
