/*
 * parse_csv.c - separated values: one record a line, cells by position.
 *
 *   customer,conference,start,duration
 *   "Example, Inc.",4711,2026-03-01T09:00:00Z,1800
 *
 * Nearly all lines hold no quote. They are split in one pass over sixteen bytes at a time, and
 * each cell goes straight to its field through a table by column. Whatever is unusual in a line
 * (quotes, NUL, too many columns, too long) sends it to the general walk of csv_scan.c.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <stdio.h>
#include <stdlib.h>

#include "csv_scan.h"

#define MAX_COLUMNS 4096

/* Which field each column feeds. */
struct layout {
    size_t count;
    uint8_t field[]; /* FIELD_COUNT: none */
};

struct csv {
    struct csv_rules rules;
    struct layout *columns; /* by the `columns` option, or NULL */
};

/* --- layouts --- */

/* A name that occurs twice counts once, at its first place; several columns of different names
 * may feed one field, and the first that is not empty does. */
static struct layout *
layout_new(const struct format *f, const struct span *names, size_t count)
{
    struct layout *l = xmalloc(sizeof *l + count);

    l->count = count;
    for (size_t i = 0; i < count; i++) {
        l->field[i] = (uint8_t)format_field_of(f, names[i]);
        for (size_t j = 0; j < i && l->field[i] != FIELD_COUNT; j++)
            if (l->field[j] == l->field[i] && span_eq_nocase(names[i], names[j]))
                l->field[i] = FIELD_COUNT;
    }
    return l;
}

/* The fields that some column feeds. */
static uint64_t
fed_fields(const struct layout *l)
{
    uint64_t fed = 0;

    for (size_t i = 0; i < l->count; i++)
        if (l->field[i] != FIELD_COUNT)
            fed |= FIELD_BIT(l->field[i]);
    return fed;
}

static void
csv_layout_free(struct layout *l)
{
    free(l);
}

static enum status
csv_prepare(void **shared, const struct format *f, struct error *err)
{
    const char *const *columns = format_options(f)->columns;
    struct csv c = {.columns = NULL};
    enum status st = csv_rules_of(&c.rules, f, err);
    struct csv *copy;
    size_t n = 0;

    if (st != ST_OK)
        return st;
    while (columns && columns[n])
        n++;
    if (n > MAX_COLUMNS)
        return fail(err, ST_BAD_CONFIG, "columns: more than %d", MAX_COLUMNS);
    if (n > 0) {
        struct span *names = xcalloc(n, sizeof *names);

        for (size_t i = 0; i < n; i++)
            names[i] = span_trim(span_str(columns[i]));
        c.columns = layout_new(f, names, n);
        free(names);
        if (!fed_fields(c.columns)) {
            csv_layout_free(c.columns);
            return fail(err, ST_BAD_CONFIG, "columns: none of them feeds a field");
        }
    }
    copy = xmalloc(sizeof *copy);
    *copy = c;
    *shared = copy;
    return ST_OK;
}

static void
csv_release(void *shared)
{
    struct csv *c = shared;

    if (!c)
        return;
    csv_layout_free(c->columns);
    free(c);
}

/* --- the header --- */

/* With columns listed, `header = yes` says that there is a first line to pass over. */
static bool
csv_wants_header(const struct format *f)
{
    const struct csv *c = format_shared(f);

    return !c->columns || format_options(f)->header;
}

static enum status
no_field(const struct format *f, const char *what, struct error *err)
{
    const char *const *map = format_options(f)->map;
    char text[120] = "customer, start";
    size_t n = 0;

    for (size_t i = 0; map && map[i] && n + 1 < sizeof text; i++) {
        const char *column = strchr(map[i], '=') + 1;

        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.40s", i ? ", " : "", column);
    }
    return fail(err, ST_BAD_INPUT, "header: no column %s; expected columns such as %s", what, text);
}

