/*
 * test_ndjson.c - JSON lines: what is taken, what is refused and where, and python's
 * opinion of a few thousand mutated lines.
 */
#include "jsonlines.h"

static struct format *
plain(void)
{
    return make_format((struct format_options){.type = "ndjson"});
}

/* A path with a node for each form: inner object, array element, list, two ways to one field. */
static const char *const paths[] = {"customer=a.b", "start=a.c", "features=f",
                                    "id=x.0.y",     "region=r1", "region=r2",
                                    "cause=a",      "agent=x.1", NULL};

static struct format *
mapped(void)
{
    return make_format((struct format_options){.type = "ndjson", .map = paths});
}

struct accepted {
    const char *line, *want;
};

static void
accepts(struct format *f, const struct accepted *cases, size_t count)
{
    /* Twice with one worker: what it remembers must not change what it reads. */
    for (size_t i = 0; i < 2 * count; i++) {
        const struct accepted *c = &cases[i % count];
        struct stream s;

        stream_open(&s, f, at_the_edge(span_str(c->line)));
        for (int round = 0; round < 2; round++) {
            s.rest = at_the_edge(span_str(c->line));
            if (stream_next(&s) != ST_OK)
                test_fail(__FILE__, __LINE__, "%s: %s at %ld", c->line, s.err.text, s.err.pos);
            CHECK_STR(shown(&s), c->want);
            CHECK_INT(s.rest.n, 0);
        }
        stream_close(&s);
    }
    format_free(f);
}

TEST(ndjson_takes_json)
{
    static const struct accepted cases[] = {
        {"{}", ""},
        {" { } ", ""},
        {"\t{\"customer\" : \"acme\" ,\"start\":1}\r\n", "customer=acme start=1"},
        {"\xEF\xBB\xBF{\"id\":\"x\"}\n", "id=x"},
        {"{\"duration\":0}", "duration=0"},
        {"{\"duration\":-0}", "duration=-0"},
        {"{\"duration\":18446744073709551616.000000000000001}",
         "duration=18446744073709551616.000000000000001"},
        {"{\"duration\":1e5}", "duration=1e5"},
        {"{\"duration\":-1.50E-10}", "duration=-1.50E-10"},
        {"{\"duration\":\"90\"}", "duration=90"},
        {"{\"reason\":true,\"state\":false}", "reason=true state=false"},
        {"{\"reason\":null,\"state\":\"\",\"id\":\"null\"}", "id=null"},
        {"{\"id\":\"\\u006eull\"}", "id=null"},
        {"{\"id\":1,\"id\":2}", "id=2"},
        {"{\"id\":1,\"id\":null}", ""},
        {"{\"features\":[\"a\",\"b\"],\"features\":\"c\"}", "features=c"},
        {"{\"features\":\"a;b\",\"features\":[\"c\"]}", "features=[c]"},
        {"{\"features\":[]}", ""},
        {"{\"features\":[null,\"\"]}", ""},
        {"{\"features\":[ \"a\" , 5,true , null,\"\\u0062\" ]}", "features=[a,5,true,b]"},
        {"{\"Customer\":\"x\",\"unknown\":\"y\"}", ""},
        {"{\"x\":{\"customer\":\"no\",\"y\":[1,{\"z\":[]},\"}\"]},\"customer\":\"yes\"}",
         "customer=yes"},
        {"{\"customer\":\"a\\\"b\\\\c\\/d\\be\\ff\\ng\\rh\\ti\"}",
         "customer=a\"b\\c/d\be\ff\ng\rh\ti"},
        {"{\"customer\":\"\\u00e9\\u20AC\\ud83d\\uDE00\\u007f\"}",
         "customer=\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F"},
        {"{\"customer\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"}",
         "customer=\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"{\"cust\\u006fmer\":\"x\"}", "customer=x"},
        {"{\"\":1,\"\\u0041\":2}", ""},
        {"{\"a key that is much longer than what a worker remembers\":1,\"id\":2}", "id=2"},
    };

    accepts(plain(), cases, sizeof cases / sizeof *cases);
}

