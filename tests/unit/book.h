/*
 * book.h - a real ledger in the test's folder, filled record by record: for tests of what
 * reads ledgers.
 */
#ifndef BOOK_H
#define BOOK_H

#include "aggregate.h"
#include "cell.h"
#include "civil.h"
#include "clock.h"
#include "ledger.h"
#include "record.h"
#include "test.h"

struct book {
    struct ledger *ledger;
    struct cells *totals, *delta;
    struct workload_rule workload;
    const char *region; /* of the legs to come; NULL: none */
    uint64_t seq;
};

static inline void
book_open(struct book *b)
{
    struct error err;

    *b = (struct book){.totals = cells_new(), .delta = cells_new()};
    if (ledger_open(&b->ledger, "ledger.db", "1", &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static inline void
book_close(struct book *b)
{
    ledger_close(b->ledger);
    cells_free(b->totals);
    cells_free(b->delta);
}

static inline void
book_text(struct record *r, enum field f, const char *text)
{
    if (text) {
        r->has |= FIELD_BIT(f);
        r->text[f] = span_str(text);
    }
}

static inline void
book_leg(struct book *b, const char *customer, int64_t start, uint32_t seconds,
         const char *participant, const char *conference, const char *feature, enum outcome outcome)
{
    struct span features[1] = {span_str(feature)};
    struct record r = {
        .kind = KIND_LEG,
        .outcome = outcome,
        .start = start,
        .duration = seconds,
        .features = features,
        .feature_count = feature ? 1 : 0,
    };
    struct aggregate_options opt = {&b->workload, b->workload.feature.n ? 1 : 0, false};

    r.has = FIELD_BIT(FIELD_START) | FIELD_BIT(FIELD_END) | FIELD_BIT(FIELD_DURATION);
    book_text(&r, FIELD_CUSTOMER, customer);
    book_text(&r, FIELD_PARTICIPANT, participant);
    book_text(&r, FIELD_CONFERENCE, conference);
    book_text(&r, FIELD_REGION, b->region);
    if (feature)
        r.has |= FIELD_BIT(FIELD_FEATURES);
    aggregate_record(b->delta, &opt, &r);
}

static inline void
book_contact(struct book *b, const char *service, int64_t start, uint32_t wait, uint32_t handle,
             enum outcome outcome)
{
    struct record r = {
        .kind = KIND_CONTACT,
        .outcome = outcome,
        .start = start,
        .wait = wait,
        .handle = handle,
    };
    struct aggregate_options opt = {0};

    r.has = FIELD_BIT(FIELD_START) | FIELD_BIT(FIELD_WAIT) | FIELD_BIT(FIELD_HANDLE);
    book_text(&r, FIELD_CUSTOMER, "caller");
    book_text(&r, FIELD_SERVICE, service);
    aggregate_record(b->delta, &opt, &r);
}

/* Commits and folds all since the last time; more may hold events and quarantine. */
static inline void
book_commit(struct book *b, const struct ledger_batch *more)
{
    struct cells *const deltas[1] = {b->delta};
    const uint64_t *const no_fingerprints[1] = {NULL};
    const size_t none[1] = {0};
    struct ledger_batch batch = more ? *more : (struct ledger_batch){0};
    struct cell *d, **changed = calloc(cells_count(b->delta) + 1, sizeof *changed);
    struct error err;
    size_t n = 0;

    batch.deltas = deltas;
    batch.delta_count = 1;
    batch.fingerprints = no_fingerprints;
    batch.fingerprint_counts = none;
    batch.created = clock_now_us();
    if (ledger_commit(b->ledger, &batch, &b->seq, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CELLS_EACH (b->delta, d) {
        struct cell *t = cells_get(b->totals, (enum cell_kind)d->kind, d->name, d->day);

        cell_merge(t, d);
        t->seq = b->seq;
        changed[n++] = t;
    }
    if (ledger_fold(b->ledger, changed, n, b->seq, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    free(changed);
    cells_reset(b->delta);
}

#endif
