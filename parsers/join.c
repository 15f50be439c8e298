/*
 * join.c - fields made of several columns: an id of three, a moment of date and time.
 *
 *   join = {"start=Date+Time", "id=Switch+Call"}
 *
 * A column that feeds a field anyway lends its text; the others get places of their own behind the
 * fields, where parsers put them like any other column. What is made stands before what a column
 * says that is only called like the field.
 */
#include "format_tables.h"

/* Where the column's text will lie; FIELD_COUNT: there is no place left. */
static enum field
place_of(struct format *f, enum field target, struct span column)
{
    enum field mapped = format_field_of(f, column), named = field_find(column);

    if (mapped != FIELD_COUNT && mapped != target)
        return mapped;
    /* An unmapped column that is called like a field will feed that. */
    if (named != FIELD_COUNT && named != target && !(f->mapped & FIELD_BIT(named)))
        return named;
    if (f->part_count == FIELD_PARTS)
        return FIELD_COUNT;
    f->parts[f->part_count] = column;
    format_add_name(f, column, (enum field)(FIELD_PART + f->part_count));
    return (enum field)(FIELD_PART + f->part_count++);
}

static enum status
add_join(struct format *f, struct field_join *j, const char *entry, struct error *err)
{
    struct span rest;
    enum status st = format_split_field("join", entry, &j->field, &rest, err);

    if (st != ST_OK)
        return st;
    if (f->joined & FIELD_BIT(j->field))
        return fail(err, ST_BAD_CONFIG, "join: %s is made twice", field_name(j->field));
    f->joined |= FIELD_BIT(j->field);
    if (j->field == FIELD_FEATURES || (f->mapped & FIELD_BIT(j->field)))
        return fail(err, ST_BAD_CONFIG, "join: %s is %s", field_name(j->field),
                    j->field == FIELD_FEATURES ? "a list: map several columns" : "mapped, too");
    j->from = arena_alloc(&f->mem, (rest.n + 1) * sizeof *j->from);
    for (j->count = 0;;) {
        const char *plus = memchr(rest.p, '+', rest.n);
        struct span column = span_trim(span_of(rest.p, plus ? (size_t)(plus - rest.p) : rest.n));

        if (column.n == 0)
            return fail(err, ST_BAD_CONFIG, "join: \"%.80s\" has a part without a name", entry);
        j->from[j->count] = place_of(f, j->field, column);
        if (j->from[j->count++] == FIELD_COUNT)
            return fail(err, ST_BAD_CONFIG, "join: more than %d columns that feed no field",
                        FIELD_PARTS);
        if (!plus)
            return ST_OK;
        rest = span_of(plus + 1, (size_t)(rest.p + rest.n - plus - 1));
    }
}

enum status
format_compile_join(struct format *f, struct error *err)
{
    size_t n = format_list_count(f->opt.join);
    enum status st = ST_OK;

    f->joins = arena_alloc(&f->mem, n * sizeof *f->joins);
    for (size_t i = 0; i < n && st == ST_OK; i++)
        st = add_join(f, &f->joins[i], f->opt.join[i], err);
    f->join_count = n;
    return st;
}

bool
format_part(const struct format *f, size_t n, struct span *column, enum field *part)
{
    if (n >= f->part_count)
        return false;
    *column = f->parts[n];
    *part = (enum field)(FIELD_PART + n);
    return true;
}

uint64_t
format_joined(const struct format *f, uint64_t fed)
{
    uint64_t made = 0;

    for (size_t i = 0; i < f->join_count; i++)
        for (size_t k = 0; k < f->joins[i].count; k++)
            if (fed & FIELD_BIT(f->joins[i].from[k]))
                made |= FIELD_BIT(f->joins[i].field);
    return made;
}

static struct span
text_at(const struct fields *v, enum field place)
{
    return v->has & FIELD_BIT(place) ? span_trim(v->v[place]) : SPAN("");
}

/* Of an id that has an empty part the place stays empty, or "1"+"" and ""+"1" would be the same;
 * of a moment only what is there counts. Empty: there is none of it. */
static struct span
joined(const struct field_join *j, const struct fields *v, struct arena *mem)
{
    bool moment = j->field == FIELD_START || j->field == FIELD_END, some = false;
    size_t room = j->count, n = 0;
    char *p;

    for (size_t i = 0; i < j->count; i++)
        room += text_at(v, j->from[i]).n;
    p = arena_alloc(mem, room);
    for (size_t i = 0; i < j->count; i++) {
        struct span s = text_at(v, j->from[i]);

        if (moment && s.n == 0)
            continue;
        if (moment ? some : i > 0)
            p[n++] = moment ? ' ' : ':';
        memcpy(p + n, s.p, s.n);
        n += s.n;
        some |= s.n > 0;
    }
    return span_of(p, some ? n : 0);
}

size_t
fields_join(const struct format *f, struct record *r, struct arena *mem)
{
    struct fields *v = &r->fields;
    struct span text[FIELD_COUNT];
    size_t longest = 0;

    for (size_t i = 0; i < f->join_count; i++) /* all of them before any is there to be joined */
        text[i] = joined(&f->joins[i], v, mem);
    for (size_t i = 0; i < f->join_count; i++) {
        enum field field = f->joins[i].field;

        if (text[i].n == 0)
            continue;
        v->v[field] = text[i];
        v->has |= FIELD_BIT(field);
        longest = text[i].n > longest ? text[i].n : longest;
    }
    v->has &= FIELD_BIT(FIELD_COUNT) - 1;
    return longest;
}
