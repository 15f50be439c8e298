/*
 * analyst.c - one pass: what changed in the ledger becomes rows of the store.
 *
 * A pass asks the ledger how far it is folded, before it reads anything; the cells it then
 * reads are as new as that or newer, and newer ones will be read again. Every step writes
 * absolute rows in transactions of its own. The last write of a pass is the row that says how
 * far it got: a pass that was cut off has no such row and is done again, over the same cells
 * and some more. So a crash anywhere leaves the store a little old in places, never wrong
 * after the next pass.
 *
 * Every commit of a pass also names the newest batch of the ledger, and its incarnation, that any
 * row may come from. A ledger that does not have that in its history was put back to an earlier
 * state, however far it has come since: the store starts over.
 */
#include "pass.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "customer_rows.h"
#include "hash.h"
#include "log.h"
#include "outbox.h"
#include "signals.h"
#include "trust.h"
#include "usage_groups.h"

/* Derived from the ledger alone: emptied when the store followed another ledger, or one that
 * has since been put back to an earlier state. What people wrote stays, and so do the days that
 * the ledger no longer has. */
static const char forget_sql[] =
    "DELETE FROM customer_stat; DELETE FROM feed_interval; DELETE FROM way;"
    "DELETE FROM forecast_score; DELETE FROM availability;"
    "DELETE FROM feature_demand; DELETE FROM active_people; DELETE FROM input_day;"
    "DELETE FROM activity; DELETE FROM orders; DELETE FROM booking; DELETE FROM conference;"
    "DELETE FROM quarantine;"
    "DELETE FROM quarantine_count; DELETE FROM feature_spread; DELETE FROM customer_outlook;"
    "DELETE FROM usage_group; DELETE FROM model;"
    "DELETE FROM segment_member WHERE segment GLOB 'rfm:*';"
    "DELETE FROM customer WHERE imported = 0 AND merged_into IS NULL"
    " AND id NOT IN (SELECT customer FROM customer_day);"
    "DELETE FROM analyst";

struct place {
    char ledger[40];
    uint64_t seq, events;
    uint64_t incarnation, newest; /* 0: written by a version that did not keep them */
    int32_t day;
    int64_t slot;
    char settings[24];
    bool known;
};

static enum status
check_segments(const struct config *c, struct error *err)
{
    for (size_t i = 0; i < c->segment_count; i++) {
        const struct config_segment *s = &c->segments[i];
        struct error cause;

        if (segment_check(s->name, s->where, &cause) != ST_OK)
            return fail(err, ST_BAD_CONFIG, "%s:%d: %.180s", c->file ? c->file : "configuration",
                        s->line, cause.text);
    }
    return ST_OK;
}

enum status
analyst_open(struct analyst **out, const struct analyst_options *opt, struct error *err)
{
    struct analyst *a = xcalloc(1, sizeof *a);
    enum status st;

    a->config = opt->config;
    a->opened = clock_now();
    a->ledger_path = xstrdup(opt->ledger_path);
    a->store_path = xstrdup(opt->store_path);
    weekdays_read(a->config->weekend, &a->weekend);
    st = zone_load(&a->zone, opt->config->timezone, err);
    if (st == ST_OK)
        st = check_segments(opt->config, err);
    if (st == ST_OK)
        st = store_open(&a->store, opt->store_path, STORE_ANALYST, err);
    if (st == ST_OK)
        st = outbox_configure(a->store, opt->config, err);
    if (st != ST_OK) {
        analyst_close(a);
        return st;
    }
    *out = a;
    return ST_OK;
}

void
analyst_close(struct analyst *a)
{
    if (!a)
        return;
    ledger_reader_close(a->reader);
    staffing_plans_free(a->plans);
    store_close(a->store);
    trust_free(a->trust);
    free(a->ledger_path);
    free(a->store_path);
    free(a);
}

enum status
segment_check(const char *name, const char *where, struct error *err)
{
    struct store *s = NULL;
    struct query *q = NULL;
    struct error cause = {0};
    enum status st;

    if (strncmp(name, "rfm:", 4) == 0)
        return fail(err, ST_BAD_CONFIG, "segment \"%s\": names that begin with rfm: are taken",
                    name);
    st = store_open(&s, ":memory:", STORE_ANALYST, &cause);
    if (st == ST_OK)
        st = segment_query(s, &q, where, &cause);
    if (st == ST_OK) {
        /* Some mistakes show only when it runs ("like" with a bad escape, endless loops). */
        segment_limit(s, true);
        st = query_run(q, &cause);
        st = st == ST_OK ? ST_OK : ST_BAD_CONFIG;
    }
    query_free(q);
    store_close(s);
    return st == ST_OK ? ST_OK : fail(err, st, "segment \"%s\": %.180s", name, cause.text);
}

