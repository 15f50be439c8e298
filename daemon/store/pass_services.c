/*
 * pass_services.c - service_interval from the services' cells, quarter hour by quarter hour.
 */
#include "pass.h"

static const char put_interval_sql[] =
    "INSERT INTO service_interval(service, start, offered, handled, abandoned, handle_seconds,"
    " wait_seconds) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(service, start) DO UPDATE SET"
    " offered = ?3, handled = ?4, abandoned = ?5, handle_seconds = ?6, wait_seconds = ?7";

enum status
pass_service_cell(struct pass *p, const struct cell_view *c, struct error *err)
{
    enum status st = ST_OK;

    p->services_changed = true;
    pass_note_input(p, c->day);
    if (!p->put_interval)
        st = store_query(p->store, &p->put_interval, put_interval_sql, err);
    for (unsigned i = 0; st == ST_OK && i < c->slot_count; i++) {
        struct query *q = p->put_interval;
        struct cell_slot slot = c->slots[i];
        char start[CIVIL_TEXT];

        st = store_tick(p->store, err);
        if (st != ST_OK)
            break;
        query_set_text(q, 1, c->name);
        format_utc(start, (int64_t)c->day * DAY_SECONDS + slot.slot * QUARTER_SECONDS);
        query_set_str(q, 2, start);
        for (int k = 0; k < SERVICE_COLUMNS; k++)
            query_set_int(q, 3 + k, slot.v[k]);
        st = query_run(q, err);
    }
    return st;
}

static enum status
visit(void *arg, const struct cell_view *c, struct error *err)
{
    return pass_service_cell(arg, c, err);
}

enum status
pass_services(struct pass *p, struct error *err)
{
    /* Later passes hear of changed cells while they look at customers. */
    return p->first ? ledger_scan_kind(p->a->reader, CELL_SERVICE, p->ledger->floor, visit, p, err)
                    : ST_OK;
}
