/*
 * parse_asterisk_cel.c - channel events of Asterisk (cel_custom): who enters and leaves bridges.
 *
 *   "BRIDGE_ENTER","1772355600.250413","Ann","1001","1001","","4711","4711","conf",
 *   "PJSIP/1001-2a","ConfBridge","4711,default_bridge","3","acme","1772355598.42","1772355598.42",
 *   "","","","{""bridge_id"":""5e0c-b1"",""bridge_technology"":""softmix""}"      (one line)
 *
 * Columns are those of the sample mapping unless the format lists others; a line that is a JSON
 * object names its own. Asterisk 12 and newer say in eventextra which bridge it is. Before that
 * CONF_ENTER and CONF_EXIT do what bridges of conferences do now, and eventextra is other text.
 *
 * Bridges are in every call. Of a conference is one whose channel runs ConfBridge, MeetMe or Page,
 * and one that mixes (softmix) for which the map has a conference_name: so a site says which of
 * its own applications are conferences. A bridge changes its technology as people come and go, so
 * of a room every exit counts, whatever its technology. What a channel has open ends with it at
 * the latest (CHAN_END), should an exit be missing.
 *
 * The parser says kind, start, conference, leg and id; the map everything else that it can. What
 * it leaves open: participant from the caller's number, else name; participant_name.
 */
#include <stdlib.h>

#include "asterisk_row.h"
#include "json_document.h"
#include "named_values.h"

struct cel {
    struct csv_rules rules;
    size_t count;
    const char *const *columns;
};

static const char *const usual_columns[] = {"eventtype",      "eventtime",     "CALLERID(name)",
                                            "CALLERID(num)",  "CALLERID(ANI)", "CALLERID(RDNIS)",
                                            "CALLERID(DNID)", "exten",         "context",
                                            "channame",       "appname",       "appdata",
                                            "amaflags",       "accountcode",   "uniqueid",
                                            "linkedid",       "bridgepeer",    "userfield",
                                            "userdeftype",    "eventextra",    NULL};

/* Other names of the same, as JSON, databases and the manager have them. */
static const char *const times[] = {"eventtime", "EventTime", NULL};
static const char *const types[] = {"eventtype", "EventName", NULL};
static const char *const names[] = {"CALLERID(name)", "cid_name", "CallerIDname", "name", NULL};
static const char *const numbers[] = {"CALLERID(num)", "cid_num", "CallerIDnum", "num", NULL};
static const char *const channels[] = {"channame", "CHANNEL(channame)", "channel", NULL};
static const char *const applications[] = {"appname", "Application", NULL};
static const char *const extras[] = {"eventextra", "extra", NULL};

static struct span
get(const struct named_values *v, const char *const *any)
{
    struct span s = SPAN("");

    for (; *any && s.n == 0; any++)
        s = values_get(v, *any);
    return s;
}

/* --- options --- */

static enum status
cel_prepare(void **shared, const struct format *f, struct error *err)
{
    const char *const *listed = format_options(f)->columns;
    struct cel c = {.columns = listed && listed[0] ? listed : usual_columns};
    enum status st = csv_rules_of(&c.rules, f, err);
    struct cel *copy;

    if (st != ST_OK)
        return st;
    while (c.columns[c.count])
        c.count++;
    if (c.count > ASTERISK_MAX_COLUMNS)
        return fail(err, ST_BAD_CONFIG, "columns: more than %d", ASTERISK_MAX_COLUMNS);
    copy = xmalloc(sizeof *copy);
    *copy = c;
    *shared = copy;
    return ST_OK;
}

static void
cel_release(void *shared)
{
    free(shared);
}

/* --- events --- */

/* "18:56:20.25982-05": a database writes a zone in hours, which RFC 3339 does not know. */
static struct span
event_time(struct document *d, struct span s)
{
    const struct span parts[] = {s, SPAN("00")};

    if (s.n < 19 || s.p[4] != '-' || (s.p[s.n - 3] != '-' && s.p[s.n - 3] != '+'))
        return s;
    return document_join(d, parts, 2, ':');
}

struct bridge {
    struct span id, technology;
};

static struct bridge
bridge_of(struct document *d, const struct named_values *v)
{
    struct span extra = get(v, extras);
    struct json_value *root = NULL;

    if (extra.n == 0 || *extra.p != '{' || json_parse_foreign(extra, d->mem, &root, NULL) != ST_OK)
        return (struct bridge){SPAN(""), SPAN("")};
    return (struct bridge){json_at_text(root, "bridge_id"),
                           json_at_text(root, "bridge_technology")};
}

static void
take_down(struct document *d, struct fields *r, enum record_kind kind, const struct bridge *b,
          const struct named_values *v)
{
    struct span at = event_time(d, get(v, times)), leg = values_get(v, "uniqueid");
    bool stay = kind == KIND_JOIN || kind == KIND_LEAVE;
    struct span room = SPAN("");

    if (asterisk_conference_app(get(v, applications)))
        room = document_name(d, asterisk_room(values_get(v, "appdata")));
    fields_set(r, FIELD_KIND, span_str(kind_name(kind)));
    fields_set(r, FIELD_START, at);
    if (b->id.n)
        fields_set(r, FIELD_CONFERENCE, b->id);
    else
        fields_set(r, FIELD_ROOM, room); /* before Asterisk 12 */
    fields_set(r, FIELD_CONFERENCE_NAME, room);
    fields_set(r, FIELD_ID, DOCUMENT_ID(d, leg, get(v, types), at, b->id));
    values_map(d, r, v);
    if (stay) {
        fields_set(r, FIELD_LEG, leg);
        fields_set(r, FIELD_PARTICIPANT, document_name(d, get(v, numbers)));
        fields_set(r, FIELD_PARTICIPANT, document_name(d, get(v, names)));
        fields_set(r, FIELD_PARTICIPANT_NAME, document_name(d, get(v, names)));
    }
    document_event(d, r);
}

