/*
 * report_features.c - `callswell report features`: what people want, how surely, and who does not
 * get it; of the last 90 days as the store has it, or of any period and segment.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "feature_period.h"
#include "report.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define USUAL_ROWS   40
#define USUAL_WINDOW 90

/* --- the ranking --- */

static const struct table_column human[] = {
    {"rank", TABLE_TEXT},     {"feature", TABLE_TEXT},   {"people", TABLE_NUMBER},
    {"cust.", TABLE_NUMBER},  {"uses", TABLE_NUMBER},    {"failed", TABLE_NUMBER},
    {"growth", TABLE_NUMBER}, {"reach %", TABLE_NUMBER}, {"top %", TABLE_NUMBER},
};
static const char human_sql[] =
    "SELECT CASE WHEN rank_low IS NULL THEN rank WHEN rank_low < rank_high THEN"
    " printf('%d (%d-%d)', rank, rank_low, rank_high) ELSE rank END,"
    " feature, people, customers, uses, failed,"
    " CASE WHEN growth IS NULL THEN '' ELSE printf('x%.2f', growth) END,"
    " printf('%.1f-%.1f', 100 * reach_low, 100 * reach_high),"
    " CASE WHEN largest_share IS NULL THEN '' ELSE printf('%.0f', 100 * largest_share) END"
    " FROM feature_demand ORDER BY rank LIMIT ?20";

static const struct table_column denied[] = {
    {"feature", TABLE_TEXT},        {"attempts failed", TABLE_NUMBER},
    {"of all %", TABLE_NUMBER},     {"customers wanting", TABLE_NUMBER},
    {"never had it", TABLE_NUMBER},
};
static const char denied_sql[] =
    "SELECT feature, failed, printf('%.1f', 100.0 * failed / (uses + failed)), customers_wanting,"
    " customers_denied FROM feature_demand WHERE failed > 0"
    " ORDER BY customers_denied DESC, failed DESC, feature LIMIT ?20";

