/*
 * work.c - exit codes for failures, an engine of the command's own, the daemon's counts.
 */
#include "work.h"

#include <stdio.h>

#include "log.h"
#include "options.h"

int
work_failed(const struct error *err)
{
    fprintf(stderr, "callswell: %s\n", err->text);
    switch (err->code) {
    case ST_BAD_CONFIG:
        return EXIT_CONFIG;
    case ST_RETRY:
    case ST_NOT_FOUND:
        return EXIT_UNAVAILABLE;
    default:
        return 1;
    }
}

struct engine *
work_open(const struct config *c, bool dry_run, int *code)
{
    struct engine_options opt = {.config = c, .offline = true, .dry_run = dry_run};
    struct engine *e = NULL;
    struct error err;

    log_set_level(LOG_LEVEL_ERROR); /* what matters is in the answers */
    if (engine_open(&e, &opt, &err) == ST_OK)
        return e;
    *code = work_failed(&err);
    return NULL;
}

struct outcome_count
work_counts(const struct json_value *line)
{
    return (struct outcome_count){
        .records = (uint64_t)json_get_i64(line, "records", 0),
        .accepted = (uint64_t)json_get_i64(line, "accepted", 0),
        .duplicates = (uint64_t)json_get_i64(line, "duplicates", 0),
        .quarantined = (uint64_t)json_get_i64(line, "quarantined", 0),
        .ignored = (uint64_t)json_get_i64(line, "ignored", 0),
    };
}
