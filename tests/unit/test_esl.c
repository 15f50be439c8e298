/*
 * test_esl.c - an event socket that asks for the password, lists, tells, drops and comes back.
 */
#include "dialing_rig.h"

#define ASKS     "Content-Type: auth/request\n\n"
#define ACCEPTS  "Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
#define LISTENED "Content-Type: command/reply\nReply-Text: +OK event listener enabled plain\n\n"

static void
say_body(struct server *s, const char *type, const char *body)
{
    struct buf b = {0};

    buf_printf(&b, "Content-Length: %zu\nContent-Type: %s\n\n%s", strlen(body), type, body);
    server_say(s, b.p);
    buf_clear(&b);
}

static void
say_event(struct server *s, const char *action, const char *room, const char *uuid)
{
    struct buf b = {0};

    buf_printf(&b,
               "Event-Name: CUSTOM\nEvent-Date-Timestamp: 1763800000000000\n"
               "Event-Subclass: conference%%3A%%3Amaintenance\nConference-Name: 3000\n"
               "Conference-Unique-ID: %s\nAction: %s\n",
               room, action);
    if (uuid)
        buf_printf(&b, "Member-ID: 7\nUnique-ID: %s\nCaller-Caller-ID-Name: A%%20B\n", uuid);
    buf_char(&b, '\n');
    say_body(s, "text/event-plain", b.p);
    buf_clear(&b);
}

static void
let_in(struct rig *r, struct server *s, const char *list)
{
    server_accept(r, s);
    server_say(s, ASKS);
    EXPECT(r, s, "auth ClueCon\n\n");
    server_say(s, ACCEPTS);
    EXPECT(r, s,
           "event plain CUSTOM conference::maintenance conference::cdr\n\n"
           "api conference xml_list\n\n");
    server_say(s, LISTENED);
    say_body(s, "api/response", list);
}

TEST(esl_logs_in_and_hands_on_packets_whole)
{
    struct server s;
    struct rig r = dialing_rig("esl", &s);

    rig_start(&r);
    let_in(&r, &s, "+OK No active conferences.\n");
    say_event(&s, "add-member", "c-1", "u-1");
    say_event(&s, "add-member", "c-1", "u-2");
    say_event(&s, "del-member", "c-1", "u-1");
    UNTIL(r.base, r.engine->frame_n == 3);
    CHECK(strncmp(r.engine->frames[0].p, "Content-Length: ", 16) == 0);
    CHECK(
        strstr(r.engine->frames[0].p, "\nContent-Type: text/event-plain\n\nEvent-Name: CUSTOM\n"));
    CHECK_STR(r.engine->frames[2].p + r.engine->frames[2].n - 2, "\n\n");
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 1 in conferences"));
    CHECK(!r.engine->feed.exact);
    rig_free(&r);
    server_close(&s);
}

TEST(esl_packets_may_be_cut_anywhere)
{
    static const char body[] = "Event-Name: CUSTOM\nContent-Length: 9\n\n<a>\n\n</a>";
    struct buf all = {0};
    struct server s;
    struct rig r = dialing_rig("esl", &s);

    buf_printf(&all, "%s%s%s", ASKS, ACCEPTS, LISTENED);
    for (int i = 0; i < 2; i++) /* a body of its own inside, with empty lines */
        buf_printf(&all, "Content-Length: %zu\nContent-Type: text/event-plain\n\n%s",
                   sizeof body - 1, body);
    rig_start(&r);
    server_accept(&r, &s);
    for (size_t i = 0; i < all.n; i++) {
        CHECK(send(s.fd, all.p + i, 1, MSG_NOSIGNAL) == 1);
        event_base_loop(r.base, EVLOOP_NONBLOCK);
    }
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(strstr(r.engine->frames[1].p, "\n\n") + 2, body);
    buf_clear(&all);
    rig_free(&r);
    server_close(&s);
}

static const char listed[] =
    "<?xml version=\"1.0\"?>\n<conferences>\n <conference name=\"30 0\" uuid=\"c-1\">\n"
    "  <members>\n   <member type=\"recording_node\"><record_path>/x</record_path></member>\n"
    "   <member type=\"caller\"><id>7</id><uuid>u-2</uuid><join_time>95</join_time></member>\n"
    "   <member type=\"caller\"><id>8</id><uuid>u-3</uuid>"
    "<caller_id_name>An: B</caller_id_name><caller_id_number>+49%</caller_id_number>"
    "<join_time>600</join_time></member>\n  </members>\n </conference>\n</conferences>\n";

/* A frame's own length says where it ends. */
static void
check_length(const char *frame)
{
    size_t n = 0;

    CHECK(sscanf(frame, "Content-Length: %zu\n", &n) == 1);
    CHECK_INT(n, strlen(strstr(frame, "\n\n") + 2));
}

static int64_t
stamp(const char *frame)
{
    long long us = 0;

    CHECK(sscanf(strstr(frame, "Event-Date-Timestamp: "), "Event-Date-Timestamp: %lld", &us) == 1);
    return us / 1000000;
}

