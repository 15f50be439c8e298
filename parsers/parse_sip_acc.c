/*
 * parse_sip_acc.c - what the acc modules of Kamailio and OpenSIPS write: accounting lines of
 * transactions and dialogs, and acc_json's objects, behind whatever header of a log.
 *
 *   ACC: transaction answered: timestamp=1772355600;method=INVITE;from_tag=a;to_tag=b;
 *     call_id=x@h;code=200;reason=OK;src_user=1001;dst_user=8600             (one line in the log)
 *   ACC: call ended: created=1772355600;call_start_time=1772355603;duration=5;ms_duration=4250;...
 *   start_time=1772355600.123; end_time=1772355610.456; duration=10.333; src_user=1001
 *   {"time": 1772355600, "method": "INVITE", "from_tag": "a", ..., "sip_code": "200"}
 *
 * An INVITE that was answered is a join and a BYE is a leave of the same leg, whose name is the
 * call id and both tags in an order of their own, because a BYE of the callee swaps them. Other
 * INVITEs of the same dialog are the same join again by their id, whichever is met first. Nothing
 * is escaped: the fixed keys are found in their order, what the site adds by the names in the
 * format's `columns`.
 */
#include <stdio.h>

#include "json_document.h"

struct acc {
    struct document *d;
    struct fields *r;
    struct span method, from_tag, to_tag, call_id, code, reason;
};

/* --- where things are --- */

static bool
begins(struct span s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && memcmp(s.p, text, n) == 0;
}

/* From where the text stands on; n 0: it is not there. */
static struct span
from(struct span s, const char *text)
{
    const char *at = memmem(s.p, s.n, text, strlen(text));

    return at ? span_of(at, (size_t)(s.p + s.n - at)) : span_of(s.p, 0);
}

