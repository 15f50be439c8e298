/*
 * share_text.c - shares and skills as people write them.
 */
#include "share_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define SEGMENT "segment:"

bool
share_read(const char *text, double *share)
{
    char *end;
    double v = strtod(text, &end);

    if (end > text && strcmp(end, "%") == 0) {
        v /= 100;
        end++;
    }
    *share = v;
    return end > text && *end == '\0' && isfinite(v);
}

bool
skill_read(const char *text, struct skill_text *out)
{
    const char *at = strrchr(text, '=');

    *out = (struct skill_text){.share = NAN};
    if (!at || at == text)
        return false;
    out->name = span_of(text, (size_t)(at - text));
    if (span_is(out->name, SKILLS_OTHERS))
        return false;
    if (strncmp(at + 1, SEGMENT, strlen(SEGMENT)) == 0) {
        out->segment = at + 1 + strlen(SEGMENT);
        return *out->segment != '\0';
    }
    return share_read(at + 1, &out->share) && out->share > 0 && out->share < 1;
}

char *
skill_name(const char *service, const char *skill)
{
    size_t n = strlen(service) + strlen(skill) + 2;
    char *name = xcalloc(1, n);

    snprintf(name, n, "%s/%s", service, skill);
    return name;
}

struct span
skill_service(struct span name)
{
    size_t n = name.n;

    while (n > 0 && name.p[n - 1] != '/')
        n--;
    return span_of(name.p, n ? n - 1 : name.n);
}
