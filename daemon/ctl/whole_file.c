/*
 * whole_file.c - a file that a person names, read as a whole.
 */
#include "whole_file.h"

#include <errno.h>
#include <stdio.h>

#define PIECE 65536

enum status
whole_file(const char *path, size_t limit, struct buf *out, struct error *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    enum status st = ST_OK;
    size_t n;

    if (!f)
        return fail(err, ST_IO, "%s: %s", path, strerror(errno));
    do {
        buf_reserve(out, PIECE);
        n = fread(out->p + out->n, 1, PIECE, f);
        out->n += n;
    } while (n > 0 && out->n < limit);
    if (ferror(f))
        st = fail(err, ST_IO, "%s: %s", path, strerror(errno));
    else if (out->n >= limit)
        st = fail(err, ST_BAD_INPUT, "%s: larger than %zu MiB", path, limit >> 20);
    if (f != stdin)
        fclose(f);
    return st;
}
