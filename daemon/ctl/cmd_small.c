/*
 * cmd_small.c - commands that need no daemon: validate, redis-key, erlang.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "clock.h"
#include "commands.h"
#include "config_deep.h"
#include "erlang.h"
#include "json_write.h"
#include "keys.h"
#include "options.h"
#include "table.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static enum table_style
style_of(bool json, bool csv)
{
    return json ? TABLE_JSON : csv ? TABLE_CSV : TABLE_ALIGNED;
}

/* --- validate --- */

int
command_validate(int argc, char **argv)
{
    bool print = false;
    const char *path = NULL;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration to check"},
        {"print", OPTION_FLAG, &print, NULL, "print an annotated example instead"},
    };
    const struct option_use use = {
        "callswell validate [--config FILE] [FILE] | --print",
        "Checks a configuration: syntax, formats, patterns, segment conditions.", rows, COUNT(rows),
        NULL};
    struct config *c;
    struct error err;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (print) {
        struct buf b = {0};

        config_print_example(&b);
        fwrite(b.p, 1, b.n, stdout);
        buf_clear(&b);
        return 0;
    }
    if (!path && first < argc)
        path = argv[first];
    c = options_config(path, &code);
    if (!c)
        return code;
    if (config_check_deep(c, &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        code = EXIT_CONFIG;
    } else {
        printf("%s: ok\n", c->file ? c->file : "built-in defaults");
    }
    config_free(c);
    return code;
}

/* --- redis-key --- */

static void
add_key(struct table *t, const char *holds, struct buf *key)
{
    table_row(t);
    table_text(t, holds);
    table_span(t, span_of(key->p, key->n));
    buf_reset(key);
}

static void
print_keys(const struct key_stem *customer, const char *node, enum table_style style)
{
    static const struct table_column columns[] = {{"holds", TABLE_TEXT}, {"key", TABLE_TEXT}};
    struct table *t = table_new(columns, COUNT(columns));
    struct buf b = {0};

    keys_customer_quarters(&b, customer);
    add_key(t, "quarters", &b);
    keys_customer_month(&b, customer);
    add_key(t, "month", &b);
    keys_customer_people(&b, customer, node);
    add_key(t, "people", &b);
    keys_customer_conferences(&b, customer, node);
    add_key(t, "conferences", &b);
    table_print(t, style, stdout);
    table_free(t);
    buf_clear(&b);
}

/* Nothing but the keys, a line each, for a shell. */
static void
print_bare_keys(const struct key_stem *customer, const char *node)
{
    struct buf b = {0};

    keys_customer_quarters(&b, customer);
    buf_char(&b, '\n');
    keys_customer_month(&b, customer);
    buf_char(&b, '\n');
    keys_customer_people(&b, customer, node);
    buf_char(&b, '\n');
    keys_customer_conferences(&b, customer, node);
    puts(b.p);
    buf_clear(&b);
}

int
command_redis_key(int argc, char **argv)
{
    const char *path = NULL, *day_text = NULL;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "names the node"},
        {"day", OPTION_TEXT, &day_text, "YYYY-MM-DD", "the UTC day (default: today)"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON, with what each key holds"},
        {"csv", OPTION_FLAG, &csv, NULL, "the same as CSV"},
    };
    const struct option_use use = {
        "callswell redis-key [--config FILE] [--day YYYY-MM-DD] CUSTOMER",
        "Prints the names of the Redis keys that hold a customer's counters of a day.", rows,
        COUNT(rows),
        "  redis-cli -s state/redis.sock hgetall \"$(callswell redis-key ACME | head -1)\""};
    struct key_stem customer = {0};
    struct config *c;
    int32_t day = day_of(clock_now());

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (first + 1 != argc || (day_text && !parse_day(span_str(day_text), &day))) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    key_stem_set(&customer, span_str(argv[first]), keys_partition(span_str(argv[first])), day);
    if (json || csv)
        print_keys(&customer, c->node, style_of(json, csv));
    else
        print_bare_keys(&customer, c->node);
    key_stem_clear(&customer);
    config_free(c);
    return 0;
}

/* --- erlang --- */

