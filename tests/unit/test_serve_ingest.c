/*
 * test_serve_ingest.c - what becomes of bodies: formats, codings, limits, answers.
 */
#include "serve_site.h"

#include "../../daemon/serve/idempotency.h"

/* OpenMetrics 1.0: TYPE before samples, counters end in _total, # EOF is the last line. */
TEST(records_are_answered_after_the_commit)
{
    struct site s;
    int status;
    struct buf b;

    site_start(&s);
    b = ask(&s, POST_TO("n", "application/x-ndjson; charset=utf-8"),
            SPAN("\xEF\xBB\xBF{\"a\":1}\n{\"a\":2}\n"), &status);
    CHECK_INT(status, 200);
    CHECK_STR(strstr(b.p, "\r\n\r\n") + 4,
              "{\"accepted\":3,\"duplicates\":1,\"quarantined\":1,\"ignored\":0,\"batch\":41}\n");
    CHECK_SPAN(span_of(s.engine.got.p, s.engine.got.n), "{\"a\":1}\n{\"a\":2}\n");
    CHECK_STR(s.engine.source.input, "ndjson");
    CHECK_STR(s.engine.source.timezone, "Europe/Berlin");
    CHECK(!s.engine.source.json_array && s.engine.source.identity == IDENTITY_NONE);
    CHECK(strncmp(s.engine.name, "127.0.0.1:", 10) == 0);
    buf_clear(&b);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), SPAN(" \n[{\"a\":1}]")), 200);
    CHECK(s.engine.source.json_array);
    site_stop(&s);
}

TEST(nothing_is_acknowledged_that_was_not_committed)
{
    static const char head[] = POST_TO("n", "application/json");
    struct site s;
    int status;
    struct buf b;

    site_start(&s);
    s.engine.submit = ST_FULL;
    b = ask(&s, head, SPAN("{}"), &status);
    CHECK_INT(status, 503);
    CHECK(strstr(b.p, "Retry-After: 1\r\n"));
    buf_clear(&b);
    s.engine.submit = ST_RETRY;
    CHECK_INT(ask_status(&s, head, SPAN("{}")), 503);
    s.engine.submit = ST_OK;
    s.engine.commit = ST_IO;
    CHECK_INT(ask_status(&s, head, SPAN("{}")), 503);
    site_stop(&s);
}

#define KEYED(key) POST_TO("n", "application/json\r\nIdempotency-Key: " key)

TEST(idempotency_keys_are_passed_on)
{
    struct site s;
    uint64_t hash;
    int status;
    struct buf b;

    site_start(&s);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), SPAN("{}")), 200);
    CHECK_STR(s.engine.key, "");
    b = ask(&s, KEYED("\"8e03978e-40d5\""), SPAN("{}"), &status);
    CHECK_INT(status, 200);
    CHECK(!strstr(b.p, "Idempotent-Replayed"));
    CHECK_STR(s.engine.key, "8e03978e-40d5");
    buf_clear(&b);
    hash = s.engine.body_hash;
    s.engine.commit = ST_SKIP;
    b = ask(&s, KEYED("8e03978e-40d5"), SPAN("{}"), &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "Idempotent-Replayed: true\r\n") && strstr(b.p, "\"batch\":41}"));
    CHECK_STR(s.engine.key, "8e03978e-40d5");
    CHECK(s.engine.body_hash == hash);
    buf_clear(&b);
    CHECK_INT(ask_status(&s, KEYED("k"), SPAN("{ }")), 200);
    CHECK(s.engine.body_hash != hash);
    CHECK_INT(ask_status(&s, POST_TO("n", "text/csv\r\nIdempotency-Key: k"), SPAN("customer\n{}")),
              200);
    CHECK(s.engine.body_hash != hash);
    s.engine.submit = ST_BAD_INPUT;
    b = ask(&s, KEYED("k"), SPAN("{}"), &status);
    CHECK_INT(status, 422);
    CHECK(strstr(b.p, "application/problem+json") && strstr(b.p, "another body"));
    buf_clear(&b);
    s.engine.submit = ST_IO;
    CHECK_INT(ask_status(&s, KEYED("k"), SPAN("{}")), 503);
    site_stop(&s);
}

