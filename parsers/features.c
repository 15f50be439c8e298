/*
 * features.c - names, and the lists of them that records carry.
 *
 * There are few different lists in a file, so a thread keeps those that it has split and checked.
 * What is kept stays where it is while records may point to it.
 */
#include "features.h"

#include <stdatomic.h>
#include <stdlib.h>

/* --- names --- */

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS (ONES * 0x80)

/* High bits set somewhere if any of eight bytes is a control character or not ASCII. */
static inline uint64_t
suspicious(uint64_t w)
{
    uint64_t del = w ^ (ONES * 0x7F);

    return (((w - ONES * 0x20) & ~w) | ((del - ONES) & ~del) | w) & HIGHS;
}

static inline uint64_t
load(const char *p, size_t n)
{
    uint64_t w = 0;

    memcpy(&w, p, n);
    return w;
}

static bool
plain_ascii(struct span s)
{
    uint64_t found = 0;

    if (s.n >= 8) {
        for (size_t i = 0; i + 8 < s.n; i += 8)
            found |= suspicious(load(s.p + i, 8));
        found |= suspicious(load(s.p + s.n - 8, 8));
    } else if (s.n >= 4) {
        found = suspicious(load(s.p, 4) | load(s.p + s.n - 4, 4) << 32);
    } else {
        for (size_t i = 0; i < s.n; i++)
            found |= (unsigned char)s.p[i] - 0x20u > 0x5E;
    }
    return found == 0;
}

enum status
name_check(enum field f, struct span s, size_t limit, bool printable, struct error *err)
{
    if (s.n > limit)
        return fail(err, ST_BAD_INPUT, "%s: longer than %zu bytes", field_name(f), limit);
    if (printable || plain_ascii(s))
        return ST_OK;
    if (span_has_control(s))
        return fail(err, ST_BAD_INPUT, "%s: holds a control character", field_name(f));
    if (!span_is_utf8(s))
        return fail(err, ST_BAD_INPUT, "%s: not UTF-8", field_name(f));
    return ST_OK;
}

/* --- lists --- */

/* Adds one feature unless it is empty or there already. */
static enum status
add_feature(struct record *r, const struct feature_rules *rules, struct span *list,
            struct span item, struct error *err)
{
    enum status st;

    item = name_trimmed(item);
    if (item.n == 0)
        return ST_OK;
    for (uint32_t i = 0; i < r->feature_count; i++)
        if (span_eq(list[i], item))
            return ST_OK;
    if (r->feature_count == RECORD_MAX_FEATURES)
        return fail(err, ST_BAD_INPUT, "features: more than %d", RECORD_MAX_FEATURES);
    st = name_check(FIELD_FEATURES, item, rules->limit, rules->printable, err);
    if (st == ST_OK)
        list[r->feature_count++] = item;
    return st;
}

static size_t
count_pieces(struct span s, char separator)
{
    size_t n = 1;

    for (size_t i = 0; i < s.n && n < RECORD_MAX_FEATURES; i++)
        n += s.p[i] == separator;
    return n;
}

static enum status
split(struct record *r, const struct feature_rules *rules, struct span s, struct arena *mem,
      struct error *err)
{
    struct span *list = arena_alloc(mem, count_pieces(s, rules->separator) * sizeof *list);
    enum status st = ST_OK;

    r->features = list;
    for (;;) {
        const char *at = memchr(s.p, rules->separator, s.n);
        size_t n = at ? (size_t)(at - s.p) : s.n;

        st = add_feature(r, rules, list, span_of(s.p, n), err);
        if (st != ST_OK || !at)
            return st;
        s.p += n + 1;
        s.n -= n + 1;
    }
}

/* --- lists kept --- */

static atomic_uint_fast64_t numbers; /* given to lists */

struct mapping_memo *
mapping_memo_new(void)
{
    return xcalloc(1, sizeof(struct mapping_memo));
}

void
mapping_memo_free(struct mapping_memo *memo)
{
    free(memo);
}

size_t
mapping_memo_bytes(void)
{
    return sizeof(struct mapping_memo);
}

void
mapping_memo_trim(struct mapping_memo *memo)
{
    if (memo->refused > memo->found)
        memset(memo->list, 0, sizeof memo->list);
    memo->found = memo->refused = 0;
}

