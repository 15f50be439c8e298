/*
 * mapping.c - the one place where text becomes times, numbers and words, for all formats.
 *
 * A record is made in four steps: pick (what is there, after null and default texts), words
 * (kind and outcome, because they may say that the record is not counted), names, and then
 * times and numbers. The first complaint is the answer.
 */
#include "civil.h"
#include "format_tables.h"
#include "timetext.h"

#define YEAR_10000 INT64_C(253402300800)

/* Names and ids: short, one line, UTF-8. `reason` is prose and may be longer. */
#define NAME_FIELDS                                                                                \
    (FIELD_BIT(FIELD_ID) | FIELD_BIT(FIELD_SOURCE) | FIELD_BIT(FIELD_CUSTOMER) |                   \
     FIELD_BIT(FIELD_CONFERENCE) | FIELD_BIT(FIELD_CONFERENCE_NAME) |                              \
     FIELD_BIT(FIELD_PARTICIPANT) | FIELD_BIT(FIELD_PARTICIPANT_NAME) | FIELD_BIT(FIELD_CAUSE) |   \
     FIELD_BIT(FIELD_SERVICE) | FIELD_BIT(FIELD_REGION) | FIELD_BIT(FIELD_MEDIA) |                 \
     FIELD_BIT(FIELD_DIRECTION) | FIELD_BIT(FIELD_AGENT) | FIELD_BIT(FIELD_REASON) |               \
     FIELD_BIT(FIELD_CURRENCY) | FIELD_BIT(FIELD_PRODUCT) | FIELD_BIT(FIELD_RESOURCE) |            \
     FIELD_BIT(FIELD_STATE))
#define REASON_FACTOR 8
#define NUMBER_FIELDS                                                                              \
    (FIELD_BIT(FIELD_VERSION) | FIELD_BIT(FIELD_WAIT) | FIELD_BIT(FIELD_HANDLE) |                  \
     FIELD_BIT(FIELD_AMOUNT) | FIELD_BIT(FIELD_QUANTITY))

/* What one call works on. */
struct mapping {
    const struct format *f;
    const struct mapping_context *ctx;
    struct record *r;
    struct error *err;
    bool printable; /* nothing but the length of names needs a look */
};

static enum status
bad(struct mapping *m, enum field f, const char *what)
{
    return fail(m->err, ST_BAD_INPUT, "%s: %s", field_name(f), what);
}

static bool
has(const struct mapping *m, enum field f)
{
    return m->r->has & FIELD_BIT(f);
}

/* --- picking --- */

static inline bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline struct span
trimmed(struct span s)
{
    if (s.n > 0 && (is_blank(s.p[0]) || is_blank(s.p[s.n - 1])))
        return span_trim(s);
    return s;
}

static bool
listed(const struct field_text *list, size_t count, enum field f, struct span s)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].field == f && span_eq(list[i].text, s))
            return true;
    return false;
}

static enum status
pick(struct mapping *m, const struct fields *in)
{
    const struct format *f = m->f;
    struct record *r = m->r;

    r->has = 0;
    for (uint64_t left = in->has | f->has_default; left; left &= left - 1) {
        int i = __builtin_ctzll(left);
        uint64_t bit = FIELD_BIT(i);
        struct span s = {"", 0};

        if (in->has & bit)
            s = trimmed(in->v[i]);
        if ((f->has_ignore & bit) && listed(f->ignore, f->ignore_count, (enum field)i, s))
            return fail(m->err, ST_SKIP, "%s: %.*s is left out by the format",
                        field_name((enum field)i), SPAN_ARG(s));
        if ((f->has_null & bit) && listed(f->null, f->null_count, (enum field)i, s))
            s.n = 0;
        if (s.n == 0 && (f->has_default & bit))
            s = f->defaults[i];
        if (s.n == 0)
            continue;
        r->text[i] = s;
        r->has |= bit;
    }
    return ST_OK;
}

/* --- words --- */

/* What nearly all records say, before any table is asked. */
static inline int
usual_word(enum field f, struct span s)
{
    if (f == FIELD_OUTCOME)
        return s.n == 2 && memcmp(s.p, "ok", 2) == 0 ? OUTCOME_OK : WORD_UNKNOWN;
    return s.n == 3 && memcmp(s.p, "leg", 3) == 0 ? KIND_LEG : WORD_UNKNOWN;
}

static enum status
read_word(struct mapping *m, enum field f, const struct word_table *own, int *value)
{
    char folded_bytes[WORD_MAX];
    struct span folded, text = m->r->text[f];

    if (own->count == 0 && text.n <= 3 && (*value = usual_word(f, text)) != WORD_UNKNOWN)
        return ST_OK;
    folded = word_fold(text, folded_bytes);
    *value = own->count ? word_find(own, folded) : WORD_UNKNOWN;
    if (*value == WORD_UNKNOWN)
        *value = f == FIELD_KIND ? kind_word(folded) : outcome_word(folded);
    if (*value == WORD_UNKNOWN)
        return bad(m, f, "not a known word");
    if (*value == WORD_IGNORE)
        return fail(m->err, ST_SKIP, "%s: %.*s is left out by the format", field_name(f),
                    SPAN_ARG(m->r->text[f]));
    return ST_OK;
}

