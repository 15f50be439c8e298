/*
 * cmd_ledger.c - `callswell ledger`: is it whole, a copy of it, and what to do when it is damaged.
 *
 * Checks and copies read through a connection of their own and go on beside a daemon. A recovery
 * puts another file in the ledger's place and so takes the state folder first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "folder.h"
#include "json_write.h"
#include "ledger_care.h"
#include "options.h"
#include "work.h"

struct ledger_run {
    const char *config;
    bool json;
    long shown, limit;
    char *ledger; /* its path */
    struct buf problems;
    struct json_writer list;
};

/* Printed at once, or kept for the JSON object. */
static void
say(void *arg, const char *sentence)
{
    struct ledger_run *run = arg;

    if (run->limit && run->shown++ >= run->limit)
        return;
    if (run->json)
        json_text(&run->list, NULL, sentence);
    else
        printf("%s\n", sentence);
}

static void
begin(struct ledger_run *run)
{
    json_begin(&run->list, &run->problems);
    json_array(&run->list, NULL);
}

static void
say_more(const struct ledger_run *run)
{
    if (!run->json && run->limit && run->shown > run->limit)
        printf("... and %ld more (--limit 0 shows all)\n", run->shown - run->limit);
}

static void
write_check(struct json_writer *w, const struct ledger_check *c)
{
    json_text(w, "id", c->state.id);
    json_text(w, "node", c->node);
    json_u64(w, "batch", c->state.last_batch);
    json_u64(w, "folded", c->state.folded_batch);
    json_u64(w, "totals", c->totals);
    json_u64(w, "log", c->batches);
    json_u64(w, "fingerprints", c->fingerprints);
    json_u64(w, "positions", c->checkpoints);
    json_u64(w, "quarantine", c->quarantine);
    json_u64(w, "events", c->events);
    json_u64(w, "audits", c->audits);
    json_u64(w, "wrong", c->wrong);
}

static void
print_object(struct ledger_run *run, const struct ledger_check *c, const char *file,
             const struct ledger_recovery *r)
{
    struct json_writer w;
    struct buf b = {0};

    json_close(&run->list);
    json_begin(&w, &b);
    json_object(&w, NULL);
    json_text(&w, "file", file);
    if (r) {
        json_text(&w, "aside", r->aside);
        json_u64(&w, "saved", r->saved);
        json_u64(&w, "lost", r->lost);
    }
    write_check(&w, c);
    json_raw(&w, "problems", span_of(run->problems.p, run->problems.n));
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

static void
print_check(const struct ledger_check *c)
{
    printf("%llu batches, folded up to %llu; %llu totals, %llu fingerprints, %llu positions,\n"
           "%llu refused records, %llu events: ",
           (unsigned long long)c->state.last_batch, (unsigned long long)c->state.folded_batch,
           (unsigned long long)c->totals, (unsigned long long)c->fingerprints,
           (unsigned long long)c->checkpoints, (unsigned long long)c->quarantine,
           (unsigned long long)c->events);
}

/* --- check --- */

static int
check(struct ledger_run *run, const char *file)
{
    const char *path = file ? file : run->ledger;
    struct ledger_check result;
    struct error err;

    begin(run);
    if (ledger_check(path, say, run, &result, &err) != ST_OK)
        return work_failed(&err);
    say_more(run);
    if (run->json) {
        print_object(run, &result, path, NULL);
    } else {
        print_check(&result);
        puts(result.wrong ? "DAMAGED" : "whole");
    }
    if (!file && result.wrong)
        fprintf(stderr, "callswell: stop the daemon and run `callswell ledger recover`, or put a"
                        " backup in its place\n");
    return result.wrong ? 1 : 0;
}

/* --- backup --- */

static int
backup(struct ledger_run *run, const char *to)
{
    struct ledger_check result;
    struct error err;

    begin(run);
    if (ledger_backup(run->ledger, to, &result, &err) != ST_OK)
        return work_failed(&err);
    if (run->json) {
        print_object(run, &result, to, NULL);
    } else {
        print_check(&result);
        printf("copied to %s and checked\n", to);
    }
    return 0;
}

/* --- recover --- */

static int
tell_recovery(struct ledger_run *run, const struct ledger_recovery *r)
{
    say_more(run);
    if (run->json) {
        print_object(run, &r->made, run->ledger, r);
        return 0;
    }
    printf("%llu rows saved, %llu things lost", (unsigned long long)r->saved,
           (unsigned long long)r->lost);
    puts(r->lost ? " (each is named above)" : "");
    printf("the damaged ledger is kept as %s\n", r->aside);
    if (r->identity_lost)
        puts("Redis holds keys of the old ledger: start the daemon and run `callswell rebuild"
             " --replace`");
    else
        puts("start the daemon: it sends everything to Redis again; `callswell verify` compares");
    return 0;
}

static int
recover_owned(struct ledger_run *run, const struct config *c)
{
    bool noted = ledger_trouble_read(run->ledger, NULL, 0) != TROUBLE_NONE;
    struct ledger_run quiet = {.limit = 1, .shown = 1}; /* recovery says what is lost */
    struct ledger_recovery result;
    struct ledger_check before;
    struct error err;

    if (ledger_check(run->ledger, say, &quiet, &before, &err) != ST_OK)
        return work_failed(&err);
    if (before.wrong == 0) {
        ledger_trouble_clear(run->ledger);
        fprintf(stderr, "callswell: the ledger is whole: nothing was changed%s\n",
                noted ? ", and the daemon may start again" : "");
        return 0;
    }
    begin(run);
    if (ledger_recover(run->ledger, c->node, say, run, &result, &err) != ST_OK)
        return work_failed(&err);
    return tell_recovery(run, &result);
}

static int
recover(struct ledger_run *run, const struct config *c)
{
    struct error err;
    int code, fd;

    if (folder_take(c->state_dir, &fd, &err) != ST_OK)
        return work_failed(&err);
    code = recover_owned(run, c);
    close(fd);
    return code;
}

int
command_ledger(int argc, char **argv)
{
    struct ledger_run run = {.limit = 50};
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &run.config, "FILE", "the configuration"},
        {"limit", OPTION_INT, &run.limit, "N", "say at most so many things (50; 0 all)"},
        {"json", OPTION_FLAG, &run.json, NULL, "the result as one JSON object"},
    };
    const struct option_use use = {
        "callswell ledger check [FILE] | backup FILE | recover",
        "check: reads every row of the ledger, or of a copy, and compares checksums and\n"
        "sums; exit code 1 if anything is wrong. backup: a consistent copy, checked.\n"
        "recover: sets a damaged ledger aside whole, saves what can be read into a new\n"
        "one, and names what cannot. Check and backup go on beside a running daemon.",
        rows, sizeof rows / sizeof rows[0], NULL};
    const char *verb, *file;
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    verb = first < argc ? argv[first] : "";
    file = first + 1 < argc ? argv[first + 1] : NULL;
    if (first + 2 < argc || (strcmp(verb, "check") != 0 && (strcmp(verb, "backup") != 0 || !file) &&
                             (strcmp(verb, "recover") != 0 || file))) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(run.config, &code);
    if (!c)
        return code;
    run.ledger = config_state_path(c, "ledger.db");
    if (verb[0] == 'c')
        code = check(&run, file);
    else
        code = verb[0] == 'b' ? backup(&run, file) : recover(&run, c);
    free(run.ledger);
    buf_clear(&run.problems);
    config_free(c);
    return code;
}
