/*
 * migrations.c - the store's schema, as the numbered steps that made it.
 *
 * A step that has been released is never edited: what changes is a new step at the end. Each
 * runs in one transaction together with its row in schema_migration. A store with a step that
 * this program does not know was written by a newer version and is refused untouched.
 */
#include "store_private.h"

#include "civil.h"
#include "clock.h"

struct migration {
    const char *name;
    const char *const *sql; /* NULL-ended */
};

static const char *const people_and_usage[] = {
    "CREATE TABLE customer("
    " id TEXT PRIMARY KEY, name TEXT, owner TEXT, timezone TEXT,"
    " imported INTEGER NOT NULL DEFAULT 0, merged_into TEXT,"
    " first_seen TEXT, last_seen TEXT) WITHOUT ROWID",
    "CREATE TABLE customer_alias("
    " kind TEXT NOT NULL CHECK(kind IN ('alias', 'number', 'domain')),"
    " value TEXT NOT NULL, customer TEXT NOT NULL,"
    " PRIMARY KEY(kind, value)) WITHOUT ROWID",
    "CREATE INDEX customer_alias_customer ON customer_alias(customer)",
    "CREATE TABLE customer_day("
    " customer TEXT NOT NULL, day TEXT NOT NULL, legs INTEGER NOT NULL,"
    " seconds INTEGER NOT NULL, failed INTEGER NOT NULL, participants INTEGER NOT NULL,"
    " conferences INTEGER NOT NULL, PRIMARY KEY(customer, day)) WITHOUT ROWID",
    "CREATE TABLE customer_stat("
    " customer TEXT PRIMARY KEY, as_of TEXT NOT NULL, first_day TEXT, last_day TEXT,"
    " days_since_last INTEGER, active_days_30d INTEGER, active_days_90d INTEGER,"
    " legs_1d INTEGER, legs_7d INTEGER, legs_28d INTEGER, legs_30d INTEGER, legs_90d INTEGER,"
    " seconds_1d INTEGER, seconds_7d INTEGER, seconds_28d INTEGER, seconds_30d INTEGER,"
    " seconds_90d INTEGER, failed_1d INTEGER, failed_7d INTEGER, failed_28d INTEGER,"
    " failed_30d INTEGER, failed_90d INTEGER, participants_30d INTEGER,"
    " conferences_30d INTEGER, features_30d INTEGER, features_90d INTEGER,"
    " dominant_feature TEXT, dominant_feature_share REAL, dominant_quarter INTEGER,"
    " dominant_quarter_share REAL, office_share REAL, evening_share REAL, night_share REAL,"
    " weekend_share REAL, persona TEXT, trend REAL, rfm_r INTEGER, rfm_f INTEGER,"
    " rfm_m INTEGER, rfm_segment TEXT, recent_legs TEXT) WITHOUT ROWID",
    /* Everything a segment may ask about a customer, and nothing else. */
    "CREATE VIEW customer_profile AS SELECT"
    " c.id AS customer, c.name, c.owner, c.timezone, c.first_seen, c.last_seen, s.as_of,"
    " s.first_day, s.last_day, s.days_since_last, s.active_days_30d, s.active_days_90d,"
    " s.legs_1d, s.legs_7d, s.legs_28d, s.legs_30d, s.legs_90d, s.seconds_1d, s.seconds_7d,"
    " s.seconds_28d, s.seconds_30d, s.seconds_90d, s.failed_1d, s.failed_7d, s.failed_28d,"
    " s.failed_30d, s.failed_90d, s.participants_30d, s.conferences_30d, s.features_30d,"
    " s.features_90d, s.dominant_feature, s.dominant_feature_share, s.dominant_quarter,"
    " s.dominant_quarter_share, s.office_share, s.evening_share, s.night_share,"
    " s.weekend_share, s.persona, s.trend, s.rfm_r, s.rfm_f, s.rfm_m, s.rfm_segment"
    " FROM customer c LEFT JOIN customer_stat s ON s.customer = c.id"
    " WHERE c.merged_into IS NULL",
    "CREATE TABLE stage_history("
    " id INTEGER PRIMARY KEY, customer TEXT NOT NULL, dimension TEXT NOT NULL,"
    " from_stage TEXT, to_stage TEXT, at TEXT NOT NULL, rule TEXT, evidence TEXT)",
    "CREATE INDEX stage_history_customer ON stage_history(customer, at)",
    "CREATE TABLE segment_member("
    " segment TEXT NOT NULL, customer TEXT NOT NULL, since TEXT NOT NULL, evidence TEXT,"
    " PRIMARY KEY(segment, customer)) WITHOUT ROWID",
    "CREATE INDEX segment_member_customer ON segment_member(customer)",
    NULL,
};

