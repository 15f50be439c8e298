/*
 * report_features.c - `callswell report features`: what people want, how surely, and who does not
 * get it; of the last 90 days as the store has it, or of any period, segment and region.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feature_asked.h"
#include "report.h"
#include "words.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define USUAL_ROWS 40

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

/* --- a period, a segment, a region --- */

static const struct table_column use_human[] = {
    {"feature", TABLE_TEXT},   {"people", TABLE_NUMBER}, {"cust.", TABLE_NUMBER},
    {"uses", TABLE_NUMBER},    {"failed", TABLE_NUMBER}, {"never had", TABLE_NUMBER},
    {"reach %", TABLE_NUMBER}, {"top %", TABLE_NUMBER},
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

    table_row(t);
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

/* By which rule customers are of the region, and how far they are all of it. */
static void
say_region(const struct feature_asked *a, struct buf *out)
{
    const struct region_use *u = &a->regions;
    bool some = a->asked != NULL;

    buf_printf(out, "Region %s: " REGION_RULE ".", a->wish.region);
    if (u->member_count)
        buf_printf(out,
                   " Of these customers' attempts %.1f %% came from there; of all attempts%s from"
                   " there they made %.1f %%.",
                   100 * region_use_here(u), some ? " of the segment" : "",
                   100 * region_use_covered(u));
    if (region_use_known(u) < 1)
        buf_printf(out, " The region is known of %.1f %% of all attempts%s.",
                   100 * region_use_known(u), some ? " of the segment" : "");
    buf_str(out, " Features are counted by customer and not by region: what others used there is"
                 " not in this, what these used elsewhere is.");
}

static void
print_region(const struct report *r, const struct feature_asked *a)
{
    struct buf said = {0}, lines = {0};

    say_region(a, &said);
    words_flow(&lines, 0, span_of(said.p, said.n));
    fprintf(r->out, "\n%s\n", lines.p);
    buf_clear(&said);
    buf_clear(&lines);
}

static const char *
period_notes(const struct feature_period *p)
{
    if (p->count == 0)
        return "No feature was used or wanted then.\n";
    if (p->members || p->region)
        return "\npeople: distinct, used or wanted it; between these bounds, which guests of\n"
               "other customers and failed attempts widen. never had: customers who wanted it\n"
               "and never had it. reach: share of these customers' active people, 95 %\n"
               "interval. top: share of uses and failures in the largest customer.\n";
    return "\npeople: distinct, used or wanted it (within 2 %). never had: customers who\n"
           "wanted it and never had it. reach: share of all active people, 95 %\n"
           "interval. top: share of uses and failures in the largest customer.\n";
}

static void
print_period(const struct report *r, const struct feature_asked *a)
{
    const struct feature_period *p = &a->period;
    struct table *t = table_new(use_human, COUNT(use_human));
    size_t limit = r->query.limit ? (size_t)r->query.limit : USUAL_ROWS;

    for (size_t i = 0; i < p->count && i < limit; i++)
        use_row(t, &p->uses[i]);
    fprintf(r->out, "Features from %s to before %s (UTC days)", a->from, a->to);
    if (a->wish.segment)
        fprintf(r->out, ",\nsegment %s", a->wish.segment);
    if (a->wish.region)
        fprintf(r->out, ",\nregion %s", a->wish.region);
    fprintf(r->out, ": %lld active customers\n\n", (long long)p->active_customers);
    table_print(t, TABLE_ALIGNED, r->out);
    table_free(t);
    fputs(period_notes(p), r->out);
    if (a->wish.region)
        print_region(r, a);
}

/* For programs. */
static void
print_period_rows(const struct report *r, const struct feature_asked *a)
{
    bool csv = r->style == TABLE_CSV;
    size_t limit = r->query.limit ? (size_t)r->query.limit : a->period.count;
    struct row_value row[FEATURE_USE_COLUMNS];
    struct buf out = {0};
    struct json_writer w;

    json_begin(&w, &out);
    if (csv)
        answer_csv_head(&out, &feature_use_rows);
    else
        json_array(&w, NULL);
    for (size_t i = 0; i < a->period.count && i < limit; i++) {
        feature_use_row(a, i, row);
        if (csv)
            answer_csv_row(&out, &feature_use_rows, row);
        else
            answer_json_row(&w, &feature_use_rows, row, false);
    }
    if (!csv) {
        json_close(&w);
        buf_char(&out, '\n');
    }
    fwrite(out.p, 1, out.n, r->out);
    buf_clear(&out);
}

static enum status
report_period(const struct report *r, struct error *err)
{
    const char *const *param = r->query.param;
    struct feature_wish wish = {.segment = param[ANSWER_SEGMENT], .region = param[ANSWER_REGION]};
    char *path = config_state_path(r->config, "ledger.db");
    struct feature_asked asked;
    enum status st = feature_days(&wish, r->store, param[ANSWER_FROM], param[ANSWER_TO], err);

    if (st == ST_OK) {
        st = feature_ask(&asked, r->store, path, &wish, err);
        if (st == ST_OK && r->style == TABLE_ALIGNED)
            print_period(r, &asked);
        else if (st == ST_OK)
            print_period_rows(r, &asked);
        feature_asked_clear(&asked);
    }
    free(path);
    return st;
}

enum status
report_features(const struct report *r, struct error *err)
{
    const char *const *p = r->query.param;

    if (p[ANSWER_FROM] || p[ANSWER_TO] || p[ANSWER_SEGMENT] || p[ANSWER_REGION])
        return report_period(r, err);
    return report_ranking(r, err);
}
