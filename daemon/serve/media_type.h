/*
 * media_type.h - what a Content-Type says of a body, and what that means to an input.
 */
#ifndef MEDIA_TYPE_H
#define MEDIA_TYPE_H

#include "span.h"

/* OWN: it says nothing; NONE: something that no format is. */
enum family {
    FAMILY_NONE,
    FAMILY_OWN,
    FAMILY_JSON,
    FAMILY_CSV,
    FAMILY_TEXT,
    FAMILY_DOCUMENT /* of parsers made of document.h */
};

enum family media_of_type(struct span value);
enum family media_of_parser(const char *parser);

/* The format in which to read a body of this family, or NULL. A type that says nothing means
 * the input's own format. An input of the plain ndjson format takes plain csv too, and the
 * other way round; formats with rules of their own take what they are for; documents are read
 * whatever they are called, because their senders call JSON a form and a form JSON. */
const char *media_format(const char *own, enum family family, enum family sent);

#endif
