/*
 * verify.h - ledger, Redis and store compared to the last digit; the ledger is the truth.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include "json_write.h"
#include "projection.h"
#include "store_verify.h"

struct config; /* config.h */

struct verify_all {
    struct verify_result redis;
    struct store_verify_result store;
};

/* Reads only, through connections of its own: a daemon may go on counting, but what it has not yet
 * sent on everywhere looks like a difference. May take minutes. *out is filled in on ST_OK. */
enum status verify_all(const struct config *c, const struct verify_watch *watch,
                       struct verify_all *out, struct error *err);
uint64_t verify_differences(const struct verify_all *v);
/* differences, redis, store: into the object that is being written. */
void verify_write(struct json_writer *w, const struct verify_all *v);

#endif
