/*
 * parse_blocks.h - the promises of every parser, checked on any bytes: next always advances and
 * stays inside its block; cut gives blocks that next takes apart into the same records as it
 * does the whole; a record made from the fields keeps the rules of the mapping.
 */
#ifndef PARSE_BLOCKS_H
#define PARSE_BLOCKS_H

#include <stdlib.h>

#include "format.h"
#include "hash.h"
#include "../unit/same_record.h"

#define FUZZ_CHECK(cond)                                                                           \
    do {                                                                                           \
        if (!(cond))                                                                               \
            abort();                                                                               \
    } while (0)

static inline struct format *
fuzz_format(struct format_options o)
{
    struct format *f = NULL;

    o.name = "fuzz";
    FUZZ_CHECK(format_new(&f, &o, NULL) == ST_OK);
    return f;
}

static inline void
fuzz_record(const struct format *f, const struct fields *in, struct arena *mem)
{
    static const struct mapping_context ctx = {
        .now = 1772366400, .max_future = 300, .max_duration = 31 * 86400, .max_name = 128};
    static struct mapping_memo *memo;
    const struct fields unknown = unknown_fields(in);
    struct record r;
    struct error err = {.text = ""};
    enum status st = record_from_fields(f, &ctx, &unknown, mem, &r, &err);

    if (!memo)
        memo = mapping_memo_new();
    FUZZ_CHECK(fields_are_true(in));
    FUZZ_CHECK(same_by_short_ways(f, &ctx, in, mem, memo, st, &r, &err));
    mapping_memo_trim(memo);
    FUZZ_CHECK(st == ST_OK || st == ST_IGNORE || st == ST_BAD_INPUT);
    if (st != ST_OK) {
        FUZZ_CHECK(err.text[0] != '\0');
        return;
    }
    FUZZ_CHECK(r.has & FIELD_BIT(FIELD_START));
    FUZZ_CHECK(r.start >= 0 && r.start <= ctx.now + ctx.max_future);
    FUZZ_CHECK(r.duration <= ctx.max_duration && r.wait <= ctx.max_duration);
    FUZZ_CHECK(r.feature_count <= RECORD_MAX_FEATURES);
    FUZZ_CHECK(r.kind < KIND_COUNT && r.outcome <= OUTCOME_ABANDONED);
    if (r.has & FIELD_BIT(FIELD_CUSTOMER)) {
        struct span c = r.text[FIELD_CUSTOMER];

        FUZZ_CHECK(c.n > 0 && c.n <= ctx.max_name && span_is_utf8(c) && !span_has_control(c));
    }
    for (uint32_t i = 0; i < r.feature_count; i++)
        FUZZ_CHECK(r.features[i].n > 0 && r.features[i].n <= ctx.max_name);
}

/* One answer of a parser. */
static inline void
fuzz_answer(const struct format *f, enum status st, struct span raw, const struct fields *fields,
            size_t max_frame, struct arena *mem, const struct error *err)
{
    FUZZ_CHECK(st == ST_OK || st == ST_SKIP || st == ST_IGNORE || st == ST_BAD_INPUT);
    if (st == ST_OK) {
        FUZZ_CHECK(raw.n <= max_frame);
        fuzz_record(f, fields, mem);
    } else if (st == ST_BAD_INPUT) {
        FUZZ_CHECK(err->text[0] && err->pos >= 0 && (size_t)err->pos <= raw.n);
    } else if (st == ST_IGNORE) {
        FUZZ_CHECK(err->text[0]);
    }
}

/* Takes a block apart; the answer sums up what was found, place by place. */
static inline uint64_t
fuzz_walk(const struct format *f, const struct layout *l, struct span block, size_t max_frame,
          struct arena *mem, uint64_t sum)
{
    const struct parser_ops *ops = format_parser(f);
    void *state = ops->open(f);
    struct error err = {.text = ""};
    struct fields fields;

    if (ops->begin)
        ops->begin(state, SPAN("fuzz/conference.xml"));
    while (block.n > 0) {
        const char *begin = block.p, *end = block.p + block.n;
        struct span raw;
        enum status st;

        err.text[0] = '\0';
        st = ops->next(state, f, l, max_frame, &block, mem, &fields, &raw, &err);
        FUZZ_CHECK(block.p > begin && block.p + block.n == end);
        FUZZ_CHECK(raw.p >= begin && raw.p + raw.n <= block.p);
        fuzz_answer(f, st, raw, &fields, max_frame, mem, &err);
        sum = hash_bytes(raw.p, raw.n, sum * 8 + st);
        while (ops->more && (st = ops->more(state, &fields, &err)) != ST_NOT_FOUND) {
            fuzz_answer(f, st, raw, &fields, max_frame, mem, &err);
            sum = sum * 8 + st;
        }
    }
    ops->close(state);
    return sum;
}

/* The whole at once, and in pieces of the given size: the same records. */
static inline void
fuzz_blocks(const struct format *f, const struct layout *l, struct span all, size_t max_frame,
            size_t piece)
{
    const struct parser_ops *ops = format_parser(f);
    struct arena mem;
    uint64_t whole, pieces = 0;
    size_t done = 0, have = 0;

    arena_init(&mem);
    whole = fuzz_walk(f, l, all, max_frame, &mem, 0);
    while (done < all.n) {
        size_t cut;
        char *block;

        have = all.n - have > piece ? have + piece : all.n;
        cut = ops->cut(f, span_of(all.p + done, have - done), max_frame, have == all.n);
        FUZZ_CHECK(cut <= have - done && (have < all.n || cut == have - done));
        block = malloc(cut ? cut : 1); /* of its own, so that over-reads are seen */
        FUZZ_CHECK(block);
        memcpy(block, all.p + done, cut);
        pieces = fuzz_walk(f, l, span_of(block, cut), max_frame, &mem, pieces);
        free(block);
        done += cut;
    }
    FUZZ_CHECK(whole == pieces);
    arena_clear(&mem);
}

#endif