TEST(esl_after_a_lost_connection_who_is_gone_leaves_and_who_is_new_joins)
{
    struct server s;
    struct rig r = dialing_rig("esl", &s);
    const char *gone, *new;

    rig_start(&r);
    let_in(&r, &s, "No active conferences.\n");
    say_event(&s, "add-member", "c-1", "u-1");
    say_event(&s, "add-member", "c-1", "u-2");
    UNTIL(r.base, r.engine->frame_n == 2);
    server_say(&s, "Content-Type: text/disconnect-notice\nContent-Length: 4\n\nBye\n");
    UNTIL(r.base, server_is_left(&s));
    CHECK(strstr(r.engine->feed.problem, "ends the connection"));
    let_in(&r, &s, listed);
    UNTIL(r.base, r.engine->frame_n == 4);
    gone = frame_with(&r, 2, "Action: del-member\n");
    new = frame_with(&r, 2, "Action: add-member\n");
    CHECK(gone && strstr(gone, "Unique-ID: u-1\n") && strstr(gone, "Conference-Unique-ID: c-1\n") &&
          strstr(gone, "Caller-Caller-ID-Name: A%20B\n"));
    CHECK(new &&strstr(new, "Unique-ID: u-3\n") && strstr(new, "Conference-Name: 30%200\n") &&
          strstr(new, "Caller-Caller-ID-Name: An%3A%20B\n") &&
          strstr(new, "Caller-Caller-ID-Number: +49%25\n"));
    CHECK(stamp(new) <= clock_now() - 600 && stamp(new) >= clock_now() - 660);
    CHECK(stamp(gone) <= clock_now() && stamp(gone) >= clock_now() - 60);
    check_length(gone);
    check_length(new);
    rig_free(&r);
    server_close(&s);
}

TEST(esl_a_list_that_cannot_be_read_sends_nobody_away)
{
    struct server s;
    struct rig r = dialing_rig("esl", &s);

    rig_start(&r);
    let_in(&r, &s, "-ERR conference Command not found!\n");
    say_event(&s, "add-member", "c-1", "u-1");
    UNTIL(r.base, strstr(r.engine->feed.detail, "1 in conferences, its list of them cannot"));
    close(s.fd);
    s.fd = -1;
    let_in(&r, &s, "<conferences><conference name=\"3000\"><members/></conference></conferences>");
    say_event(&s, "conference-destroy", "c-2", NULL);
    UNTIL(r.base, r.engine->frame_n == 2);
    UNTIL(r.base, strstr(r.engine->feed.detail, "1 in conferences, its list of them cannot"));
    say_event(&s, "conference-destroy", "c-1", NULL);
    UNTIL(r.base, strstr(r.engine->feed.detail, "0 in conferences"));
    rig_free(&r);
    server_close(&s);
}

TEST(esl_a_wrong_password_and_a_forbidden_address_are_said)
{
    struct server s;
    struct rig r = dialing_rig("esl", &s);

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, ASKS);
    EXPECT(&r, &s, "auth ClueCon\n\n");
    server_say(&s, "Content-Type: command/reply\nReply-Text: -ERR invalid\n\n");
    UNTIL(r.base, server_is_left(&s));
    CHECK_STR(r.engine->feed.problem, "login refused: -ERR invalid");
    server_accept(&r, &s);
    server_say(&s, "Content-Type: text/rude-rejection\nContent-Length: 24\n\n"
                   "Access Denied, go away.\n");
    UNTIL(r.base, server_is_left(&s));
    CHECK(strstr(r.engine->feed.problem, "login refused: Access Denied, go away."));
    rig_free(&r);
    server_close(&s);
}

TEST(esl_lengths_that_are_none_and_other_servers_are_left)
{
    static const char *const wrong[] = {
        "HTTP/1.1 400 Bad Request\r\n", "Content-Length: -1\nContent-Type: auth/request\n\n",
        "Content-Length: 99999999999\nContent-Type: auth/request\n\n",
        "Content-Length: x\nContent-Type: auth/request\n\n"};
    struct server s;
    struct rig r = dialing_rig("esl", &s);

    rig_start(&r);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        server_accept(&r, &s);
        server_say(&s, wrong[i]);
        UNTIL(r.base, server_is_left(&s));
        CHECK(strstr(r.engine->feed.problem, i ? "without a proper length" : "no event socket"));
    }
    rig_free(&r);
    server_close(&s);
}

TEST(esl_a_server_that_is_silent_is_asked)
{
    struct server s;
    struct rig r = dialing_rig("esl", &s);

    r.cfg.keep_alive_ms = 30;
    rig_start(&r);
    let_in(&r, &s, "No active conferences.\n");
    EXPECT(&r, &s, "api uptime\n\n");
    say_body(&s, "api/response", "4711\n");
    EXPECT(&r, &s, "api uptime\n\n");
    UNTIL(r.base, server_is_left(&s));
    rig_free(&r);
    server_close(&s);
}

TEST(esl_knows_who_is_there_from_before_the_restart)
{
    static const struct open_stay before[] = {
        {.conference = SPAN("c-1"), .name = SPAN("30 0"), .leg = SPAN("u-1:6")},
        {.conference = SPAN("c-1"), .name = SPAN("30 0"), .leg = SPAN("u-2:7")},
        {.conference = SPAN("c-1"), .name = SPAN("30 0"), .leg = SPAN("u-3:8")}};
    struct server s;
    struct rig r = dialing_rig("esl", &s);
    const char *gone;

    r.engine->stays = before;
    r.engine->stay_n = 3;
    rig_start(&r);
    let_in(&r, &s, listed);
    UNTIL(r.base, r.engine->frame_n == 1);
    gone = r.engine->frames[0].p;
    CHECK(strstr(gone, "Action: del-member\n") && strstr(gone, "Unique-ID: u-1\n") &&
          strstr(gone, "Member-ID: 6\n") && strstr(gone, "Conference-Name: 30%200\n") &&
          strstr(gone, "Conference-Unique-ID: c-1\n"));
    check_length(gone);
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 2 in conferences"));
    rig_free(&r);
    server_close(&s);
}
