/*
 * work.c - exit codes for failures, an engine of the command's own, the store, the daemon's counts.
 */
#include "work.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
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

enum status
work_engine(struct engine **out, const struct config *c, bool dry_run, struct error *err)
{
    struct engine_options opt = {.config = c, .offline = true, .dry_run = dry_run};

    log_set_level(LOG_LEVEL_ERROR); /* what matters is in the answers */
    return engine_open(out, &opt, err);
}

struct engine *
work_open(const struct config *c, bool dry_run, int *code)
{
    struct engine *e = NULL;
    struct error err;

    if (work_engine(&e, c, dry_run, &err) == ST_OK)
        return e;
    *code = work_failed(&err);
    return NULL;
}

const char *
work_user(void)
{
    static char number[24];
    const struct passwd *user = getpwuid(getuid());

    snprintf(number, sizeof number, "%u", (unsigned)getuid());
    return user ? user->pw_name : number;
}

void
work_audit(struct store *s, struct audit_entry *e, const char *action, const char *subject)
{
    *e = (struct audit_entry){clock_now(), work_user(), "command line", action, subject, NULL};
    audit_begin(s, e);
}

enum status
work_audited(const struct config *c, const char *action, const char *subject, struct error *err)
{
    struct audit_entry e = {clock_now(), work_user(), "command line", action, subject, NULL};
    struct store *s = NULL;
    enum status st = work_store(&s, c, STORE_EDIT, err);

    if (st == ST_OK)
        st = audit_write(s, &e, err);
    store_close(s);
    return st;
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

enum status
work_store(struct store **out, const struct config *c, enum store_mode mode, struct error *err)
{
    char *path = NULL;
    enum status st = store_path(&path, c->store_url, c->state_dir, err);

    if (mode == STORE_EDIT && mkdir(c->state_dir, 0750) != 0 && errno != EEXIST)
        st = fail(err, ST_IO, "%s cannot be made: %s", c->state_dir, strerror(errno));
    if (st == ST_OK)
        st = store_open(out, path, mode, err);
    free(path);
    return st;
}