/* One sentence for each feature that is on its way to a decision. */
static enum status
print_crossings(const struct report *r, struct error *err)
{
    struct query *q = NULL;
    enum status st = report_query(r, &q,
                                  "SELECT feature, crosses_on, new_28d, lost_28d FROM"
                                  " feature_demand WHERE crosses_on IS NOT NULL ORDER BY 2, 1",
                                  err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK)
        fprintf(r->out,
                "\n%.*s: 10,000 people about %.*s (UTC), if it goes on like in the\n"
                "last 28 days: %lld new people, %lld lost.\n",
                SPAN_ARG(query_text(q, 0)), SPAN_ARG(query_text(q, 1)), (long long)query_int(q, 2),
                (long long)query_int(q, 3));
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static const char ranking_notes[] =
    "\nrank: with the range that 90 % of 200 draws of the customers agree on; features\n"
    "whose ranges overlap are tied. people: distinct, used or wanted it (within 2 %;\n"
    "of a record that was corrected or voided since they still count on its day).\n"
    "growth: new people of the last 28 days against the 28 before, only where it is\n"
    "more than chance. reach: share of all active people, 95 % interval. top: share\n"
    "of the people in the largest customer (estimated).\n";

static enum status
report_ranking(const struct report *r, struct error *err)
{
    struct report limited = *r;
    size_t rows = 0, failing = 0;
    enum status st;

    limited.query.limit = r->query.limit ? r->query.limit : USUAL_ROWS;
    st = report_as_of(r, "SELECT max(as_of) FROM feature_demand",
                      "Features by demand, the last 90 days", err);
    if (st == ST_OK)
        st = report_table(&limited, human_sql, human, COUNT(human), &rows, err);
    if (st == ST_OK && rows == 0)
        fputs("No feature was used or wanted in the last 90 days.\n", r->out);
    if (st != ST_OK || rows == 0)
        return st;
    st = print_crossings(r, err);
    if (st == ST_OK)
        fputs("\nWanted and not had, the same 90 days:\n\n", r->out);
    if (st == ST_OK)
        st = report_table(&limited, denied_sql, denied, COUNT(denied), &failing, err);
    if (st == ST_OK)
        fputs(ranking_notes, r->out);
    return st;
}

/* --- a period, a segment --- */

/* Names in the order of their bytes, which is the ledger's. */
struct members {
    struct arena mem;
    struct span *names;
    size_t count, cap;
};

static enum status
load_members(const struct report *r, struct members *m, struct error *err)
{
    struct query *q = NULL;
    enum status st = report_query(r, &q,
                                  "SELECT customer FROM segment_member WHERE segment = ?4"
                                  " ORDER BY CAST(customer AS BLOB)",
                                  err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        if (m->count == m->cap) {
            m->cap = m->cap ? m->cap * 2 : 256;
            m->names = xrealloc(m->names, m->cap * sizeof *m->names);
        }
        m->names[m->count++] = arena_copy(&m->mem, query_text(q, 0));
    }
    query_free(q);
    st = st == ST_NOT_FOUND ? ST_OK : st;
    if (st == ST_OK && m->count == 0)
        return fail(err, ST_BAD_CONFIG,
                    "nobody belongs to a segment \"%s\"; there are those of"
                    " `callswell report segments`",
                    r->query.param[ANSWER_SEGMENT]);
    return st;
}

/* The days asked for; of what is not said, up to the newest pass, and 90 of them. */
static enum status
find_days(const struct report *r, struct feature_period *p, struct error *err)
{
    struct query *q = NULL;
    int32_t today = 0;
    enum status st = store_query(r->store, &q, "SELECT substr(as_of, 1, 10) FROM analyst", err);

    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK && !parse_day(query_text(q, 0), &today))
        st = ST_NOT_FOUND;
    query_free(q);
    if (st == ST_NOT_FOUND)
        return fail(err, st, "nothing has been analysed yet");
    if (st != ST_OK)
        return st;
    p->to = today + 1;
    if (r->query.param[ANSWER_TO])
        parse_day(span_of(r->query.param[ANSWER_TO], 10), &p->to);
    p->from = p->to - USUAL_WINDOW;
    if (r->query.param[ANSWER_FROM])
        parse_day(span_of(r->query.param[ANSWER_FROM], 10), &p->from);
    if (p->from >= p->to)
        return fail(err, ST_BAD_CONFIG, "--from must lie before --to");
    return ST_OK;
}

static const struct table_column use_human[] = {
    {"feature", TABLE_TEXT},   {"people", TABLE_NUMBER}, {"cust.", TABLE_NUMBER},
    {"uses", TABLE_NUMBER},    {"failed", TABLE_NUMBER}, {"never had", TABLE_NUMBER},
    {"reach %", TABLE_NUMBER}, {"top %", TABLE_NUMBER},
};
static const struct table_column use_all[] = {
    {"feature", TABLE_TEXT},
    {"from", TABLE_TEXT},
    {"to", TABLE_TEXT},
    {"segment", TABLE_TEXT},
    {"people", TABLE_NUMBER},
    {"customers", TABLE_NUMBER},
    {"uses", TABLE_NUMBER},
    {"failed", TABLE_NUMBER},
    {"customers_wanting", TABLE_NUMBER},
    {"customers_denied", TABLE_NUMBER},
    {"reach_low", TABLE_NUMBER},
    {"reach_high", TABLE_NUMBER},
    {"largest_share", TABLE_NUMBER},
    {"people_low", TABLE_NUMBER},
    {"people_high", TABLE_NUMBER},
};

/* 812, or of a segment 800-830. */
static const char *
people_text(char out[48], const struct feature_use *u)
{
    if (!isnan(u->people) || u->people_low == u->people_high)
        snprintf(out, 48, "%.0f", isnan(u->people) ? u->people_low : u->people);
    else if (isnan(u->people_low))
        out[0] = '\0';
    else
        snprintf(out, 48, "%.0f-%.0f", u->people_low, u->people_high);
    return out;
}

