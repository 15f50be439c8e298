/*
 * store_verify.h - does the CRM store say what the ledger says?
 *
 * Compares every customer_day and service_interval row of the days that the ledger still knows
 * with its totals. Forecasts,
 * segments and signals are conclusions, not copies, and are not compared.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include <stdint.h>

#include "status.h"
#include "verify_watch.h"

struct store_verify_result {
    uint64_t rows, missing, different, extra;
};

/* Both files are opened read-only. */
enum status store_verify(const char *ledger_path, const char *store_path,
                         const struct verify_watch *watch, struct store_verify_result *out,
                         struct error *err);

#endif
