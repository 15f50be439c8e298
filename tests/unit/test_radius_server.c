/*
 * test_radius_server.c - requests that are answered after the commit, or never.
 */
#include "connection_rig.h"
#include "radius_build.h"

struct client {
    int fd;
    unsigned char got[4096];
    ssize_t n;
};

static struct client
client_open(const struct rig *r)
{
    struct client c = {.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};

    CHECK(dial_with(c.fd, r->ops->port(r->in)));
    return c;
}

static void
client_send(const struct client *c, const struct request *q)
{
    CHECK(send(c->fd, q->p, q->n, 0) == (ssize_t)q->n);
}

static bool
client_hears(struct client *c)
{
    c->n = recv(c->fd, c->got, sizeof c->got, MSG_DONTWAIT);
    return c->n > 0;
}

static struct rig
radius_rig(void)
{
    struct rig r = connection_rig("radius");

    r.cfg.secret = (char *)"testing123";
    return r;
}

/* As a client does that has kept its request. */
static void
check_response(const struct client *c, const struct request *q, const char *secret)
{
    unsigned char text[4096 + 64], sum[EVP_MAX_MD_SIZE];
    size_t n = (size_t)c->n;

    CHECK_INT(c->got[0], 5);
    CHECK_INT(c->got[1], q->p[1]);
    CHECK_INT(c->got[2] << 8 | c->got[3], c->n);
    memcpy(text, c->got, n);
    memcpy(text + 4, q->p + 4, 16);
    memcpy(text + n, secret, strlen(secret));
    CHECK(EVP_Digest(text, n + strlen(secret), sum, NULL, EVP_md5(), NULL) == 1);
    CHECK(memcmp(sum, c->got + 4, 16) == 0);
}

static struct request
signed_session(unsigned char id, uint32_t status, const char *session)
{
    struct request q = request_session(id, status, session);

    request_sign(&q, "testing123");
    return q;
}

TEST(radius_answers_after_the_commit)
{
    struct rig r = radius_rig();
    struct request q = signed_session(7, 1, "s1");
    struct client c;

    rig_start(&r);
    c = client_open(&r);
    r.engine->answers_late = true;
    client_send(&c, &q);
    UNTIL(r.base, r.engine->frame_n == 1);
    for (int i = 0; i < 20; i++)
        event_base_loop(r.base, EVLOOP_NONBLOCK);
    CHECK(!client_hears(&c));
    fake_answer(r.engine);
    UNTIL(r.base, client_hears(&c));
    check_response(&c, &q, "testing123");
    CHECK_INT(c.n, 20);
    CHECK(memcmp(r.engine->frames[0].p, q.p, q.n) == 0);
    CHECK(strncmp(r.engine->frames[0].p + q.n, "Callswell-Received: ", 20) == 0);
    CHECK(strstr(r.engine->frames[0].p + q.n, "\r\nCallswell-Peer: 127.0.0.1\r\n\r\n"));
    CHECK(r.engine->feed.exact);
    close(c.fd);
    rig_free(&r);
}

TEST(radius_trap_a_request_that_is_repeated_is_answered_again)
{
    struct rig r = radius_rig();
    struct request q = signed_session(7, 1, "s1");
    struct client c;

    rig_start(&r);
    c = client_open(&r);
    for (size_t i = 1; i <= 3; i++) {
        client_send(&c, &q);
        UNTIL(r.base, client_hears(&c));
        check_response(&c, &q, "testing123");
        CHECK_INT(r.engine->frame_n, i); /* its id is the format's business */
    }
    close(c.fd);
    rig_free(&r);
}

TEST(radius_gives_back_what_proxies_wrote_in_its_order)
{
    struct rig r = radius_rig();
    struct request q = request_session(9, 1, "s1");
    struct client c;

    request_text(&q, 33, "first");
    request_number(&q, 55, 1772355600);
    request_text(&q, 33, "second");
    request_sign(&q, "testing123");
    rig_start(&r);
    c = client_open(&r);
    client_send(&c, &q);
    UNTIL(r.base, client_hears(&c));
    check_response(&c, &q, "testing123");
    CHECK_INT(c.n, 20 + 7 + 8);
    CHECK(memcmp(c.got + 20,
                 "\x21\x07"
                 "first\x21\x08"
                 "second",
                 15) == 0);
    close(c.fd);
    rig_free(&r);
}

/* A good one behind bad ones shows that those have been looked at. */
static void
expect_no_answer(struct rig *r, struct client *c, const struct request *bad, const char *why)
{
    struct request good = signed_session(200, 1, "good");
    size_t before = r->engine->frame_n;

    client_send(c, bad);
    client_send(c, &good);
    UNTIL(r->base, client_hears(c));
    CHECK_INT(c->got[1], 200);
    CHECK_INT(r->engine->frame_n, before + 1);
    UNTIL(r->base, strstr(r->engine->feed.problem, why));
}