static const char *const services_and_features[] = {
    "CREATE TABLE service_interval("
    " service TEXT NOT NULL, start TEXT NOT NULL, offered INTEGER NOT NULL,"
    " handled INTEGER NOT NULL, abandoned INTEGER NOT NULL,"
    " handle_seconds INTEGER NOT NULL, wait_seconds INTEGER NOT NULL,"
    " PRIMARY KEY(service, start)) WITHOUT ROWID",
    "CREATE TABLE staffing("
    " service TEXT NOT NULL, start TEXT NOT NULL, minutes INTEGER NOT NULL,"
    " forecast REAL NOT NULL, low INTEGER, high INTEGER, handle_seconds REAL,"
    " required INTEGER NOT NULL, scheduled INTEGER NOT NULL, rostered INTEGER, gap INTEGER,"
    " service_level REAL, occupancy REAL, completeness REAL, model TEXT NOT NULL,"
    " as_of TEXT NOT NULL, PRIMARY KEY(service, start)) WITHOUT ROWID",
    "CREATE TABLE roster("
    " service TEXT NOT NULL, start TEXT NOT NULL, minutes INTEGER NOT NULL,"
    " scheduled INTEGER NOT NULL, PRIMARY KEY(service, start)) WITHOUT ROWID",
    "CREATE TABLE feature_demand("
    " feature TEXT PRIMARY KEY, as_of TEXT NOT NULL, window_days INTEGER NOT NULL,"
    " people INTEGER NOT NULL, customers INTEGER NOT NULL, uses INTEGER NOT NULL,"
    " failed INTEGER NOT NULL, growth REAL, people_28d INTEGER, people_before_28d INTEGER,"
    " growth_q REAL, reach_low REAL, reach_high REAL, score REAL NOT NULL,"
    " rank INTEGER NOT NULL) WITHOUT ROWID",
    NULL,
};

static const char *const signals_and_events[] = {
    "CREATE TABLE signal("
    " id TEXT PRIMARY KEY, version INTEGER NOT NULL, kind TEXT NOT NULL,"
    " subject_type TEXT NOT NULL, subject TEXT NOT NULL, severity TEXT NOT NULL,"
    " value REAL, baseline REAL, delta REAL, low REAL, high REAL, p_value REAL,"
    " completeness REAL, window_start TEXT, window_end TEXT, reason TEXT NOT NULL,"
    " evidence TEXT, state TEXT NOT NULL CHECK(state IN ('open', 'acked', 'closed')),"
    " owner TEXT, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, expires TEXT,"
    " calm_windows INTEGER NOT NULL DEFAULT 0, calm_end TEXT, closed_at TEXT) WITHOUT ROWID",
    "CREATE UNIQUE INDEX signal_one_open ON signal(kind, subject) WHERE state <> 'closed'",
    "CREATE TABLE activity("
    " seq INTEGER NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " customer TEXT NOT NULL, start TEXT NOT NULL, service TEXT, agent TEXT, reason TEXT,"
    " record TEXT NOT NULL, PRIMARY KEY(seq, n)) WITHOUT ROWID",
    "CREATE INDEX activity_customer ON activity(customer, start)",
    "CREATE TABLE orders("
    " seq INTEGER NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " customer TEXT NOT NULL, start TEXT NOT NULL, product TEXT, quantity REAL, amount REAL,"
    " currency TEXT, record TEXT NOT NULL, PRIMARY KEY(seq, n)) WITHOUT ROWID",
    "CREATE INDEX orders_customer ON orders(customer, start)",
    "CREATE TABLE booking("
    " seq INTEGER NOT NULL, n INTEGER NOT NULL, id TEXT NOT NULL, customer TEXT NOT NULL,"
    " start TEXT NOT NULL, resource TEXT, state TEXT, record TEXT NOT NULL,"
    " PRIMARY KEY(seq, n)) WITHOUT ROWID",
    "CREATE INDEX booking_customer ON booking(customer, start)",
    "CREATE TABLE quarantine("
    " id INTEGER PRIMARY KEY, input TEXT NOT NULL, stream TEXT, position INTEGER NOT NULL,"
    " length INTEGER NOT NULL, reason TEXT NOT NULL, raw TEXT, arrived TEXT NOT NULL)",
    "CREATE TABLE feed_health("
    " input TEXT PRIMARY KEY, type TEXT NOT NULL, exact INTEGER NOT NULL,"
    " records INTEGER NOT NULL, accepted INTEGER NOT NULL, duplicates INTEGER NOT NULL,"
    " quarantined INTEGER NOT NULL, ignored INTEGER NOT NULL, lost INTEGER NOT NULL,"
    " last_record TEXT, last_arrival TEXT, behind_bytes INTEGER NOT NULL, problem TEXT,"
    " as_of TEXT NOT NULL) WITHOUT ROWID",
    /* What the passes remember between them. */
    "CREATE TABLE input_day(day TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE analyst(one INTEGER PRIMARY KEY CHECK(one = 1), ledger TEXT NOT NULL,"
    " analysed_seq INTEGER NOT NULL, events_seq INTEGER NOT NULL, day INTEGER NOT NULL,"
    " slot INTEGER NOT NULL, as_of TEXT NOT NULL, settings TEXT NOT NULL)",
    "CREATE TABLE active_people(one INTEGER PRIMARY KEY CHECK(one = 1), sketch BLOB NOT NULL)",
    NULL,
};