static void
use_row(struct table *t, const struct feature_use *u)
{
    char reach[32] = "", named[48];

    table_text(t, u->name);
    table_text(t, people_text(named, u));
    table_i64(t, u->customers);
    table_i64(t, u->used);
    table_i64(t, u->wanted);
    table_i64(t, u->denied);
    if (!isnan(u->low))
        snprintf(reach, sizeof reach, "%.1f-%.1f", 100 * u->low, 100 * u->high);
    table_text(t, reach);
    table_real(t, 100 * u->largest_share, 0);
}

static void
use_row_all(struct table *t, const struct report *r, const struct feature_period *p,
            const struct feature_use *u)
{
    char day[CIVIL_TEXT];

    table_text(t, u->name);
    table_text(t, format_day(day, p->from));
    table_text(t, format_day(day, p->to));
    table_text(t, r->query.param[ANSWER_SEGMENT]);
    table_real(t, u->people, 0);
    table_i64(t, u->customers);
    table_i64(t, u->used);
    table_i64(t, u->wanted);
    table_i64(t, u->wanting);
    table_i64(t, u->denied);
    table_real(t, u->low, 6);
    table_real(t, u->high, 6);
    table_real(t, u->largest_share, 6);
    table_real(t, u->people_low, 0);
    table_real(t, u->people_high, 0);
}

static void
print_period(const struct report *r, const struct feature_period *p)
{
    bool people = r->style == TABLE_ALIGNED;
    const char *segment = r->query.param[ANSWER_SEGMENT];
    struct table *t =
        people ? table_new(use_human, COUNT(use_human)) : table_new(use_all, COUNT(use_all));
    size_t limit = r->query.limit ? (size_t)r->query.limit : people ? USUAL_ROWS : p->count;
    char from[CIVIL_TEXT], to[CIVIL_TEXT];

    for (size_t i = 0; i < p->count && i < limit; i++) {
        table_row(t);
        if (people)
            use_row(t, &p->uses[i]);
        else
            use_row_all(t, r, p, &p->uses[i]);
    }
    if (people)
        fprintf(r->out, "Features from %s to before %s (UTC days)%s%s: %lld active customers\n\n",
                format_day(from, p->from), format_day(to, p->to), segment ? ",\nsegment " : "",
                segment ? segment : "", (long long)p->active_customers);
    table_print(t, r->style, r->out);
    table_free(t);
    if (people)
        fputs(
            p->count == 0 ? "No feature was used or wanted then.\n"
            : p->members
                ? "\npeople: distinct, used or wanted it; between these bounds, which guests of\n"
                  "other customers and failed attempts widen. never had: customers who wanted it\n"
                  "and never had it. reach: share of the segment's active people, 95 % interval.\n"
                  "top: share of uses and failures in the largest customer.\n"
                : "\npeople: distinct, used or wanted it (within 2 %). never had: customers who\n"
                  "wanted it and never had it. reach: share of all active people, 95 %\n"
                  "interval. top: share of uses and failures in the largest customer.\n",
            r->out);
}

static enum status
report_period(const struct report *r, struct error *err)
{
    struct feature_period p = {0};
    struct members m = {0};
    char *path = config_state_path(r->config, "ledger.db");
    enum status st = find_days(r, &p, err);

    arena_init(&m.mem);
    if (st == ST_OK && r->query.param[ANSWER_SEGMENT])
        st = load_members(r, &m, err);
    p.members = m.names;
    p.member_count = m.count;
    if (st == ST_OK)
        st = feature_period_read(&p, path, err);
    if (st == ST_OK)
        print_period(r, &p);
    feature_period_clear(&p);
    arena_clear(&m.mem);
    free(m.names);
    free(path);
    return st;
}

enum status
report_features(const struct report *r, struct error *err)
{
    const char *const *p = r->query.param;

    if (p[ANSWER_FROM] || p[ANSWER_TO] || p[ANSWER_SEGMENT])
        return report_period(r, err);
    return report_ranking(r, err);
}
