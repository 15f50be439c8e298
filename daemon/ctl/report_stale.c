/*
 * report_stale.c - whom to call: who waits for an answer, and whom nobody has spoken to for long.
 */
#include <stdio.h>
#include <string.h>

#include "report.h"

#define LIMIT 25

/* Columns of the answer, as they are called for people. */
static const struct {
    const char *name;
    struct table_column shown;
} columns[] = {
    {"customer", {"customer", TABLE_TEXT}},
    {"days_unanswered", {"waits", TABLE_NUMBER}},
    {"days_since_contact", {"contact", TABLE_NUMBER}},
    {"last_contact_kind", {"which was", TABLE_TEXT}},
    {"last_contact_by", {"by", TABLE_TEXT}},
    {"stage", {"stage", TABLE_TEXT}},
    {"legs_30d", {"legs", TABLE_NUMBER}},
    {"owner", {"owner", TABLE_TEXT}},
};

enum { SHOWN = sizeof columns / sizeof columns[0] };

struct printing {
    struct table *table;
    size_t at[SHOWN]; /* their places in the answer */
};

static size_t
place_of(const struct answer *a, const char *name)
{
    size_t i = 0;

    while (strcmp(a->columns[i].name, name) != 0)
        i++;
    return i;
}

static bool
add_row(void *arg, const struct row_value *values)
{
    const struct printing *p = arg;

    table_row(p->table);
    for (size_t i = 0; i < SHOWN; i++)
        report_cell(p->table, &values[p->at[i]]);
    return true;
}

static enum status
print_title(const struct report *r, struct error *err)
{
    const char *to = r->query.param[ANSWER_TO];
    char title[120], since[REPORT_TIME];

    snprintf(title, sizeof title, "Not spoken to %s%s", to ? "since " : "for 60 days",
             to ? report_time(r, since, span_str(to)) : "");
    return report_as_of(r, "SELECT as_of FROM analyst", title, err);
}

enum status
report_stale(const struct report *r, struct error *err)
{
    const struct answer *a = answer_find("stale");
    struct table_column shown[SHOWN];
    struct printing p = {NULL, {0}};
    struct answer_sink sink = {add_row, &p};
    struct answer_query query = r->query;
    struct answer_end end = {0};
    enum status st = print_title(r, err);

    for (size_t i = 0; i < SHOWN; i++) {
        p.at[i] = place_of(a, columns[i].name);
        shown[i] = columns[i].shown;
    }
    p.table = table_new(shown, SHOWN);
    query.limit = query.limit ? query.limit : LIMIT;
    if (st == ST_OK)
        st = answer_run(r->store, a, &query, &sink, &end, err);
    if (st == ST_OK && end.rows == 0) {
        fputs("Nobody waits for an answer, and nobody was forgotten; or no inquiries, responses\n"
              "and visits are recorded, which tell who was spoken to.\n",
              r->out);
    } else if (st == ST_OK) {
        table_print(p.table, TABLE_ALIGNED, r->out);
        fprintf(r->out,
                "\nwaits: days since an inquiry that nobody has answered; those come first.\n"
                "contact: days since the last one, none where none is known. legs: of 30 days.\n"
                "Lost customers are left out.%s\n",
                end.next.n ? " There are more: --limit." : "");
    }
    buf_clear(&end.next);
    table_free(p.table);
    return st;
}
