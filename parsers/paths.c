/*
 * paths.c - where a described document has its records, and their values.
 */
#include "paths.h"

#include <stdlib.h>

#include "document.h"

static enum status
wrong(const char *option, struct span text, const char *what, struct error *err)
{
    return fail(err, ST_BAD_CONFIG, "%s: \"%.*s\" %s", option, text.n > 60 ? 60 : SPAN_ARG(text),
                what);
}

static bool
begins(struct span *s, const char *with)
{
    size_t n = strlen(with);

    if (s->n < n || memcmp(s->p, with, n) != 0)
        return false;
    *s = span_of(s->p + n, s->n - n);
    return true;
}

static enum status
read_path(struct paths *p, struct path *out, struct span text, const struct path_marks *marks,
          const char *option, struct error *err)
{
    struct span rest = arena_copy(&p->mem, text);

    *out = (struct path){.text = rest, .field = FIELD_COUNT};
    out->absolute = begins(&rest, marks->top);
    while (!out->absolute && begins(&rest, marks->up))
        out->up++;
    for (;;) {
        const char *end = memchr(rest.p, marks->between, rest.n);
        struct span step = span_of(rest.p, end ? (size_t)(end - rest.p) : rest.n);

        if (step.n == 0)
            return wrong(option, text, "has a step without a name", err);
        if (out->steps == PATH_STEPS)
            return wrong(option, text, "has too many steps", err);
        out->step[out->steps++] = step;
        if (!end)
            return ST_OK;
        rest = span_of(end + 1, rest.n - step.n - 1);
    }
}

static enum status
add_path(struct paths *p, struct span text, enum field field, const struct path_marks *marks,
         struct error *err)
{
    enum status st = read_path(p, &p->path[p->count], text, marks, "map", err);

    p->path[p->count].field = field;
    p->count += st == ST_OK;
    return st;
}

/* Unmapped fields are found by their own names. */
static enum status
add_names(struct paths *p, uint64_t mapped, const struct path_marks *marks, struct error *err)
{
    enum status st = ST_OK;

    for (int i = 0; i < FIELD_COUNT && st == ST_OK; i++) {
        struct span name = span_str(field_name((enum field)i));
        char text[64] = "";

        if (mapped & FIELD_BIT(i))
            continue;
        st = add_path(p, name, (enum field)i, marks, err);
        if (st != ST_OK || !marks->attribute)
            continue;
        strcpy(text, marks->attribute);
        strncat(text, name.p, name.n);
        st = add_path(p, span_str(text), (enum field)i, marks, err);
    }
    return st;
}

static enum status
fill(struct paths *p, const struct format *f, const struct path_marks *marks, struct error *err)
{
    const struct format_options *o = format_options(f);
    uint64_t mapped = 0;
    enum status st = ST_OK;
    enum field part;
    struct span text;
    size_t n = 0;

    while (o->map && o->map[n])
        n++;
    p->path = xcalloc(n + FIELD_PARTS + 2 * FIELD_COUNT, sizeof *p->path);
    if (o->records && *o->records)
        st = read_path(p, &p->records, span_str(o->records), marks, "records", err);
    if (st == ST_OK && (p->records.absolute || p->records.up))
        st = wrong("records", span_str(o->records), "begins at the document's top by itself", err);
    for (size_t i = 0; i < n && st == ST_OK; i++) {
        const char *equals = strchr(o->map[i], '=');
        enum field field = field_find(span_trim(span_of(o->map[i], (size_t)(equals - o->map[i]))));

        mapped |= FIELD_BIT(field);
        st = add_path(p, span_trim(span_str(equals + 1)), field, marks, err);
    }
    for (size_t i = 0; st == ST_OK && format_part(f, i, &text, &part); i++)
        st = add_path(p, text, part, marks, err);
    return st == ST_OK ? add_names(p, mapped, marks, err) : st;
}

enum status
paths_new(struct paths **out, const struct format *f, const struct path_marks *marks,
          struct error *err)
{
    struct paths *p = xcalloc(1, sizeof *p);
    enum status st;

    arena_init(&p->mem);
    st = fill(p, f, marks, err);
    if (st == ST_OK)
        *out = p;
    else
        paths_free(p);
    return st;
}

void
paths_free(void *paths)
{
    struct paths *p = paths;

    if (!p)
        return;
    free(p->path);
    arena_clear(&p->mem);
    free(p);
}

enum field
paths_field(const struct paths *p, struct span text)
{
    for (size_t i = 0; i < p->count; i++)
        if (span_eq(p->path[i].text, text))
            return p->path[i].field;
    return FIELD_COUNT;
}

void
paths_feed(struct fields *r, enum field field, const struct span *texts, size_t count)
{
    if (field == FIELD_FEATURES && count > 1) {
        if (r->has & FIELD_BIT(field) || r->feature_items)
            return;
        r->feature_items = texts;
        r->feature_count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
        return;
    }
    for (size_t i = 0; i < count; i++)
        fields_set(r, field, texts[i]);
}
