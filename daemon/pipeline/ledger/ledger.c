/*
 * ledger.c - the writer of ledger.db.
 *
 * Protocol
 *   open    a new incarnation begins: the wall clock in microseconds or, if that is not later
 *           than the previous one, a little more than that by chance; the same transaction
 *           records where the previous one ended
 *   commit  one BEGIN IMMEDIATE transaction a batch: deltas into the log, fingerprints,
 *           quarantine, cursors, audit, and the state row. Only after it does anybody hear
 *           "yes"
 *   fold    one transaction: the totals changed since the last fold are written as absolute
 *           rows, and the log behind them is deleted
 *   both    an import's batch is committed and folded in one transaction, and is never in the
 *           log: the new totals are made beside those that stand, written with all the rest of
 *           the batch, and taken into memory after COMMIT. They are the same at every attempt
 *
 * Invariants
 *   I1  no acknowledgement or position is ahead of the commit that holds its effect
 *   I2  a record's effect, or its quarantine row, is in the ledger exactly once
 *   I3  records = accepted + duplicates + quarantined + ignored, per batch and for ever
 *   I4  a total equals the sum of all deltas up to its seq; fold and delete are one transaction
 *   I7  an older incarnation, batch or fold changes nothing
 *   I8  nothing is dropped for want of room: it is refused, waits, or stands in quarantine
 *   I9  memory is bounded: the queue, two open batches, the filter, the totals since a fold
 * (I5 and I6 are the projection's: top of trends/projection.c.) The process ends when I1, I3, I4 or
 * I7 does not hold, and when a position would move from elsewhere than where it was left (I2);
 * `callswell ledger check` looks at I3 and I4 in what is on disk; I8 is engine_room.c's and
 * engine_disk.c's, I9 is the limits of the configuration.
 *
 *   crash                          leaves                        the next start does
 *   before COMMIT returns          no batch, or a whole one      reads again; what was in is a
 *                                  that nobody was told of       duplicate or behind a cursor
 *   after COMMIT, before answers   the batch, unacknowledged     the same
 *   in a fold                      the old totals and the log    replays the log, folds again
 *   in both at once                as before or after COMMIT     as there
 *   in a WAL checkpoint            WAL intact                    SQLite recovers
 *
 * synchronous=FULL: an acknowledged batch survives power loss. This is the only connection
 * that writes or checkpoints; all others are read-only.
 */
#include "ledger_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "clock.h"
#include "fault.h"
#include "ledger_layout.h"
#include "ledger_parts.h"
#include "ledger_sums.h"
#include "log.h"

#define DEFAULT_MAX_WAL (UINT64_C(1) << 30)
#define CHANCE_US       (UINT32_C(1) << 24) /* seconds, not to run far ahead of the clock */

