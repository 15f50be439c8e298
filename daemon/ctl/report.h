/*
 * report.h - what the reports of `callswell report` share.
 *
 * Each report has two faces: for people, a title, how fresh and how complete it is, and a
 * table that fits 80 columns; for programs (--json, --csv), the rows of an answer (answer.h) with
 * all their columns, unrounded, times in UTC. Answers without a face for people show the second.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "answer.h"
#include "config.h"
#include "table.h"
#include "zone.h"

struct report {
    struct store *store;
    const struct config *config;
    const struct zone *zone; /* for people */
    enum table_style style;
    struct answer_query query; /* what was asked for, from and to as UTC text; limit 0: own */
    FILE *out;
};

/* For people. Runs sql with ?1 from, ?2 to, ?3 service, ?4 segment (absent ones are NULL) and
 * ?20 limit (-1 without one) into a table of columns named and typed as given, and prints it. What
 * the store has as NULL stays empty. *rows tells how many. */
enum status report_table(const struct report *r, const char *sql,
                         const struct table_column *columns, size_t count, size_t *rows,
                         struct error *err);
enum status report_query(const struct report *r, struct query **out, const char *sql,
                         struct error *err);

/* For WHERE in such SQL: intervals of the period and service asked for, of columns start, minutes,
 * service; without a beginning those that are not over. */
#define REPORT_PLANNED                                                                             \
    " CASE WHEN ?1 IS NULL THEN strftime('%Y-%m-%dT%H:%M:%SZ', start, '+' || minutes ||"           \
    " ' minutes') > (SELECT max(as_of) FROM staffing) ELSE start >= ?1 END"                        \
    " AND (?2 IS NULL OR start < ?2) AND (?3 IS NULL OR service = ?3)"

/* A value of an answer as the next cell; NULL stays empty. */
void report_cell(struct table *t, const struct row_value *v);
/* All columns of an answer: for programs, and for people where there is no table made for them. */
enum status report_answer(const struct report *r, const struct answer *a, struct error *err);

/* "2026-11-22 13:30" in the report's zone, from the store's UTC text; "" if it is none. */
#define REPORT_TIME 32
char *report_time(const struct report *r, char out[REPORT_TIME], struct span utc);

/* "TITLE, as of 2026-11-22 13:30 (Europe/Berlin)": the time is the first row's of a query. */
enum status report_as_of(const struct report *r, const char *sql, const char *title,
                         struct error *err);

int64_t report_local(const struct report *r, int64_t utc); /* seconds of its zone */
/* "Mon 23 Nov 09:30", and "Mon 23 Nov 09:30-17:00" or "Mon 23 Nov 17:00 - Tue 08:30". */
char *report_short_time(const struct report *r, char out[32], int64_t utc);
char *report_window(const struct report *r, char out[80], int64_t start, int64_t end);

/* Where the roster does not fit, who could go where, which days are unlike others, and what
 * forecasts were worth: what of it there is, of one service or of all. */
enum status report_fit(const struct report *r, struct error *err);

enum status report_staffing(const struct report *r, struct error *err);
enum status report_features(const struct report *r, struct error *err);
enum status report_segments(const struct report *r, struct error *err);
enum status report_customers(const struct report *r, struct error *err);
enum status report_signals(const struct report *r, struct error *err);
enum status report_stale(const struct report *r, struct error *err);

#endif
