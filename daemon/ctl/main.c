/*
 * main.c - callswell, the command line: a table of commands.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "nearest.h"
#include "options.h"
#include "sql.h"

struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"import", "read usage records from files or standard input", command_import},
    {"status", "is everything running, complete and on time", command_status},
    {"top", "what it is doing at this moment", command_top},
    {"report", "staffing, features, segments, customers, signals", command_report},
    {"what-if", "people needed if more came, or for longer", command_what_if},
    {"why", "why the use of a customer, service or feature changed", command_why},
    {"signal", "list, show, explain, acknowledge and close signals", command_signal},
    {"webhook", "messages about signals: list, show, replay, drop, test", command_webhook},
    {"export", "customers, segments and signals as CSV for a CRM", command_export},
    {"customer", "import, list, show and merge customers", command_customer},
    {"roster", "import and show who is planned to be at work", command_roster},
    {"calendar", "import and show days that are unlike others", command_calendar},
    {"token", "add, list and revoke tokens for HTTP", command_token},
    {"quarantine", "list, show, replay or drop refused records", command_quarantine},
    {"stream", "take over what another consumer left", command_stream},
    {"verify", "compare ledger, Redis and store", command_verify},
    {"ledger", "check, copy or recover the ledger", command_ledger},
    {"rebuild", "make Redis anew from the ledger", command_rebuild},
    {"validate", "check a configuration, or print an example", command_validate},
    {"redis-key", "the Redis keys that hold a customer's counters", command_redis_key},
    {"formats", "the input formats, and how each is read", command_formats},
    {"generate", "make believable usage records for trials", command_generate},
    {"erlang", "how many agents for so many calls", command_erlang},
    {"backtest", "how good forecasts of a calendar would have been", command_backtest},
};

#define COMMANDS (sizeof commands / sizeof commands[0])
#define CONFIG   "--config"

static void
print_usage(FILE *to)
{
    fprintf(to, "usage: callswell [--config FILE] COMMAND [ARGUMENT...]\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].summary);
    fprintf(to, "\n`callswell COMMAND --help` explains one. --config FILE names the configuration\n"
                "wherever one is needed; $CALLSWELL_CONFIG does the same.\n");
}

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int
no_command(const char *name)
{
    struct nearest near = nearest_to(name);

    for (size_t i = 0; i < COMMANDS; i++)
        nearest_offer(&near, commands[i].name);
    fprintf(stderr, "callswell: there is no command \"%s\"%s\n", name, nearest_hint(&near));
    if (!near.best) {
        fputc('\n', stderr);
        print_usage(stderr);
    }
    return EXIT_USAGE;
}

/* `callswell help`, and `callswell help COMMAND` for `callswell COMMAND --help`. */
static int
help(int argc, char **argv)
{
    const struct command *c;

    if (argc < 2) {
        print_usage(stdout);
        return 0;
    }
    c = find_command(argv[1]);
    return c ? c->run(2, (char *[]){argv[1], "--help", NULL}) : no_command(argv[1]);
}

/* --config, and a FILE or =FILE behind it, in front of the command: how many arguments that is. */
static int
take_config(char **argv)
{
    size_t n = strlen(CONFIG);
    const char *file;

    if (!argv[0] || strncmp(argv[0], CONFIG, n) != 0 || (argv[0][n] && argv[0][n] != '='))
        return 0;
    file = argv[0][n] ? argv[0] + n + 1 : argv[1];
    if (!file)
        return 0;
    setenv("CALLSWELL_CONFIG", file, 1);
    return argv[0][n] ? 1 : 2;
}

int
main(int argc, char **argv)
{
    const struct command *c;
    int taken = take_config(argv + 1);

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk, not the end */
    sql_configure();
    argc -= 1 + taken;
    argv += 1 + taken;
    if (argc < 1) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
        strcmp(argv[0], "help") == 0)
        return help(argc, argv);
    if (strcmp(argv[0], "--version") == 0) {
        puts("callswell " CALLSWELL_VERSION);
        return 0;
    }
    c = find_command(argv[0]);
    return c ? c->run(argc, argv) : no_command(argv[0]);
}
