/*
 * test_json_array.c - arrays of objects: frames in any layout, whole, in steps, and broken.
 */
#include "jsonlines.h"

static struct format *
array_format(void)
{
    return make_format((struct format_options){.type = "json-array"});
}

/* What a body gives: "id=1|bad:12|id=2", bad with its length. */
static void
add_frames(struct buf *out, struct stream *s, size_t max_frame)
{
    while (s->rest.n > 0) {
        enum status st = s->ops->next(s->state, s->f, NULL, max_frame, &s->rest, &s->mem,
                                      &s->fields, &s->raw, &s->err);

        if (st == ST_OK)
            buf_printf(out, "%s%s", out->n ? "|" : "", shown(s));
        else if (st == ST_BAD_INPUT)
            buf_printf(out, "%sbad:%zu", out->n ? "|" : "", s->raw.n);
        CHECK(st != ST_BAD_INPUT || (s->err.pos >= 0 && (size_t)s->err.pos <= s->raw.n));
    }
}

static char *
frames(const struct format *f, struct span body, size_t max_frame)
{
    struct buf out = {0};
    struct stream s;

    stream_open(&s, f, at_the_edge(body));
    add_frames(&out, &s, max_frame);
    stream_close(&s);
    return out.p ? out.p : strdup("");
}

/* The same, with the body arriving in steps and cut as it comes. */
static char *
frames_in_steps(const struct format *f, struct span body, size_t max_frame, size_t step)
{
    struct buf out = {0};
    struct stream s;
    size_t from = 0;

    stream_open(&s, f, span_of("", 0));
    for (size_t have = step;; have += step) {
        bool eof = have >= body.n;
        struct span buf = span_of(body.p + from, (eof ? body.n : have) - from);
        size_t n = s.ops->cut(f, buf, max_frame, eof);

        CHECK(n <= buf.n && (!eof || n == buf.n));
        s.rest = span_of(buf.p, n);
        add_frames(&out, &s, max_frame);
        from += n;
        if (eof)
            break;
    }
    stream_close(&s);
    return out.p ? out.p : strdup("");
}

TEST(json_array_takes_elements_in_any_layout)
{
    static const struct {
        const char *body, *want;
    } cases[] = {
        {"[]", ""},
        {"", ""},
        {" \n[ ]\n", ""},
        {"[{\"id\":1}]", "id=1"},
        {"[{\"id\":1},{\"id\":2}]", "id=1|id=2"},
        {"[\n  {\n    \"id\": 1,\n    \"features\": [\n \"a\"\n ]\n  },\r\n  { \"id\": 2 }\n]\n",
         "id=1 features=[a]|id=2"},
        {"{\"id\":1}\n{\"id\":2}\n", "id=1|id=2"},
        {"{\"id\":1}", "id=1"},
        {"\xEF\xBB\xBF[{\"id\":\"]},{\"}]", "id=]},{"},
        /* A mistake costs one element where its braces close, else one line. */
        {"[{\"id\":1},{\"id\":02},{\"id\":3}]", "id=1|bad:9|id=3"},
        {"[{\"id\":1},{\"id\":\"\\x\"},{\"id\":3}]", "id=1|bad:11|id=3"},
        {"[{\"id\":1},{\"id\":{}},{\"id\":3}]", "id=1|bad:9|id=3"},
        {"[{\"id\":{\n}},{\"id\":3}]", "bad:10|id=3"},
        {"{\"id\":1\n{\"id\":2}\n", "bad:7|id=2"},
        {"{\"id\":\"1}\n{\"id\":2}\n", "bad:9|id=2"},
        {"[1,{\"id\":2},\"x\",null,{\"id\":3}]", "bad:1|id=2|bad:3|bad:4|id=3"},
        {"[{\"id\":1},{\"id\":2", "id=1|bad:7"},
        {"[{\"id\":1},{\"id\":2}", "id=1|id=2"},
        {"garbage", "bad:7"},
        {"garbage\n{\"id\":1}", "bad:7|id=1"},
    };
    struct format *f = array_format();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span body = span_str(cases[i].body);
        char *got = frames(f, body, MAX_FRAME);

        if (strcmp(got, cases[i].want) != 0)
            test_fail(__FILE__, __LINE__, "%s gives %s, not %s", cases[i].body, got, cases[i].want);
        free(got);
        for (size_t step = 1; step <= body.n; step++) {
            got = frames_in_steps(f, body, MAX_FRAME, step);
            CHECK_STR(got, cases[i].want);
            free(got);
        }
    }
    format_free(f);
}

TEST(json_array_bounds_long_elements)
{
    struct format *f = array_format();
    char *got = frames(f, SPAN("[{\"id\":\"0123456789012345678901234567890\"},{\"id\":2}]"), 20);

    CHECK_STR(got, "bad:40|id=2");
    free(got);
    got = frames(f, SPAN("[{\"id\":\"0123456789\n012345678901234567890\"},\n{\"id\":2}]"), 30);
    CHECK_STR(got, "bad:17|bad:23|id=2");
    free(got);
    format_free(f);
}

/* The frames must not depend on how a body arrives, however broken it is. */
TEST(json_array_cuts_as_it_reads)
{
    static const size_t limits[] = {16, 60, 300};
    struct format *f = array_format();
    unsigned seed = 3;

    for (int round = 0; round < 1500; round++) {
        struct buf b = {0};
        char *whole, *parts;
        size_t limit = limits[round % 3], step;

        for (unsigned i = 0; i < 1 + dice(&seed) % 4; i++) {
            struct buf one = {0};

            add_some(&one, &seed, 0);
            mutate(&one, &seed);
            for (size_t k = 0; k < one.n; k++)
                buf_str(&b,
                        one.p[k] == ',' && dice(&seed) % 3 == 0 ? ",\n" : (char[]){one.p[k], 0});
            buf_str(&b, dice(&seed) % 2 ? ",\n" : ",");
            buf_clear(&one);
        }
        whole = frames(f, span_of(b.p, b.n), limit);
        for (step = 1; step < b.n; step += 1 + step / 3) {
            parts = frames_in_steps(f, span_of(b.p, b.n), limit, step);
            if (strcmp(whole, parts) != 0)
                test_fail(__FILE__, __LINE__, "limit %zu, step %zu: %s\ngives %s\nnot   %s", limit,
                          step, b.p, parts, whole);
            free(parts);
        }
        free(whole);
        buf_clear(&b);
    }
    format_free(f);
}
