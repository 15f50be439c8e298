/*
 * guess_text.c - what kind of text a file is, and what stands in its columns.
 */
#include "guess.h"

#include <stdarg.h>
#include <stdio.h>

#include "json_read.h"
#include "trial.h"
#include "xml_tree.h"

void
guess_begin(struct guess *g)
{
    memset(g, 0, sizeof *g);
    arena_init(&g->mem);
    g->opt.name = "mine";
}

void
guess_clear(struct guess *g)
{
    arena_clear(&g->mem);
    buf_clear(&g->notes);
}

const char *
guess_print(struct guess *g, const char *fmt, ...)
{
    struct buf b = {0};
    const char *p;
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    p = arena_copy(&g->mem, span_of(b.p, b.n + 1)).p;
    buf_clear(&b);
    return p;
}

/* --- columns --- */

static struct guess_column *
column_of(struct guess *g, struct span name)
{
    struct guess_column *c;

    for (size_t i = 0; i < g->column_count; i++)
        if (span_eq(g->column[i].name, name))
            return &g->column[i];
    if (g->column_count == GUESS_COLUMNS)
        return NULL;
    c = &g->column[g->column_count++];
    *c = (struct guess_column){.name = arena_copy(&g->mem, name)};
    c->values = arena_alloc(&g->mem, GUESS_SAMPLES * sizeof *c->values);
    return c;
}

static bool
take_columns(void *arg, const struct trial_record *r)
{
    struct guess *g = arg;

    for (size_t i = 0; i < r->column_count; i++) {
        struct guess_column *c = column_of(g, r->columns[i].name);
        struct span text = span_trim(r->columns[i].text);

        if (c && text.n > 0 && c->count < GUESS_SAMPLES)
            c->values[c->count++] = arena_copy(&g->mem, text);
    }
    return ++g->records < GUESS_SAMPLES;
}

/* Reads the text by what is known of the format so far, to see its columns. */
static bool
look(struct guess *g, const struct format_options *o, struct span text, bool whole)
{
    struct trial_count n;
    struct format *f;

    g->column_count = g->records = 0;
    if (format_new(&f, o, NULL) != ST_OK)
        return false;
    trial_run(&(struct trial_input){f, text, whole, "file", true}, take_columns, g, &n);
    format_free(f);
    return g->column_count > 0;
}

/* --- separated values --- */

/* In how many columns a separator cuts the first lines, if it is the same number in nearly all of
 * them and more than one; else 0. Quoted cells are passed over. */
static size_t
regular_columns(struct span text, char separator)
{
    size_t first = 0, lines = 0, same = 0;

    while (text.n > 0 && lines < GUESS_SAMPLES) {
        size_t columns = 1;
        bool quoted = false;
        size_t i = 0;

        for (; i < text.n && (quoted || text.p[i] != '\n'); i++) {
            quoted ^= text.p[i] == '"';
            columns += !quoted && text.p[i] == separator;
        }
        if (i > 0 && text.p[0] != '\r') {
            first = first ? first : columns;
            lines++;
            same += columns == first;
        }
        i += i < text.n;
        text = span_of(text.p + i, text.n - i);
    }
    return first > 1 && first < GUESS_COLUMNS && same * 10 >= lines * 9 ? first : 0;
}

static bool
is_word(struct span s)
{
    bool letter = false;

    for (size_t i = 0; i < s.n; i++)
        letter |= (s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z';
    return letter && s.n <= 60 && !memchr(s.p, ':', s.n) && !memchr(s.p, '@', s.n);
}

/* Headings are words, each another one, and do not come again below. */
static bool
first_is_header(const struct guess *g)
{
    size_t named = 0;

    for (size_t i = 0; i < g->column_count; i++) {
        const struct guess_column *c = &g->column[i];

        if (c->count == 0)
            continue;
        if (!is_word(c->values[0]))
            return false;
        for (size_t k = 1; k < c->count; k++)
            if (span_eq(c->values[k], c->values[0]))
                return false;
        for (size_t k = 0; k < i; k++)
            if (g->column[k].count > 0 && span_eq(g->column[k].values[0], c->values[0]))
                return false;
        named++;
    }
    return named > 0 && g->records > 1;
}

/* The headings become the names. */
static void
use_header(struct guess *g)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->column_count; i++) {
        struct guess_column c = g->column[i];

        if (c.count == 0)
            continue;
        c.name = c.values[0];
        c.values++;
        c.count--;
        g->column[kept++] = c;
    }
    g->column_count = kept;
    g->records--;
    memset(g->columns, 0, sizeof g->columns);
    g->opt.columns = NULL;
    g->opt.header = true;
}

