/*
 * customer_story.c - one customer's stage of life, what is expected of it, and how it came there.
 */
#include "customer_story.h"

#include <math.h>

#include "figures.h"
#include "words.h"

#define MOVES     12 /* that people are shown */
#define MOST_JSON 1000

/* What moves it on is as of now; its evidence, and the history, as they were at each change. */
static const char outlook_sql[] =
    "SELECT stage, stage_since, usage_group, active_days_52w, expected_days_4w, expected_days_13w,"
    " due_by, silence_p, persona, last_day, stage_back, (SELECT evidence FROM stage_history WHERE"
    " customer = ?1 AND dimension = 'stage' ORDER BY id DESC LIMIT 1), dominant_feature,"
    " dominant_feature_share, last_contact, last_contact_kind, last_contact_by,"
    " days_since_contact, asked_since, days_unanswered FROM customer_profile WHERE customer = ?1";
static const char history_sql[] =
    "SELECT at, dimension, from_stage, to_stage, rule, evidence, back FROM stage_history"
    " WHERE customer = ?1 ORDER BY id DESC LIMIT ?2";
static const char signals_sql[] =
    "SELECT kind, reason FROM signal WHERE subject_type = 'customer' AND subject = ?1"
    " AND state <> 'closed' ORDER BY kind";

enum {
    STAGE,
    SINCE,
    GROUP,
    ACTIVE,
    IN_4W,
    IN_13W,
    DUE,
    SILENCE,
    PERSONA,
    LAST,
    BACK,
    EVIDENCE,
    FEATURE,
    FEATURE_SHARE,
    CONTACT,
    CONTACT_KIND,
    CONTACT_BY,
    CONTACT_AGE,
    ASKED,
    ASKED_AGE
};

/* Long texts go on under their beginning. */
static void
print_wrapped(FILE *out, const char *title, struct span text)
{
    struct buf line = {0};

    if (text.n == 0)
        return;
    buf_printf(&line, "%-10s ", title);
    words_flow(&line, 11, text);
    fprintf(out, "%s\n", line.p);
    buf_clear(&line);
}

static void
print_age(FILE *out, int64_t days)
{
    if (days == 0)
        fprintf(out, "today\n");
    else
        fprintf(out, "%lld day%s ago\n", (long long)days, days == 1 ? "" : "s");
}

/* "visit by ann on 2026-11-20 (UTC), 2 days ago". */
static void
print_contact(struct query *q, FILE *out)
{
    if (!query_is_null(q, CONTACT)) {
        fprintf(out, "%-10s %.*s", "contact", SPAN_ARG(query_text(q, CONTACT_KIND)));
        if (!query_is_null(q, CONTACT_BY))
            fprintf(out, " by %.*s", SPAN_ARG(query_text(q, CONTACT_BY)));
        fprintf(out, " on %.10s (UTC), ", query_text(q, CONTACT).p);
        print_age(out, query_int(q, CONTACT_AGE));
    }
    if (!query_is_null(q, ASKED)) {
        fprintf(out, "%-10s for an answer since %.10s (UTC), ", "waits", query_text(q, ASKED).p);
        print_age(out, query_int(q, ASKED_AGE));
    }
}

static void
print_outlook(struct query *q, FILE *out)
{
    char chance[FIGURE];

    if (!query_is_null(q, STAGE)) {
        fprintf(out, "%-10s %.*s", "stage", SPAN_ARG(query_text(q, STAGE)));
        if (!query_is_null(q, SINCE))
            fprintf(out, " since %.*s (UTC)", SPAN_ARG(query_text(q, SINCE)));
        fputc('\n', out);
        print_wrapped(out, "", query_text(q, BACK));
    }
    if (!query_is_null(q, GROUP))
        fprintf(out, "%-10s %.*s\n", "hours", SPAN_ARG(query_text(q, GROUP)));
    else if (!query_is_null(q, PERSONA))
        fprintf(out, "%-10s %.*s\n", "hours", SPAN_ARG(query_text(q, PERSONA)));
    if (!query_is_null(q, FEATURE))
        fprintf(out, "%-10s %.*s, %.0f %% of uses of features in 90 days\n", "feature",
                SPAN_ARG(query_text(q, FEATURE)), 100 * query_real(q, FEATURE_SHARE));
    if (!query_is_null(q, IN_4W))
        fprintf(out,
                "%-10s %.1f active days in the next 4 weeks, %.1f in 13 (%lld in the last"
                " 52)\n",
                "expected", query_real(q, IN_4W), query_real(q, IN_13W),
                (long long)query_int(q, ACTIVE));
    if (query_is_null(q, DUE))
        return;
    fprintf(out, "%-10s %.*s (UTC)", "due by", SPAN_ARG(query_text(q, DUE)));
    if (!query_is_null(q, SILENCE) && query_real(q, SILENCE) < 1)
        fprintf(out, "; %s %% of its pauses are as long as this one",
                figure_real(chance, 100 * query_real(q, SILENCE)));
    fputc('\n', out);
}