static const char *const statement_sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PUT_BATCH] = "INSERT INTO batch " LEDGER_ROW("?1, ?2, ?3, ?4"),
    [PUT_SEEN] = "INSERT INTO seen " LEDGER_ROW("?1, ?2, ?3"),
    [PUT_QUARANTINE] = "INSERT INTO quarantine " LEDGER_ROW(
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15"),
    [DROP_QUARANTINE] = "DELETE FROM quarantine WHERE id = ?1",
    [PUT_EVENT] = "INSERT INTO event " LEDGER_ROW("?1, ?2, ?3, ?4, ?5, ?6, ?7"),
    [PUT_OPEN_LEG] = "INSERT OR REPLACE INTO open_leg " LEDGER_ROW("?1, ?2, ?3, ?4"),
    [DELETE_OPEN_LEG] = "DELETE FROM open_leg WHERE source = ?1 AND key = ?2",
    [PUT_CHECKPOINT] =
        "INSERT INTO checkpoint " LEDGER_ROW("?1, ?2, ?3, ?4, ?5, 0") " ON CONFLICT DO NOTHING",
    [MOVE_CHECKPOINT] = "UPDATE checkpoint SET position = ?3, fingerprint = ?4, seq = ?5,"
                        " checksum = row_checksum(?1, ?2, ?3, ?4, ?5, epoch)"
                        " WHERE source = ?1 AND identity = ?2 AND position = ?6"
                        " AND " LEDGER_CHECKPOINT_HOLDS,
    [PUT_AUDIT] = "INSERT INTO audit " LEDGER_ROW("?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"),
    [PUT_STATE] = "UPDATE meta SET (" LEDGER_STATE ", checksum) = (" LEDGER_STATE_VALUES
                  ", row_checksum(" LEDGER_STATE_VALUES "))",
    [PUT_TOTALS] = "INSERT INTO total SELECT partition, subject, period, seq, \"values\", checksum"
                   " FROM changed WHERE true ON CONFLICT DO UPDATE SET seq = excluded.seq,"
                   " \"values\" = excluded.\"values\", checksum = excluded.checksum",
    [PUT_TOTAL_DAY] = "INSERT OR IGNORE INTO total_day " LEDGER_ROW("?1, ?2"),
    [GET_TOTAL] = "SELECT seq, \"values\", checksum FROM total"
                  " WHERE partition = ?1 AND subject = ?2 AND period = ?3",
    [DELETE_BATCHES] = "DELETE FROM batch WHERE seq <= ?1",
    [DAMAGED_AUDIT] = "SELECT seq FROM audit WHERE seq > ?1 AND seq <= ?2"
                      " AND NOT " LEDGER_AUDIT_HOLDS " LIMIT 1",
    [FOLD_AUDIT] = "INSERT OR REPLACE INTO audit " LEDGER_ADDED_AUDIT(
        "seq > ?1 AND seq <= ?2 HAVING count(*) > 0"),
    [DELETE_AUDIT] = "DELETE FROM audit WHERE seq > ?1 AND seq < ?2",
    [DELETE_SEEN] = "DELETE FROM seen WHERE seq < ?1",
    [EMPTY_SEEN] = "UPDATE seen SET (" LEDGER_SEEN
                   ", checksum) = (?1, ?2, x'', row_checksum(?1, ?2, x'')) WHERE seq = ?1",
    [PUT_KEPT] = "INSERT INTO kept " LEDGER_ROW("?1, ?2, ?3, ?4"),
    [DELETE_KEPT] = "DELETE FROM kept WHERE number < ?1",
    [GET_CORRECTION] =
        "SELECT origin, seq, names, item, " LEDGER_CORRECTION_HOLDS " FROM correction"
        " WHERE fingerprint = ?1",
    [PUT_CORRECTION] = "INSERT OR REPLACE INTO correction " LEDGER_ROW("?1, ?2, ?3, ?4, ?5"),
    [DELETE_CORRECTIONS] = "DELETE FROM correction WHERE origin <= ?1",
    [PUT_MERGED] = "INSERT OR REPLACE INTO merged " LEDGER_ROW("?1, ?2, ?3"),
    [DELETE_MERGED] = "DELETE FROM merged WHERE seq <= ?1",
    [PUT_CORRECTED] = "INSERT OR REPLACE INTO corrected " LEDGER_ROW("1, ?1, ?2"),
    [PUT_INTAKE] = "INSERT INTO intake " LEDGER_ROW(
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "?14") " ON CONFLICT DO UPDATE SET (" LEDGER_INTAKE ", checksum) = (SELECT *, "
               "row_checksum(" LEDGER_INTAKE ") FROM (SELECT first_seq, input, stream, "
               "identity, unit,"
               " min(at, ?6) AS at, max(until, ?7) AS until, ?8 "
               "AS last_seq, records + ?9 AS records,"
               " accepted + ?10 AS accepted, min(first_quarter, "
               "?11) AS first_quarter,"
               " max(last_quarter, ?12) AS last_quarter, begun, "
               "max(ended, ?14) AS ended))",
    [PUT_FEED_QUARTER] = "INSERT INTO feed_quarter " LEDGER_ROW(
        "?1, ?2, ?3, ?4") " ON CONFLICT DO UPDATE SET records = records + ?4,"
                          " checksum = row_checksum(?1, ?2, ?3, records + ?4)",
    [DELETE_WAYS] = "DELETE FROM way WHERE kind = ?1 AND name = ?2",
    [PUT_WAY] = "INSERT OR IGNORE INTO way " LEDGER_ROW("?1, ?2, ?3"),
    [PUT_IDEM] = "INSERT INTO idem " LEDGER_ROW("?1, ?2, ?3, ?4, ?5"),
    [OLDEST_IDEM] = "SELECT seq, body_hash, answer, " LEDGER_IDEM_HOLDS
                    " FROM idem INDEXED BY idem_seq ORDER BY seq LIMIT ?1",
    [PUT_PAST] = "INSERT OR REPLACE INTO history " LEDGER_ROW("?1, ?2"),
    [DELETE_IDEM] = "DELETE FROM idem WHERE seq <= ?1",
    [OLDEST_TOTAL] = "SELECT subject, period FROM total WHERE partition = ?1 AND subject > ?2"
                     " ORDER BY subject, period LIMIT 1",
    [TOTALS_BELOW] = LEDGER_TOTAL_COLUMNS "WHERE partition = ?1 AND subject = ?2 AND period < ?3",
    [ANY_TOTAL] = "SELECT 1 FROM total WHERE partition = ?1 AND subject = ?2 LIMIT 1",
    [DELETE_TOTALS] = "DELETE FROM total WHERE partition = ?1 AND subject = ?2 AND period < ?3",
    [DELETE_DAYS] = "DELETE FROM total_day WHERE period < ?1",
};

