/*
 * signal_explain.h - from a signal back to the numbers, the rule, the inputs, the files.
 *
 * What can be told of sources: the ledger knows which ranges of which streams every batch came from
 * (intake.h), and, of records with ids for as long as they may be corrected, whose they were. So a
 * range is either known to hold records of the subject in the signal's window, and how many; or it
 * may hold some, because its records had no ids or are older. Ranges that hold none are left out.
 */
#ifndef SIGNAL_EXPLAIN_H
#define SIGNAL_EXPLAIN_H

#include "intake.h"
#include "ledger.h"
#include "memory.h"
#include "store.h"

#define EXPLAIN_RANGES 1000 /* at most so many are listed */

struct explain_feed {
    struct span input;
    double completeness; /* of the window; NAN: not known */
    double records, usual, still_expected;
    struct span silent_since; /* n 0: it is not silent */
};

struct explain_day {
    struct span day;
    double value[3]; /* see explanation.value_names */
    double completeness;
    bool in_window;
};

struct explain_range {
    struct intake_row row;
    bool known;       /* whose its records were is known, */
    uint64_t records; /* and so many were the subject's */
};

struct explanation {
    struct span id, kind, subject_type, subject, severity, state, owner, reason, held, rule,
        closed_for, window_start, window_end, first_seen, last_seen, expires, evidence;
    int64_t version;
    double value, baseline, delta, low, high, p_value, completeness;
    const struct signal_rule *says; /* signal_rules.h; NULL: unknown kind */
    bool rule_is_current;           /* what the rule says is what raised the signal */
    int64_t from, to;               /* UTC: what was looked at for sources */
    const char *value_names[3];     /* of the days' values; NULL: there are no days */
    struct explain_day *days;
    size_t day_count;
    struct explain_feed *feeds;
    size_t feed_count;
    struct explain_range *ranges;
    size_t range_count;
    uint64_t ranges_more; /* that were not listed */
    uint64_t certain;     /* records of the subject in ranges where that is known */
};

/* Everything is in mem. r NULL: without sources. ST_NOT_FOUND: no such signal. */
enum status signal_explain(struct store *s, struct ledger_reader *r, const char *id,
                           struct arena *mem, struct explanation *out, struct error *err);
/* As one JSON object. */
void explanation_json(const struct explanation *e, struct buf *out);
/* One of its tables as CSV: "days", "inputs" or "ranges". False: none is called so. */
bool explanation_csv(const struct explanation *e, const char *table, struct buf *out);

#endif