static enum status
read_place(struct store *s, struct place *out, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        s, &q,
        "SELECT ledger, analysed_seq, events_seq, day, slot, settings, incarnation, newest_seq"
        " FROM analyst",
        err);

    *out = (struct place){0};
    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK) {
        snprintf(out->ledger, sizeof out->ledger, "%.*s", SPAN_ARG(query_text(q, 0)));
        out->seq = (uint64_t)query_int(q, 1);
        out->events = (uint64_t)query_int(q, 2);
        out->day = (int32_t)query_int(q, 3);
        out->slot = query_int(q, 4);
        snprintf(out->settings, sizeof out->settings, "%.*s", SPAN_ARG(query_text(q, 5)));
        out->incarnation = (uint64_t)query_int(q, 6);
        out->newest = (uint64_t)query_int(q, 7);
        out->known = true;
    }
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* Before each commit of a pass. */
static enum status
name_newest(void *arg, struct error *err)
{
    struct analyst *a = arg;
    struct ledger_state ledger;
    struct query *q = NULL;
    enum status st = ledger_reader_state(a->reader, &ledger, err);

    if (st == ST_OK)
        st = store_query(a->store, &q, "UPDATE analyst SET incarnation = ?1, newest_seq = ?2", err);
    if (st == ST_OK) {
        query_set_int(q, 1, (int64_t)ledger.incarnation);
        query_set_int(q, 2, (int64_t)ledger.last_batch);
        st = query_run(q, err);
    }
    query_free(q);
    return st;
}

/* The last write of a pass; its commit adds the newest batch. */
static enum status
write_place(struct pass *p, const struct place *at, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        p->store, &q,
        "INSERT OR REPLACE INTO analyst(one, ledger, analysed_seq, events_seq, day, slot, as_of,"
        " settings) VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        err);

    if (st == ST_OK)
        st = store_tick(p->store, err);
    if (st == ST_OK) {
        query_set_str(q, 1, at->ledger);
        query_set_int(q, 2, (int64_t)at->seq);
        query_set_int(q, 3, (int64_t)at->events);
        query_set_int(q, 4, at->day);
        query_set_int(q, 5, at->slot);
        query_set_str(q, 6, p->now_text);
        query_set_str(q, 7, at->settings);
        st = query_run(q, err);
    }
    query_free(q);
    return st == ST_OK ? store_commit_open(p->store, err) : st;
}

/* Whatever in the configuration changes an answer. */
static void
describe_settings(const struct config *c, char out[24])
{
    struct buf b = {0};

    buf_printf(&b, "%s\nweekend %s\n", c->timezone ? c->timezone : "",
               c->weekend ? c->weekend : "");
    for (size_t i = 0; i < c->segment_count; i++)
        buf_printf(&b, "segment %s %s\n", c->segments[i].name, c->segments[i].where);
    for (size_t i = 0; i < c->service_count; i++) {
        const struct config_service *s = &c->services[i];

        buf_printf(&b, "service %s %s %g %g %g %g %d %d %g %g %g %g", s->name,
                   s->match ? s->match : "", s->service_level, s->answer_within, s->max_occupancy,
                   s->shrinkage, s->interval, s->minimum_staff, s->patience, s->max_abandon,
                   s->rate, s->availability);
        buf_printf(&b, " %s %g", s->concurrent ? s->concurrent : "", s->per);
        for (char **other = s->can_serve; other && *other; other++)
            buf_printf(&b, " %s", *other);
        buf_char(&b, '\n');
    }
    buf_char(&b, '\n');
    snprintf(out, 24, "%016llx", (unsigned long long)hash_bytes(b.p, b.n, 0));
    buf_clear(&b);
}

/* Changes whenever another connection has committed something. */
static enum status
notice_edits(struct pass *p, struct error *err)
{
    int64_t edits = 0;
    enum status st = store_int(p->store, "PRAGMA data_version", 0, &edits, err);

    p->edited = edits != p->a->edits;
    p->a->edits = edits;
    return st;
}

