/*
 * asterisk_row.c - one record of Asterisk's files.
 */
#include "asterisk_row.h"

#include "json_read.h"

static enum status
json_row(struct span line, struct arena *mem, struct asterisk_row *out, struct error *err)
{
    struct json_value *root;
    enum status st = json_parse_foreign(line, mem, &root, err);

    if (st != ST_OK)
        return st;
    out->named = true;
    for (const struct json_value *m = root->first; m && out->n < ASTERISK_MAX_COLUMNS; m = m->next)
        if (m->type == JSON_STRING || m->type == JSON_NUMBER) {
            out->names[out->n] = m->key;
            out->cells[out->n++] = m->text;
        }
    return ST_OK;
}

enum status
asterisk_row_next(const struct csv_rules *rules, size_t max_frame, struct span *rest,
                  struct arena *mem, struct asterisk_row *out, struct span *raw, struct error *err)
{
    struct csv_cursor c;
    enum csv_step step;
    enum status st;

    out->named = false;
    out->n = 0;
    csv_begin(&c, *rest, max_frame, true);
    do {
        struct csv_cell cell;

        step = csv_next(rules, &c, &cell);
        if (step != CSV_BAD && out->n < ASTERISK_MAX_COLUMNS)
            out->cells[out->n] = csv_unescape(rules, cell, mem);
        out->n++;
    } while (step == CSV_CELL);
    st = csv_take(&c, step, rest, raw, err);
    /* Walked over as any other, so that frames are the same for all: an object is a malformed
     * record of separated values, and so a line. */
    if (raw->n > 0 && *raw->p == '{' && raw->n <= max_frame) {
        out->n = 0;
        return json_row(*raw, mem, out, err);
    }
    return st;
}

struct span
asterisk_room(struct span data)
{
    size_t n = 0;

    while (n < data.n && data.p[n] != ',' && data.p[n] != '|')
        n++;
    return span_of(data.p, n);
}

bool
asterisk_conference_app(struct span app)
{
    static const char *const apps[] = {"ConfBridge", "MeetMe", "Page"};

    for (size_t i = 0; i < sizeof apps / sizeof *apps; i++)
        if (span_eq_nocase(app, span_str(apps[i])))
            return true;
    return false;
}
