/*
 * keys.c - Redis keys: encoded names, partitions, and one line per key family.
 */
#include "keys.h"

#include <stdio.h>

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
    size_t i = plain_length(name);

    buf_reserve(out, name.n * 3);
    buf_add(out, name.p, i);
    for (; i < name.n; i++) {
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
upper_digit(char c)
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

        if (byte == '%' && encoded.n - i > 2 && upper_digit(encoded.p[i + 1]) >= 0 &&
            upper_digit(encoded.p[i + 2]) >= 0) {
            byte =
                (unsigned char)(upper_digit(encoded.p[i + 1]) << 4 | upper_digit(encoded.p[i + 2]));
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

/* --- keys of counts: cs:{P}:FAMILY:NAME:DATE[@NODE] --- */

#define MONTH_CUT 2 /* digits of YYYYMMDD that YYYYMM lacks */

void
key_stem_set(struct key_stem *stem, struct span name, unsigned partition, int32_t day)
{
    struct buf *text = &stem->text;
    char date[CIVIL_TEXT];

    buf_reset(text);
    buf_add(text, "cs:{", 4);
    buf_u64(text, partition);
    buf_add(text, "}:", 2);
    stem->family_at = text->n;
    buf_char(text, ':');
    keys_encode_name(text, name);
    buf_char(text, ':');
    buf_str(text, format_day_compact(date, day));
}

void
key_stem_clear(struct key_stem *stem)
{
    buf_clear(&stem->text);
    *stem = (struct key_stem){0};
}

static void
put_key(struct buf *out, const struct key_stem *stem, const char *family, size_t cut)
{
    size_t at = stem->family_at;

    buf_add(out, stem->text.p, at);
    buf_str(out, family);
    buf_add(out, stem->text.p + at, stem->text.n - at - cut);
}

static void
put_sketch_key(struct buf *out, const struct key_stem *stem, const char *family, const char *node)
{
    put_key(out, stem, family, 0);
    buf_char(out, '@');
    buf_str(out, node);
}

void
keys_customer_quarters(struct buf *out, const struct key_stem *customer)
{
    put_key(out, customer, "q", 0);
}

void
keys_customer_month(struct buf *out, const struct key_stem *customer)
{
    put_key(out, customer, "d", MONTH_CUT);
}

void
keys_customer_people(struct buf *out, const struct key_stem *customer, const char *node)
{
    put_sketch_key(out, customer, "u", node);
}

void
keys_customer_conferences(struct buf *out, const struct key_stem *customer, const char *node)
{
    put_sketch_key(out, customer, "c", node);
}

void
keys_feature_month(struct buf *out, const struct key_stem *feature)
{
    put_key(out, feature, "f", MONTH_CUT);
}

void
keys_feature_people(struct buf *out, const struct key_stem *feature, const char *node)
{
    put_sketch_key(out, feature, "fu", node);
}

void
keys_feature_customers(struct buf *out, const struct key_stem *feature, const char *node)
{
    put_sketch_key(out, feature, "fc", node);
}

void
keys_service_day(struct buf *out, const struct key_stem *service)
{
    put_key(out, service, "s", 0);
}

void
keys_region_day(struct buf *out, const struct key_stem *region)
{
    put_key(out, region, "l", 0);
}

/* --- and read back --- */

static const struct family {
    const char *letters;
    enum cell_kind kind;
    bool month, sketch;
} families[] = {{"q", CELL_CUSTOMER, false, false}, {"d", CELL_CUSTOMER, true, false},
                {"u", CELL_CUSTOMER, false, true},  {"c", CELL_CUSTOMER, false, true},
                {"f", CELL_FEATURE, true, false},   {"fu", CELL_FEATURE, false, true},
                {"fc", CELL_FEATURE, false, true},  {"s", CELL_SERVICE, false, false},
                {"l", CELL_REGION, false, false}};

/* What stands before the next colon, or all; the rest is behind it. */
static struct span
take_part(struct span *rest, char separator)
{
    const char *end = memchr(rest->p, separator, rest->n);
    struct span part = span_of(rest->p, end ? (size_t)(end - rest->p) : rest->n);
    size_t n = part.n + (end ? 1 : 0);

    *rest = span_of(rest->p + n, rest->n - n);
    return part;
}

static const struct family *
find_family(struct span letters)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (span_is(letters, families[i].letters))
            return &families[i];
    return NULL;
}

/* YYYYMMDD, or YYYYMM as its first day; false for what is no day since 1970. */
static bool
parse_date(struct span date, bool month, int32_t *day)
{
    char want[CIVIL_TEXT], full[9] = "00000001";
    int64_t number;

    if (date.n != (month ? 6 : 8))
        return false;
    memcpy(full, date.p, date.n);
    if (!span_to_i64(span_of(full, 8), &number) || number < 19700101)
        return false;
    *day = days_from_civil((int)(number / 10000), (int)(number / 100 % 100), (int)(number % 100));
    return strcmp(format_day_compact(want, *day), full) == 0;
}

static int32_t
next_month(int32_t first)
{
    int year, month, dd;

    civil_from_days(first, &year, &month, &dd);
    return month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
}

bool
keys_parse(struct key_parts *out, struct buf *text, struct span key)
{
    struct span prefix = take_part(&key, ':'), braced = take_part(&key, ':');
    const struct family *family = find_family(take_part(&key, ':'));
    struct span name = take_part(&key, ':'), date;
    char want[8];

    buf_reset(text);
    if (!span_is(prefix, "cs") || !family || name.n == 0 || keys_decode_name(text, name) != ST_OK)
        return false;
    *out = (struct key_parts){.kind = family->kind, .name = span_of(text->p, text->n)};
    out->partition = keys_partition(out->name);
    snprintf(want, sizeof want, "{%u}", out->partition);
    date = take_part(&key, '@');
    out->node = key;
    if (!span_is(braced, want) || (key.n > 0) != family->sketch ||
        (!family->sketch && date.p + date.n != key.p) ||
        !parse_date(date, family->month, &out->first))
        return false;
    out->end = family->month ? next_month(out->first) : out->first + 1;
    return true;
}

/* --- the others --- */

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

void
keys_sent(struct buf *out, const char *node)
{
    buf_printf(out, "cs:sent:%s", node);
}
