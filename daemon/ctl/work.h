/*
 * work.h - what commands share that change or check counts, here or through the daemon.
 */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>

#include "audit_log.h"
#include "engine.h"
#include "json_read.h"
#include "store.h"

#define WORK_CLOSE_MS 10000 /* for engine_close: everything was settled before */

/* Says what went wrong and returns the exit code for it. */
int work_failed(const struct error *err);

/* The pipeline inside the command, for when no daemon runs on the state folder; it says nothing
 * but errors. NULL: said why, *code is the exit code. */
struct engine *work_open(const struct config *c, bool dry_run, int *code);
/* The same, and says nothing. */
enum status work_engine(struct engine **out, const struct config *c, bool dry_run,
                        struct error *err);

/* The configuration's CRM store; for editing, the state folder is made if need be. */
enum status work_store(struct store **out, const struct config *c, enum store_mode mode,
                       struct error *err);

/* Who runs this, for what is written down: a user's name, or number. */
const char *work_user(void);
/* Who does what to what: the commits to the store from now on write it down (audit_log.h). *e is
 * filled in and borrowed until the store is closed. subject may be NULL. */
void work_audit(struct store *s, struct audit_entry *e, const char *action, const char *subject);
/* The same for what was done elsewhere, as an entry of its own. */
enum status work_audited(const struct config *c, const char *action, const char *subject,
                         struct error *err);

/* The counts in a line that the daemon answered. */
struct outcome_count work_counts(const struct json_value *line);

#endif