TEST(ndjson_follows_paths)
{
    static const struct accepted cases[] = {
        {"{\"a\":{\"b\":\"acme\",\"c\":5,\"d\":6}}", "customer=acme start=5"},
        {"{\"a\":\"text\"}", "cause=text"},
        {"{\"a\":\"text\",\"a\":{\"b\":1}}", "customer=1"},
        {"{\"a\":{\"b\":1},\"a\":\"text\"}", "cause=text"},
        /* A repeated object takes the place of the whole first one. */
        {"{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "start=2"},
        {"{\"x\":[{\"y\":7},8,9]}", "id=7 agent=8"},
        {"{\"x\":[]}", ""},
        {"{\"x\":{\"0\":{\"y\":7}}}", "id=7"},
        {"{\"r1\":\"one\",\"r2\":\"two\"}", "region=one"},
        {"{\"r2\":\"two\",\"r1\":\"one\"}", "region=one"},
        {"{\"r2\":\"two\",\"r1\":null}", "region=two"},
        {"{\"f\":[\"v\"]}", "features=[v]"},
        /* Its own name feeds no field that is mapped elsewhere. */
        {"{\"customer\":\"no\",\"conference\":\"yes\"}", "conference=yes"},
        /* Called like a field by chance, and no value: with a map that is no mistake. */
        {"{\"media\":[1],\"state\":{\"a\":1},\"r1\":{},\"id\":3}", ""},
    };

    accepts(mapped(), cases, sizeof cases / sizeof *cases);
}

static const struct {
    const char *line;
    long at;
    const char *why;
} refused[] = {
    {"[]", 0, "expected an object"},
    {"1", 0, "expected an object"},
    {"nonsense", 0, "expected an object"},
    {"{", 1, "expected a key"},
    {"{\"id\"", 5, "expected a colon"},
    {"{\"id\":", 6, "expected a value"},
    {"{\"id\":1", 7, "comma or }"},
    {"{\"id\":1}}", 8, "text after the object"},
    {"{\"id\":1} {\"id\":2}", 9, "text after the object"},
    {"{\"id\":1,}", 8, "expected a key"},
    {"{,\"id\":1}", 1, "expected a key"},
    {"{\"id\" 1}", 6, "expected a colon"},
    {"{\"id\":1 \"x\":2}", 8, "comma or }"},
    {"{id:1}", 1, "expected a key"},
    {"{'id':1}", 1, "expected a key"},
    {"{\"id\":'x'}", 6, "expected a value"},
    {"{\"id\":01}", 7, "comma or }"},
    {"{\"id\":+1}", 6, "expected a value"},
    {"{\"id\":-}", 7, "expected a digit"},
    {"{\"id\":.5}", 6, "expected a value"},
    {"{\"id\":1.}", 8, "expected a digit"},
    {"{\"id\":1e}", 8, "expected a digit"},
    {"{\"id\":1e+}", 9, "expected a digit"},
    {"{\"id\":0x1}", 7, "comma or }"},
    {"{\"id\":NaN}", 6, "expected a value"},
    {"{\"id\":Infinity}", 6, "expected a value"},
    {"{\"id\":tru}", 9, "expected a value"},
    {"{\"id\":nulL}", 9, "expected a value"},
    {"{\"id\":True}", 6, "expected a value"},
    {"{\"id\":\"a\tb\"}", 8, "control character"},
    {"{\"id\":\"a\\xb\"}", 9, "no such escape"},
    {"{\"id\":\"\\u12G4\"}", 11, "four hex digits"},
    {"{\"id\":\"\\ud83d\"}", 7, "half of a surrogate pair"},
    {"{\"id\":\"\\ud83dx\"}", 7, "half of a surrogate pair"},
    {"{\"id\":\"\\ud83d\\n\"}", 7, "half of a surrogate pair"},
    {"{\"id\":\"\\ud83d\\u0041\"}", 7, "half of a surrogate pair"},
    {"{\"id\":\"\\ude00\"}", 7, "half of a surrogate pair"},
    {"{\"id\":\"\\u0000\"}", 7, "NUL"},
    {"{\"x\":\"\\u0000\"}", 6, "NUL"},
    {"{\"id\":\"\xFF\"}", 7, "not UTF-8"},
    {"{\"id\":\"\xC0\xAF\"}", 7, "not UTF-8"},
    {"{\"x\":\"\xED\xA0\x80\"}", 6, "not UTF-8"},
    {"{\"\xE2\x82\":1}", 2, "not UTF-8"},
    {"{\"id\":\xC3\xA9}", 6, "expected a value"},
    {"{\"id\":\"x}", 9, "cut off"},
    {"{\"id\":\"x\\", 9, "cut off"},
    {"{\"id\":\"x\\u00", 12, "cut off"},
    {"{\"id\":{}}", 6, "expected a text or a number"},
    {"{\"id\":[1]}", 6, "expected a text or a number"},
    {"{\"features\":{}}", 12, "expected a text or a number"},
    {"{\"features\":[[]]}", 13, "expected a value"},
    {"{\"features\":[1,]}", 15, "expected a value"},
    {"{\"features\":[null,]}", 18, "expected a value"},
    {"{\"features\":[1 2]}", 15, "comma or ]"},
    {"{\"x\":[1,]}", 8, "expected a value"},
    {"{\"x\":[}", 6, "expected a value"},
    {"{\"x\":{\"y\":1]}", 11, "comma or }"},
    {"{\"id\":1} // x", 9, "text after the object"},
};

TEST(ndjson_refuses_what_is_no_json_and_says_where)
{
    struct format *f = plain();

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct buf b = {0};
        struct stream s;

        /* The mistake costs its line: the next one is read. */
        buf_printf(&b, "%s\n{\"id\":\"next\"}\n", refused[i].line);
        stream_open(&s, f, at_the_edge(span_of(b.p, b.n)));
        CHECK_INT(stream_next(&s), ST_BAD_INPUT);
        if (!strstr(s.err.text, refused[i].why) || s.err.pos != refused[i].at)
            test_fail(__FILE__, __LINE__, "%s: \"%s\" at %ld, not \"%s\" at %ld", refused[i].line,
                      s.err.text, s.err.pos, refused[i].why, refused[i].at);
        CHECK_SPAN(s.raw, refused[i].line);
        CHECK_INT(stream_next(&s), ST_OK);
        CHECK_STR(shown(&s), "id=next");
        stream_close(&s);
        buf_clear(&b);
    }
    format_free(f);
}

