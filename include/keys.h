/*
 * keys.h - names of Redis keys and fields: the one place that knows them.
 *
 * Public contract; see callswell-redis(7). Every byte of a name but A-Z a-z 0-9 . _ @ + -
 * becomes %XX in upper case. The partition is CRC16 of the encoded name modulo 64.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "memory.h"
#include "span.h"
#include "status.h"

#define KEY_PARTITIONS 64

void keys_encode_name(struct buf *out, struct span name);
enum status keys_decode_name(struct buf *out, struct span encoded); /* ST_BAD_INPUT */
unsigned keys_partition(struct span name);                          /* takes the unencoded name */

/* What all keys of a subject and a day share, made once: "cs:{40}:" and ":acme:20261122". All
 * zero bytes are an empty one. */
struct key_stem {
    struct buf text;
    size_t family_at; /* where a family's letters go in between */
};

void key_stem_set(struct key_stem *stem, struct span name, unsigned partition, int32_t day);
void key_stem_clear(struct key_stem *stem);

/* Each appends one key of that subject and day, or of the day's month. */
void keys_customer_quarters(struct buf *out, const struct key_stem *customer); /* q */
void keys_customer_month(struct buf *out, const struct key_stem *customer);    /* d */
void keys_customer_people(struct buf *out, const struct key_stem *customer,
                          const char *node); /* u */
void keys_customer_conferences(struct buf *out, const struct key_stem *customer,
                               const char *node);                         /* c */
void keys_feature_month(struct buf *out, const struct key_stem *feature); /* f */
void keys_feature_people(struct buf *out, const struct key_stem *feature,
                         const char *node); /* fu */
void keys_feature_customers(struct buf *out, const struct key_stem *feature,
                            const char *node);                          /* fc */
void keys_service_day(struct buf *out, const struct key_stem *service); /* s */
void keys_region_day(struct buf *out, const struct key_stem *region);   /* l */

/* A key of counts, read back. */
struct key_parts {
    enum cell_kind kind;
    unsigned partition;
    struct span name;   /* unencoded, in the caller's buffer */
    struct span node;   /* of a HyperLogLog; empty for a hash */
    int32_t first, end; /* days of its period, end is the first after it */
};

/* True only for a key that the functions above write. text is emptied and holds the name. */
bool keys_parse(struct key_parts *out, struct buf *text, struct span key);

void keys_dirty(struct buf *out, unsigned partition);
void keys_applied(struct buf *out, unsigned partition, const char *node);
void keys_owner(struct buf *out, const char *node);
void keys_sent(struct buf *out, const char *node);

#endif
