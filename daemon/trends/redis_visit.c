/*
 * redis_visit.c - a connection of the command line to the Redis of a daemon.
 */
#include "redis_visit.h"

#include <stdio.h>

#define CONNECT_MS 1000
#define SILENCE_MS 10000

enum status
redis_visit(struct redis_link **link, const char *url, const char *node, struct error *err)
{
    struct redis_link_options opt = {.connect_timeout_ms = CONNECT_MS,
                                     .silence_timeout_ms = SILENCE_MS};
    struct redis_url where;
    char name[80];
    enum status st = redis_url_parse(&where, url, err);

    if (st != ST_OK)
        return st;
    /* No node's name holds a colon, so this is never taken for the daemon's connection. */
    snprintf(name, sizeof name, "callswell-%.32s:verify", node);
    opt.url = &where;
    opt.name = name;
    st = redis_link_open(link, &opt, err);
    redis_url_clear(&where);
    return st == ST_NOT_FOUND ? ST_RETRY : st;
}
