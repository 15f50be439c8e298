/*
 * top_frame.h - the picture of `callswell top`: from two looks at the daemon's status to lines.
 */
#ifndef TOP_FRAME_H
#define TOP_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "json_read.h"
#include "memory.h"

struct top;

struct top_size {
    int columns, lines; /* lines 0: as many as there are */
    bool blocks;        /* the terminal knows UTF-8 */
};

struct top *top_new(const char *state_dir);
void top_free(struct top *t); /* accepts NULL */

/* status: of GET /v1/status; NULL is not taken. Copies what it needs. */
void top_take(struct top *t, const struct json_value *status, int64_t now_ms);
/* No daemon answered, and why. */
void top_lose(struct top *t, const char *why);

/* No line is wider than the screen. */
void top_draw(const struct top *t, const struct top_size *size, struct buf *out);

#endif
