/*
 * test_ami.c - a manager interface that greets, lets in or not, lists, tells, drops and comes back.
 */
#include "dialing_rig.h"

#define GREETING "Asterisk Call Manager/9.0.0\r\n"
#define WELCOME                                                                                    \
    "Response: Success\r\nActionID: callswell-login\r\nMessage: Authentication accepted\r\n\r\n"
#define CHALLENGE                                                                                  \
    "Response: Success\r\nActionID: callswell-challenge\r\nChallenge: 155066324\r\n\r\n"
/* printf %s 155066324s3cret | md5sum */
#define KEY "a2f4edfb24bf29753edb1a90d6866d84"
#define NOBODY                                                                                     \
    "Response: Error\r\nActionID: callswell-rooms\r\nMessage: No active conferences.\r\n\r\n"
#define ROOM_77                                                                                    \
    "Response: Success\r\nActionID: callswell-bridges\r\n\r\n"                                     \
    "Event: BridgeListItem\r\nActionID: callswell-bridges\r\nBridgeUniqueid: b-1\r\n"              \
    "BridgeCreator: ConfBridge\r\nBridgeName: 77\r\n\r\n"                                          \
    "Event: BridgeListItem\r\nActionID: callswell-bridges\r\nBridgeUniqueid: b-2\r\n"              \
    "BridgeCreator: <unknown>\r\nBridgeName: 77\r\n\r\n"                                           \
    "Event: BridgeListComplete\r\nActionID: callswell-bridges\r\n\r\n"                             \
    "Event: ConfbridgeListRooms\r\nActionID: callswell-rooms\r\nConference: 77\r\n\r\n"            \
    "Event: ConfbridgeListRoomsComplete\r\nActionID: callswell-rooms\r\n\r\n"
#define MEMBER(channel, id)                                                                        \
    "Event: ConfbridgeList\r\nActionID: callswell-members\r\nConference: 77\r\nAdmin: No\r\n"      \
    "AnsweredTime: 71\r\nChannel: " channel "\r\nCallerIDNum: 200\r\nUniqueid: " id "\r\n\r\n"
#define MEMBERS_END                                                                                \
    "Event: ConfbridgeListComplete\r\nActionID: callswell-members\r\nListItems: 2\r\n\r\n"
#define EVENT(name, channel, id)                                                                   \
    "Event: " name "\r\nPrivilege: call,all\r\nConference: 77\r\nBridgeUniqueid: b-1\r\n"          \
    "Channel: " channel "\r\nCallerIDNum: 200\r\nUniqueid: " id "\r\nAdmin: No\r\n\r\n"

/* Connected, logged in, and the roll call has been asked for. */
static void
let_in(struct rig *r, struct server *s)
{
    server_accept(r, s);
    server_say(s, GREETING);
    EXPECT(r, s, "Action: Challenge\r\nActionID: callswell-challenge\r\nAuthType: MD5\r\n\r\n");
    server_say(s, CHALLENGE);
    EXPECT(r, s, "Action: Login\r\n");
    EXPECT(r, s, "AuthType: MD5\r\nUsername: u\r\nKey: " KEY "\r\nEvents: call,cdr\r\n\r\n");
    server_say(s, WELCOME);
    EXPECT(r, s, "Action: ConfbridgeListRooms\r\n");
}

TEST(ami_logs_in_and_hands_on_events_with_the_moment_of_their_arrival)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);
    long long second = 0;

    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, NOBODY);
    server_say(&s, EVENT("ConfbridgeJoin", "SIP/1-1", "1.1"));
    UNTIL(r.base, r.engine->frame_n == 1);
    CHECK(sscanf(r.engine->frames[0].p, "Callswell-Received: %lld.", &second) == 1);
    CHECK(second >= clock_now() - 60 && second <= clock_now());
    CHECK(strstr(r.engine->frames[0].p, "\r\nEvent: ConfbridgeJoin\r\nPrivilege: call,all\r\n"));
    CHECK_STR(r.engine->frames[0].p + r.engine->frames[0].n - 4, "\r\n\r\n");
    UNTIL(r.base, strstr(r.engine->feed.detail, "1 in conferences"));
    CHECK(strstr(r.engine->feed.detail, "connected since 2"));
    CHECK(!r.engine->feed.exact && !r.engine->feed.promise); /* at most once */
    CHECK_STR(r.engine->feed.problem, "");
    rig_free(&r);
    server_close(&s);
}

