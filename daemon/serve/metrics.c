/*
 * metrics.c - counters and gauges in OpenMetrics 1.0 text format, or in Prometheus' older one for
 * those who ask for that.
 *
 * One row per figure of the engine and of each feed. Counters are called x here and x_total in
 * their samples, as OpenMetrics asks; in the older format their family is called x_total, too.
 */
#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "serve_internal.h"

enum kind { COUNTER, GAUGE, INFO };

struct figure {
    const char *name, *help;
    enum kind kind;
    size_t at; /* of a uint64_t */
};

struct page {
    struct buf *out;
    bool older; /* Prometheus' text format 0.0.4 */
};

#define OF_STATUS(field) offsetof(struct engine_status, field)

static const struct figure engine_figures[] = {
    {"records", "Records read, whatever became of them.", COUNTER, OF_STATUS(records)},
    {"accepted", "Records counted.", COUNTER, OF_STATUS(accepted)},
    {"duplicates", "Records seen before and left out.", COUNTER, OF_STATUS(duplicates)},
    {"quarantined", "Records refused and kept.", COUNTER, OF_STATUS(quarantined)},
    {"ignored", "Records their format leaves out.", COUNTER, OF_STATUS(ignored)},
    {"corrections", "Accepted records that corrected others: versions and voids.", COUNTER,
     OF_STATUS(corrections)},
    {"voids", "Accepted records that void others.", COUNTER, OF_STATUS(voids)},
    {"late", "Records older than the duplicate window.", COUNTER, OF_STATUS(late)},
    {"expired", "Records older than the retention.", COUNTER, OF_STATUS(expired)},
    {"commits", "Batches committed since start.", COUNTER, OF_STATUS(commits)},
    {"commit_failures", "Commits that failed since start.", COUNTER, OF_STATUS(commit_failures)},
    {"redis_keys_sent", "Keys written to Redis since start.", COUNTER, OF_STATUS(redis_keys_sent)},
    {"redis_reconnects", "Connections made to Redis since start.", COUNTER,
     OF_STATUS(redis_reconnects)},
    {"redis_mended", "Differences found in Redis and put right since start.", COUNTER,
     OF_STATUS(redis_mended)},
    {"redis_evicted", "Keys that Redis threw away for want of memory since start.", COUNTER,
     OF_STATUS(redis_evicted)},
    {"batch", "Newest batch committed.", GAUGE, OF_STATUS(batch)},
    {"batch_folded", "Newest batch folded into totals.", GAUGE, OF_STATUS(folded)},
    {"batch_redis", "Newest batch that all of Redis holds.", GAUGE, OF_STATUS(redis_applied)},
    {"batch_analysed", "Newest batch in the store.", GAUGE, OF_STATUS(analysed)},
    {"queue_bytes", "Bytes of input waiting for workers.", GAUGE, OF_STATUS(queue_bytes)},
    {"queue_blocks", "Blocks of input waiting for workers.", GAUGE, OF_STATUS(queue_blocks)},
    {"delta_bytes", "Memory of the open batch.", GAUGE, OF_STATUS(delta_bytes)},
    {"totals_bytes", "Memory of the totals table.", GAUGE, OF_STATUS(totals_bytes)},
    {"totals_cells", "Rows of the totals table in memory.", GAUGE, OF_STATUS(totals_cells)},
    {"totals_dirty", "Totals changed since the last fold.", GAUGE, OF_STATUS(totals_dirty)},
    {"customers", "Customers that are known.", GAUGE, OF_STATUS(customers)},
    {"features", "Features that are known.", GAUGE, OF_STATUS(features)},
    {"services", "Services that are known.", GAUGE, OF_STATUS(services)},
    {"regions", "Regions that are known.", GAUGE, OF_STATUS(regions)},
    {"dedup_ids", "Record ids kept to find duplicates.", GAUGE, OF_STATUS(dedup_ids)},
    {"dedup_bytes", "Memory of the duplicate filter.", GAUGE, OF_STATUS(dedup_bytes)},
    {"dedup_complete_since_timestamp_seconds",
     "All ids that arrived since are kept; 0: all that ever did.", GAUGE,
     OF_STATUS(dedup_complete_since)},
    {"quarantine_open", "Records in quarantine.", GAUGE, OF_STATUS(quarantine_open)},
    {"quarantine_bytes", "Bytes in quarantine.", GAUGE, OF_STATUS(quarantine_bytes)},
    {"ledger_bytes", "Size of the ledger.", GAUGE, OF_STATUS(ledger_bytes)},
    {"ledger_wal_bytes", "Size of the ledger's write-ahead log.", GAUGE, OF_STATUS(wal_bytes)},
    {"disk_free_bytes", "Free space where the ledger is.", GAUGE, OF_STATUS(disk_free)},
    {"open_legs", "Joins that wait for their leave.", GAUGE, OF_STATUS(pairing.legs)},
    {"open_conferences", "Conferences that have such.", GAUGE, OF_STATUS(pairing.conferences)},
    {"pairing_held", "Joins, leaves and conferences that pairing holds.", GAUGE,
     OF_STATUS(pairing.held)},
    {"paired_legs", "Legs made of a join and a leave since start.", COUNTER,
     OF_STATUS(pairing.paired)},
    {"estimated_legs", "Legs of which an end is not known since start.", COUNTER,
     OF_STATUS(pairing.estimated)},
    {"lost_joins", "Leaves that were counted without a join since start.", COUNTER,
     OF_STATUS(pairing.joins_lost)},
    {"late_events", "Joins and leaves whose legs had counted without them since start.", COUNTER,
     OF_STATUS(pairing.late)},
    {"redis_pending", "Keys that wait to be written to Redis.", GAUGE, OF_STATUS(redis_pending)},
};

