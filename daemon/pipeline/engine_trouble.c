/*
 * engine_trouble.c - the ledger cannot be trusted any more: a note, a word, the end.
 */
#include <stdlib.h>

#include "engine_internal.h"
#include "ledger_care.h"
#include "log.h"

void
engine_die(const struct engine *e, enum status st, const char *what, const struct error *err)
{
    const char *why = err ? err->text : "";
    char *path = config_state_path(e->config, "ledger.db");

    ledger_trouble_note(path, st == ST_CORRUPT ? TROUBLE_DAMAGED : TROUBLE_IO, why);
    log_error("ledger_failed", "what=%s error=\"%s\" action=\"%s\"", what, why,
              st == ST_CORRUPT ? "exit; run `callswell ledger recover`" : "exit");
    _Exit(1);
}
