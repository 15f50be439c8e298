/*
 * redis_url.c - taking a Redis URL apart.
 */
#include "redis_url.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "span.h"

#define DEFAULT_PORT 6379
#define MAX_DB       1000000

/* A NUL byte would cut the text short later on, so %00 is refused. */
static char *
percent_decode(struct span s)
{
    struct buf b = {0};

    buf_reserve(&b, s.n);
    for (size_t i = 0; i < s.n; i++) {
        int byte;

        if (s.p[i] != '%') {
            buf_char(&b, s.p[i]);
            continue;
        }
        byte = s.n - i > 2 ? hex_byte(s.p + i + 1) : -1;
        if (byte <= 0) {
            buf_clear(&b);
            return NULL;
        }
        buf_char(&b, (char)byte);
        i += 2;
    }
    buf_add(&b, "", 0);
    return b.p;
}

static bool
number_in(struct span s, int64_t low, int64_t high, int *out)
{
    int64_t v;

    if (s.n == 0 || s.n > 9 || s.p[0] < '0' || s.p[0] > '9' || !span_to_i64(s, &v))
        return false;
    if (v < low || v > high)
        return false;
    *out = (int)v;
    return true;
}

/* Cuts s at the first of c: the part before it is returned, s becomes the part after. Without c
 * the answer is all of s, and s becomes empty; *found says which. */
static struct span
cut(struct span *s, char c, bool *found)
{
    const char *at = s->n ? memchr(s->p, c, s->n) : NULL;
    struct span head = *s;

    *found = at != NULL;
    if (!at) {
        *s = span_of(s->p + s->n, 0);
        return head;
    }
    head.n = (size_t)(at - s->p);
    *s = span_of(at + 1, s->n - head.n - 1);
    return head;
}

/* "user:password" before the last @ of the authority; an @ inside must be written %40. */
static enum status
parse_userinfo(struct redis_url *u, struct span *authority, struct error *err)
{
    struct span user, rest = *authority;
    bool found;

    user = cut(&rest, '@', &found);
    if (!found)
        return ST_OK;
    *authority = rest;
    rest = user;
    user = cut(&rest, ':', &found);
    if (!found || rest.n == 0)
        return fail(err, ST_BAD_CONFIG,
                    "Redis URL: a user needs a password: user:password@, or :password@ alone");
    u->password = percent_decode(rest);
    if (user.n > 0)
        u->user = percent_decode(user);
    if (!u->password || (user.n > 0 && !u->user))
        return fail(err, ST_BAD_CONFIG,
                    "Redis URL: %% in user or password must be followed by two hex digits");
    return ST_OK;
}

static enum status
parse_tcp(struct redis_url *u, struct span authority, struct span db, struct error *err)
{
    struct span host = authority, port = {0};
    bool found = false;

    if (host.n > 0 && host.p[0] == '[') {
        host = span_of(authority.p + 1, authority.n - 1);
        port = host;
        host = cut(&port, ']', &found);
        if (!found || (port.n > 0 && port.p[0] != ':'))
            return fail(err, ST_BAD_CONFIG, "Redis URL: an IPv6 address needs both brackets");
        found = port.n > 0;
        if (found)
            port = span_of(port.p + 1, port.n - 1);
    } else {
        port = host;
        host = cut(&port, ':', &found);
    }
    if (host.n == 0 || host.n > 255)
        return fail(err, ST_BAD_CONFIG, "Redis URL: no host between // and /");
    u->port = DEFAULT_PORT;
    if (found && !number_in(port, 1, 65535, &u->port))
        return fail(err, ST_BAD_CONFIG, "Redis URL: the port must be 1 to 65535");
    if (db.n > 0 && !number_in(db, 0, MAX_DB, &u->db))
        return fail(err, ST_BAD_CONFIG, "Redis URL: after the host comes /NUMBER, the database");
    u->host = xstrndup(host.p, host.n);
    snprintf(u->shown, sizeof u->shown, "%.100s:%d", u->host, u->port);
    return ST_OK;
}

static enum status
parse_unix(struct redis_url *u, struct span path, struct error *err)
{
    struct span query = path;
    bool found;

    path = cut(&query, '?', &found);
    if (found && (query.n < 4 || memcmp(query.p, "db=", 3) != 0 ||
                  !number_in(span_of(query.p + 3, query.n - 3), 0, MAX_DB, &u->db)))
        return fail(err, ST_BAD_CONFIG, "Redis URL: after the socket's path only ?db=NUMBER");
    u->path = percent_decode(path);
    if (!u->path)
        return fail(err, ST_BAD_CONFIG,
                    "Redis URL: %% in the path must be followed by two hex digits");
    if (u->path[0] != '/' || !u->path[1])
        return fail(err, ST_BAD_CONFIG, "Redis URL: unix:// needs an absolute path");
    snprintf(u->shown, sizeof u->shown, "%.150s", u->path);
    return ST_OK;
}

enum status
redis_url_parse(struct redis_url *out, const char *url, struct error *err)
{
    struct span rest = span_str(url), authority;
    bool tcp, found;
    enum status st;

    memset(out, 0, sizeof *out);
    tcp = rest.n >= 8 && memcmp(rest.p, "redis://", 8) == 0;
    if (!tcp && (rest.n < 7 || memcmp(rest.p, "unix://", 7) != 0))
        return fail(err, ST_BAD_CONFIG,
                    "Redis URL: it must begin with redis:// or unix:// (TLS: through a tunnel)");
    rest = span_of(rest.p + (tcp ? 8 : 7), rest.n - (tcp ? 8 : 7));
    authority = cut(&rest, '/', &found);
    st = parse_userinfo(out, &authority, err);
    if (st == ST_OK && tcp)
        st = parse_tcp(out, authority, rest, err);
    else if (st == ST_OK && (authority.n > 0 || !found))
        st = fail(err, ST_BAD_CONFIG, "Redis URL: unix:// needs an absolute path");
    else if (st == ST_OK)
        st = parse_unix(out, span_of(rest.p - 1, rest.n + 1), err);
    if (st != ST_OK)
        redis_url_clear(out);
    return st;
}

void
redis_url_clear(struct redis_url *u)
{
    free(u->host);
    free(u->path);
    free(u->user);
    free(u->password);
    memset(u, 0, sizeof *u);
}