static void
erlang_csv(const struct erlang_plan *p)
{
    static const struct table_column columns[] = {
        {"agents", TABLE_NUMBER},          {"scheduled", TABLE_NUMBER},
        {"service_level", TABLE_NUMBER},   {"occupancy", TABLE_NUMBER},
        {"prob_wait", TABLE_NUMBER},       {"asa_s", TABLE_NUMBER},
        {"offered_erlangs", TABLE_NUMBER}, {"prob_abandon", TABLE_NUMBER},
    };
    struct table *t = table_new(columns, COUNT(columns));

    table_row(t);
    table_u64(t, p->agents);
    table_u64(t, p->scheduled);
    table_real(t, p->queue.service_level, 10);
    table_real(t, p->queue.occupancy, 10);
    table_real(t, p->queue.prob_wait, 10);
    table_real(t, p->queue.asa_s, 10);
    table_real(t, p->queue.offered, 10);
    table_real(t, p->prob_abandon, 10);
    table_print(t, TABLE_CSV, stdout);
    table_free(t);
}

static void
erlang_json(const struct erlang_plan *p)
{
    struct json_writer w;
    struct buf b = {0};

    json_begin(&w, &b);
    json_object(&w, NULL);
    json_u64(&w, "agents", p->agents);
    json_u64(&w, "scheduled", p->scheduled);
    json_real(&w, "service_level", p->queue.service_level);
    json_real(&w, "occupancy", p->queue.occupancy);
    json_real(&w, "prob_wait", p->queue.prob_wait);
    json_real(&w, "asa_s", p->queue.asa_s);
    json_real(&w, "offered_erlangs", p->queue.offered);
    json_real(&w, "prob_abandon", p->prob_abandon);
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

int
command_erlang(int argc, char **argv)
{
    struct erlang_demand d = {.calls = -1,
                              .interval_s = 1800,
                              .aht_s = -1,
                              .service_level = 0.8,
                              .answer_within_s = 20,
                              .max_occupancy = 0.85,
                              .shrinkage = 0.3};
    struct erlang_plan p;
    bool json = false, csv = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"calls", OPTION_REAL, &d.calls, "N", "calls in the interval"},
        {"interval", OPTION_REAL, &d.interval_s, "S", "its length in seconds (1800)"},
        {"aht", OPTION_REAL, &d.aht_s, "S", "average handling time in seconds"},
        {"sl", OPTION_REAL, &d.service_level, "SHARE", "wanted service level (0.8)"},
        {"within", OPTION_REAL, &d.answer_within_s, "S", "answered within (20)"},
        {"occupancy", OPTION_REAL, &d.max_occupancy, "SHARE", "highest occupancy (0.85)"},
        {"shrinkage", OPTION_REAL, &d.shrinkage, "SHARE", "paid time away from calls (0.3)"},
        {"patience", OPTION_REAL, &d.patience_s, "S", "callers hang up after so long on average"},
        {"abandon", OPTION_REAL, &d.max_abandon, "SHARE", "so many may, with --patience (1)"},
        {"json", OPTION_FLAG, &json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "as CSV"},
    };
    const struct option_use use = {
        "callswell erlang --calls N --aht S [OPTION...]",
        "Required agents by Erlang C: callers wait for as long as it takes; by Erlang A\n"
        "with --patience.",
        rows, COUNT(rows),
        "  callswell erlang --calls 100 --aht 180\n"
        "  callswell erlang --calls 100 --aht 180 --patience 300 --abandon 0.05"};

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (!(d.calls >= 0) || !(d.aht_s > 0) || !(d.interval_s > 0) || !(d.service_level >= 0) ||
        d.service_level >= 1 || !(d.shrinkage >= 0) || d.shrinkage >= 1 || !(d.patience_s >= 0)) {
        fprintf(stderr, "callswell erlang: --calls (0 or more) and --aht (above 0) are needed;"
                        " --sl and --shrinkage lie in 0..1, below 1; --patience is not negative\n");
        return EXIT_USAGE;
    }
    p = erlang_required(&d);
    if (json || csv) {
        (json ? erlang_json : erlang_csv)(&p);
        return 0;
    }
    printf("agents         %u\nscheduled      %u   (shrinkage %.0f %%)\n"
           "service_level  %.4f   (answered within %g s)\noccupancy      %.4f\n"
           "prob_wait      %.4f\nasa            %.1f s\noffered        %.3f erlangs\n",
           p.agents, p.scheduled, d.shrinkage * 100, p.queue.service_level, d.answer_within_s,
           p.queue.occupancy, p.queue.prob_wait, p.queue.asa_s, p.queue.offered);
    if (d.patience_s > 0)
        printf("prob_abandon   %.4f   (patience %g s)\n", p.prob_abandon, d.patience_s);
    return 0;
}