static void
skip(struct span *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

/* Where between + name + "=" of a name in the format's columns stands first, or the end. */
static size_t
known_name(const struct document *d, struct span s, const char *between, struct span *name)
{
    const char *const *names = format_options(d->format)->columns;
    size_t first = s.n, n = strlen(between);

    for (; names && *names; names++) {
        char key[80];
        struct span at;

        if (snprintf(key, sizeof key, "%s%s=", between, *names) >= (int)sizeof key)
            continue;
        at = from(s, key);
        if (at.n > 0 && s.n - at.n < first) {
            first = s.n - at.n;
            *name = span_of(at.p + n, strlen(*names));
        }
    }
    return first;
}

/* "NON-UTF8" stands in place of what acc_json could not write. */
static void
give(struct acc *a, struct span name, struct span value)
{
    char text[80];

    if (name.n >= sizeof text || span_is(value, "NON-UTF8"))
        return;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    document_value(a->d, a->r, text, span_trim(value));
}

/* What the site adds behind the fixed keys: (between name=value)... */
static void
give_extras(struct acc *a, struct span s, const char *between)
{
    struct span name, next;
    size_t at = known_name(a->d, s, between, &name);

    while (at < s.n) {
        skip(&s, at + strlen(between) + name.n + 1);
        at = known_name(a->d, s, between, &next);
        give(a, name, span_of(s.p, at));
        name = next;
    }
}

/* --- what a transaction means --- */

static bool
is_any(struct span s, const char *const *words)
{
    for (; *words; words++)
        if (span_is(s, *words))
            return true;
    return false;
}

/* The leg, and the id of what happens to it. */
static void
give_leg(struct acc *a, const char *what)
{
    bool swap = span_cmp(a->from_tag, a->to_tag) > 0;
    struct span leg = DOCUMENT_ID(a->d, a->call_id, swap ? a->to_tag : a->from_tag,
                                  swap ? a->from_tag : a->to_tag);

    fields_set(a->r, FIELD_LEG, leg);
    fields_set(a->r, FIELD_ID, DOCUMENT_ID(a->d, leg, span_str(what)));
}

/* The names that every line has, for maps of sites. What went well needs no reason. */
static void
give_fixed(struct acc *a)
{
    give(a, SPAN("method"), a->method);
    give(a, SPAN("from_tag"), a->from_tag);
    give(a, SPAN("to_tag"), a->to_tag);
    give(a, SPAN("call_id"), a->call_id);
    give(a, SPAN("code"), a->code);
    if (!begins(a->code, "2"))
        give(a, SPAN("reason"), a->reason);
}

/* A call that did not come about. Which side is to blame the code says. */
static void
give_attempt(struct acc *a, bool missed)
{
    static const char *const callee[] = {"403", "404", "408", "410", "480", "484", "486",
                                         "487", "488", "600", "603", "604", "606", NULL};

    fields_set(a->r, FIELD_KIND, SPAN("leg"));
    fields_set(a->r, FIELD_OUTCOME,
               missed || is_any(a->code, callee) ? SPAN("rejected") : SPAN("failed"));
    fields_set(a->r, FIELD_CAUSE, a->code);
    fields_set(a->r, FIELD_DURATION, SPAN("0"));
    fields_set(a->r, FIELD_ID, DOCUMENT_ID(a->d, a->call_id, a->from_tag, SPAN("attempt")));
}

static void
give_event(struct acc *a, const char *kind)
{
    fields_set(a->r, FIELD_KIND, span_str(kind));
    fields_set(a->r, FIELD_CONFERENCE, DOCUMENT_ID(a->d, a->call_id));
    give_leg(a, kind);
}

/* Why a transaction is no usage; NULL: it is. A BYE ends a call whatever its answer, unless it was
 * challenged and comes again. */
static const char *
no_usage(const struct acc *a)
{
    static const char *const challenged[] = {"401", "407", NULL};
    bool invite = span_is(a->method, "INVITE");

    if (!invite && !span_is(a->method, "BYE"))
        return "request that begins or ends no call";
    if (is_any(a->code, challenged))
        return "challenged request";
    if (invite && (a->code.n != 3 || a->code.p[0] == '1'))
        return "request without a final answer";
    return NULL;
}

/* a->r is NULL yet; `missed`: the line says so itself. */
static bool
begin_transaction(struct acc *a, struct span time, bool missed)
{
    const char *why = no_usage(a);

    if (why) {
        document_ignore(a->d, why);
        return false;
    }
    a->r = document_record(a->d);
    fields_set(a->r, FIELD_START, time);
    if (span_is(a->method, "BYE"))
        give_event(a, "leave");
    else if (missed || !begins(a->code, "2"))
        give_attempt(a, missed);
    else
        give_event(a, "join");
    give_fixed(a);
    return true;
}

/* --- lines --- */

/* Takes "key=value" off the front; the value goes to ";next=", which is left. NULL: to the first
 * known name, or the end. */
static enum status
take(struct acc *a, struct span *s, const char *key, const char *next, struct span *value,
     struct error *err)
{
    size_t n = strlen(key);
    char mark[40];
    struct span end, name;

    if (!begins(*s, key) || s->n == n || s->p[n] != '=')
        return fail(err, ST_BAD_INPUT, "acc: %s is not where it belongs", key);
    skip(s, n + 1);
    if (next) {
        snprintf(mark, sizeof mark, ";%s=", next);
        end = from(*s, mark);
        if (end.n == 0)
            return fail(err, ST_BAD_INPUT, "acc: no %s behind %s: the line was cut", next, key);
        *value = span_of(s->p, s->n - end.n);
        *s = span_of(end.p + 1, end.n - 1);
    } else {
        *value = span_of(s->p, known_name(a->d, *s, ";", &name));
        skip(s, value->n);
    }
    return ST_OK;
}

/* method=...;from_tag=...;to_tag=...;call_id=...;code=...;reason=... */
static enum status
take_fixed(struct acc *a, struct span *s, struct error *err)
{
    struct {
        const char *key;
        struct span *value;
    } keys[] = {{"method", &a->method},   {"from_tag", &a->from_tag}, {"to_tag", &a->to_tag},
                {"call_id", &a->call_id}, {"code", &a->code},         {"reason", &a->reason}};
    enum status st = ST_OK;

    for (size_t i = 0; i < 6 && st == ST_OK; i++)
        st = take(a, s, keys[i].key, i < 5 ? keys[i + 1].key : NULL, keys[i].value, err);
    if (st == ST_OK && a->call_id.n == 0)
        return fail(err, ST_BAD_INPUT, "acc: the call_id is empty");
    return st;
}

/* Text up to the first ";": behind the timestamp stand others in other notations. */
static struct span
until_semicolon(struct span s)
{
    const char *end = memchr(s.p, ';', s.n);

    return end ? span_of(s.p, (size_t)(end - s.p)) : s;
}

static enum status
read_transaction(struct acc *a, struct span s, bool missed, struct error *err)
{
    struct span time;
    enum status st = take(a, &s, "timestamp", "method", &time, err);

    if (st == ST_OK)
        st = take_fixed(a, &s, err);
    if (st == ST_OK && begin_transaction(a, until_semicolon(time), missed))
        give_extras(a, s, ";");
    return st;
}

/* "4250" milliseconds: "4" seconds. `duration` beside it is rounded up. */
static struct span
whole_seconds(struct span ms)
{
    return ms.n > 3 ? span_of(ms.p, ms.n - 3) : SPAN("0");
}

/* OpenSIPS' record of a dialog. call_start_time 0: nobody answered. */
static enum status
read_ended(struct acc *a, struct span s, struct error *err)
{
    struct span created, begun, seconds, ms, setup;
    enum status st = take(a, &s, "created", "call_start_time", &created, err);

    if (st == ST_OK)
        st = take(a, &s, "call_start_time", "duration", &begun, err);
    if (st == ST_OK)
        st = take(a, &s, "duration", "ms_duration", &seconds, err);
    if (st == ST_OK)
        st = take(a, &s, "ms_duration", "setuptime", &ms, err);
    if (st == ST_OK)
        st = take(a, &s, "setuptime", "method", &setup, err);
    if (st == ST_OK)
        st = take_fixed(a, &s, err);
    if (st != ST_OK)
        return st;
    a->r = document_record(a->d);
    if (span_is(begun, "0") || !begins(a->code, "2")) {
        fields_set(a->r, FIELD_START, created);
        give_attempt(a, false);
    } else {
        fields_set(a->r, FIELD_START, begun);
        fields_set(a->r, FIELD_DURATION, whole_seconds(ms));
        fields_set(a->r, FIELD_KIND, SPAN("leg"));
        give_leg(a, "ended");
    }
    give_fixed(a);
    give(a, SPAN("created"), created);
    give(a, SPAN("setuptime"), setup);
    give_extras(a, s, ";");
    return ST_OK;
}

/* s begins behind "ACC: ". */
static enum status
read_acc(struct acc *a, struct span s, struct error *err)
{
    struct span rest = from(s, ": "), kind = span_of(s.p, s.n - rest.n);

    if (rest.n == 0)
        return fail(err, ST_BAD_INPUT, "acc: the line was cut");
    skip(&rest, 2);
    if (span_is(kind, "call ended"))
        return read_ended(a, rest, err);
    if (span_is(kind, "request acknowledged")) {
        document_ignore(a->d, "request that begins or ends no call");
        return ST_OK;
    }
    return read_transaction(a, rest, span_is(kind, "call missed"), err);
}

static void
begin_dialog(struct acc *a, struct span start, struct span end, struct span duration)
{
    a->r = document_record(a->d);
    fields_set(a->r, FIELD_KIND, SPAN("leg"));
    fields_set(a->r, FIELD_START, start);
    fields_set(a->r, FIELD_END, end);
    fields_set(a->r, FIELD_DURATION, duration);
}

/* A dialog is known by its call id and when it began; without a call id by its whole line. */
static void
identify_dialog(struct acc *a, struct span call_id)
{
    if (call_id.n > 0)
        fields_set(a->r, FIELD_ID,
                   DOCUMENT_ID(a->d, call_id, a->r->v[FIELD_START], SPAN("dialog")));
}

static struct span
extra_of(const struct acc *a, struct span s, const char *wanted)
{
    char key[40];
    struct span at, name;

    snprintf(key, sizeof key, "; %s=", wanted);
    at = from(s, key);
    if (at.n == 0)
        return at;
    skip(&at, strlen(key));
    return span_trim(span_of(at.p, known_name(a->d, at, "; ", &name)));
}

/* Kamailio's record of a dialog: "start_time=1.2; end_time=3.4; duration=2.2; name=value". */
static enum status
read_dialog(struct acc *a, struct span s, struct error *err)
{
    struct span end = from(s, "; end_time="), duration = from(s, "; duration="), start, rest;

    if (end.n == 0 || duration.n == 0 || duration.n > end.n)
        return fail(err, ST_BAD_INPUT, "acc: a dialog without end_time and duration: cut?");
    skip(&s, strlen("start_time="));
    start = until_semicolon(s);
    skip(&end, strlen("; end_time="));
    skip(&duration, strlen("; duration="));
    rest = duration;
    duration = until_semicolon(duration);
    skip(&rest, duration.n);
    begin_dialog(a, start, until_semicolon(end), duration);
    identify_dialog(a, extra_of(a, rest, "call_id"));
    give_extras(a, rest, "; ");
    return ST_OK;
}

/* --- acc_json --- */

static struct span
value_of(const struct json_value *v, const char *key)
{
    struct span text = json_at_text(v, key);

    return span_is(text, "NON-UTF8") ? SPAN("") : text;
}

static void
read_object(struct document *d, const struct json_value *v)
{
    struct acc a = {.d = d,
                    .method = value_of(v, "method"),
                    .from_tag = value_of(v, "from_tag"),
                    .to_tag = value_of(v, "to_tag"),
                    .call_id = value_of(v, "call_id"),
                    .code = value_of(v, "sip_code"),
                    .reason = value_of(v, "sip_reason")};
    struct span start = value_of(v, "start_time");

    if (start.n > 0) {
        begin_dialog(&a, start, value_of(v, "end_time"), value_of(v, "duration"));
        identify_dialog(&a, a.call_id);
    } else if (a.method.n == 0 || a.call_id.n == 0) {
        document_ignore(d, "no accounting in it");
        return;
    } else if (!begin_transaction(&a, value_of(v, "time"), false)) {
        return;
    }
    for (const struct json_value *m = v->first; m; m = m->next)
        if (!span_is(m->key, "duration") && !span_is(m->key, "sip_reason"))
            give(&a, m->key, m->type == JSON_STRING ? m->text : SPAN(""));
}

/* --- the format --- */

/* A log holds other lines as well; those are not counted as bad. */
static enum status
acc_read(struct document *d, struct span frame, struct error *err)
{
    struct acc a = {.d = d};
    struct span at = from(frame, "ACC: ");

    if (at.n > 0) {
        skip(&at, strlen("ACC: "));
        return read_acc(&a, at, err);
    }
    at = from(frame, "start_time=");
    if (at.n > 0 && (at.p == frame.p || at.p[-1] == ' '))
        return read_dialog(&a, at, err);
    at = from(frame, "{\"");
    if (at.n > 0)
        return document_json(d, at, NULL, read_object, err);
    document_ignore(d, "no accounting in it");
    return ST_OK;
}

static const struct document_ops acc = {.frame = frame_line, .read = acc_read};

const struct parser_ops parser_sip_acc =
    DOCUMENT_PARSER("sip-acc", "accounting of Kamailio and OpenSIPS (acc)", &acc, document_prepare,
                    document_release, .repeats_joins = true);
