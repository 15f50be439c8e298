/*
 * test_sip_acc.c - accounting of Kamailio and OpenSIPS: lines, dialogs and acc_json's objects.
 */
#include "format_lines.h"

#define LEG "c1@10.0.0.7:aa1:zz9"

TEST(kamailio_a_log_line_by_line)
{
    EXPECT_LINES("kamailio-acc", own_sample("kamailio-acc/calls.log"),
                 "join 2026-03-01T09:00:03Z id=" LEG ":join customer=acme.example"
                 " conference=c1@10.0.0.7 conference_name=8600 participant=1001 leg=" LEG,
                 "ignored: no accounting in it",
                 "join 2026-03-01T09:10:00Z id=" LEG ":join customer=conf.example"
                 " conference=c1@10.0.0.7 conference_name=1001 participant=8600 leg=" LEG,
                 "ignored: challenged request",
                 "leave 2026-03-01T09:30:01Z id=" LEG ":leave customer=conf.example"
                 " conference=c1@10.0.0.7 conference_name=1001 participant=8600 leg=" LEG,
                 "leg 2026-03-01T09:31:00Z+0 outcome=2 id=c2@10.0.0.8:m1:attempt"
                 " customer=acme.example conference_name=sip:8601@conf.example;transport=udp"
                 " participant=1002 cause=486 reason=Busy Here;Q=a=b",
                 "ignored: request that begins or ends no call",
                 "leg 2026-03-01T09:32:00Z+0 outcome=1 id=c3@10.0.0.8:n1:attempt"
                 " customer=acme.example conference_name=8601 participant=1002 cause=503"
                 " reason=Service Unavailable",
                 "leg 2026-03-01T09:31:40Z+80 id=c4@10.0.0.9:1772357500.250:dialog customer=beta"
                 " participant=1003",
                 "refused: acc: no to_tag behind from_tag: the line was cut");
}

TEST(kamailio_objects_of_acc_json)
{
    EXPECT_LINES("kamailio-acc", own_sample("kamailio-acc/acc.json"),
                 "join 2026-03-01T09:00:03Z id=" LEG ":join customer=acme"
                 " conference=c1@10.0.0.7 participant=1001 leg=" LEG,
                 "leave 2026-03-01T09:30:01Z id=" LEG ":leave conference=c1@10.0.0.7 leg=" LEG,
                 "ignored: request that begins or ends no call",
                 "leg 2026-03-01T09:31:40Z+80 id=c4@10.0.0.9:1772357500.250:dialog"
                 " customer=b\xC3\xA4r",
                 "ignored: no accounting in it", "refused: not JSON: it ends too early");
}

TEST(the_real_line_of_kamailio)
{
    EXPECT_LINES("kamailio-acc", outside_sample("kamailio_acc/sample1.log"),
                 "leave 2020-11-05T08:39:20Z id=ub2ds9fg5jhuc0g9jinb:12c35q3n42:9p3sh1v9bv:leave"
                 " conference=ub2ds9fg5jhuc0g9jinb"
                 " leg=ub2ds9fg5jhuc0g9jinb:12c35q3n42:9p3sh1v9bv");
}

#define OPENSIPS_LEG                                                                               \
    "ezUcDyVPC9jgwtk35eamdhmIo31RSScI:11562SIPpTag012:2whdajbp4e-dzLdUwo8-coqaNKKh.oSp"

TEST(the_real_lines_of_opensips)
{
    EXPECT_LINES("opensips-acc", outside_sample("kamailio_acc/sample2_opensips.log"),
                 "leg 2016-09-23T13:35:33Z+0 outcome=2 id=182969767:1931529157:attempt cause=408"
                 " reason=Request Timeout",
                 "leg 2016-09-23T14:01:21Z+4"
                 " id=1766189979:1284910.0.0.1351:1515466979:ended wait=16"
                 " leg=1766189979:1284910.0.0.1351:1515466979",
                 "leave 2016-09-22T10:39:20Z id=" OPENSIPS_LEG ":leave"
                 " conference=ezUcDyVPC9jgwtk35eamdhmIo31RSScI reason=Reason leg=" OPENSIPS_LEG);
}

TEST(opensips_a_log_line_by_line)
{
    EXPECT_LINES("opensips-acc", own_sample("opensips-acc/calls.log"),
                 "join 2026-03-01T09:00:03Z id=" LEG ":join customer=acme conference=c1@10.0.0.7"
                 " conference_name=8600 participant=1001 leg=" LEG,
                 "ignored: no accounting in it",
                 "leave 2026-03-01T09:30:01Z id=" LEG ":leave conference=c1@10.0.0.7 leg=" LEG,
                 "leg 2026-03-01T09:31:00Z+0 outcome=2 id=c2@10.0.0.8:m1:attempt customer=acme"
                 " conference_name=8601 participant=1002 cause=486 reason=Busy Here",
                 "leg 2026-03-01T09:31:43Z+80 id=c3@10.0.0.8:n1:n2:ended customer=beta"
                 " conference_name=8602 participant=1003 wait=3 leg=c3@10.0.0.8:n1:n2",
                 "leg 2026-03-01T09:33:20Z+0 outcome=2 id=c4@10.0.0.8:o1:attempt customer=beta"
                 " cause=480 wait=0 reason=Temporarily Unavailable",
                 "refused: acc: no duration behind call_start_time: the line was cut");
}

