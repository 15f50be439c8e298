/*
 * bench_parse.c - records per second of one core: splitting CSV, mapping it to records, lines by a
 * regular expression.
 *
 * Usage: bench_parse [ROUNDS]. Prints one line per stage; asserts nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "format.h"
#include "memory.h"

#define RECORDS   100000
#define MAX_FRAME 65536
#define POOL      256 /* records mapped again and again: what fits the cache */

static double
cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Ten columns, about 155 bytes a line: what a conference bridge would write. */
static void
plain_text(struct buf *b, bool quoted, bool local)
{
    const char *q = quoted ? "\"" : "";

    for (int i = 0; i < RECORDS; i++)
        buf_printf(b,
                   "%sleg%s,%s%08x-4c1b-4a8e-9d1f-%012x%s,%scustomer-%05d%s,%sconf-%07d%s,"
                   "%suser%06d@example.com%s,%s2026-03-%02dT%02d:%02d:%02d%s%s,%d,%sok%s,"
                   "%srecording%s,%seu-west-%d%s\n",
                   q, q, q, i * 7919, i * 31, q, q, i % 5000, q, q, i % 77777, q, q, i % 40000, q,
                   q, 1 + i % 28, i % 24, i % 60, i % 59, local ? "" : "+01:00", q, 60 + i % 3600,
                   q, q, q, q, q, i % 3, q);
}

struct stage {
    const char *name;
    bool quoted, local, map, cut_only, map_only;
};

/* The mapping alone: RECORDS records out of a pool of parsed ones. */
static uint64_t
run_mapping(const struct format *f, const struct mapping_context *ctx, struct span text,
            struct arena *mem)
{
    static struct fields pool[POOL];
    struct record r;
    struct span raw;
    struct error err;
    uint64_t sum = 0;

    for (int i = 0; i < POOL; i++)
        if (format_parser(f)->next(NULL, f, NULL, MAX_FRAME, &text, mem, &pool[i], &raw, &err))
            abort();
    for (int i = 0; i < RECORDS; i++) {
        if (record_from_fields(f, ctx, &pool[i % POOL], mem, &r, &err) != ST_OK)
            abort();
        sum += (uint64_t)r.start;
    }
    arena_reset(mem);
    return sum;
}

static uint64_t
run(const struct format *f, const struct stage *s, struct span text, struct arena *mem)
{
    const struct mapping_context ctx = {
        .now = 1900000000, .max_future = 300, .max_duration = 31 * 86400, .max_name = 128};
    const struct parser_ops *ops = format_parser(f);
    struct fields fields;
    struct record r;
    struct span raw;
    struct error err;
    uint64_t sum = 0;

    if (s->cut_only)
        return ops->cut(f, text, MAX_FRAME, false);
    if (s->map_only)
        return run_mapping(f, &ctx, text, mem);
    while (text.n > 0) {
        if (ops->next(NULL, f, NULL, MAX_FRAME, &text, mem, &fields, &raw, &err) != ST_OK)
            abort();
        sum += fields.has;
        if (!s->map)
            continue;
        if (record_from_fields(f, &ctx, &fields, mem, &r, &err) != ST_OK)
            abort();
        sum += (uint64_t)r.start;
    }
    arena_reset(mem);
    return sum;
}

static void
measure(const struct stage *s, int rounds)
{
    static const char *const columns[] = {"kind",        "id",     "customer", "conference",
                                          "participant", "start",  "duration", "outcome",
                                          "features",    "region", NULL};
    const struct format_options opt = {
        .name = "bench", .type = "csv", .columns = columns, .timezone = "Europe/Berlin"};
    struct format *f;
    struct buf text = {0};
    struct arena mem;
    struct error err;
    volatile uint64_t sink = 0;
    double begin, spent;

    if (format_new(&f, &opt, &err) != ST_OK)
        abort();
    arena_init(&mem);
    plain_text(&text, s->quoted, s->local);
    begin = cpu_seconds();
    for (int i = 0; i < rounds; i++)
        sink += run(f, s, span_of(text.p, text.n), &mem);
    spent = cpu_seconds() - begin;
    printf("%-34s %6.2f M records/s  %7.1f MB/s\n", s->name, RECORDS * 1e-6 * rounds / spent,
           (double)text.n * 1e-6 * rounds / spent);
    arena_clear(&mem);
    buf_clear(&text);
    format_free(f);
}