static const char *const reasons_to_decide[] = {
    "CREATE TABLE quarantine_count("
    " input TEXT NOT NULL, reason TEXT NOT NULL, records INTEGER NOT NULL,"
    " first_arrived TEXT NOT NULL, last_arrived TEXT NOT NULL,"
    " PRIMARY KEY(input, reason)) WITHOUT ROWID",
    "ALTER TABLE feature_demand ADD COLUMN largest_share REAL",
    "CREATE TABLE feature_spread("
    " feature TEXT PRIMARY KEY, uses INTEGER NOT NULL, largest INTEGER NOT NULL,"
    " as_of TEXT NOT NULL) WITHOUT ROWID",
    NULL,
};

static const char *const newest_of_the_ledger[] = {
    "ALTER TABLE analyst ADD COLUMN incarnation INTEGER",
    "ALTER TABLE analyst ADD COLUMN newest_seq INTEGER",
    NULL,
};

static const char *const hands_on_signals[] = {
    "ALTER TABLE signal ADD COLUMN acked_by TEXT",
    "ALTER TABLE signal ADD COLUMN acked_at TEXT",
    "ALTER TABLE signal ADD COLUMN closed_by TEXT",
    "ALTER TABLE signal ADD COLUMN note TEXT",
    NULL,
};

static const char *const patience_of_callers[] = {
    "ALTER TABLE staffing ADD COLUMN patience_seconds REAL",
    NULL,
};

static const char *const conferences_as_things[] = {
    "CREATE TABLE conference("
    " source TEXT NOT NULL, conference TEXT NOT NULL, first_seen TEXT NOT NULL,"
    " customer TEXT NOT NULL, name TEXT, start TEXT NOT NULL, until TEXT NOT NULL,"
    " joins INTEGER NOT NULL, legs INTEGER NOT NULL, people INTEGER NOT NULL,"
    " estimated INTEGER NOT NULL, PRIMARY KEY(source, conference, first_seen)) WITHOUT ROWID",
    "CREATE INDEX conference_customer ON conference(customer, start)",
    NULL,
};

/* One meeting may be a conference in several systems: each goes to the earliest of its customer
 * that it overlaps and shares the id with, which leaves no doubt, or the name (confidence 0.8);
 * and on from there. */