/* What becomes of one line, with these of its fields: "kind id leg". */
static const char *
one(const char *format, const char *line)
{
    static char out[2000];
    struct stream s;

    stream_open(&s, shipped_format(format), at_the_edge(span_str(line)));
    CHECK(next_line_of(&s, out, sizeof out));
    stream_close(&s);
    return out;
}

#define ACC(head, method, tags, code)                                                              \
    "ACC: " head ": timestamp=1772355603;method=" method ";" tags ";call_id=c;code=" code          \
    ";reason=x;account=acme"

TEST(trap_a_bye_of_the_callee_swaps_the_tags)
{
    const char *both = " conference=c reason=x leg=c:a:b";
    char want[200];

    snprintf(want, sizeof want, "leave 2026-03-01T09:00:03Z id=c:a:b:leave customer=acme%s", both);
    CHECK_STR(one("kamailio-acc", ACC("transaction answered", "BYE", "from_tag=a;to_tag=b", "481")),
              want);
    CHECK_STR(one("kamailio-acc", ACC("transaction answered", "BYE", "from_tag=b;to_tag=a", "481")),
              want);
}

TEST(trap_a_re_invite_is_the_same_join_by_its_id)
{
    static const char want[] = "join 2026-03-01T09:00:03Z id=c:a:b:join customer=acme conference=c"
                               " leg=c:a:b";

    CHECK_STR(
        one("kamailio-acc", ACC("transaction answered", "INVITE", "from_tag=a;to_tag=b", "200")),
        want);
    CHECK_STR(
        one("kamailio-acc", ACC("transaction answered", "INVITE", "from_tag=b;to_tag=a", "200")),
        want);
}

TEST(trap_the_branches_of_a_forked_call_are_one_attempt)
{
    const char *line =
        one("kamailio-acc", ACC("call missed", "INVITE", "from_tag=a;to_tag=", "408"));
    char first[200];

    snprintf(first, sizeof first, "%s", line);
    CHECK_STR(first, "leg 2026-03-01T09:00:03Z+0 outcome=2 id=c:a:attempt customer=acme cause=408"
                     " reason=x");
    CHECK_STR(one("kamailio-acc", ACC("call missed", "INVITE", "from_tag=a;to_tag=b2", "408")),
              first);
}

TEST(trap_cancelled_calls_are_rejected_and_provisional_answers_nothing)
{
    CHECK(strstr(
        one("kamailio-acc", ACC("transaction answered", "INVITE", "from_tag=a;to_tag=b", "487")),
        "outcome=2"));
    CHECK_STR(one("kamailio-acc", ACC("request accounted", "INVITE", "from_tag=a;to_tag=", "100")),
              "ignored: request without a final answer");
    CHECK_STR(one("kamailio-acc", ACC("request accounted", "INVITE", "from_tag=a;to_tag=", "")),
              "ignored: request without a final answer");
}

TEST(trap_opensips_rounds_durations_up_and_a_call_that_nobody_answered_has_no_start)
{
    CHECK_STR(one("opensips-acc",
                  "ACC: call ended: created=1772355600;call_start_time=1772355603;duration=1;"
                  "ms_duration=250;setuptime=3;method=INVITE;from_tag=a;to_tag=b;call_id=c;"
                  "code=200;reason=OK;account=acme"),
              "leg 2026-03-01T09:00:03Z+0 id=c:a:b:ended customer=acme wait=3 leg=c:a:b");
    CHECK_STR(one("opensips-acc",
                  "ACC: call ended: created=1772355600;call_start_time=0;duration=0;"
                  "ms_duration=0;setuptime=0;method=INVITE;from_tag=a;to_tag=;call_id=c;"
                  "code=480;reason=Temporarily Unavailable;account=acme"),
              "leg 2026-03-01T09:00:00Z+0 outcome=2 id=c:a:attempt customer=acme cause=480 wait=0"
              " reason=Temporarily Unavailable");
}