TEST(ndjson_refuses_nul_bytes_anywhere)
{
    static const char line[] = "{\"id\":\"x\",\"y\":[1,\"z\"]}";
    struct format *f = plain();

    for (size_t i = 0; i < sizeof line - 1; i++) {
        char copy[sizeof line];
        struct stream s;

        memcpy(copy, line, sizeof line);
        copy[i] = '\0';
        stream_open(&s, f, at_the_edge(span_of(copy, sizeof line - 1)));
        CHECK_INT(stream_next(&s), ST_BAD_INPUT);
        stream_close(&s);
    }
    format_free(f);
}

TEST(ndjson_refuses_every_prefix_of_a_good_line)
{
    static const char line[] =
        "{\"customer\":\"\xC3\xA9 \\u00e9\\ud83d\\ude00\",\"start\":\"2026-03-01T09:00:00Z\", "
        "\"duration\":-1.5e+3,\"features\":[\"a\",null,true],\"x\":{\"y\":[{},[],\"\\n\"]}}";
    struct format *f = plain();

    for (size_t n = 0; n < sizeof line - 1; n++) {
        struct stream s;
        enum status st;

        stream_open(&s, f, at_the_edge(span_of(line, n)));
        st = n ? stream_next(&s) : ST_BAD_INPUT;
        CHECK_INT(st, ST_BAD_INPUT);
        CHECK(n == 0 || (s.err.pos >= 0 && (size_t)s.err.pos <= n));
        stream_close(&s);
    }
    format_free(f);
}

