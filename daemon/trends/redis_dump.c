/*
 * redis_dump.c - listpacks and the payload around them.
 *
 * Payload (Redis 7, src/cluster.c, createDumpPayload; src/rdb.h):
 *   type (1 byte), length of the listpack (0x80 and 4 bytes, high first), listpack,
 *   RDB version (2 bytes, low first), CRC-64 of all that (8 bytes, low first)
 * Listpack (Redis 7, src/listpack.c):
 *   bytes in all (4, low first), entries (2, low first), entries, 0xFF
 * Entry: its kind and length, the text, and the size of these two for whoever walks backwards.
 *   up to 63 bytes of text   10llllll             size 0sssssss
 *   up to 4095               1110llll llllllll    or   0sssssss 1sssssss
 * Names are at most 256 bytes of which each may become three, so there is no third form here.
 */
#include "redis_dump.h"

#include <assert.h>
#include <endian.h>
#include <pthread.h>
#include <stdint.h>

#define TYPE_HASH_LISTPACK 16
#define RDB_VERSION        10
#define LENGTH_32          0x80
#define LISTPACK_HEADER    6
#define LISTPACK_END       0xFF
#define HEADER             (1 + 5 + LISTPACK_HEADER) /* all before the entries */
#define FOOTER             (1 + 2 + 8)               /* all behind them */

/* --- CRC-64, "Jones": reflected, no complements; of "123456789" it is e9c6d914c4b8d9ca --- */

#define CRC_POLYNOMIAL UINT64_C(0x95AC9329AC4BC9B5)
#define CRC_SLICES     16

static uint64_t crc_table[CRC_SLICES][256];

static void
make_table(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint64_t v = i;

        for (int bit = 0; bit < 8; bit++)
            v = v >> 1 ^ (v & 1 ? CRC_POLYNOMIAL : 0);
        crc_table[0][i] = v;
    }
    for (unsigned s = 1; s < CRC_SLICES; s++)
        for (unsigned i = 0; i < 256; i++) {
            uint64_t v = crc_table[s - 1][i];

            crc_table[s][i] = v >> 8 ^ crc_table[0][v & 0xFF];
        }
}

/* What eight bytes, `later` ones behind them in the block, do to the sum. */
static uint64_t
slice(uint64_t v, unsigned later)
{
    const uint64_t(*t)[256] = crc_table + later;

    return t[7][v & 0xFF] ^ t[6][v >> 8 & 0xFF] ^ t[5][v >> 16 & 0xFF] ^ t[4][v >> 24 & 0xFF] ^
           t[3][v >> 32 & 0xFF] ^ t[2][v >> 40 & 0xFF] ^ t[1][v >> 48 & 0xFF] ^ t[0][v >> 56];
}

static uint64_t
crc64(const uint8_t *p, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint64_t crc = 0, block[2];

    pthread_once(&once, make_table);
    for (; n >= sizeof block; p += sizeof block, n -= sizeof block) {
        memcpy(block, p, sizeof block);
        crc = slice(crc ^ le64toh(block[0]), 8) ^ slice(le64toh(block[1]), 0);
    }
    for (; n > 0; p++, n--)
        crc = crc >> 8 ^ crc_table[0][(crc ^ *p) & 0xFF];
    return crc;
}

/* --- entries --- */

void
dump_entry(struct buf *b, struct span text)
{
    size_t head = text.n < 64 ? 1 : 2, size = head + text.n;
    char *p;

    assert(text.n < 4096);
    buf_reserve(b, size + 2);
    p = b->p + b->n;
    if (head == 1) {
        *p++ = (char)(0x80 | text.n);
    } else {
        *p++ = (char)(0xE0 | text.n >> 8);
        *p++ = (char)text.n;
    }
    memcpy(p, text.p, text.n);
    p += text.n;
    if (size > 127)
        *p++ = (char)(size >> 7);
    *p++ = (char)(size > 127 ? (size & 127) | 128 : size);
    b->n = (size_t)(p - b->p);
}

bool
dump_take(struct span *entries, struct span *text)
{
    const uint8_t *p = (const uint8_t *)entries->p;
    size_t head = 1, n, size;

    if (entries->n < 2)
        return false;
    n = *p & 63;
    if (*p >= 0xC0) {
        head = 2;
        n = (size_t)(*p & 15) << 8 | p[1];
    }
    size = head + n;
    size += size > 127 ? 2 : 1;
    if (size > entries->n)
        return false;
    *text = span_of(entries->p + head, n);
    *entries = span_of(entries->p + size, entries->n - size);
    return true;
}

/* --- the payload --- */

static char *
put_low_first(char *p, uint64_t v, unsigned bytes)
{
    for (; bytes > 0; bytes--, v >>= 8)
        *p++ = (char)v;
    return p;
}

size_t
dump_bytes(size_t entry_bytes)
{
    return HEADER + entry_bytes + FOOTER;
}

char *
dump_begin(char *p, size_t entry_bytes, size_t fields)
{
    size_t listpack = LISTPACK_HEADER + entry_bytes + 1;

    *p++ = TYPE_HASH_LISTPACK;
    *p++ = (char)LENGTH_32;
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (char)(listpack >> shift);
    p = put_low_first(p, listpack, 4);
    return put_low_first(p, 2 * fields, 2);
}

void
dump_end(char *payload, size_t entry_bytes)
{
    char *p = payload + HEADER + entry_bytes;

    *p++ = (char)LISTPACK_END;
    p = put_low_first(p, RDB_VERSION, 2);
    put_low_first(p, crc64((const uint8_t *)payload, (size_t)(p - payload)), 8);
}

struct span
dump_entries(struct span payload)
{
    if (payload.n < HEADER + FOOTER || *payload.p != TYPE_HASH_LISTPACK)
        return span_of("", 0);
    return span_of(payload.p + HEADER, payload.n - HEADER - FOOTER);
}
