/*
 * config_near.c - a name that the configuration does not have, and the one that was probably meant.
 */
#include "config.h"
#include "format.h"
#include "nearest.h"

enum status
config_no_format(const struct config *c, const char *name, struct error *err)
{
    const char *inner = format_in_syslog(name);
    struct nearest near = nearest_to(inner ? inner : name);

    for (size_t i = 0; i < c->format_count; i++)
        nearest_offer(&near, c->formats[i].name);
    return fail(err, ST_BAD_CONFIG,
                "there is no format \"%.60s\"%s: `callswell formats` lists them", name,
                nearest_hint(&near));
}