static enum status
read_words(struct mapping *m)
{
    int value = KIND_LEG;
    enum status st;

    if (has(m, FIELD_KIND)) {
        st = read_word(m, FIELD_KIND, &m->f->kind, &value);
        if (st != ST_OK)
            return st;
    }
    m->r->kind = (enum record_kind)value;
    value = OUTCOME_OK;
    if (has(m, FIELD_OUTCOME)) {
        st = read_word(m, FIELD_OUTCOME, &m->f->outcome, &value);
        if (st != ST_OK)
            return st;
    }
    if (value == WORD_DROPPED) {
        value = OUTCOME_OK;
        if (!has(m, FIELD_CAUSE)) {
            m->r->text[FIELD_CAUSE] = SPAN("dropped");
            m->r->has |= FIELD_BIT(FIELD_CAUSE);
        }
    }
    m->r->outcome = (enum outcome)value;
    return ST_OK;
}

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

static inline enum status
check_name(struct mapping *m, enum field f, struct span s, size_t limit)
{
    if (s.n > limit)
        return fail(m->err, ST_BAD_INPUT, "%s: longer than %zu bytes", field_name(f), limit);
    if (m->printable || plain_ascii(s))
        return ST_OK;
    if (span_has_control(s))
        return bad(m, f, "holds a control character");
    if (!span_is_utf8(s))
        return bad(m, f, "not UTF-8");
    return ST_OK;
}

