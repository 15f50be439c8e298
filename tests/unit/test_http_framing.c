/*
 * test_http_framing.c - raw requests and what must become of them.
 */
#include "../../daemon/serve/http_framing.h"
#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

#define HOST "Host: a\r\n"

/* Whole head at once. */
static int
frame(const char *text, size_t n, struct http_head *h)
{
    struct http_limits l;
    const char *why = NULL;
    int status;

    http_limits_default(&l);
    memset(h, 0, sizeof *h);
    status = http_frame_head(h, &l, span_of(text, n), &why);
    CHECK((why != NULL) == (status >= 400));
    return status;
}

static const struct {
    const char *text;
    size_t n;
    int status;
} corpus[] = {
#define ROW(status, text)                                                                          \
    {                                                                                              \
        text, sizeof(text) - 1, status                                                             \
    }
    ROW(200, "GET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(200, "GET / HTTP/1.0\r\n" HOST "\r\n"),
    ROW(200, "\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(200, "GET http://a/x?y HTTP/1.1\r\n" HOST "\r\n"),
    ROW(200, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
    ROW(200, "POST /v1/ingest/x HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n"),
    ROW(200, "POST / HTTP/1.1\r\n" HOST "Content-Length:3 \r\n\r\n"),
    ROW(200, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"),
    ROW(200, "POST / HTTP/1.1\r\n" HOST "content-LENGTH: 000000000003\r\n\r\n"),
    ROW(200, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"),
    ROW(200, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n"),
    ROW(200, "GET / HTTP/1.1\r\nHost: [::1]:8460\r\nX: \tv\x80\xff\r\nY:\r\n\r\n"),
    /* lengths */
    ROW(200, "POST / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(200, "PUT / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(411, "POST / HTTP/1.0\r\n" HOST "\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3 3\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3.0\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0000000000003\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551619\r\n\r\n"),
    ROW(413, "POST / HTTP/1.1\r\n" HOST "Content-Length: 8388609\r\n\r\n"),
    ROW(413, "POST / HTTP/1.1\r\n" HOST "Content-Length: 999999999999\r\n\r\n"),
    /* codings */
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity, chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
             "Transfer-Encoding: chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked;q=1\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"),
    /* host */
    ROW(400, "GET / HTTP/1.1\r\n\r\n"),
    ROW(400, "GET / HTTP/1.0\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: x@a\r\n\r\n"),
    /* line ends, folds, control bytes */
    ROW(400, "GET / HTTP/1.1\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X Y: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X\x80: a\r\n\r\n"),
    ROW(400, "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    /* request line */
    ROW(400, "GET  / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /  HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/1.1 \r\n" HOST "\r\n"),
    ROW(400, " GET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET\t/ HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /\r\n" HOST "\r\n"),
    ROW(400, "GET /a b HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /#f HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /\0 HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "G(T / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET / http/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/1.1x\r\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/11\r\n" HOST "\r\n"),
    ROW(400, "AVERYLONGMETHODTHATNOBODYKNOWS / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(505, "GET / HTTP/9.9\r\n" HOST "\r\n"),
    ROW(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ROW(505, "GET / HTTP/1.2\r\n" HOST "\r\n"),
    ROW(400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), /* TLS on a plain port */
    /* expectations */
    ROW(417, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: coffee\r\n\r\n"),
    ROW(417, "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"),
#undef ROW
};

TEST(each_raw_request_gets_its_status)
{
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++) {
        struct http_head h;
        int status = frame(corpus[i].text, corpus[i].n, &h);

        if (status != corpus[i].status)
            test_fail(__FILE__, __LINE__, "%d instead of %d for: %s", status, corpus[i].status,
                      corpus[i].text);
        if (status == HTTP_DONE)
            CHECK_INT(h.skipped + h.n, corpus[i].n);
    }
}

/* Byte by byte the answer is the same, and never comes too early nor flips. */
TEST(the_pieces_in_which_a_request_comes_do_not_matter)
{
    struct http_limits l;

    http_limits_default(&l);
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++) {
        struct http_head h = {0};
        const char *why;
        int status = HTTP_MORE;

        for (size_t n = 0; n <= corpus[i].n && status == HTTP_MORE; n++)
            status = http_frame_head(&h, &l, span_of(corpus[i].text, n), &why);
        CHECK_INT(status, corpus[i].status);
    }
}

TEST(every_prefix_of_a_good_request_asks_for_more)
{
    static const char text[] = "POST /v1/ingest/hooks?x=1 HTTP/1.1\r\nHost: localhost:8460\r\n"
                               "Content-Type: application/x-ndjson\r\nContent-Length: 12\r\n"
                               "Expect: 100-continue\r\n\r\n";
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof text - 1;
    char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct http_head h;

    CHECK(map != MAP_FAILED && mprotect(map + page, page, PROT_NONE) == 0);
    for (size_t i = 0; i <= n; i++) {
        memcpy(map + page - i, text, i); /* ends where nothing may be read */
        CHECK_INT(frame(map + page - i, i, &h), i == n ? HTTP_DONE : HTTP_MORE);
    }
    CHECK(h.has_body && h.expect_continue && !h.chunked && !h.old);
    CHECK_INT(h.length, 12);
}

/* A request line, header lines and names of exactly the limit pass, one byte more does not. */
static int
frame_sized(size_t line, size_t count, size_t name, size_t filler)
{
    char *text = malloc(65536);
    size_t n = 0;
    struct http_head h;
    int status;

    n += (size_t)sprintf(text, "GET /%0*d HTTP/1.1\r\nHost: a\r\n", (int)line - 14, 0);
    for (size_t i = 0; i < count; i++)
        n += (size_t)sprintf(text + n, "%.*s: 1\r\n", (int)(i ? 1 : name),
                             "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
                             "abcdefghijklmnopqrstuvwxyz");
    if (filler)
        n += (size_t)sprintf(text + n, "X:%0*d\r\n", (int)filler, 0);
    n += (size_t)sprintf(text + n, "\r\n");
    status = frame(text, n, &h);
    free(text);
    return status;
}

TEST(limits_of_line_count_name_and_head_are_exact)
{
    CHECK_INT(frame_sized(2048, 0, 0, 0), 200);
    CHECK_INT(frame_sized(2049, 0, 0, 0), 414);
    CHECK_INT(frame_sized(30, 63, 1, 0), 200);
    CHECK_INT(frame_sized(30, 64, 1, 0), 431);
    CHECK_INT(frame_sized(30, 1, 64, 0), 200);
    CHECK_INT(frame_sized(30, 1, 65, 0), 431);
    /* Host (9) + X: (4) + the blank line (2) */
    CHECK_INT(frame_sized(30, 0, 0, 8192 - 15), 200);
    CHECK_INT(frame_sized(30, 0, 0, 8192 - 14), 431);
    CHECK_INT(frame_sized(30, 0, 0, 30000), 431);
}

TEST(endless_lines_are_refused_without_their_end)
{
    struct http_head h;
    char text[16384];

    memset(text, 'A', sizeof text);
    CHECK_INT(frame(text, 2048, &h), HTTP_MORE);
    CHECK_INT(frame(text, 2049, &h), 414);
    memcpy(text, "GET / HTTP/1.1\r\n", 16);
    CHECK_INT(frame(text, 16 + 8192, &h), HTTP_MORE);
    CHECK_INT(frame(text, 16 + 8193, &h), 431);
}

static const struct {
    const char *text;
    size_t n;
    int status;
    size_t left; /* bytes that belong to the next request */
} chunk_corpus[] = {
#define ROW(status, left, text)                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1, status, left                                                       \
    }
    ROW(200, 0, "0\r\n\r\n"),
    ROW(200, 0, "3\r\nabc\r\n0\r\n\r\n"),
    ROW(200, 0, "00000003\r\nabc\r\n0\r\n\r\n"),
    ROW(200, 0, "a\r\n0123456789\r\nA;x=y\r\n0123456789\r\n000\r\n\r\n"),
    ROW(200, 0, "0\r\nTrailer: x\r\nB: \x80\r\n\r\n"),
    ROW(200, 3, "0\r\n\r\nGET"),
    ROW(0, 0, "3\r\nab"),
    ROW(413, 0, "7fffffff\r\n"),
    ROW(413, 0, "ffffffff\r\n"),
    ROW(413, 0, "00800001\r\n"),
    ROW(400, 0, "+3\r\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, "-3\r\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, "0x3\r\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, " 3\r\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, "3 \r\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, "3\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, "3\rabc\r\n0\r\n\r\n"),
    ROW(400, 0, "3\r\nabc0\r\n\r\n"),
    ROW(400, 0, "3\r\nabc\n0\r\n\r\n"),
    ROW(400, 0, "3\r\nabcd\r\n0\r\n\r\n"),
    ROW(400, 0, "000000003\r\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, "\r\n\r\n"),
    ROW(400, 0, ";x\r\n\r\n"),
    ROW(400, 0, "3;a\x01\r\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, "3;a\0\r\nabc\r\n0\r\n\r\n"),
    ROW(400, 0, "3;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
    ROW(400, 0, "0\r\n\n"),
    ROW(400, 0, "0\r\n folded\r\n\r\n"),
    ROW(400, 0, "0\r\nNo colon\r\n\r\n"),
    ROW(400, 0, "0\r\n: x\r\n\r\n"),
    ROW(400, 0, "0\r\nA: \0\r\n\r\n"),
    ROW(400, 0, "0\r\nA: b\n\r\n"),
    ROW(400, 0, "g\r\n"),
#undef ROW
};

TEST(chunked_bodies_are_framed_strictly_in_any_pieces)
{
    struct http_limits l;

    http_limits_default(&l);
    for (size_t i = 0; i < sizeof chunk_corpus / sizeof *chunk_corpus; i++) {
        size_t n = chunk_corpus[i].n, used, sum = 0;
        struct http_chunks whole = {0}, bytes = {0};
        const char *why;
        int status = http_frame_chunks(&whole, &l, span_of(chunk_corpus[i].text, n), &used, &why);

        if (status != chunk_corpus[i].status)
            test_fail(__FILE__, __LINE__, "%d instead of %d for: %s", status,
                      chunk_corpus[i].status, chunk_corpus[i].text);
        if (status < 400)
            CHECK_INT(n - used, chunk_corpus[i].left);
        status = HTTP_MORE;
        for (size_t at = 0; at < n && status == HTTP_MORE; at++, sum += used)
            status =
                http_frame_chunks(&bytes, &l, span_of(chunk_corpus[i].text + at, 1), &used, &why);
        CHECK_INT(status, chunk_corpus[i].status);
        if (status < 400)
            CHECK_INT(n - sum, chunk_corpus[i].left);
        CHECK_INT(bytes.total, whole.total);
    }
}

TEST(many_small_chunks_meet_the_body_limit)
{
    struct http_limits l;
    struct http_chunks c = {0};
    const char *why;
    size_t used;
    int status = HTTP_MORE, rounds = 0;

    http_limits_default(&l);
    l.max_body = 1000;
    while (status == HTTP_MORE && rounds++ < 2000)
        status = http_frame_chunks(&c, &l, SPAN("1\r\nx\r\n"), &used, &why);
    CHECK_INT(status, 413);
    CHECK_INT(rounds, 1001);
}

TEST(endless_trailers_meet_the_head_limit)
{
    struct http_limits l;
    struct http_chunks c = {0};
    const char *why;
    size_t used;
    int status = http_frame_chunks(&c, &(struct http_limits){.max_body = 10, .max_head = 100},
                                   SPAN("0\r\n"), &used, &why);

    http_limits_default(&l);
    for (int i = 0; i < 2000 && status == HTTP_MORE; i++)
        status = http_frame_chunks(&c, &l, SPAN("A: b\r\n"), &used, &why);
    CHECK_INT(status, 431);
}
