/*
 * redis_visit.h - a connection of the command line to the Redis of a daemon.
 */
#ifndef REDIS_VISIT_H
#define REDIS_VISIT_H

#include "redis_link.h"

/* Connects beside the daemon, whose connection it is not taken for. On ST_OK the caller closes
 * *link (redis_link_close). ST_RETRY: nobody is there. */
enum status redis_visit(struct redis_link **link, const char *url, const char *node,
                        struct error *err);

#endif