#define OF_FEED(field) offsetof(struct feed, field)

static const struct figure feed_figures[] = {
    {"feed_bytes", "Bytes read by an input.", COUNTER, OF_FEED(bytes)},
    {"feed_records", "Records read by an input.", COUNTER, OF_FEED(records)},
    {"feed_accepted", "Records of an input counted.", COUNTER, OF_FEED(accepted)},
    {"feed_duplicates", "Records of an input seen before.", COUNTER, OF_FEED(duplicates)},
    {"feed_quarantined", "Records of an input refused.", COUNTER, OF_FEED(quarantined)},
    {"feed_ignored", "Records of an input left out.", COUNTER, OF_FEED(ignored)},
    {"feed_lost", "What an input knows it could not take.", COUNTER, OF_FEED(lost)},
    {"feed_gave_way", "Connections of an input closed to let a newcomer in.", COUNTER,
     OF_FEED(gave_way)},
    {"feed_strangers", "Requests to an input that were not signed as it wants.", COUNTER,
     OF_FEED(strangers)},
    {"feed_stopped_matching_timestamp_seconds",
     "Since when an input's format has not matched what comes; 0: it matches.", GAUGE,
     OF_FEED(stopped_matching)},
    {"feed_behind_bytes", "Bytes known to wait at an input.", GAUGE, OF_FEED(behind)},
    {"feed_last_record_timestamp_seconds", "Event time of an input's newest record.", GAUGE,
     OF_FEED(last_record)},
    {"feed_last_arrival_timestamp_seconds", "When an input last had a record.", GAUGE,
     OF_FEED(last_arrival)},
};

static uint64_t
value_at(const void *base, size_t at)
{
    uint64_t v;

    memcpy(&v, (const char *)base + at, sizeof v);
    return v;
}

static void
write_family(struct page *page, const char *name, enum kind kind, const char *help)
{
    static const char *const kinds[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [INFO] = "info"};
    const char *end = "";

    if (page->older)
        end = kind == COUNTER ? "_total" : kind == INFO ? "_info" : "";
    buf_printf(page->out, "# TYPE callswell_%s%s %s\n# HELP callswell_%s%s %s\n", name, end,
               kinds[page->older && kind == INFO ? GAUGE : kind], name, end, help);
}

/* Backslash, quote and line feed are the only bytes that must be escaped in a label. */
static void
write_label(struct page *page, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n')
            buf_str(page->out, "\\n");
        else if (*value == '\\' || *value == '"')
            buf_printf(page->out, "\\%c", *value);
        else
            buf_char(page->out, *value);
    }
}

static const char *
suffix(enum kind kind)
{
    return kind == COUNTER ? "_total" : "";
}

static void
write_engine(struct page *page, const struct engine_status *st)
{
    for (size_t i = 0; i < sizeof engine_figures / sizeof *engine_figures; i++) {
        const struct figure *f = &engine_figures[i];

        write_family(page, f->name, f->kind, f->help);
        buf_printf(page->out, "callswell_%s%s %llu\n", f->name, suffix(f->kind),
                   (unsigned long long)value_at(st, f->at));
    }
}

static void
write_feeds(struct page *page, struct engine *e)
{
    struct feed *feeds = xcalloc(MAX_FEEDS, sizeof *feeds);
    size_t n = engine_feeds(e, feeds, MAX_FEEDS);

    for (size_t i = 0; n > 0 && i < sizeof feed_figures / sizeof *feed_figures; i++) {
        const struct figure *f = &feed_figures[i];

        write_family(page, f->name, f->kind, f->help);
        for (size_t k = 0; k < n && k < MAX_FEEDS; k++) {
            buf_printf(page->out, "callswell_%s%s{input=\"", f->name, suffix(f->kind));
            write_label(page, feeds[k].input);
            buf_printf(page->out, "\"} %llu\n", (unsigned long long)value_at(&feeds[k], f->at));
        }
    }
    free(feeds);
}

/* Every holder, or those that have a value. */
static void
write_holders(struct page *page, const char *name, const char *help, const uint64_t bytes[HOLDERS],
              bool every)
{
    write_family(page, name, GAUGE, help);
    for (enum holder h = 0; h < HOLDERS; h++)
        if (every || bytes[h])
            buf_printf(page->out, "callswell_%s{holder=\"%s\"} %llu\n", name, holder_name(h),
                       (unsigned long long)bytes[h]);
}

