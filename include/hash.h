/*
 * hash.h - the four hashes used, each for one purpose.
 */
#ifndef HASH_H
#define HASH_H

#include <stdint.h>

#include "span.h"

/* Hash tables in memory and identities of records (XXH3, 64 bits). */
uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);

/* Checksum of stored blobs (XXH3, 64 bits, own seed). */
uint64_t hash_checksum(const void *p, size_t n);

/* Element of a distinct count: MurmurHash64A with Redis' seed, so that PFADD and our own
 * sketches agree on every element (Redis 7, hyperloglog.c). */
uint64_t hash_sketch(struct span element);

/* CRC16/XMODEM of Redis Cluster, for partitions. */
uint16_t hash_crc16(struct span s);

#endif
