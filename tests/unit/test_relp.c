/*
 * test_relp.c - sessions as senders hold them, and as nobody should.
 */
#include "connection_rig.h"

#include "../../daemon/input/relp_frame.h"

/* --- frames --- */

TEST(relp_heads_are_read_wherever_they_are_cut)
{
    static const struct {
        const char *text, *command;
        uint32_t txnr, data_n;
        size_t n;
    } rows[] = {
        {"1 open 0\n", "open", 1, 0, 8},
        {"1 open 0 \n", "open", 1, 0, 9},
        {"999999999 syslog 5 hello\n", "syslog", 999999999, 5, 19},
        {"2 abcdefghijklmnopqrstuvwxyzABCDEF 999999999 x", "abcdefghijklmnopqrstuvwxyzABCDEF", 2,
         999999999, 45},
        {"0 rsp 6 200 OK\n", "rsp", 0, 6, 8},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct relp_head h;
        struct error err;

        CHECK_INT(relp_head_parse(span_str(rows[i].text), &h, &err), ST_OK);
        CHECK_INT(h.txnr, rows[i].txnr);
        CHECK_SPAN(h.command, rows[i].command);
        CHECK_INT(h.data_n, rows[i].data_n);
        CHECK_INT(h.n, rows[i].n);
        CHECK(h.n <= RELP_HEAD_MAX);
        for (size_t n = 0; n < rows[i].n; n++) { /* copied, so that reading on would show */
            char *cut = xstrndup(rows[i].text, n);
            enum status st = relp_head_parse(span_of(cut, n), &h, &err);

            free(cut);
            CHECK(st == ST_MORE || (st == ST_OK && n == 9 && i == 1));
        }
    }
}

TEST(relp_heads_that_are_none_are_refused)
{
    static const char *const rows[] = {
        " 1 open 0\n",
        "-1 open 0\n",
        "x",
        "\n",
        "1\n",
        "1  open 0\n",
        "1 open  0\n",
        "1 op-n 0\n",
        "1 open\n",
        "1 open x\n",
        "1 open -1\n",
        "1 open 5\n",
        "1234567890",
        "1 open 1234567890",
        "1 abcdefghijklmnopqrstuvwxyzABCDEFG",
        "GET / HTTP/1.1\r\n",
        "<34>1 2003-10-11T22:14:15.003Z host",
        "12 <34>Oct",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct relp_head h;
        struct error err;

        if (relp_head_parse(span_str(rows[i]), &h, &err) != ST_BAD_INPUT)
            test_fail(__FILE__, __LINE__, "not refused: %s", rows[i]);
    }
}

TEST(relp_offers_are_read)
{
    struct relp_offer o;

    relp_offer_parse(SPAN("relp_version=0\nrelp_software=librelp,1.11.0,http://librelp\n"
                          "commands=syslog"),
                     &o);
    CHECK(o.version == 0 && o.syslog);
    CHECK_STR(o.peer, "librelp,1.11.0,http://librelp");
    relp_offer_parse(SPAN("commands=eventlog,syslog,x\nrelp_version=1\nrelp_software=a\x1b\"b"),
                     &o);
    CHECK(o.version == 1 && o.syslog);
    CHECK_STR(o.peer, "ab");
    relp_offer_parse(SPAN("commands=syslogs\nrelp_version=\n=\n\nx"), &o);
    CHECK(o.version == -1 && !o.syslog);
    relp_offer_parse(SPAN(""), &o);
    CHECK(o.version == -1 && !o.syslog && !o.peer[0]);
}

/* --- sessions --- */

#define OPEN "1 open 31 relp_version=0\ncommands=syslog\n\n"

static void
relp_rig(struct rig *r)
{
    *r = connection_rig("relp");
    rig_start(r);
}

/* Everything heard until `want` is its end. */
static bool
heard(int fd, struct buf *b, const char *want)
{
    char p[4096];
    ssize_t n = recv(fd, p, sizeof p, MSG_DONTWAIT);

    if (n > 0)
        buf_add(b, p, (size_t)n);
    return b->n >= strlen(want) && strcmp(b->p + b->n - strlen(want), want) == 0;
}

