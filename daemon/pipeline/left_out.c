/*
 * left_out.c - for which reasons records are left out, and how many for each.
 */
#include "left_out.h"

#include <stdio.h>
#include <string.h>

void
left_out_add(struct left_out *l, const char *why, uint64_t records)
{
    const size_t last = LEFT_OUT_REASONS - 1;
    size_t i = 0;

    while (i < l->count && i < last && strncmp(l->at[i].why, why, sizeof l->at[i].why - 1) != 0)
        i++;
    if (i == l->count)
        snprintf(l->at[l->count++].why, sizeof l->at[i].why, "%s",
                 i == last ? "for other reasons" : why);
    l->at[i].records += records;
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
