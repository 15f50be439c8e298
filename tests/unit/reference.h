/*
 * reference.h - tables of reference values: CSV of numbers (and a few names) with a header.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "test.h"

#define REFERENCE_COLUMNS 64

struct reference {
    FILE *file;
    char header[4096], line[4096];
    char *name[REFERENCE_COLUMNS], *cell[REFERENCE_COLUMNS];
    int columns, rows;
};

static inline int
reference_split(char *line, char **cell)
{
    int n = 0;

    line[strcspn(line, "\r\n")] = 0;
    for (char *p = line; p && n < REFERENCE_COLUMNS; n++) {
        cell[n] = p;
        p = strchr(p, ',');
        if (p)
            *p++ = 0;
    }
    return n;
}

static inline void
reference_open(struct reference *r, const char *path)
{
    memset(r, 0, sizeof *r);
    r->file = fopen(path, "r");
    CHECK(r->file != NULL);
    CHECK(fgets(r->header, sizeof r->header, r->file) != NULL);
    r->columns = reference_split(r->header, r->name);
}

/* False at the end; closes then. */
static inline bool
reference_next(struct reference *r)
{
    if (!fgets(r->line, sizeof r->line, r->file)) {
        fclose(r->file);
        return false;
    }
    r->rows++;
    CHECK_INT(reference_split(r->line, r->cell), r->columns);
    return true;
}

static inline const char *
reference_text(const struct reference *r, const char *column)
{
    for (int i = 0; i < r->columns; i++)
        if (strcmp(r->name[i], column) == 0)
            return r->cell[i];
    test_fail(__FILE__, __LINE__, "no column %s", column);
}

/* An empty cell is NAN. */
static inline double
reference_number(const struct reference *r, const char *column)
{
    const char *text = reference_text(r, column);

    return *text ? strtod(text, NULL) : NAN;
}

/* Cells as others wrote them, some in quotes. */
static inline const char *
reference_unquoted(const char *text)
{
    static char out[4][64];
    static unsigned next;
    char *to = out[next++ % 4];
    size_t n = strlen(text);

    if (n >= 2 && text[0] == '"')
        snprintf(to, 64, "%.*s", (int)(n - 2), text + 1);
    else
        snprintf(to, 64, "%s", text);
    return to;
}

/* NA is NAN. */
static inline double
reference_cell(const struct reference *r, int column)
{
    const char *text = reference_unquoted(r->cell[column]);

    return strcmp(text, "NA") == 0 ? NAN : strtod(text, NULL);
}

#define N(column) reference_number(&r, column)

#endif
