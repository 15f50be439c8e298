/*
 * redis_info.c - what a server says of itself: lines "name:value".
 */
#include "redis_link.h"

#include <string.h>

bool
redis_info_find(struct span info, const char *name, struct span *value)
{
    size_t n = strlen(name);

    while (info.n > 0) {
        const char *end = memchr(info.p, '\n', info.n);
        size_t line = end ? (size_t)(end - info.p) : info.n;

        if (line > n && memcmp(info.p, name, n) == 0 && info.p[n] == ':') {
            *value = span_of(info.p + n + 1, line - n - 1);
            if (value->n > 0 && value->p[value->n - 1] == '\r')
                value->n--;
            return true;
        }
        line += end ? 1 : 0;
        info = span_of(info.p + line, info.n - line);
    }
    return false;
}