static bool
is_closed(int fd, struct buf *b)
{
    char p[4096];
    ssize_t n = recv(fd, p, sizeof p, MSG_DONTWAIT);

    if (n > 0)
        buf_add(b, p, (size_t)n);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

TEST(relp_a_session_from_open_to_close)
{
    struct rig r;
    struct buf b = {0};
    int fd;

    relp_rig(&r);
    fd = dial(r.ops->port(r.in));
    say(fd, OPEN);
    UNTIL(r.base, heard(fd, &b, "\ncommands=syslog\n"));
    CHECK(strncmp(b.p, "1 rsp ", 6) == 0 && strstr(b.p, " 200 OK\nrelp_version=0\n"));
    buf_reset(&b);
    say(fd, "2 syslog 3 one\n3 syslog 4 t\nwo\n4 syslog 0\n5 sys");
    UNTIL(r.base, heard(fd, &b, "4 rsp 6 200 OK\n"));
    CHECK_STR(b.p, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n");
    say(fd, "log 5 three\n6 close 0\n");
    UNTIL(r.base, is_closed(fd, &b));
    CHECK(strstr(b.p, "5 rsp 6 200 OK\n6 rsp 0\n0 serverclose 0\n"));
    CHECK_INT(r.engine->frame_n, 4);
    CHECK_STR(r.engine->frames[0].p, "one");
    CHECK_STR(r.engine->frames[1].p, "t\nwo");
    CHECK_STR(r.engine->frames[2].p, "");
    CHECK_STR(r.engine->frames[3].p, "three");
    CHECK_INT(r.engine->frames[3].offset, 7);
    CHECK_INT(r.engine->checkpoint_n, 0);
    CHECK(strncmp(r.engine->frames[0].name, "127.0.0.1:", 10) == 0);
    CHECK_STR(r.engine->feed.type, "relp");
    buf_clear(&b);
    close(fd);
    rig_free(&r);
}

TEST(relp_frames_come_out_wherever_the_stream_is_cut)
{
    static const char stream[] = OPEN "2 syslog 5 hello\n3 syslog 3 a\nb\n4 close 0\n";
    struct rig r;

    relp_rig(&r);
    for (size_t cut = 1; cut < sizeof stream - 1; cut++) {
        struct buf b = {0};
        size_t had = r.engine->frame_n;
        int fd = dial(r.ops->port(r.in));
        char *front = xstrndup(stream, cut);

        say(fd, front);
        UNTIL(r.base, r.ops->port(r.in) > 0); /* a turn of the loop in between */
        event_base_loop(r.base, EVLOOP_ONCE);
        say(fd, stream + cut);
        UNTIL(r.base, is_closed(fd, &b));
        CHECK(strstr(b.p, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 0\n0 serverclose 0\n"));
        CHECK_INT(r.engine->frame_n, had + 2);
        CHECK_STR(r.engine->frames[had].p, "hello");
        CHECK_STR(r.engine->frames[had + 1].p, "a\nb");
        free(front);
        buf_clear(&b);
        close(fd);
    }
    rig_free(&r);
}

TEST(relp_sessions_that_break_the_rules_end)
{
    static const struct {
        const char *said, *answer; /* NULL: none */
    } rows[] = {
        {"2 syslog 3 one\n", NULL},                      /* not opened */
        {"1 open 14 relp_version=0\n", "1 rsp 58 500 "}, /* without commands */
        {"1 open 15 commands=syslog\n", "1 rsp 58 500 "},
        {OPEN OPEN, NULL},
        {OPEN "2 syslog 3 onetwo\n", NULL}, /* longer than it says */
        {OPEN "2 starttls 0\n", "2 rsp 28 500 the command is not known"},
        {OPEN "2 syslog 99999999999 x", NULL},
        {"1 open 100000 relp_version", NULL},
        {"\x16\x03\x01\x02", NULL}, /* somebody speaks TLS */
    };
    struct rig r;

    relp_rig(&r);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        int fd = dial(r.ops->port(r.in));

        say(fd, rows[i].said);
        UNTIL(r.base, is_closed(fd, &b));
        if (rows[i].answer && (!b.p || !strstr(b.p, rows[i].answer)))
            test_fail(__FILE__, __LINE__, "answered \"%s\"", b.p ? b.p : "");
        CHECK(!b.p || !strstr(b.p, "2 rsp 6 200 OK"));
        buf_clear(&b);
        close(fd);
    }
    CHECK_INT(r.engine->frame_n, 0);
    rig_free(&r);
}

TEST(relp_messages_that_are_too_long_go_on_by_their_beginning)
{
    enum { LONG = 3 * FAKE_MAX_RECORD };
    struct rig r;
    struct buf b = {0}, text = {0};
    int fd;

    relp_rig(&r);
    fd = dial(r.ops->port(r.in));
    buf_printf(&text, OPEN "2 syslog %d ", LONG);
    for (int i = 0; i < LONG; i++)
        buf_char(&text, 'x');
    buf_str(&text, "\n3 syslog 5 right\n");
    say(fd, text.p);
    UNTIL(r.base, heard(fd, &b, "3 rsp 6 200 OK\n"));
    CHECK(strstr(b.p, "2 rsp 6 200 OK\n3 rsp 6"));
    CHECK_INT(r.engine->frame_n, 2);
    CHECK_INT(r.engine->frames[0].n, FAKE_MAX_RECORD + 2);
    CHECK_STR(r.engine->frames[1].p, "right");
    buf_clear(&b);
    buf_clear(&text);
    close(fd);
    rig_free(&r);
}

TEST(relp_nothing_is_answered_that_was_not_taken)
{
    struct rig r;
    struct buf b = {0};
    int fd;

    relp_rig(&r);
    fd = dial(r.ops->port(r.in));
    say(fd, OPEN);
    UNTIL(r.base, heard(fd, &b, "syslog\n"));
    buf_reset(&b);
    r.engine->room = 1;
    say(fd, "2 syslog 3 one\n");
    UNTIL(r.base, heard(fd, &b, "2 rsp 6 200 OK\n"));
    say(fd, "3 syslog 3 two\n");
    UNTIL(r.base, r.engine->refused > 0);
    say(fd, "4 syslog 5 three\n5 close 0\n");
    for (int i = 0; i < 20; i++)
        event_base_loop(r.base, EVLOOP_ONCE);
    CHECK(!heard(fd, &b, "3 rsp 6 200 OK\n"));
    CHECK_INT(r.engine->frame_n, 1);
    r.engine->room = -1;
    r.ops->resume(r.in);
    UNTIL(r.base, is_closed(fd, &b));
    CHECK_STR(b.p, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n5 rsp 0\n0 serverclose 0\n");
    CHECK_INT(r.engine->frame_n, 3);
    buf_clear(&b);
    close(fd);
    rig_free(&r);
}

/* What was taken is answered before an end; what the engine refused is left to the sender. */
TEST(relp_a_leave_answers_what_was_taken)
{
    struct rig r;
    struct buf b = {0};
    int fd, gone = 0;

    relp_rig(&r);
    fd = dial(r.ops->port(r.in));
    say(fd, OPEN "2 syslog 3 one\n");
    UNTIL(r.base, r.engine->frame_n == 1);
    r.engine->room = 0;
    say(fd, "3 syslog 3 two\n");
    UNTIL(r.base, r.engine->refused > 0);
    rig_leave(&r, &gone);
    r.engine->room = -1;
    UNTIL(r.base, is_closed(fd, &b)); /* for writing: it waits for us to have read all of it */
    CHECK(strstr(b.p, "2 rsp 6 200 OK\n0 serverclose 0\n"));
    CHECK(!strstr(b.p, "3 rsp"));
    CHECK_INT(gone, 0);
    CHECK(strstr(r.engine->feed.detail, ", closed"));
    say(fd, "4 syslog 5 three\n");
    close(fd);
    UNTIL(r.base, gone == 1);
    CHECK_INT(r.engine->frame_n, 1);
    buf_clear(&b);
    rig_free(&r);
}

/* Late commits are waited for by the loop, which goes on meanwhile. */
TEST(relp_a_leave_holds_nobody_up)
{
    struct rig r;
    struct buf b = {0};
    int fd, gone = 0, turns = 0;

    relp_rig(&r);
    r.engine->answers_late = true;
    fd = dial(r.ops->port(r.in));
    say(fd, OPEN "2 syslog 3 one\n");
    UNTIL(r.base, r.engine->frame_n == 1);
    rig_leave(&r, &gone);
    UNTIL(r.base, ++turns == 20);
    CHECK(!is_closed(fd, &b) && gone == 0);
    CHECK(!b.p || !strstr(b.p, "2 rsp"));
    fake_answer(r.engine);
    UNTIL(r.base, is_closed(fd, &b));
    CHECK(strstr(b.p, "2 rsp 6 200 OK\n0 serverclose 0\n"));
    CHECK_INT(gone, 0);
    close(fd);
    UNTIL(r.base, gone == 1);
    buf_clear(&b);
    rig_free(&r);
}

TEST(relp_whoever_leaves_may_be_stopped_at_any_moment)
{
    struct rig r;
    int fd, gone = 0;

    for (int moment = 0; moment < 3; moment++) {
        struct buf b = {0};

        relp_rig(&r);
        r.engine->answers_late = moment == 0;
        fd = dial(r.ops->port(r.in));
        say(fd, OPEN "2 syslog 3 one\n");
        UNTIL(r.base, r.engine->frame_n == 1);
        r.ops->leave(r.in, rig_gone, &gone);
        if (moment == 2)
            UNTIL(r.base, is_closed(fd, &b));
        rig_stop(&r);
        fake_answer(r.engine);
        CHECK_INT(gone, 0);
        buf_clear(&b);
        close(fd);
        rig_free(&r);
    }
}

/* A sender that never reads its answers is not read any more, and holds up nobody else. */
TEST(relp_a_sender_that_does_not_listen_is_bounded)
{
    struct rig r;
    struct buf b = {0}, many = {0};
    int deaf, other, small = 4096;
    size_t sent = 0;

    relp_rig(&r);
    deaf = dial(r.ops->port(r.in));
    other = dial(r.ops->port(r.in));
    setsockopt(deaf, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(deaf, OPEN);
    for (int i = 0; i < 1000; i++)
        buf_str(&many, "2 syslog 1 x\n");
    for (int64_t idle = clock_mono_ms(); clock_mono_ms() - idle < 300;) {
        ssize_t n = send(deaf, many.p, many.n, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0) {
            n -= n % 13 ? n % 13 : 0;
            idle = clock_mono_ms();
            sent++;
        }
        event_base_loop(r.base, EVLOOP_NONBLOCK);
        CHECK(sent < 10000); /* 130 MB: it would never end */
        if (n > 0 && (size_t)n < many.n)
            break; /* cut within a message: the stream is spoilt, and full */
    }
    say(other, OPEN "2 syslog 3 one\n");
    UNTIL(r.base, heard(other, &b, "2 rsp 6 200 OK\n"));
    buf_clear(&b);
    buf_clear(&many);
    close(deaf);
    close(other);
    rig_free(&r);
}

TEST(relp_sessions_give_way_but_for_those_that_wait_for_an_answer)
{
    struct rig r = rig_of("relp");
    struct buf b = {0};
    int idle, waiting, newcomer;

    signal(SIGPIPE, SIG_IGN);
    r.limits.max_connections = 2;
    r.cfg.listen = (char *)"127.0.0.1:0";
    rig_start(&r);
    r.engine->room = 0;
    waiting = dial(r.ops->port(r.in)); /* was heard of earlier than the other */
    say(waiting, OPEN "2 syslog 3 one\n");
    UNTIL(r.base, r.engine->refused > 0);
    idle = dial(r.ops->port(r.in));
    say(idle, OPEN "2 syslog 19 half a mess");
    UNTIL(r.base, heard(idle, &b, "syslog\n"));
    buf_reset(&b);
    newcomer = dial(r.ops->port(r.in));
    say(newcomer, OPEN);
    UNTIL(r.base, heard(newcomer, &b, "syslog\n"));
    CHECK(hung_up(idle));
    UNTIL(r.base, r.engine->feed.gave_way == 1);
    buf_reset(&b);
    r.engine->room = -1;
    r.ops->resume(r.in);
    UNTIL(r.base, heard(waiting, &b, "2 rsp 6 200 OK\n"));
    CHECK_INT(r.engine->frame_n, 1);
    buf_clear(&b);
    close(idle), close(waiting), close(newcomer);
    rig_free(&r);
}
