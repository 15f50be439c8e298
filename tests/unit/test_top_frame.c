/*
 * test_top_frame.c - the picture of `callswell top`: rates from two looks, lines that fit.
 */
#include "test.h"
#include "../../daemon/ctl/top_frame.h"

static void
look(struct top *t, int64_t at_ms, int64_t seen, int64_t refused, int64_t feed)
{
    char text[1000];
    struct arena mem;
    struct json_value *v = NULL;
    struct error err;

    snprintf(text, sizeof text,
             "{\"version\":\"1\",\"node\":\"n\",\"ready\":true,\"uptime\":3700,\"records\":{"
             "\"seen\":%lld,\"accepted\":%lld,\"quarantined\":%lld},\"ledger\":{\"batch\":12,"
             "\"folded\":10,\"bytes\":1024},\"redis\":{\"connected\":false,\"applied\":9,"
             "\"problem\":\"refused\"},\"analytics\":{\"batch\":7},\"feeds\":[{\"input\":\"pbx\","
             "\"type\":\"tail\",\"records\":%lld,\"behind\":2048,"
             "\"last_record\":\"2026-11-22T20:59:00Z\"}]}",
             (long long)seen, (long long)(seen - refused), (long long)refused, (long long)feed);
    arena_init(&mem);
    CHECK(json_parse(span_of(text, strlen(text)), &mem, &v, &err) == ST_OK);
    top_take(t, v, at_ms);
    arena_clear(&mem);
}

static const char *
draw(const struct top *t, int columns, int lines)
{
    static char picture[8192];
    const struct top_size size = {columns, lines, true};
    struct buf out = {0};

    top_draw(t, &size, &out);
    snprintf(picture, sizeof picture, "%s", out.p);
    buf_clear(&out);
    return picture;
}

TEST(rates_are_changes_between_two_looks)
{
    struct top *t = top_new("/state");
    const char *picture;

    look(t, 1000, 5000, 10, 700);
    CHECK(strstr(draw(t, 80, 0), "records/s          0") != NULL);
    look(t, 3000, 9000, 14, 702);
    picture = draw(t, 80, 0);
    CHECK(strstr(picture, "records/s      2,000") != NULL);
    CHECK(strstr(picture, "1,998 accepted, 0 duplicates, 2.0 refused") != NULL);
    CHECK(strstr(picture, "pbx              tail          1.0          702") != NULL);
    CHECK(strstr(picture, "behind by: fold 2, Redis 3, analytics 5") != NULL);
    CHECK(strstr(picture, "NOT CONNECTED: refused") != NULL);
    CHECK(strstr(picture, "up 1 h 1 min") != NULL);
    top_free(t);
}

TEST(a_daemon_that_is_gone_is_said_and_its_rates_forgotten)
{
    struct top *t = top_new("/state");

    look(t, 1000, 5000, 0, 700);
    top_lose(t, "nobody listens");
    CHECK(strstr(draw(t, 80, 0), "no daemon answers on /state") != NULL);
    CHECK(strstr(draw(t, 80, 0), "nobody listens") != NULL);
    look(t, 2000, 100, 0, 7); /* another one, which counts anew */
    CHECK(strstr(draw(t, 80, 0), "records/s          0") != NULL);
    top_free(t);
}

TEST(no_picture_is_larger_than_its_screen)
{
    struct top *t = top_new("/state");

    for (int i = 0; i < 100; i++)
        look(t, 1000 * i, 100000000LL * i, 0, 99999999LL * i);
    for (int columns = 20; columns <= 120; columns += 10) {
        const char *picture = draw(t, columns, 9);
        int lines = 0, width = 0;

        for (const char *p = picture; *p; p++) {
            if (*p == '\n') {
                CHECK(width <= columns);
                width = 0;
                lines++;
            } else
                width += ((unsigned char)*p & 0xC0) != 0x80;
        }
        CHECK(lines <= 9);
    }
    top_free(t);
}
