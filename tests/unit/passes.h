/*
 * passes.h - running the analyst over a book's ledger and looking at what it wrote.
 */
#ifndef PASSES_H
#define PASSES_H

#include "analyst.h"
#include "book.h"
#include "store.h"

/* 2026-11-22 is a Sunday. */
#define TODAY                 (days_from_civil(2026, 11, 22))
#define AT(day, hour, minute) ((int64_t)(day)*DAY_SECONDS + (hour)*3600 + (minute)*60)
#define NOW                   AT(TODAY, 12, 0)

static inline uint64_t
dice(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline struct analyst *
open_analyst(const struct config *c)
{
    struct analyst_options opt = {c, "ledger.db", "crm.db"};
    struct analyst *a;
    struct error err;

    if (analyst_open(&a, &opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return a;
}

static inline void
run_pass(struct analyst *a, int64_t now, uint64_t want)
{
    struct error err;
    uint64_t seq = 0;

    if (analyst_run(a, now, &seq, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(seq, want);
}

static inline struct store *
reader(void)
{
    struct store *s;
    struct error err;

    if (store_open(&s, "crm.db", STORE_READ, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return s;
}

/* The rows of a query as "a|b;c|d". */
static inline const char *
rows(const char *sql)
{
    static char text[4096];
    struct store *s = reader();
    struct query *q;
    struct error err;
    size_t n = 0;

    text[0] = '\0';
    if (store_query(s, &q, sql, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    while (query_next(q, &err) == ST_OK) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", n ? ";" : "");
        for (int i = 0; i < query_columns(q); i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? "|" : "",
                                  SPAN_ARG(query_text(q, i)));
    }
    query_free(q);
    store_close(s);
    return text;
}

/* What a person or another program does to the store meanwhile. */
static inline void
edit(const char *sql)
{
    struct store *s;
    struct error err;

    if (store_open(&s, "crm.db", STORE_EDIT, &err) != ST_OK || store_run(s, sql, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    store_close(s);
}

static struct config plain
    __attribute__((unused)) = {.timezone = (char *)"UTC", .weekend = (char *)"sat sun"};

#endif