/* Where a text is kept or would be. s is not empty. */
static struct feature_list *
place_of(struct mapping_memo *memo, struct span s)
{
    uint64_t first = 0, last = 0, mixed;

    if (s.n >= 8) {
        first = load(s.p, 8);
        last = load(s.p + s.n - 8, 8);
    } else if (s.n >= 4) {
        first = load(s.p, 4) | load(s.p + s.n - 4, 4) << 32;
    } else {
        first = (unsigned char)s.p[0] | (uint64_t)(unsigned char)s.p[s.n - 1] << 8;
    }
    mixed = first * UINT64_C(0x9E3779B97F4A7C15) + last * UINT64_C(0xC2B2AE3D27D4EB4F) + s.n;
    return &memo->list[(mixed ^ mixed >> 32) >> 8 & (LISTS_KEPT - 1)];
}

/* Keeps what a text was split into, if there is room. */
static void
keep(struct mapping_memo *memo, struct feature_list *to, struct span s, char separator,
     const struct record *r)
{
    if (to->n > 0 || r->feature_count > LIST_ITEMS) {
        memo->refused++;
        return;
    }
    memcpy(to->text, s.p, s.n);
    to->n = (uint8_t)s.n;
    to->separator = separator;
    to->count = (uint8_t)r->feature_count;
    to->number = atomic_fetch_add(&numbers, 1) + 1;
    for (uint32_t i = 0; i < r->feature_count; i++)
        to->item[i] = span_of(to->text + (r->features[i].p - s.p), r->features[i].n);
}

/* Is a text that is taken apart at `separator` kept? */
static bool
is_kept(const struct feature_list *list, struct span s, char separator)
{
    return list->n == s.n && list->separator == separator && memcmp(list->text, s.p, s.n) == 0;
}

static enum status
take_kept(struct record *r, struct mapping_memo *memo, const struct feature_list *list)
{
    memo->found++;
    r->features = list->item;
    r->feature_count = list->count;
    r->feature_list = list->number;
    return ST_OK;
}

/* The place for a text, or NULL: nothing is kept of it. */
static struct feature_list *
kept_place(const struct feature_rules *rules, struct span s)
{
    if (!rules->memo || s.n == 0 || s.n > LIST_TEXT || s.n > rules->limit)
        return NULL;
    return place_of(rules->memo, s);
}

static enum status
read_text(struct record *r, const struct feature_rules *rules, struct arena *mem, struct error *err)
{
    struct span s = r->text[FIELD_FEATURES];
    struct feature_list *list = kept_place(rules, s);
    enum status st;

    if (list && is_kept(list, s, rules->separator))
        return take_kept(r, rules->memo, list);
    st = split(r, rules, s, mem, err);
    if (st == ST_OK && list)
        keep(rules->memo, list, s, rules->separator, r);
    return st;
}

#define OF_ITEMS '\0' /* no separator */

static enum status
read_items(struct record *r, const struct feature_rules *rules, struct arena *mem,
           struct error *err)
{
    const struct span *items = r->fields.feature_items;
    uint32_t n = r->fields.feature_count;
    struct span s = r->fields.feature_text, *out;
    struct feature_list *list = kept_place(rules, s);
    enum status st = ST_OK;

    r->text[FIELD_FEATURES] = SPAN(""); /* a list has no text of its own */
    if (list && is_kept(list, s, OF_ITEMS))
        return take_kept(r, rules->memo, list);
    out = arena_alloc(mem, (n < RECORD_MAX_FEATURES ? n : RECORD_MAX_FEATURES) * sizeof *out);
    r->features = out;
    for (uint32_t i = 0; i < n && st == ST_OK; i++)
        st = add_feature(r, rules, out, items[i], err);
    if (st == ST_OK && list)
        keep(rules->memo, list, s, OF_ITEMS, r);
    return st;
}

enum status
features_read_some(struct record *r, const struct feature_rules *rules, struct arena *mem,
                   struct error *err)
{
    enum status st;

    r->features = NULL;
    r->feature_count = 0;
    r->feature_list = 0;
    st = r->fields.feature_items ? read_items(r, rules, mem, err) : read_text(r, rules, mem, err);
    if (r->feature_count)
        r->has |= FIELD_BIT(FIELD_FEATURES);
    else
        r->has &= ~FIELD_BIT(FIELD_FEATURES);
    return st;
}