static void
write_memory(struct page *page, struct engine *e)
{
    struct memory_use m;

    engine_memory(e, &m);
    write_holders(page, "memory_bytes", "Memory by who holds it.", m.held, true);
    write_holders(page, "memory_limit_bytes", "What a holder may hold, where there is a limit.",
                  m.limit, false);
    write_family(page, "memory_resident_bytes", GAUGE, "Resident memory of the process.");
    buf_printf(page->out, "callswell_memory_resident_bytes %llu\n", (unsigned long long)m.resident);
}

static void
write_flag(struct page *page, const char *name, const char *help, bool on)
{
    write_family(page, name, GAUGE, help);
    buf_printf(page->out, "callswell_%s %d\n", name, on);
}

static void
write_http(struct page *page, const struct http_stats *st)
{
    write_family(page, "http_requests", COUNTER, "Requests answered, by class of status.");
    for (int i = 2; i <= 5; i++)
        buf_printf(page->out, "callswell_http_requests_total{status=\"%dxx\"} %llu\n", i,
                   (unsigned long long)st->requests[i]);
    write_family(page, "http_connections", GAUGE, "Connections open now.");
    buf_printf(page->out, "callswell_http_connections %llu\n", (unsigned long long)st->open);
    write_family(page, "http_refused_connections", COUNTER, "Connections over a limit.");
    buf_printf(page->out, "callswell_http_refused_connections_total %llu\n",
               (unsigned long long)st->refused_connections);
    write_family(page, "http_gave_way", COUNTER, "Connections closed to let a newcomer in.");
    buf_printf(page->out, "callswell_http_gave_way_total %llu\n", (unsigned long long)st->gave_way);
    write_family(page, "http_body_bytes", GAUGE, "Memory of bodies being received.");
    buf_printf(page->out, "callswell_http_body_bytes %llu\n", (unsigned long long)st->memory);
}

#define MOST_WEBHOOKS 64

static void
write_webhooks(struct page *page, const struct serve *s)
{
    static const struct {
        const char *name, *help;
        enum kind kind;
        size_t at; /* of 64 bits */
    } rows[] = {
        {"webhook_delivered", "Messages that the receiver took, since start.", COUNTER,
         offsetof(struct deliver_count, delivered)},
        {"webhook_failures", "Tries that failed, since start.", COUNTER,
         offsetof(struct deliver_count, failed)},
        {"webhook_waiting", "Messages that wait to be delivered.", GAUGE,
         offsetof(struct deliver_count, waiting)},
        {"webhook_dead", "Messages that were given up: callswell webhook list --state dead.", GAUGE,
         offsetof(struct deliver_count, dead)},
        {"webhook_failing_since_timestamp_seconds", "Since when no try succeeds; 0: one did.",
         GAUGE, offsetof(struct deliver_count, failing_since)},
    };
    struct deliver_count *all = xcalloc(MOST_WEBHOOKS, sizeof *all);
    size_t n = deliver_counts(s->deliver, all, MOST_WEBHOOKS);

    for (size_t r = 0; n > 0 && r < sizeof rows / sizeof rows[0]; r++) {
        write_family(page, rows[r].name, rows[r].kind, rows[r].help);
        for (size_t i = 0; i < n; i++) {
            uint64_t value;

            memcpy(&value, (const char *)&all[i] + rows[r].at, sizeof value);
            buf_printf(page->out, "callswell_%s%s{webhook=\"", rows[r].name,
                       rows[r].kind == COUNTER ? "_total" : "");
            write_label(page, all[i].webhook);
            buf_printf(page->out, "\"} %llu\n", (unsigned long long)value);
        }
    }
    free(all);
}

static void
write_process(struct page *page, const struct serve *s, const struct engine_status *st)
{
    write_family(page, "build", INFO, "Version and node.");
    buf_printf(page->out, "callswell_build_info{version=\"%s\",node=\"", CALLSWELL_VERSION);
    write_label(page, s->config->node);
    buf_str(page->out, "\"} 1\n");
    write_family(page, "start_time_seconds", GAUGE, "When the daemon started.");
    buf_printf(page->out, "callswell_start_time_seconds %lld\n", (long long)s->started);
    write_flag(page, "ready", "1 if batches are being committed.", st->stalled[0] == '\0');
    write_flag(page, "redis_connected", "1 if Redis answers.", st->redis_connected);
    write_flag(page, "dedup_window_short", "1 if ids are known for less than duplicate_window.",
               st->dedup_problem[0] != '\0');
    write_family(page, "commit_last_seconds", GAUGE, "Duration of the last commit.");
    buf_printf(page->out, "callswell_commit_last_seconds %.3f\n",
               (double)st->commit_ms_last / 1000);
}

void
metrics_write(struct buf *out, struct serve *s, bool older)
{
    struct page page = {out, older};
    struct engine_status st;
    struct http_stats http;

    memset(&st, 0, sizeof st);
    engine_status(s->engine, &st);
    write_process(&page, s, &st);
    write_engine(&page, &st);
    write_memory(&page, s->engine);
    write_feeds(&page, s->engine);
    http_server_stats(s->http, &http);
    write_http(&page, &http);
    write_webhooks(&page, s);
    if (!older)
        buf_str(out, "# EOF\n");
}
