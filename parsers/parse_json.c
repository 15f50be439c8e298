/*
 * parse_json.c - described JSON documents: records in an array somewhere inside.
 *
 *   records = "report.calls"
 *   map     = {"id=id", "start=times.begin", "conference=^.meeting.id", "source=$.system"}
 *   {"system": "acme", "report": {"meeting": {"id": 7},
 *    "calls": [{"id": 1, "times": {"begin": "2026-03-01T09:00:00Z"}}]}}
 *
 * Arrays on the way to the records are gone through, each of their elements; a record is an object.
 * A step of digits in a value's path is a place in an array. "^" is the object around the record.
 */
#include "document.h"
#include "json_read.h"
#include "paths.h"
#include "show.h"

static const struct path_marks marks = {'.', "$.", "^.", NULL};

struct walk {
    struct document *d;
    const struct paths *paths;
    const struct json_value *around[PATH_STEPS + 1]; /* objects, from the top to the record */
    unsigned depth;
};

/* --- values --- */

static bool
is_scalar(const struct json_value *v)
{
    return v->type == JSON_STRING || v->type == JSON_NUMBER || v->type == JSON_BOOL;
}

static struct span
text_of(const struct json_value *v)
{
    if (v->type == JSON_BOOL)
        return v->truth ? SPAN("true") : SPAN("false");
    return is_scalar(v) ? v->text : SPAN("");
}

static const struct json_value *
step_into(const struct json_value *v, struct span name)
{
    const struct json_value *c = v->first;
    int64_t place;

    if (v->type == JSON_ARRAY && span_to_i64(name, &place) && place >= 0) {
        while (c && place-- > 0)
            c = c->next;
        return c;
    }
    while (v->type == JSON_OBJECT && c && !span_eq(c->key, name))
        c = c->next;
    return v->type == JSON_OBJECT ? c : NULL;
}

static void
feed_list(struct walk *w, struct fields *r, enum field field, const struct json_value *list)
{
    struct span *texts;
    size_t n = 0;

    for (const struct json_value *c = list->first; c; c = c->next)
        n += is_scalar(c);
    texts = arena_alloc(w->d->mem, n * sizeof *texts);
    n = 0;
    for (const struct json_value *c = list->first; c; c = c->next)
        if (is_scalar(c))
            texts[n++] = text_of(c);
    paths_feed(r, field, texts, n);
}

static void
feed_path(struct walk *w, struct fields *r, const struct path *path)
{
    const struct json_value *v;

    if (path->up > w->depth)
        return;
    v = path->absolute ? w->around[0] : w->around[w->depth - path->up];
    for (unsigned i = 0; i < path->steps && v; i++)
        v = step_into(v, path->step[i]);
    if (v && v->type == JSON_ARRAY)
        feed_list(w, r, path->field, v);
    else if (v)
        fields_set(r, path->field, text_of(v));
}

/* --- for whoever watches: all that stands in the record --- */

struct shown {
    struct walk *w;
    const struct fields *r;
};

static void
show(void *arg, struct span name, struct span value)
{
    const struct shown *s = arg;

    document_show(s->w->d, s->r, name, value, paths_field(s->w->paths, name));
}

/* --- records --- */

static void
take_record(struct walk *w, const struct json_value *v)
{
    struct fields *r;
    struct buf name = {0};

    if (v->type != JSON_OBJECT) {
        document_refuse(w->d, "json: a record is no object");
        return;
    }
    r = document_record(w->d);
    w->around[w->depth] = v;
    for (size_t i = 0; i < w->paths->count; i++)
        feed_path(w, r, &w->paths->path[i]);
    if (w->d->seen)
        show_leaves(v, &name, show, &(struct shown){w, r});
    buf_clear(&name);
}

static void
find_records(struct walk *w, const struct json_value *v, unsigned step)
{
    const struct path *path = &w->paths->records;
    const struct json_value *inner;

    if (v->type == JSON_ARRAY) {
        for (const struct json_value *c = v->first; c; c = c->next)
            if (c->type != JSON_ARRAY)
                find_records(w, c, step);
        return;
    }
    if (step == path->steps) {
        take_record(w, v);
        return;
    }
    if (v->type != JSON_OBJECT)
        return;
    w->around[w->depth++] = v;
    inner = step_into(v, path->step[step]);
    if (inner)
        find_records(w, inner, step + 1);
    w->depth--;
}

static enum status
json_read(struct document *d, struct span frame, struct error *err)
{
    struct walk w = {.d = d, .paths = format_shared(d->format)};
    struct json_value *top;
    bool marked = frame.n >= 3 && memcmp(frame.p, "\xEF\xBB\xBF", 3) == 0;
    struct span text = marked ? span_of(frame.p + 3, frame.n - 3) : frame;
    enum status st;

    if (text.n == 0 || span_trim(text).n == 0)
        return ST_SKIP;
    st = json_parse_foreign(text, d->mem, &top, err);
    if (st != ST_OK) {
        if (err)
            err->pos += marked ? 3 : 0;
        return st;
    }
    find_records(&w, top, 0);
    if (!d->first)
        document_ignore(d, "no record in the document");
    return ST_OK;
}

static enum status
json_prepare(void **shared, const struct format *f, struct error *err)
{
    struct paths *p;
    enum status st = paths_new(&p, f, &marks, err);

    if (st == ST_OK)
        *shared = p;
    return st;
}

static const struct document_ops json = {.frame = frame_json, .read = json_read};

const struct parser_ops parser_json = DOCUMENT_PARSER(
    "json", "JSON documents with records in an array inside", &json, json_prepare, paths_free);
