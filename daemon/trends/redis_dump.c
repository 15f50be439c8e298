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
#include <stdint.h>

#include "crc64.h"

#define LENGTH_32       0x80
#define LISTPACK_HEADER 6
#define LISTPACK_END    0xFF
#define VALUE_HEADER    (5 + LISTPACK_HEADER) /* all of a value before the entries */
#define HEADER          (1 + VALUE_HEADER)
#define FOOTER          (1 + 2 + 8) /* all of a payload behind the entries */

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
dump_value_bytes(size_t entry_bytes)
{
    return VALUE_HEADER + entry_bytes + 1;
}

char *
dump_value_begin(char *p, size_t entry_bytes, size_t fields)
{
    size_t listpack = LISTPACK_HEADER + entry_bytes + 1;

    *p++ = (char)LENGTH_32;
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (char)(listpack >> shift);
    p = put_low_first(p, listpack, 4);
    p = put_low_first(p, 2 * fields, 2);
    p[entry_bytes] = (char)LISTPACK_END;
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
    *p++ = DUMP_TYPE_HASH;
    return dump_value_begin(p, entry_bytes, fields);
}

void
dump_end(char *payload, size_t entry_bytes)
{
    char *p = payload + HEADER + entry_bytes + 1;

    p = put_low_first(p, DUMP_RDB_VERSION, 2);
    put_low_first(p, crc64_add(0, payload, (size_t)(p - payload)), 8);
}

struct span
dump_entries(struct span payload)
{
    if (payload.n < HEADER + FOOTER || *payload.p != DUMP_TYPE_HASH)
        return span_of("", 0);
    return span_of(payload.p + HEADER, payload.n - HEADER - FOOTER);
}
