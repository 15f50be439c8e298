/*
 * cmd_small.c - commands that need no daemon: validate, redis-key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "clock.h"
#include "commands.h"
#include "config_deep.h"
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
