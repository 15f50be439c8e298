/*
 * parse_csv.c - separated values: one record a line, cells by position.
 *
 *   customer,conference,start,duration
 *   "Example, Inc.",4711,2026-03-01T09:00:00Z,1800
 *
 * Nearly all lines hold no quote, or quotes around whole cells. csv_split.c takes them apart, each
 * cell going straight to its field through a table by column. Whatever is unusual in a line (other
 * quotes, NUL, too many columns, too long) sends it to the general walk of csv_scan.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "csv_split.h"
#include "show.h"

#define MAX_COLUMNS 1024

struct csv {
    struct csv_rules rules;
    csv_split *split;       /* the best for this processor */
    struct layout *columns; /* by the `columns` option, or NULL */
};

/* --- layouts --- */

/* A name that occurs twice counts once, at its first place; several columns of different names
 * may feed one field, and the first that is not empty does. */
static struct layout *
layout_new(const struct format *f, const struct span *names, size_t count)
{
    struct layout *l = csv_layout_new(count);
    uint64_t fed = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned field = format_field_of(f, names[i]);

        for (size_t j = 0; j < i && field != FIELD_COUNT; j++)
            if (l->field[j] == field && span_eq_nocase(names[i], names[j]))
                field = FIELD_COUNT;
        if (field == FIELD_COUNT)
            continue;
        l->field[i] = (uint8_t)field;
        l->bit[i] = FIELD_BIT(field);
        l->repeats |= fed & l->bit[i];
        fed |= l->bit[i];
    }
    return l;
}

/* The fields that some column feeds. */
static uint64_t
fed_fields(const struct layout *l)
{
    uint64_t fed = 0;

    for (size_t i = 0; i < l->count; i++)
        fed |= l->bit[i];
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
    struct csv c = {.columns = NULL, .split = csv_split_best()};
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
        bool open = strcmp(columns[n - 1], "*") == 0;

        for (size_t i = 0; i < n; i++)
            names[i] = span_trim(span_str(columns[i]));
        c.columns = layout_new(f, names, open ? n - 1 : n);
        c.columns->open = open;
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
    fed |= format_joined(f, fed);
    if (!c->columns && !(fed & FIELD_BIT(FIELD_START)) && (fed & ended) != ended) {
        csv_layout_free(l); /* another format's file: without a time no row could be counted */
        return no_field(f, fed ? "says when" : "is known", err);
    }
    *out = l;
    return ST_OK;
}

/* --- records --- */

static void
put(struct fields *out, const struct layout *l, size_t column, struct span s)
{
    if (s.n == 0 || (out->has & l->bit[column]) || !l->bit[column])
        return;
    out->v[l->field[column]] = s;
    out->has |= l->bit[column];
}

/* Any record. */
static enum status
walk(const struct csv *x, const struct layout *l, size_t max_frame, struct span *rest,
     struct arena *mem, struct fields *out, struct span *raw, struct error *err)
{
    const struct csv_rules *rules = &x->rules;
    bool named = x->columns != NULL;
    struct csv_cursor c;
    struct csv_cell cell;
    enum csv_step step;
    size_t column = 0;
    enum status st;

    fields_begin(out);
    csv_begin(&c, *rest, max_frame, true);
    do {
        step = csv_next(rules, &c, &cell);
        if (step != CSV_BAD && column < l->count)
            put(out, l, column, csv_unescape(rules, cell, mem));
        column++;
    } while (step == CSV_CELL);
    st = csv_take(&c, step, rest, raw, err);
    if (st == ST_OK && column > l->count && !l->open)
        return fail_at(err, ST_BAD_INPUT, (long)raw->n,
                       named ? "columns: %zu, format has %zu" : "columns: %zu, header has %zu",
                       column, l->count);
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
    fields_begin(out);
    end = (unsigned char)*p == 0xEF ? NULL : c->split(&c->rules, l, *rest, max_frame, out);
    n = end ? (size_t)(end - p) : SIZE_MAX;
    if (n > max_frame)
        return walk(c, l, max_frame, rest, mem, out, raw, err);
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
    .show = show_csv,
    .names_apart = true,
};
