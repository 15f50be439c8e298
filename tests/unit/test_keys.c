/*
 * test_keys.c - key names and partitions of the public contract.
 */
#include "test.h"

#include "civil.h"
#include "hash.h"
#include "keys.h"

TEST(keys_crc_is_that_of_redis_cluster)
{
    CHECK_INT(hash_crc16(SPAN("123456789")), 0x31C3); /* Redis Cluster specification */
    CHECK_INT(hash_crc16(SPAN("")), 0);
    CHECK_INT(hash_crc16(SPAN("foo")) & 16383, 12182); /* CLUSTER KEYSLOT foo */
    CHECK_INT(hash_crc16(SPAN("somekey")) & 16383, 11058);
}

TEST(keys_are_written_as_documented)
{
    int32_t day = days_from_civil(2026, 3, 9);
    struct span name = SPAN("acme:\xC3\xBC 1%");
    struct key_stem stem = {0};
    struct buf b = {0};
    char want[200];
    unsigned p = hash_crc16(SPAN("acme%3A%C3%BC%201%25")) % 64;

#define WRITES(call, text)                                                                         \
    do {                                                                                           \
        buf_reset(&b);                                                                             \
        call;                                                                                      \
        snprintf(want, sizeof want, text, p);                                                      \
        CHECK_STR(b.p, want);                                                                      \
    } while (0)
#define N "acme%%3A%%C3%%BC%%201%%25"
    CHECK_INT(keys_partition(name), p);
    key_stem_set(&stem, SPAN("a longer name than the next one has"), 9, day + 40);
    key_stem_set(&stem, name, p, day);
    WRITES(keys_customer_quarters(&b, &stem), "cs:{%u}:q:" N ":20260309");
    WRITES(keys_customer_month(&b, &stem), "cs:{%u}:d:" N ":202603");
    WRITES(keys_customer_people(&b, &stem, "n-1"), "cs:{%u}:u:" N ":20260309@n-1");
    WRITES(keys_customer_conferences(&b, &stem, "1"), "cs:{%u}:c:" N ":20260309@1");
    WRITES(keys_feature_month(&b, &stem), "cs:{%u}:f:" N ":202603");
    WRITES(keys_feature_people(&b, &stem, "1"), "cs:{%u}:fu:" N ":20260309@1");
    WRITES(keys_feature_customers(&b, &stem, "1"), "cs:{%u}:fc:" N ":20260309@1");
    WRITES(keys_service_day(&b, &stem), "cs:{%u}:s:" N ":20260309");
    WRITES(keys_region_day(&b, &stem), "cs:{%u}:l:" N ":20260309");
    WRITES(keys_dirty(&b, p), "cs:{%u}:dirty");
    WRITES(keys_applied(&b, p, "1"), "cs:{%u}:applied:1");
    buf_reset(&b);
    keys_owner(&b, "7");
    CHECK_STR(b.p, "cs:owner:7");
    key_stem_clear(&stem);
    buf_clear(&b);
}

TEST(keys_every_byte_survives_encoding)
{
    static const char plain[] = "ABCXYZabcxyz0189._@+-";
    struct buf encoded = {0}, decoded = {0};
    char all[256];

    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    keys_encode_name(&encoded, span_of(all, 256));
    CHECK_INT(encoded.n, 67 + 189 * 3);
    CHECK_INT(keys_decode_name(&decoded, span_of(encoded.p, encoded.n)), ST_OK);
    CHECK(decoded.n == 256 && memcmp(decoded.p, all, 256) == 0);
    buf_reset(&encoded);
    keys_encode_name(&encoded, span_str(plain));
    CHECK_STR(encoded.p, plain);
    buf_clear(&encoded);
    buf_clear(&decoded);
}

static void
reads(const char *key, enum cell_kind kind, const char *name, const char *node, const char *first,
      const char *end)
{
    struct key_parts parts;
    struct buf text = {0};
    char day[CIVIL_TEXT];

    if (!keys_parse(&parts, &text, span_str(key)))
        test_fail(__FILE__, __LINE__, "%s is not read", key);
    CHECK_INT(parts.kind, kind);
    CHECK_INT(parts.partition, keys_partition(span_str(name)));
    CHECK(span_is(parts.name, name) && span_is(parts.node, node));
    CHECK_STR(format_day(day, parts.first), first);
    CHECK_STR(format_day(day, parts.end), end);
    buf_clear(&text);
}

