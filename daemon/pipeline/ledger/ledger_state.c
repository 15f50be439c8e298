/*
 * ledger_state.c - the state row: who the ledger is, and where it stands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "ledger_internal.h"
#include "ledger_sums.h"

void
ledger_random_id(char out[40])
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        abort();
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* LEDGER_STATE names these, then floor and last_refused. */
enum { STATE_COUNTS = 11, FLOOR = STATE_COUNTS, LAST_REFUSED, STATE_VALUES };

static void
state_counts(struct ledger_state *s, uint64_t *out[STATE_COUNTS])
{
    uint64_t *const counts[STATE_COUNTS] = {&s->incarnation,
                                            &s->last_batch,
                                            &s->folded_batch,
                                            &s->ever.records,
                                            &s->ever.accepted,
                                            &s->ever.duplicates,
                                            &s->ever.quarantined,
                                            &s->ever.ignored,
                                            &s->late,
                                            &s->expired,
                                            (uint64_t *)&s->newest_record};

    memcpy(out, counts, sizeof counts);
}

/* --- writing --- */

static void
bind_state(sqlite3_stmt *st, const struct ledger_state *s)
{
    struct ledger_state copy = *s;
    uint64_t *counts[STATE_COUNTS];

    state_counts(&copy, counts);
    for (int i = 0; i < STATE_COUNTS; i++)
        sqlite3_bind_int64(st, i + 1, (int64_t)*counts[i]);
    sqlite3_bind_int(st, FLOOR + 1, s->floor);
    sqlite3_bind_int64(st, LAST_REFUSED + 1, (int64_t)s->last_refused);
}

enum status
ledger_make_state(sqlite3 *db, const struct ledger_state *s, const char *node, struct error *err)
{
    sqlite3_stmt *st = NULL;
    enum status result = sql_prepare(
        db, &st,
        "INSERT INTO meta(one, version, " LEDGER_IDENTITY ", id_checksum, " LEDGER_STATE
        ", checksum) VALUES(1, ?14, ?15, ?16, row_checksum(?15, ?16), " LEDGER_STATE_VALUES
        ", row_checksum(" LEDGER_STATE_VALUES "))",
        err);

    if (result != ST_OK)
        return result;
    bind_state(st, s);
    sqlite3_bind_int(st, STATE_VALUES + 1, LEDGER_VERSION);
    sql_bind_text(st, STATE_VALUES + 2, span_str(s->id));
    sql_bind_text(st, STATE_VALUES + 3, span_str(node));
    result = sql_run(st, err);
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_put_state(struct ledger *l, const struct ledger_state *s, struct error *err)
{
    bind_state(l->st[PUT_STATE], s);
    return sql_run(l->st[PUT_STATE], err);
}

/* --- reading --- */

/* The version as it stands there; ST_BAD_CONFIG if it is another one and so are the columns. */
static enum status
read_version(sqlite3 *db, int64_t *version, struct error *err)
{
    int64_t ours = 0;
    enum status result = sql_value(db, "SELECT version FROM meta", INT64_MIN, version, err);

    if (result == ST_OK && *version == INT64_MIN)
        return fail(err, ST_CORRUPT, "ledger.db: the state row is missing");
    if (result == ST_OK && *version != LEDGER_VERSION)
        result = sql_value(db,
                           "SELECT group_concat(name, ', ') = 'one, version, " LEDGER_IDENTITY
                           ", " LEDGER_STATE ", id_checksum, checksum'"
                           " FROM pragma_table_info('meta')",
                           0, &ours, err);
    else
        ours = 1;
    if (result == ST_OK && !ours)
        result = fail(err, ST_BAD_CONFIG,
                      "ledger.db has version %lld, this program reads version %d: use the program"
                      " that wrote it",
                      (long long)*version, LEDGER_VERSION);
    return result;
}

static void
take_state(sqlite3_stmt *st, struct ledger_state *s, struct ledger_identity *id)
{
    uint64_t *counts[STATE_COUNTS];

    state_counts(s, counts);
    for (int i = 0; i < STATE_COUNTS; i++)
        *counts[i] = (uint64_t)sqlite3_column_int64(st, i);
    s->floor = sqlite3_column_int(st, FLOOR);
    s->last_refused = (uint64_t)sqlite3_column_int64(st, LAST_REFUSED);
    snprintf(s->id, sizeof s->id, "%.*s", SPAN_ARG(sql_column(st, STATE_VALUES)));
    snprintf(id->node, sizeof id->node, "%.*s", SPAN_ARG(sql_column(st, STATE_VALUES + 1)));
    id->holds = sqlite3_column_int(st, STATE_VALUES + 2);
    id->state_holds = sqlite3_column_int(st, STATE_VALUES + 3);
}

enum status
ledger_look_at_state(sqlite3 *db, struct ledger_state *s, struct ledger_identity *id,
                     struct error *err)
{
    sqlite3_stmt *st;
    int64_t version = 0;
    bool row = false;
    /* Alone first: the columns of another one may have other names. */
    enum status result = read_version(db, &version, err);

    id->version_holds = version == LEDGER_VERSION;
    if (result == ST_OK)
        result = sql_prepare(db, &st,
                             "SELECT " LEDGER_STATE ", id, node, " LEDGER_IDENTITY_HOLDS
                             ", " LEDGER_STATE_HOLDS " FROM meta",
                             err);
    if (result != ST_OK)
        return result;
    result = sql_step(st, &row, err);
    if (result == ST_OK && !row)
        result = fail(err, ST_CORRUPT, "ledger.db: the state row is missing");
    if (result == ST_OK)
        take_state(st, s, id);
    sqlite3_finalize(st);
    return result;
}

enum status
ledger_read_state(sqlite3 *db, struct ledger_state *s, char *node, size_t node_size,
                  struct error *err)
{
    struct ledger_identity id;
    enum status result = ledger_look_at_state(db, s, &id, err);

    if (result == ST_OK && !(id.holds && id.state_holds))
        result = fail(err, ST_CORRUPT, "ledger.db: the state row fails its checksum");
    if (result == ST_OK && !id.version_holds)
        result = fail(err, ST_CORRUPT, "ledger.db: the version in the state row is damaged");
    if (result == ST_OK)
        snprintf(node, node_size, "%s", id.node);
    return result;
}

enum status
ledger_count_quarantine(sqlite3 *db, struct ledger_state *s, struct error *err)
{
    sqlite3_stmt *st;
    bool row = false;
    enum status result = sql_prepare(
        db, &st, "SELECT count(*), coalesce(sum(length(head)), 0) FROM quarantine", err);

    if (result != ST_OK)
        return result;
    result = sql_step(st, &row, err);
    if (result == ST_OK && row) {
        s->quarantine_open = (uint64_t)sqlite3_column_int64(st, 0);
        s->quarantine_bytes = (uint64_t)sqlite3_column_int64(st, 1);
    }
    sqlite3_finalize(st);
    return result;
}
