/*
 * parse_xml.c - described XML documents: records are elements, values are elements and attributes.
 *
 *   records = "report/call"
 *   map     = {"id=@id", "start=times/begin", "features=used/feature", "source=/report/@system"}
 *   <report system="acme"><call id="1"><times><begin>2026-03-01T09:00:00Z</begin></times>
 *     <used><feature>video</feature><feature>chat</feature></used></call></report>
 *
 * The first step names the document's first element. Of elements that are repeated all are gone
 * through on the way to the records, and are features; of others the first with a text counts.
 */
#include "document.h"
#include "paths.h"
#include "xml_tree.h"

static const struct path_marks marks = {'/', "/", "../", "@"};

struct found { /* texts of one path, in the arena */
    struct arena *mem;
    struct span *texts;
    size_t count, room;
};

static void
add_text(struct found *to, struct span text)
{
    if (text.n == 0)
        return;
    if (to->count == to->room) {
        struct span *more;

        to->room = to->room ? 2 * to->room : 4;
        more = arena_alloc(to->mem, to->room * sizeof *more);
        if (to->count)
            memcpy(more, to->texts, to->count * sizeof *more);
        to->texts = more;
    }
    to->texts[to->count++] = text;
}

static struct span
attribute(const struct xml_node *n, struct span name)
{
    for (const struct xml_attribute *a = n->attributes; a; a = a->next)
        if (span_eq(a->name, name))
            return a->value;
    return SPAN("");
}

/* All that the path from its step on leads to. */
static void
find_texts(struct found *to, const struct xml_node *n, const struct path *path, unsigned step)
{
    if (step == path->steps) {
        add_text(to, n->text);
    } else if (*path->step[step].p == '@') {
        add_text(to, attribute(n, span_of(path->step[step].p + 1, path->step[step].n - 1)));
    } else {
        for (const struct xml_node *c = n->first; c; c = c->next)
            if (span_eq(c->name, path->step[step]))
                find_texts(to, c, path, step + 1);
    }
}

static void
feed_path(struct document *d, struct fields *r, const struct xml_node *n, const struct path *path)
{
    struct found found = {.mem = d->mem};
    unsigned first = 0;

    for (unsigned up = path->up; up > 0 && n; up--)
        n = n->parent;
    if (path->absolute) {
        while (n->parent)
            n = n->parent;
        if (!span_eq(n->name, path->step[0]))
            return;
        first = 1;
    }
    if (!n)
        return;
    find_texts(&found, n, path, first);
    paths_feed(r, path->field, found.texts, found.count);
}

/* --- for whoever watches --- */

static void
show_value(const struct document *d, const struct paths *paths, const struct fields *r,
           const struct buf *name, struct span value)
{
    struct span path = span_of(name->p, name->n);

    document_show(d, r, path, value, paths_field(paths, path));
}

static void
show(const struct document *d, const struct paths *paths, const struct fields *r,
     const struct xml_node *n, struct buf *name)
{
    size_t length = name->n;

    for (const struct xml_attribute *a = n->attributes; a; a = a->next) {
        buf_printf(name, "%s@%.*s", length ? "/" : "", SPAN_ARG(a->name));
        show_value(d, paths, r, name, a->value);
        name->n = length;
    }
    for (const struct xml_node *c = n->first; c; c = c->next) {
        buf_printf(name, "%s%.*s", length ? "/" : "", SPAN_ARG(c->name));
        if (c->text.n > 0 || (!c->first && !c->attributes))
            show_value(d, paths, r, name, c->text);
        show(d, paths, r, c, name);
        name->n = length;
    }
}

/* --- records --- */

static void
take_record(struct document *d, const struct paths *paths, const struct xml_node *n)
{
    struct fields *r = document_record(d);
    struct buf name = {0};

    for (size_t i = 0; i < paths->count; i++)
        feed_path(d, r, n, &paths->path[i]);
    if (d->seen)
        show(d, paths, r, n, &name);
    buf_clear(&name);
}

static void
find_records(struct document *d, const struct paths *paths, const struct xml_node *n, unsigned step)
{
    if (step >= paths->records.steps) {
        take_record(d, paths, n);
        return;
    }
    for (const struct xml_node *c = n->first; c; c = c->next)
        if (span_eq(c->name, paths->records.step[step]))
            find_records(d, paths, c, step + 1);
}

static enum status
xml_read(struct document *d, struct span frame, struct error *err)
{
    const struct paths *paths = format_shared(d->format);
    const struct path *records = &paths->records;
    struct xml_node *root;
    enum status st;

    if (span_trim(frame).n == 0)
        return ST_SKIP;
    st = xml_parse(frame, d->mem, &root, err);
    if (st != ST_OK)
        return st;
    if (records->steps && !span_eq(root->name, records->step[0]))
        return fail_at(err, ST_BAD_INPUT, 0, "xml: <%.*s> where <%.*s> is expected",
                       root->name.n > 40 ? 40 : SPAN_ARG(root->name), SPAN_ARG(records->step[0]));
    find_records(d, paths, root, 1);
    if (!d->first)
        document_ignore(d, "no record in the document");
    return ST_OK;
}

static enum status
xml_prepare(void **shared, const struct format *f, struct error *err)
{
    struct paths *p;
    enum status st = paths_new(&p, f, &marks, err);

    for (unsigned i = 0; st == ST_OK && i < p->records.steps; i++)
        if (*p->records.step[i].p == '@') {
            st = fail(err, ST_BAD_CONFIG, "records: an attribute is no record");
            paths_free(p);
        }
    if (st == ST_OK)
        *shared = p;
    return st;
}

static const struct document_ops xml = {.frame = frame_xml, .read = xml_read};

const struct parser_ops parser_xml =
    DOCUMENT_PARSER("xml", "XML documents by element paths", &xml, xml_prepare, paths_free);
