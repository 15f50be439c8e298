/*
 * analyst.h - from totals to answers: the CRM store and everything in it.
 *
 * One pass reads what changed in the ledger since the last pass and writes absolute rows:
 * customer_day, service_interval, feature_demand, customer profiles, RFM and user-defined
 * segments, forecasts and staffing, surge and decline signals. Passes are driven by the
 * ledger's seq, kept in the store's own transaction; a pass that was cut off is done again.
 */
#ifndef ANALYST_H
#define ANALYST_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "customers.h"
#include "status.h"

/* So many days back, and today, passes read the ledger; the first one of a new store reads all. */
#define ANALYST_DAYS 402

struct analyst;
struct feed; /* engine.h */

struct analyst_options {
    const struct config *config; /* services, segments, time zone; borrowed */
    const char *ledger_path, *store_path;
};

/* Opens or creates the store and brings its schema up to date. Checks every segment's
 * condition (ST_BAD_CONFIG with file and line). */
enum status analyst_open(struct analyst **out, const struct analyst_options *opt,
                         struct error *err);
void analyst_close(struct analyst *a); /* accepts NULL */

/* One pass as of `now` (wall clock, or the newest record with clock = "data"). Any one thread
 * at a time. On ST_OK *seq is the batch up to which the store now answers. */
enum status analyst_run(struct analyst *a, int64_t now, uint64_t *seq, struct error *err);

/* Makes a pass that is running fail soon: it will be done again. Any thread; call it again until
 * the pass has ended, for it may be between two questions to the store. */
void analyst_interrupt(struct analyst *a);

/* How the inputs are doing, into feed_health. Same thread as analyst_run. */
enum status analyst_feeds(struct analyst *a, const struct feed *feeds, size_t count, int64_t now,
                          struct error *err);

/* How Redis is doing: a signal once it has been in trouble for a while, closed when it is over.
 * Same thread as analyst_run. */
struct redis_health {
    const char *node, *problem; /* problem: "" or one sentence */
    bool connected;
    int64_t since; /* UTC seconds: in trouble since then */
};
#define REDIS_SIGNAL_AFTER 60 /* seconds */
enum status analyst_redis(struct analyst *a, const struct redis_health *h, int64_t now,
                          struct error *err);

/* The customer list as directory rules. Any thread, also during a pass. */
enum status analyst_directory(struct analyst *a, struct directory_builder *b, struct error *err);

/* Same check as analyst_open does for one condition, on an empty store in memory. */
enum status segment_check(const char *name, const char *where, struct error *err);

/* Another configuration from the next pass on; borrowed as the first. ST_BAD_CONFIG: a segment or
 * the time zone is wrong, nothing has changed. Any thread, one at a time. */
enum status analyst_reload(struct analyst *a, const struct config *wanted, struct error *err);

#endif
