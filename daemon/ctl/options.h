/*
 * options.h - command-line options as rows: one table parses them and prints the help.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/* Exit codes of every program here (sysexits.h has the numbers). */
enum { EXIT_USAGE = 64, EXIT_UNAVAILABLE = 69, EXIT_CONFIG = 78 };

enum option_type {
    OPTION_FLAG, /* bool: present or not */
    OPTION_TEXT, /* const char *: borrowed from argv */
    OPTION_INT,  /* long */
    OPTION_REAL, /* double */
    OPTION_LIST, /* struct option_list: as often as it is given */
};

#define OPTION_LIST_MAX 16
struct option_list {
    const char *at[OPTION_LIST_MAX]; /* borrowed from argv */
    size_t count;
};

struct option_row {
    const char *name; /* without the dashes */
    enum option_type type;
    void *out;            /* keeps its value when the option is absent */
    const char *argument; /* how help calls the value: "FILE" */
    const char *help;
};

struct option_use {
    const char *usage; /* "callswell import [OPTION...] PATH..." */
    const char *about; /* what it does, a line or more */
    const struct option_row *rows;
    size_t count;
    const char *examples; /* shown last; NULL */
};

/* Parses argv[1..]. On success *first is the index of the first operand. Prints help for
 * --help, or what is wrong, and answers false with the exit code in *code. */
bool options_parse(const struct option_use *use, int argc, char **argv, int *first, int *code);

/* The configuration named by --config, else $CALLSWELL_CONFIG, else /etc/callswell/callswelld.conf
 * if that is there, else the defaults. Prints the error; *code is 78. NULL on failure. */
struct config *options_config(const char *path, int *code);

#endif
