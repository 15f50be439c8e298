/*
 * cmd_signal_explain.h - a verb of `callswell signal` that is a file of its own.
 */
#ifndef CMD_SIGNAL_EXPLAIN_H
#define CMD_SIGNAL_EXPLAIN_H

#include "table.h"
#include "config.h"
#include "store.h"

/* The exit code. `id` is whole. */
int signal_explain_run(const struct config *c, struct store *store, const char *id,
                       enum table_style style);

#endif