TEST(ami_packets_may_be_cut_anywhere)
{
    const char *all = GREETING WELCOME NOBODY EVENT("ConfbridgeJoin", "SIP/1-1", "1.1")
        EVENT("ConfbridgeLeave", "SIP/1-1", "1.1");
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    rig_start(&r);
    server_accept(&r, &s);
    for (const char *p = all; *p; p++) {
        CHECK(send(s.fd, p, 1, MSG_NOSIGNAL) == 1);
        event_base_loop(r.base, EVLOOP_NONBLOCK);
    }
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK(strstr(r.engine->frames[0].p, "Event: ConfbridgeJoin"));
    CHECK(strstr(r.engine->frames[1].p, "Event: ConfbridgeLeave"));
    rig_free(&r);
    server_close(&s);
}

TEST(ami_what_was_asked_for_is_not_handed_on)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, ROOM_77);
    EXPECT(&r, &s, "Action: ConfbridgeList\r\nActionID: callswell-members\r\nConference: 77\r\n");
    server_say(&s, MEMBER("SIP/9-1", "9.1") MEMBERS_END);
    server_say(&s, EVENT("ConfbridgeJoin", "SIP/1-1", "1.1"));
    UNTIL(r.base, r.engine->frame_n == 2);
    /* Who was there before us joined, of the room's own bridge. */
    CHECK(strstr(r.engine->frames[0].p, "Event: ConfbridgeList\r\nBridgeUniqueid: b-1\r\n"));
    CHECK(strstr(r.engine->frames[0].p, "Uniqueid: 9.1\r\n"));
    CHECK(!strstr(r.engine->frames[0].p, "ActionID"));
    rig_free(&r);
    server_close(&s);
}

TEST(ami_after_a_lost_connection_who_is_gone_leaves_and_who_is_new_joins)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);
    int64_t lost_at;
    const char *leave;
    long long second = 0;

    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, NOBODY);
    server_say(&s,
               EVENT("ConfbridgeJoin", "SIP/1-1", "1.1") EVENT("ConfbridgeJoin", "SIP/2-2", "2.2")
                   EVENT("ConfbridgeJoin", "SIP/3-3", "3.3")
                       EVENT("ConfbridgeLeave", "SIP/3-3", "3.3"));
    server_say(&s, "Event: ConfbridgeJ"); /* drops in the middle of a packet */
    UNTIL(r.base, r.engine->frame_n == 4);
    lost_at = clock_now();
    close(s.fd);
    s.fd = -1;
    UNTIL(r.base, r.engine->feed.lost == 1);
    CHECK(strstr(r.engine->feed.problem, "closed the connection"));
    CHECK(strstr(r.engine->feed.detail, "waiting until"));
    let_in(&r, &s);
    server_say(&s, ROOM_77);
    EXPECT(&r, &s, "Conference: 77\r\n");
    server_say(&s, MEMBER("SIP/2-2", "2.2") MEMBER("SIP/4-4", "4.4") MEMBERS_END);
    UNTIL(r.base, r.engine->frame_n == 6);
    CHECK(frame_with(&r, 4, "Uniqueid: 4.4\r\n"));
    CHECK(strstr(frame_with(&r, 4, "Uniqueid: 4.4\r\n"), "Event: ConfbridgeList\r\n"));
    leave = frame_with(&r, 4, "Uniqueid: 1.1\r\n");
    CHECK(leave && strstr(leave, "Event: ConfbridgeLeave\r\n") &&
          strstr(leave, "BridgeUniqueid: b-1\r\n") && strstr(leave, "Conference: 77\r\n"));
    CHECK(sscanf(leave, "Callswell-Received: %lld.", &second) == 1 && second <= lost_at);
    UNTIL(r.base, r.engine->feed.problem[0] == '\0');
    rig_free(&r);
    server_close(&s);
}

TEST(ami_who_may_not_see_the_rooms_sends_nobody_away)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, NOBODY EVENT("ConfbridgeJoin", "SIP/1-1", "1.1"));
    UNTIL(r.base, r.engine->frame_n == 1);
    close(s.fd);
    s.fd = -1;
    let_in(&r, &s);
    server_say(&s, "Response: Error\r\nActionID: callswell-rooms\r\nMessage: Permission denied"
                   "\r\n\r\n" EVENT("ConfbridgeJoin", "SIP/5-5", "5.5"));
    UNTIL(r.base, r.engine->frame_n == 2);
    UNTIL(r.base, strstr(r.engine->feed.detail, "2 in conferences, it does not say who"));
    rig_free(&r);
    server_close(&s);
}

