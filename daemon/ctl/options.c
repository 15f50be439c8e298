/*
 * options.c - getopt_long(3) driven by rows.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "nearest.h"

#define HELP_COLUMN 26

static void
print_help(const struct option_use *use)
{
    printf("usage: %s\n\n%s\n", use->usage, use->about);
    if (use->count)
        printf("\noptions:\n");
    for (size_t i = 0; i < use->count; i++) {
        const struct option_row *r = &use->rows[i];
        int n =
            printf("  --%s%s%s", r->name, r->argument ? " " : "", r->argument ? r->argument : "");

        printf("%*s%s\n", n < HELP_COLUMN ? HELP_COLUMN - n : 1, "", r->help);
    }
    if (use->examples)
        printf("\nexamples:\n%s\n", use->examples);
}

static bool
take_value(const struct option_row *r, const char *text)
{
    struct option_list *list = r->out;
    char *end = NULL;

    errno = 0;
    switch (r->type) {
    case OPTION_FLAG:
        *(bool *)r->out = true;
        return true;
    case OPTION_TEXT:
        *(const char **)r->out = text;
        return true;
    case OPTION_LIST:
        if (list->count == OPTION_LIST_MAX)
            return false;
        list->at[list->count++] = text;
        return true;
    case OPTION_INT:
        *(long *)r->out = strtol(text, &end, 10);
        return *text && !*end && errno == 0;
    case OPTION_REAL:
        *(double *)r->out = strtod(text, &end);
        return *text && !*end && errno == 0;
    }
    return false;
}

/* `given` is none of the options, or one that takes no value and was given one. */
static void
no_option(const struct option_use *use, const char *command, const char *given)
{
    char *name = xstrndup(given, strcspn(given, "="));
    struct nearest near = nearest_to(name + strspn(name, "-"));

    for (size_t i = 0; i < use->count; i++)
        nearest_offer(&near, use->rows[i].name);
    if (near.best && near.least == 0)
        fprintf(stderr, "callswell %s: %s takes no value\n", command, name);
    else if (near.best)
        fprintf(stderr, "callswell %s: there is no option %s; did you mean --%s?\n", command, name,
                near.best);
    else
        fprintf(stderr, "callswell %s: there is no option %s\n", command, name);
    free(name);
}

/* at: what getopt_long answered; 0 is an option whose value is no number. */
static void
complain(const struct option_use *use, char **argv, int at, int which)
{
    const char *given = argv[optind - 1];

    if (at == 0)
        fprintf(stderr, "callswell %s: --%s: \"%s\" is not a number\n", argv[0],
                use->rows[which].name, optarg);
    else if (at == ':')
        fprintf(stderr, "callswell %s: %s needs a value\n", argv[0], given);
    else
        no_option(use, argv[0], given);
}

bool
options_parse(const struct option_use *use, int argc, char **argv, int *first, int *code)
{
    struct option longs[40];
    int at, which = 0;

    if (use->count + 2 > sizeof longs / sizeof longs[0])
        abort();
    memset(longs, 0, sizeof longs);
    for (size_t i = 0; i < use->count; i++) {
        longs[i].name = use->rows[i].name;
        longs[i].has_arg = use->rows[i].type == OPTION_FLAG ? no_argument : required_argument;
    }
    longs[use->count].name = "help";
    optind = 1;
    opterr = 0;
    while ((at = getopt_long(argc, argv, ":h", longs, &which)) != -1) {
        if (at == 'h' || (at == 0 && which == (int)use->count)) {
            print_help(use);
            *code = 0;
            return false;
        }
        if (at == 0 && take_value(&use->rows[which], optarg ? optarg : ""))
            continue;
        complain(use, argv, at, which);
        fprintf(stderr, "usage: %s\n", use->usage);
        *code = EXIT_USAGE;
        return false;
    }
    *first = optind;
    return true;
}

struct config *
options_config(const char *path, int *code)
{
    struct config *c;
    struct error err;

    if (config_load(&c, path ? path : config_default_path(), &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        *code = EXIT_CONFIG;
        return NULL;
    }
    return c;
}
