/*
 * model.c - what passes have fitted, kept for those that come after and for people.
 */
#include "pass.h"

enum status
pass_save_model(struct pass *p, const char *name, const char *parameters, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        p->store, &q, "INSERT OR REPLACE INTO model(name, as_of, parameters) VALUES(?1, ?2, ?3)",
        err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK) {
        query_set_str(q, 1, name);
        query_set_str(q, 2, p->now_text);
        query_set_str(q, 3, parameters);
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}
