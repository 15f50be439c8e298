/*
 * answer.c - asking a named question: its SQL put together, run, ordered, continued.
 *
 * The order of a list is made total by its key, and a cursor holds the values by which its last row
 * was ordered; the next page begins behind them. So nothing is shown twice or left out however long
 * people read, but for rows that move meanwhile. NULL comes last, upwards and downwards.
 */
#include "answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "answers.h"
#include "civil.h"
#include "json_read.h"

#define TERMS        8
#define CURSOR_MOST  4096
#define CURSOR_FIRST 30 /* the parameters in which its values stand */
#define PAGE_PARAM   "?20"

static const struct answer *const all[] = {
    &answer_staffing,        &answer_services,        &answer_service_intervals,
    &answer_features,        &answer_customers,       &answer_customer_usage,
    &answer_customer_days,   &answer_stage_history,   &answer_segments,
    &answer_segment_members, &answer_segment_changes, &answer_segment_flows,
    &answer_signals,         &answer_quarantine,      &answer_quarantine_reasons,
    &answer_feeds,           &answer_roster,          &answer_calendar,
    &answer_forecast_scores, &answer_availability,    &answer_staffing_moves,
    &answer_staffing_skills, &answer_completeness,    &answer_signals_rest,
    &answer_tokens,          &answer_audit,           &answer_stages,
    &answer_customer_growth, &answer_usage_groups,    &answer_models,
    &answer_seasons,         &answer_conferences,     &answer_conference_sizes,
    &answer_responses,       &answer_stale,           &answer_webhook_messages,
};

static const struct answer_param_info params[ANSWER_PARAMS] = {
    [ANSWER_FROM] = {"from", "from this day or moment on", NULL},
    [ANSWER_TO] = {"to", "before this day or moment", NULL},
    [ANSWER_SERVICE] = {"service", "one service", NULL},
    [ANSWER_SEGMENT] = {"segment", "members of one segment", NULL},
    [ANSWER_CUSTOMER] = {"customer", "one customer, by id", NULL},
    [ANSWER_FEATURE] = {"feature", "one feature", NULL},
    [ANSWER_KIND] = {"kind", "one kind", NULL},
    [ANSWER_SEVERITY] = {"severity", "one severity", "info warning critical"},
    [ANSWER_OWNER] = {"owner", "of one owner", NULL},
    [ANSWER_STATE] = {"state", "in one state", NULL},
    [ANSWER_INPUT] = {"input", "of one input", NULL},
    [ANSWER_SEARCH] = {"q", "with this text in them", NULL},
    [ANSWER_ID] = {"id", "one row, by its id", NULL},
    [ANSWER_SUBJECT] = {"subject", "about one customer, service, feature, ...", NULL},
    [ANSWER_REGION] = {"region", "of customers mostly from one region", NULL},
};

const struct answer_param_info *
answer_param_info(enum answer_param p)
{
    return &params[p];
}

