/*
 * formats.h - the parts of `callswell formats` that look at a file.
 *
 * Both read its beginning only, print to standard output, and answer the exit code.
 */
#ifndef FORMATS_H
#define FORMATS_H

#include "config.h"

#define FORMATS_SAMPLE (4u << 20) /* bytes of a file that are looked at */

/* Shows how the first `limit` records are read by a format, and counts all in the sample. 1: there
 * is no such file or format, or nothing could be read. */
int formats_test(const struct config *c, const char *path, const char *name, size_t limit,
                 bool json);

/* Says which format reads the file best, or proposes a section. 1: neither is found. */
int formats_guess(const struct config *c, const char *path, bool json);

#endif