/* Is there anything in the store that this ledger, of the same id, does not know (any more)? */
static enum status
was_put_back(struct pass *p, const struct place *last, bool *out, struct error *err)
{
    bool known = true;
    enum status st = ST_OK;

    if (last->incarnation)
        st = ledger_reader_in_history(p->a->reader, last->incarnation, last->newest, &known, err);
    *out = !known || last->seq > p->ledger->folded_batch;
    if (st == ST_OK && *out)
        log_warn("ledger_is_older_than_store",
                 "store_batch=%llu ledger_batch=%llu text=\"the ledger was restored from an older"
                 " copy, or recovered: what was derived from it is made anew\"",
                 (unsigned long long)(last->incarnation ? last->newest : last->seq),
                 (unsigned long long)p->ledger->last_batch);
    return st;
}

static enum status
forget(struct pass *p, int32_t kept_before, struct error *err)
{
    static const char *const copies[] = {"DELETE FROM customer_day WHERE day >= ?1",
                                         "DELETE FROM service_interval WHERE start >= ?1"};
    char day[CIVIL_TEXT];
    enum status st = store_begin(p->store, err);

    format_day(day, kept_before);
    for (size_t i = 0; st == ST_OK && i < sizeof copies / sizeof copies[0]; i++) {
        struct query *q = NULL;

        st = store_query(p->store, &q, copies[i], err);
        if (st == ST_OK) {
            query_set_str(q, 1, day);
            st = query_run(q, err);
        }
        query_free(q);
    }
    if (st == ST_OK)
        st = store_run(p->store, forget_sql, err);
    return st == ST_OK ? store_commit(p->store, err) : st;
}

/* Compares where the last pass ended with where we are. */
static enum status
begin_pass(struct pass *p, const struct ledger_state *ledger, struct place *at, struct error *err)
{
    struct place last;
    bool put_back = false;
    enum status st = read_place(p->store, &last, err);

    if (st == ST_OK)
        st = notice_edits(p, err);
    p->first = !last.known || strcmp(last.ledger, ledger->id) != 0;
    if (st == ST_OK && !p->first)
        st = was_put_back(p, &last, &put_back, err);
    if (st != ST_OK)
        return st;
    *at = (struct place){
        .seq = ledger->folded_batch,
        .events = last.events,
        .day = p->today,
        .slot = p->now / QUARTER_SECONDS,
    };
    snprintf(at->ledger, sizeof at->ledger, "%s", ledger->id);
    describe_settings(p->a->config, at->settings);
    p->first |= put_back;
    p->since = p->first ? 0 : last.seq;
    p->settings_changed = strcmp(last.settings, at->settings) != 0;
    p->slot_changed = last.slot != at->slot;
    p->full = p->first || p->settings_changed || last.day != p->today;
    if (p->first) {
        at->events = 0;
        /* Without a place, a first pass over this ledger was cut off. */
        st = forget(p, last.known && !put_back ? 0 : ledger->floor, err);
    }
    return st == ST_OK ? pass_load_input(p, err) : st;
}

/* In this order: a skill of a service may be that of a segment. */
static const struct {
    const char *name;
    enum status (*run)(struct pass *p, struct error *err);
} steps[] = {
    {"trust", pass_trust},       {"customers", pass_customers},
    {"services", pass_services}, {"input_days", pass_save_input},
    {"features", pass_features}, {"rfm", pass_rfm},
    {"past", pass_past},         {"segments", pass_segments},
    {"staffing", pass_staffing}, {"change", pass_change},
    {"season", pass_season},     {"quarantine", pass_quarantine},
    {"expiry", signals_expire},
};