TEST(idempotency_keys_have_bounds)
{
    char longest[IDEMPOTENCY_KEY_MAX + 2], head[400];
    static const char *const bad[] = {
        KEYED(""),     KEYED("\"\""), KEYED("a b"),  KEYED("\"a"),
        KEYED("a\\b"), KEYED("\xE9"), KEYED("a\tb"), KEYED("k\r\nIdempotency-Key: k"),
    };
    struct site s;

    site_start(&s);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ask_status(&s, bad[i], SPAN("{}")) != 400)
            test_fail(__FILE__, __LINE__, "not refused: %s", bad[i]);
    memset(longest, 'k', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    snprintf(head, sizeof head, KEYED("%s"), longest);
    CHECK_INT(ask_status(&s, head, SPAN("{}")), 400);
    longest[IDEMPOTENCY_KEY_MAX] = '\0';
    snprintf(head, sizeof head, KEYED("%s"), longest);
    CHECK_INT(ask_status(&s, head, SPAN("{}")), 200);
    CHECK_STR(s.engine.key, longest);
    site_stop(&s);
}

TEST(content_types_choose_the_format)
{
    static const struct {
        const char *head, *format; /* NULL: 415 */
    } rows[] = {
        {POST_TO("n", "application/x-ndjson"), "ndjson"},
        {POST_TO("n", "APPLICATION/JSON"), "ndjson"},
        {POST_TO("n", "text/csv;header=present"), "csv"},
        {POST_TO("n", "text/plain"), "ndjson"},
        {POST_TO("n", "application/x-www-form-urlencoded"), "ndjson"},
        {POST_TO("n", ""), "ndjson"},
        {"POST /v1/ingest/n HTTP/1.1", "ndjson"},
        {POST_TO("n", "image/png"), NULL},
        {POST_TO("c", "text/csv"), "csv"},
        {POST_TO("c", "application/json"), "ndjson"},
        {POST_TO("a", "text/csv"), "acme"},
        {POST_TO("a", "application/json"), NULL},
        {POST_TO("l", "text/plain"), "asterisk-cdr"},
        {POST_TO("l", "text/csv"), "asterisk-cdr"},
        {POST_TO("l", "application/json"), NULL},
        {POST_TO("n", "application/json\r\nContent-Encoding: br"), NULL},
        {POST_TO("n", "application/json\r\nContent-Encoding: gzip, gzip"), NULL},
        {POST_TO("n", "application/json\r\nContent-Encoding: identity"), "ndjson"},
    };
    struct site s;

    site_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = ask_status(&s, rows[i].head, SPAN("customer\nx\n"));

        if (status != (rows[i].format ? 200 : 415))
            test_fail(__FILE__, __LINE__, "%d for %s", status, rows[i].head);
        if (rows[i].format)
            CHECK_STR(s.engine.format, rows[i].format);
    }
    site_stop(&s);
}

TEST(csv_headers_are_read_from_every_request)
{
    struct site s;
    int status;
    struct buf b;

    site_start(&s);
    CHECK_INT(ask_status(&s, POST_TO("c", "text/csv"), SPAN("customer,start\r\na,1\r\n")), 200);
    CHECK_STR(s.engine.header, "customer,start");
    CHECK_SPAN(span_of(s.engine.got.p, s.engine.got.n), "a,1\r\n");
    CHECK_INT(s.engine.offset, 16);
    b = ask(&s, POST_TO("c", "text/csv"), SPAN("a,1\n"), &status);
    CHECK_INT(status, 422);
    CHECK(strstr(b.p, "\"detail\":\"no column feeds customer\""));
    buf_clear(&b);
    s.engine.submit = ST_FULL; /* proves that nothing is submitted */
    b = ask(&s, POST_TO("c", "text/csv"), SPAN("customer,start"), &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "\"batch\":0}"));
    buf_clear(&b);
    b = ask(&s, POST_TO("n", "application/json"), SPAN(" \r\n"), &status);
    CHECK_INT(status, 200);
    CHECK(strstr(b.p, "{\"accepted\":0,"));
    buf_clear(&b);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), SPAN("")), 200);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), SPAN("{}\n{")), 400);
    site_stop(&s);
}