static enum status
create_schema(struct ledger *l, const char *node, struct error *err)
{
    struct ledger_state fresh = {0};
    enum status result = sql_exec(l->db, "BEGIN IMMEDIATE;" LEDGER_SCHEMA, err);

    ledger_random_id(fresh.id);
    if (result == ST_OK)
        result = ledger_make_state(l->db, &fresh, node, err);
    return result == ST_OK ? sql_exec(l->db, "COMMIT", err) : result;
}

static enum status
load_past(struct ledger *l, struct error *err)
{
    sqlite3_stmt *st;
    enum status result =
        sql_prepare(l->db, &st,
                    "SELECT incarnation, last_seq, " LEDGER_HISTORY_HOLDS " FROM history"
                    " ORDER BY incarnation",
                    err);
    bool row = false;

    if (result != ST_OK)
        return result;
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        struct past past = {
            .incarnation = (uint64_t)sqlite3_column_int64(st, 0),
            .last_seq = (uint64_t)sqlite3_column_int64(st, 1),
        };

        if (!sqlite3_column_int(st, 2)) {
            result = fail(err, ST_CORRUPT, "ledger.db: the incarnation %llu fails its checksum",
                          (unsigned long long)past.incarnation);
            break;
        }
        l->past = xrealloc(l->past, (l->past_count + 1) * sizeof *l->past);
        l->past[l->past_count++] = past;
    }
    sqlite3_finalize(st);
    return result;
}

/* Incarnations order writers of one ledger in time, also across clocks set back. The clock makes
 * them unique; where it cannot, chance does: one more than the last would be what a lost future of
 * a ledger that was put back to an older copy had, too. */
static enum status
begin_incarnation(struct ledger *l, struct error *err)
{
    struct ledger_state next = l->state;
    uint64_t now = (uint64_t)clock_now_us();
    uint32_t chance;
    enum status result;

    next.incarnation++;
    if (now > next.incarnation)
        next.incarnation = now;
    else if (getrandom(&chance, sizeof chance, 0) == (ssize_t)sizeof chance)
        next.incarnation += chance % CHANCE_US;
    else
        return fail(err, ST_IO, "No random numbers from the system");
    result = sql_run(l->st[BEGIN], err);
    if (result != ST_OK)
        return result;
    if (l->state.incarnation > 0) {
        sqlite3_bind_int64(l->st[PUT_PAST], 1, (int64_t)l->state.incarnation);
        sqlite3_bind_int64(l->st[PUT_PAST], 2, (int64_t)l->state.last_batch);
        result = sql_run(l->st[PUT_PAST], err);
    }
    if (result == ST_OK)
        result = ledger_put_state(l, &next, err);
    if (result == ST_OK)
        result = sql_run(l->st[COMMIT], err);
    if (result == ST_OK)
        l->state.incarnation = next.incarnation;
    return result;
}

