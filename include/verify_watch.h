/*
 * verify_watch.h - who is told of each difference while ledger, Redis and store are compared.
 */
#ifndef VERIFY_WATCH_H
#define VERIFY_WATCH_H

#include <stdbool.h>

struct verify_watch {
    void (*report)(void *arg, const char *line); /* a difference, one line; NULL: only counted */
    bool (*stopped)(void *arg); /* asked often: true gives up with ST_RETRY; NULL: never */
    void *arg;
};

#endif
