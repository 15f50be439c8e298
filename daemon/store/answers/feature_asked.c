/*
 * feature_asked.c - whose features are meant, and the rows that say what they are.
 */
#include "feature_asked.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "civil.h"
#include "segment_members.h"

#define USUAL_WINDOW 90
#define NAMED        12 /* regions, where the one asked for is none */

enum status
feature_days(struct feature_wish *w, struct store *s, const char *from, const char *to,
             struct error *err)
{
    struct query *q = NULL;
    int32_t today = 0;
    enum status st = store_query(s, &q, "SELECT substr(as_of, 1, 10) FROM analyst", err);

    if (st == ST_OK)
        st = query_next(q, err);
    if (st == ST_OK && !parse_day(query_text(q, 0), &today))
        st = ST_NOT_FOUND;
    query_free(q);
    if (st == ST_NOT_FOUND)
        return fail(err, st, "nothing has been analysed yet");
    if (st != ST_OK)
        return st;
    w->to = today + 1;
    if (to && !parse_day(span_of(to, strnlen(to, 10)), &w->to))
        return fail(err, ST_BAD_INPUT, "to \"%.40s\": expected a day (2026-11-22)", to);
    w->from = w->to - USUAL_WINDOW;
    if (from && !parse_day(span_of(from, strnlen(from, 10)), &w->from))
        return fail(err, ST_BAD_INPUT, "from \"%.40s\": expected a day (2026-11-22)", from);
    if (w->from >= w->to)
        return fail(err, ST_BAD_INPUT, "from must lie before to");
    return ST_OK;
}

/* --- whose --- */

/* Names in the order of their bytes, which is the ledger's. */
static enum status
load_asked(struct feature_asked *a, struct store *s, struct error *err)
{
    static const char members[] =
        "SELECT customer FROM " SEGMENT_MEMBERS_SQL " WHERE segment = ?1 AND (?2 IS NULL OR"
        " customer IN (SELECT id FROM customer WHERE owner = ?2)) ORDER BY CAST(customer AS BLOB)";
    static const char owned[] = "SELECT id FROM customer WHERE ?1 IS NULL AND owner = ?2"
                                " ORDER BY CAST(id AS BLOB)";
    struct query *q = NULL;
    size_t cap = 256;
    enum status st;

    if (!a->wish.segment && !a->wish.viewer)
        return ST_OK;
    a->asked = xcalloc(cap, sizeof *a->asked);
    st = store_query(s, &q, a->wish.segment ? members : owned, err);
    if (st == ST_OK) {
        query_set_str(q, 1, a->wish.segment);
        query_set_str(q, 2, a->wish.viewer);
    }
    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        if (a->asked_count == cap) {
            cap *= 2;
            a->asked = xrealloc(a->asked, cap * sizeof *a->asked);
        }
        a->asked[a->asked_count++] = arena_copy(&a->mem, query_text(q, 0));
    }
    query_free(q);
    st = st == ST_NOT_FOUND ? ST_OK : st;
    if (st == ST_OK && a->wish.segment && a->asked_count == 0)
        return fail(err, ST_BAD_INPUT,
                    "nobody belongs to a segment \"%s\"; there are those of"
                    " `callswell report segments`",
                    a->wish.segment);
    return st;
}

/* Which regions there are instead. */
static enum status
refuse_region(const struct feature_asked *a, struct error *err)
{
    struct buf known = {0};
    size_t named = 0;
    enum status st;

    for (size_t i = 0; i < a->regions.count && named < NAMED; i++)
        if (a->regions.regions[i].name.n)
            buf_printf(&known, "%s%.*s", named++ ? ", " : "", SPAN_ARG(a->regions.regions[i].name));
    st = known.n ? fail(err, ST_BAD_INPUT, "nobody came from a region \"%.60s\" then, but from %s",
                        a->wish.region, known.p)
                 : fail(err, ST_BAD_INPUT, "of that period no region is known of anybody");
    buf_clear(&known);
    return st;
}

static bool
has_region(const struct feature_asked *a, const char *region)
{
    for (size_t i = 0; i < a->regions.count; i++)
        if (*region && span_is(a->regions.regions[i].name, region))
            return true;
    return false;
}

static void
want_region(struct feature_asked *a, const char *wanted)
{
    a->regions = (struct region_use){.from = a->wish.from,
                                     .to = a->wish.to,
                                     .among = a->asked,
                                     .among_count = a->asked_count,
                                     .wanted = span_str(wanted)};
}

static void
begin(struct feature_asked *a, const struct feature_wish *wish)
{
    *a = (struct feature_asked){.wish = *wish};
    format_day(a->from, wish->from);
    format_day(a->to, wish->to);
    arena_init(&a->mem);
    arena_init(&a->regions.mem);
}