static const char *const meetings_over_systems[] = {
    "CREATE VIEW meeting AS"
    " WITH RECURSIVE one(id, met, confidence) AS ("
    " SELECT json_array(source, conference, first_seen), json_remove(found, '$[3]'),"
    " iif(json_extract(found, '$[3]'), 1.0, 0.8) FROM"
    " (SELECT c.source, c.conference, c.first_seen, (SELECT"
    " json_array(o.source, o.conference, o.first_seen, o.conference = c.conference)"
    " FROM conference o WHERE o.customer = c.customer AND o.start <= c.until AND o.until >= c.start"
    " AND o.start >= strftime('%Y-%m-%dT%H:%M:%SZ', c.start, '-1 day')"
    " AND (o.conference = c.conference OR o.name = c.name)"
    " ORDER BY o.start, o.source, o.conference, o.first_seen LIMIT 1) AS found FROM conference c)),"
    " way(id, met, confidence, steps) AS (SELECT id, id, 1.0, 0 FROM one UNION ALL"
    " SELECT way.id, one.met, min(way.confidence, one.confidence), steps + 1 FROM way JOIN one"
    " ON one.id = way.met WHERE one.met <> one.id AND steps < 8),"
    " last(id, met, confidence, steps) AS (SELECT id, met, confidence, max(steps) FROM way GROUP "
    "BY id)"
    " SELECT c.customer, last.met AS meeting, min(c.start) AS start, max(c.until) AS until,"
    " count(*) AS conferences, count(DISTINCT c.source) AS systems, sum(c.joins) AS joins,"
    " sum(c.legs) AS legs, max(c.people) AS people, sum(c.people) AS people_most,"
    " sum(c.estimated) AS estimated, min(last.confidence) AS confidence"
    " FROM conference c JOIN last ON last.id = json_array(c.source, c.conference, c.first_seen)"
    " GROUP BY c.customer, last.met",
    NULL,
};

static const char *const demand_and_its_spread[] = {
    "ALTER TABLE feature_demand ADD COLUMN new_28d INTEGER",
    "ALTER TABLE feature_demand ADD COLUMN new_before_28d INTEGER",
    "ALTER TABLE feature_demand ADD COLUMN lost_28d INTEGER",
    "ALTER TABLE feature_demand ADD COLUMN votes REAL",
    "ALTER TABLE feature_demand ADD COLUMN customers_wanting INTEGER",
    "ALTER TABLE feature_demand ADD COLUMN customers_denied INTEGER",
    "ALTER TABLE feature_demand ADD COLUMN rank_low INTEGER",
    "ALTER TABLE feature_demand ADD COLUMN rank_high INTEGER",
    "ALTER TABLE feature_demand ADD COLUMN crosses_on TEXT",
    /* Made again by the next pass that reads all customers. */
    "DROP TABLE feature_spread",
    "CREATE TABLE feature_spread("
    " feature TEXT PRIMARY KEY, as_of TEXT NOT NULL, largest_share REAL NOT NULL,"
    " wanting INTEGER NOT NULL, denied INTEGER NOT NULL, root REAL NOT NULL,"
    " draws BLOB NOT NULL) WITHOUT ROWID",
    NULL,
};

static const char *const outlooks_and_stages[] = {
    "CREATE TABLE customer_outlook("
    " customer TEXT PRIMARY KEY, as_of TEXT NOT NULL, second_day TEXT,"
    " active_days_52w INTEGER NOT NULL DEFAULT 0, expected_days_4w REAL,"
    " expected_days_13w REAL, silence_p REAL, due_by TEXT, stage TEXT, stage_since TEXT,"
    " usage_group TEXT) WITHOUT ROWID",
    "CREATE TABLE model("
    " name TEXT PRIMARY KEY, as_of TEXT NOT NULL, parameters TEXT NOT NULL) WITHOUT ROWID",
    "ALTER TABLE stage_history ADD COLUMN back TEXT",
    "DROP VIEW customer_profile",
    "CREATE VIEW customer_profile AS SELECT"
    " c.id AS customer, c.name, c.owner, c.timezone, c.first_seen, c.last_seen, s.as_of,"
    " s.first_day, s.last_day, s.days_since_last, s.active_days_30d, s.active_days_90d,"
    " s.legs_1d, s.legs_7d, s.legs_28d, s.legs_30d, s.legs_90d, s.seconds_1d, s.seconds_7d,"
    " s.seconds_28d, s.seconds_30d, s.seconds_90d, s.failed_1d, s.failed_7d, s.failed_28d,"
    " s.failed_30d, s.failed_90d, s.participants_30d, s.conferences_30d, s.features_30d,"
    " s.features_90d, s.dominant_feature, s.dominant_feature_share, s.dominant_quarter,"
    " s.dominant_quarter_share, s.office_share, s.evening_share, s.night_share,"
    " s.weekend_share, s.persona, s.trend, s.rfm_r, s.rfm_f, s.rfm_m, s.rfm_segment,"
    " o.active_days_52w, o.expected_days_4w, o.expected_days_13w, o.silence_p, o.due_by,"
    " o.stage, o.stage_since, o.usage_group"
    " FROM customer c LEFT JOIN customer_stat s ON s.customer = c.id"
    " LEFT JOIN customer_outlook o ON o.customer = c.id WHERE c.merged_into IS NULL",
    NULL,
};