TEST(radius_trap_who_does_not_know_the_secret_is_not_answered)
{
    struct rig r = radius_rig();
    struct request q = request_session(1, 1, "s1"), damaged, other;
    struct client c;

    rig_start(&r);
    c = client_open(&r);
    request_sign(&q, "testing124");
    expect_no_answer(&r, &c, &q, "the secret is another, or the packet is damaged");
    damaged = signed_session(1, 1, "s1");
    damaged.p[damaged.n - 1] ^= 1;
    expect_no_answer(&r, &c, &damaged, "the secret is another");
    other = signed_session(1, 1, "s1");
    other.p[0] = 1;
    expect_no_answer(&r, &c, &other, "no accounting request");
    other = signed_session(1, 1, "s1");
    other.n -= 1;
    expect_no_answer(&r, &c, &other, "no accounting request");
    UNTIL(r.base, r.engine->feed.lost == 4);
    close(c.fd);
    rig_free(&r);
}

/* RFC 2865, section 3: what stands behind the packet's length is padding. */
TEST(radius_passes_over_padding)
{
    struct rig r = radius_rig();
    struct request q = signed_session(7, 1, "s1");
    size_t n = q.n;
    struct client c;

    rig_start(&r);
    c = client_open(&r);
    q.n += 10;
    client_send(&c, &q);
    UNTIL(r.base, client_hears(&c));
    CHECK(strncmp(r.engine->frames[0].p + n, "Callswell-Received: ", 20) == 0);
    close(c.fd);
    rig_free(&r);
}

TEST(radius_takes_the_secret_of_the_smallest_network)
{
    char *nas[] = {(char *)"127.0.0.0/8=loop", (char *)"127.0.0.1=one", (char *)"::/0=six", NULL};
    struct rig r = radius_rig();
    struct request q = request_session(1, 1, "s1");
    struct client c;

    r.cfg.nas = nas;
    rig_start(&r);
    c = client_open(&r);
    request_sign(&q, "one");
    client_send(&c, &q);
    UNTIL(r.base, client_hears(&c));
    check_response(&c, &q, "one");
    nas[0] = (char *)"10.0.0.0/8=ten"; /* a changed section: the next request is another's */
    nas[1] = (char *)"127.0.0.2=two";
    r.cfg.secret = NULL;
    CHECK_INT(r.ops->change(r.in, &r.cfg, &r.limits, NULL), ST_OK);
    client_send(&c, &q);
    UNTIL(r.base, strstr(r.engine->feed.problem, "there is no secret for this sender"));
    CHECK(!client_hears(&c));
    close(c.fd);
    rig_free(&r);
}

TEST(radius_waits_for_the_engine_and_answers_then)
{
    struct rig r = radius_rig();
    struct request q = signed_session(1, 1, "s1");
    struct client c;

    rig_start(&r);
    c = client_open(&r);
    r.engine->room = 0;
    client_send(&c, &q);
    UNTIL(r.base, r.engine->refused > 0);
    CHECK(!client_hears(&c));
    r.engine->room = -1;
    r.ops->resume(r.in);
    UNTIL(r.base, client_hears(&c));
    check_response(&c, &q, "testing123");
    close(c.fd);
    rig_free(&r);
}

TEST(radius_trap_a_server_that_starts_anew_ends_its_sessions)
{
    struct rig r = radius_rig();
    struct client c;
    struct request q;
    const char *list;

    rig_start(&r);
    c = client_open(&r);
    for (unsigned char i = 0; i < 4; i++) { /* s0 ends by itself; s3 begins after the restart */
        char session[] = {'s', (char)('0' + i), '\0'};

        q = request_session(i, 1, session);
        request_number(&q, 55, i < 3 ? 1772355600 : 1772359300);
        request_sign(&q, "testing123");
        client_send(&c, &q);
    }
    q = signed_session(4, 2, "s0");
    client_send(&c, &q);
    UNTIL(r.base, r.engine->frame_n == 5);
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 3 sessions open"));
    q = request_session(5, 7, NULL);
    request_number(&q, 55, 1772359200);
    request_sign(&q, "testing123");
    client_send(&c, &q);
    UNTIL(r.base, r.engine->frame_n == 7);
    list = r.engine->frames[6].p;
    CHECK(list[0] == '[' && list[r.engine->frames[6].n - 1] == ']');
    CHECK(strstr(list, "\"Acct-Session-Id\":\"s1\"") && strstr(list, "\"Acct-Session-Id\":\"s2\""));
    CHECK(!strstr(list, "\"s0\"") && !strstr(list, "\"s3\""));
    CHECK(strstr(list, "\"Acct-Status-Type\":\"Stop\"") &&
          strstr(list, "\"NAS-IP-Address\":\"192.0.2.7\"") &&
          strstr(list, "\"Event-Timestamp\":\"1772359200\""));
    client_send(&c, &q); /* once more */
    UNTIL(r.base, r.engine->frame_n == 8);
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 1 sessions open"));
    close(c.fd);
    rig_free(&r);
}

