/*
 * signal_desk.c - what people do with signals.
 */
#include "signal_desk.h"

#include <ctype.h>
#include <stdio.h>

#include "civil.h"

enum status
signal_find(struct store *s, const char *beginning, char out[24], struct error *err)
{
    struct query *q = NULL;
    size_t n = strlen(beginning);
    enum status st;

    if (n == 0 || n >= 24 || strspn(beginning, "0123456789abcdef") != n)
        return fail(err, ST_BAD_INPUT, "\"%.40s\" is no id of a signal (hexadecimal digits)",
                    beginning);
    st = store_query(s, &q, "SELECT id FROM signal WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2",
                     err);
    if (st != ST_OK)
        return st;
    query_set_str(q, 1, beginning);
    st = query_next(q, err);
    if (st == ST_OK) {
        snprintf(out, 24, "%.*s", SPAN_ARG(query_text(q, 0)));
        st = query_next(q, err);
        if (st == ST_OK)
            st = fail(err, ST_BAD_INPUT, "several signals' ids begin with %s", beginning);
        else if (st == ST_NOT_FOUND)
            st = ST_OK;
    } else if (st == ST_NOT_FOUND) {
        fail(err, st, "there is no signal %s", beginning);
    }
    query_free(q);
    return st;
}

static enum status
mark_row(struct store *s, const char *sql, const char *id, const char *who, const char *note,
         int64_t now, int64_t *changed, struct error *err)
{
    char at[CIVIL_TEXT];
    struct query *q = NULL;
    enum status st = store_query(s, &q, sql, err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, id);
    query_set_str(q, 2, who);
    query_set_str(q, 3, note);
    query_set_str(q, 4, format_utc(at, now));
    st = query_run(q, err);
    query_free(q);
    *changed = st == ST_OK ? store_changes(s) : 0;
    return st;
}

enum status
signal_set(struct store *s, const char *id, enum signal_mark mark, const char *who,
           const char *note, int64_t now, struct error *err)
{
    static const char *const sql[] = {
        [SIGNAL_ACK] = "UPDATE signal SET state = 'acked', version = version + 1, acked_by = ?2,"
                       " note = ?3, acked_at = ?4 WHERE id = ?1 AND state <> 'closed'",
        [SIGNAL_CLOSE] = "UPDATE signal SET state = 'closed', version = version + 1,"
                         " closed_by = ?2, note = ifnull(?3, note), closed_at = ?4,"
                         " calm_windows = 0, calm_end = NULL"
                         " WHERE id = ?1 AND state <> 'closed'",
    };
    int64_t changed = 0;
    enum status st = store_begin(s, err);

    if (st == ST_OK)
        st = mark_row(s, sql[mark], id, who, note, now, &changed, err);
    if (st == ST_OK && changed == 0)
        st = fail(err, ST_BAD_INPUT, "signal %s is closed", id);
    return store_end(s, st, err);
}
