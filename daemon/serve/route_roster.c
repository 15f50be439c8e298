/*
 * route_roster.c - POST /v1/roster: a roster as CSV is taken over, or refused as a whole.
 */
#include <stdio.h>

#include "asked.h"
#include "audit_log.h"
#include "clock.h"
#include "roster.h"
#include "serve_internal.h"

static enum status
import(struct reader *rd, const struct http_request *r, const struct zone *zone,
       struct roster_imported *n, struct error *err)
{
    const struct asker *asker = r->user;
    char detail[64];
    struct audit_entry entry = {clock_now(), asker->name, r->peer, "roster_import", NULL, detail};
    struct store *s = NULL;
    enum status st = reader_edit(rd, &s, err);

    snprintf(detail, sizeof detail, "%zu bytes of CSV", r->body.n);
    if (st == ST_OK) {
        audit_begin(s, &entry);
        st = roster_import(s, span_of(r->body.p ? r->body.p : "", r->body.n), zone, n, err);
        audit_end(s);
        access_changed(rd->serve->access);
    }
    store_close(s);
    return st;
}

void
post_roster(struct reader *rd, struct http_request *r)
{
    const char *zone_asked = NULL;
    const struct asked_param params[] = {{"zone", &zone_asked}};
    const struct zone *zone = NULL;
    struct roster_imported n = {0};
    struct buf body = {0};
    struct error err;
    enum status st = asked_query(r->query, params, 1, rd->memory, &err);

    if (st == ST_OK &&
        zone_load(&zone, zone_asked ? zone_asked : rd->config->timezone, &err) != ST_OK)
        st = err.code = ST_BAD_INPUT;
    if (st == ST_OK)
        st = import(rd, r, zone, &n, &err);
    if (st != ST_OK) {
        reader_problem(r, &err);
        return;
    }
    buf_printf(&body, "{\"rows\":%llu}\n", (unsigned long long)n.rows);
    http_reply(r, 200, "application/json", &body, NULL);
}
