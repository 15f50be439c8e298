/*
 * body.h - what a request brought: made plain within bounds, and measured.
 */
#ifndef BODY_H
#define BODY_H

#include <stdbool.h>

#include "memory.h"
#include "status.h"

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_ZSTD, CODING_UNKNOWN };

/* What a Content-Encoding says; the empty span is identity. */
enum coding body_coding(struct span name);

struct unpack_limits {
    uint64_t max_bytes; /* of the plain form */
    uint32_t max_ratio; /* how many times its size it may be, beyond the first MiB; not 0 */
};

/* Replaces *body by its plain form: one gzip member or one zstd frame, nothing behind it.
 *   ST_BAD_INPUT  broken, cut off, or something follows
 *   ST_FULL       beyond the limits
 * On failure *body is unchanged. */
enum status body_unpack(struct buf *body, enum coding coding, const struct unpack_limits *limits,
                        struct error *err);

/* How many records there are at most: lines, or the elements of a JSON array. */
size_t body_count_lines(struct span s);
size_t body_count_elements(struct span s);

bool body_is_blank(struct span s); /* blanks and line ends only */
bool body_is_array(struct span s); /* its first byte that is not blank is [ */

#endif