static int
kind_index(uint8_t kind)
{
    switch (kind) {
    case CELL_CUSTOMER:
        return 0;
    case CELL_FEATURE:
        return 1;
    case CELL_SERVICE:
        return 2;
    case CELL_REGION:
        return 3;
    }
    assert(kind == CELL_WORKLOAD);
    return 4;
}

/* A bit each for the days of the years 1970 to 9999, which those of records are. Of any other day
 * it is not known whether it has rows: they are looked for. */
#define LISTED_DAYS 2932897 /* 10000-01-01 */

static bool
listed(int32_t day)
{
    return day >= 0 && day < LISTED_DAYS;
}

void
ledger_know_day(struct ledger *l, uint8_t kind, int32_t day)
{
    size_t want = (size_t)day / 8 + 1;

    if (!listed(day))
        return;
    if (want > l->known_days) {
        for (int k = 0; k < 5; k++) {
            l->known_day[k] = xrealloc(l->known_day[k], want + 512);
            memset(l->known_day[k] + l->known_days, 0, want + 512 - l->known_days);
        }
        l->known_days = want + 512;
    }
    l->known_day[kind_index(kind)][day / 8] |= (uint8_t)(1u << (day % 8));
}

void
ledger_unknow_days(struct ledger *l, int32_t before)
{
    for (int32_t day = 0; day < before && (size_t)day / 8 < l->known_days; day++)
        for (int k = 0; k < 5; k++)
            l->known_day[k][day / 8] &= (uint8_t) ~(1u << (day % 8));
}

void
ledger_settle_days(struct ledger *l, bool committed)
{
    const struct fresh_day *fresh = (const struct fresh_day *)(const void *)l->fresh_days.p;
    size_t n = l->fresh_days.n / sizeof *fresh;

    for (size_t i = 0; !committed && i < n; i++)
        if (listed(fresh[i].day))
            l->known_day[kind_index(fresh[i].kind)][fresh[i].day / 8] &=
                (uint8_t) ~(1u << (fresh[i].day % 8));
    buf_reset(&l->fresh_days);
}

bool
ledger_day_is_listed(const struct ledger *l, uint8_t kind, int32_t day)
{
    return listed(day) && (size_t)day / 8 < l->known_days &&
           (l->known_day[kind_index(kind)][day / 8] >> (day % 8) & 1);
}

bool
ledger_day_may_have_rows(const struct ledger *l, uint8_t kind, int32_t day)
{
    return !listed(day) || ledger_day_is_listed(l, kind, day);
}

static enum status
load_days(struct ledger *l, struct error *err)
{
    sqlite3_stmt *st;
    enum status result =
        sql_prepare(l->db, &st, "SELECT kind, period, " LEDGER_DAY_HOLDS " FROM total_day", err);
    bool row = false;

    if (result != ST_OK)
        return result;
    while ((result = sql_step(st, &row, err)) == ST_OK && row) {
        if (!sqlite3_column_int(st, 2)) {
            result = fail(err, ST_CORRUPT, "ledger.db: the list of days fails its checksum");
            break;
        }
        ledger_know_day(l, (uint8_t)sqlite3_column_int(st, 0), sqlite3_column_int(st, 1));
    }
    sqlite3_finalize(st);
    return result;
}

static int
note_wal_size(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct ledger *l = arg;

    (void)db, (void)name;
    l->wal_pages = pages;
    return SQLITE_OK;
}