TEST(ndjson_skips_blank_lines_and_bounds_long_ones)
{
    struct format *f = plain();
    struct buf b = {0};
    struct stream s;

    buf_str(&b, "\n \t\r\n{\"id\":1}\n{\"id\":\"");
    for (int i = 0; i < MAX_FRAME; i++)
        buf_char(&b, 'x');
    buf_str(&b, "\"}\n{\"id\":2}");
    stream_open(&s, f, at_the_edge(span_of(b.p, b.n)));
    CHECK_INT(s.ops->cut(f, s.rest, MAX_FRAME, false), b.n - 8);
    CHECK_INT(s.ops->cut(f, s.rest, MAX_FRAME, true), b.n);
    CHECK_INT(stream_next(&s), ST_SKIP);
    CHECK_INT(stream_next(&s), ST_SKIP);
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(shown(&s), "id=2");
    stream_close(&s);
    buf_clear(&b);
    format_free(f);
}

TEST(ndjson_limits_depth_and_keys)
{
    struct format *f = plain();

    for (int depth = 30; depth < 40; depth++) {
        struct buf b = {0};
        struct stream s;

        buf_str(&b, "{\"x\":");
        for (int i = 1; i < depth; i++)
            buf_char(&b, '[');
        for (int i = 1; i < depth; i++)
            buf_char(&b, ']');
        buf_str(&b, "}");
        stream_open(&s, f, span_of(b.p, b.n));
        CHECK_INT(stream_next(&s), depth <= 32 ? ST_OK : ST_BAD_INPUT);
        stream_close(&s);
        buf_clear(&b);
    }
    for (int keys = 4095; keys < 4098; keys++) {
        struct buf b = {0};
        struct stream s;

        buf_str(&b, "{\"id\":1");
        for (int i = 1; i < keys; i++)
            buf_printf(&b, ",\"k%d\":%d", i, i);
        buf_str(&b, "}");
        stream_open(&s, f, span_of(b.p, b.n));
        CHECK_INT(stream_next(&s), keys <= 4096 ? ST_OK : ST_BAD_INPUT);
        stream_close(&s);
        buf_clear(&b);
    }
    format_free(f);
}

/* A million brackets must not be a million calls deep. */
TEST(ndjson_survives_endless_nesting)
{
    static char text[60000];
    struct format *f = plain();
    struct stream s;

    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = kind ? "{\"a\":"[i % 5] : i < 5 ? "{\"a\":"[i] : '[';
        stream_open(&s, f, span_of(text, sizeof text));
        CHECK_INT(stream_next(&s), ST_BAD_INPUT);
        CHECK(strstr(s.err.text, "nested deeper than 32"));
        stream_close(&s);
    }
    format_free(f);
}

TEST(ndjson_reads_right_whatever_order_keys_come_in)
{
    struct format *f = plain();
    struct stream s;
    unsigned seed = 1;

    stream_open(&s, f, span_of("", 0));
    for (int round = 0; round < 3000; round++) {
        struct buf line = {0}, want = {0};
        uint64_t used = 0;

        buf_char(&line, '{');
        for (int k = 0; k < 12; k++) {
            int field = (int)((seed = seed * 1103515245 + 12345) >> 16) % FIELD_COUNT;

            if (used & FIELD_BIT(field) || field == FIELD_FEATURES)
                continue;
            used |= FIELD_BIT(field);
            buf_printf(&line, "%s\"%s\":\"%d/%d\"", line.n > 1 ? "," : "",
                       field_name((enum field)field), round, field);
            if (k % 5 == 0)
                buf_printf(&line, ",\"other%u\":%u", seed % 97, seed);
        }
        buf_str(&line, "}\n");
        for (int i = 0; i < FIELD_COUNT; i++)
            if (used & FIELD_BIT(i))
                buf_printf(&want, "%s%s=%d/%d", want.n ? " " : "", field_name((enum field)i), round,
                           i);
        s.rest = span_of(line.p, line.n);
        CHECK_INT(stream_next(&s), ST_OK);
        CHECK_STR(shown(&s), want.p ? want.p : "");
        arena_reset(&s.mem);
        buf_clear(&line);
        buf_clear(&want);
    }
    stream_close(&s);
    format_free(f);
}