#define COMPLETENESS_OF(kind, name, from, to)                                                      \
    "coalesce((SELECT CASE WHEN sum(f.usual) > 0 THEN sum(f.usual * f.completeness) /"             \
    " sum(f.usual) WHEN count(*) > 0 THEN 1.0 END FROM way w JOIN feed_interval f"                 \
    " ON f.input = w.input WHERE w.kind = '" kind "' AND w.name = " name " AND f.start >= " from   \
    " AND f.start < " to "), (SELECT CASE WHEN sum(f.usual) > 0 THEN"                              \
    " sum(f.usual * f.completeness) / sum(f.usual) WHEN count(*) > 0 THEN 1.0 END"                 \
    " FROM (SELECT DISTINCT input FROM way) w JOIN feed_interval f ON f.input = w.input"           \
    " WHERE f.start >= " from " AND f.start < " to ")) AS completeness"

/* Completeness changes as late records come in: it is worked out when somebody looks. */
static const char *const trust_in_data[] = {
    "CREATE TABLE feed_interval("
    " input TEXT NOT NULL, start TEXT NOT NULL, records INTEGER NOT NULL, usual REAL NOT NULL,"
    " completeness REAL, still_expected REAL, PRIMARY KEY(input, start)) WITHOUT ROWID",
    "CREATE TABLE way("
    " kind TEXT NOT NULL, name TEXT NOT NULL, input TEXT NOT NULL,"
    " PRIMARY KEY(kind, name, input)) WITHOUT ROWID",
    "CREATE VIEW customer_day_completeness AS SELECT d.*, " COMPLETENESS_OF(
        "customer", "d.customer", "d.day", "date(d.day, '+1 day')") " FROM customer_day d",
    "CREATE VIEW service_interval_completeness AS SELECT s.*, " COMPLETENESS_OF(
        "service", "s.service", "s.start",
        "strftime('%Y-%m-%dT%H:%M:%SZ', s.start, '+15 minutes')") " FROM service_interval s",
    "ALTER TABLE feed_health ADD COLUMN silent_since TEXT",
    "ALTER TABLE feed_health ADD COLUMN usual_silence INTEGER",
    "ALTER TABLE signal ADD COLUMN held TEXT",
    "ALTER TABLE signal ADD COLUMN rule TEXT",
    "ALTER TABLE signal ADD COLUMN closed_for TEXT",
    "CREATE TABLE signal_rest("
    " kind TEXT NOT NULL, subject_type TEXT NOT NULL, subject TEXT NOT NULL,"
    " severity TEXT NOT NULL, value REAL, baseline REAL, delta REAL, window_start TEXT,"
    " window_end TEXT, reason TEXT NOT NULL, owner TEXT, as_of TEXT NOT NULL,"
    " PRIMARY KEY(kind, subject)) WITHOUT ROWID",
    NULL,
};

