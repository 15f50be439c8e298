/*
 * cmd_verify.c - `callswell verify`: ledger, Redis and store, compared to the last digit.
 *
 * The ledger is the truth. With a daemon running it is asked to settle first; without one this
 * process opens the same pipeline, which recovers and projects what is pending.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "control.h"
#include "json_write.h"
#include "options.h"
#include "projection.h"
#include "reader_feed.h"
#include "store.h"
#include "store_verify.h"
#include "work.h"

#define SETTLE_MS (600 * 1000)

struct verify_run {
    bool json;
    long shown, limit;
    struct verify_result redis;
    struct store_verify_result store;
};

static void
report(void *arg, const char *line)
{
    struct verify_run *run = arg;

    if (!run->json && run->shown++ < run->limit)
        printf("%s\n", line);
}

static enum status
compare(struct verify_run *run, const struct config *c, struct error *err)
{
    char *ledger = config_state_path(c, "ledger.db"), *url = options_redis_url(c), *store = NULL;
    struct change_feed feed;
    enum status st = store_path(&store, c->store_url, c->state_dir, err);

    if (st == ST_OK)
        st = reader_feed_open(&feed, ledger, c->clock_data, err);
    if (st == ST_OK) {
        st = trends_verify(url, c->node, &feed, &c->retention, c->clock_data, report, run,
                           &run->redis, err);
        reader_feed_close(&feed);
    }
    if (st == ST_OK)
        st = store_verify(ledger, store, report, run, &run->store, err);
    free(ledger);
    free(store);
    free(url);
    return st;
}

static int
print_result(const struct verify_run *run)
{
    const struct verify_result *r = &run->redis;
    const struct store_verify_result *s = &run->store;
    uint64_t differences =
        r->missing + r->different + r->extra + s->missing + s->different + s->extra;

    if (run->json) {
        struct json_writer w;
        struct buf b = {0};

        json_begin(&w, &b);
        json_object(&w, NULL);
        json_u64(&w, "differences", differences);
        json_object(&w, "redis");
        json_u64(&w, "keys", r->keys);
        json_u64(&w, "fields", r->fields);
        json_u64(&w, "missing", r->missing);
        json_u64(&w, "different", r->different);
        json_u64(&w, "extra", r->extra);
        json_close(&w);
        json_object(&w, "store");
        json_u64(&w, "rows", s->rows);
        json_u64(&w, "missing", s->missing);
        json_u64(&w, "different", s->different);
        json_u64(&w, "extra", s->extra);
        json_close(&w);
        json_close(&w);
        puts(b.p);
        buf_clear(&b);
        return differences ? 1 : 0;
    }
    if (run->shown > run->limit)
        printf("... and %ld more (--limit)\n", run->shown - run->limit);
    puts("Compared with the ledger:");
    printf("redis  %llu keys, %llu fields: %llu missing, %llu different, %llu extra\n",
           (unsigned long long)r->keys, (unsigned long long)r->fields,
           (unsigned long long)r->missing, (unsigned long long)r->different,
           (unsigned long long)r->extra);
    printf("store  %llu rows: %llu missing, %llu different, %llu extra\n",
           (unsigned long long)s->rows, (unsigned long long)s->missing,
           (unsigned long long)s->different, (unsigned long long)s->extra);
    puts(differences ? "NOT the same" : "all the same");
    return differences ? 1 : 0;
}

static int
verify_with_daemon(struct verify_run *run, const struct config *c)
{
    struct error err;
    int code = 0;
    enum status st = control_call(c->state_dir, "settle", NULL, NULL, 0, NULL, NULL, &code, &err);

    if (st != ST_OK || code != 0)
        fprintf(stderr, "callswell: not all has arrived everywhere yet: %s\n", err.text);
    st = compare(run, c, &err);
    return st == ST_OK ? print_result(run) : work_failed(&err);
}

static int
verify_alone(struct verify_run *run, const struct config *c)
{
    int code = 0;
    struct engine *e = work_open(c, false, &code);
    struct error err;
    enum status st;

    if (!e)
        return code;
    st = engine_settle(e, SETTLE_COMMITTED | SETTLE_REDIS | SETTLE_ANALYSED, SETTLE_MS, &err);
    if (st == ST_OK)
        st = compare(run, c, &err);
    engine_close(e, WORK_CLOSE_MS);
    return st == ST_OK ? print_result(run) : work_failed(&err);
}

int
command_verify(int argc, char **argv)
{
    struct verify_run run = {.limit = 20};
    const char *path = NULL;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"limit", OPTION_INT, &run.limit, "N", "show at most so many differences (20)"},
        {"json", OPTION_FLAG, &run.json, NULL, "the counts as JSON"},
    };
    const struct option_use use = {
        "callswell verify [--config FILE] [--limit N] [--json]",
        "Compares every counter in Redis and every copied row of the store with the\n"
        "ledger. Exit code 1 if anything differs.",
        rows, sizeof rows / sizeof rows[0], NULL};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    c = options_config(path, &code);
    if (!c)
        return code;
    code = control_available(c->state_dir) ? verify_with_daemon(&run, c) : verify_alone(&run, c);
    config_free(c);
    return code;
}
