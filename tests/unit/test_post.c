/*
 * test_post.c - signatures of messages, addresses that may be connected to, pauses between tries.
 */
#include <arpa/inet.h>

#include "post.h"
#include "deliver.h"
#include "test.h"

#define PLAIN "v1,YDpfdqyX/PRmDuAXFc35q/tt9ON9U1fYJnP0ZlE+Duw="
#define SPEC  "v1,F4uTAnsmAxTB9ebuiFL7hsxyrZjE1wdaI7RS4+B+Oaw="

static const char *
sign(const char *secrets, const char *id, int64_t at, const char *body)
{
    static char text[400];
    struct buf b = {0};

    post_sign(secrets, id, at, span_str(body), &b);
    snprintf(text, sizeof text, "%s", b.p);
    buf_clear(&b);
    return text;
}

/* The example of the Standard Webhooks reference libraries; the others by
 * printf 'ID.TIME.BODY' | openssl dgst -sha256 -hmac KEY -binary | base64. */
TEST(messages_are_signed_as_standard_webhooks_says)
{
    const char *spec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    CHECK_STR(sign(spec, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}"),
              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    CHECK_STR(sign("a-plain-text-secret", "msg_1", 7, "{}"), PLAIN);
    CHECK_STR(
        sign(" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw  a-plain-text-secret ", "msg_1", 7, "{}"),
        SPEC " " PLAIN);
}

static bool
may(const char *text)
{
    unsigned char a[16];

    if (inet_pton(AF_INET, text, a) == 1)
        return post_is_public(a, 4);
    CHECK(inet_pton(AF_INET6, text, a) == 1);
    return post_is_public(a, 16);
}

TEST(what_is_private_is_told_apart)
{
    static const char *const inside[] = {"0.0.0.0",
                                         "10.1.2.3",
                                         "100.64.0.1",
                                         "100.127.255.255",
                                         "127.0.0.1",
                                         "169.254.169.254",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.168.1.1",
                                         "192.0.2.1",
                                         "198.18.0.1",
                                         "224.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "fe80::1",
                                         "fc00::1",
                                         "fd12:3456::1",
                                         "ff02::1",
                                         "::ffff:127.0.0.1",
                                         "::ffff:10.0.0.1",
                                         "64:ff9b::7f00:1",
                                         "2001:db8::1",
                                         "2002:7f00:1::",
                                         "2001::1"};
    static const char *const outside[] = {
        "8.8.8.8",     "100.63.255.255", "100.128.0.1",  "172.15.0.1",     "172.32.0.1",
        "192.169.0.1", "2600::1",        "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"};

    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        if (may(inside[i]))
            test_fail(__FILE__, __LINE__, "%s is private", inside[i]);
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        if (!may(outside[i]))
            test_fail(__FILE__, __LINE__, "%s is public", outside[i]);
}

TEST(pauses_double_up_to_a_limit_and_keep_to_the_receivers_wish)
{
    const struct config_webhook h = {.retry_ms = 5000, .retry_most_ms = 3600000};

    CHECK_INT(deliver_pause(&h, 1, 0, 0), 5000);
    CHECK_INT(deliver_pause(&h, 2, 0, 0), 10000);
    CHECK_INT(deliver_pause(&h, 5, 0, 0), 80000);
    CHECK_INT(deliver_pause(&h, 5, 0, 0.5), 100000);
    CHECK_INT(deliver_pause(&h, 11, 0, 0), 3600000);
    CHECK_INT(deliver_pause(&h, 1000000, 0, 0), 3600000);
    CHECK_INT(deliver_pause(&h, 1, 120, 0), 120000);
    CHECK_INT(deliver_pause(&h, 1, 1000000000, 0), 86400000);
}