static const char *const days_and_scores[] = {
    "CREATE TABLE calendar("
    " day TEXT NOT NULL, service TEXT NOT NULL DEFAULT '', factor REAL NOT NULL, name TEXT,"
    " PRIMARY KEY(day, service)) WITHOUT ROWID",
    "CREATE TABLE forecast_score("
    " service TEXT NOT NULL, method TEXT NOT NULL, horizon TEXT NOT NULL, wape REAL, floor REAL,"
    " naive_wape REAL, mase REAL, pinball REAL, coverage80 REAL, coverage95 REAL,"
    " origins INTEGER NOT NULL, as_of TEXT NOT NULL,"
    " PRIMARY KEY(service, method, horizon)) WITHOUT ROWID",
    "CREATE TABLE availability("
    " service TEXT PRIMARY KEY, factor REAL, contacts REAL NOT NULL, wait_seconds REAL,"
    " planned_wait_seconds REAL, window_days INTEGER NOT NULL, as_of TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE staffing_move("
    " from_service TEXT NOT NULL, to_service TEXT NOT NULL, start TEXT NOT NULL,"
    " minutes INTEGER NOT NULL, people INTEGER NOT NULL, as_of TEXT NOT NULL,"
    " PRIMARY KEY(start, to_service, from_service)) WITHOUT ROWID",
    "ALTER TABLE staffing ADD COLUMN low95 INTEGER",
    "ALTER TABLE staffing ADD COLUMN high95 INTEGER",
    "ALTER TABLE staffing ADD COLUMN required_expected INTEGER",
    "ALTER TABLE staffing ADD COLUMN scheduled_expected INTEGER",
    "ALTER TABLE staffing ADD COLUMN availability REAL",
    "ALTER TABLE staffing ADD COLUMN day_factor REAL",
    "ALTER TABLE staffing ADD COLUMN day_name TEXT",
    "ALTER TABLE staffing ADD COLUMN wape REAL",
    "ALTER TABLE staffing ADD COLUMN wape_floor REAL",
    "ALTER TABLE staffing ADD COLUMN wape_naive REAL",
    NULL,
};

static const char *const groups_by_hours[] = {
    "CREATE TABLE usage_group("
    " name TEXT PRIMARY KEY, base TEXT NOT NULL, as_of TEXT NOT NULL, customers INTEGER NOT NULL,"
    " share REAL NOT NULL, office_share REAL NOT NULL, evening_share REAL NOT NULL,"
    " night_share REAL NOT NULL, weekend_share REAL NOT NULL, peak_hour INTEGER NOT NULL,"
    " centroid BLOB NOT NULL) WITHOUT ROWID",
    NULL,
};

static const char *const tokens_and_audit[] = {
    "CREATE TABLE token("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,"
    " role TEXT NOT NULL CHECK(role IN ('ingest', 'read', 'admin')), owner TEXT,"
    " created TEXT NOT NULL, revoked TEXT)",
    "CREATE TABLE audit("
    " id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, origin TEXT NOT NULL,"
    " action TEXT NOT NULL, subject TEXT, detail TEXT)",
    NULL,
};

static const char *const skills_and_handling[] = {
    "CREATE TABLE service_skill("
    " service TEXT NOT NULL, skill TEXT NOT NULL, share REAL NOT NULL, as_of TEXT NOT NULL,"
    " PRIMARY KEY(service, skill)) WITHOUT ROWID",
    "CREATE TABLE staffing_skill("
    " service TEXT NOT NULL, skill TEXT NOT NULL, start TEXT NOT NULL, minutes INTEGER NOT NULL,"
    " share REAL NOT NULL, forecast REAL NOT NULL, low INTEGER, high INTEGER,"
    " required INTEGER NOT NULL, scheduled INTEGER NOT NULL, required_expected INTEGER,"
    " scheduled_expected INTEGER, rostered INTEGER, gap INTEGER, service_level REAL,"
    " occupancy REAL, as_of TEXT NOT NULL, PRIMARY KEY(service, skill, start)) WITHOUT ROWID",
    "CREATE INDEX staffing_skill_start ON staffing_skill(start)",
    "ALTER TABLE staffing ADD COLUMN handle_wape REAL",
    "ALTER TABLE staffing ADD COLUMN handle_wape_floor REAL",
    "ALTER TABLE staffing ADD COLUMN handle_wape_naive REAL",
    NULL,
};

static const char *const seasons_of_services[] = {
    "CREATE TABLE season("
    " service TEXT NOT NULL, cycle TEXT NOT NULL, place INTEGER NOT NULL, factor REAL NOT NULL,"
    " low REAL, high REAL, cycles INTEGER NOT NULL, season TEXT, as_of TEXT NOT NULL,"
    " PRIMARY KEY(service, cycle, place)) WITHOUT ROWID",
    NULL,
};

