/*
 * status_json.c - the state of the whole for programs: what `status`, /v1/status and events tell.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "json_write.h"
#include "serve_internal.h"

static void
write_feed(struct json_writer *w, const struct feed *f)
{
    json_object(w, NULL);
    json_text(w, "input", f->input);
    json_text(w, "type", f->type);
    json_text(w, "detail", f->detail);
    json_bool(w, "exact", f->exact);
    json_text(w, "promise", f->promise ? f->promise : f->exact ? "exact" : "at most once");
    json_u64(w, "bytes", f->bytes);
    json_u64(w, "records", f->records);
    json_u64(w, "accepted", f->accepted);
    json_u64(w, "duplicates", f->duplicates);
    json_u64(w, "quarantined", f->quarantined);
    json_u64(w, "ignored", f->ignored);
    left_out_write(&f->left_out, w, "left_out");
    json_u64(w, "lost", f->lost);
    json_u64(w, "gave_way", f->gave_way);
    json_u64(w, "strangers", f->strangers);
    json_u64(w, "behind", f->behind);
    json_time(w, "last_record", f->last_record);
    json_time(w, "last_arrival", f->last_arrival);
    json_time(w, "stopped_matching", f->stopped_matching);
    json_text(w, "problem", f->problem);
    json_close(w);
}

static void
write_feeds(struct json_writer *w, struct engine *e)
{
    struct feed *feeds = xcalloc(MAX_FEEDS, sizeof *feeds);
    size_t n = engine_feeds(e, feeds, MAX_FEEDS);

    json_array(w, "feeds");
    for (size_t i = 0; i < n && i < MAX_FEEDS; i++)
        write_feed(w, &feeds[i]);
    json_close(w);
    free(feeds);
}

static void
write_counts(struct json_writer *w, const struct engine_status *st)
{
    json_object(w, "records");
    json_u64(w, "seen", st->records);
    json_u64(w, "accepted", st->accepted);
    json_u64(w, "duplicates", st->duplicates);
    json_u64(w, "quarantined", st->quarantined);
    json_u64(w, "ignored", st->ignored);
    json_u64(w, "corrections", st->corrections);
    json_u64(w, "voids", st->voids);
    json_u64(w, "late", st->late);
    json_u64(w, "expired", st->expired);
    json_time(w, "newest", st->newest_record);
    json_close(w);
    json_object(w, "queue");
    json_u64(w, "bytes", st->queue_bytes);
    json_u64(w, "blocks", st->queue_blocks);
    json_u64(w, "delta_bytes", st->delta_bytes);
    json_close(w);
    json_object(w, "names");
    json_u64(w, "customers", st->customers);
    json_u64(w, "features", st->features);
    json_u64(w, "services", st->services);
    json_u64(w, "regions", st->regions);
    json_close(w);
    json_object(w, "quarantine");
    json_u64(w, "open", st->quarantine_open);
    json_u64(w, "bytes", st->quarantine_bytes);
    json_close(w);
}

static void
write_pairing(struct json_writer *w, const struct pairing_status *p)
{
    json_object(w, "pairing");
    json_u64(w, "open_legs", p->legs);
    json_u64(w, "open_conferences", p->conferences);
    json_u64(w, "held", p->held);
    json_u64(w, "paired", p->paired);
    json_u64(w, "estimated", p->estimated);
    json_u64(w, "joins_lost", p->joins_lost);
    json_u64(w, "late", p->late);
    json_u64(w, "unlisted", p->unlisted);
    json_u64(w, "unplaced", p->unplaced);
    json_close(w);
}

static void
write_ledger(struct json_writer *w, const struct engine_status *st)
{
    json_object(w, "ledger");
    json_u64(w, "batch", st->batch);
    json_u64(w, "folded", st->folded);
    json_u64(w, "incarnation", st->incarnation);
    json_u64(w, "commits", st->commits);
    json_u64(w, "commit_failures", st->commit_failures);
    json_u64(w, "commit_ms_last", st->commit_ms_last);
    json_u64(w, "bytes", st->ledger_bytes);
    json_u64(w, "wal_bytes", st->wal_bytes);
    json_u64(w, "disk_free", st->disk_free);
    json_u64(w, "totals_bytes", st->totals_bytes);
    json_u64(w, "totals_cells", st->totals_cells);
    json_u64(w, "totals_dirty", st->totals_dirty);
    json_u64(w, "dedup_ids", st->dedup_ids);
    json_u64(w, "dedup_bytes", st->dedup_bytes);
    json_time(w, "dedup_window_start", st->dedup_window_start);
    json_time(w, "dedup_complete_since", st->dedup_complete_since);
    json_text(w, "dedup_problem", st->dedup_problem);
    json_text(w, "stalled", st->stalled);
    json_text(w, "problem", st->disk_problem);
    json_close(w);
}

static void
write_memory(struct json_writer *w, struct engine *e)
{
    struct memory_use m;

    engine_memory(e, &m);
    json_object(w, "memory");
    json_u64(w, "resident", m.resident);
    json_u64(w, "accounted", account_sum(&m));
    json_array(w, "holders");
    for (enum holder h = 0; h < HOLDERS; h++) {
        json_object(w, NULL);
        json_text(w, "holder", holder_name(h));
        json_u64(w, "bytes", m.held[h]);
        if (m.limit[h])
            json_u64(w, "limit", m.limit[h]);
        json_text(w, "what", holder_text(h));
        json_close(w);
    }
    json_close(w);
    json_close(w);
}

static void
write_sinks(struct json_writer *w, const struct engine_status *st)
{
    json_object(w, "redis");
    json_bool(w, "connected", st->redis_connected);
    json_u64(w, "applied", st->redis_applied);
    json_u64(w, "pending", st->redis_pending);
    json_u64(w, "keys_sent", st->redis_keys_sent);
    json_u64(w, "reconnects", st->redis_reconnects);
    json_u64(w, "mended", st->redis_mended);
    json_u64(w, "evicted", st->redis_evicted);
    json_text(w, "problem", st->redis_problem);
    json_close(w);
    json_object(w, "analytics");
    json_u64(w, "batch", st->analysed);
    json_time(w, "at", st->analysed_at);
    json_text(w, "problem", st->analytics_problem);
    json_close(w);
}

void
serve_write_outcome(struct json_writer *w, const struct outcome_count *n)
{
    json_u64(w, "accepted", n->accepted);
    json_u64(w, "duplicates", n->duplicates);
    json_u64(w, "quarantined", n->quarantined);
    json_u64(w, "ignored", n->ignored);
}

void
serve_write_status(struct json_writer *w, struct engine *e, const struct config *config,
                   int64_t started)
{
    struct engine_status st;

    memset(&st, 0, sizeof st);
    engine_status(e, &st);
    json_object(w, NULL);
    json_text(w, "version", CALLSWELL_VERSION);
    json_text(w, "node", config->node);
    json_text(w, "timezone", config->timezone);
    json_i64(w, "uptime", clock_now() - started);
    json_time(w, "now", clock_now());
    json_bool(w, "ready", st.stalled[0] == '\0');
    write_counts(w, &st);
    write_pairing(w, &st.pairing);
    write_ledger(w, &st);
    write_sinks(w, &st);
    write_memory(w, e);
    write_feeds(w, e);
    json_close(w);
}