enum status
feature_ask(struct feature_asked *a, struct store *s, const char *ledger_path,
            const struct feature_wish *wish, struct error *err)
{
    enum status st;

    begin(a, wish);
    st = load_asked(a, s, err);
    if (st != ST_OK)
        return st;
    a->period = (struct feature_period){
        .from = wish->from, .to = wish->to, .members = a->asked, .member_count = a->asked_count};
    if (wish->region) {
        want_region(a, wish->region);
        region_use_begin(&a->regions);
        a->period.region = &a->regions;
    }
    st = feature_period_read(&a->period, ledger_path, err);
    if (st == ST_OK && wish->region && !has_region(a, wish->region))
        st = refuse_region(a, err);
    return st;
}

enum status
feature_ask_regions(struct feature_asked *a, struct store *s, const char *ledger_path,
                    const struct feature_wish *wish, struct error *err)
{
    enum status st;

    begin(a, wish);
    st = load_asked(a, s, err);
    if (st != ST_OK)
        return st;
    want_region(a, NULL);
    return region_use_read(&a->regions, ledger_path, err);
}

void
feature_asked_clear(struct feature_asked *a)
{
    feature_period_clear(&a->period);
    region_use_clear(&a->regions);
    free(a->asked);
    arena_clear(&a->mem);
}

/* --- rows --- */

static const struct answer_column use_columns[FEATURE_USE_COLUMNS] = {
    {"feature", ANSWER_TEXT, NULL, "the feature", .must = true},
    {"from", ANSWER_DAY, NULL, "first day, UTC", .must = true},
    {"to", ANSWER_DAY, NULL, "day behind the last", .must = true},
    {"segment", ANSWER_TEXT, NULL, "whose members' use it is; all"},
    {"people", ANSWER_INT, "people", "distinct, used or wanted it (within 2 %); of all only"},
    {"customers", ANSWER_INT, "customers", "who did", .must = true},
    {"uses", ANSWER_INT, "uses", "that went well", .must = true},
    {"failed", ANSWER_INT, "uses", "that failed, were rejected or abandoned", .must = true},
    {"customers_wanting", ANSWER_INT, "customers", "who wanted it in vain", .must = true},
    {"customers_denied", ANSWER_INT, "customers", "of these, who never had it then", .must = true},
    {"reach_low", ANSWER_REAL, "share", "of these customers' people, lower end of 95 %"},
    {"reach_high", ANSWER_REAL, "share", "... upper end"},
    {"largest_share", ANSWER_REAL, "share", "of uses and failures in the largest customer"},
    {"people_low", ANSWER_INT, "people", "of some customers: at least"},
    {"people_high", ANSWER_INT, "people", "of some customers: at most"},
    {"region", ANSWER_TEXT, NULL, "of these, " REGION_RULE "; all"},
    {"region_here", ANSWER_REAL, "share", "of these customers' attempts that came from there"},
    {"region_covered", ANSWER_REAL, "share", "of attempts from there that were these customers'"},
    {"region_known", ANSWER_REAL, "share", "of all attempts then whose region is known"},
};
static const struct answer_column region_columns[] = {
    {"region", ANSWER_TEXT, NULL, "from where; NULL: not given"},
    {"attempts", ANSWER_INT, "legs", "from there, failed ones too", .must = true},
    {"share", ANSWER_REAL, "share", "of all attempts in the period"},
    {"customers", ANSWER_INT, "customers", "with any of them", .must = true},
    {"customers_mostly", ANSWER_INT, "customers", REGION_RULE, .must = true},
};
const struct answer feature_use_rows = {
    .name = "feature_use",
    .title = "Features in a period, of a segment or a region",
    ANSWER_COLUMNS(use_columns),
};
const struct answer region_rows = {
    .name = "regions",
    .title = "Regions that customers came from in a period",
    ANSWER_COLUMNS(region_columns),
};

static void
set_people(struct row_value *out, double people)
{
    if (!isnan(people))
        value_int(out, (int64_t)people);
    else
        value_null(out);
}

void
feature_use_row(const struct feature_asked *a, size_t i, struct row_value *values)
{
    const struct feature_use *u = &a->period.uses[i];
    struct row_value *v = values;

    value_str(v++, u->name);
    value_str(v++, a->from);
    value_str(v++, a->to);
    value_str(v++, a->wish.segment);
    set_people(v++, u->people);
    value_int(v++, u->customers);
    value_int(v++, u->used);
    value_int(v++, u->wanted);
    value_int(v++, u->wanting);
    value_int(v++, u->denied);
    value_real(v++, u->low);
    value_real(v++, u->high);
    value_real(v++, u->largest_share);
    set_people(v++, u->people_low);
    set_people(v++, u->people_high);
    value_str(v++, a->wish.region);
    value_real(v++, region_use_here(&a->regions));
    value_real(v++, region_use_covered(&a->regions));
    value_real(v++, region_use_known(&a->regions));
}

void
region_row(const struct feature_asked *a, size_t i, struct row_value *values)
{
    const struct region_count *r = &a->regions.regions[i];

    if (r->name.n)
        value_text(&values[0], r->name);
    else
        value_null(&values[0]);
    value_int(&values[1], r->attempts);
    value_real(&values[2], (double)r->attempts / (double)a->regions.attempts);
    value_int(&values[3], r->customers);
    value_int(&values[4], r->mostly);
}