static bool
guess_separated(struct guess *g, struct span text, bool whole)
{
    static const char separators[] = ",;\t|";
    struct format_options o = {.name = "look", .type = "csv"};
    const char *map[] = {"start=c1", NULL};
    char separator[2] = "";
    size_t most = 0;

    for (const char *s = separators; *s; s++) {
        size_t n = regular_columns(text, *s);

        if (n > most) {
            most = n;
            separator[0] = *s;
        }
    }
    if (most == 0)
        return false;
    for (size_t i = 0; i < most; i++)
        g->columns[i] = guess_print(g, "c%zu", i + 1);
    o.separator = arena_copy(&g->mem, span_of(separator, 2)).p;
    o.columns = g->columns;
    o.map = map;
    if (!look(g, &o, text, whole))
        return false;
    g->opt.type = "csv";
    g->opt.columns = g->columns;
    if (separator[0] != ',')
        g->opt.separator = separator[0] == '\t' ? "\\t" : o.separator;
    if (first_is_header(g))
        use_header(g);
    return true;
}

/* --- positions --- */

/* True: every one of the first lines is that long, or longer and has a blank there. */
static bool
always_blank(struct span text, size_t at)
{
    size_t lines = 0;

    while (text.n > 0 && lines++ < GUESS_SAMPLES) {
        const char *nl = memchr(text.p, '\n', text.n);
        size_t n = nl ? (size_t)(nl - text.p) : text.n;

        if (n > 0 && text.p[n - 1] == '\r')
            n--;
        if (n > 0 && at < n && text.p[at] != ' ')
            return false;
        n = nl ? (size_t)(nl - text.p) + 1 : text.n;
        text = span_of(text.p + n, text.n - n);
    }
    return true;
}

/* The length that all lines have, 0: they differ. */
static size_t
line_length(struct span text)
{
    size_t length = 0, lines = 0;

    while (text.n > 0 && lines++ < GUESS_SAMPLES) {
        const char *nl = memchr(text.p, '\n', text.n);
        size_t n = nl ? (size_t)(nl - text.p) : text.n, next = nl ? n + 1 : n;

        if (n > 0 && text.p[n - 1] == '\r')
            n--;
        if (n > 0 && length > 0 && n != length)
            return 0;
        length = n > 0 ? n : length;
        text = span_of(text.p + next, text.n - next);
    }
    return lines > 2 ? length : 0;
}

static bool
guess_fixed(struct guess *g, struct span text, bool whole)
{
    size_t length = line_length(text), begin = 0, n = 0;
    struct format_options o = {.name = "look", .type = "fixed"};
    const char *map[] = {"start=c1", NULL};

    if (length < 20 || length > 4096)
        return false;
    for (size_t i = 0; i <= length && n < GUESS_COLUMNS; i++) {
        bool blank = i == length || always_blank(text, i);

        if (blank && begin < i)
            g->columns[n] = guess_print(g, "c%zu:%zu-%zu", n + 1, begin + 1, i);
        n += blank && begin < i;
        begin = blank ? i + 1 : begin;
    }
    g->columns[n] = NULL;
    o.columns = g->columns;
    o.map = map;
    if (n < 3 || !look(g, &o, text, whole))
        return false;
    g->opt.type = "fixed";
    g->opt.columns = g->columns;
    return true;
}

/* --- documents --- */

#define PLACES 64 /* paths of arrays that are told apart */

struct place { /* where most records are */
    struct guess *g;
    char path[256], best[256];
    size_t most;
    struct {
        char *path;
        size_t objects;
    } array[PLACES];
    size_t arrays;
};

/* What stands in arrays of one path is of one kind, however many of them there are. */
static void
count_objects(struct place *p, size_t objects)
{
    size_t i = 0;

    while (i < p->arrays && strcmp(p->array[i].path, p->path) != 0)
        i++;
    if (i == PLACES)
        return;
    if (i == p->arrays)
        p->array[p->arrays++].path =
            (char *)(uintptr_t)arena_copy(&p->g->mem, span_of(p->path, strlen(p->path) + 1)).p;
    p->array[i].objects += objects;
}

