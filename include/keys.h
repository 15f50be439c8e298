/*
 * keys.h - names of Redis keys and fields: the one place that knows them.
 *
 * Public contract; see callswell-redis(7). Every byte of a name but A-Z a-z 0-9 . _ @ + -
 * becomes %XX in upper case. The partition is CRC16 of the encoded name modulo 64.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdint.h>

#include "memory.h"
#include "span.h"
#include "status.h"

#define KEY_PARTITIONS 64

void keys_encode_name(struct buf *out, struct span name);
enum status keys_decode_name(struct buf *out, struct span encoded); /* ST_BAD_INPUT */
unsigned keys_partition(struct span name);                          /* takes the unencoded name */

/* Each appends one key. day is a civil day number. */
void keys_customer_quarters(struct buf *out, struct span customer, int32_t day); /* q */
void keys_customer_month(struct buf *out, struct span customer, int32_t day);    /* d */
void keys_customer_people(struct buf *out, struct span customer, int32_t day,
                          const char *node); /* u */
void keys_customer_conferences(struct buf *out, struct span customer, int32_t day,
                               const char *node);                           /* c */
void keys_feature_month(struct buf *out, struct span feature, int32_t day); /* f */
void keys_feature_people(struct buf *out, struct span feature, int32_t day,
                         const char *node); /* fu */
void keys_feature_customers(struct buf *out, struct span feature, int32_t day,
                            const char *node);                            /* fc */
void keys_service_day(struct buf *out, struct span service, int32_t day); /* s */
void keys_region_day(struct buf *out, struct span region, int32_t day);   /* l */
void keys_dirty(struct buf *out, unsigned partition);
void keys_applied(struct buf *out, unsigned partition, const char *node);
void keys_owner(struct buf *out, const char *node);

#endif
