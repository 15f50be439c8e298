/*
 * config_deep.h - what only the modules themselves can check of a configuration.
 */
#ifndef CONFIG_DEEP_H
#define CONFIG_DEEP_H

#include "config.h"

/* Formats and their patterns, also as inputs have them, feature and service rules, certificates,
 * segment conditions: makes each and throws it away. ST_BAD_CONFIG with file and line where they
 * are known. */
enum status config_check_deep(const struct config *c, struct error *err);

/* Where nobody is asked who they are, only loopback addresses are listened on. ST_BAD_CONFIG:
 * http.listen is another, and the store has no tokens. */
enum status config_check_doors(const struct config *c, struct error *err);

#endif