static enum status
check_names(struct mapping *m)
{
    size_t limit = m->ctx->max_name;

    for (uint64_t left = m->r->has & NAME_FIELDS; left; left &= left - 1) {
        int i = __builtin_ctzll(left);
        enum status st = check_name(m, (enum field)i, m->r->text[i],
                                    i == FIELD_REASON ? limit * REASON_FACTOR : limit);

        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

/* --- times --- */

/* *floating: the text had no offset and the format's zone was used. */
static enum status
read_time(struct mapping *m, enum field f, int64_t *utc, bool *floating)
{
    if (!timetext_read(m->f->time_pattern, m->r->text[f], utc, floating))
        return bad(m, f, "not a time");
    if (*floating)
        *utc = zone_to_utc(m->f->zone, *utc);
    if (*utc < 0 || *utc >= YEAR_10000)
        return bad(m, f, "not between the years 1970 and 9999");
    if (m->ctx->now > 0 && *utc > m->ctx->now + m->ctx->max_future)
        return bad(m, f, "in the future");
    return ST_OK;
}

/*
 * A wall clock reading that occurs twice in autumn was taken as the first occurrence. If that
 * puts the end before the start, the second is meant: from 02:50 to 02:10 is twenty minutes.
 */
static int64_t
second_occurrence(const struct zone *z, int64_t utc)
{
    int32_t before = zone_offset_at(z, utc);
    int32_t after = zone_offset_at(z, utc + 3 * 3600);
    int64_t again = utc + before - after;

    return before > after && zone_offset_at(z, again) == after ? again : utc;
}

/* Whole seconds, a fraction is cut off: "12.7" is 12. No sign, no exponent. */
static enum status
read_seconds(struct mapping *m, enum field f, uint32_t *out)
{
    struct span s = m->r->text[f];
    uint32_t limit = m->ctx->max_duration ? m->ctx->max_duration : UINT32_MAX;
    uint64_t v = 0;
    size_t i = 0;

    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        if (v <= UINT32_MAX)
            v = v * 10 + (uint64_t)(s.p[i] - '0');
    if (i > 0 && i + 1 < s.n && s.p[i] == '.')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
            i++;
    if (i == 0 || i < s.n)
        return bad(m, f, s.p[0] == '-' ? "negative" : "not a number of seconds");
    if (v > limit)
        return fail(m->err, ST_BAD_INPUT, "%s: longer than %u seconds", field_name(f), limit);
    *out = (uint32_t)v;
    return ST_OK;
}

/* Fills start and duration from whichever two of start, end and duration are there. */
static enum status
join_times(struct mapping *m, int64_t start, int64_t end, bool end_floating)
{
    struct record *r = m->r;

    if (!has(m, FIELD_START)) {
        if (!has(m, FIELD_END) || !has(m, FIELD_DURATION))
            return bad(m, FIELD_START, "missing");
        start = end - r->duration;
        if (start < 0)
            return bad(m, FIELD_START, "not between the years 1970 and 9999");
        r->has |= FIELD_BIT(FIELD_START);
    } else if (has(m, FIELD_END)) {
        if (end < start && end_floating)
            end = second_occurrence(m->f->zone, end);
        if (end < start)
            return bad(m, FIELD_END, "before start");
        if (!has(m, FIELD_DURATION)) {
            uint32_t limit = m->ctx->max_duration ? m->ctx->max_duration : UINT32_MAX;

            if (end - start > limit)
                return fail(m->err, ST_BAD_INPUT, "duration: longer than %u seconds", limit);
            r->duration = (uint32_t)(end - start);
            r->has |= FIELD_BIT(FIELD_DURATION);
        }
    } else if (has(m, FIELD_DURATION)) {
        r->has |= FIELD_BIT(FIELD_END);
    }
    r->start = start;
    return ST_OK;
}

static enum status
read_times(struct mapping *m)
{
    int64_t start = 0, end = 0;
    bool floating, end_floating = false;
    enum status st = ST_OK;

    m->r->duration = 0;
    if (has(m, FIELD_START))
        st = read_time(m, FIELD_START, &start, &floating);
    if (st == ST_OK && has(m, FIELD_END))
        st = read_time(m, FIELD_END, &end, &end_floating);
    if (st == ST_OK && has(m, FIELD_DURATION))
        st = read_seconds(m, FIELD_DURATION, &m->r->duration);
    return st == ST_OK ? join_times(m, start, end, end_floating) : st;
}

/* --- numbers --- */

/* "-12.50": kept as text, because money is nobody's business to round. */
static bool
is_decimal(struct span s)
{
    size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'), digits = 0;

    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        digits++;
    if (digits > 0 && i + 1 < s.n && s.p[i] == '.')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            digits++;
    return digits > 0 && digits <= 30 && i == s.n;
}

static enum status
read_numbers(struct mapping *m)
{
    struct record *r = m->r;
    int64_t quantity;
    enum status st = ST_OK;

    r->wait = r->handle = 0;
    r->version = 0;
    if (!(r->has & NUMBER_FIELDS))
        return ST_OK;
    if (has(m, FIELD_WAIT))
        st = read_seconds(m, FIELD_WAIT, &r->wait);
    if (st == ST_OK && has(m, FIELD_HANDLE))
        st = read_seconds(m, FIELD_HANDLE, &r->handle);
    if (st != ST_OK)
        return st;
    if (has(m, FIELD_VERSION) &&
        (!span_to_i64(r->text[FIELD_VERSION], &r->version) || r->version < 0))
        return bad(m, FIELD_VERSION, "not a whole number");
    if (has(m, FIELD_QUANTITY) && !span_to_i64(r->text[FIELD_QUANTITY], &quantity))
        return bad(m, FIELD_QUANTITY, "not a whole number");
    if (has(m, FIELD_AMOUNT) && !is_decimal(r->text[FIELD_AMOUNT]))
        return bad(m, FIELD_AMOUNT, "not a decimal number");
    return ST_OK;
}

/* --- features --- */

/* Adds one feature unless it is empty or there already. */
static enum status
add_feature(struct mapping *m, struct span *list, struct span item)
{
    struct record *r = m->r;
    enum status st;

    item = trimmed(item);
    if (item.n == 0)
        return ST_OK;
    for (uint32_t i = 0; i < r->feature_count; i++)
        if (span_eq(list[i], item))
            return ST_OK;
    if (r->feature_count == RECORD_MAX_FEATURES)
        return fail(m->err, ST_BAD_INPUT, "features: more than %d", RECORD_MAX_FEATURES);
    st = check_name(m, FIELD_FEATURES, item, m->ctx->max_name);
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
split_features(struct mapping *m, struct span s, struct arena *mem)
{
    char separator = m->f->features_separator;
    struct span *list = arena_alloc(mem, count_pieces(s, separator) * sizeof *list);
    enum status st = ST_OK;

    m->r->features = list;
    for (;;) {
        const char *at = memchr(s.p, separator, s.n);
        size_t n = at ? (size_t)(at - s.p) : s.n;

        st = add_feature(m, list, span_of(s.p, n));
        if (st != ST_OK || !at)
            return st;
        s.p += n + 1;
        s.n -= n + 1;
    }
}

static enum status
read_features(struct mapping *m, const struct fields *in, struct arena *mem)
{
    struct record *r = m->r;
    enum status st = ST_OK;

    r->features = NULL;
    r->feature_count = 0;
    if (in->feature_items) {
        uint32_t n = in->feature_count;
        struct span *list;

        list = arena_alloc(mem, (n < RECORD_MAX_FEATURES ? n : RECORD_MAX_FEATURES) * sizeof *list);
        r->features = list;
        for (uint32_t i = 0; i < n && st == ST_OK; i++)
            st = add_feature(m, list, in->feature_items[i]);
    } else if (has(m, FIELD_FEATURES)) {
        st = split_features(m, r->text[FIELD_FEATURES], mem);
    }
    if (r->feature_count)
        r->has |= FIELD_BIT(FIELD_FEATURES);
    else
        r->has &= ~FIELD_BIT(FIELD_FEATURES);
    return st;
}

enum status
record_from_fields(const struct format *f, const struct mapping_context *ctx,
                   const struct fields *in, struct arena *mem, struct record *out,
                   struct error *err)
{
    struct mapping m = {f, ctx, out, err, in->printable && f->has_default == 0};
    enum status st = pick(&m, in);

    if (st == ST_OK)
        st = read_words(&m);
    if (st == ST_OK)
        st = check_names(&m);
    if (st == ST_OK)
        st = read_times(&m);
    if (st == ST_OK)
        st = read_numbers(&m);
    if (st == ST_OK)
        st = read_features(&m, in, mem);
    return st;
}
