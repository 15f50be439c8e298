/*
 * named_values.c - values by name, and a format's map over them.
 */
#include "named_values.h"

void
values_add(struct named_values *v, struct span name, struct span value)
{
    if (v->n == NAMED_VALUES_MAX || name.n == 0)
        return;
    if (v->n == v->room) {
        size_t room = v->room ? v->room * 2 : 64;
        struct named_value *more = arena_alloc(v->mem, room * sizeof *more);

        if (v->n > 0)
            memcpy(more, v->v, v->n * sizeof *more);
        v->v = more;
        v->room = room;
    }
    v->v[v->n++] = (struct named_value){name, value};
}

static struct span
find(const struct named_values *v, struct span name)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].value.n > 0 && span_eq_nocase(v->v[i].name, name))
            return v->v[i].value;
    return SPAN("");
}

struct span
values_get(const struct named_values *v, const char *name)
{
    return find(v, span_str(name));
}

/* One "field=name" of a map, of which format_new wanted an "=". */
static enum field
map_entry(const char *entry, struct span *name)
{
    const char *equals = strchr(entry, '=');

    *name = span_trim(span_str(equals + 1));
    return field_find(span_trim(span_of(entry, (size_t)(equals - entry))));
}

void
values_map(const struct document *d, struct fields *r, const struct named_values *v)
{
    const char *const *map = format_options(d->format)->map;
    struct span name;
    enum field field;

    for (; map && *map; map++) {
        field = map_entry(*map, &name);
        fields_set(r, field, find(v, name));
    }
    for (size_t i = 0; format_part(d->format, i, &name, &field); i++)
        fields_set(r, field, find(v, name));
}

struct span
values_headers(struct named_values *v, struct span text)
{
    const char *p = text.p, *end = text.p + text.n;

    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end, *colon;
        struct span line;

        if (stop > p && stop[-1] == '\r')
            stop--;
        line = span_of(p, (size_t)(stop - p));
        p = nl ? nl + 1 : end;
        if (line.n == 0)
            break;
        colon = memchr(line.p, ':', line.n);
        if (!colon)
            continue;
        stop = colon + 1;
        if (stop < line.p + line.n && *stop == ' ')
            stop++;
        values_add(v, span_of(line.p, (size_t)(colon - line.p)),
                   span_of(stop, (size_t)(line.p + line.n - stop)));
    }
    return span_of(p, (size_t)(end - p));
}

void
caller_id_split(struct span text, struct span *name, struct span *number)
{
    const char *open = text.n ? memrchr(text.p, '<', text.n) : NULL;

    *name = text;
    *number = SPAN("");
    if (open && text.p[text.n - 1] == '>') {
        name->n = (size_t)(open - text.p);
        *number = span_of(open + 1, text.n - name->n - 2);
    }
    *name = span_trim(*name);
    if (name->n >= 2 && name->p[0] == '"' && name->p[name->n - 1] == '"')
        *name = span_trim(span_of(name->p + 1, name->n - 2));
}

void
fields_feature(struct document *d, struct fields *r, const char *name)
{
    const char *own = format_options(d->format)->features_separator;
    char between = !own || !*own ? ';' : strcmp(own, "\\t") == 0 ? '\t' : *own;
    const struct span parts[] = {r->v[FIELD_FEATURES], span_str(name)};

    if (r->has & FIELD_BIT(FIELD_FEATURES))
        r->v[FIELD_FEATURES] = document_join(d, parts, 2, between);
    else
        fields_set(r, FIELD_FEATURES, parts[1]);
}

static bool
customer_by_default(const struct format *f)
{
    const char *const *all = format_options(f)->defaults;

    for (; all && *all; all++)
        if (span_is(span_trim(span_of(*all, strcspn(*all, "="))), field_name(FIELD_CUSTOMER)))
            return true;
    return false;
}

static enum field
mapped_field(const struct format *f, struct span name)
{
    const char *const *map = format_options(f)->map;
    struct span column;

    for (; map && *map; map++) {
        enum field field = map_entry(*map, &column);

        if (span_eq_nocase(column, name))
            return field;
    }
    return FIELD_COUNT;
}

void
values_show(const struct document *d, const struct fields *r, const struct named_values *v)
{
    for (size_t i = 0; d->seen && r && i < v->n; i++)
        document_show(d, r, v->v[i].name, v->v[i].value, mapped_field(d->format, v->v[i].name));
}

struct fields *
document_event(struct document *d, const struct fields *r)
{
    uint64_t who = FIELD_BIT(FIELD_CUSTOMER) | FIELD_BIT(FIELD_PARTICIPANT);
    bool feature =
        (r->has & FIELD_BIT(FIELD_KIND)) && span_is(r->v[FIELD_KIND], kind_name(KIND_FEATURE));
    struct fields *out = NULL;

    if (feature && !(r->has & who) && !customer_by_default(d->format)) {
        document_ignore(d, "feature of nobody that is named");
    } else {
        out = document_record(d);
        *out = *r;
    }
    return out;
}
