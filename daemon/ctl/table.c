/*
 * table.c - tables for people and for programs.
 */
#include "table.h"

#include <math.h>
#include <stdlib.h>

#include "csv_write.h"
#include "json_write.h"
#include "memory.h"

#define TERMINAL_COLUMNS 80
#define GAP              2
#define NARROWEST        6 /* no column is shortened below this */
#define ELLIPSIS         "\xE2\x80\xA6"

struct table {
    const struct table_column *columns;
    size_t count;
    struct span *cells; /* row after row; p is NULL for an absent value */
    size_t filled, cap;
    struct arena memory;
};

struct table *
table_new(const struct table_column *columns, size_t count)
{
    struct table *t = xcalloc(1, sizeof *t);

    t->columns = columns;
    t->count = count;
    arena_init(&t->memory);
    return t;
}

void
table_free(struct table *t)
{
    if (!t)
        return;
    arena_clear(&t->memory);
    free(t->cells);
    free(t);
}

static void
add(struct table *t, struct span s)
{
    if (t->filled == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->cells = xrealloc(t->cells, t->cap * sizeof *t->cells);
    }
    t->cells[t->filled++] = s;
}

void
table_row(struct table *t)
{
    while (t->filled % t->count != 0) /* what the row before left out is absent */
        add(t, (struct span){0});
}

void
table_span(struct table *t, struct span s)
{
    add(t, arena_copy(&t->memory, s));
}

void
table_text(struct table *t, const char *text)
{
    if (text)
        table_span(t, span_str(text));
    else
        add(t, (struct span){0});
}

void
table_i64(struct table *t, int64_t v)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)v);
    table_text(t, text);
}

void
table_u64(struct table *t, uint64_t v)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    table_text(t, text);
}

void
table_real(struct table *t, double v, int digits)
{
    char text[64];

    if (!isfinite(v)) {
        table_text(t, NULL);
        return;
    }
    snprintf(text, sizeof text, "%.*f", digits, v);
    table_text(t, text);
}

size_t
table_rows(const struct table *t)
{
    return (t->filled + t->count - 1) / t->count;
}

/* --- widths --- */

static bool
begins_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

static size_t
shown_width(struct span s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += begins_character(s.p[i]);
    return n;
}

static struct span
cell_at(const struct table *t, size_t row, size_t column)
{
    size_t i = row * t->count + column;

    return i < t->filled ? t->cells[i] : (struct span){0};
}

static void
fit(const struct table *t, size_t *width)
{
    size_t total = GAP * (t->count - 1);

    for (size_t c = 0; c < t->count; c++) {
        width[c] = shown_width(span_str(t->columns[c].name));
        for (size_t r = 0; r < table_rows(t); r++) {
            size_t n = shown_width(cell_at(t, r, c));

            if (n > width[c])
                width[c] = n;
        }
        total += width[c];
    }
    while (total > TERMINAL_COLUMNS) {
        size_t widest = t->count;

        for (size_t c = 0; c < t->count; c++)
            if (t->columns[c].type == TABLE_TEXT && width[c] > NARROWEST &&
                (widest == t->count || width[c] > width[widest]))
                widest = c;
        if (widest == t->count)
            return; /* nothing left to shorten: numbers are never cut */
        width[widest]--;
        total--;
    }
}

/* Texts come from records and file names: none of them may end a line or steer a terminal. */
static void
print_plain(struct span s, FILE *to)
{
    for (size_t i = 0; i < s.n; i++)
        fputc((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F ? '?' : s.p[i], to);
}

static void
print_cell(struct span s, size_t width, enum table_type type, bool last, FILE *to)
{
    size_t n = shown_width(s), pad = n < width ? width - n : 0;

    if (type == TABLE_NUMBER)
        fprintf(to, "%*s", (int)pad, "");
    if (n > width) {
        size_t bytes = 0, characters = 0;

        while (bytes < s.n && (characters < width - 1 || !begins_character(s.p[bytes])))
            characters += begins_character(s.p[bytes++]);
        print_plain(span_of(s.p, bytes), to);
        fputs(ELLIPSIS, to);
    } else {
        print_plain(s, to);
    }
    if (type == TABLE_TEXT && !last)
        fprintf(to, "%*s", (int)pad, "");
    if (!last)
        fprintf(to, "%*s", GAP, "");
}

static void
print_aligned(const struct table *t, FILE *to)
{
    size_t *width = xcalloc(t->count, sizeof *width);

    fit(t, width);
    for (size_t c = 0; c < t->count && table_rows(t) > 0; c++)
        print_cell(span_str(t->columns[c].name), width[c], t->columns[c].type, c + 1 == t->count,
                   to);
    if (table_rows(t) > 0)
        fputc('\n', to);
    for (size_t r = 0; r < table_rows(t); r++) {
        for (size_t c = 0; c < t->count; c++)
            print_cell(cell_at(t, r, c), width[c], t->columns[c].type, c + 1 == t->count, to);
        fputc('\n', to);
    }
    free(width);
}

/* --- for programs --- */

static char *
program_name(const char *heading)
{
    char *name = xstrdup(heading);

    for (char *p = name; *p; p++)
        if (*p == ' ')
            *p = '_';
    return name;
}

static void
print_csv(const struct table *t, FILE *to)
{
    struct buf b = {0};

    for (size_t c = 0; c < t->count; c++) {
        char *name = program_name(t->columns[c].name);

        csv_field(&b, span_str(name));
        buf_char(&b, c + 1 < t->count ? ',' : '\n');
        free(name);
    }
    for (size_t r = 0; r < table_rows(t); r++)
        for (size_t c = 0; c < t->count; c++) {
            csv_field(&b, cell_at(t, r, c));
            buf_char(&b, c + 1 < t->count ? ',' : '\n');
        }
    fwrite(b.p, 1, b.n, to);
    buf_clear(&b);
}

static void
json_cell(struct json_writer *w, struct span key, struct span s, enum table_type type)
{
    json_key(w, key);
    if (!s.p)
        json_null(w, NULL);
    else if (type == TABLE_NUMBER && s.n > 0)
        json_raw(w, NULL, s);
    else
        json_span(w, NULL, s);
}

static void
print_json(const struct table *t, FILE *to)
{
    struct json_writer w;
    struct buf b = {0};

    json_begin(&w, &b);
    json_array(&w, NULL);
    for (size_t r = 0; r < table_rows(t); r++) {
        json_object(&w, NULL);
        for (size_t c = 0; c < t->count; c++) {
            char *name = program_name(t->columns[c].name);

            json_cell(&w, span_str(name), cell_at(t, r, c), t->columns[c].type);
            free(name);
        }
        json_close(&w);
    }
    json_close(&w);
    buf_char(&b, '\n');
    fwrite(b.p, 1, b.n, to);
    buf_clear(&b);
}

void
table_print(const struct table *t, enum table_style style, FILE *to)
{
    static void (*const print[])(const struct table *, FILE *) = {
        [TABLE_ALIGNED] = print_aligned,
        [TABLE_CSV] = print_csv,
        [TABLE_JSON] = print_json,
    };

    print[style](t, to);
}