static void
take_bridge(struct document *d, enum record_kind kind, const struct named_values *v)
{
    struct bridge b = bridge_of(d, v);
    struct span channel = get(v, channels);
    struct fields r, mapped;

    fields_begin(&r);
    fields_begin(&mapped);
    values_map(d, &mapped, v);
    if (channel.n >= 6 &&
        (memcmp(channel.p, "CBAnn/", 6) == 0 || memcmp(channel.p, "CBRec/", 6) == 0))
        document_ignore(d, "announcer or recorder channel");
    else if (asterisk_conference_app(get(v, applications)))
        take_down(d, &r, kind, &b, v);
    else if (!span_is(b.technology, "softmix"))
        document_ignore(d, "bridge of two parties");
    else if (mapped.has & FIELD_BIT(FIELD_CONFERENCE_NAME))
        take_down(d, &r, kind, &b, v);
    else
        document_ignore(d, "mixing bridge of no conference room");
}

/* The channel is gone from wherever it was. */
static void
take_hangup(struct document *d, const struct named_values *v)
{
    struct span at = event_time(d, get(v, times)), leg = values_get(v, "uniqueid");
    struct fields r;

    if (leg.n == 0) {
        document_ignore(d, "end of a channel");
        return;
    }
    fields_begin(&r);
    fields_set(&r, FIELD_KIND, span_str(kind_name(KIND_HANGUP)));
    fields_set(&r, FIELD_START, at);
    fields_set(&r, FIELD_LEG, leg);
    fields_set(&r, FIELD_ID, DOCUMENT_ID(d, leg, get(v, types), at));
    document_event(d, &r);
}

static void
take_event(struct document *d, const struct named_values *v)
{
    static const struct {
        const char *name;
        enum record_kind kind;
    } old[] = {{"CONF_ENTER", KIND_JOIN},
               {"CONF_EXIT", KIND_LEAVE},
               {"CONF_START", KIND_CONFERENCE_START},
               {"CONF_END", KIND_CONFERENCE_END}};
    static const struct bridge none = {{"", 0}, {"", 0}};
    struct span type = get(v, types);
    struct fields r;

    if (span_is(type, "BRIDGE_ENTER") || span_is(type, "BRIDGE_EXIT")) {
        take_bridge(d, span_is(type, "BRIDGE_ENTER") ? KIND_JOIN : KIND_LEAVE, v);
        return;
    }
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (span_is(type, old[i].name)) {
            fields_begin(&r);
            take_down(d, &r, old[i].kind, &none, v);
            return;
        }
    if (span_is(type, "CHAN_END"))
        take_hangup(d, v);
    else
        document_ignore(d, "other event");
}

/* --- rows --- */

static enum status
understand(struct document *d, const struct cel *c, const struct asterisk_row *row, size_t bytes,
           struct error *err)
{
    struct named_values v = {.mem = d->mem};

    if (!row->named && row->n != c->count)
        return fail_at(err, ST_BAD_INPUT, (long)bytes, "columns: %zu, format has %zu", row->n,
                       c->count);
    for (size_t i = 0; i < row->n; i++)
        values_add(&v, row->named ? row->names[i] : span_str(c->columns[i]), row->cells[i]);
    if (get(&v, types).n == 0)
        return fail_at(err, ST_BAD_INPUT, 0, "eventtype: missing");
    take_event(d, &v);
    return ST_OK;
}

static enum status
cel_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
         struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
         struct error *err)
{
    const struct cel *c = format_shared(f);
    struct document d = {.format = f, .mem = mem};
    struct asterisk_row row;
    enum status st = asterisk_row_next(&c->rules, max_frame, rest, mem, &row, raw, err);

    (void)state, (void)layout;
    if (st == ST_OK)
        st = understand(&d, c, &row, raw->n, err);
    return st == ST_OK ? document_more(&d, out, err) : st;
}

static void
cel_show(const struct format *f, struct span header, struct span raw, struct arena *mem,
         column_seen *seen, void *arg)
{
    const struct cel *c = format_shared(f);
    struct asterisk_row row;

    (void)header;
    if (asterisk_row_next(&c->rules, raw.n, &raw, mem, &row, &(struct span){0}, NULL) != ST_OK ||
        (!row.named && row.n != c->count))
        return;
    for (size_t i = 0; i < row.n; i++) {
        struct span name = row.named ? row.names[i] : span_str(c->columns[i]);

        seen(arg, name, row.cells[i], format_field_of(f, name));
    }
}

static size_t
cel_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    const struct cel *c = format_shared(f);

    return csv_cut(&c->rules, buf, max_frame, eof);
}

const struct parser_ops parser_asterisk_cel = {
    .name = "asterisk-cel",
    .summary = "Asterisk channel events (cel_custom)",
    .prepare = cel_prepare,
    .release = cel_release,
    .open = document_open,
    .close = document_close,
    .wants_header = document_wants_header,
    .read_header = document_read_header,
    .layout_free = document_layout_free,
    .cut = cel_cut,
    .next = cel_next,
    .show = cel_show,
    .names_apart = true,
};
