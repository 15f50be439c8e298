/*
 * cmd_why.c - why did it change? Asked of the ledger, while a daemon runs or not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "clock.h"
#include "commands.h"
#include "options.h"
#include "why_answer.h"
#include "work.h"

struct options {
    const char *config, *from, *to, *against, *kind;
    bool all, json;
};

static bool
take_day(const char *option, const char *text, int32_t *out)
{
    if (!text || parse_day(span_str(text), out))
        return true;
    fprintf(stderr, "callswell: --%s \"%s\": not a day such as 2026-11-22\n", option, text);
    return false;
}

/* Two days, "2026-10-01..2026-10-28", or one. */
static bool
take_against(const char *text, struct why_ask *ask)
{
    const char *dots = text ? strstr(text, "..") : NULL;
    char first[CIVIL_TEXT] = "";

    if (!dots)
        return take_day("against", text, &ask->against);
    snprintf(first, sizeof first, "%.*s", (int)(dots - text < 20 ? dots - text : 20), text);
    if (!take_day("against", first, &ask->against) ||
        !take_day("against", dots + 2, &ask->against_to))
        return false;
    ask->against_to++;
    return true;
}

static bool
take_kind(const char *text, struct why_ask *ask)
{
    static const char *const kinds[] = {
        [WHY_CUSTOMER] = "customer", [WHY_SERVICE] = "service", [WHY_FEATURE] = "feature"};

    for (size_t i = WHY_CUSTOMER; text && i <= WHY_FEATURE; i++)
        if (strcmp(text, kinds[i]) == 0) {
            ask->kind = (enum why_kind)i;
            return true;
        }
    if (text)
        fprintf(stderr, "callswell: --kind \"%s\": customer, service or feature\n", text);
    return !text;
}

/* As of what the store was last analysed for: with clock = "data" that may be years ago. */
static enum status
find_today(struct store *s, int32_t *today, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q, "SELECT as_of FROM analyst", err);
    bool has_offset;
    int64_t at;

    if (st != ST_OK)
        return st;
    st = query_next(q, err);
    if (st == ST_OK && parse_rfc3339(query_text(q, 0), &at, &has_offset))
        *today = day_of(at);
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
answer(const struct config *c, struct why_ask *ask, bool json, struct error *err)
{
    struct ledger_reader *reader = NULL;
    struct store *store = NULL;
    const struct zone *zone;
    struct why_answer a;
    struct buf path = {0}, out = {0};
    enum status st = zone_load(&zone, c->timezone, err);

    ask->today = day_of(clock_now());
    buf_printf(&path, "%s/ledger.db", c->state_dir);
    if (st == ST_OK)
        st = work_store(&store, c, STORE_READ, err);
    if (st == ST_OK)
        st = find_today(store, &ask->today, err);
    if (st == ST_OK)
        st = ledger_reader_open(&reader, path.p, err);
    if (st == ST_OK)
        st = why_answer(&a, reader, store, zone, ask, err);
    if (st == ST_OK) {
        (json ? why_json : why_words)(&a, zone, &out);
        fwrite(out.p, 1, out.n, stdout);
        if (json)
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
    struct options o = {0};
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &o.config, "FILE", "the configuration"},
        {"all", OPTION_FLAG, &o.all, NULL, "all customers together"},
        {"kind", OPTION_TEXT, &o.kind, "KIND", "customer, service or feature, if names are alike"},
        {"from", OPTION_TEXT, &o.from, "DAY", "first day, UTC (7 whole days up to now)"},
        {"to", OPTION_TEXT, &o.to, "DAY", "last day, UTC"},
        {"against", OPTION_TEXT, &o.against, "DAY[..DAY]",
         "what it is held against (the 28 days before)"},
        {"json", OPTION_FLAG, &o.json, NULL, "as JSON"},
    };
    const struct option_use use = {
        "callswell why NAME|--all [OPTION...]",
        "Why the use of a customer, a service or a feature changed: by how much, whether\n"
        "that is more than chance, which parts of it, whose, and by what.",
        rows, sizeof rows / sizeof rows[0],
        "  callswell why ACME\n"
        "  callswell why --all --from 2026-11-01 --to 2026-11-14 \\\n"
        "      --against 2026-10-01..2026-10-28\n"};
    struct why_ask ask = {WHY_ANY, {0}, WHY_USUAL, WHY_USUAL, WHY_USUAL, WHY_USUAL, 0};
    struct config *c;
    struct error err;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if ((first < argc) == o.all || first + 1 < argc) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    if (!take_day("from", o.from, &ask.from) || !take_day("to", o.to, &ask.to) ||
        !take_against(o.against, &ask) || !take_kind(o.kind, &ask))
        return EXIT_USAGE;
    if (o.to)
        ask.to++; /* it is in the period */
    if (o.all)
        ask.kind = WHY_ALL;
    else
        ask.name = span_str(argv[first]);
    c = options_config(o.config, &code);
    if (!c)
        return code;
    if (answer(c, &ask, o.json, &err) != ST_OK)
        code = work_failed(&err);
    config_free(c);
    return code;
}