/* Counts the objects in arrays, by the paths that lead there. */
static void
find_arrays(struct place *p, const struct json_value *v, size_t n)
{
    size_t objects = 0;

    for (const struct json_value *c = v->first; v->type == JSON_ARRAY && c; c = c->next)
        objects += c->type == JSON_OBJECT;
    if (objects > 0)
        count_objects(p, objects);
    for (const struct json_value *c = v->first; c; c = c->next) {
        size_t more = 0;

        if (v->type == JSON_OBJECT) {
            if (n + c->key.n + 2 > sizeof p->path || memchr(c->key.p, '.', c->key.n))
                continue;
            more = (size_t)snprintf(p->path + n, sizeof p->path - n, "%s%.*s", n ? "." : "",
                                    SPAN_ARG(c->key));
        }
        find_arrays(p, c, n + more);
        p->path[n] = '\0';
    }
}

/* The path with most objects in arrays; of equals the outermost. */
static void
find_array(struct place *p, const struct json_value *v)
{
    find_arrays(p, v, 0);
    for (size_t i = 0; i < p->arrays; i++)
        if (p->array[i].objects > p->most) {
            p->most = p->array[i].objects;
            snprintf(p->best, sizeof p->best, "%s", p->array[i].path);
        }
}

static bool
guess_json(struct guess *g, struct span text, bool whole)
{
    const char *nl = memchr(text.p, '\n', text.n);
    struct place p = {.g = g};
    struct json_value *v;

    g->opt.type = "ndjson";
    if (*text.p == '{' && json_parse_foreign(span_of(text.p, nl ? (size_t)(nl - text.p) : text.n),
                                             &g->mem, &v, NULL) == ST_OK) {
        find_array(&p, v);
        if (p.most < 2)
            return look(g, &g->opt, text, whole);
    } else if (json_parse_foreign(text, &g->mem, &v, NULL) == ST_OK) {
        find_array(&p, v);
    } else if (*text.p == '[') {
        g->opt.type = "json-array";
        return look(g, &g->opt, text, whole);
    } else {
        return false;
    }
    g->opt.type = *text.p == '[' && !p.best[0] ? "json-array" : "json";
    if (p.best[0])
        g->opt.records = guess_print(g, "%s", p.best);
    return look(g, &g->opt, text, whole);
}

static size_t
values_in(const struct xml_node *n)
{
    size_t values = 0;

    for (const struct xml_attribute *a = n->attributes; a; a = a->next)
        values++;
    for (const struct xml_node *c = n->first; c; c = c->next)
        values++;
    return values;
}

/* The first element whose like stand beside it most often, and hold something. */
static void
find_elements(struct place *p, const struct xml_node *n, size_t length)
{
    length += (size_t)snprintf(p->path + length, sizeof p->path - length, "%s%.*s",
                               length ? "/" : "", SPAN_ARG(n->name));
    if (length >= sizeof p->path)
        return;
    for (const struct xml_node *c = n->first; c; c = c->next) {
        size_t like = 1;

        for (const struct xml_node *a = xml_again(c); a; a = xml_again(a))
            like++;
        if (like > p->most && like > 1 && values_in(c) > 1) {
            p->most = like;
            snprintf(p->best, sizeof p->best, "%.*s/%.*s", (int)length, p->path, SPAN_ARG(c->name));
        }
        find_elements(p, c, length);
        p->path[length] = '\0';
    }
}

static bool
guess_xml(struct guess *g, struct span text, bool whole)
{
    struct place p = {.g = g};
    struct xml_node *root;

    g->opt.type = "xml";
    if (xml_parse(text, &g->mem, &root, NULL) == ST_OK)
        find_elements(&p, root, 0);
    if (p.best[0])
        g->opt.records = guess_print(g, "%s", p.best);
    return look(g, &g->opt, text, whole);
}

bool
guess_text(struct guess *g, struct span text, bool whole)
{
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
        text = span_of(text.p + 3, text.n - 3);
    while (text.n > 0 && strchr(" \t\r\n", *text.p))
        text = span_of(text.p + 1, text.n - 1);
    if (text.n == 0 || memchr(text.p, '\0', text.n))
        return false;
    if (*text.p == '{' || *text.p == '[')
        return guess_json(g, text, whole);
    if (*text.p == '<')
        return guess_xml(g, text, whole);
    return guess_separated(g, text, whole) || guess_fixed(g, text, whole);
}
