/*
 * segment_where.c - a user's condition as a query that can read customer_profile only.
 *
 * The condition is SQL written by whoever writes the configuration. An authorizer watches
 * while it is prepared: reading the view, and the view reading its tables, is allowed, as are
 * functions whose answer depends on nothing but their arguments; everything else, writing
 * above all, is refused. It also notes the columns that were looked at: they are the evidence.
 */
#include "pass.h"
#include "../store_private.h"

#include <stdio.h>
#include <stdlib.h>

/* A condition over a million customers takes fewer steps of SQLite's machine than this. */
#define STEPS_PER_CALL 100000
#define MAX_CALLS      20000
#define MAX_COLUMNS    24

static const char *const functions[] = {
    "abs",   "ceil",   "ceiling", "coalesce", "floor",   "glob", "ifnull",    "iif",
    "in",    "instr",  "length",  "like",     "lower",   "max",  "min",       "mod",
    "not",   "nullif", "pow",     "power",    "round",   "sign", "sqrt",      "substr",
    "trim",  "upper",  "ltrim",   "rtrim",    "replace", "date", "julianday", "json_object",
    "count", "avg",    "sum",     "total",
};

struct watch {
    char denied[96];
    char columns[MAX_COLUMNS][64];
    int count;
};

static void
note_column(struct watch *w, const char *column)
{
    for (int i = 0; i < w->count; i++)
        if (strcmp(w->columns[i], column) == 0)
            return;
    if (w->count < MAX_COLUMNS && strlen(column) < sizeof w->columns[0])
        strcpy(w->columns[w->count++], column);
}

static int
refuse(struct watch *w, const char *what, const char *name)
{
    if (!w->denied[0])
        snprintf(w->denied, sizeof w->denied, "%s%s%s", what, name ? " " : "", name ? name : "");
    return SQLITE_DENY;
}

static int
allow_function(struct watch *w, const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (sqlite3_stricmp(functions[i], name) == 0)
            return SQLITE_OK;
    return refuse(w, "function", name);
}

static int
authorize(void *arg, int action, const char *one, const char *two, const char *database,
          const char *via)
{
    struct watch *w = arg;

    (void)database;
    if (action == SQLITE_SELECT)
        return SQLITE_OK;
    if (action == SQLITE_FUNCTION)
        return allow_function(w, two);
    if (action != SQLITE_READ)
        return refuse(w, "anything but reading customer_profile", NULL);
    if (strcmp(one, "customer_profile") == 0) {
        if (two && *two)
            note_column(w, two);
        return SQLITE_OK;
    }
    if (via && strcmp(via, "customer_profile") == 0)
        return SQLITE_OK;
    return refuse(w, "reading", one);
}

/* Prepares with the authorizer on; exactly one statement. */
static enum status
prepare_watched(struct store *s, sqlite3_stmt **out, const char *sql, struct watch *w,
                struct error *err)
{
    const char *tail = "";
    int rc;

    *out = NULL;
    sqlite3_set_authorizer(s->db, authorize, w);
    rc = sqlite3_prepare_v2(s->db, sql, -1, out, &tail);
    sqlite3_set_authorizer(s->db, NULL, NULL);
    if (rc == SQLITE_OK && *out && *tail == '\0' && sqlite3_stmt_readonly(*out))
        return ST_OK;
    sqlite3_finalize(*out);
    *out = NULL;
    if (w->denied[0])
        return fail(err, ST_BAD_CONFIG, "where: %s is not allowed", w->denied);
    if (rc == SQLITE_OK)
        return fail(err, ST_BAD_CONFIG, "where: expected one condition");
    return fail(err, ST_BAD_CONFIG, "where: %s", sqlite3_errmsg(s->db));
}

/* Which columns a condition looks at; it must stand without brackets and within: "1) OR (1" and "1
 * LIMIT 5" are no conditions. */
static enum status
watch_condition(struct store *s, const char *where, struct watch *seen, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    struct buf sql = {0};
    enum status st;

    if (where[strspn(where, " \t\r\n")] == '\0')
        return fail(err, ST_BAD_CONFIG, "where: expected a condition, found nothing");
    buf_printf(&sql, "SELECT 1 FROM customer_profile WHERE %s", where);
    st = prepare_watched(s, &statement, sql.p, seen, err);
    sqlite3_finalize(statement);
    buf_clear(&sql);
    return st;
}

/* Customers with what these columns say of them. */
static void
write_select(struct buf *sql, const struct watch *seen)
{
    buf_str(sql, "SELECT customer, json_object(");
    for (int i = 0; i < seen->count; i++)
        buf_printf(sql, "%s'%s', %s", i ? ", " : "", seen->columns[i], seen->columns[i]);
    buf_str(sql, ") FROM customer_profile WHERE ");
}

enum status
segment_query(struct store *s, struct query **out, const char *where, struct error *err)
{
    struct watch seen = {0}, again = {0};
    struct buf sql = {0};
    sqlite3_stmt *statement = NULL;
    enum status st = watch_condition(s, where, &seen, err);

    if (st != ST_OK)
        return st;
    write_select(&sql, &seen);
    /* The line break ends a comment that would otherwise hide the bracket. */
    buf_printf(&sql, "(%s\n)", where);
    st = prepare_watched(s, &statement, sql.p, &again, err);
    if (st == ST_OK)
        *out = query_wrap(statement);
    buf_clear(&sql);
    return st;
}

enum status
segment_left_query(struct store *s, struct query **out, const char *where, struct error *err)
{
    struct watch seen = {0};
    struct buf sql = {0};
    enum status st = watch_condition(s, where, &seen, err);

    if (st != ST_OK)
        return st;
    write_select(&sql, &seen);
    buf_str(&sql, "customer IN (SELECT customer FROM segment_member WHERE segment = ?1"
                  " AND customer NOT IN (SELECT customer FROM temp.member_now))");
    st = store_query(s, out, sql.p, err);
    buf_clear(&sql);
    return st;
}

static int
count_calls(void *arg)
{
    struct store *s = arg;

    return ++s->limit_calls > MAX_CALLS;
}

void
segment_limit(struct store *s, bool on)
{
    s->limit_calls = 0;
    sqlite3_progress_handler(s->db, on ? STEPS_PER_CALL : 0, on ? count_calls : NULL, s);
}
