/*
 * route_upload.c - POST of a CSV file that people keep: roster, calendar, customers.
 *
 * Each is taken over, or refused as a whole; who did it is written down in the same transaction.
 */
#include <stdio.h>

#include "asked.h"
#include "audit_log.h"
#include "calendar.h"
#include "clock.h"
#include "customers_import.h"
#include "json_write.h"
#include "roster.h"
#include "serve_internal.h"

/* What is done with a file. */
struct upload {
    const char *action; /* in the audit log */
    /* Says in w what it did. zone: of local times in the file; NULL where it has none. */
    enum status (*take)(struct store *s, struct span csv, const struct zone *zone,
                        struct json_writer *w, struct error *err);
};

static enum status
take_roster(struct store *s, struct span csv, const struct zone *zone, struct json_writer *w,
            struct error *err)
{
    struct roster_imported n = {0};
    enum status st = roster_import(s, csv, zone, &n, err);

    json_u64(w, "rows", n.rows);
    return st;
}

static enum status
take_calendar(struct store *s, struct span csv, const struct zone *zone, struct json_writer *w,
              struct error *err)
{
    struct calendar_imported n = {0};
    enum status st = calendar_import(s, csv, &n, err);

    (void)zone;
    json_u64(w, "days", n.days);
    return st;
}

static enum status
take_customers(struct store *s, struct span csv, const struct zone *zone, struct json_writer *w,
               struct error *err)
{
    struct customers_imported n = {0};
    enum status st = customers_import(s, csv, &n, err);

    (void)zone;
    json_u64(w, "rows", n.rows);
    json_u64(w, "added", n.added);
    json_u64(w, "changed", n.changed);
    return st;
}

static enum status
take(struct reader *rd, const struct http_request *r, const struct upload *u,
     const struct zone *zone, struct json_writer *w, struct error *err)
{
    const struct asker *asker = r->user;
    char detail[64];
    struct audit_entry entry = {clock_now(), asker->name, r->peer, u->action, NULL, detail};
    struct store *s = NULL;
    enum status st = reader_edit(rd, &s, err);

    snprintf(detail, sizeof detail, "%zu bytes of CSV", r->body.n);
    if (st == ST_OK) {
        audit_begin(s, &entry);
        st = u->take(s, span_of(r->body.p ? r->body.p : "", r->body.n), zone, w, err);
        audit_end(s);
        access_changed(rd->serve->access);
    }
    store_close(s);
    return st;
}

static enum status
read_zone(const struct reader *rd, const struct http_request *r, const struct zone **zone,
          struct error *err)
{
    const char *asked = NULL;
    const struct asked_param params[] = {{"zone", &asked}};
    enum status st = asked_query(r->query, params, 1, rd->memory, err);

    if (st == ST_OK && zone_load(zone, asked ? asked : rd->config->timezone, err) != ST_OK)
        st = err->code = ST_BAD_INPUT;
    return st;
}

/* ST_OK: *body is the answer, which the caller clears in any case. */
static enum status
upload(struct reader *rd, const struct http_request *r, const struct upload *u, struct buf *body,
       struct error *err)
{
    const struct zone *zone = NULL;
    struct json_writer w;
    enum status st = read_zone(rd, r, &zone, err);

    json_begin(&w, body);
    json_object(&w, NULL);
    if (st == ST_OK)
        st = take(rd, r, u, zone, &w, err);
    json_close(&w);
    return st;
}

void
post_roster(struct reader *rd, struct http_request *r)
{
    static const struct upload roster = {"roster_import", take_roster};
    struct buf body = {0};
    struct error err;
    enum status st = upload(rd, r, &roster, &body, &err);

    reader_reply(r, st, &body, &err);
}

void
post_calendar(struct reader *rd, struct http_request *r)
{
    static const struct upload calendar = {"calendar_import", take_calendar};
    struct buf body = {0};
    struct error err;
    enum status st = upload(rd, r, &calendar, &body, &err);

    reader_reply(r, st, &body, &err);
}

/* Records are matched by the new list from the answer on. */
void
post_customers(struct reader *rd, struct http_request *r)
{
    static const struct upload customers = {"customers_import", take_customers};
    struct buf body = {0};
    struct error err;
    enum status st = upload(rd, r, &customers, &body, &err);

    if (st == ST_OK && engine_reload_customers(rd->serve->engine, &err) != ST_OK) {
        http_problem(r, 503, "Retry-After: 5\r\n",
                     "The list is kept, but records are not matched by it yet: %s", err.text);
        buf_clear(&body);
        return;
    }
    reader_reply(r, st, &body, &err);
}
