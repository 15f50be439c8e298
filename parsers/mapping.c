/*
 * mapping.c - the one place where text becomes times, numbers and words, for all formats.
 *
 * A record is made in four steps: pick (what is there, after null and default texts), words
 * (kind and outcome, because they may say that the record is not counted), names, and then
 * times and numbers. The first complaint is the answer.
 */
#include "digits.h"
#include "features.h"
#include "format_tables.h"
#include "syslog.h"
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
     FIELD_BIT(FIELD_STATE) | FIELD_BIT(FIELD_LEG) | FIELD_BIT(FIELD_ROOM))
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
    bool printable;          /* nothing but the length of names needs a look */
    size_t longest;          /* no text is longer */
    uint64_t stamped;        /* of which fields an envelope says the time */
    int64_t latest;          /* UTC; a time after it is in the future */
    struct date_memo *dates; /* or NULL */
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

static bool
listed(const struct field_text *list, size_t count, enum field f, struct span s)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].field == f && span_eq(list[i].text, s))
            return true;
    return false;
}

static enum status
pick_one(struct mapping *m, enum field field, uint64_t present)
{
    const struct format *f = m->f;
    struct span *text = &m->r->text[field], s = {"", 0};
    uint64_t bit = FIELD_BIT(field);

    if (present & bit)
        s = name_trimmed(*text);
    if ((f->has_ignore & bit) && listed(f->ignore, f->ignore_count, field, s))
        return fail(m->err, ST_IGNORE, "%s: %.*s is left out by the format", field_name(field),
                    SPAN_ARG(s));
    if ((f->has_null & bit) && listed(f->null, f->null_count, field, s))
        s.n = 0;
    if (s.n == 0 && (f->has_default & bit))
        s = f->defaults[field];
    *text = s;
    m->r->has |= s.n ? bit : 0;
    return ST_OK;
}

