/*
 * cmd_stream.c - `callswell stream claim`: what a consumer left that will never come back.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "config.h"
#include "control.h"
#include "json_read.h"
#include "json_write.h"
#include "options.h"

struct claim_run {
    bool json;
    const char *input, *consumer;
};

static void
print_answer(void *arg, const struct json_value *line)
{
    const struct claim_run *run = arg;
    int64_t n = json_get_i64(line, "entries", -1);

    if (n < 0)
        return;
    if (run->json)
        printf("{\"entries\":%lld}\n", (long long)n);
    else if (n == 0)
        printf("%s has nothing pending.\n", run->consumer);
    else
        printf("took over %lld entries of %s: they count at least once, for what that consumer had"
               " counted counts again.\n",
               (long long)n, run->consumer);
}

static int
claim(struct claim_run *run, const struct config *c)
{
    struct json_writer w;
    struct buf args = {0};
    struct error err;
    enum status st;
    int code = 0;

    json_begin(&w, &args);
    json_object(&w, NULL);
    json_text(&w, "input", run->input);
    json_text(&w, "consumer", run->consumer);
    json_close(&w);
    st =
        control_call(c->state_dir, "stream-claim", args.p, NULL, 0, print_answer, run, &code, &err);
    buf_clear(&args);
    if (st == ST_OK && code == 0)
        return 0;
    fprintf(stderr, "callswell: %s\n",
            st == ST_NOT_FOUND ? "no daemon runs: only its inputs can take over entries"
                               : err.text);
    return st == ST_NOT_FOUND ? 69 : code ? code : 1;
}

int
command_stream(int argc, char **argv)
{
    struct claim_run run = {0};
    const char *path = NULL;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"json", OPTION_FLAG, &run.json, NULL, "the result as a JSON object"},
    };
    const struct option_use use = {
        "callswell stream claim INPUT CONSUMER [--config FILE] [--json]",
        "Makes the entries that another consumer of the input's stream has read and not\n"
        "acknowledged this node's own. For a node that is gone with its ledger: what that\n"
        "ledger had counted counts again. Never while the other node may come back.",
        rows, sizeof rows / sizeof rows[0], NULL};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (argc - first != 3 || strcmp(argv[first], "claim") != 0) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    run.input = argv[first + 1];
    run.consumer = argv[first + 2];
    c = options_config(path, &code);
    if (!c)
        return code;
    code = claim(&run, c);
    config_free(c);
    return code;
}
