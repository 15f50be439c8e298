/*
 * signal_explain_csv.c - the tables of an explanation as CSV: its days, inputs, ranges.
 */
#include <math.h>

#include "civil.h"
#include "csv_write.h"
#include "json_write.h"
#include "signal_explain.h"

static void
put_real(struct buf *out, double v, char end)
{
    struct json_writer w;

    json_begin(&w, out);
    if (isfinite(v))
        json_real(&w, NULL, v);
    buf_char(out, end);
}

static void
put_text(struct buf *out, struct span s, char end)
{
    csv_field(out, s);
    buf_char(out, end);
}

static void
put_days(const struct explanation *e, struct buf *out)
{
    buf_str(out, "day,");
    for (int v = 0; v < 3; v++)
        buf_printf(out, "%s,", e->value_names[v] ? e->value_names[v] : "");
    buf_str(out, "completeness,in_window\n");
    for (size_t i = 0; i < e->day_count; i++) {
        const struct explain_day *d = &e->days[i];

        put_text(out, d->day, ',');
        for (int v = 0; v < 3; v++)
            put_real(out, d->value[v], ',');
        put_real(out, d->completeness, ',');
        buf_str(out, d->in_window ? "yes\n" : "no\n");
    }
}

static void
put_inputs(const struct explanation *e, struct buf *out)
{
    buf_str(out, "input,completeness,records,usual_records,still_expected_records,silent_since\n");
    for (size_t i = 0; i < e->feed_count; i++) {
        const struct explain_feed *f = &e->feeds[i];

        put_text(out, f->input, ',');
        put_real(out, f->completeness, ',');
        put_real(out, f->records, ',');
        put_real(out, f->usual, ',');
        put_real(out, f->still_expected, ',');
        put_text(out, f->silent_since, '\n');
    }
}

static void
put_range(const struct explain_range *r, struct buf *out)
{
    const struct intake *in = &r->row.of;
    char time[CIVIL_TEXT];

    put_text(out, in->input, ',');
    if (in->unit == INTAKE_NO_PLACE) {
        buf_str(out, ",,,,");
    } else {
        put_text(out, in->stream, ',');
        buf_printf(out, "%s,%llu,%llu,", in->unit == INTAKE_BYTES ? "bytes" : "entry ms",
                   (unsigned long long)in->at, (unsigned long long)in->until);
    }
    buf_printf(out, "%llu,%llu,", (unsigned long long)r->row.first_seq,
               (unsigned long long)r->row.last_seq);
    buf_printf(out, "%s,", format_utc(time, r->row.begun));
    buf_printf(out, "%s,", format_utc(time, r->row.ended));
    buf_printf(out, "%llu,%llu,", (unsigned long long)in->records,
               (unsigned long long)in->accepted);
    if (r->known)
        buf_printf(out, "%llu", (unsigned long long)r->records);
    buf_char(out, '\n');
}

static void
put_ranges(const struct explanation *e, struct buf *out)
{
    buf_str(out, "input,stream,unit,from,to,first_batch,last_batch,arrived_from,arrived_to,records,"
                 "accepted,subject_records\n");
    for (size_t i = 0; i < e->range_count; i++)
        put_range(&e->ranges[i], out);
}

bool
explanation_csv(const struct explanation *e, const char *table, struct buf *out)
{
    static const struct {
        const char *name;
        void (*put)(const struct explanation *e, struct buf *out);
    } tables[] = {{"days", put_days}, {"inputs", put_inputs}, {"ranges", put_ranges}};

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i].name, table) == 0) {
            tables[i].put(e, out);
            return true;
        }
    return false;
}
