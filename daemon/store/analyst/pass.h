/*
 * pass.h - one pass of the analyst: what its steps share.
 *
 * Every step writes absolute rows in short transactions, so that doing it again changes
 * nothing. Which steps have work to do is decided by the cells that changed since the last
 * pass, by the calendar (windows end today) and by the configuration.
 */
#ifndef PASS_H
#define PASS_H

#include <stdatomic.h>

#include <stdbool.h>
#include <stdint.h>

#include "analyst.h"
#include "cell.h"
#include "civil.h"
#include "ledger.h"
#include "store.h"
#include "zone.h"

struct staffing_plans;

struct analyst {
    struct store *store;
    struct ledger_reader *reader; /* opened by the first pass */
    const struct config *config;
    const struct zone *zone;
    unsigned weekend;                      /* days of rest, as weekdays_read says them */
    _Atomic(const struct config *) wanted; /* from the next pass on; NULL: no other */
    char *ledger_path, *store_path;
    struct quarantine_mark {
        bool known;
        uint64_t ever, rows;
    } quarantine;                 /* as the store has it */
    int64_t edits;                /* the store's count of what others wrote, at the last pass */
    struct staffing_plans *plans; /* staffing_plan.h */
    int32_t spread_day;           /* when the features' spread was last measured apart */
    struct trust *trust;          /* of the last pass that learned; NULL: none did yet */
    bool trust_stale;             /* a feed has fallen silent, or come back, since */
    uint64_t trust_records;       /* that the ledger had accepted then */
    int64_t opened;               /* wall clock */
};

#define INPUT_DAYS 400

struct customer_rows; /* customer_rows.h */
struct usage_gather;  /* usage_groups.h */

struct pass {
    struct analyst *a;
    struct store *store;
    const struct ledger_state *ledger; /* at the beginning of the pass */
    int64_t now;
    int32_t today; /* UTC */
    char now_text[CIVIL_TEXT];
    uint64_t since;        /* cells with a greater seq have changed */
    bool first;            /* nothing in the store can be relied on */
    bool full;             /* all customers, not only those that changed */
    bool settings_changed; /* configuration */
    bool edited;           /* somebody else wrote to the store: a roster, say */
    bool slot_changed;     /* a new quarter hour has begun since the last pass */
    bool customers_changed, services_changed, features_changed; /* found by the steps */
    bool trust_changed;                                         /* completeness was learned anew */
    bool closed_days_changed;                 /* of customers: days before today */
    struct query *put_interval;               /* made when first needed */
    struct usage_gather *usage;               /* of a full pass: usage_groups.h */
    struct customer_rows *rows;               /* of a first pass, between customers and RFM */
    uint64_t input_days[INPUT_DAYS / 64 + 1]; /* bit i: any record i days ago */
    uint64_t saved_days[INPUT_DAYS / 64 + 1]; /* those that the store has */
};

/* Steps, in this order. */
enum status pass_trust(struct pass *p, struct error *err);
enum status pass_customers(struct pass *p, struct error *err);
enum status pass_services(struct pass *p, struct error *err);
void staffing_plans_free(struct staffing_plans *p); /* accepts NULL */
enum status pass_staffing(struct pass *p, struct error *err);
/* Moves and signals from the rows of staffing, where there is a roster. */
enum status pass_gaps(struct pass *p, struct error *err);
enum status pass_features(struct pass *p, struct error *err);
enum status pass_rfm(struct pass *p, struct error *err);
enum status pass_past(struct pass *p, struct error *err);
enum status pass_segments(struct pass *p, struct error *err);
enum status pass_change(struct pass *p, struct error *err);
enum status pass_season(struct pass *p, struct error *err);   /* after pass_services */
enum status pass_response(struct pass *p, struct error *err); /* after pass_events */
enum status pass_events(struct pass *p, uint64_t after, uint64_t *last, struct error *err);
enum status pass_quarantine(struct pass *p, struct error *err);
/* After pass_events, which went on from batch `events`. */
enum status pass_outlook(struct pass *p, uint64_t events, struct error *err);
enum status pass_usage(struct pass *p, struct error *err); /* after it */

/* Customers whose row no step of this pass has written had no use in the days that count. */
enum status pass_fade(struct pass *p, struct error *err);

/* Rows of a changed service cell. */
enum status pass_service_cell(struct pass *p, const struct cell_view *c, struct error *err);

/* Was there any input `age` days ago (0 is today)? */
void pass_note_input(struct pass *p, int32_t day);
bool pass_had_input(const struct pass *p, int32_t day);
enum status pass_load_input(struct pass *p, struct error *err);
enum status pass_save_input(struct pass *p, struct error *err);
/* How complete the days [from, to) are, counted from the first day ever seen. */
double pass_completeness(const struct pass *p, int32_t from, int32_t to);

/* pass_trust.c, from what was learned by this pass or an earlier one. The same for all feeds, from
 * their watermarks and rhythms; NAN: nothing is known of these days. */
double pass_trust_days(const struct pass *p, int32_t from, int32_t to);
/* Of what the subject (type as in signals) depends on, over [from, to), UTC. False: nothing is
 * known. */
struct trust_answer; /* trust.h */
bool pass_trust_in(const struct pass *p, const char *subject_type, struct span subject,
                   int64_t from, int64_t to, struct trust_answer *out);

/* What this pass has fitted: a row of the table `model`, instead of the one before it. parameters
 * is a JSON object. */
enum status pass_save_model(struct pass *p, const char *name, const char *parameters,
                            struct error *err);

/* Everyone who took part in the last 90 days; owned by the caller. */
enum status pass_active_people(struct pass *p, struct sketch *out, struct error *err);

/* A condition of a segment, prepared so that it can read customer_profile only. The query
 * answers (customer, evidence): evidence is a JSON object of the columns it looked at.
 * ST_BAD_CONFIG: err->text says what is wrong, without the segment's name. */
enum status segment_left_query(struct store *s, struct query **out, const char *where,
                               struct error *err);
enum status segment_query(struct store *s, struct query **out, const char *where,
                          struct error *err);
/* Endless conditions are stopped while limited. */
void segment_limit(struct store *s, bool on);

#endif
