/*
 * unpack.h - bodies that came compressed, made plain within bounds.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include "memory.h"
#include "status.h"

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_ZSTD, CODING_UNKNOWN };

/* What a Content-Encoding says; the empty span is identity. */
enum coding unpack_coding(struct span name);

/* Replaces *body by its plain form: one gzip member or one zstd frame, nothing behind it.
 *   ST_BAD_INPUT  broken, cut off, or something follows
 *   ST_FULL       larger than max_bytes, or more than 200 times its size after the first MiB
 * On failure *body is unchanged. */
enum status
unpack_body(struct buf *body, enum coding coding, uint64_t max_bytes, struct error *err);

#endif
