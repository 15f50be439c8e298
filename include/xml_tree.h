/*
 * xml_tree.h - one XML document as a tree, within limits.
 *
 * Read by expat without namespaces, because senders write prefixes that they never declare
 * (FreeSWITCH's "nolocal:"). A document type declaration is an error, and with it everything that
 * entities could do. Names and texts are copied into the arena; character references are
 * resolved, texts are trimmed of blanks and line ends.
 */
#ifndef XML_TREE_H
#define XML_TREE_H

#include "memory.h"
#include "span.h"
#include "status.h"

#define XML_TREE_DEPTH 32
#define XML_TREE_NODES 1000000

struct xml_attribute {
    struct span name, value;
    struct xml_attribute *next;
};

struct xml_node {
    struct span name, text; /* text: of its own, without that of its children */
    struct xml_attribute *attributes;
    struct xml_node *parent, *first, *next; /* children in order */
};

/* ST_BAD_INPUT: no XML, or one beyond the limits; err->pos is where. */
enum status xml_parse(struct span text, struct arena *mem, struct xml_node **root,
                      struct error *err);

/* First child of that name, or the first at the end of a path "a/b/c"; NULL: none, or n is NULL. */
const struct xml_node *xml_find(const struct xml_node *n, const char *path);
/* The next sibling of the same name, or NULL. */
const struct xml_node *xml_again(const struct xml_node *n);
/* Its text, or that of the attribute; empty when there is none. n may be NULL. */
struct span xml_text(const struct xml_node *n, const char *path);
struct span xml_attribute(const struct xml_node *n, const char *name);

#endif
