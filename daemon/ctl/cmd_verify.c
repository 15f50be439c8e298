/*
 * cmd_verify.c - `callswell verify`: ledger, Redis and store, compared to the last digit.
 *
 * The ledger is the truth. With a daemon running it is asked to settle first; without one this
 * process opens the same pipeline, which recovers and projects what is pending.
 */
#include <stdio.h>

#include "commands.h"
#include "control.h"
#include "json_write.h"
#include "options.h"
#include "verify.h"
#include "work.h"

#define SETTLE_MS (600 * 1000)

struct verify_run {
    bool json;
    long shown, limit;
    struct verify_all found;
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
    const struct verify_watch watch = {.report = report, .arg = run};

    return verify_all(c, &watch, &run->found, err);
}

static void
print_json(const struct verify_run *run)
{
    struct json_writer w;
    struct buf b = {0};

    json_begin(&w, &b);
    json_object(&w, NULL);
    verify_write(&w, &run->found);
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

static int
print_result(const struct verify_run *run)
{
    const struct verify_result *r = &run->found.redis;
    const struct store_verify_result *s = &run->found.store;
    uint64_t differences = verify_differences(&run->found);

    if (run->json) {
        print_json(run);
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