static enum status
ask(struct store *s, struct query **q, const char *sql, struct span id, int64_t limit,
    struct error *err)
{
    enum status st = store_query(s, q, sql, err);

    if (st != ST_OK)
        return st;
    query_set_text(*q, 1, id);
    if (limit)
        query_set_int(*q, 2, limit);
    return ST_OK;
}

static enum status
print_history(struct store *s, struct span id, FILE *out, struct error *err)
{
    struct query *q = NULL;
    const char *title = "history";
    enum status st = ask(s, &q, history_sql, id, MOVES, err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        fprintf(out, "%-10s %.10s  %.*s: %.*s -> %.*s\n", title, query_text(q, 0).p,
                SPAN_ARG(query_text(q, 1)), query_is_null(q, 2) ? 1 : (int)query_text(q, 2).n,
                query_is_null(q, 2) ? "-" : query_text(q, 2).p,
                query_is_null(q, 3) ? 1 : (int)query_text(q, 3).n,
                query_is_null(q, 3) ? "-" : query_text(q, 3).p);
        title = "";
    }
    query_free(q);
    if (*title == '\0')
        print_wrapped(out, "",
                      SPAN("why, and what would move it back: callswell report stage_history"
                           " --customer ID"));
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status
print_signals(struct store *s, struct span id, FILE *out, struct error *err)
{
    struct query *q = NULL;
    struct buf line = {0};
    enum status st = ask(s, &q, signals_sql, id, 0, err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        buf_reset(&line);
        buf_printf(&line, "%.*s: %.*s", SPAN_ARG(query_text(q, 0)), SPAN_ARG(query_text(q, 1)));
        print_wrapped(out, "signal", span_of(line.p, line.n));
    }
    query_free(q);
    buf_clear(&line);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
customer_story_print(struct store *s, struct span id, FILE *out, struct error *err)
{
    struct query *q = NULL;
    enum status st = ask(s, &q, outlook_sql, id, 0, err);

    if (st == ST_OK && (st = query_next(q, err)) == ST_OK)
        print_outlook(q, out);
    if (st == ST_OK)
        print_contact(q, out);
    query_free(q);
    if (st == ST_OK || st == ST_NOT_FOUND)
        st = print_signals(s, id, out, err);
    return st == ST_OK ? print_history(s, id, out, err) : st;
}

/* --- for programs --- */

static void
json_column(struct json_writer *w, const char *key, const struct query *q, int column)
{
    if (query_is_null(q, column))
        json_null(w, key);
    else
        json_span(w, key, query_text(q, column));
}

static void
json_days(struct json_writer *w, const char *key, const struct query *q, int column)
{
    if (query_is_null(q, column))
        json_null(w, key);
    else
        json_i64(w, key, query_int(q, column));
}

static void
json_raw_column(struct json_writer *w, const char *key, const struct query *q, int column)
{
    if (query_is_null(q, column))
        json_null(w, key);
    else
        json_raw(w, key, query_text(q, column));
}

enum status
customer_story_json(struct store *s, struct span id, struct json_writer *w, struct error *err)
{
    struct query *q = NULL;
    enum status st = ask(s, &q, outlook_sql, id, 0, err);

    if (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        json_column(w, "stage", q, STAGE);
        json_column(w, "stage_since", q, SINCE);
        json_column(w, "stage_back", q, BACK);
        json_raw_column(w, "stage_evidence", q, EVIDENCE);
        json_column(w, "usage_group", q, GROUP);
        json_column(w, "persona", q, PERSONA);
        json_i64(w, "active_days_52w", query_int(q, ACTIVE));
        json_real(w, "expected_days_4w", query_real(q, IN_4W));
        json_real(w, "expected_days_13w", query_real(q, IN_13W));
        json_column(w, "due_by", q, DUE);
        json_real(w, "silence_p", query_real(q, SILENCE));
        json_column(w, "last_day", q, LAST);
        json_column(w, "dominant_feature", q, FEATURE);
        json_real(w, "dominant_feature_share", query_real(q, FEATURE_SHARE));
        json_column(w, "last_contact", q, CONTACT);
        json_column(w, "last_contact_kind", q, CONTACT_KIND);
        json_column(w, "last_contact_by", q, CONTACT_BY);
        json_days(w, "days_since_contact", q, CONTACT_AGE);
        json_column(w, "asked_since", q, ASKED);
        json_days(w, "days_unanswered", q, ASKED_AGE);
    }
    query_free(q);
    q = NULL;
    if (st == ST_OK || st == ST_NOT_FOUND)
        st = ask(s, &q, history_sql, id, MOST_JSON, err);
    json_array(w, "history");
    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        json_object(w, NULL);
        json_column(w, "at", q, 0);
        json_column(w, "dimension", q, 1);
        json_column(w, "from", q, 2);
        json_column(w, "to", q, 3);
        json_column(w, "rule", q, 4);
        json_raw_column(w, "evidence", q, 5);
        json_column(w, "back", q, 6);
        json_close(w);
    }
    json_close(w);
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