/* Of texts that are known to be trimmed only those need a look that the format has a rule for. */
static enum status
pick(struct mapping *m, bool all_trimmed)
{
    const struct format *f = m->f;
    struct record *r = m->r;
    uint64_t present = r->has, rules = f->has_ignore | f->has_null | f->has_default;
    uint64_t left = all_trimmed ? rules : present | rules;

    left &= present | f->has_default;
    r->has &= ~left;
    for (; left; left &= left - 1) {
        enum status st = pick_one(m, (enum field)__builtin_ctzll(left), present);

        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

/* --- words --- */

/* Is it the word that nearly all records say? */
static inline bool
is_usual_word(enum field f, struct span s)
{
    if (f == FIELD_OUTCOME)
        return s.n == 2 && memcmp(s.p, "ok", 2) == 0;
    return s.n == 3 && memcmp(s.p, "leg", 3) == 0;
}

static enum status
read_word(struct mapping *m, enum field f, const struct word_index *words, int *value)
{
    char folded[WORD_MAX];
    struct span text = m->r->text[f];

    *value = word_index_find(words, text); /* nearly all senders write them as we do */
    if (*value == WORD_UNKNOWN)
        *value = word_index_find(words, word_fold(text, folded));
    if (*value == WORD_UNKNOWN && words->other == WORD_IGNORE)
        return fail(m->err, ST_IGNORE, "%s: others are left out by the format", field_name(f));
    if (*value == WORD_UNKNOWN)
        *value = words->other;
    if (*value == WORD_UNKNOWN)
        return bad(m, f, "not a known word");
    if (*value == WORD_IGNORE)
        return fail(m->err, ST_IGNORE, "%s: %.*s is left out by the format", field_name(f),
                    SPAN_ARG(text));
    return ST_OK;
}

static inline enum status
word_of(struct mapping *m, enum field f, const struct word_index *words, int *value)
{
    if (words->usual != WORD_UNKNOWN && is_usual_word(f, m->r->text[f])) {
        *value = words->usual;
        return ST_OK;
    }
    return read_word(m, f, words, value);
}

static enum status
read_words(struct mapping *m)
{
    const struct format *f = m->f;
    struct record *r = m->r;
    int value = KIND_LEG;
    enum status st;

    if (has(m, FIELD_KIND)) {
        st = word_of(m, FIELD_KIND, &f->kind, &value);
        if (st != ST_OK)
            return st;
    }
    r->kind = (enum record_kind)value;
    value = OUTCOME_OK;
    if (has(m, FIELD_OUTCOME)) {
        st = word_of(m, FIELD_OUTCOME, &f->outcome, &value);
        if (st != ST_OK)
            return st;
    }
    if (value == WORD_DROPPED) {
        value = OUTCOME_OK;
        if (!has(m, FIELD_CAUSE)) {
            r->text[FIELD_CAUSE] = SPAN("dropped");
            r->has |= FIELD_BIT(FIELD_CAUSE);
        }
    }
    r->outcome = (enum outcome)value;
    return ST_OK;
}

/* --- names --- */

static enum status
check_names(struct mapping *m)
{
    size_t limit = m->ctx->max_name;

    if (m->printable && m->longest <= limit)
        return ST_OK;
    for (uint64_t left = m->r->has & NAME_FIELDS; left; left &= left - 1) {
        int i = __builtin_ctzll(left);
        enum status st =
            name_check((enum field)i, m->r->text[i],
                       i == FIELD_REASON ? limit * REASON_FACTOR : limit, m->printable, m->err);

        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

/* --- times --- */

/* The latest day on which a time of day was not in the future when the record came. */
static int64_t
on_its_day(const struct mapping *m, int64_t clock)
{
    int64_t latest = m->ctx->arrived + m->ctx->max_future;
    int64_t local = latest + zone_offset_at(m->f->zone, latest);
    int64_t midnight = local - local % DAY_SECONDS;

    return midnight + clock <= local ? midnight + clock : midnight + clock - DAY_SECONDS;
}

/* *floating: the text had no offset and the format's zone was used. */
static inline enum status
read_time(struct mapping *m, enum field f, int64_t *utc, bool *floating)
{
    struct span s = m->r->text[f];
    bool stamped = m->stamped & FIELD_BIT(f);
    int64_t came = m->ctx->arrived > 0 ? m->ctx->arrived : m->ctx->now;
    bool good = stamped ? syslog_time(s, came, utc, floating)
                        : timetext_read(m->f->time_pattern, m->dates, s, utc, floating);

    if (!good)
        return bad(m, f, "not a time");
    if (m->f->clock_only && !stamped) {
        if (m->ctx->arrived <= 0)
            return bad(m, f, "has no day, and when the record came is not known");
        *utc = on_its_day(m, *utc);
    }
    if (*floating)
        *utc = zone_to_utc(m->f->zone, *utc);
    if ((uint64_t)*utc >= YEAR_10000)
        return bad(m, f, "not between the years 1970 and 9999");
    if (*utc > m->latest)
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
read_long_seconds(struct mapping *m, enum field f, uint32_t limit, uint32_t *out)
{
    struct span s = m->r->text[f];
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

static enum status
read_unit(struct mapping *m, enum field f, uint32_t limit, uint32_t *out)
{
    if (!unit_read((enum unit)m->f->unit[f], m->r->text[f], out))
        return bad(m, f, "not written as the format's units say");
    if (*out > limit)
        return fail(m->err, ST_BAD_INPUT, "%s: longer than %u seconds", field_name(f), limit);
    return ST_OK;
}

static inline __attribute__((always_inline)) enum status
read_seconds(struct mapping *m, enum field f, uint32_t *out)
{
    uint32_t limit = m->ctx->max_duration ? m->ctx->max_duration : UINT32_MAX;

    if (m->f->has_units && m->f->unit[f] != UNIT_SECONDS)
        return read_unit(m, f, limit, out);
    if (digits_read(m->r->text[f], out) && *out <= limit)
        return ST_OK;
    return read_long_seconds(m, f, limit, out);
}

/* A field that follows from others: it is there, and has no text of its own. */
static void
derived(struct record *r, enum field f)
{
    r->has |= FIELD_BIT(f);
    r->text[f] = SPAN("");
}

/* Fills start and duration from whichever two of start, end and duration are there. */
static enum status
join_times(struct mapping *m, int64_t start, int64_t end, bool end_floating)
{
    struct record *r = m->r;

    if (!has(m, FIELD_START)) {
        if (r->kind == KIND_VOID) { /* it says which record, and nothing of it */
            r->start = 0;
            return ST_OK;
        }
        if (!has(m, FIELD_END) || !has(m, FIELD_DURATION))
            return bad(m, FIELD_START, "missing");
        start = end - r->duration;
        if (start < 0)
            return bad(m, FIELD_START, "not between the years 1970 and 9999");
        derived(r, FIELD_START);
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
            derived(r, FIELD_DURATION);
        }
    } else if (has(m, FIELD_DURATION)) {
        derived(r, FIELD_END);
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

/* A conference that has an id of its own needs none that is made of its room. */
static void
place_in_room(struct record *r)
{
    if (r->has & FIELD_BIT(FIELD_CONFERENCE)) {
        r->has &= ~FIELD_BIT(FIELD_ROOM);
    } else if (!(r->has & FIELD_BIT(FIELD_CONFERENCE_NAME))) {
        r->text[FIELD_CONFERENCE_NAME] = r->text[FIELD_ROOM];
        r->has |= FIELD_BIT(FIELD_CONFERENCE_NAME);
    }
}

enum status
record_from_fields(const struct format *f, const struct mapping_context *ctx,
                   const struct fields *in, struct arena *mem, struct record *out,
                   struct error *err)
{
    struct mapping m = {
        .f = f,
        .ctx = ctx,
        .r = out,
        .err = err,
        .printable = in->printable && f->plain_defaults,
        .longest = in->longest,
        .stamped = in->stamped,
        .dates = ctx->memo ? &ctx->memo->dates : NULL,
        .latest = ctx->now > 0 ? ctx->now + ctx->max_future : INT64_MAX,
    };
    const struct feature_rules features = {
        .memo = ctx->memo,
        .limit = ctx->max_name,
        .separator = f->features_separator,
        .printable = m.printable,
    };
    enum status st;

    if (in != &out->fields)
        out->fields = *in;
    if (m.longest < f->longest_default)
        m.longest = f->longest_default;
    if (f->join_count) {
        size_t joined = fields_join(f, out, mem);

        m.longest = m.longest < joined ? joined : m.longest;
    }
    st = pick(&m, in->trimmed);
    if (st == ST_OK)
        st = read_words(&m);
    if (st == ST_OK)
        st = check_names(&m);
    if (st == ST_OK)
        st = read_times(&m);
    if (st == ST_OK)
        st = read_numbers(&m);
    if (out->has & FIELD_BIT(FIELD_ROOM))
        place_in_room(out);
    if (st == ST_OK)
        st = features_read(out, &features, mem, err);
    return st;
}
