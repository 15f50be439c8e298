/*
 * cmd_why.c - why did it change? Asked of the ledger, while a daemon runs or not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "options.h"
#include "why_answer.h"
#include "work.h"

typedef void writing(const struct why_answer *a, const struct zone *zone, struct buf *out);

static enum status
answer(const struct config *c, const struct why_wish *wish, writing *write, struct error *err)
{
    struct why_ask ask;
    struct ledger_reader *reader = NULL;
    struct store *store = NULL;
    const struct zone *zone;
    struct why_answer a;
    struct buf path = {0}, out = {0};
    enum status st = zone_load(&zone, c->timezone, err);

    buf_printf(&path, "%s/ledger.db", c->state_dir);
    if (st == ST_OK)
        st = work_store(&store, c, STORE_READ, err);
    if (st == ST_OK)
        st = why_ask(&ask, store, wish, err);
    if (st == ST_OK)
        st = ledger_reader_open(&reader, path.p, err);
    if (st == ST_OK)
        st = why_answer(&a, reader, store, zone, &ask, err);
    if (st == ST_OK) {
        write(&a, zone, &out);
        fwrite(out.p, 1, out.n, stdout);
        if (write == why_json)
            putchar('\n');
        why_answer_clear(&a);
    }
    ledger_reader_close(reader);
    store_close(store);
    buf_clear(&path);
    buf_clear(&out);
    return st;
}

int
command_why(int argc, char **argv)
{
    struct why_wish wish = {0};
    const char *path = NULL;
    bool all = false, json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"all", OPTION_FLAG, &all, NULL, "all customers together"},
        {"kind", OPTION_TEXT, &wish.kind, "KIND",
         "customer, service or feature, if names are alike"},
        {"from", OPTION_TEXT, &wish.from, "DAY", "first day, UTC (7 whole days up to now)"},
        {"to", OPTION_TEXT, &wish.to, "DAY", "last day, UTC"},
        {"against", OPTION_TEXT, &wish.against, "DAY[..DAY]",
         "what it is held against (the 28 days before)"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "the parts as a table, CSV"},
    };
    const struct option_use use = {
        "callswell why NAME|--all [OPTION...]",
        "Why the use of a customer, a service or a feature changed: by how much, whether\n"
        "that is more than chance, which parts of it, whose, and by what.",
        rows, sizeof rows / sizeof rows[0],
        "  callswell why ACME\n"
        "  callswell why --all --from 2026-11-01 --to 2026-11-14 \\\n"
        "      --against 2026-10-01..2026-10-28\n"};
    struct config *c;
    struct error err;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if ((first < argc) == all || first + 1 < argc || (json && csv)) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    wish.name = all ? NULL : argv[first];
    c = options_config(path, &code);
    if (!c)
        return code;
    if (answer(c, &wish, json ? why_json : csv ? why_csv : why_words, &err) != ST_OK)
        code = work_failed(&err);
    config_free(c);
    return code;
}
