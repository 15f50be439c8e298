/*
 * scenario.c - changes as people write them.
 */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
scenario_percent(const char *text, double *factor)
{
    char *end;
    double v = strtod(text, &end);

    while (*end == ' ')
        end++;
    *factor = 1 + v / 100;
    return end > text && strcmp(end, "%") == 0 && v >= -100 && v <= 100000;
}

/* "240", "240s", "4m", "1h": seconds. */
static bool
read_duration(const char *text, double *seconds)
{
    char *end;
    double v = strtod(text, &end), unit = 1;

    if (strcmp(end, "m") == 0)
        unit = 60;
    else if (strcmp(end, "h") == 0)
        unit = 3600;
    else if (strcmp(end, "s") != 0 && *end)
        return false;
    *seconds = v * unit;
    return end > text && *seconds > 0 && *seconds <= 86400;
}

int
scenario_wrong(const char *option, const char *given, const char *expected)
{
    fprintf(stderr, "callswell what-if: --%s: \"%s\": expected %s\n", option, given, expected);
    return EXIT_USAGE;
}

int
scenario_read(struct scenario *s)
{
    s->calls_factor = s->aht_factor = 1;
    if (s->volume && !scenario_percent(s->volume, &s->calls_factor))
        return scenario_wrong("volume", s->volume, "a change such as +20%");
    if (s->aht && !scenario_percent(s->aht, &s->aht_factor)) {
        s->aht_factor = 1;
        if (!read_duration(s->aht, &s->aht_s))
            return scenario_wrong("aht", s->aht,
                                  "a length such as 240 or 4m, or a change such as +10%");
    }
    return 0;
}

bool
scenario_split(const char *text, struct span *name, const char **change)
{
    const char *at = strrchr(text, '=');

    *name = at ? span_of(text, (size_t)(at - text)) : (struct span){0};
    *change = at ? at + 1 : "";
    return at && name->n > 0;
}
