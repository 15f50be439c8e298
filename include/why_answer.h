/*
 * why_answer.h - why did the use of a customer, a service, a feature or everybody's change?
 *
 * Reads the ledger's totals of a period and of the days that it is held against, and concludes
 * (why.h). Days are UTC days, as everywhere in the store; hours are those of the configured zone.
 */
#ifndef WHY_ANSWER_H
#define WHY_ANSWER_H

#include "json_write.h"
#include "ledger.h"
#include "store.h"
#include "why.h"
#include "zone.h"

enum why_kind { WHY_ANY, WHY_CUSTOMER, WHY_SERVICE, WHY_FEATURE, WHY_ALL };

struct why_ask {
    enum why_kind kind;          /* ANY: whichever there is of that name, in this order */
    struct span name;            /* empty for ALL */
    int32_t from, to;            /* days, `to` is not in it; WHY_USUAL: the 7 before today */
    int32_t against, against_to; /* the same; WHY_USUAL: the 28 before the period */
    int32_t today;               /* UTC; it is not over and never looked at */
};
#define WHY_USUAL    INT32_MIN
#define WHY_MAX_DAYS 800 /* from the first to the last */

#define WHY_DIMENSIONS 8
#define WHY_CHAINS     2

/* Minutes as a product; amounts are of the period and of what was usual for it. */
struct why_chain {
    const char *factor[ATTRIBUTION_FACTORS]; /* "people a day", ... */
    struct attribution_chain sums;
};

struct why_answer {
    struct why_ask ask; /* all filled in */
    struct arena mem;   /* of all texts and series */
    const char *unit;   /* "attempts", "contacts", "uses": what the whole and its parts are */
    uint32_t days, against_days;            /* with input */
    uint32_t days_missing, against_missing; /* without any */
    bool by_weekday;                        /* each day is held against the same weekdays */
    int32_t kept_since; /* regions and people: first day on which they are known */
    struct why why;
    struct why_dimension dimension[WHY_DIMENSIONS];
    size_t dimension_count;
    struct why_pair *pair;
    size_t pair_count;
    double minutes[2]; /* before, after; of what was ok or handled */
    struct why_chain chain[WHY_CHAINS];
    size_t chain_count;
    struct attribution_population population;
    bool has_population;
    struct attribution_mix rate; /* minutes of one: by customer, or by the hour it began in */
    const char *rate_by;         /* NULL: not known */
    const char *note[8];         /* what cannot be told, and why */
    size_t note_count;
};

/* A question in words: days such as 2026-11-22, `against` two with ".." between them or the first;
 * NULL is as usual, no name all customers. Names are borrowed. ST_BAD_INPUT: err says what is
 * wrong. */
struct why_wish {
    const char *name, *kind, *from, *to, *against;
};
enum status why_ask(struct why_ask *out, struct store *s, const struct why_wish *wish,
                    struct error *err);

/* ST_NOT_FOUND: there is nothing of that name. ST_BAD_INPUT: days that cannot be compared. The
 * caller clears after ST_OK. store: for who was there before; NULL: unknown. */
enum status why_answer(struct why_answer *out, struct ledger_reader *r, struct store *store,
                       const struct zone *zone, const struct why_ask *ask, struct error *err);
void why_answer_clear(struct why_answer *a);

/* For people, at most 80 columns; for programs, one object, or a table; for a signal, half a
 * sentence, empty if there is no cause: "; 98 % of the change in attempts is feature captions". */
void why_words(const struct why_answer *a, const struct zone *zone, struct buf *out);
void why_json(const struct why_answer *a, const struct zone *zone, struct buf *out);
/* The same with so many parts of each dimension, and pairs, at most: those that say most. */
void why_json_most(const struct why_answer *a, const struct zone *zone, size_t most,
                   struct buf *out);
void why_csv(const struct why_answer *a, const struct zone *zone, struct buf *out);
void why_half_sentence(const struct why_answer *a, struct buf *out);
void why_causes_json(const struct why_answer *a, struct json_writer *w); /* "causes": [...] */

#endif
