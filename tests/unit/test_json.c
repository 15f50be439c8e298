/*
 * test_json.c - the JSON writer and the small strict reader.
 */
#include "json_read.h"
#include "json_write.h"
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static enum status
parse_text(const char *text, struct arena *mem, struct json_value **out)
{
    struct error err = {0};

    return json_parse(span_str(text), mem, out, &err);
}

TEST(writer_sets_commas_and_closes)
{
    struct buf b = {0};
    struct json_writer w;

    json_begin(&w, &b);
    json_object(&w, NULL);
    json_text(&w, "a", "x");
    json_array(&w, "list");
    json_i64(&w, NULL, -5);
    json_u64(&w, NULL, UINT64_MAX);
    json_object(&w, NULL);
    json_close(&w);
    json_close(&w);
    json_bool(&w, "yes", true);
    json_text(&w, "none", NULL);
    json_key(&w, SPAN("a \"b\""));
    json_array(&w, NULL);
    json_close(&w);
    json_key(&w, SPAN("c"));
    json_i64(&w, NULL, 1);
    json_time(&w, "at", 0);
    json_close(&w);
    CHECK_STR(b.p, "{\"a\":\"x\",\"list\":[-5,18446744073709551615,{}],\"yes\":true,"
                   "\"none\":null,\"a \\\"b\\\"\":[],\"c\":1,\"at\":null}");
    buf_clear(&b);
}

TEST(writer_escapes_controls_and_replaces_broken_utf8)
{
    struct buf b = {0};

    json_escape(&b, span_of("a\"\\\n\t\x01\x7f\0z", 9));
    CHECK_STR(b.p, "\"a\\\"\\\\\\n\\t\\u0001\\u007f\\u0000z\"");
    buf_reset(&b);
    json_escape(&b, SPAN("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xff \xc3 \xed\xa0\x80"));
    CHECK_STR(b.p, "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xef\xbf\xbd \xef\xbf\xbd "
                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    buf_clear(&b);
}

TEST(writer_gives_the_shortest_double)
{
    static const struct {
        double v;
        const char *want;
    } rows[] = {{0.1, "0.1"},  {1e300, "1e+300"},  {1.0 / 3, "0.3333333333333333"},   {2, "2"},
                {NAN, "null"}, {INFINITY, "null"}, {0.1 + 0.2, "0.30000000000000004"}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        struct json_writer w;

        json_begin(&w, &b);
        json_real(&w, NULL, rows[i].v);
        CHECK_STR(b.p, rows[i].want);
        buf_clear(&b);
    }
}

TEST(reader_reads_what_a_request_holds)
{
    struct arena mem;
    struct json_value *v;
    const struct json_value *args;

    arena_init(&mem);
    CHECK_INT(
        parse_text(" {\"command\":\"import\",\"args\":{\"path\":\"a\\u00fc\\ud83d\\ude00\\n\","
                   "\"n\":-12,\"x\":2.5e1,\"ok\":true,\"no\":null,\"list\":[1,[],{}]}}\n",
                   &mem, &v),
        ST_OK);
    CHECK_STR(json_get_text(v, "command", ""), "import");
    args = json_find(v, "args");
    CHECK_STR(json_get_text(args, "path", ""), "a\xc3\xbc\xf0\x9f\x98\x80\n");
    CHECK_INT(json_get_i64(args, "n", 0), -12);
    CHECK(json_get_bool(args, "ok", false));
    CHECK_STR(json_get_text(args, "n", "wrong type"), "wrong type");
    CHECK_INT(json_get_i64(args, "absent", 7), 7);
    CHECK(json_find(json_find(args, "list"), "x") == NULL);
    arena_clear(&mem);
}

TEST(reader_refuses_what_is_not_json)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "[",
                                      "[1",
                                      "[1,]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "01",
                                      "+1",
                                      "-",
                                      ".5",
                                      "1.",
                                      "1e",
                                      "1e+",
                                      "nul",
                                      "truex",
                                      "\"",
                                      "\"a",
                                      "\"\\",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "\"\\u0000\"",
                                      "\"\t\"",
                                      "\"\xff\"",
                                      "{} {}",
                                      "[1 2]",
                                      "{\"a\":1,\"a\":2}",
                                      "NaN",
                                      "'a'",
                                      "/**/1",
                                      "\"\\\"",
                                      "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};
    struct arena mem;
    struct json_value *v;

    arena_init(&mem);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_text(bad[i], &mem, &v) != ST_BAD_INPUT)
            test_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
    arena_clear(&mem);
}