static void
tell(const struct client *c, unsigned char id, uint32_t status, const char *session, uint32_t at)
{
    struct request q = request_session(id, status, session);

    if (at > 0)
        request_number(&q, 55, at);
    request_sign(&q, "testing123");
    client_send(c, &q);
}

/* An interim update opens no session and ends none, but its sender wants an answer, too. */
TEST(radius_trap_interim_updates_are_answered_and_change_nothing)
{
    struct rig r = radius_rig();
    struct client c;

    rig_start(&r);
    c = client_open(&r);
    tell(&c, 1, 1, "s1", 1772355600);
    UNTIL(r.base, client_hears(&c));
    tell(&c, 2, 3, "s1", 1772355660);
    UNTIL(r.base, client_hears(&c));
    CHECK_INT(c.got[1], 2);
    tell(&c, 3, 3, "s9", 1772355660);
    UNTIL(r.base, client_hears(&c));
    CHECK_INT(c.got[1], 3);
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 1 sessions open"));
    CHECK_INT(r.engine->frame_n, 3);
    close(c.fd);
    rig_free(&r);
}

/* Accounting-Off as -On. Without a time of the event it was made so long before it came as its
 * delay says: who began after that is not meant. */
TEST(radius_trap_accounting_off_ends_what_was_open_when_it_was_made)
{
    struct rig r = radius_rig();
    struct request off = request_session(3, 8, NULL);
    uint32_t now = (uint32_t)clock_now();
    struct client c;
    const char *list;
    const char *when = "\"Event-Timestamp\":\"";

    rig_start(&r);
    c = client_open(&r);
    tell(&c, 1, 1, "before", now - 300);
    tell(&c, 2, 1, "after", now - 10);
    UNTIL(r.base, r.engine->frame_n == 2);
    request_number(&off, 41, 120);
    request_sign(&off, "testing123");
    client_send(&c, &off);
    UNTIL(r.base, r.engine->frame_n == 4);
    list = r.engine->frames[3].p;
    CHECK(strstr(list, "\"before\"") && !strstr(list, "\"after\""));
    CHECK(strstr(list, when));
    CHECK(atoll(strstr(list, when) + strlen(when)) >= (long long)now - 120);
    CHECK(atoll(strstr(list, when) + strlen(when)) <= (long long)clock_now() - 120);
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 1 sessions open"));
    close(c.fd);
    rig_free(&r);
}

TEST(radius_answers_what_is_committed_while_it_leaves)
{
    struct rig r = radius_rig();
    struct request q = signed_session(1, 1, "s1");
    struct client c;
    int gone = 0;

    rig_start(&r);
    c = client_open(&r);
    r.engine->answers_late = true;
    client_send(&c, &q);
    UNTIL(r.base, r.engine->frame_n == 1);
    rig_leave(&r, &gone);
    for (int i = 0; i < 20; i++)
        event_base_loop(r.base, EVLOOP_NONBLOCK);
    CHECK_INT(gone, 0);
    fake_answer(r.engine);
    UNTIL(r.base, gone == 1);
    CHECK(client_hears(&c));
    check_response(&c, &q, "testing123");
    close(c.fd);
    rig_free(&r);
}

TEST(radius_knows_the_sessions_from_before_the_restart)
{
    static const struct open_stay before[] = {
        {.conference = SPAN("1 2 3 4"), .leg = SPAN("192.0.2.7:a:b"), .since = 1772355600},
        {.conference = SPAN("2001:db8:0:0:0:0:0:1:s2"), .leg = SPAN("2001:db8:0:0:0:0:0:1:s2")},
        {.conference = SPAN("192.0.2.8:s3"), .leg = SPAN("192.0.2.8:s3"), .since = 1772355600}};
    struct rig r = radius_rig();
    struct request q = request_session(5, 7, NULL);
    struct client c;

    r.engine->stays = before;
    r.engine->stay_n = 3;
    rig_start(&r);
    CHECK(strstr(r.engine->feed.detail, ", 3 sessions open"));
    c = client_open(&r);
    request_sign(&q, "testing123");
    client_send(&c, &q);
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK(
        strstr(r.engine->frames[1].p, "\"Acct-Session-Id\":\"a:b\",\"h323-conf-id\":\"1 2 3 4\""));
    CHECK(!strstr(r.engine->frames[1].p, "s3"));
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 2 sessions open"));
    close(c.fd);
    rig_free(&r);
}
