/*
 * reader_feed.h - the ledger on disk as a change feed (projection.h), read-only.
 */
#ifndef READER_FEED_H
#define READER_FEED_H

#include "ledger.h"
#include "projection.h"

/* data_clock: "now" is the newest record's time. */
enum status reader_feed_open(struct change_feed *out, const char *path, bool data_clock,
                             struct error *err);
void reader_feed_close(struct change_feed *feed);

#endif