const struct answer *
answer_at(size_t i)
{
    return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

const struct answer *
answer_find(const char *name)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

bool
answer_knows(const struct answer *a, enum answer_param p)
{
    for (size_t i = 0; i < a->filter_count; i++)
        if (a->filters[i].param == p)
            return true;
    return false;
}

bool
answer_moment(const struct answer *a, const struct zone *zone, const char *text, char out[32])
{
    struct span s = span_str(text);
    bool has_offset = false;
    int32_t day;
    int64_t at;

    if (parse_day(s, &day))
        at = (int64_t)day * DAY_SECONDS;
    else if (!parse_rfc3339(s, &at, &has_offset))
        return false;
    format_utc(out, has_offset || a->utc_days ? at : zone_to_utc(zone, at));
    return true;
}

/* --- the order and the cursor --- */

struct order {
    struct answer_term terms[TERMS];
    size_t count;
    struct row_value after[TERMS];
    bool has_after;
    struct arena memory; /* of the cursor's texts */
};

static const struct answer_column *
column_of(const struct answer *a, struct span name)
{
    for (size_t i = 0; i < a->column_count; i++)
        if (span_is(name, a->columns[i].name))
            return &a->columns[i];
    return NULL;
}

static enum status
choose_order(const struct answer *a, const char *sort, struct order *o, struct error *err)
{
    if (sort) {
        bool down = sort[0] == '-';
        const struct answer_column *c = column_of(a, span_str(sort + down));

        if (!c || c->type == ANSWER_JSON)
            return fail(err, ST_BAD_INPUT, "sort \"%.60s\": %s has no such column to sort by", sort,
                        a->name);
        o->terms[o->count++] = (struct answer_term){c->name, down};
    }
    for (size_t i = 0; !sort && i < 4 && a->order[i].sql; i++)
        o->terms[o->count++] = a->order[i];
    for (size_t i = 0; i < 3 && a->key[i]; i++)
        o->terms[o->count++] = (struct answer_term){a->key[i], false};
    return ST_OK;
}

static void
write_value(struct json_writer *w, const char *key, const struct row_value *v)
{
    if (v->type == ROW_NULL)
        json_null(w, key);
    else if (v->type == ROW_INT)
        json_i64(w, key, v->number);
    else if (v->type == ROW_REAL)
        json_real(w, key, v->real);
    else
        json_span(w, key, v->text);
}

/* ["customers","-legs_30d",120,"acme"], in hexadecimal: nobody should build on what it says. */
static void
write_cursor(struct buf *out, const struct answer *a, const char *sort,
             const struct row_value *values, size_t count)
{
    struct buf text = {0};
    struct json_writer w;

    json_begin(&w, &text);
    json_array(&w, NULL);
    json_text(&w, NULL, a->name);
    json_text(&w, NULL, sort);
    for (size_t i = 0; i < count; i++)
        write_value(&w, NULL, &values[i]);
    json_close(&w);
    for (size_t i = 0; i < text.n; i++)
        buf_printf(out, "%02x", (unsigned char)text.p[i]);
    buf_clear(&text);
}

static void
read_value(const struct json_value *v, struct row_value *out)
{
    int64_t number;

    if (v->type == JSON_STRING)
        value_text(out, v->text);
    else if (v->type == JSON_NUMBER && span_to_i64(v->text, &number))
        value_int(out, number);
    else if (v->type == JSON_NUMBER)
        value_real(out, strtod(v->text.p, NULL));
    else
        value_null(out);
}

static bool
decode(const struct answer *a, const char *sort, struct span packed, struct order *o)
{
    struct buf text = {0};
    struct json_value *v = NULL;
    const struct json_value *at;
    bool good = packed.n % 2 == 0 && packed.n <= CURSOR_MOST;
    size_t i = 0;

    for (size_t n = 0; good && n < packed.n; n += 2) {
        int byte = hex_byte(packed.p + n);

        good = byte >= 0;
        buf_char(&text, (char)byte);
    }
    good = good && json_parse(span_of(text.p, text.n), &o->memory, &v, NULL) == ST_OK;
    buf_clear(&text);
    at = good && v->type == JSON_ARRAY ? v->first : NULL;
    if (!at || at->type != JSON_STRING || !span_is(at->text, a->name) || !(at = at->next) ||
        (sort ? at->type != JSON_STRING || !span_is(at->text, sort) : at->type != JSON_NULL))
        return false;
    for (at = at->next; at && i < o->count; at = at->next)
        read_value(at, &o->after[i++]);
    return !at && i == o->count;
}

static enum status
read_cursor(const struct answer *a, const struct answer_query *q, struct order *o,
            struct error *err)
{
    if (!q->after)
        return ST_OK;
    o->has_after = true;
    if (decode(a, q->sort, span_str(q->after), o))
        return ST_OK;
    return fail(err, ST_BAD_INPUT,
                "after: this is no cursor of %s in this order; begin again without it", a->name);
}

/* Behind the cursor: equal up to some term, and there behind it. */
static void
write_behind(struct buf *sql, const struct order *o)
{
    for (size_t i = 0; i < o->count; i++) {
        unsigned n = CURSOR_FIRST + (unsigned)i;

        buf_str(sql, i ? " OR (" : "(");
        for (size_t k = 0; k < i; k++)
            buf_printf(sql, "(%s) IS ?%u AND ", o->terms[k].sql, CURSOR_FIRST + (unsigned)k);
        buf_printf(sql, "((%s) %s ?%u OR (?%u IS NOT NULL AND (%s) IS NULL)))", o->terms[i].sql,
                   o->terms[i].down ? "<" : ">", n, n, o->terms[i].sql);
    }
}

/* --- the SQL --- */

static void
write_inner(struct buf *sql, const struct answer *a, const struct answer_query *q)
{
    bool some = a->where != NULL;

    for (size_t i = 0; i < a->column_count; i++) {
        const struct answer_column *c = &a->columns[i];

        buf_printf(sql, "%s%s AS %s", i ? ", " : "SELECT ", c->sql ? c->sql : c->name, c->name);
    }
    buf_printf(sql, " FROM %s%s%s", a->from, some ? " WHERE " : "", some ? a->where : "");
    for (size_t i = 0; i < a->filter_count; i++) {
        const struct answer_filter *f = &a->filters[i];
        const char *condition = q->param[f->param] ? f->given : f->absent;

        if (!condition)
            continue;
        buf_printf(sql, "%s(%s)", some ? " AND " : " WHERE ", condition);
        some = true;
    }
    if (q->viewer)
        buf_printf(sql, "%s(%s)", some ? " AND " : " WHERE ", a->own);
    if (a->group)
        buf_printf(sql, " GROUP BY %s", a->group);
}

static void
write_sql(struct buf *sql, const struct answer *a, const struct answer_query *q,
          const struct order *o)
{
    buf_str(sql, "SELECT a.*");
    for (size_t i = 0; i < o->count; i++)
        buf_printf(sql, ", %s", o->terms[i].sql);
    buf_str(sql, " FROM (");
    write_inner(sql, a, q);
    buf_str(sql, ") AS a");
    if (o->has_after) {
        buf_str(sql, " WHERE ");
        write_behind(sql, o);
    }
    for (size_t i = 0; i < o->count; i++)
        buf_printf(sql, "%s(%s)%s NULLS LAST", i ? ", " : " ORDER BY ", o->terms[i].sql,
                   o->terms[i].down ? " DESC" : "");
    buf_str(sql, " LIMIT " PAGE_PARAM);
}

static void
set_value(struct query *q, int n, const struct row_value *v)
{
    if (v->type == ROW_INT)
        query_set_int(q, n, v->number);
    else if (v->type == ROW_REAL)
        query_set_real(q, n, v->real);
    else if (v->type == ROW_TEXT)
        query_set_text(q, n, v->text);
    else
        query_set_null(q, n);
}

static void
set_parameters(struct query *out, const struct answer_query *q, const struct order *o)
{
    for (int p = 1; p < ANSWER_PARAMS; p++)
        query_set_str(out, p, q->param[p]);
    query_set_str(out, ANSWER_VIEWER, q->viewer);
    query_set_int(out, atoi(&PAGE_PARAM[1]), q->limit ? (int64_t)q->limit + 1 : -1);
    for (size_t i = 0; o->has_after && i < o->count; i++)
        set_value(out, CURSOR_FIRST + (int)i, &o->after[i]);
}

/* --- running --- */

static const char as_of_sql[] = "SELECT as_of FROM analyst";
static const char completeness_sql[] =
    "SELECT (SELECT count(*) FROM input_day WHERE day >= date(as_of, '-28 days')"
    " AND day < date(as_of)) / 28.0 FROM analyst";

static enum status
read_end(struct store *s, const struct answer *a, struct answer_end *end, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q, a->as_of ? a->as_of : as_of_sql, err);

    if (st == ST_OK && (st = query_next(q, err)) == ST_OK)
        snprintf(end->as_of, sizeof end->as_of, "%.*s", SPAN_ARG(query_text(q, 0)));
    query_free(q);
    q = NULL;
    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    st = store_query(s, &q, a->completeness ? a->completeness : completeness_sql, err);
    if (st == ST_OK && (st = query_next(q, err)) == ST_OK)
        end->completeness = query_real(q, 0);
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* The row before the one too many is where the next page begins. */
static enum status
read_rows(struct query *q, const struct answer *a, const struct answer_query *asked,
          const struct order *o, const struct answer_sink *sink, struct answer_end *end,
          struct error *err)
{
    struct row_value *values = xcalloc(a->column_count + o->count, sizeof *values);
    enum status st;

    while ((st = query_next(q, err)) == ST_OK) {
        for (size_t i = 0; i < a->column_count + o->count; i++)
            query_value(q, (int)i, &values[i]);
        if (asked->limit && end->rows == asked->limit)
            break;
        buf_reset(&end->next);
        if (asked->limit && end->rows + 1 == asked->limit)
            write_cursor(&end->next, a, asked->sort, values + a->column_count, o->count);
        end->rows++;
        if (!sink->row(sink->arg, values)) {
            st = fail(err, ST_FULL, "the answer is too long: ask for fewer rows with limit");
            break;
        }
    }
    free(values);
    if (st == ST_NOT_FOUND) {
        buf_reset(&end->next); /* there is nothing behind the last row */
        st = ST_OK;
    }
    return st;
}

static enum status
check(const struct answer *a, const struct answer_query *q, struct error *err)
{
    if (q->viewer && !a->own)
        return fail(err, ST_NOT_FOUND, "%s is not for those who see one owner's customers only",
                    a->name);
    for (int p = 1; p < ANSWER_PARAMS; p++)
        if (q->param[p] && !answer_knows(a, (enum answer_param)p))
            return fail(err, ST_BAD_INPUT, "%s is not narrowed by %s", a->name, params[p].name);
    return ST_OK;
}

static enum status
run_ordered(struct store *s, const struct answer *a, const struct answer_query *q,
            const struct order *o, const struct answer_sink *sink, struct answer_end *end,
            struct error *err)
{
    struct query *query = NULL;
    struct buf sql = {0};
    enum status st;

    write_sql(&sql, a, q, o);
    st = store_run(s, "BEGIN", err);
    if (st == ST_OK)
        st = read_end(s, a, end, err);
    if (st == ST_OK)
        st = store_query(s, &query, sql.p, err);
    if (st == ST_OK) {
        set_parameters(query, q, o);
        st = read_rows(query, a, q, o, sink, end, err);
    }
    if (st != ST_OK && st != ST_FULL && store_out_of_time(s))
        st = fail(err, ST_RETRY, "%s took too long: narrow it, or try again later", a->name);
    query_free(query);
    store_rollback(s);
    buf_clear(&sql);
    return st;
}

enum status
answer_run(struct store *s, const struct answer *a, const struct answer_query *q,
           const struct answer_sink *sink, struct answer_end *end, struct error *err)
{
    struct order o = {.count = 0};
    enum status st = check(a, q, err);

    *end = (struct answer_end){.completeness = NAN};
    arena_init(&o.memory);
    if (st == ST_OK)
        st = choose_order(a, q->sort, &o, err);
    if (st == ST_OK)
        st = read_cursor(a, q, &o, err);
    if (st == ST_OK)
        st = run_ordered(s, a, q, &o, sink, end, err);
    arena_clear(&o.memory);
    return st;
}
