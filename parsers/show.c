/*
 * show.c - what stands in a frame, column by column, for people.
 */
#include "show.h"

#include <stdio.h>

#include "csv_scan.h"

#define MAX_CELLS 1024

/* --- separated values --- */

static size_t
split(const struct csv_rules *rules, struct span line, struct arena *mem, struct span *cells)
{
    struct csv_cursor c;
    enum csv_step step;
    size_t n = 0;

    if (line.n == 0)
        return 0;
    csv_begin(&c, line, line.n, true);
    do {
        struct csv_cell cell;

        step = csv_next(rules, &c, &cell);
        if (step != CSV_BAD)
            cells[n++] = csv_unescape(rules, cell, mem);
    } while (step == CSV_CELL && n < MAX_CELLS);
    return n;
}

void
show_csv(const struct format *f, struct span header, struct span raw, struct arena *mem,
         column_seen *seen, void *arg)
{
    const char *const *listed = format_options(f)->columns;
    struct span names[MAX_CELLS], cells[MAX_CELLS];
    struct csv_rules rules;
    size_t n, named = 0;

    if (csv_rules_of(&rules, f, NULL) != ST_OK)
        return;
    for (; listed && listed[named] && named < MAX_CELLS; named++)
        names[named] = span_str(listed[named]);
    if (named > 0 && strcmp(listed[named - 1], "*") == 0)
        named--;
    if (named == 0)
        named = split(&rules, header, mem, names);
    n = split(&rules, raw, mem, cells);
    for (size_t i = 0; i < n; i++) {
        char number[32];
        struct span name = i < named ? span_trim(names[i]) : span_of(number, 0);

        if (i >= named)
            name.n = (size_t)snprintf(number, sizeof number, "column %zu", i + 1);
        seen(arg, name, cells[i], i < named ? format_field_of(f, name) : FIELD_COUNT);
    }
}

/* --- JSON --- */

void
show_leaves(const struct json_value *v, struct buf *name, json_leaf *leaf, void *arg)
{
    size_t n = name->n;

    switch (v->type) {
    case JSON_OBJECT:
        for (const struct json_value *c = v->first; c; c = c->next) {
            if (n > 0)
                buf_char(name, '.');
            buf_span(name, c->key);
            show_leaves(c, name, leaf, arg);
            name->n = n;
        }
        break;
    case JSON_ARRAY:
        for (const struct json_value *c = v->first; c; c = c->next)
            show_leaves(c, name, leaf, arg);
        break;
    case JSON_BOOL:
        leaf(arg, span_of(name->p, n), v->truth ? SPAN("true") : SPAN("false"));
        break;
    default:
        leaf(arg, span_of(name->p, n), v->type == JSON_NULL ? SPAN("") : v->text);
    }
}

struct json_show {
    const struct format *f;
    column_seen *seen;
    void *arg;
};

static void
json_shown(void *arg, struct span name, struct span value)
{
    const struct json_show *s = arg;

    s->seen(s->arg, name, value, format_field_of(s->f, name));
}

void
show_json(const struct format *f, struct span header, struct span raw, struct arena *mem,
          column_seen *seen, void *arg)
{
    struct json_show s = {f, seen, arg};
    struct json_value *v;
    struct buf name = {0};

    (void)header;
    if (json_parse_foreign(raw, mem, &v, NULL) == ST_OK)
        show_leaves(v, &name, json_shown, &s);
    buf_clear(&name);
}
