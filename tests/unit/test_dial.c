/*
 * test_dial.c - a server that sends records to whoever connects, is held up, goes and comes back.
 */
#include "dialing_rig.h"

static struct rig
rig_new(struct server *s, const char *framing)
{
    struct rig r = dialing_rig("dial", s);

    r.cfg.framing = (char *)framing;
    return r;
}

TEST(dial_reads_lines_as_they_come)
{
    struct server s;
    struct rig r = rig_new(&s, "lines");

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, "Call 1,a\r\nCal");
    UNTIL(r.base, r.engine->frame_n == 1);
    server_say(&s, "l 2,b\r\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[0].p, "Call 1,a\r\n");
    CHECK_STR(r.engine->frames[1].p, "Call 2,b\r\n");
    UNTIL(r.base, strstr(r.engine->feed.detail, "connected since 2"));
    CHECK_STR(r.engine->feed.type, "dial");
    CHECK_STR(r.engine->feed.problem, "");
    CHECK(!r.engine->feed.exact && !r.engine->feed.promise); /* at most once */
    rig_free(&r);
    server_close(&s);
}

TEST(dial_comes_back_and_an_orderly_end_completes_the_last_line)
{
    struct server s;
    struct rig r = rig_new(&s, "lines");

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, "one\ntwo");
    UNTIL(r.base, r.engine->frame_n == 1);
    close(s.fd);
    s.fd = -1;
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[1].p, "two");
    CHECK_STR(r.engine->feed.problem, "the server closed the connection");
    server_accept(&r, &s);
    server_say(&s, "three\n");
    UNTIL(r.base, r.engine->frame_n == 3);
    CHECK_STR(r.engine->frames[2].p, "three\n");
    UNTIL(r.base, r.engine->feed.problem[0] == '\0');
    CHECK_INT(r.engine->feed.lost, 0);
    rig_free(&r);
    server_close(&s);
}

/* A torn connection may have cut the line anywhere: it is lost, and said to be. */
TEST(dial_half_a_line_of_a_torn_connection_is_no_record)
{
    struct linger at_once = {.l_onoff = 1};
    struct server s;
    struct rig r = rig_new(&s, "auto");

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, "one\ntw");
    UNTIL(r.base, r.engine->frame_n == 1);
    setsockopt(s.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(s.fd);
    s.fd = -1;
    server_accept(&r, &s);
    server_say(&s, "three\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[1].p, "three\n");
    UNTIL(r.base, r.engine->feed.lost == 1);
    rig_free(&r);
    server_close(&s);
}

TEST(dial_counted_frames_keep_line_ends_and_a_wrong_count_is_left)
{
    struct server s;
    struct rig r = rig_new(&s, "octets");

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, "3 a\nb4 cdef");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK_STR(r.engine->frames[0].p, "a\nb");
    CHECK_STR(r.engine->frames[1].p, "cdef");
    server_say(&s, "GET / HTTP/1.1\r\n\r\n");
    UNTIL(r.base, server_is_left(&s));
    CHECK(strstr(r.engine->feed.problem, "expected a frame's length"));
    server_accept(&r, &s);
    server_say(&s, "1 x");
    UNTIL(r.base, r.engine->frame_n == 3);
    rig_free(&r);
    server_close(&s);
}

TEST(dial_waits_for_the_engine_and_loses_nothing)
{
    struct server s;
    struct rig r = rig_new(&s, "lines");

    rig_start(&r);
    server_accept(&r, &s);
    r.engine->room = 0;
    for (int i = 0; i < 100; i++)
        server_say(&s, "a record\n");
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

TEST(dial_a_line_without_end_is_passed_on_cut_and_the_next_one_whole)
{
    static char much[3 * FAKE_MAX_RECORD];
    struct server s;
    struct rig r = rig_new(&s, "lines");

    memset(much, 'x', sizeof much - 1);
    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, much);
    server_say(&s, "\nshort\n");
    UNTIL(r.base, r.engine->frame_n == 2);
    CHECK(r.engine->frames[0].n > FAKE_MAX_RECORD); /* so that it is refused */
    CHECK_STR(r.engine->frames[1].p, "short\n");
    rig_free(&r);
    server_close(&s);
}

TEST(dial_goes_on_under_a_changed_section)
{
    struct server s;
    struct rig r = rig_new(&s, "lines");
    struct config_input other = r.cfg;
    struct error err;

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, "half");
    event_base_loop(r.base, EVLOOP_NONBLOCK);
    other.source = (char *)"pbx-2";
    CHECK_INT(r.ops->change(r.in, &other, &r.limits, &err), ST_OK);
    server_say(&s, " a line\n");
    UNTIL(r.base, r.engine->frame_n == 1);
    CHECK_STR(r.engine->frames[0].p, "half a line\n");
    CHECK_STR(r.engine->frames[0].source, "pbx-2");
    CHECK(!server_is_left(&s));
    other.format = (char *)"unknown";
    CHECK_INT(r.ops->change(r.in, &other, &r.limits, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "no format"));
    rig_free(&r);
    server_close(&s);
}

TEST(dial_half_a_line_is_lost_at_the_end)
{
    struct server s;
    struct rig r = rig_new(&s, "lines");

    rig_start(&r);
    server_accept(&r, &s);
    server_say(&s, "one\nha");
    UNTIL(r.base, r.engine->frame_n == 1);
    rig_stop(&r);
    CHECK_INT(r.engine->frame_n, 1);
    CHECK_INT(r.engine->feed.lost, 1);
    rig_free(&r);
    server_close(&s);
}