/* Values are what lies between known names: reasons, addresses and agents hold ";" and "=". */
TEST(trap_nothing_is_escaped)
{
    CHECK_STR(one("kamailio-acc",
                  "ACC: call missed: timestamp=1772355603;method=INVITE;from_tag=a;to_tag=;"
                  "call_id=c;code=486;reason=Busy;Q.850;cause=17;src_user=sip:1@x;user=phone;"
                  "unknown=1;account=acme;dst_user=8600;transport=udp"),
              "leg 2026-03-01T09:00:03Z+0 outcome=2 id=c:a:attempt customer=acme"
              " conference_name=8600;transport=udp participant=sip:1@x;user=phone;unknown=1"
              " cause=486 reason=Busy;Q.850;cause=17");
}

/* time_mode 1 to 4, of which the names may be changed; acc_json's are numbers or text. */
TEST(trap_the_time_stands_there_in_several_notations)
{
#define AT(times)                                                                                  \
    "ACC: transaction answered: timestamp=1772355603;" times                                       \
    "method=BYE;from_tag=a;to_tag=b;call_id=c;code=200;reason=OK"
#define JSON_AT(time)                                                                              \
    "{\"time\":" time ",\"method\":\"BYE\",\"from_tag\":\"a\",\"to_tag\":\"b\",\"call_id\":\"c\"," \
    "\"sip_code\":\"200\",\"sip_reason\":\"OK\"}"
    static const char want[] = "leave 2026-03-01T09:00:03Z id=c:a:b:leave conference=c leg=c:a:b";

    CHECK_STR(one("kamailio-acc", AT("")), want);
    CHECK_STR(one("kamailio-acc", AT("time_exten=120005;")), want);
    CHECK_STR(one("kamailio-acc", AT("time_attr=1772355603.120;")), want);
    CHECK_STR(one("kamailio-acc", AT("time_attr=2026-03-01 10:00:03;")), want);
    CHECK_STR(one("kamailio-acc", AT("when=Sun, 01 Mar 2026 09:00:03 GMT;")), want);
    CHECK_STR(one("kamailio-acc", JSON_AT("1772355603")), want);
    CHECK_STR(one("kamailio-acc", JSON_AT("1772355603.120")), want);
    CHECK_STR(one("kamailio-acc", JSON_AT("\"2026-03-01 09:00:03\"")), want);
}

TEST(trap_legs_of_one_call_repeat_their_names)
{
    CHECK_STR(one("kamailio-acc", ACC("transaction answered", "INVITE", "from_tag=a;to_tag=b",
                                      "200") ";src_user=1;dst_user=2;src_user=3;dst_user=4"),
              "join 2026-03-01T09:00:03Z id=c:a:b:join customer=acme conference=c"
              " conference_name=2 participant=1 leg=c:a:b");
}

/* It is sent again with a password, and only then the call is over. */
TEST(trap_a_bye_that_is_challenged_ends_nothing)
{
    CHECK_STR(one("kamailio-acc", ACC("transaction answered", "BYE", "from_tag=a;to_tag=b", "407")),
              "ignored: challenged request");
    CHECK_STR(one("kamailio-acc", ACC("transaction answered", "BYE", "from_tag=a;to_tag=b", "401")),
              "ignored: challenged request");
}

/* cdr_duration_mode: ".0", milliseconds, microseconds. */
TEST(trap_dialogs_have_fractions_of_several_lengths_and_no_acc_in_front)
{
#define DIALOG(duration) "start_time=1772355603.1; end_time=1772355613.9; duration=" duration
    static const char want[] = "leg 2026-03-01T09:00:03Z+10 id=c:1772355603.1:dialog customer=acme";

    CHECK_STR(one("kamailio-acc", DIALOG("10.0") "; account=acme; call_id=c"), want);
    CHECK_STR(one("kamailio-acc", DIALOG("10.800") "; account=acme; call_id=c"), want);
    CHECK_STR(one("kamailio-acc", DIALOG("10.800123") "; account=acme; call_id=c"), want);
    CHECK_STR(one("kamailio-acc", " 3(811) NOTICE: acc [acc_cdr.c:333]: write_cdr(): " DIALOG(
                                      "10.800") "; call_id=c; account=acme"),
              want);
    CHECK_STR(one("kamailio-acc", "start_time=1772355603.1; end_time=17723556"),
              "refused: acc: a dialog without end_time and duration: cut?");
}

TEST(every_beginning_of_a_line_is_read_within_its_bytes)
{
    read_every_beginning("kamailio-acc", span_of(own_sample("kamailio-acc/calls.log").p, 1200));
}

TEST(dialogs_alone_can_be_counted)
{
    struct format_options o = shipped_options("kamailio-acc");

    o.ignore = LIST("kind=join", "kind=leave");
    expect_lines_at(__FILE__, __LINE__, make_format(o),
                    SPAN(ACC("transaction answered", "INVITE", "from_tag=a;to_tag=b", "200") "\n"),
                    LIST("ignored: kind: join is left out by the format"));
}
