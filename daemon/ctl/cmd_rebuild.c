/*
 * cmd_rebuild.c - `callswell rebuild`: Redis made anew from the ledger.
 *
 * Takes the node's markers away; whoever projects (the daemon within seconds, or this process
 * when there is none) then sends everything again and removes what the ledger does not know.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "commands.h"
#include "control.h"
#include "ledger.h"
#include "options.h"
#include "projection.h"
#include "work.h"

#define REBUILD_MS    (600 * 1000)
#define LOOK_AGAIN_MS 100

static enum status
ledger_identity(const struct config *c, struct ledger_state *state, struct error *err)
{
    char *path = config_state_path(c, "ledger.db");
    struct ledger_reader *r;
    enum status st = ledger_reader_open(&r, path, err);

    free(path);
    if (st != ST_OK)
        return st;
    st = ledger_reader_state(r, state, err);
    ledger_reader_close(r);
    return st;
}

static enum status
forget_places(const struct config *c, const char *url, bool replace, struct error *err)
{
    struct ledger_state state;
    enum status st = ledger_identity(c, &state, err);

    if (st == ST_OK)
        st = trends_rebuild(url, c->node, state.id, replace, err);
    return st;
}

static int
answer(enum status st, const struct error *err)
{
    if (st == ST_OK) {
        printf("everything was sent again; `callswell verify` compares.\n");
        return 0;
    }
    return work_failed(err);
}

/* The projection looks at its markers every few seconds. */
static enum status
rebuild(const struct config *c, bool replace, struct error *err)
{
    const struct timespec pause = {0, LOOK_AGAIN_MS * 1000000};
    int64_t until = clock_mono_ms() + REBUILD_MS;
    char *url = trends_url(c);
    enum status st = forget_places(c, url, replace, err);
    bool done = false;

    while (st == ST_OK && !done) {
        nanosleep(&pause, NULL);
        st = trends_rebuilt(url, c->node, &done, err);
        if (st == ST_OK && !done && clock_mono_ms() > until)
            st = fail(err, ST_RETRY, "not everything was sent again in %d s; it goes on",
                      REBUILD_MS / 1000);
    }
    free(url);
    return st;
}

static int
rebuild_with_daemon(const struct config *c, bool replace)
{
    struct error err;

    return answer(rebuild(c, replace, &err), &err);
}

static int
rebuild_alone(const struct config *c, bool replace)
{
    int code = 0;
    struct engine *e = work_open(c, false, &code);
    struct error err;
    enum status st;

    if (!e)
        return code;
    st = engine_settle(e, SETTLE_COMMITTED | SETTLE_REDIS, REBUILD_MS, &err);
    if (st == ST_OK)
        st = rebuild(c, replace, &err);
    engine_close(e, WORK_CLOSE_MS);
    return answer(st, &err);
}

int
command_rebuild(int argc, char **argv)
{
    const char *path = NULL;
    bool replace = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"replace", OPTION_FLAG, &replace, NULL, "take over keys that another ledger wrote"},
    };
    const struct option_use use = {
        "callswell rebuild [--config FILE] [--replace]",
        "Sends every counter of this node to Redis again and removes what its ledger does\n"
        "not know. Ingestion goes on meanwhile.",
        rows, sizeof rows / sizeof rows[0], NULL};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    c = options_config(path, &code);
    if (!c)
        return code;
    code = control_available(c->state_dir) ? rebuild_with_daemon(c, replace)
                                           : rebuild_alone(c, replace);
    config_free(c);
    return code;
}
