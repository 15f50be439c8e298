/*
 * fuzz_ndjson.c - arbitrary bytes as JSON lines and as an array.
 *
 * Frames must cover the input in order, fields lie in the frame or in the arena, texts be
 * UTF-8, and an array give the same frames however its bytes arrive.
 */
#include <stdlib.h>
#include <string.h>

#include "../../parsers/json_job.h"
#include "../unit/same_record.h"
#include "format.h"
#include "hash.h"

#define MAX_FRAME 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"customer=a.b", "start=a.c", "features=f",
                                    "id=x.0.y",     "id=i",      NULL};

static struct format *
make(const char *type, const char *const *map)
{
    struct format_options o = {.name = "fuzz", .type = type, .map = map};
    struct format *f;

    if (format_new(&f, &o, NULL) != ST_OK)
        abort();
    return f;
}

static void
check_text(struct span s)
{
    if (!span_is_utf8(s) || (s.n && memchr(s.p, '\0', s.n)))
        abort();
}

/* The n-th way of those that work here; the last one takes no short cuts. */
static json_usual *
way_of(size_t n)
{
    const struct json_way *way = json_ways;

    while (way[1].name && (n > 0 || !way->works())) {
        n -= way->works();
        way++;
    }
    return way->read;
}

/* The same by a worker that knows no keys and takes no short cuts, in memory of its own. */
static void
check_fresh(const struct format *f, struct span frame, enum status answer, const struct fields *out)
{
    const struct parser_ops *ops = format_parser(f);
    struct worker *fresh = ops->open(f);
    char *copy = malloc(frame.n);
    struct span rest = span_of(copy, frame.n), raw;
    struct fields got;
    struct error err;
    struct arena mem;

    fresh->usual = way_of(SIZE_MAX);
    arena_init(&mem);
    memcpy(copy, frame.p, frame.n);
    if (ops->next(fresh, f, NULL, MAX_FRAME, &rest, &mem, &got, &raw, &err) != answer)
        abort();
    if (answer == ST_OK) {
        if (got.has != out->has || got.feature_count != out->feature_count ||
            !fields_are_true(out) || !fields_are_true(&got))
            abort();
        for (int i = 0; i < FIELD_COUNT; i++)
            if ((got.has & FIELD_BIT(i)) && !span_eq(got.v[i], out->v[i]))
                abort();
        for (uint32_t i = 0; i < got.feature_count; i++)
            if (!span_eq(got.feature_items[i], out->feature_items[i]))
                abort();
    }
    free(copy);
    arena_clear(&mem);
    ops->close(fresh);
}

static void
check_fields(const struct fields *out)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (out->has & FIELD_BIT(i))
            check_text(out->v[i]);
    for (uint32_t i = 0; i < out->feature_count; i++)
        check_text(out->feature_items[i]);
}

/* Reads all of buf; answers a hash of its frames. */
static uint64_t
walk(const struct format *f, void *state, struct span buf, uint64_t seed)
{
    const struct parser_ops *ops = format_parser(f);
    struct arena mem;

    arena_init(&mem);
    while (buf.n > 0) {
        struct span before = buf, raw;
        struct fields out;
        struct error err;
        enum status st = ops->next(state, f, NULL, MAX_FRAME, &buf, &mem, &out, &raw, &err);

        if (buf.n >= before.n || buf.p != before.p + (before.n - buf.n) || raw.p < before.p ||
            raw.p + raw.n > buf.p)
            abort();
        if (st == ST_BAD_INPUT && (err.pos < 0 || (size_t)err.pos > raw.n))
            abort();
        if (st == ST_OK)
            check_fields(&out);
        check_fresh(f, span_of(before.p, before.n - buf.n), st, &out);
        if (st != ST_SKIP)
            seed = hash_bytes(raw.p, raw.n, seed + st);
    }
    arena_clear(&mem);
    return seed;
}

static uint64_t
walk_in_steps(const struct format *f, void *state, struct span text, size_t step)
{
    uint64_t seed = 1;
    size_t from = 0;

    for (size_t have = step;; have += step) {
        bool eof = have >= text.n;
        struct span buf = span_of(text.p + from, (eof ? text.n : have) - from);
        size_t n = format_parser(f)->cut(f, buf, MAX_FRAME, eof);

        if (n > buf.n || (eof && n != buf.n))
            abort();
        seed = walk(f, state, span_of(buf.p, n), seed);
        from += n;
        if (eof)
            return seed;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"ndjson", "json-array"};
    struct span text;

    if (size == 0)
        return 0;
    text = span_of((const char *)data + 1, size - 1);
    for (int i = 0; i < 2; i++) {
        struct format *f = make(types[i], data[0] & 1 ? paths : NULL);
        struct worker *state = format_parser(f)->open(f);
        uint64_t whole;

        state->usual = way_of(data[0] / 2 % 4);
        whole = walk(f, state, text, 1);

        if (walk_in_steps(f, state, text, 1 + data[0] / 2) != whole)
            abort();
        format_parser(f)->close(state);
        format_free(f);
    }
    return 0;
}