TEST(fifty_thousand_records_are_the_most)
{
    struct site s;
    struct buf lines = {0}, array = {0};

    site_start(&s);
    buf_str(&array, "[\"a,]\\\",\"");
    for (int i = 0; i < 49999; i++) {
        buf_str(&lines, "{}\n");
        buf_str(&array, ",[{},1]");
    }
    buf_str(&lines, "{}\n");
    buf_str(&array, "]");
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), span_of(lines.p, lines.n)), 200);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), span_of(array.p, array.n)), 200);
    buf_str(&lines, "{}");
    array.n--;
    buf_str(&array, ",1]");
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), span_of(lines.p, lines.n)), 413);
    CHECK_INT(ask_status(&s, POST_TO("n", "application/json"), span_of(array.p, array.n)), 413);
    buf_clear(&lines);
    buf_clear(&array);
    site_stop(&s);
}

static struct buf
gzip(struct span text)
{
    struct buf b = {0};
    z_stream z = {0};

    CHECK(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    buf_reserve(&b, text.n + 1000);
    z.next_in = (Bytef *)(uintptr_t)text.p;
    z.avail_in = (uInt)text.n;
    z.next_out = (Bytef *)b.p;
    z.avail_out = (uInt)text.n + 1000;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    b.n = z.total_out;
    deflateEnd(&z);
    return b;
}

static struct buf
zstd(struct span text)
{
    struct buf b = {0};

    buf_reserve(&b, ZSTD_compressBound(text.n));
    b.n = ZSTD_compress(b.p, b.cap, text.p, text.n, 5);
    CHECK(!ZSTD_isError(b.n));
    return b;
}

static const struct {
    const char *head;
    struct buf (*pack)(struct span text);
} packers[] = {{POST_TO("n", "application/json\r\nContent-Encoding: gzip"), gzip},
               {POST_TO("n", "application/json\r\nContent-Encoding: zstd"), zstd}};

TEST(packed_bodies_are_unpacked_within_bounds)
{
    struct site s;
    struct buf text = {0}, bomb = {0};

    for (int i = 0; i < 40000; i++)
        buf_printf(&text, "{\"n\":%d}\n", i * 7919);
    buf_reserve(&bomb, 8 << 20);
    memset(bomb.p, ' ', bomb.n = 8 << 20);
    site_start(&s);
    for (size_t i = 0; i < 2; i++) {
        struct buf b = packers[i].pack(span_of(text.p, text.n));

        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 200);
        CHECK(span_eq(span_of(s.engine.got.p, s.engine.got.n), span_of(text.p, text.n)));
        /* cut off, broken, followed by more */
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n - 1)), 400);
        b.p[b.n / 2] ^= 0x55;
        b.p[0] ^= 1;
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 400);
        b.p[b.n / 2] ^= 0x55;
        b.p[0] ^= 1;
        buf_span(&b, span_of(b.p, 0));
        buf_str(&b, "x");
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 400);
        buf_clear(&b);
        /* 8 MiB of blanks: over 200:1 */
        b = packers[i].pack(span_of(bomb.p, bomb.n));
        CHECK(b.n < (8 << 20) / 200);
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 413);
        buf_clear(&b);
        CHECK_INT(ask_status(&s, packers[i].head, SPAN("")), 400);
    }
    buf_clear(&text);
    buf_clear(&bomb);
    site_stop(&s);
}

/* Every prefix of a packed body is refused, none hangs or passes. */
TEST(every_prefix_of_a_packed_body_is_refused)
{
    struct site s;

    site_start(&s);
    for (size_t i = 0; i < 2; i++) {
        struct buf b = packers[i].pack(SPAN("{\"customer\":\"a\",\"start\":1,\"duration\":60}\n"));

        for (size_t n = 1; n < b.n; n++)
            CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, n)), 400);
        CHECK_INT(ask_status(&s, packers[i].head, span_of(b.p, b.n)), 200);
        buf_clear(&b);
    }
    site_stop(&s);
}

/* Requests under way are answered with 503, what commits late with 200; idle ones are closed. */
