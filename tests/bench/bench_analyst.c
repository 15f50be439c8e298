/*
 * bench_analyst.c - CPU time of the analyst's passes over a ledger.
 *
 * Usage: bench_analyst LEDGER STORE [EPOCH [CONFIG]]. STORE is made anew: a first pass, one a
 * minute later over the cells of the last tenth of the batches, one on the next day. EPOCH is the
 * moment of the first pass. CPU time is the thread's; the log on stderr has it step by step.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyst.h"
#include "civil.h"
#include "clock.h"
#include "log.h"
#include "sql.h"
#include "store.h"

static void
must(enum status st, const struct error *err)
{
    if (st == ST_OK)
        return;
    fprintf(stderr, "bench_analyst: %s\n", err->text);
    exit(1);
}

static void
pass(const char *what, const struct analyst_options *opt, int64_t now)
{
    struct analyst *a;
    struct error err;
    uint64_t seq;
    int64_t from;

    must(analyst_open(&a, opt, &err), &err);
    from = clock_cpu_us();
    must(analyst_run(a, now, &seq, &err), &err);
    printf("%-8s %8.3f s\n", what, (double)(clock_cpu_us() - from) / 1e6);
    analyst_close(a);
}

/* As if the pass had been before the last tenth of the batches. */
static void
step_back(const char *path)
{
    struct store *s;
    struct error err;

    must(store_open(&s, path, STORE_EDIT, &err), &err);
    must(store_run(s, "UPDATE analyst SET analysed_seq = analysed_seq * 9 / 10", &err), &err);
    store_close(s);
}

int
main(int argc, char **argv)
{
    struct config *config;
    struct error err;
    struct analyst_options opt;
    int64_t now = clock_now();

    if (argc < 3) {
        fprintf(stderr, "usage: bench_analyst LEDGER STORE [EPOCH [CONFIG]]\n");
        return 64;
    }
    if (access(argv[2], F_OK) == 0) {
        fprintf(stderr, "bench_analyst: %s is there already\n", argv[2]);
        return 64;
    }
    if (argc > 3)
        now = strtoll(argv[3], NULL, 10);
    log_set_level(LOG_LEVEL_DEBUG);
    sql_configure();
    must(config_load(&config, argc > 4 ? argv[4] : NULL, &err), &err);
    opt = (struct analyst_options){config, argv[1], argv[2]};
    pass("first", &opt, now);
    step_back(opt.store_path);
    pass("changed", &opt, now + 60);
    pass("next day", &opt, now + DAY_SECONDS);
    config_free(config);
    return 0;
}