static enum status
csv_read_header(const struct format *f, struct span line, struct layout **out, struct error *err)
{
    static const uint64_t ended = FIELD_BIT(FIELD_END) | FIELD_BIT(FIELD_DURATION);
    const struct csv *c = format_shared(f);
    struct arena mem;
    struct csv_cursor cur;
    enum csv_step step;
    struct span *names;
    struct layout *l;
    uint64_t fed;
    size_t n = 0;

    arena_init(&mem);
    names = arena_alloc(&mem, MAX_COLUMNS * sizeof *names);
    csv_begin(&cur, line, line.n, true);
    do {
        struct csv_cell cell;

        step = csv_next(&c->rules, &cur, &cell);
        if (step != CSV_BAD && n < MAX_COLUMNS)
            names[n] = span_trim(csv_unescape(&c->rules, cell, &mem));
        n++;
    } while (step == CSV_CELL);
    if (step == CSV_BAD || n > MAX_COLUMNS) {
        arena_clear(&mem);
        return fail(err, ST_BAD_INPUT, "header: %s",
                    step == CSV_BAD ? cur.why : "too many columns");
    }
    l = c->columns ? layout_new(f, NULL, 0) : layout_new(f, names, n);
    arena_clear(&mem);
    fed = fed_fields(l);
    if (!c->columns && !(fed & FIELD_BIT(FIELD_START)) && (fed & ended) != ended) {
        csv_layout_free(l); /* another format's file: without a time no row could be counted */
        return no_field(f, fed ? "says when" : "is known", err);
    }
    *out = l;
    return ST_OK;
}

/* --- records --- */

static inline void
put(struct fields *out, const struct layout *l, size_t column, const char *p, size_t n)
{
    unsigned f = l->field[column];

    if (f < FIELD_COUNT && n > 0 && !(out->has & FIELD_BIT(f))) {
        out->v[f] = span_of(p, n);
        out->has |= FIELD_BIT(f);
    }
}

/* Of up to sixteen bytes, a bit each: which end a cell or make the line unusual, and which are
 * not printable ASCII. */
struct marks {
    unsigned special, strange;
};

/* Special: separator, quote, LF or NUL. */
static inline struct marks
marks_few(const struct csv_rules *r, const char *p, size_t n)
{
    char quote = r->quoting ? r->quote : r->separator;
    struct marks m = {0, 0};

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];

        m.special |= (unsigned)(p[i] == r->separator || p[i] == quote || c == '\n' || c == '\0')
                     << i;
        m.strange |= (unsigned)(c < 0x20 || c > 0x7E) << i;
    }
    return m;
}

#ifdef __SSE2__
/* Made once a line: the compiler cannot know that storing cells leaves the rules as they are. */
struct needles {
    __m128i separator, quote;
};

static inline struct needles
needles_of(const struct csv_rules *r)
{
    return (struct needles){_mm_set1_epi8(r->separator),
                            _mm_set1_epi8(r->quoting ? r->quote : r->separator)};
}

static inline struct marks
marks_sixteen(const struct needles *s, const char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)p);
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: from 0x80 on too */
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7F));
    __m128i cell = _mm_or_si128(_mm_cmpeq_epi8(v, s->separator), _mm_cmpeq_epi8(v, s->quote));
    __m128i end = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                               _mm_cmpeq_epi8(v, _mm_setzero_si128()));

    return (struct marks){(unsigned)_mm_movemask_epi8(_mm_or_si128(cell, end)),
                          (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del))};
}
#else
struct needles {
    const struct csv_rules *rules;
};

static inline struct needles
needles_of(const struct csv_rules *r)
{
    return (struct needles){r};
}

static inline struct marks
marks_sixteen(const struct needles *s, const char *p)
{
    return marks_few(s->rules, p, 16);
}
#endif

/* The last cell of a line, which may end in CR. */
static inline void
put_last(struct fields *out, const struct layout *l, size_t column, const char *cell,
         const char *end)
{
    put(out, l, column, cell, (size_t)(end - cell) - (end > cell && end[-1] == '\r'));
}