TEST(ami_lists_that_do_not_say_whose_channels_they_name_send_nobody_away)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, NOBODY EVENT("ConfbridgeJoin", "SIP/1-1", "1.1"));
    UNTIL(r.base, r.engine->frame_n == 1);
    close(s.fd);
    s.fd = -1;
    let_in(&r, &s);
    server_say(&s, ROOM_77 "Event: ConfbridgeList\r\nActionID: callswell-members\r\n"
                           "Conference: 77\r\nChannel: SIP/2-2\r\n\r\n" MEMBERS_END);
    UNTIL(r.base, strstr(r.engine->feed.detail, "1 in conferences, it does not say who"));
    CHECK_INT(r.engine->frame_n, 1);
    rig_free(&r);
    server_close(&s);
}

TEST(ami_internal_channels_and_ended_rooms_leave_nobody_behind)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, NOBODY EVENT("ConfbridgeJoin", "SIP/1-1", "1.1"));
    server_say(&s, "Event: ConfbridgeJoin\r\nConference: 77\r\nBridgeUniqueid: b-1\r\n\r\n");
    UNTIL(r.base, strstr(r.engine->feed.detail, " 1 in conferences"));
    server_say(&s, "Event: ConfbridgeEnd\r\nConference: 77\r\nBridgeUniqueid: b-1\r\n\r\n");
    UNTIL(r.base, strstr(r.engine->feed.detail, " 0 in conferences"));
    CHECK_INT(r.engine->frame_n, 3);
    rig_free(&r);
    server_close(&s);
}

/* Whoever asks for the secret in clear text does not get it. */
TEST(ami_without_a_challenge_there_is_no_login)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, GREETING);
    EXPECT(&r, &s, "Action: Challenge\r\n");
    server_say(&s, "Response: Error\r\nActionID: callswell-challenge\r\n"
                   "Message: Must specify AuthType\r\n\r\n");
    UNTIL(r.base, r.engine->feed.problem[0]);
    CHECK_STR(r.engine->feed.problem, "login refused: it offers no MD5 challenge");
    rig_free(&r);
    server_close(&s);
}

TEST(ami_a_refused_login_is_said_and_not_tried_again_at_once)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);
    int64_t from;

    rig_start(&r);
    for (int i = 0; i < 2; i++) {
        server_accept(&r, &s);
        from = clock_mono_ms();
        server_say(&s, GREETING);
        EXPECT(&r, &s, "Action: Challenge\r\n");
        server_say(&s, CHALLENGE);
        EXPECT(&r, &s, "Action: Login\r\n");
        server_say(&s, "Response: Error\r\nActionID: callswell-login\r\n"
                       "Message: Authentication failed\r\n\r\n");
        UNTIL(r.base, server_is_left(&s));
        CHECK_STR(r.engine->feed.problem, "login refused: Authentication failed");
    }
    server_accept(&r, &s); /* 16 times 20 ms, twice, three quarters of that at least */
    CHECK(clock_mono_ms() - from >= 16 * 20 * 2 * 3 / 4);
    rig_free(&r);
    server_close(&s);
}

TEST(ami_what_greets_otherwise_is_told_apart)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, "SSH-2.0-OpenSSH_9.2\r\n");
    UNTIL(r.base, server_is_left(&s));
    CHECK(strstr(r.engine->feed.problem, "no manager interface: it says  SSH-2.0-OpenSSH_9.2"));
    rig_free(&r);
    server_close(&s);
}

TEST(ami_a_server_that_is_silent_is_asked_and_given_up)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    r.cfg.keep_alive_ms = 30;
    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, NOBODY);
    EXPECT(&r, &s, "Action: Ping\r\n");
    server_say(&s, "Response: Success\r\nPing: Pong\r\nActionID: callswell-ping\r\n\r\n");
    EXPECT(&r, &s, "Action: Ping\r\n");
    UNTIL(r.base, server_is_left(&s));
    CHECK(strstr(r.engine->feed.problem, "stopped answering"));
    let_in(&r, &s);
    rig_free(&r);
    server_close(&s);
}

TEST(ami_waits_for_the_engine_and_loses_nothing)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, NOBODY);
    r.engine->room = 0;
    for (int i = 0; i < 100; i++)
        server_say(&s, EVENT("ConfbridgeJoin", "SIP/1-1", "1.1"));
    UNTIL(r.base, r.engine->refused > 0);
    CHECK_INT(r.engine->frame_n, 0);
    close(s.fd); /* what was sent before is read nevertheless */
    s.fd = -1;
    r.engine->room = -1;
    r.ops->resume(r.in);
    UNTIL(r.base, r.engine->frame_n == 100);
    CHECK_INT(r.engine->feed.lost, 0);
    rig_free(&r);
    server_close(&s);
}