static const char *const answers_and_orders[] = {
    "CREATE TABLE response("
    " place INTEGER NOT NULL PRIMARY KEY, answered TEXT NOT NULL, leads INTEGER NOT NULL,"
    " ordered INTEGER NOT NULL, rate REAL, low REAL, high REAL,"
    " ratio REAL, ratio_low REAL, ratio_high REAL,"
    " within REAL, within_low REAL, within_high REAL,"
    " expected REAL, late_p REAL, trend_p REAL, as_of TEXT NOT NULL)",
    NULL,
};

/* All that is asked of everybody's conferences of a day, without looking each of them up. */
static const char *const conferences_by_day[] = {
    "CREATE INDEX conference_start ON conference(start, until, people, legs)",
    NULL,
};

static const struct migration steps[] = {
    {"people and usage", people_and_usage},
    {"services and features", services_and_features},
    {"signals and events", signals_and_events},
    {"reasons to decide", reasons_to_decide},
    {"newest of the ledger", newest_of_the_ledger},
    {"hands on signals", hands_on_signals},
    {"patience of callers", patience_of_callers},
    {"conferences as things", conferences_as_things},
    {"meetings over systems", meetings_over_systems},
    {"demand and its spread", demand_and_its_spread},
    {"outlooks and stages", outlooks_and_stages},
    {"trust in data", trust_in_data},
    {"days and scores", days_and_scores},
    {"groups by hours", groups_by_hours},
    {"tokens and audit", tokens_and_audit},
    {"messages to others", migration_outbox},
    {"skills and handling", skills_and_handling},
    {"seasons of services", seasons_of_services},
    {"answers and orders", answers_and_orders},
    {"conferences by day", conferences_by_day},
    {"what moves on", migration_stage},
    {"who has spoken", migration_talk},
};

#define STEPS ((int64_t)(sizeof steps / sizeof steps[0]))

static enum status
version(struct store *s, int64_t *out, struct error *err)
{
    int64_t tables = 0;
    enum status st = store_int(
        s, "SELECT count(*) FROM sqlite_master WHERE name = 'schema_migration'", 0, &tables, err);

    *out = 0;
    if (st == ST_OK && tables)
        st = store_int(s, "SELECT max(version) FROM schema_migration", 0, out, err);
    if (st == ST_OK && *out > STEPS)
        return fail(err, ST_BAD_CONFIG,
                    "the store has schema version %lld, this program knows %lld: it was written "
                    "by a newer callswell; run that one",
                    (long long)*out, (long long)STEPS);
    return st;
}

static enum status
record_step(struct store *s, int64_t number, const char *name, struct error *err)
{
    char at[CIVIL_TEXT];
    struct query *q = NULL;
    enum status st =
        store_query(s, &q, "INSERT INTO schema_migration(version, name, at) VALUES(?, ?, ?)", err);

    if (st != ST_OK)
        return st;
    query_set_int(q, 1, number);
    query_set_str(q, 2, name);
    query_set_str(q, 3, format_utc(at, clock_now()));
    st = query_run(q, err);
    query_free(q);
    return st;
}

static enum status
run_step(struct store *s, int64_t number, struct error *err)
{
    const struct migration *m = &steps[number - 1];
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && m->sql[i]; i++)
        st = store_run(s, m->sql[i], err);
    return st == ST_OK ? record_step(s, number, m->name, err) : st;
}

enum status
migrations_run(struct store *s, struct error *err)
{
    int64_t have;
    enum status st = version(s, &have, err);

    while (st == ST_OK && have < STEPS) {
        /* Another process may have been here between the question and the lock. */
        st = store_begin(s, err);
        if (st == ST_OK)
            st = store_run(s,
                           "CREATE TABLE IF NOT EXISTS schema_migration("
                           " version INTEGER PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL)",
                           err);
        if (st == ST_OK)
            st = version(s, &have, err);
        if (st == ST_OK && have < STEPS)
            st = run_step(s, ++have, err);
        st = store_end(s, st, err);
    }
    return st;
}

enum status
migrations_check(struct store *s, struct error *err)
{
    int64_t have;
    enum status st = version(s, &have, err);

    if (st == ST_OK && have < STEPS)
        return fail(err, ST_NOT_FOUND,
                    "the store has schema version %lld and needs %lld: start callswelld once",
                    (long long)have, (long long)STEPS);
    return st;
}
