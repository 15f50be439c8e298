/*
 * signal_explain_json.c - an explanation as JSON.
 */
#include <math.h>

#include "json_write.h"
#include "signal_explain.h"
#include "signal_rules.h"

static void
text_or_null(struct json_writer *w, const char *name, struct span s)
{
    if (s.p)
        json_span(w, name, s);
    else
        json_null(w, name);
}

static void
put_signal(struct json_writer *w, const struct explanation *e)
{
    const struct {
        const char *name;
        struct span text;
    } texts[] = {{"id", e->id},
                 {"kind", e->kind},
                 {"subject_type", e->subject_type},
                 {"subject", e->subject},
                 {"severity", e->severity},
                 {"state", e->state},
                 {"owner", e->owner},
                 {"reason", e->reason},
                 {"held", e->held},
                 {"closed_for", e->closed_for},
                 {"window_start", e->window_start},
                 {"window_end", e->window_end},
                 {"first_seen", e->first_seen},
                 {"last_seen", e->last_seen},
                 {"expires", e->expires}};
    const struct {
        const char *name;
        double value;
    } reals[] = {{"value", e->value},
                 {"baseline", e->baseline},
                 {"delta", e->delta},
                 {"low", e->low},
                 {"high", e->high},
                 {"p_value", e->p_value},
                 {"completeness", e->completeness}};

    json_object(w, "signal");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        text_or_null(w, texts[i].name, texts[i].text);
    json_i64(w, "version", e->version);
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        json_real(w, reals[i].name, reals[i].value);
    if (e->evidence.n)
        json_raw(w, "evidence", e->evidence);
    json_close(w);
}

static void
put_rule(struct json_writer *w, const struct explanation *e)
{
    json_object(w, "rule");
    text_or_null(w, "name", e->rule);
    if (e->says) {
        json_i64(w, "current_version", e->says->version);
        json_bool(w, "is_current", e->rule_is_current);
        json_text(w, "says", e->says->says);
        json_array(w, "thresholds");
        for (const struct signal_threshold *t = e->says->thresholds; t->name; t++) {
            json_object(w, NULL);
            json_text(w, "name", t->name);
            json_real(w, "value", t->value);
            json_text(w, "unit", t->unit);
            json_close(w);
        }
        json_close(w);
    }
    json_close(w);
}

static void
put_days(struct json_writer *w, const struct explanation *e)
{
    json_array(w, "days");
    for (size_t i = 0; i < e->day_count; i++) {
        const struct explain_day *d = &e->days[i];

        json_object(w, NULL);
        json_span(w, "day", d->day);
        for (int v = 0; v < 3; v++)
            json_real(w, e->value_names[v], d->value[v]);
        json_real(w, "completeness", d->completeness);
        json_bool(w, "in_window", d->in_window);
        json_close(w);
    }
    json_close(w);
}

static void
put_feeds(struct json_writer *w, const struct explanation *e)
{
    json_array(w, "inputs");
    for (size_t i = 0; i < e->feed_count; i++) {
        const struct explain_feed *f = &e->feeds[i];

        json_object(w, NULL);
        json_span(w, "input", f->input);
        json_real(w, "completeness", f->completeness);
        json_real(w, "records", f->records);
        json_real(w, "usual_records", f->usual);
        json_real(w, "still_expected_records", f->still_expected);
        text_or_null(w, "silent_since", f->silent_since);
        json_close(w);
    }
    json_close(w);
}

static void
put_range(struct json_writer *w, const struct explain_range *r)
{
    const struct intake *in = &r->row.of;

    json_object(w, NULL);
    json_span(w, "input", in->input);
    if (in->unit != INTAKE_NO_PLACE) {
        json_span(w, "stream", in->stream);
        json_text(w, "unit", in->unit == INTAKE_BYTES ? "bytes" : "entry ms");
        json_u64(w, "from", in->at);
        json_u64(w, "to", in->until);
    }
    if (in->identity.n)
        json_span(w, "file_identity", in->identity);
    json_u64(w, "first_batch", r->row.first_seq);
    json_u64(w, "last_batch", r->row.last_seq);
    json_time(w, "arrived_from", r->row.begun);
    json_time(w, "arrived_to", r->row.ended);
    json_u64(w, "records", in->records);
    json_u64(w, "accepted", in->accepted);
    json_bool(w, "subject_known", r->known);
    if (r->known)
        json_u64(w, "subject_records", r->records);
    json_close(w);
}

void
explanation_json(const struct explanation *e, struct buf *out)
{
    struct json_writer w;

    json_begin(&w, out);
    json_object(&w, NULL);
    put_signal(&w, e);
    put_rule(&w, e);
    json_time(&w, "looked_from", e->from);
    json_time(&w, "looked_to", e->to);
    put_days(&w, e);
    put_feeds(&w, e);
    json_array(&w, "ranges");
    for (size_t i = 0; i < e->range_count; i++)
        put_range(&w, &e->ranges[i]);
    json_close(&w);
    json_u64(&w, "ranges_not_listed", e->ranges_more);
    json_u64(&w, "subject_records_known", e->certain);
    json_close(&w);
}
