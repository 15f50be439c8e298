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
