/*
 * stream_link.h - one Redis stream, read as one consumer of one group.
 *
 * What was delivered to a consumer stays its own (pending) until it is acknowledged, whatever
 * becomes of consumer and connection. All calls block, with deadlines. One thread at a time; after
 * any failure but ST_NOT_FOUND the link is of no more use.
 */
#ifndef STREAM_LINK_H
#define STREAM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"
#include "status.h"

struct stream_link;

struct stream_id {
    uint64_t ms, seq; /* "1763000000000-0" */
};

struct stream_link_options {
    const char *url; /* as redis_url.h has it; borrowed, as the others, for the link's life */
    const char *stream, *group, *consumer;
};

struct stream_entry {
    struct stream_id id;
    const struct span *fields; /* name, value, name, value, ... */
    size_t field_count;        /* of both; 0: the entry was deleted while it was pending */
};
typedef void stream_visit(void *arg, const struct stream_entry *e);
typedef void stream_deliveries_visit(void *arg, struct stream_id id, uint64_t deliveries);

/* ST_RETRY, ST_NOT_FOUND: err says why it cannot be reached, or lets nobody in. */
enum status stream_link_open(struct stream_link **out, const struct stream_link_options *opt,
                             struct error *err);
void stream_link_close(struct stream_link *l); /* accepts NULL */

/* The highest id the stream ever gave; 0-0 if there is no stream. */
enum status stream_link_last(struct stream_link *l, struct stream_id *out, struct error *err);
/* Makes stream and group if they are missing: the group gets what is after `from`. *made: it
 * was. */
enum status stream_link_make_group(struct stream_link *l, struct stream_id from, bool *made,
                                   struct error *err);

/* At most count new entries; waits block_ms for the first, 0: does not wait. *n is how many.
 * ST_NOT_FOUND: the group, or the stream, is not there (any more). */
enum status stream_link_read_new(struct stream_link *l, int count, int block_ms,
                                 stream_visit *visit, void *arg, size_t *n, struct error *err);
/* At most count of the consumer's pending entries after an id, each a delivery more. */
enum status stream_link_read_pending(struct stream_link *l, struct stream_id after, int count,
                                     stream_visit *visit, void *arg, size_t *n, struct error *err);
/* How often each of them was delivered; at most count, after an id. */
enum status stream_link_deliveries(struct stream_link *l, struct stream_id after, int count,
                                   stream_deliveries_visit *visit, void *arg, size_t *n,
                                   struct error *err);
enum status stream_link_ack(struct stream_link *l, const struct stream_id *ids, size_t n,
                            struct error *err);
/* Makes another consumer's pending entries this consumer's. *n is how many. */
enum status stream_link_claim(struct stream_link *l, const char *from, uint64_t *n,
                              struct error *err);

#endif
