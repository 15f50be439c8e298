/*
 * test_json_usual.c - objects are read the same whether a worker knows their keys or sees them for
 * the first time, wherever they lie; and what is said about their texts is true.
 */
#include "../../parsers/json_job.h"
#include "parsing.h"
#include "same_record.h"

static uint64_t seed = 11;

static size_t
below(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(seed >> 33) % n;
}

static const char *const keys[] = {
    "\"id\"",       "\"kind\"",     "\"customer\"",
    "\"start\"",    "\"end\"",      "\"duration\"",
    "\"features\"", "\"extra\"",    "\"region\"",
    "\"a\"",        "\"b\\u0063\"", "\"\xC3\xA9\"",
    "\"\"",         "\"service\"",  "\"a key that is longer than most\""};
static const char *const values[] = {
    "\"acme\"",
    "\"\"",
    "\" padded\"",
    "\"2026-03-01T09:00:00Z\"",
    "1772355600",
    "0",
    "007",
    "12.5",
    "-3",
    "1e3",
    "true",
    "null",
    "\"caf\xC3\xA9\"",
    "\"esc\\\"aped\\n\"",
    "\"del\x7F\"",
    "[\"video\",\"chat\"]",
    "[]",
    "[\"one\", \"two\"]",
    "[\"\",null,\"x\"]",
    "[1,2]",
    "{\"a\":1}",
    "{}",
    "[[\"x\"]]",
    "\"exactly thirty-one bytes of text\"",
    "\"a text that is much longer than one look of sixty-four bytes, to go on and on and on\"",
    "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\","
    "\"15\",\"16\",\"17\"]"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Members mostly in order, some missing, values mostly of a kind; sometimes damaged. */
static size_t
random_object(char *to)
{
    const char *colon = below(4) ? ":" : below(2) ? ": " : " : ", *comma = below(4) ? "," : ", ";
    size_t n = (size_t)sprintf(to, below(20) ? "{" : "{ "), members = 0;

    for (size_t k = 0; k < COUNT(keys); k++) {
        size_t kind = below(3) ? k % 5 : below(COUNT(values));

        if (below(3) == 0)
            continue;
        n += (size_t)sprintf(to + n, "%s%s%s%s", members++ ? comma : "",
                             keys[below(30) ? k : below(COUNT(keys))], colon, values[kind]);
    }
    n += (size_t)sprintf(to + n, below(20) ? "}" : " }");
    for (size_t damage = below(6) ? 0 : 1 + below(2); damage > 0; damage--)
        to[below(n)] = "\"\\{}[]:, 0x\x01\x80"[below(13)];
    for (size_t i = 0; i < n; i++)
        if (to[i] == '\n')
            to[i] = ' ';
    return n;
}

/* Reads one object by a format, with its state, where `text` lies. */
static enum status
read_one(const struct format *f, void *state, struct span text, struct arena *mem,
         struct fields *out, struct error *err)
{
    struct span raw;

    err->text[0] = '\0';
    err->pos = -1;
    return format_parser(f)->next(state, f, NULL, MAX_FRAME, &text, mem, out, &raw, err);
}

static void
check_same(const struct fields *a, const struct fields *b)
{
    CHECK(a->has == b->has && a->feature_count == b->feature_count);
    CHECK(fields_are_true(a) && fields_are_true(b));
    for (int i = 0; i < FIELD_COUNT; i++)
        CHECK(!(a->has & FIELD_BIT(i)) || span_eq(a->v[i], b->v[i]));
    for (uint32_t i = 0; i < a->feature_count; i++)
        CHECK(span_eq(a->feature_items[i], b->feature_items[i]));
}

/* What may come behind an object: empty lines, or (as CR LF) the next one; how many bytes. */
static size_t
follow(char *to, int which, const char *object, size_t n)
{
    memset(to, '\n', 300);
    if (which == 2) {
        to[0] = '\r';
        memcpy(to + 2, object, n);
        return n + 2;
    }
    return 300;
}

static void
compare(const struct format *f, bool lines, const struct json_way *way)
{
    const struct parser_ops *ops = format_parser(f);
    struct worker *known = ops->open(f);
    int good = 0, rounds = 6000;

    known->usual = way->read;
    for (int round = 0; round < rounds; round++) {
        static char text[8192];
        size_t n = random_object(text);
        struct span edge = round % 16 ? span_of(text, n) : at_the_edge(span_of(text, n));
        struct fields want, got;
        struct error why, err;
        struct arena mem = {0};
        void *fresh = ops->open(f);
        enum status st = read_one(f, fresh, span_of(text, n), &mem, &want, &why);

        /* Where it ends, in the middle of streams, and at the end of readable memory. */
        for (int where = 0; where < (lines ? 3 : 2); where++) {
            size_t more = follow(text + n, where, text, n);

            CHECK(read_one(f, known, where == 1 ? edge : span_of(text, n + more), &mem, &got,
                           &err) == st);
            if (st == ST_OK)
                check_same(&want, &got);
            else if (where || lines) /* what follows is part of a broken array's frame */
                CHECK(err.pos == why.pos && strcmp(err.text, why.text) == 0);
        }
        good += st == ST_OK;
        ops->close(fresh);
        arena_clear(&mem);
    }
    CHECK(good > rounds / 4);
    ops->close(known);
}

TEST(known_keys_are_read_as_unknown_ones)
{
    struct format *plain = make_format((struct format_options){.type = "ndjson"});
    struct format *mapped = make_format((struct format_options){
        .type = "ndjson",
        .map = LIST("customer=customer", "customer=a", "start=start", "conference=extra.a",
                    "features=service", "features=features")});
    struct format *array = make_format((struct format_options){.type = "json-array"});

    for (const struct json_way *way = json_ways; way->name; way++) {
        if (!way->works())
            continue;
        compare(plain, true, way);
        compare(mapped, true, way);
        compare(array, false, way);
    }
    format_free(plain);
    format_free(mapped);
    format_free(array);
}

/* The record of one line, and its list of features by number. */
static uint64_t
list_of(const struct format *f, struct worker *w, struct mapping_memo *memo, const char *list,
        struct record *r)
{
    static char text[1024];
    static struct arena mem;
    struct mapping_context ctx = test_context;
    struct error err;
    int n = snprintf(text, sizeof text, "{\"customer\":\"c\",\"start\":1700000000,\"features\":%s}",
                     list);

    memset(text + n, '\n', 300);
    ctx.memo = memo;
    CHECK_INT(read_one(f, w, span_of(text, (size_t)n + 300), &mem, &r->fields, &err), ST_OK);
    CHECK_INT(record_from_fields(f, &ctx, &r->fields, &mem, r, &err), ST_OK);
    return r->feature_list;
}

TEST(a_list_seen_before_is_known_by_its_text)
{
    struct format *f = make_format((struct format_options){.type = "ndjson"});
    struct mapping_memo *memo = mapping_memo_new();
    struct worker *w = format_parser(f)->open(f);
    struct record r;
    uint64_t number;

    list_of(f, w, memo, "[\"a\"]", &r);                         /* the keys become known, */
    list_of(f, w, memo, "[\"video\", \"chat\",\"video\"]", &r); /* and then the list */
    number = list_of(f, w, memo, "[\"video\", \"chat\",\"video\"]", &r);
    for (int i = 0; i < 3; i++) {
        uint64_t again = list_of(f, w, memo, "[\"video\", \"chat\",\"video\"]", &r);

        CHECK(again == number && (number != 0 || strcmp(json_ways[0].name, "never") == 0));
        CHECK_INT(r.feature_count, 2);
        CHECK(span_eq(r.features[0], SPAN("video")) && span_eq(r.features[1], SPAN("chat")));
    }
    CHECK(list_of(f, w, memo, "[\"video\", \"chats\",\"video\"]", &r) != number);
    CHECK_INT(list_of(f, w, memo, "[\"video\", \"ch\\u0061t\"]", &r), 0);
    CHECK(span_eq(r.features[1], SPAN("chat")));
    CHECK_INT(list_of(f, w, memo, "[\"video\"],\"features\":[\"x\\u0061\", \"b\"]", &r), 0);
    CHECK_INT(r.feature_count, 2);
    CHECK_INT(list_of(f, w, memo, "[\"video\"],\"features\":[null, 12]", &r), 0);
    CHECK(r.feature_count == 1 && span_eq(r.features[0], SPAN("12")));
    mapping_memo_free(memo);
    format_parser(f)->close(w);
    format_free(f);
}
