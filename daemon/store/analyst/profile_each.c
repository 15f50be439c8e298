/*
 * profile_each.c - all customers' profiles, read from the ledger once more.
 */
#include "pass.h"
#include "profile.h"

struct reading {
    struct profile profile;
    struct buf name;
    bool some;
    profile_visit *visit;
    void *arg;
};

static void
finish(struct reading *r)
{
    if (r->some && r->profile.anything)
        r->visit(r->arg, span_of(r->name.p, r->name.n), &r->profile);
    r->some = false;
}

static enum status
visit_cell(void *arg, const struct cell_view *c, struct error *err)
{
    struct reading *r = arg;

    (void)err;
    if (!r->some || !span_eq(c->name, span_of(r->name.p, r->name.n))) {
        finish(r);
        buf_reset(&r->name);
        buf_span(&r->name, c->name);
        profile_start(&r->profile, r->profile.today);
        r->some = true;
    }
    profile_add(&r->profile, c);
    return ST_OK;
}

enum status
profile_each(struct pass *pass, profile_visit *visit, void *arg, struct error *err)
{
    struct reading r = {.visit = visit, .arg = arg};
    enum status st;

    profile_init(&r.profile, pass->a->zone, pass->a->weekend);
    r.profile.today = pass->today;
    st = ledger_scan_kind(pass->a->reader, CELL_CUSTOMER, pass->today - PROFILE_DAYS + 1,
                          visit_cell, &r, err);
    if (st == ST_OK)
        finish(&r);
    profile_clear(&r.profile);
    buf_clear(&r.name);
    return st;
}
