/*
 * cmd_formats.c - formats: list, show, test on a file, guess one for a file.
 *
 * None of it needs a daemon or a configuration, and nothing is counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "formats.h"
#include "options.h"
#include "table.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* --- list --- */

static void
list_formats(const struct config *c, enum table_style style)
{
    static const struct table_column columns[] = {
        {"name", TABLE_TEXT}, {"summary", TABLE_TEXT}, {"type", TABLE_TEXT}};
    bool people = style == TABLE_ALIGNED; /* who have no room for the parser's name */
    struct table *t = table_new(columns, COUNT(columns) - people);

    for (size_t i = 0; i < c->format_count; i++) {
        table_row(t);
        table_text(t, c->formats[i].name);
        table_text(t, c->formats[i].summary);
        if (!people)
            table_text(t, c->formats[i].type);
    }
    table_print(t, style, stdout);
    table_free(t);
    if (people)
        printf(
            "\n`callswell formats show NAME` explains one, `callswell formats guess FILE` finds\n"
            "the one that reads a file. docs/formats has a page for each.\n");
}

/* --- show --- */

static bool
is_own(const struct config *c, const char *name)
{
    struct config *shipped = NULL;
    const struct format_options *f;
    bool own;

    if (!c->file || config_load(&shipped, NULL, NULL) != ST_OK)
        return false;
    f = config_format(shipped, name);
    own = !f || !config_format_equal(f, config_format(c, name));
    config_free(shipped);
    return own;
}

static int
show_format(const struct config *c, const char *name)
{
    const struct format_options *f = config_format(c, name);
    struct span text = config_shipped_format(name);
    struct buf own = {0};
    struct error err;

    if (!f) {
        config_no_format(c, name, &err);
        fprintf(stderr, "callswell: %s\n", err.text);
        return 1;
    }
    if (text.n == 0 || is_own(c, name)) {
        config_print_format(&own, f);
        text = span_of(own.p, own.n);
    }
    printf("%.*s", SPAN_ARG(text));
    buf_clear(&own);
    return 0;
}

/* --- the command --- */

struct formats_call {
    const char *config, *format;
    bool json, csv, guess;
    long limit;
};

static int
operand_missing(const struct option_use *use)
{
    fprintf(stderr, "usage: %s\n", use->usage);
    return EXIT_USAGE;
}

static int
dispatch(const struct formats_call *call, const struct option_use *use, const struct config *c,
         int count, char **operand)
{
    bool test = count > 0 && strcmp(operand[0], "test") == 0;
    bool guess = count > 0 && strcmp(operand[0], "guess") == 0;

    if (count == 0) {
        list_formats(c, call->json ? TABLE_JSON : call->csv ? TABLE_CSV : TABLE_ALIGNED);
        return 0;
    }
    if (test || guess) {
        if (count != 2 || call->limit < 0 || (test && !call->guess == !call->format))
            return operand_missing(use);
        if (guess || call->guess)
            return formats_guess(c, operand[1], call->json);
        return formats_test(c, operand[1], call->format, (size_t)call->limit, call->json);
    }
    if (call->json || call->csv) {
        fputs("callswell: formats show prints a section of the configuration: no --json, --csv\n",
              stderr);
        return EXIT_USAGE;
    }
    if (strcmp(operand[0], "show") == 0)
        return count == 2 ? show_format(c, operand[1]) : operand_missing(use);
    return count == 1 ? show_format(c, operand[0]) : operand_missing(use);
}

int
command_formats(int argc, char **argv)
{
    struct formats_call call = {.limit = 5};
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &call.config, "FILE", "configuration with formats of your own"},
        {"format", OPTION_TEXT, &call.format, "NAME", "test: the format to read the file by"},
        {"guess", OPTION_FLAG, &call.guess, NULL, "test: find out which, or propose one"},
        {"limit", OPTION_INT, &call.limit, "N", "test: show so many records (5); all are tried"},
        {"json", OPTION_FLAG, &call.json, NULL, "as JSON"},
        {"csv", OPTION_FLAG, &call.csv, NULL, "the list as CSV"},
    };
    const struct option_use use = {
        "callswell formats [[show] NAME | test FILE --format NAME | guess FILE]",
        "Lists the formats that inputs and imports can name; `show` prints one with its\n"
        "notes. `test` reads the beginning of a file (\"-\": standard input) and shows what\n"
        "each column becomes, what is left out and what is refused. `guess` says which\n"
        "format reads a file, or proposes a section for it. Nothing is counted.",
        rows, COUNT(rows),
        "  callswell formats test cdr.csv --format asterisk-cdr --limit 3\n"
        "  callswell formats guess export.csv"};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    c = options_config(call.config, &code);
    if (!c)
        return code;
    code = dispatch(&call, &use, c, argc - first, argv + first);
    config_free(c);
    return code;
}
