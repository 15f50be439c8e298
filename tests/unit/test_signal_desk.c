/*
 * test_signal_desk.c - signals and people: who acknowledges, who closes, and when one comes again.
 */
#include "signal_desk.h"

#include "../../daemon/store/analyst/signals.h"
#include "passes.h"

static struct store *
desk(void)
{
    struct store *s;

    CHECK_INT(store_open(&s, "crm.db", STORE_ANALYST, NULL), ST_OK);
    return s;
}

/* A pass on a day that sees this about "acme"; severity NULL: that all is calm. */
static void
look(struct store *store, int day, const char *severity)
{
    struct analyst a = {.store = store, .config = &plain};
    struct pass p = {.a = &a, .store = store, .now = AT(TODAY + day, 3, 0)};
    char start[CIVIL_TEXT], end[CIVIL_TEXT];
    struct signal_row row = {.subject = SPAN("acme"),
                             .subject_type = "customer",
                             .severity = severity,
                             .value = day,
                             .window_start = format_day(start, TODAY + day - 7),
                             .window_end = format_day(end, TODAY + day - 1),
                             .reason = "too many",
                             .evidence = "{}"};
    struct signals *s = NULL;
    struct error err;
    enum status st;

    format_utc(p.now_text, p.now);
    CHECK_INT(store_begin(store, &err), ST_OK);
    st = signals_begin(&s, &p, "surge", &err);
    if (st == ST_OK && severity)
        st = signals_raise(s, &row, &err);
    if (signals_end(s, st, end, &err) != ST_OK || store_commit_open(store, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static void
mark(struct store *store, enum signal_mark m, const char *note, enum status want)
{
    struct error err;
    char id[24];
    struct query *q;

    CHECK_INT(store_query(store, &q, "SELECT substr(id, 1, 9) FROM signal ORDER BY first_seen DESC",
                          &err),
              ST_OK);
    CHECK_INT(query_next(q, &err), ST_OK);
    CHECK_INT(query_text(q, 0).n, 9);
    snprintf(id, sizeof id, "%.*s", SPAN_ARG(query_text(q, 0)));
    query_free(q);
    CHECK_INT(signal_find(store, id, id, &err), ST_OK);
    CHECK_INT(signal_set(store, id, m, "ann", note, AT(TODAY, 9, 0), &err), want);
}

#define STATES "SELECT state, version FROM signal ORDER BY first_seen"

TEST(who_acknowledged_it_stands_there_until_it_is_over)
{
    struct store *s = desk();

    look(s, 0, "warning");
    mark(s, SIGNAL_ACK, "on my list", ST_OK);
    CHECK_STR(rows("SELECT state, acked_by, note, acked_at, version FROM signal"),
              "acked|ann|on my list|2026-11-22T09:00:00Z|2");
    look(s, 1, "warning");
    CHECK_STR(rows(STATES), "acked|3");
    look(s, 2, NULL);
    look(s, 3, NULL);
    CHECK_STR(rows("SELECT state, closed_by, acked_by FROM signal"), "closed||ann");
    mark(s, SIGNAL_ACK, NULL, ST_BAD_INPUT);
    store_close(s);
}

TEST(what_somebody_closed_does_not_come_again_for_the_same_cause)
{
    struct store *s = desk();

    look(s, 0, "warning");
    mark(s, SIGNAL_CLOSE, "their fair", ST_OK);
    CHECK_STR(rows("SELECT state, closed_by, note, closed_at FROM signal"),
              "closed|ann|their fair|2026-11-22T09:00:00Z");
    look(s, 0, "warning");
    look(s, 1, "warning");
    look(s, 2, NULL); /* one quiet day */
    look(s, 3, "warning");
    CHECK_STR(rows("SELECT state, closed_by, closed_at FROM signal"),
              "closed|ann|2026-11-22T09:00:00Z");
    look(s, 4, NULL);
    look(s, 5, NULL); /* it is over */
    CHECK_STR(rows("SELECT state, closed_by, closed_at FROM signal"),
              "closed|ann|2026-11-22T09:00:00Z");
    look(s, 9, "warning"); /* another one */
    CHECK_STR(rows("SELECT state, ifnull(closed_by, '') FROM signal ORDER BY first_seen"),
              "closed|ann;open|");
    store_close(s);
}

TEST(what_somebody_closed_comes_again_when_it_gets_worse)
{
    struct store *s = desk();

    look(s, 0, "warning");
    mark(s, SIGNAL_CLOSE, NULL, ST_OK);
    look(s, 1, "critical");
    CHECK_STR(rows("SELECT count(*), state, ifnull(closed_by, ''), ifnull(closed_at, ''),"
                   " severity FROM signal"),
              "1|open|||critical");
    store_close(s);
}

TEST(ids_by_their_beginning)
{
    struct store *s = desk();
    struct error err;
    char id[24];

    CHECK_INT(signal_find(s, "abc", id, &err), ST_NOT_FOUND);
    CHECK_INT(signal_find(s, "", id, &err), ST_BAD_INPUT);
    CHECK_INT(signal_find(s, "xyz", id, &err), ST_BAD_INPUT);
    CHECK_INT(store_run(s,
                        "INSERT INTO signal(id, version, kind, subject_type, subject, severity,"
                        " reason, state, first_seen, last_seen) VALUES"
                        " ('abc1', 1, 'k', 't', 'a', 'info', 'r', 'open', 'x', 'x'),"
                        " ('abc2', 1, 'k', 't', 'b', 'info', 'r', 'open', 'x', 'x')",
                        &err),
              ST_OK);
    CHECK_INT(signal_find(s, "abc", id, &err), ST_BAD_INPUT);
    CHECK_INT(signal_find(s, "abc2", id, &err), ST_OK);
    CHECK_STR(id, "abc2");
    store_close(s);
}