/* Says what each of them cost: "where does the analyst's time go" is asked of slow machines. */
static enum status
run_steps(struct pass *p, struct place *at, struct error *err)
{
    int64_t before = clock_cpu_us(), after;
    uint64_t events = at->events;
    struct buf costs = {0};
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < sizeof steps / sizeof steps[0]; i++, before = after) {
        st = steps[i].run(p, err);
        after = clock_cpu_us();
        buf_printf(&costs, " %s_us=%lld", steps[i].name, (long long)(after - before));
    }
    if (st == ST_OK)
        st = pass_events(p, events, &at->events, err);
    after = clock_cpu_us();
    buf_printf(&costs, " events_us=%lld", (long long)(after - before));
    before = after;
    if (st == ST_OK)
        st = pass_response(p, err);
    after = clock_cpu_us();
    if (st == ST_OK && (p->full || p->customers_changed || at->events != events))
        st = pass_outlook(p, events, err);
    if (st == ST_OK)
        st = pass_usage(p, err);
    log_debug("analysis_steps", "first=%d full=%d%s response_us=%lld outlook_us=%lld", p->first,
              p->full, costs.p, (long long)(after - before), (long long)(clock_cpu_us() - after));
    buf_clear(&costs);
    return st;
}

enum status
analyst_reload(struct analyst *a, const struct config *wanted, struct error *err)
{
    const struct zone *zone;
    enum status st = zone_load(&zone, wanted->timezone, err);

    if (st == ST_OK)
        st = check_segments(wanted, err);
    if (st == ST_OK)
        a->wanted = wanted;
    return st;
}

static enum status
take_settings(struct analyst *a, struct error *err)
{
    enum status st = zone_load(&a->zone, a->config->timezone, err);

    weekdays_read(a->config->weekend, &a->weekend);
    return st == ST_OK ? outbox_configure(a->store, a->config, err) : st;
}

static enum status
take_config(struct analyst *a, struct error *err)
{
    const struct config *wanted = atomic_exchange(&a->wanted, NULL);

    if (!wanted)
        return ST_OK;
    a->config = wanted;
    return take_settings(a, err);
}

enum status
analyst_run(struct analyst *a, int64_t now, uint64_t *seq, struct error *err)
{
    struct pass p = {.a = a, .store = a->store, .now = now, .today = day_of(now)};
    struct ledger_state ledger;
    struct place at;
    enum status st = ST_OK;

    st = take_config(a, err);
    format_utc(p.now_text, now);
    if (st == ST_OK && !a->reader)
        st = ledger_reader_open(&a->reader, a->ledger_path, err);
    if (st == ST_OK)
        st = ledger_reader_state(a->reader, &ledger, err);
    p.ledger = &ledger;
    store_before_commit(a->store, name_newest, a);
    if (st == ST_OK)
        st = begin_pass(&p, &ledger, &at, err);
    if (st == ST_OK)
        st = run_steps(&p, &at, err);
    if (st == ST_OK)
        st = write_place(&p, &at, err);
    query_free(p.put_interval);
    customer_rows_free(p.rows);
    usage_gather_free(p.usage);
    store_before_commit(a->store, NULL, NULL);
    if (st != ST_OK) {
        store_rollback(a->store);
        return st;
    }
    *seq = at.seq;
    return ST_OK;
}

void
analyst_interrupt(struct analyst *a)
{
    store_interrupt(a->store);
}

static const struct {
    const char *kind;
    void (*add)(struct directory_builder *b, struct span value, struct span id);
} rule_kinds[] = {
    {"alias", directory_builder_alias},
    {"number", directory_builder_number},
    {"domain", directory_builder_domain},
};

static enum status
add_ids(struct store *s, struct directory_builder *b, struct error *err)
{
    struct query *q = NULL;
    /* Names that were merely seen are no rules: a number imported later must still match. */
    enum status st = store_query(
        s, &q, "SELECT id FROM customer WHERE imported = 1 AND merged_into IS NULL", err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK)
        directory_builder_id(b, query_text(q, 0));
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
add_rules(struct store *s, struct directory_builder *b, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q, "SELECT kind, value, customer FROM customer_alias", err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK)
        for (size_t i = 0; i < sizeof rule_kinds / sizeof rule_kinds[0]; i++)
            if (span_is(query_text(q, 0), rule_kinds[i].kind))
                rule_kinds[i].add(b, query_text(q, 1), query_text(q, 2));
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* On a connection of its own, for a pass may be using the other in another thread. */
enum status
analyst_directory(struct analyst *a, struct directory_builder *b, struct error *err)
{
    struct store *s = NULL;
    enum status st = store_open(&s, a->store_path, STORE_READ, err);

    if (st == ST_OK)
        st = add_ids(s, b, err);
    if (st == ST_OK)
        st = add_rules(s, b, err);
    store_close(s);
    return st;
}
