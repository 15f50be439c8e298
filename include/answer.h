/*
 * answer.h - named questions to the CRM store, asked by the command line and over HTTP.
 *
 * An answer is a table: what its columns are called, hold, mean and are counted in, by what it can
 * be narrowed, in which order it comes. `callswell report NAME --json`, GET /v1/NAME and the
 * OpenAPI text are all made from this one description, so a new table that people may ask for is
 * one more `const struct answer` and one line in daemon/store/answers/answer.c.
 *
 * Inside, an answer is
 *   SELECT <columns> FROM <from> WHERE <where> AND <filters> GROUP BY <group>
 * and what comes out of that is ordered, continued after a cursor and cut off by the caller's wish.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "json_write.h"
#include "store.h"
#include "zone.h"

/* What a question may be narrowed by. The number is that of the parameter in SQL. */
enum answer_param {
    ANSWER_FROM = 1, /* ?1: a moment, UTC text */
    ANSWER_TO,       /* ?2: ... and before this one */
    ANSWER_SERVICE,  /* ?3 */
    ANSWER_SEGMENT,
    ANSWER_CUSTOMER,
    ANSWER_FEATURE,
    ANSWER_KIND,
    ANSWER_SEVERITY,
    ANSWER_OWNER,
    ANSWER_STATE,
    ANSWER_INPUT,
    ANSWER_SEARCH,  /* ?12: any text */
    ANSWER_ID = 14, /* ?14: one row */
    ANSWER_SUBJECT, /* ?15: what a signal is about */
    ANSWER_REGION,  /* ?16 */
    ANSWER_PARAMS
};
#define ANSWER_VIEWER 13 /* ?13: the owner to whose customers the asker is limited */

struct answer_param_info {
    const char *name;   /* "from", as option and in a URL */
    const char *what;   /* one phrase */
    const char *one_of; /* the words it may be, separated by blanks; NULL: any */
};
const struct answer_param_info *answer_param_info(enum answer_param p);

enum answer_type {
    ANSWER_TEXT,
    ANSWER_INT,
    ANSWER_REAL,
    ANSWER_TIME, /* 2026-11-22T09:15:00Z */
    ANSWER_DAY,  /* 2026-11-22, UTC */
    ANSWER_JSON, /* text that is JSON */
};

struct answer_column {
    const char *name;
    enum answer_type type;
    const char *unit; /* "legs", "s", "share" (0 to 1); NULL: none */
    const char *what; /* one phrase */
    const char *sql;  /* NULL: the name says it */
    bool must;        /* never NULL */
};

/* A condition that holds when the parameter is given, or (absent) when it is not. */
struct answer_filter {
    enum answer_param param;
    const char *given; /* NULL: another filter's condition reads it */
    const char *absent;
};

struct answer_term { /* of an order */
    const char *sql; /* over the columns */
    bool down;
};

struct answer {
    const char *name;  /* "feature_demand": [a-z_]+ */
    const char *title; /* one sentence */
    const struct answer_column *columns;
    size_t column_count;
    const struct answer_filter *filters;
    size_t filter_count;
    const char *from, *where, *group; /* SQL; the last two may be NULL */
    struct answer_term order[4];      /* up to the first without sql */
    const char *key[3]; /* columns that tell all rows apart, never NULL; they settle ties */
    const char *own;    /* who is limited to customers of owner ?13 sees the rows for which this
                           holds; "1": all; NULL: the question is not for them */
    const char *as_of, *completeness; /* SQL for one value; NULL: those of the last pass */
    bool admin;                       /* for those who may change things */
    bool utc_days;                    /* from and to are UTC days: rows are */
};

/* For the parts that are arrays. */
#define ANSWER_COLUMNS(a) .columns = (a), .column_count = sizeof(a) / sizeof((a)[0])
#define ANSWER_FILTERS(a) .filters = (a), .filter_count = sizeof(a) / sizeof((a)[0])

const struct answer *answer_find(const char *name); /* NULL: there is none */
const struct answer *answer_at(size_t i);           /* NULL after the last */
bool answer_knows(const struct answer *a, enum answer_param p);

struct answer_query {
    const char *param[ANSWER_PARAMS]; /* NULL: not given; from and to by answer_moment */
    const char *sort;                 /* a column, with "-" before it downwards; NULL: own order */
    const char *after;                /* `next` of an answer to the same question */
    uint64_t limit;                   /* rows; 0: all */
    const char *viewer;               /* an owner: only what concerns that one's customers */
};

/* The moment that a day or a time means; without an offset it is one of the zone, or of UTC where
 * rows are UTC days. False: it is neither. */
bool answer_moment(const struct answer *a, const struct zone *zone, const char *text, char out[32]);

struct answer_sink {
    /* One value a column. False: enough, and the answer fails with ST_FULL. */
    bool (*row)(void *arg, const struct row_value *values);
    void *arg;
};

struct answer_end {
    char as_of[32];      /* of the pass that wrote the rows; "" before the first */
    double completeness; /* 0 to 1: share of the 28 days before with any input; NAN unknown */
    uint64_t rows;
    struct buf next; /* a cursor, empty when there are no more rows; the caller clears */
};

/* Everything comes from one moment of the store, which must have no transaction open.
 *   ST_BAD_INPUT  a parameter, column or cursor that is none of this question's: err says which
 *   ST_NOT_FOUND  the viewer may not ask this
 *   ST_RETRY      it took longer than store_limit_time allows */
enum status answer_run(struct store *s, const struct answer *a, const struct answer_query *q,
                       const struct answer_sink *sink, struct answer_end *end, struct error *err);

/* A row as a JSON object. nested: what is JSON inside stands as JSON, not as text. */
void answer_json_row(struct json_writer *w, const struct answer *a, const struct row_value *values,
                     bool nested);
void answer_csv_head(struct buf *out, const struct answer *a);
void answer_csv_row(struct buf *out, const struct answer *a, const struct row_value *values);

#endif
