/*
 * hash.c - XXH3 from libxxhash, Redis' Murmur, the CRC of Redis Cluster.
 */
#include "hash.h"

#include <string.h>
#include <xxhash.h>

#define CHECKSUM_SEED UINT64_C(0x63616c6c7377656c)
#define SKETCH_SEED   UINT64_C(0xadc83b19)

uint64_t
hash_bytes(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}

uint64_t
hash_checksum(const void *p, size_t n)
{
    return XXH3_64bits_withSeed(p, n, CHECKSUM_SEED);
}

/* MurmurHash64A as published by Austin Appleby (public domain algorithm), little-endian reads. */
uint64_t
hash_sketch(struct span element)
{
    const uint64_t m = UINT64_C(0xc6a4a7935bd1e995);
    const unsigned char *p = (const unsigned char *)element.p;
    size_t n = element.n;
    uint64_t h = SKETCH_SEED ^ (n * m), tail = 0;

    for (; n >= 8; p += 8, n -= 8) {
        uint64_t k;

        memcpy(&k, p, 8);
        k *= m;
        k ^= k >> 47;
        k *= m;
        h = (h ^ k) * m;
    }
    if (n > 0) {
        memcpy(&tail, p, n);
        h = (h ^ tail) * m;
    }
    h ^= h >> 47;
    h *= m;
    return h ^ (h >> 47);
}

/* Polynomial 0x1021, start 0, not reflected (CRC-16/XMODEM). */
uint16_t
hash_crc16(struct span s)
{
    unsigned crc = 0;

    for (size_t i = 0; i < s.n; i++) {
        crc ^= (unsigned)(unsigned char)s.p[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    return (uint16_t)crc;
}
