/*
 * engine_expire.c - fingerprints and keys that are old enough to be forgotten.
 */
#include <stdio.h>

#include "civil.h"
#include "clock.h"
#include "engine_internal.h"
#include "log.h"

#define EXPIRY_INTERVAL_MS   1000
#define THINNING_INTERVAL_MS 3600000
#define AUDIT_KEPT_US        (INT64_C(7) * 86400 * 1000000)
#define INTAKE_KEPT_US       (INT64_C(400) * 86400 * 1000000)
#define EXPIRIES_AT_ONCE     4 /* slices: commits wait meanwhile */

/* Workers are told first: whoever misses a fingerprint then knows that it may be forgotten. */
static void
forget(void *arg, const uint64_t *fp, size_t n)
{
    struct engine *e = arg;

    engine_note_forgotten(e);
    dedup_remove(e->dedup, fp, n);
}

/* Records that begin before were possibly counted, and nobody knows any more. Not in the future: a
 * clock that was ahead once would make all records late. */
void
engine_note_forgotten(struct engine *e)
{
    int64_t gone = ledger_state(e->ledger)->seen_gone, now = clock_now();

    if (gone)
        e->window_cut = gone / 1000000 < now ? gone / 1000000 + 1 : now + 1;
}

uint64_t
engine_id_window(const struct config *c)
{
    const struct config_limits *l = &c->limits;

    return l->correction_window > l->duplicate_window ? l->correction_window : l->duplicate_window;
}

/* All of the window is known but for what is no longer kept for it: ids gave way to newer ones, or
 * it was shorter before. */
static bool
window_is_short(const struct engine *e)
{
    return e->window_cut > clock_now() - (int64_t)e->config->limits.duplicate_window + 1;
}

void
engine_window_status(const struct engine *e, struct engine_status *out)
{
    char since[CIVIL_TEXT];

    out->dedup_complete_since = e->window_cut;
    if (window_is_short(e))
        snprintf(out->dedup_problem, sizeof out->dedup_problem,
                 "ids are known since %s only, not for all of duplicate_window: older ones gave way"
                 " to more than duplicate_records, or the window was shorter then",
                 format_utc(since, e->window_cut));
}

static void
watch_window(struct engine *e)
{
    bool is_short = window_is_short(e);
    char since[CIVIL_TEXT];

    if (is_short == e->window_short)
        return;
    e->window_short = is_short;
    if (is_short)
        log_warn("duplicate_window_short",
                 "since=%s ids=%zu effect=\"older records count as late\"",
                 format_utc(since, e->window_cut), dedup_count(e->dedup));
    else
        log_info("duplicate_window_whole", "ids=%zu", dedup_count(e->dedup));
}

static enum status
forget_keys(struct engine *e, int64_t before, struct error *err)
{
    enum status st = ST_OK;
    bool more = !e->dry_run;

    for (int i = 0; i < EXPIRIES_AT_ONCE && more && st == ST_OK; i++)
        st = ledger_expire_idem(e->ledger, before, &more, err);
    return st;
}

/* What could not go now goes later; but a ledger that fails its checksums is the end. */
static void
postponed(const struct engine *e, enum status st, const struct error *err)
{
    if (st == ST_CORRUPT)
        engine_die(e, st, "expiry", err);
    log_warn("expiry_postponed", "error=\"%s\"", err->text);
}

/* Audits of single batches are of use for a week; events as long as the configuration says. Nothing
 * goes that the store has not seen. */
static void
thin(struct engine *e)
{
    int64_t now = clock_mono_ms(), keep = e->config->retention.events;
    bool more = e->last_thinning_ms == 0 || now - e->last_thinning_ms >= THINNING_INTERVAL_MS;
    enum status st = ST_OK;
    uint64_t analysed;
    struct error err;

    pthread_mutex_lock(&e->lock);
    analysed = e->analysed;
    pthread_mutex_unlock(&e->lock);
    if (more)
        e->last_thinning_ms = now;
    while (more && st == ST_OK)
        st = ledger_thin_audit(e->ledger, clock_now_us() - AUDIT_KEPT_US, &more, &err);
    if (st == ST_OK && e->last_thinning_ms == now)
        st = ledger_expire_intake(e->ledger, clock_now_us() - INTAKE_KEPT_US, &err);
    if (st == ST_OK && keep > 0 && !e->config->clock_data &&
        (e->last_thinning_ms == now || e->events_looked_at.seq >= 0))
        st = ledger_expire_events(e->ledger, clock_now() - keep, analysed, &e->events_looked_at,
                                  &err);
    if (st != ST_OK)
        postponed(e, st, &err);
}

/* Fingerprints leave the filter when their window has passed, or, oldest first, when there are
 * more than the configured number. */
void
engine_expire(struct engine *e)
{
    const struct config_limits *limits = &e->config->limits;
    int64_t now = clock_mono_ms();
    enum status st;
    struct error err;
    bool more = !e->dry_run;

    if (now - e->last_expiry_ms < EXPIRY_INTERVAL_MS)
        return;
    e->last_expiry_ms = now;
    for (int i = 0; i < EXPIRIES_AT_ONCE && more; i++) {
        int64_t before = clock_now_us() - (int64_t)engine_id_window(e->config) * 1000000;
        uint64_t held = dedup_count(e->dedup);
        uint64_t excess = held > limits->duplicate_records ? held - limits->duplicate_records : 0;

        st = ledger_expire_seen(e->ledger, before, excess, forget, e, &more, &err);
        if (st != ST_OK) {
            postponed(e, st, &err);
            return;
        }
    }
    watch_window(e);
    st = forget_keys(e, clock_now_us() - (int64_t)limits->duplicate_window * 1000000, &err);
    if (st != ST_OK)
        postponed(e, st, &err);
    if (!e->dry_run && !e->offline) {
        thin(e);
        engine_retire(e);
        engine_forget_files(e);
    }
    if (!e->dry_run && e->snapshot.seen_since != ledger_state(e->ledger)->seen_since)
        engine_publish_state(e);
}
