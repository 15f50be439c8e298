/*
 * scenario_text.c - changes as people write them.
 */
#include "scenario_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "share_text.h"

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

bool
scenario_number(const char *text, double *number)
{
    char *end;

    *number = strtod(text, &end);
    return end > text && *end == '\0' && isfinite(*number);
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
    return end > text && *seconds >= 0 && *seconds <= 86400;
}

enum status
scenario_wrong(struct error *err, const char *member, const char *given, const char *expected)
{
    return fail(err, ST_BAD_INPUT, "%s: \"%.60s\": expected %s", member, given, expected);
}

bool
scenario_split(const char *text, struct span *name, const char **change)
{
    const char *at = strrchr(text, '=');

    *name = at ? span_of(text, (size_t)(at - text)) : (struct span){0};
    *change = at ? at + 1 : "";
    return at && name->n > 0;
}

/* A number in its range; with_low and with_high: its ends belong to it. */
struct range {
    const char *member, *text;
    double *out, low, high;
    bool with_low, with_high, seconds;
    const char *expected;
};

static enum status
read_range(const struct range *r, struct error *err)
{
    double v;

    *r->out = NAN;
    if (!r->text)
        return ST_OK;
    if (!(r->seconds ? read_duration(r->text, &v) : share_read(r->text, &v)) || v < r->low ||
        v > r->high || (v == r->low && !r->with_low) || (v == r->high && !r->with_high))
        return scenario_wrong(err, r->member, r->text, r->expected);
    *r->out = v;
    return ST_OK;
}

enum status
scenario_read(const struct scenario *asked, struct scenario_numbers *out, struct error *err)
{
    const struct range ranges[] = {
        {"sl", asked->sl, &out->sl, 0, 1, true, false, false, "a share from 0, below 1"},
        {"within", asked->within, &out->within, 0, 86400, true, true, true, "seconds, 0 or more"},
        {"occupancy", asked->occupancy, &out->occupancy, 0, 1, false, true, false,
         "a share above 0, up to 1"},
        {"shrinkage", asked->shrinkage, &out->shrinkage, 0, 1, true, false, false,
         "a share from 0, below 1"},
        {"patience", asked->patience, &out->patience, 0, 86400, true, true, true,
         "seconds, 0 or more"},
        {"availability", asked->availability, &out->availability, 0, 1.5, false, true, false,
         "a share above 0, up to 1.5"},
    };
    enum status st = ST_OK;

    out->calls_factor = out->aht_factor = 1;
    out->aht_s = 0;
    if (asked->volume && !scenario_percent(asked->volume, &out->calls_factor))
        return scenario_wrong(err, "volume", asked->volume, "a change such as +20%");
    if (asked->aht && !scenario_percent(asked->aht, &out->aht_factor)) {
        out->aht_factor = 1;
        if (!read_duration(asked->aht, &out->aht_s) || !(out->aht_s > 0))
            return scenario_wrong(err, "aht", asked->aht,
                                  "a length such as 240 or 4m, or a change such as +10%");
    }
    for (size_t i = 0; st == ST_OK && i < sizeof ranges / sizeof *ranges; i++)
        st = read_range(&ranges[i], err);
    return st;
}
