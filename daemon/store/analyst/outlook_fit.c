/*
 * outlook_fit.c - the model of activity and the pace of life of all customers, kept in the store.
 */
#include "outlook.h"

#include <math.h>
#include <stdlib.h>

#include "hash.h"
#include "json_write.h"

/* The parameters of so many are as good as those of all, to three digits. */
#define SAMPLE 4000

/* By the hash of their names: the same ones day after day. */
static size_t
draw_sample(const struct outlooks *o, struct bgnbd_customer *out)
{
    double share = o->count > SAMPLE ? (double)SAMPLE / (double)o->count : 1;
    size_t n = 0;

    for (size_t i = 0; i < o->count; i++) {
        const struct outlook *c = &o->rows[i];
        uint64_t key = hash_bytes(c->customer.p, c->customer.n, 1);

        if (c->active_days > 0 && (double)(key >> 11) * 0x1p-53 < share)
            out[n++] = c->habit;
    }
    return n;
}

static void
find_pace(struct outlooks *o)
{
    double *first = xcalloc(o->count + 1, sizeof *first);
    double *second = xcalloc(o->count + 1, sizeof *second);
    size_t firsts = 0, seconds = 0;

    for (size_t i = 0; i < o->count; i++) {
        const struct life_facts *f = &o->rows[i].facts;

        if (f->intent != LIFE_NEVER && f->first != LIFE_NEVER && f->first >= f->intent)
            first[firsts++] = outlook_days(o, f->intent, f->first);
        if (f->second != LIFE_NEVER)
            second[seconds++] = outlook_days(o, f->first, f->second);
    }
    o->pace = life_pace(first, firsts, second, seconds);
    free(first);
    free(second);
}

static enum status
save(struct outlooks *o, double loglik, size_t customers, struct error *err)
{
    struct buf json = {0};
    struct json_writer j;
    enum status st;

    json_begin(&j, &json);
    json_object(&j, NULL);
    json_i64(&j, "customers", (int64_t)customers);
    if (o->fitted) {
        json_real(&j, "r", o->model.r);
        json_real(&j, "alpha_weeks", o->model.alpha);
        json_real(&j, "a", o->model.a);
        json_real(&j, "b", o->model.b);
        json_real(&j, "log_likelihood", loglik);
    }
    json_real(&j, "days_intent_to_first_p75", o->pace.to_first);
    json_real(&j, "days_first_to_second_p75", o->pace.to_second);
    json_real(&j, "days_first_to_second_p95", o->pace.longest);
    json_close(&j);
    st = pass_save_model(o->pass, "activity", json.p, err);
    buf_clear(&json);
    return st;
}

enum status
outlooks_fit(struct outlooks *o, struct error *err)
{
    struct bgnbd_customer *sample = xcalloc(o->count + 1, sizeof *sample);
    size_t n = draw_sample(o, sample);
    double loglik = NAN;

    o->fitted = bgnbd_fit(&o->model, &loglik, sample, n);
    free(sample);
    find_pace(o);
    return save(o, loglik, n, err);
}

enum status
outlooks_read_fit(struct outlooks *o, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        o->pass->store, &q,
        "SELECT json_extract(parameters, '$.r'), json_extract(parameters, '$.alpha_weeks'),"
        " json_extract(parameters, '$.a'), json_extract(parameters, '$.b'),"
        " json_extract(parameters, '$.days_intent_to_first_p75'),"
        " json_extract(parameters, '$.days_first_to_second_p75'),"
        " json_extract(parameters, '$.days_first_to_second_p95') FROM model"
        " WHERE name = 'activity'",
        err);

    o->pace = life_pace(NULL, 0, NULL, 0);
    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK) {
        o->fitted = !query_is_null(q, 0);
        o->model =
            (struct bgnbd){query_real(q, 0), query_real(q, 1), query_real(q, 2), query_real(q, 3)};
        o->pace = (struct life_pace){query_real(q, 4), query_real(q, 5), query_real(q, 6)};
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
