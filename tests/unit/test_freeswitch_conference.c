/*
 * test_freeswitch_conference.c - whole conferences as mod_conference writes them.
 */
#include "format_lines.h"

#define UUID      "5c1a7c4e-0f0e-4b5e-9c55-0a1b2c3d4e5f"
#define FILE_NAME "freeswitch-conference/" UUID ".cdr.xml"
#define IN(id)    " customer=example.org conference=" id " conference_name=4711-example.org"

/* The records of a text that came under a name. */
static void
expect_named(const char *name, struct span text, const char *const *wanted)
{
    struct format *f = shipped_format("freeswitch-conference");
    struct stream s;
    char line[600];
    size_t n = 0;

    stream_open(&s, f, text);
    s.ops->begin(s.state, span_str(name));
    for (; next_line_of(&s, line, sizeof line); n++)
        CHECK_STR(line, wanted[n] ? wanted[n] : "nothing");
    CHECK(!wanted[n]);
    stream_close(&s);
    format_free(f);
}

static const char *const conference[] = {
    "leg 2026-03-01T09:40:00Z+600 id=" UUID ":3da8-01:1772358000" IN(
        UUID) " participant=1001 participant_name=Ann M\xC3\xBCller cause=kicked leg=3da8-01",
    "feature 2026-03-01T09:01:00Z id=" UUID
    ":recording:/var/lib/freeswitch/recordings/4711.wav:1772355660" IN(UUID) " features=recording",
    "leg 2026-03-01T09:01:40Z+3500 id=" UUID
    ":3da8-02:1772355700" IN(UUID) " participant=+4930123456 cause=no leave time leg=3da8-02",
    "leg 2026-03-01T09:00:00Z+1800 id=" UUID ":3da8-01:1772355600" IN(
        UUID) " participant=1001 participant_name=Ann M\xC3\xBCller leg=3da8-01",
    "ignored: ghost",
    "leg 2026-03-01T09:06:40Z+0 outcome=2 id=" UUID ":rejected:1:1772356000" IN(
        UUID) " participant=1003 participant_name=Cy cause=max_members_reached leg=3da8-04",
    "leg 2026-03-01T09:05:00Z+0 outcome=2 id=" UUID
    ":rejected:2:1772355900" IN(UUID) " cause=invalid_pin",
    "leg 2026-03-01T09:05:00Z+0 outcome=2 id=" UUID
    ":rejected:3:1772355900" IN(UUID) " cause=invalid_pin",
    NULL,
};

TEST(a_conference_field_by_field)
{
    expect_named("/var/log/freeswitch/conference_cdr/" UUID ".cdr.xml", own_sample(FILE_NAME),
                 conference);
}

/* The id is nowhere else. Without it, name and start say which occurrence it was. */
TEST(trap_the_id_of_a_conference_is_the_name_of_its_file)
{
    static const char text[] = "<cdr><conference><name>4711-example.org</name>"
                               "<start_time>1772355600</start_time><end_time>1772355660</end_time>"
                               "<members><member type='caller'><join_time>1772355600</join_time>"
                               "<leave_time>1772355660</leave_time><caller_profile><uuid>l</uuid>"
                               "</caller_profile></member></members></conference></cdr>";

#define LEG(id) "leg 2026-03-01T09:00:00Z+60 id=" id ":l:1772355600" IN(id) " leg=l"
#define BY_NAME "4711-example.org:1772355600"
    expect_named(UUID, span_str(text), LIST(LEG(UUID)));
    expect_named("a/" UUID ".cdr.xml.gz", span_str(text), LIST(LEG(UUID)));
    expect_named("192.0.2.1:4711", span_str(text), LIST(LEG(BY_NAME)));
    expect_named(UUID "/meeting.xml", span_str(text), LIST(LEG(BY_NAME)));
    expect_named("", span_str(text), LIST(LEG(BY_NAME)));
}

/* The one that came back is the first in the document; both are there, under ids of their own. */
TEST(trap_who_leaves_and_comes_back_is_two_members_newest_first)
{
    CHECK(strstr(conference[0], ":3da8-01:1772358000") != NULL);
    CHECK(strstr(conference[3], ":3da8-01:1772355600") != NULL);
    expect_named(UUID, own_sample(FILE_NAME), conference);
}

#define CDR(inside)                                                                                \
    SPAN("<cdr><conference><name>r-d</name><start_time>1772355600</start_time>"                    \
         "<end_time>1772355660</end_time>" inside "</conference></cdr>")

/* Neither members nor attempts are at a place of their own, and neither need be there. */
TEST(trap_elements_come_in_a_changing_number)
{
    expect_named(UUID, CDR(""), LIST("ignored: nothing in it is usage"));
    expect_named(UUID, CDR("<members></members>"), LIST("ignored: nothing in it is usage"));
    expect_named(UUID,
                 CDR("<rejected><attempt><reject_time>1772355601</reject_time><reason>"
                     "conference_locked</reason></attempt></rejected><members>"
                     "<member type='robot'/></members>"),
                 LIST("ignored: member of another type",
                      "leg 2026-03-01T09:00:01Z+0 outcome=2 id=" UUID
                      ":rejected:1:1772355601 customer=d conference=" UUID
                      " conference_name=r-d cause=conference_locked"));
}

TEST(trap_a_leave_time_of_zero_is_the_end_of_the_conference)
{
    expect_named(UUID,
                 CDR("<members><member type='caller'><join_time>1772355601</join_time>"
                     "<leave_time>0</leave_time><caller_profile><uuid>l</uuid></caller_profile>"
                     "</member></members>"),
                 LIST("leg 2026-03-01T09:00:01Z+59 id=" UUID
                      ":l:1772355601 customer=d conference=" UUID
                      " conference_name=r-d cause=no leave time leg=l"));
}

/* Nothing of it counts before its last byte is there. */
TEST(trap_a_file_that_is_still_being_written)
{
    struct format *f = shipped_format("freeswitch-conference");
    struct span all = own_sample(FILE_NAME);
    struct span half = span_of(all.p, all.n - sizeof "</cdr>");

    for (size_t n = 1; n < all.n - 1; n += 11)
        CHECK_INT(format_parser(f)->cut(f, at_the_edge(span_of(all.p, n)), MAX_FRAME, false), 0);
    CHECK_INT(format_parser(f)->cut(f, all, MAX_FRAME, false), all.n - 1);
    format_free(f);
    expect_named(UUID, half, LIST("refused: xml: no element found"));
}

TEST(what_is_no_conference_is_refused)
{
    expect_named(UUID, SPAN("<cdr><variables/></cdr>"), LIST("refused: cdr/conference: missing"));
    expect_named(UUID, SPAN("<html></html>"), LIST("refused: cdr/conference: missing"));
}