/* --- lines by a regular expression --- */

struct regex_stage {
    const char *name;
    int noise;           /* of a hundred lines, so many that do not match */
    const char *explode; /* or what every line ends with, so that the pattern explodes */
    int block;           /* lines that are read with one state, as one block's are */
};

#define EXPLODING 200 /* lines */

static int
regex_text(struct buf *b, const struct regex_stage *s)
{
    int lines = s->explode ? EXPLODING : RECORDS;

    for (int i = 0; i < lines; i++)
        buf_printf(b, "2026-03-%02dT%02d:%02d:%02dZ bridge-%d conf[%d]: customer-%05d %s %d %s\n",
                   1 + i % 28, i % 24, i % 60, i % 59, i % 3, 1000 + i % 77, i % 5000,
                   i % 100 < s->noise ? "heard an echo in" : "joined", i % 77777,
                   s->explode ? s->explode : "well");
    return lines;
}

/* As many lines at a time as a block has, with a format of its own, as for a request. */
static uint64_t
run_regex(const struct format_options *opt, struct span text, int block, struct arena *mem)
{
    uint64_t sum = 0;

    while (text.n > 0) {
        struct format *f;
        void *state;

        if (format_new(&f, opt, NULL) != ST_OK)
            abort();
        state = format_parser(f)->open(f);
        for (int i = 0; i < block && text.n > 0; i++) {
            struct fields fields = {.has = 0};
            struct span raw;
            struct error err;

            format_parser(f)->next(state, f, NULL, MAX_FRAME, &text, mem, &fields, &raw, &err);
            sum += fields.has;
        }
        format_parser(f)->close(state);
        format_free(f);
    }
    arena_reset(mem);
    return sum;
}

static void
measure_regex(const struct regex_stage *s, int rounds)
{
    const struct format_options opt = {
        .name = "bench",
        .type = "regex",
        .pattern =
            "(?<start>\\S+) \\S+ conf\\[\\d+\\]: (?<customer>\\S+) joined (?<conference>\\d+) "
            "(?<reason>(\\w+|a)+)$"};
    struct buf text = {0};
    struct arena mem;
    volatile uint64_t sink = 0;
    int lines = regex_text(&text, s);
    double begin, spent;

    arena_init(&mem);
    begin = cpu_seconds();
    for (int i = 0; i < rounds; i++)
        sink += run_regex(&opt, span_of(text.p, text.n), s->block, &mem);
    spent = cpu_seconds() - begin;
    printf("%-34s %6.2f M lines/s    %8.2f us a line\n", s->name, lines * 1e-6 * rounds / spent,
           spent * 1e6 / rounds / lines);
    arena_clear(&mem);
    buf_clear(&text);
}

static void
measure_all_regex(int rounds)
{
    static const struct regex_stage stages[] = {
        {"regex next", 0, NULL, RECORDS},
        {"regex next, half matches", 50, NULL, RECORDS},
        {"regex next, one in ten matches", 90, NULL, RECORDS},
        {"regex next, a line a request", 0, NULL, 1},
        {"regex next, lines explode", 0, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", 1},
    };

    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        measure_regex(&stages[i], rounds);
}

int
main(int argc, char **argv)
{
    static const struct stage stages[] = {
        {"csv cut, plain", false, false, false, true, false},
        {"csv cut, quoted", true, false, false, true, false},
        {"csv next, plain", false, false, false, false, false},
        {"csv next, quoted", true, false, false, false, false},
        {"record alone", false, false, true, false, true},
        {"record alone, local times", false, true, true, false, true},
        {"csv next and record, plain", false, false, true, false, false},
        {"csv next and record, local times", false, true, true, false, false},
        {"csv next and record, quoted", true, false, true, false, false},
    };
    int rounds = argc > 1 ? atoi(argv[1]) : 20;

    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        measure(&stages[i], rounds > 0 ? rounds : 20);
    measure_all_regex(rounds > 0 ? rounds : 20);
    return 0;
}
