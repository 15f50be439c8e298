/*
 * left_out.h - for which reasons records are left out, and how many for each.
 */
#ifndef LEFT_OUT_H
#define LEFT_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "json_write.h"

#define LEFT_OUT_REASONS 16

/* Zeroed: none. In order of coming up; the last stands for all that found no place. No lock. */
struct left_out {
    struct {
        char why[96];
        uint64_t records;
    } at[LEFT_OUT_REASONS];
    size_t count;
};

void left_out_add(struct left_out *l, const char *why, uint64_t records);

/* The same rule for lists of other sizes: room rows of so many bytes, each beginning with its
 * reason, of which width bytes count. *used of them hold one. Answers which row is this reason's:
 * one that holds it, a new one, or the last. */
struct left_out_rows {
    void *rows;
    size_t bytes, width, room;
};
size_t left_out_row(const struct left_out_rows *list, size_t *used, const char *why);

/* [{"why": ..., "records": ...}, ...] */
void left_out_write(const struct left_out *l, struct json_writer *w, const char *key);

#endif