TEST(keys_are_read_back)
{
    reads("cs:{40}:q:acme:20261122", CELL_CUSTOMER, "acme", "", "2026-11-22", "2026-11-23");
    reads("cs:{40}:d:acme:202612", CELL_CUSTOMER, "acme", "", "2026-12-01", "2027-01-01");
    reads("cs:{40}:u:acme:20240229@n-1", CELL_CUSTOMER, "acme", "n-1", "2024-02-29", "2024-03-01");
    reads("cs:{40}:c:acme:20261231@1", CELL_CUSTOMER, "acme", "1", "2026-12-31", "2027-01-01");
    reads("cs:{1}:f:recording:202602", CELL_FEATURE, "recording", "", "2026-02-01", "2026-03-01");
    reads("cs:{1}:fu:recording:20261122@1", CELL_FEATURE, "recording", "1", "2026-11-22",
          "2026-11-23");
    reads("cs:{1}:fc:recording:20261122@1", CELL_FEATURE, "recording", "1", "2026-11-22",
          "2026-11-23");
    reads("cs:{40}:s:operator:20261122", CELL_SERVICE, "operator", "", "2026-11-22", "2026-11-23");
    reads("cs:{45}:l:eu:20261122", CELL_REGION, "eu", "", "2026-11-22", "2026-11-23");
    reads("cs:{42}:q:a@b%20c:20261122", CELL_CUSTOMER, "a@b c", "", "2026-11-22", "2026-11-23");
}

TEST(keys_that_we_never_write_are_not_read)
{
    static const char *const others[] = {
        "",
        "cs:",
        "cs:{40}:q:acme",
        "cs:{40}:q:acme:",
        "cs:{40}:q::20261122",
        "cs:{40}:q:acme:2026112",    /* dates */
        "cs:{40}:q:acme:202611",     /* a month's where a day's belongs */
        "cs:{40}:d:acme:20261122",   /* and the other way round */
        "cs:{40}:d:acme:202613",     /* no such month */
        "cs:{40}:q:acme:20260229",   /* no such day */
        "cs:{40}:q:acme:19691231",   /* before all times */
        "cs:{40}:q:acme:+2026112",   /* a sign */
        "cs:{40}:q:acme:20261122@1", /* a hash has no node in its name */
        "cs:{40}:q:acme:20261122@",  /* nor half of one */
        "cs:{40}:q:acme:20261122:x", /* nor anything more */
        "cs:{40}:u:acme:20261122",   /* a HyperLogLog has one */
        "cs:{40}:u:acme:20261122@",  /* that is not empty */
        "cs:{41}:q:acme:20261122",   /* another partition */
        "cs:{040}:q:acme:20261122",  /* padded */
        "cs:40:q:acme:20261122",     /* without braces */
        "cs:{40}:zz:acme:20261122",  /* another family */
        "xs:{40}:q:acme:20261122",   /* another prefix */
        "cs:{40}:q:a%63me:20261122", /* a byte that stands for itself */
        "cs:{40}:applied:1",
        "cs:{40}:dirty",
        "cs:owner:1",
    };
    struct key_parts parts;
    struct buf text = {0};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (keys_parse(&parts, &text, span_str(others[i])))
            test_fail(__FILE__, __LINE__, "%s is read", others[i]);
    buf_clear(&text);
}

TEST(keys_what_was_never_written_is_not_read)
{
    static const char *bad[] = {"%", "%4", "a%", "%zz", "%2f", "%41", "a b", "a:b", "%%", "\xC3"};
    struct buf b = {0};

    buf_str(&b, "kept");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(keys_decode_name(&b, span_str(bad[i])), ST_BAD_INPUT);
        CHECK_INT(b.n, 4);
    }
    CHECK_INT(keys_decode_name(&b, SPAN("%2F%C3")), ST_OK);
    CHECK_INT(b.n, 6);
    buf_clear(&b);
}
