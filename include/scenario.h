/*
 * scenario.h - "how many people would the coming week take if things were otherwise?", as a person
 * writes it, on a command line or in a URL.
 *
 * The week is the one that the analyst wrote into the store. What is and what would be are reckoned
 * by the same rule (what_if.h), so that they differ by what was asked and nothing else.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "config.h"
#include "shares.h"
#include "what_if.h"

#define SCENARIO_LIST 16 /* of customers or features, and SKILLS_MOST of skills */

/* Texts as given; NULL: not asked. */
struct scenario {
    const char *service;                     /* this one alone */
    const char *volume;                      /* "+20%" */
    const char *aht;                         /* "240", "4m", "-10%" */
    const char *customer[SCENARIO_LIST + 1]; /* "ACME=+50%": of what that one brings */
    const char *feature[SCENARIO_LIST + 1];  /* "recording=+2000", "video=-5%" */
    const char *split[SKILLS_MOST + 1];      /* "french=20%", "gold=segment:gold" */
    const char *sl, *within, *occupancy, *shrinkage, *patience, *availability;
};

/* An interval of the week in people: [0] as it is, [1] if things were so. */
struct scenario_interval {
    double rostered;       /* on the roster, the fewest; NAN: none is known */
    unsigned required[2];  /* at their desks */
    unsigned scheduled[2]; /* on the roster for that */
};

/* A part of a service that only some of its people can serve. */
struct scenario_skill {
    char *name; /* "others" is what is left */
    double share;
    struct what_if_totals now, then;
    struct scenario_interval *in; /* as many as the service has */
};

struct scenario_service {
    char *name;
    double rate; /* of a scheduled hour; NAN: not configured */
    struct what_if_totals now, then;
    int64_t busiest;              /* start of the interval that needs most people then, UTC */
    int64_t *start;               /* of each interval, UTC */
    struct scenario_interval *in; /* the service as one pool */
    size_t intervals;
    unsigned minutes; /* of an interval */
    struct scenario_skill *skills;
    size_t skill_count;
    double split_hours; /* that the split costs, of scheduled people; NAN: none was asked for */
};

struct scenario_answer {
    struct scenario_service *services;
    size_t count;
    char as_of[32]; /* of the week */
};

/* Splits are those asked for, or those that a service configures.
 * ST_BAD_INPUT: what was asked makes no sense; err->text begins with the member's name.
 * ST_NOT_FOUND: there is no forecast, or a customer, segment or feature has nothing to do with it.
 * On ST_OK the caller frees. */
enum status scenario_run(struct scenario_answer **out, struct store *s, const struct config *c,
                         const struct scenario *asked, struct error *err);
void scenario_free(struct scenario_answer *a); /* accepts NULL */

/* The answer as rows: two for each service, "now" and "then", and two for each skill. Or, with more
 * to say, one for each interval of each service and skill. */
struct answer;
extern const struct answer scenario_table, scenario_interval_table;
/* Calls put for each; values are good for the call. */
typedef void scenario_put(void *arg, const struct row_value *values);
void scenario_rows(const struct scenario_answer *a, scenario_put *put, void *arg);
void scenario_interval_rows(const struct scenario_answer *a, scenario_put *put, void *arg);

#endif