TEST(ndjson_borrows_texts_without_escapes)
{
    struct span line = SPAN("{\"id\":\"x\",\"customer\":\"a\\nb\",\"duration\":12}");
    struct format *f = plain();
    struct stream s;

    stream_open(&s, f, line);
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK(s.fields.v[FIELD_ID].p == line.p + 7);
    CHECK(s.fields.v[FIELD_DURATION].p == line.p + line.n - 3);
    CHECK(s.mem.used > 0 && s.mem.used <= 16);
    stream_close(&s);
    format_free(f);
}

TEST(ndjson_refuses_paths_that_lead_nowhere)
{
    CHECK(strstr(
        refused_option((struct format_options){.type = "ndjson", .map = LIST("customer=a..b")}),
        "map:"));
    CHECK(strstr(
        refused_option((struct format_options){.type = "ndjson", .map = LIST("customer=.a")}),
        "map:"));
}

/* --- python's opinion --- */

static void
add_hex(struct buf *b, struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_printf(b, "%02x", (unsigned char)s.p[i]);
}

/* Our answer in the form of json_oracle.py. */
static void
add_answer(struct buf *b, struct stream *s, enum status st)
{
    size_t from = b->n;

    if (st != ST_OK) {
        buf_str(b, "bad\n");
        return;
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        bool list = i == FIELD_FEATURES && s->fields.feature_items;

        if (!list && !(s->fields.has & FIELD_BIT(i)))
            continue;
        buf_printf(b, "%s%s=", b->n > from ? " " : "", field_name((enum field)i));
        if (!list) {
            add_hex(b, s->fields.v[i]);
            continue;
        }
        for (uint32_t k = 0; k < s->fields.feature_count; k++) {
            buf_char(b, k ? ',' : '[');
            add_hex(b, s->fields.feature_items[k]);
        }
        buf_char(b, ']');
    }
    buf_char(b, '\n');
}

static void
ask_python(struct format *f, const char *arguments)
{
    struct buf in = {0}, ours = {0}, command = {0};
    static char line[65536], want[65536];
    unsigned seed = 7;
    FILE *file;
    struct stream s;
    char *mine;
    int good = 0;

    if (system("python3 -c 'import json' 2>/dev/null") != 0)
        test_skip("python3 is not there");
    stream_open(&s, f, span_of("", 0));
    for (int i = 0; i < 20000; i++) {
        struct buf b = {0};
        enum status st;

        add_some(&b, &seed, 0);
        mutate(&b, &seed);
        add_hex(&in, span_of(b.p, b.n));
        buf_char(&in, '\n');
        s.rest = span_of(b.p, b.n);
        st = stream_next(&s);
        good += st == ST_OK;
        add_answer(&ours, &s, st);
        arena_reset(&s.mem);
        buf_clear(&b);
    }
    CHECK(good > 4000 && good < 16000);
    file = fopen("lines", "w");
    CHECK(file && fwrite(in.p, 1, in.n, file) == in.n && fclose(file) == 0);
    buf_printf(&command, "python3 %s %s <lines", test_path("tests/tools/json_oracle.py"),
               arguments);
    file = popen(command.p, "r");
    CHECK(file);
    mine = ours.p;
    rewind(file);
    for (int i = 0; i < 20000; i++) {
        size_t n = strcspn(mine, "\n") + 1;

        CHECK(fgets(want, sizeof want, file));
        memcpy(line, mine, n);
        line[n] = '\0';
        mine += n;
        /* Of a repeated key python sees only the last value: a mistake in an earlier one counts
         * with us. */
        if (want[0] == '?' && (strcmp(line, "bad\n") == 0 || strcmp(line, want + 1) == 0))
            continue;
        if (strcmp(line, want) != 0)
            test_fail(__FILE__, __LINE__, "line %d: python says %s, we say %s", i + 1, want, line);
    }
    CHECK_INT(pclose(file), 0);
    stream_close(&s);
    format_free(f);
    buf_clear(&in);
    buf_clear(&ours);
    buf_clear(&command);
}

TEST(ndjson_agrees_with_python_about_fields)
{
    ask_python(plain(), "");
}

TEST(ndjson_agrees_with_python_about_paths)
{
    ask_python(mapped(), "customer=a.b start=a.c features=f id=x.0.y region=r1 region=r2 cause=a "
                         "agent=x.1");
}
