/*
 * test_radius.c - RADIUS accounting, as packets and as dumps of them in JSON.
 */
#include "format_lines.h"
#include "radius_build.h"

#define LEG(session) " leg=192.0.2.7:" session

TEST(a_call_of_two_sides_as_json)
{
    EXPECT_LINES("radius", own_sample("radius/calls.json"),
                 "join 2026-03-01T09:00:03Z id=192.0.2.7:0A1:start: customer=acme "
                 "conference=931C146B 0F4411D6 conference_name=8600 participant=1001 media=VoIP "
                 "direction=inbound" LEG("0A1"),
                 /* CET is not the same everywhere: the request's own time, less its delay */
                 "join 2026-03-01T09:00:05Z id=192.0.2.7:0A2:start: customer=acme "
                 "conference=931C146B 0F4411D6 participant=1002 direction=outbound" LEG("0A2"),
                 "ignored: interim update",
                 "leave 2026-03-01T09:10:00Z+595 id=192.0.2.7:0A2:stop:Mar 1 2026 09:10:00 UTC "
                 "conference=192.0.2.7:0A2 cause=user request" LEG("0A2"),
                 "leave 2026-03-01T09:10:01Z+597 id=192.0.2.7:0A1:stop: "
                 "conference=931C146B 0F4411D6 cause=Q.850 16" LEG("0A1"));
}

static struct span
packet(const struct request *r)
{
    return span_of((const char *)r->p, r->n);
}

/* A request and what whoever received it says of it. */
static struct span
received_at(const struct request *r, int second)
{
    char *p = xmalloc(r->n + 200);
    struct span edge;
    size_t n = r->n;

    memcpy(p, r->p, r->n);
    n += (size_t)sprintf(p + n,
                         "Callswell-Received: %d.500000\r\nCallswell-Peer: 198.51.100.9\r\n\r\n",
                         1772355600 + second);
    edge = at_the_edge(span_of(p, n));
    free(p);
    return edge;
}

static struct span
received(const struct request *r)
{
    return received_at(r, 10);
}

#define WHAT " conference_name=8600 participant=+4930123"

TEST(trap_a_packet_has_the_moment_of_its_arrival_less_its_delay)
{
    struct request r = request_session(1, 1, "s1");

    request_number(&r, 41, 10);
    request_sign(&r, "x");
    EXPECT_LINES("radius", received(&r),
                 "join 2026-03-01T09:00:00Z id=192.0.2.7:s1:start: customer=acme "
                 "conference=192.0.2.7:s1" WHAT LEG("s1"));
}

TEST(trap_a_delay_is_not_taken_off_a_time_of_the_event)
{
    struct request r = request_session(1, 2, "s1");

    request_number(&r, 41, 10);
    request_number(&r, 55, 1772355600);
    request_number(&r, 46, 60);
    request_number(&r, 49, 11);
    request_sign(&r, "x");
    EXPECT_LINES("radius", received(&r),
                 "leave 2026-03-01T09:00:00Z+60 id=192.0.2.7:s1:stop:1772355600 customer=acme "
                 "conference=192.0.2.7:s1" WHAT " cause=NAS reboot" LEG("s1"));
}

TEST(a_packet_with_attributes_of_cisco)
{
    struct request r = request_session(1, 2, "s1");

    request_cisco(&r, 24, "h323-conf-id=14392814 011511EB ABB6D8D3 85E1BACC");
    request_cisco(&r, 30, "h323-disconnect-cause=11");
    request_cisco(&r, 29, "h323-disconnect-time=.08:59:58.017 GMT Sun Mar 01 2026");
    request_cisco(&r, 1, "h323-call-id=1 2 3 4");
    request_number(&r, 46, 0);
    request_sign(&r, "x");
    EXPECT_LINES("radius", received(&r), /* 0x11 is 17: busy */
                 "leave 2026-03-01T08:59:58Z+0 outcome=2 id=192.0.2.7:s1:stop: customer=acme "
                 "conference=14392814 011511EB ABB6D8D3 85E1BACC" WHAT " cause=Q.850 17" LEG("s1"));
}

TEST(trap_the_cause_is_hexadecimal)
{
    struct request r = request_session(1, 2, "s1");

    request_cisco(&r, 30, "h323-disconnect-cause=2F");
    request_number(&r, 46, 0);
    request_sign(&r, "x");
    EXPECT_LINES("radius", received(&r),
                 "leave 2026-03-01T09:00:10Z+0 outcome=1 id=192.0.2.7:s1:stop: customer=acme "
                 "conference=192.0.2.7:s1" WHAT " cause=Q.850 47" LEG("s1"));
}

/* With a new identifier or the old one; the delay has grown meanwhile. */
TEST(trap_a_request_that_is_sent_again_has_the_same_id_and_moment)
{
    struct request first = request_session(1, 1, "s1"), again = request_session(9, 1, "s1");
    static const char want[] = "join 2026-03-01T09:00:05Z id=192.0.2.7:s1:start: customer=acme "
                               "conference=192.0.2.7:s1" WHAT LEG("s1");

    request_number(&first, 41, 5);
    request_sign(&first, "x");
    EXPECT_LINES("radius", received_at(&first, 10), want);
    request_number(&again, 41, 8);
    request_sign(&again, "x");
    EXPECT_LINES("radius", received_at(&again, 13), want);
}

