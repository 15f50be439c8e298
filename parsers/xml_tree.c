/*
 * xml_tree.c - one XML document as a tree, by expat.
 */
#include "xml_tree.h"

#include <expat.h>

struct builder {
    XML_Parser expat;
    struct arena *mem;
    struct xml_node *root, *at, *last; /* last: child of `at` that was made last */
    struct buf text;                   /* of `at`, as far as its next child or end */
    int depth;
    size_t nodes;
    const char *problem;
};

static void
stop(struct builder *b, const char *why)
{
    b->problem = why;
    XML_StopParser(b->expat, XML_FALSE);
}

static struct span
copy(struct builder *b, const char *text)
{
    return arena_copy(b->mem, span_str(text));
}

static struct span
trimmed(struct span s)
{
    while (s.n > 0 && (unsigned char)s.p[0] <= ' ') {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
        s.n--;
    return s;
}

/* Keeps what was gathered as the text of the node at hand; the first text that is not blank. */
static void
keep_text(struct builder *b)
{
    struct span s = trimmed(span_of(b->text.p, b->text.n));

    if (b->at && b->at->text.n == 0 && s.n > 0)
        b->at->text = arena_copy(b->mem, s);
    buf_reset(&b->text);
}

static void
add_attributes(struct builder *b, struct xml_node *n, const char **pairs)
{
    struct xml_attribute **end = &n->attributes;

    for (; pairs[0]; pairs += 2) {
        struct xml_attribute *a = arena_alloc(b->mem, sizeof *a);

        *a = (struct xml_attribute){copy(b, pairs[0]), copy(b, pairs[1]), NULL};
        *end = a;
        end = &a->next;
    }
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
    struct builder *b = arg;
    struct xml_node *n;

    if (++b->depth > XML_TREE_DEPTH) {
        stop(b, "nested too deep");
        return;
    }
    if (++b->nodes > XML_TREE_NODES) {
        stop(b, "too many elements");
        return;
    }
    keep_text(b);
    n = arena_alloc(b->mem, sizeof *n);
    *n = (struct xml_node){.name = copy(b, name), .text = SPAN(""), .parent = b->at};
    add_attributes(b, n, attributes);
    if (!b->at)
        b->root = n;
    else if (b->last)
        b->last->next = n;
    else
        b->at->first = n;
    b->at = n;
    b->last = NULL;
}

static void
on_end(void *arg, const char *name)
{
    struct builder *b = arg;

    (void)name;
    keep_text(b);
    b->depth--;
    b->last = b->at;
    b->at = b->at->parent;
}

static void
on_text(void *arg, const char *text, int n)
{
    struct builder *b = arg;

    buf_add(&b->text, text, (size_t)n);
}

static void
on_doctype(void *arg, const char *name, const char *system, const char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(arg, "a document type is not allowed");
}

enum status
xml_parse(struct span text, struct arena *mem, struct xml_node **root, struct error *err)
{
    struct builder b = {.expat = XML_ParserCreate(NULL), .mem = mem};
    enum status st = ST_OK;

    XML_SetUserData(b.expat, &b);
    XML_SetElementHandler(b.expat, on_begin, on_end);
    XML_SetCharacterDataHandler(b.expat, on_text);
    XML_SetStartDoctypeDeclHandler(b.expat, on_doctype);
    if (text.n > INT32_MAX)
        st = fail(err, ST_BAD_INPUT, "xml: too long");
    else if (XML_Parse(b.expat, text.p, (int)text.n, 1) != XML_STATUS_OK)
        st = fail_at(err, ST_BAD_INPUT, (long)XML_GetCurrentByteIndex(b.expat), "xml: %s",
                     b.problem ? b.problem : XML_ErrorString(XML_GetErrorCode(b.expat)));
    XML_ParserFree(b.expat);
    buf_clear(&b.text);
    *root = b.root;
    return st;
}

const struct xml_node *
xml_find(const struct xml_node *n, const char *path)
{
    while (n && *path) {
        size_t length = strcspn(path, "/");
        const struct xml_node *c = n->first;

        while (c && !span_eq(c->name, span_of(path, length)))
            c = c->next;
        n = c;
        path += length + (path[length] == '/');
    }
    return n;
}

const struct xml_node *
xml_again(const struct xml_node *n)
{
    const struct xml_node *c = n->next;

    while (c && !span_eq(c->name, n->name))
        c = c->next;
    return c;
}

struct span
xml_text(const struct xml_node *n, const char *path)
{
    const struct xml_node *found = xml_find(n, path);

    return found ? found->text : SPAN("");
}

struct span
xml_attribute(const struct xml_node *n, const char *name)
{
    for (const struct xml_attribute *a = n ? n->attributes : NULL; a; a = a->next)
        if (span_is(a->name, name))
            return a->value;
    return SPAN("");
}
