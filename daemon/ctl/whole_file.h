/*
 * whole_file.h - a file that a person names, read as a whole.
 */
#ifndef WHOLE_FILE_H
#define WHOLE_FILE_H

#include "memory.h"
#include "status.h"

/* "-" is standard input. Adds to out. ST_IO: it cannot be read; ST_BAD_INPUT: it has `limit` bytes
 * or more. err->text begins with the path. */
enum status whole_file(const char *path, size_t limit, struct buf *out, struct error *err);

#endif
