/*
 * left_out.c - for which reasons records are left out, and how many for each.
 */
#include "left_out.h"

#include <stdio.h>
#include <string.h>

size_t
left_out_row(const struct left_out_rows *list, size_t *used, const char *why)
{
    const size_t last = list->room - 1;
    char *row = list->rows;
    size_t i = 0;

    for (; i < *used && i < last && strncmp(row, why, list->width - 1) != 0; i++)
        row += list->bytes;
    if (i == *used) {
        snprintf(row, list->width, "%s", i == last ? "for other reasons" : why);
        ++*used;
    }
    return i;
}

void
left_out_add(struct left_out *l, const char *why, uint64_t records)
{
    const struct left_out_rows list = {l->at, sizeof *l->at, sizeof l->at->why, LEFT_OUT_REASONS};

    l->at[left_out_row(&list, &l->count, why)].records += records;
}

void
left_out_write(const struct left_out *l, struct json_writer *w, const char *key)
{
    json_array(w, key);
    for (size_t i = 0; i < l->count; i++) {
        json_object(w, NULL);
        json_text(w, "why", l->at[i].why);
        json_u64(w, "records", l->at[i].records);
        json_close(w);
    }
    json_close(w);
}