/*
 * Splits the line at the front of rest. Returns where it ends (its LF, or the end of rest), or
 * NULL for a line that is not plain, whose fields the general walk will find again.
 */
static const char *
plain_line(const struct csv_rules *rules, const struct layout *l, struct span rest,
           struct fields *out)
{
    const char *end = rest.p + rest.n, *cell = rest.p;
    const struct needles needles = needles_of(rules);
    const char separator = rules->separator;
    const size_t columns = l->count;
    unsigned strange = 0;
    size_t column = 0;

    for (const char *chunk = rest.p; chunk < end; chunk += 16) {
        size_t left = (size_t)(end - chunk);
        struct marks m =
            left >= 16 ? marks_sixteen(&needles, chunk) : marks_few(rules, chunk, left);

        for (unsigned mask = m.special; mask; mask &= mask - 1) {
            const char *at = chunk + __builtin_ctz(mask);

            if (column >= columns)
                return NULL;
            if (*at != separator) {
                if (*at != '\n')
                    return NULL;
                put_last(out, l, column, cell, at);
                strange |= m.strange & ((mask & -mask) - 1);
                out->printable = strange == 0;
                return at;
            }
            put(out, l, column++, cell, (size_t)(at - cell));
            cell = at + 1;
        }
        strange |= m.strange;
    }
    if (column >= columns)
        return NULL;
    put_last(out, l, column, cell, end);
    return end;
}

/* Any record; *columns counts its cells. */
static enum status
walk(const struct csv_rules *rules, const struct layout *l, size_t max_frame, struct span *rest,
     struct arena *mem, struct fields *out, struct span *raw, struct error *err)
{
    struct csv_cursor c;
    struct csv_cell cell;
    enum csv_step step;
    size_t column = 0;
    enum status st;

    csv_begin(&c, *rest, max_frame, true);
    do {
        step = csv_next(rules, &c, &cell);
        if (step != CSV_BAD && column < l->count) {
            struct span s = csv_unescape(rules, cell, mem);

            put(out, l, column, s.p, s.n);
        }
        column++;
    } while (step == CSV_CELL);
    st = csv_take(&c, step, rest, raw, err);
    if (st == ST_OK && column > l->count)
        return fail_at(err, ST_BAD_INPUT, (long)raw->n, "columns: %zu, header has %zu", column,
                       l->count);
    return st;
}

static enum status
csv_next_record(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
                struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
                struct error *err)
{
    const struct csv *c = format_shared(f);
    const struct layout *l = c->columns ? c->columns : layout;
    const char *p = rest->p, *end;
    size_t n;

    (void)state;
    out->has = 0;
    out->printable = false;
    out->feature_items = NULL;
    out->feature_count = 0;
    end = (unsigned char)*p == 0xEF ? NULL : plain_line(&c->rules, l, *rest, out);
    n = end ? (size_t)(end - p) : SIZE_MAX;
    if (n > max_frame) {
        out->has = 0;
        out->printable = false;
        return walk(&c->rules, l, max_frame, rest, mem, out, raw, err);
    }
    if (end < p + rest->n)
        end++;
    rest->n -= (size_t)(end - p);
    rest->p = end;
    if (n > 0 && p[n - 1] == '\r')
        n--;
    *raw = span_of(p, n);
    return n > 0 ? ST_OK : ST_SKIP;
}

static size_t
csv_cut_block(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    const struct csv *c = format_shared(f);

    return csv_cut(&c->rules, buf, max_frame, eof);
}

static void *
csv_open(const struct format *f)
{
    (void)f;
    return NULL; /* nothing is kept between records */
}

static void
csv_close(void *state)
{
    (void)state;
}

const struct parser_ops parser_csv = {
    .name = "csv",
    .summary = "separated values with a header line or listed columns",
    .prepare = csv_prepare,
    .release = csv_release,
    .open = csv_open,
    .close = csv_close,
    .wants_header = csv_wants_header,
    .read_header = csv_read_header,
    .layout_free = csv_layout_free,
    .cut = csv_cut_block,
    .next = csv_next_record,
};
