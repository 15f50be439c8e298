/*
 * marker.c - the text of a marker, written and read.
 */
#include "session.h"

#include <stdio.h>

void
trend_marker_text(const struct trend_session *s, char out[MARKER_TEXT], uint64_t incarnation,
                  uint64_t seq, const char *prefix)
{
    snprintf(out, MARKER_TEXT, "%s:%llu:%llu:%s%s", s->feed->ledger_id,
             (unsigned long long)incarnation, (unsigned long long)seq, prefix, s->token);
}

/* The ledger's id is everything before the third colon from the right. */
bool
trend_marker_parse(struct trend_marker *out, struct span text)
{
    struct span part[4];
    int64_t number[2];

    for (int i = 3; i > 0; i--) {
        size_t n = text.n;

        while (n > 0 && text.p[n - 1] != ':')
            n--;
        if (n == 0)
            return false;
        part[i] = span_of(text.p + n, text.n - n);
        text.n = n - 1;
    }
    part[0] = text;
    for (int i = 0; i < 2; i++)
        if (!span_to_i64(part[i + 1], &number[i]) || number[i] < 0)
            return false;
    *out = (struct trend_marker){part[0], part[3], (uint64_t)number[0], (uint64_t)number[1]};
    return part[0].n > 0;
}
