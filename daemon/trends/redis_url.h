/*
 * redis_url.h - where a Redis server is and how to get in.
 *
 *   redis://[[user]:password@]host[:port][/db]     unix://[[user]:password@]/path[?db=N]
 *
 * User, password and path may hold %XX. A host is a name, an IPv4 address or an IPv6 address in
 * brackets; names are looked up with a call that blocks, so addresses are better.
 */
#ifndef REDIS_URL_H
#define REDIS_URL_H

#include "status.h"

struct redis_url {
    char *host;     /* NULL: a unix socket */
    char *path;     /* NULL: TCP */
    char *user;     /* NULL: the default user */
    char *password; /* NULL: no AUTH */
    int port, db;
    char shown[160]; /* for messages: never holds the password */
};

/* On ST_OK the caller owns the strings; ST_BAD_CONFIG leaves *out cleared. The text of an error
 * never repeats the URL, which may hold a password. */
enum status redis_url_parse(struct redis_url *out, const char *url, struct error *err);
void redis_url_clear(struct redis_url *u);

#endif
