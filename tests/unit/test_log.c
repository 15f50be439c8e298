/*
 * test_log.c - what stands in the log: text and JSON, values of strangers, how many lines.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "json_read.h"
#include "log.h"
#include "test.h"

static char written[16384];

/* From here on stderr goes into a file in memory. */
struct capture {
    int was, file;
};

static struct capture
capture_begin(void)
{
    struct capture c = {dup(STDERR_FILENO), memfd_create("stderr", MFD_CLOEXEC)};

    dup2(c.file, STDERR_FILENO);
    return c;
}

static const char *
capture_end(struct capture c)
{
    ssize_t n = pread(c.file, written, sizeof written - 1, 0);

    dup2(c.was, STDERR_FILENO);
    close(c.was);
    close(c.file);
    written[n > 0 ? n : 0] = '\0';
    return written;
}

static size_t
lines_of(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, word)); p++)
        n++;
    return n;
}

TEST(a_line_is_fields_and_values)
{
    struct capture c = capture_begin();

    clock_fix(1000000000);
    log_info("took", "batch=%d ms=%.1f text=\"%s\"", 41, 7.5, "two words");
    clock_fix(0);
    CHECK_STR(capture_end(c), "2001-09-09T01:46:40Z info event=took batch=41 ms=7.5"
                              " text=\"two words\"\n");
}

TEST(json_has_the_same_fields)
{
    struct capture c = capture_begin();
    struct arena mem = {0};
    struct json_value *top = NULL;
    struct error err;

    log_set_style(LOG_JSON);
    log_warn("took", "batch=%d ms=%.1f node=%s code=%s text=\"%s\"", 41, 7.5, "a1", "007",
             "say \"x\" \\ \xff end");
    log_set_style(LOG_TEXT);
    capture_end(c);
    CHECK(json_parse(span_of(written, strlen(written)), &mem, &top, &err) == ST_OK);
    CHECK_STR(json_get_text(top, "event", ""), "took");
    CHECK_STR(json_get_text(top, "level", ""), "warn");
    CHECK_INT(json_get_i64(top, "batch", 0), 41);
    CHECK_STR(json_get_text(top, "node", ""), "a1");
    CHECK_STR(json_get_text(top, "code", ""), "007");
    CHECK_STR(json_get_text(top, "text", ""), "say \"x\" \\ \xef\xbf\xbd end");
    arena_clear(&mem);
}

TEST(a_value_cannot_end_itself_or_its_line)
{
    struct capture c = capture_begin();

    log_info("took", "text=\"%s\" n=%d", "a\" n=9 event=\"lie\nx", 1);
    log_info("took", "text=\"%s\" n=%d", "a\x01 n=9 b=\x01lie", 1);
    capture_end(c);
    CHECK(strstr(written, "text=\"a\\\" n=9 event=\\\"lie?x\" n=1\n") != NULL);
    CHECK(strstr(written, "text=\"text=?a? n=9 b=?lie? n=1\"\n") != NULL);
    CHECK_INT(lines_of(written, "\n"), 2);
}

TEST(numbers_of_people_are_masked)
{
    struct capture c = capture_begin();

    log_info("took", "key=%s reason=\"%s\" bytes=%d", "cs:{3}:q:+4930123456:1",
             "start \"+4930123456\" at offset 83886080 of ann@example.com", 123456789);
    capture_end(c);
    CHECK(strstr(written, "4930123456") == NULL);
    CHECK(strstr(written, "offset 83886080") != NULL);
    CHECK(strstr(written, "bytes=123456789") != NULL);
}

TEST(of_one_event_only_so_many_lines)
{
    struct capture c = capture_begin();

    log_set_limit(3);
    clock_fix(1000000000);
    for (int i = 0; i < 50; i++)
        log_warn("noise", "i=%d", i);
    log_warn("other", "i=1");
    clock_fix(1000000061);
    log_warn("other", "i=2");
    log_warn("noise", "i=50");
    clock_fix(0);
    log_set_limit(0);
    capture_end(c);
    CHECK_INT(lines_of(written, "event=noise "), 4);
    CHECK_INT(lines_of(written, "event=other "), 2);
    CHECK_INT(lines_of(written, "event=log_left_out of=noise lines=47\n"), 1);
    CHECK_INT(lines_of(written, "log_left_out"), 1);
}

TEST(names_of_events_may_go_away)
{
    struct capture c = capture_begin();
    char name[16];

    log_set_limit(3);
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "%s", i % 2 ? "odd" : "even");
        log_warn(name, "i=%d", i);
        memset(name, 'x', sizeof name);
    }
    log_set_limit(0);
    capture_end(c);
    CHECK_INT(lines_of(written, "event=odd "), 3);
    CHECK_INT(lines_of(written, "event=even "), 3);
}
