/*
 * pass_services.c - service_interval from the services' cells, quarter hour by quarter hour.
 */
#include "pass.h"

static const char put_interval_sql[] =
    "INSERT INTO service_interval(service, start, offered, handled, abandoned, handle_seconds,"
    " wait_seconds) SELECT c0, c1, c2, c3, c4, c5, c6 FROM offered WHERE true"
    " ON CONFLICT(service, start) DO UPDATE SET offered = excluded.offered,"
    " handled = excluded.handled, abandoned = excluded.abandoned,"
    " handle_seconds = excluded.handle_seconds, wait_seconds = excluded.wait_seconds";

struct intervals {
    const struct cell_view *cell;
    char start[CIVIL_TEXT];
};

static void
interval_row(void *arg, size_t row, struct row_value *out)
{
    struct intervals *in = arg;
    const struct cell_slot *slot = &in->cell->slots[row];

    format_utc(in->start, (int64_t)in->cell->day * DAY_SECONDS + slot->slot * QUARTER_SECONDS);
    value_text(out++, in->cell->name);
    value_str(out++, in->start);
    for (int k = 0; k < SERVICE_COLUMNS; k++)
        value_int(out++, slot->v[k]);
}

enum status
pass_service_cell(struct pass *p, const struct cell_view *c, struct error *err)
{
    struct intervals in = {.cell = c};
    struct row_source rows = {interval_row, &in};
    enum status st = ST_OK;

    p->services_changed = true;
    pass_note_input(p, c->day);
    if (!p->put_interval)
        st = store_query(p->store, &p->put_interval, put_interval_sql, err);
    if (st == ST_OK)
        st = store_tick_rows(p->store, c->slot_count, err);
    return st == ST_OK ? query_run_rows(p->store, p->put_interval, &rows, c->slot_count, err) : st;
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
