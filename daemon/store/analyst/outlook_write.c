/*
 * outlook_write.c - rows of customer_outlook, and of stage_history where somebody moved.
 */
#include "outlook.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_write.h"

struct mover {
    const struct outlook *o;
    struct span evidence, back;
};

struct work {
    struct outlooks *all;
    struct mover *movers;
    size_t count;
    char text[5][CIVIL_TEXT];
    struct buf back; /* of the row that is being written */
    char rule[64];
};

static void
put_day(struct row_value *out, char *text, int32_t day)
{
    value_str(out, day == LIFE_NEVER || day == INT32_MAX ? NULL : format_day(text, day));
}

static void
put_text(struct row_value *out, struct span text)
{
    if (text.n)
        value_text(out, text);
    else
        value_null(out);
}

static void
put_time(struct row_value *out, char *text, int64_t at)
{
    value_str(out, at ? format_utc(text, at) : NULL);
}

/* UTC days since then. */
static void
put_age(struct row_value *out, const struct outlook *o, int64_t at)
{
    if (at)
        value_int(out, o->facts.today - day_of(at));
    else
        value_null(out);
}

/* --- in words --- */

static void
until(struct buf *b, const char *before, int32_t day, const char *after)
{
    char text[CIVIL_TEXT];

    if (day != LIFE_NEVER && day != INT32_MAX)
        buf_printf(b, "%s%s%s", before, format_day(text, day), after);
}

/* What would move it on, or back. Its days move with each use. */
static void
write_back(struct buf *b, const struct outlook *o)
{
    const struct life_facts *f = &o->facts;

    switch (o->now.stage) {
    case LIFE_PROSPECT:
        buf_str(b, "a question about a price, a trial or a demonstration, or two contacts within"
                   " 14 days make it intent; the first use makes it first");
        break;
    case LIFE_INTENT:
        buf_str(b, "the first use or order makes it first");
        break;
    case LIFE_FIRST:
        buf_str(b, "use on another day makes it repeat");
        until(b, "; none until ", f->silent, " makes it dormant");
        break;
    case LIFE_REPEAT:
        buf_str(b, "a surge or decline beyond chance moves it there");
        until(b, "; no use until ", f->silent, " makes it dormant");
        break;
    case LIFE_SURGE:
    case LIFE_DECLINE:
        buf_str(b, "repeat again when its signal is closed, after two calm windows");
        until(b, "; no use until ", f->silent, " makes it dormant");
        break;
    case LIFE_DORMANT:
        buf_str(b, "any use makes it resurrected");
        until(b, "; none until ", f->lost, " makes it lost");
        break;
    case LIFE_LOST:
        buf_str(b, "any use makes it resurrected");
        break;
    case LIFE_RESURRECTED:
        buf_str(b, "use on another day makes it repeat");
        until(b, "; none until ", f->silent, " makes it dormant");
        break;
    case LIFE_NONE:
    case LIFE_STAGES:
        break;
    }
}

/* --- outlooks --- */

static void
outlook_row(void *arg, size_t row, struct row_value *out)
{
    struct work *w = arg;
    const struct outlook *o = &w->all->rows[row];

    value_text(out++, o->customer);
    value_str(out++, w->all->pass->now_text);
    put_day(out++, w->text[0], o->facts.second);
    value_int(out++, o->active_days);
    value_real(out++, o->expected_4w);
    value_real(out++, o->expected_13w);
    value_real(out++, o->silence);
    put_day(out++, w->text[1], o->facts.silent);
    value_str(out++, life_stage_name(o->now.stage));
    put_day(out++, w->text[2], o->now.since);
    buf_reset(&w->back);
    write_back(&w->back, o);
    put_text(out++, span_of(w->back.p, w->back.n));
    put_time(out++, w->text[3], o->last.at);
    value_str(out++, o->last.at ? talk_kind_name(o->last.kind) : NULL);
    put_text(out++, o->last.agent);
    put_age(out++, o, o->last.at);
    put_time(out++, w->text[4], o->asked);
    put_age(out, o, o->asked);
}

