/*
 * paths.h - where a described document (types xml and json) has its records, and their values.
 *
 *   records = "report.day.calls"      map = {"id=id", "start=^.date", "source=$.report.system"}
 *   records = "report/day/call"       map = {"id=@id", "start=../@date", "source=/report/@system"}
 *
 * A path begins at the record; with "$." or "/" at the document's top, with "^." or "../" at what
 * is around the record, as often as it stands there.
 */
#ifndef PATHS_H
#define PATHS_H

#include "format.h"
#include "memory.h"

#define PATH_STEPS 16

struct path {
    struct span text; /* as written, NUL-ended */
    enum field field; /* or one of the parts of a join */
    bool absolute;
    unsigned up;
    struct span step[PATH_STEPS];
    unsigned steps;
};

struct paths {
    struct arena mem;
    struct path records; /* of no steps: the document is the record */
    struct path *path;   /* in the order of the map; unmapped fields behind it, by their names */
    size_t count;
};

struct path_marks {
    char between;
    const char *top, *up;  /* "$." and "^." */
    const char *attribute; /* "@": unmapped fields are looked for under it, too. NULL */
};

enum status paths_new(struct paths **out, const struct format *f, const struct path_marks *marks,
                      struct error *err);
void paths_free(void *paths); /* accepts NULL */

/* What the path of a record's value, as the sender nests them, feeds; FIELD_COUNT: nothing. */
enum field paths_field(const struct paths *p, struct span text);

/* Texts that were found for one field: features are kept all, of others the first that is not
 * empty. */
void paths_feed(struct fields *r, enum field field, const struct span *texts, size_t count);

#endif
