/*
 * usage_write.c - rows of usage_group and of its model, and stage_history where somebody moved.
 */
#include "usage_groups.h"

#include <math.h>

#include "json_write.h"

static void
history_row(void *arg, size_t row, struct row_value *out)
{
    struct usage_work *w = arg;
    const struct usage_move *m = &w->moves[row];

    value_text(out++, m->customer);
    value_str(out++, m->from);
    value_str(out++, m->to);
    value_str(out++, w->pass->now_text);
    value_str(out++, w->rule);
    value_text(out++, m->evidence);
    value_text(out, m->back);
}

enum status
usage_write_moves(struct usage_work *w, struct error *err)
{
    static const char history_sql[] =
        "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at, rule, evidence,"
        " back) SELECT c0, 'usage', c1, c2, c3, c4, c5, c6 FROM offered";
    static const char group_sql[] =
        "INSERT INTO customer_outlook(customer, as_of, usage_group) SELECT c0, c3, c2 FROM offered"
        " WHERE true ON CONFLICT(customer) DO UPDATE SET usage_group = excluded.usage_group";
    struct row_source rows = {history_row, w};
    struct query *history = NULL, *group = NULL;
    struct store *s = w->pass->store;
    enum status st = store_query(s, &history, history_sql, err);

    if (st == ST_OK)
        st = store_query(s, &group, group_sql, err);
    if (st == ST_OK)
        st = query_tick_rows(s, history, &rows, w->move_count, err);
    if (st == ST_OK)
        st = query_tick_rows(s, group, &rows, w->move_count, err);
    query_free(history);
    query_free(group);
    return st;
}

enum status
usage_write_model(struct usage_work *w, struct error *err)
{
    struct buf json = {0};
    struct json_writer j;
    enum status st;

    json_begin(&j, &json);
    json_object(&j, NULL);
    json_i64(&j, "rules", USAGE_RULES);
    json_i64(&j, "groups", w->g->groups);
    json_i64(&j, "sample", (int64_t)w->g->sampled);
    json_i64(&j, "customers", (int64_t)w->g->count);
    json_real(&j, "stability", w->g->groups ? w->stability : NAN);
    json_real(&j, "inertia", w->g->groups ? w->inertia : NAN);
    json_i64(&j, "were_in_a_group", (int64_t)w->compared);
    json_i64(&j, "changed_group", (int64_t)w->changed);
    json_real(&j, "changed_share", w->compared ? (double)w->changed / (double)w->compared : NAN);
    json_close(&j);
    st = pass_save_model(w->pass, "usage", json.p, err);
    buf_clear(&json);
    return st;
}

enum status
usage_write_groups(struct usage_work *w, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        w->pass->store, &q,
        "INSERT INTO usage_group(name, base, as_of, customers, share, office_share, evening_share,"
        " night_share, weekend_share, peak_hour, centroid)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        err);

    if (st == ST_OK)
        st = store_tick(w->pass->store, err);
    if (st == ST_OK)
        st = store_run(w->pass->store, "DELETE FROM usage_group", err);
    for (unsigned n = 0; st == ST_OK && n < w->g->groups; n++) {
        const struct known_group *k = &w->g->group[n];
        struct usage_shape s = usage_shape(k->centroid, w->pass->a->weekend);

        query_set_str(q, 1, k->name);
        query_set_str(q, 2, k->base);
        query_set_str(q, 3, w->pass->now_text);
        query_set_int(q, 4, (int64_t)w->size[n]);
        query_set_real(q, 5, w->g->count ? (double)w->size[n] / (double)w->g->count : 0);
        query_set_real(q, 6, s.office);
        query_set_real(q, 7, s.evening);
        query_set_real(q, 8, s.night);
        query_set_real(q, 9, s.weekend);
        query_set_int(q, 10, s.peak);
        query_set_blob(q, 11, span_of((const char *)k->centroid, sizeof k->centroid));
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}
