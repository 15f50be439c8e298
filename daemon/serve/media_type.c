/*
 * media_type.c - which of an input's formats a body is in.
 */
#include "media_type.h"

#include <string.h>

#include "parser.h"

static const struct {
    const char *type;
    enum family family;
} media_types[] = {
    {"application/x-ndjson", FAMILY_JSON},
    {"application/ndjson", FAMILY_JSON},
    {"application/jsonl", FAMILY_JSON},
    {"application/json", FAMILY_JSON},
    {"text/csv", FAMILY_CSV},
    {"text/plain", FAMILY_OWN},
    {"application/octet-stream", FAMILY_OWN},
    {"application/x-www-form-urlencoded", FAMILY_OWN}, /* what curl --data says by itself */
    {"", FAMILY_OWN},
};

enum family
media_of_type(struct span value)
{
    const char *semicolon = value.n ? memchr(value.p, ';', value.n) : NULL;

    if (semicolon)
        value.n = (size_t)(semicolon - value.p);
    value = span_trim(value);
    for (size_t i = 0; i < sizeof media_types / sizeof *media_types; i++)
        if (span_eq_nocase(value, span_str(media_types[i].type)))
            return media_types[i].family;
    return FAMILY_NONE;
}

enum family
media_of_parser(const char *parser)
{
    const struct parser_ops *ops = parser_find(parser);

    if (ops && ops->document)
        return FAMILY_DOCUMENT;
    if (strcmp(parser, "ndjson") == 0)
        return FAMILY_JSON;
    return strcmp(parser, "csv") == 0 ? FAMILY_CSV : FAMILY_TEXT;
}

const char *
media_format(const char *own, enum family family, enum family sent)
{
    if (family == FAMILY_DOCUMENT)
        return own;
    if (sent == FAMILY_NONE)
        return NULL;
    if (sent == FAMILY_OWN || sent == family || (family == FAMILY_TEXT && sent == FAMILY_CSV))
        return own;
    if (sent == FAMILY_CSV && strcmp(own, "ndjson") == 0)
        return "csv";
    return sent == FAMILY_JSON && strcmp(own, "csv") == 0 ? "ndjson" : NULL;
}
