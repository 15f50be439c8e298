/*
 * unpack.h - bytes of a file or pipe, uncompressed on the way.
 *
 * Plain, gzip (any number of members) and zstd (any number of frames), told apart by the first
 * bytes. Memory is bounded whatever the size of what comes out.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct unpack;

/* fd is borrowed; reading begins where it stands. */
struct unpack *unpack_open(int fd, volatile int *cancel);
void unpack_close(struct unpack *u); /* accepts NULL */

/* Up to n bytes. ST_OK with *got 0: the end. ST_BAD_INPUT: damaged or cut off; what came
 * before was good. ST_IO. ST_RETRY: cancelled. */
enum status unpack_read(struct unpack *u, char *p, size_t n, size_t *got, struct error *err);

uint64_t unpack_bytes_in(const struct unpack *u); /* read from fd so far */
bool unpack_is_plain(const struct unpack *u);     /* known after the first read */
/* True if reading now would wait for a pipe's writer. */
bool unpack_would_wait(const struct unpack *u);
/* Back to where fd stood at first. False: cannot (a pipe). */
bool unpack_rewind(struct unpack *u);
/* Plain files: goes on at this place. False: cannot, read up to there. */
bool unpack_seek(struct unpack *u, uint64_t position);

#endif
