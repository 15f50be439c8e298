/*
 * keys.c - Redis keys: encoded names, partitions, and one line per key family.
 */
#include "keys.h"

#include "civil.h"
#include "hash.h"

/* Bytes that stand for themselves. */
static const uint8_t plain[256] = {
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, ['.'] = 1,
    ['_'] = 1,         ['@'] = 1,         ['+'] = 1,         ['-'] = 1,
};

static size_t
plain_length(struct span name)
{
    size_t n = 0;

    while (n < name.n && plain[(unsigned char)name.p[n]])
        n++;
    return n;
}

void
keys_encode_name(struct buf *out, struct span name)
{
    static const char hex[] = "0123456789ABCDEF";

    buf_reserve(out, name.n * 3);
    for (size_t i = 0; i < name.n; i++) {
        unsigned char byte = (unsigned char)name.p[i];

        if (plain[byte]) {
            out->p[out->n++] = (char)byte;
            continue;
        }
        out->p[out->n++] = '%';
        out->p[out->n++] = hex[byte >> 4];
        out->p[out->n++] = hex[byte & 15];
    }
    out->p[out->n] = '\0';
}

static int
hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Strict: what keys_encode_name would not have written is refused. */
enum status
keys_decode_name(struct buf *out, struct span encoded)
{
    size_t begin = out->n;

    for (size_t i = 0; i < encoded.n; i++) {
        unsigned char byte = (unsigned char)encoded.p[i];

        if (byte == '%' && encoded.n - i > 2 && hex_digit(encoded.p[i + 1]) >= 0 &&
            hex_digit(encoded.p[i + 2]) >= 0) {
            byte = (unsigned char)(hex_digit(encoded.p[i + 1]) << 4 | hex_digit(encoded.p[i + 2]));
            i += 2;
            if (plain[byte])
                goto bad;
        } else if (!plain[byte]) {
            goto bad;
        }
        buf_char(out, (char)byte);
    }
    return ST_OK;
bad:
    out->n = begin;
    return ST_BAD_INPUT;
}

unsigned
keys_partition(struct span name)
{
    struct buf encoded = {0};
    unsigned p;

    if (plain_length(name) == name.n)
        return hash_crc16(name) % KEY_PARTITIONS;
    keys_encode_name(&encoded, name);
    p = hash_crc16(span_of(encoded.p, encoded.n)) % KEY_PARTITIONS;
    buf_clear(&encoded);
    return p;
}

/* cs:{P}:FAMILY:NAME: */
static void
subject(struct buf *out, const char *family, struct span name)
{
    buf_str(out, "cs:{");
    buf_u64(out, keys_partition(name));
    buf_str(out, "}:");
    buf_str(out, family);
    buf_char(out, ':');
    keys_encode_name(out, name);
    buf_char(out, ':');
}

static void
subject_day(struct buf *out, const char *family, struct span name, int32_t day)
{
    char text[CIVIL_TEXT];

    subject(out, family, name);
    buf_str(out, format_day_compact(text, day));
}

static void
subject_month(struct buf *out, const char *family, struct span name, int32_t day)
{
    char text[CIVIL_TEXT];

    subject(out, family, name);
    buf_str(out, format_month_compact(text, day));
}

static void
at_node(struct buf *out, const char *node)
{
    buf_char(out, '@');
    buf_str(out, node);
}

void
keys_customer_quarters(struct buf *out, struct span customer, int32_t day)
{
    subject_day(out, "q", customer, day);
}

void
keys_customer_month(struct buf *out, struct span customer, int32_t day)
{
    subject_month(out, "d", customer, day);
}

void
keys_customer_people(struct buf *out, struct span customer, int32_t day, const char *node)
{
    subject_day(out, "u", customer, day);
    at_node(out, node);
}

void
keys_customer_conferences(struct buf *out, struct span customer, int32_t day, const char *node)
{
    subject_day(out, "c", customer, day);
    at_node(out, node);
}

void
keys_feature_month(struct buf *out, struct span feature, int32_t day)
{
    subject_month(out, "f", feature, day);
}

void
keys_feature_people(struct buf *out, struct span feature, int32_t day, const char *node)
{
    subject_day(out, "fu", feature, day);
    at_node(out, node);
}

void
keys_feature_customers(struct buf *out, struct span feature, int32_t day, const char *node)
{
    subject_day(out, "fc", feature, day);
    at_node(out, node);
}

void
keys_service_day(struct buf *out, struct span service, int32_t day)
{
    subject_day(out, "s", service, day);
}

void
keys_region_day(struct buf *out, struct span region, int32_t day)
{
    subject_day(out, "l", region, day);
}

void
keys_dirty(struct buf *out, unsigned partition)
{
    buf_printf(out, "cs:{%u}:dirty", partition);
}

void
keys_applied(struct buf *out, unsigned partition, const char *node)
{
    buf_printf(out, "cs:{%u}:applied:%s", partition, node);
}

void
keys_owner(struct buf *out, const char *node)
{
    buf_printf(out, "cs:owner:%s", node);
}