/* RFC 2866, 5.10, and the names that FreeRADIUS' dictionary has for the numbers. */
TEST(trap_a_cause_is_the_same_by_its_number_and_by_its_name)
{
    static const struct {
        const char *number, *name, *want;
    } causes[] = {
        {"1", "User-Request", "user request"},
        {"6", "Admin-Reset", "admin reset"},
        {"9", "NAS-Error", "NAS error"},
        {"18", "Host-Request", "host request"},
        {"99", "Some-Cause", NULL},
    };

    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        for (int named = 0; named < 2; named++) {
            const char *cause = named ? causes[i].name : causes[i].number;
            char text[400], want[400];

            snprintf(text, sizeof text,
                     "{\"Acct-Status-Type\":\"Stop\",\"NAS-Identifier\":\"gw\",\"Acct-Session-Id\":"
                     "\"7\",\"Event-Timestamp\":1772355600,\"Acct-Terminate-Cause\":\"%s\"}",
                     cause);
            snprintf(want, sizeof want,
                     "leave 2026-03-01T09:00:00Z id=gw:7:stop:1772355600 conference=gw:7 cause=%s "
                     "leg=gw:7",
                     causes[i].want ? causes[i].want : cause);
            EXPECT_LINES("radius", span_str(text), want);
        }
}

TEST(trap_repeated_keys_are_all_read)
{
    struct format_options o = shipped_options("radius");

    o.map = LIST("customer=tenant", "service=queue");
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN("{\"Acct-Status-Type\":1,\"NAS-Identifier\":\"gw\",\"Acct-Session-Id\":7,"
                         "\"Cisco-AVPair\":\"tenant=acme\",\"Cisco-AVPair\":\"queue=gold=1\","
                         "\"Timestamp\":\"1772355600.5\"}"),
                    LIST("join 2026-03-01T09:00:00Z id=gw:7:start: customer=acme conference=gw:7 "
                         "service=gold=1 leg=gw:7"));
}

TEST(trap_interim_updates_and_servers_that_begin_and_end_are_no_sessions)
{
    struct request on = request_session(1, 7, NULL), off = request_session(1, 8, NULL),
                   other = request_session(1, 15, "s");

    request_sign(&on, "x");
    request_sign(&off, "x");
    request_sign(&other, "x");
    EXPECT_LINES("radius", received(&on), "ignored: start or end of a server");
    EXPECT_LINES("radius", received(&off), "ignored: start or end of a server");
    EXPECT_LINES("radius", received(&other), "ignored: other status");
}

/* The sender's own address stands in for what it does not say of itself. */
TEST(a_packet_that_names_no_server_is_of_its_sender)
{
    struct request r = request_begin(1);

    request_number(&r, 40, 1);
    request_bytes(&r, 44, "s1\0", 3); /* some end their texts as C does */
    request_text(&r, 1, "acme");
    request_sign(&r, "x");
    EXPECT_LINES("radius", received(&r),
                 "join 2026-03-01T09:00:10Z id=198.51.100.9:s1:start: customer=acme "
                 "conference=198.51.100.9:s1 participant=acme leg=198.51.100.9:s1");
}

TEST(what_is_no_request_is_refused_with_the_reason)
{
    struct request r = request_session(1, 1, "s1"), cut, reply;

    request_sign(&r, "x");
    EXPECT_LINES("radius", packet(&r), "refused: start: missing"); /* who knows when it came? */
    cut = r;
    cut.n -= 3;
    EXPECT_LINES("radius", packet(&cut), "refused: packet: cut off, or its length is wrong");
    cut = r;
    cut.p[21] = 1; /* the first attribute */
    EXPECT_LINES("radius", received(&cut), "refused: attribute: its length is wrong");
    reply = request_begin(1);
    request_sign(&reply, "x");
    EXPECT_LINES("radius", received(&reply), "refused: Acct-Status-Type: missing");
    reply.p[0] = 5;
    EXPECT_LINES("radius", packet(&reply), "refused: packet: not an accounting request");
    r = request_session(1, 1, NULL);
    request_sign(&r, "x");
    EXPECT_LINES("radius", received(&r), "refused: Acct-Session-Id: missing");
    EXPECT_LINES("radius", SPAN("nonsense\n"), "refused: packet: cut off, or its length is wrong");
    EXPECT_LINES("radius", SPAN("{\"a\":\n"), "refused: not JSON: it ends too early");
}

TEST(packets_behind_one_another_are_told_apart)
{
    struct request a = request_session(1, 3, "s1"), b = request_session(2, 7, NULL);
    struct span first, second;
    char *both = xmalloc(sizeof a.p * 2);

    request_sign(&a, "x");
    request_sign(&b, "x");
    first = received(&a);
    second = packet(&b);
    memcpy(both, first.p, first.n);
    memcpy(both + first.n, second.p, second.n);
    memcpy(both + first.n + second.n, first.p, first.n);
    EXPECT_LINES("radius", span_of(both, 2 * first.n + second.n), "ignored: interim update",
                 "ignored: start or end of a server", "ignored: interim update");
    free(both);
}

TEST(a_start_of_a_real_softswitch)
{
    EXPECT_LINES("radius", outside_sample("radius_acct/sample1.json"),
                 "join 2020-09-27T23:00:21Z "
                 "id=9.9.9.9:00123553-94463159-AV1:start:Sep 28 2020 02:00:21 MSK "
                 "customer=1234567890 conference=14392814 011511EB ABB6D8D3 85E1BACC "
                 "conference_name=1234567890 participant=1234567890 media=VoIP direction=inbound "
                 "leg=9.9.9.9:00123553-94463159-AV1");
}