/* Every prefix stands at the end of a page behind which nothing may be read. */
TEST(reader_never_reads_past_the_end)
{
    static const char text[] = "{\"a\":[1.5e3,\"x\\u00e9\\\\\",true,null],\"b\":{\"c\":-0}}";
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof text - 1;
    char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct arena mem;
    struct json_value *v;

    CHECK(map != MAP_FAILED && mprotect(map + page, page, PROT_NONE) == 0);
    arena_init(&mem);
    for (size_t i = 0; i <= n; i++) {
        char *at = map + page - i;

        memcpy(at, text, i);
        CHECK_INT(json_parse(span_of(at, i), &mem, &v, NULL), i == n ? ST_OK : ST_BAD_INPUT);
    }
    arena_clear(&mem);
}

TEST(what_others_wrote_may_repeat_keys_and_nest_deeper)
{
    char deep[2 * JSON_READ_FOREIGN_DEPTH + 3];
    struct arena mem;
    struct json_value *v;
    struct error err;

    arena_init(&mem);
    CHECK_INT(json_parse_foreign(SPAN("{\"a\":1,\"a\":2}"), &mem, &v, NULL), ST_OK);
    CHECK_SPAN(json_find(v, "a")->text, "1");
    memset(deep, '[', JSON_READ_FOREIGN_DEPTH);
    memset(deep + JSON_READ_FOREIGN_DEPTH, ']', JSON_READ_FOREIGN_DEPTH);
    CHECK_INT(json_parse_foreign(span_of(deep, 2 * JSON_READ_FOREIGN_DEPTH), &mem, &v, NULL),
              ST_OK);
    memset(deep, '[', sizeof deep);
    CHECK_INT(json_parse_foreign(span_of(deep, sizeof deep), &mem, &v, &err), ST_BAD_INPUT);
    CHECK_STR(err.text, "not JSON: nested too deeply");
    arena_clear(&mem);
}

TEST(no_document_is_more_than_a_million_values)
{
    size_t n = 2 * (size_t)JSON_READ_FOREIGN_VALUES + 1; /* "[0,0,0]" */
    char *text = malloc(n);
    struct arena mem;
    struct json_value *v;
    struct error err;

    arena_init(&mem);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 2 ? '0' : ',';
    text[0] = '[';
    text[n - 1] = ']';
    CHECK_INT(json_parse_foreign(span_of(text, n), &mem, &v, &err), ST_BAD_INPUT);
    CHECK_STR(err.text, "not JSON: too many values");
    free(text);
    arena_clear(&mem);
}

TEST(strings_that_nobody_escaped)
{
    static const struct {
        const char *text, *a; /* NULL: no JSON even so */
    } cases[] = {
        {"{\"a\": \"say \"hi\" to x\", \"b\": 1}", "say \"hi\" to x"},
        {"{\"a\": \"C:\\dir\\u12\" }", "C:\\dir\\u12"},
        {"{\"a\": \"x\\\"y\\n\"}", "x\"y\n"},
        {"{\"a\": \"two\nlines \xFF\"}", "two\nlines \xFF"},
        {"{\"a\": \"\"\"\"}", "\"\""},
        {"{\"a\": \"1\", \"a\": \"2\"}", "1"},
        {"{\"a\": \"one\", two\"}", NULL},
        {"{\"a\": \"never closed}", NULL},
        {"{\"a\": \"x\\", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_value *v = NULL;
        struct arena mem;
        enum status st;

        arena_init(&mem);
        st = json_parse_unescaped(span_str(cases[i].text), &mem, &v, NULL);
        CHECK_INT(st, cases[i].a ? ST_OK : ST_BAD_INPUT);
        if (cases[i].a)
            CHECK_STR(json_get_text(v, "a", "(none)"), cases[i].a);
        arena_clear(&mem);
    }
}