static enum status
open_database(struct ledger *l, const char *path, struct error *err)
{
    enum status result;

    if (sqlite3_open_v2(path, &l->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return sql_fail(l->db, path, err);
    sqlite3_extended_result_codes(l->db, 1);
    sqlite3_busy_timeout(l->db, LEDGER_BUSY_MS);
    result = sql_exec(l->db,
                      LEDGER_PAGES "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;"
                                   "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON",
                      err);
    if (result == ST_OK && !guard_stands("commit_synced"))
        result = sql_exec(l->db, "PRAGMA synchronous = NORMAL", err);
    if (result == ST_OK)
        sqlite3_wal_hook(l->db, note_wal_size, l);
    if (result == ST_OK)
        result = ledger_offer_sums(l->db, err);
    return result == ST_OK ? ledger_offer_rows(l, err) : result;
}

static void
cannot_convert(struct error *err)
{
    const char *colon = strrchr(err->text, ':');
    char why[80];

    snprintf(why, sizeof why, "%.79s", colon ? colon + 2 : err->text);
    fail(err, ST_FULL,
         "ledger.db is of an earlier layout and could not be converted, for which it takes its size"
         " again on the disk, at most: %s; nothing was changed",
         why);
}

/* Reads the state row. A ledger of the former layout is converted first, and stays as it is if it
 * turns out not to be ours. */
static enum status
read_state(struct ledger *l, const char *node, struct error *err)
{
    bool former = ledger_is_former(l->db);
    char owner[64] = "";
    enum status result = former ? sql_exec(l->db, "BEGIN IMMEDIATE", err) : ST_OK;

    if (result == ST_OK && former)
        result = ledger_take_over(l->db, err);
    if (result == ST_OK)
        result = ledger_read_state(l->db, &l->state, owner, sizeof owner, err);
    if (result == ST_OK && strcmp(owner, node) != 0)
        result = fail(err, ST_BAD_CONFIG,
                      "this ledger belongs to node \"%s\", the configuration says \"%s\": set node"
                      " back, or use another state_dir",
                      owner, node);
    if (result == ST_OK && former)
        result = sql_exec(l->db, "COMMIT", err);
    if (result == ST_FULL && former)
        cannot_convert(err);
    if (result != ST_OK || !former)
        return result; /* who cannot go on closes the connection, and all is as it was */
    log_info("ledger_converted", "version=%d", LEDGER_VERSION);
    fault_point("ledger_converted");
    return result;
}

static enum status
open_contents(struct ledger *l, const char *node, struct error *err)
{
    int64_t tables = 0;
    enum status result;

    result =
        sql_value(l->db, "SELECT count(*) FROM sqlite_master WHERE name = 'meta'", 0, &tables, err);
    if (result == ST_OK && tables == 0)
        result = create_schema(l, node, err);
    if (result == ST_OK)
        result = read_state(l, node, err);
    if (result == ST_OK)
        result = sql_exec(l->db, LEDGER_LATER, err);
    for (int i = 0; i < STATEMENTS && result == ST_OK; i++)
        result = sql_prepare(l->db, &l->st[i], statement_sql[i], err);
    fault_point("ledger_made");
    if (result == ST_OK)
        result = begin_incarnation(l, err);
    if (result == ST_OK)
        result = ledger_forget_incarnations(l, err);
    if (result == ST_OK)
        result = load_past(l, err);
    if (result == ST_OK)
        result = load_days(l, err);
    if (result == ST_OK)
        result = ledger_resume_retiring(l, err);
    if (result == ST_OK)
        result = ledger_count_quarantine(l->db, &l->state, err);
    if (result == ST_OK)
        result = ledger_load_corrected(l, err);
    return result;
}

enum status
ledger_open(struct ledger **out, const char *path, const char *node, struct error *err)
{
    struct ledger *l = xcalloc(1, sizeof *l);
    enum status result;

    l->max_wal = DEFAULT_MAX_WAL;
    result = open_database(l, path, err);

    if (result == ST_OK)
        result = open_contents(l, node, err);
    if (result != ST_OK) {
        ledger_close(l);
        return result;
    }
    *out = l;
    return ST_OK;
}

void
ledger_close(struct ledger *l)
{
    if (!l)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(l->st[i]);
    sqlite3_close(l->db);
    for (int k = 0; k < 5; k++)
        free(l->known_day[k]);
    free(l->past);
    buf_clear(&l->raw);
    buf_clear(&l->packed);
    buf_clear(&l->fresh_days);
    buf_clear(&l->retiring.subject);
    buf_clear(&l->retiring.gone);
    free(l);
}

const struct ledger_state *
ledger_state(const struct ledger *l)
{
    return &l->state;
}

bool
ledger_in_history(struct ledger *l, uint64_t incarnation, uint64_t seq)
{
    if (incarnation == l->state.incarnation)
        return seq <= __atomic_load_n(&l->state.last_batch, __ATOMIC_ACQUIRE);
    for (size_t i = 0; i < l->past_count; i++)
        if (l->past[i].incarnation == incarnation)
            return seq <= l->past[i].last_seq;
    return false;
}