static const char outlook_sql[] =
    "INSERT INTO customer_outlook(customer, as_of, second_day, active_days_52w, expected_days_4w,"
    " expected_days_13w, silence_p, due_by, stage, stage_since, stage_back, last_contact,"
    " last_contact_kind, last_contact_by, days_since_contact, asked_since, days_unanswered)"
    " SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16"
    " FROM offered WHERE true"
    " ON CONFLICT(customer) DO UPDATE SET as_of = excluded.as_of,"
    " second_day = excluded.second_day, active_days_52w = excluded.active_days_52w,"
    " expected_days_4w = excluded.expected_days_4w,"
    " expected_days_13w = excluded.expected_days_13w, silence_p = excluded.silence_p,"
    " due_by = excluded.due_by, stage = excluded.stage, stage_since = excluded.stage_since,"
    " stage_back = excluded.stage_back, last_contact = excluded.last_contact,"
    " last_contact_kind = excluded.last_contact_kind,"
    " last_contact_by = excluded.last_contact_by,"
    " days_since_contact = excluded.days_since_contact, asked_since = excluded.asked_since,"
    " days_unanswered = excluded.days_unanswered";

/* --- history --- */

static void
json_day(struct json_writer *j, const char *key, int32_t day)
{
    char text[CIVIL_TEXT];

    if (day != LIFE_NEVER && day != INT32_MAX)
        json_text(j, key, format_day(text, day));
}

static void
write_evidence(struct buf *b, const struct outlook *o)
{
    const struct life_facts *f = &o->facts;
    struct json_writer j;

    json_begin(&j, b);
    json_object(&j, NULL);
    json_day(&j, "since", o->now.since);
    json_day(&j, "known", f->known);
    json_day(&j, "intent", f->intent);
    json_day(&j, "last_contact", f->contact);
    json_day(&j, "first_use", f->first);
    json_day(&j, "second_use", f->second);
    json_day(&j, "last_use", f->last);
    json_day(&j, "cancelled", f->cancelled);
    json_day(&j, "due_by", f->silent);
    json_i64(&j, "active_days_52w", o->active_days);
    if (isfinite(o->silence))
        json_real(&j, "silence_p", o->silence);
    json_close(&j);
}

static void
history_row(void *arg, size_t row, struct row_value *out)
{
    struct work *w = arg;
    const struct mover *m = &w->movers[row];

    value_text(out++, m->o->customer);
    value_str(out++, m->o->before.stage == LIFE_NONE ? NULL : life_stage_name(m->o->before.stage));
    value_str(out++, life_stage_name(m->o->now.stage));
    value_str(out++, w->all->pass->now_text);
    value_str(out++, w->rule);
    value_text(out++, m->evidence);
    value_text(out, m->back);
}

static void
find_movers(struct work *w)
{
    struct outlooks *all = w->all;
    struct buf b = {0};

    w->movers = xcalloc(all->count + 1, sizeof *w->movers);
    for (size_t i = 0; i < all->count; i++) {
        const struct outlook *o = &all->rows[i];
        struct mover *m = &w->movers[w->count];

        if (o->now.stage == o->before.stage)
            continue;
        m->o = o;
        buf_reset(&b);
        write_evidence(&b, o);
        m->evidence = arena_copy(&all->mem, span_of(b.p, b.n));
        buf_reset(&b);
        write_back(&b, o);
        m->back = arena_copy(&all->mem, span_of(b.p, b.n));
        w->count++;
    }
    buf_clear(&b);
}

/* History first: a pass that is cut off between the two tells a move twice rather than never. */
enum status
outlooks_write(struct outlooks *o, struct error *err)
{
    struct store *s = o->pass->store;
    struct work w = {.all = o};
    struct row_source moves = {history_row, &w}, rows = {outlook_row, &w};
    struct query *history = NULL, *put = NULL;
    enum status st;

    snprintf(w.rule, sizeof w.rule, "lifecycle by dated events, rules %d", LIFE_RULES);
    find_movers(&w);
    st = store_query(s, &history,
                     "INSERT INTO stage_history(customer, dimension, from_stage, to_stage, at,"
                     " rule, evidence, back) SELECT c0, 'stage', c1, c2, c3, c4, c5, c6"
                     " FROM offered",
                     err);
    if (st == ST_OK)
        st = store_query(s, &put, outlook_sql, err);
    if (st == ST_OK)
        st = query_tick_rows(s, history, &moves, w.count, err);
    if (st == ST_OK)
        st = query_tick_rows(s, put, &rows, o->count, err);
    query_free(history);
    query_free(put);
    free(w.movers);
    buf_clear(&w.back);
    return st;
}
