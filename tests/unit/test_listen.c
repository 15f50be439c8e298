/*
 * test_listen.c - which addresses are of one host.
 */
#include <netinet/in.h>

#include "listen.h"
#include "test.h"

static bool
same(const char *a, const char *b)
{
    struct sockaddr_storage x, y;
    struct error err;
    socklen_t n;

    CHECK_INT(listen_parse(a, &x, &n, &err), ST_OK);
    CHECK_INT(listen_parse(b, &y, &n, &err), ST_OK);
    CHECK_INT(listen_same_host((struct sockaddr *)&x, (struct sockaddr *)&y),
              listen_same_host((struct sockaddr *)&y, (struct sockaddr *)&x));
    return listen_same_host((struct sockaddr *)&x, (struct sockaddr *)&y);
}

TEST(listen_tells_ipv4_hosts_by_their_address)
{
    CHECK(same("192.0.2.7:1", "192.0.2.7:2"));
    CHECK(!same("192.0.2.7:1", "192.0.2.8:1"));
    CHECK(!same("192.0.2.7:1", "193.0.2.7:1"));
}

TEST(listen_tells_ipv6_hosts_by_their_prefix)
{
    CHECK(same("[2001:db8:0:1::1]:1", "[2001:db8:0:1::1]:2"));
    CHECK(same("[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff:ffff:ffff:ffff]:1"));
    CHECK(!same("[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1"));
    CHECK(!same("[2001:db8:0:1::1]:1", "[2001:db9:0:1::1]:1"));
}

TEST(listen_takes_mapped_addresses_for_what_they_are)
{
    CHECK(same("[::ffff:192.0.2.7]:1", "192.0.2.7:1"));
    CHECK(same("[::ffff:192.0.2.7]:1", "[::ffff:192.0.2.7]:2"));
    CHECK(!same("[::ffff:192.0.2.7]:1", "[::ffff:192.0.2.8]:1"));
    CHECK(!same("[::ffff:192.0.2.7]:1", "192.0.2.8:1"));
    CHECK(!same("[::ffff:0.0.0.1]:1", "[::1]:1"));
    CHECK(!same("[::1]:1", "0.0.0.1:1"));
}

TEST(listen_tells_link_local_hosts_of_two_links_apart)
{
    struct sockaddr_storage x, y;
    struct error err;
    socklen_t n;

    CHECK_INT(listen_parse("[fe80::1]:1", &x, &n, &err), ST_OK);
    y = x;
    CHECK(listen_same_host((struct sockaddr *)&x, (struct sockaddr *)&y));
    ((struct sockaddr_in6 *)&y)->sin6_scope_id = 3;
    CHECK(!listen_same_host((struct sockaddr *)&x, (struct sockaddr *)&y));
}

TEST(listen_splits_places_that_one_can_connect_to)
{
    static const char *const wrong[] = {"pbx",           ":5038",      "pbx:",   "pbx:0",
                                        "pbx:65536",     "pbx:5038x",  "a b:1",  "2001:db8::1:5038",
                                        "[2001:db8::1]", "user@pbx:1", "pbx:+1", "",
                                        "[]:1"};
    char host[HOST_TEXT], port[PORT_TEXT];

    CHECK(host_split("pbx.example.com:5038", host, port));
    CHECK_STR(host, "pbx.example.com");
    CHECK_STR(port, "5038");
    CHECK(host_split("[2001:db8::1]:65535", host, port));
    CHECK_STR(host, "2001:db8::1");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (host_split(wrong[i], host, port))
            test_fail(__FILE__, __LINE__, "\"%s\" was taken", wrong[i]);
}

static bool
is_in(const char *network, const char *address)
{
    struct sockaddr_storage sa;
    struct network n;
    socklen_t len;

    CHECK(network_parse(span_str(network), &n));
    CHECK_INT(listen_parse(address, &sa, &len, NULL), ST_OK);
    return network_has(&n, (struct sockaddr *)&sa);
}

TEST(listen_knows_who_is_in_which_network)
{
    static const char *const wrong[] = {"",           "192.0.2",      "192.0.2.0/33",
                                        "192.0.2.0/", "::/129",       "192.0.2.0/x",
                                        "host",       "192.0.2.0/-1", "[::1]/64"};
    struct network n;

    CHECK(is_in("192.0.2.7", "192.0.2.7:1") && !is_in("192.0.2.7", "192.0.2.6:1"));
    CHECK(is_in("192.0.2.0/25", "192.0.2.127:1") && !is_in("192.0.2.0/25", "192.0.2.128:1"));
    CHECK(is_in("0.0.0.0/0", "192.0.2.7:1") && is_in("0.0.0.0/0", "[::ffff:192.0.2.7]:1"));
    CHECK(is_in("2001:db8::/32", "[2001:db8:1::1]:1"));
    CHECK(!is_in("2001:db8::/33", "[2001:db8:8000::1]:1"));
    CHECK(!is_in("::/0", "192.0.2.7:1") && !is_in("0.0.0.0/0", "[2001:db8::1]:1"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (network_parse(span_str(wrong[i]), &n))
            test_fail(__FILE__, __LINE__, "\"%s\" was taken", wrong[i]);
}