TEST(ami_a_packet_without_end_is_not_collected_for_ever)
{
    static char much[65537];
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    memset(much, 'x', sizeof much - 1);
    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, "Event: ");
    for (int i = 0; i < 40 && !server_is_left(&s); i++) {
        send(s.fd, much, sizeof much - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        for (int k = 0; k < 5; k++)
            event_base_loop(r.base, EVLOOP_NONBLOCK);
    }
    UNTIL(r.base, strstr(r.engine->feed.problem, "more than 1048576 bytes"));
    rig_free(&r);
    server_close(&s);
}

TEST(ami_goes_on_under_a_changed_section_and_logs_in_anew_as_somebody_else)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);
    struct config_input other = r.cfg;
    struct error err;

    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, NOBODY);
    other.source = (char *)"pbx-2";
    CHECK_INT(r.ops->change(r.in, &other, &r.limits, &err), ST_OK);
    server_say(&s, EVENT("ConfbridgeJoin", "SIP/1-1", "1.1"));
    UNTIL(r.base, r.engine->frame_n == 1);
    CHECK_STR(r.engine->frames[0].source, "pbx-2");
    CHECK(!server_is_left(&s));
    other.format = (char *)"unknown";
    CHECK_INT(r.ops->change(r.in, &other, &r.limits, &err), ST_BAD_CONFIG);
    other.format = r.cfg.format;
    other.user = (char *)"somebody";
    CHECK_INT(r.ops->change(r.in, &other, &r.limits, &err), ST_OK);
    UNTIL(r.base, server_is_left(&s));
    server_accept(&r, &s);
    server_say(&s, GREETING);
    EXPECT(&r, &s, "Action: Challenge\r\n");
    server_say(&s, CHALLENGE);
    EXPECT(&r, &s, "Username: somebody\r\n");
    rig_free(&r);
    server_close(&s);
}

TEST(ami_nobody_there_is_a_problem_that_passes)
{
    struct server s;
    struct rig r = dialing_rig("ami", &s);
    char name[48];
    int port = atoi(strchr(s.address, ':') + 1);

    snprintf(name, sizeof name, "localhost:%d", port); /* through the resolver */
    r.cfg.address = name;
    close(s.listener);
    rig_start(&r);
    UNTIL(r.base, strstr(r.engine->feed.problem, "refused"));
    r.cfg.address = (char *)"no-such-host.invalid:5038";
    CHECK_INT(r.ops->change(r.in, &r.cfg, &r.limits, NULL), ST_OK);
    UNTIL(r.base, strstr(r.engine->feed.problem, "no-such-host.invalid: "));
    s = server_open();
    r.cfg.address = s.address;
    CHECK_INT(r.ops->change(r.in, &r.cfg, &r.limits, NULL), ST_OK);
    let_in(&r, &s);
    UNTIL(r.base, r.engine->feed.problem[0] == '\0');
    rig_free(&r);
    server_close(&s);
}

/* Who was there before a restart and still is joins no second time. */
TEST(ami_knows_who_is_there_from_before_the_restart)
{
    static const struct open_stay before[] = {
        {.conference = SPAN("b-1"), .name = SPAN("77"), .leg = SPAN("1.1")},
        {.conference = SPAN("b-1"), .name = SPAN("77"), .leg = SPAN("2.2")}};
    struct server s;
    struct rig r = dialing_rig("ami", &s);

    r.engine->stays = before;
    r.engine->stay_n = 2;
    rig_start(&r);
    let_in(&r, &s);
    server_say(&s, ROOM_77);
    EXPECT(&r, &s, "Conference: 77\r\n");
    server_say(&s, MEMBER("SIP/2-2", "2.2") MEMBERS_END);
    UNTIL(r.base, r.engine->frame_n == 1);
    CHECK(strstr(r.engine->frames[0].p, "\r\nEvent: ConfbridgeLeave\r\nConference: 77\r\n"
                                        "BridgeUniqueid: b-1\r\nUniqueid: 1.1\r\n\r\n"));
    UNTIL(r.base, strstr(r.engine->feed.detail, ", 1 in conferences"));
    rig_free(&r);
    server_close(&s);
}
