/*
 * parse_cisco_ios.c - accounting of Cisco's voice gateways over syslog (VOIPAAA), behind whatever
 * header.
 *
 *   <189>16261: Dec 16 10:16:25.486: %VOIPAAA-5-VOIP_CALL_HISTORY: CallLegType 2, ConnectionId
 *     CA5210B082B11E0A142A279BD84410, SetupTime 10:14:59.214 CET Thu Dec 16 2010, PeerAddress 510,
 *     PeerSubAddress , DisconnectCause 10  , DisconnectText normal call clearing (16), ...
 *   <189>16262: Dec 16 10:16:25.486: %VOIPAAA-5-VOIP_FEAT_HISTORY: FEAT_VSA=fn:CFA,
 *     ft:12/16/2010 10:14:59.206,frs:0,fid:1,...                       (each one line in the log)
 *
 * A call through a gateway has two legs, each with a line: the one that the gateway answered, whose
 * peer is the caller, and the one that it originated, whose peer was called.
 */
#include <stdio.h>

#include "clock_text.h"
#include "json_document.h"

#define MAX_VALUES 64

struct value {
    struct span name, text;
};

struct line {
    struct document *d;
    struct value values[MAX_VALUES];
    size_t n;
};

static struct span
value_of(const struct line *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eq_nocase(l->values[i].name, span_str(name)))
            return l->values[i].text;
    return SPAN("");
}

/* "Name value, Name , Name value": `between` parts a name from its value. */
static void
take_values(struct line *l, struct span s, char between)
{
    while (s.n > 0 && l->n < MAX_VALUES) {
        const char *comma = memchr(s.p, ',', s.n), *at;
        size_t n = comma ? (size_t)(comma - s.p) : s.n;
        struct span pair = span_trim(span_of(s.p, n));
        struct value *v = &l->values[l->n];

        at = memchr(pair.p, between, pair.n);
        v->name = at ? span_of(pair.p, (size_t)(at - pair.p)) : pair;
        v->text = at ? span_trim(span_of(at + 1, pair.n - v->name.n - 1)) : SPAN("");
        l->n += v->name.n > 0;
        s = span_of(s.p + n + (comma != NULL), s.n - n - (comma != NULL));
    }
}

static void
give_all(const struct line *l, struct fields *r)
{
    char name[64];

    for (size_t i = 0; i < l->n; i++)
        if (l->values[i].name.n < sizeof name) {
            snprintf(name, sizeof name, "%.*s", SPAN_ARG(l->values[i].name));
            document_value(l->d, r, name, l->values[i].text);
        }
}

/* Causes of Q.850, in hexadecimal. */
static unsigned
cause_of(struct span hex)
{
    unsigned v = 0;

    for (size_t i = 0; i < hex.n && i < 4; i++) {
        char c = hex.p[i] >= 'a' ? (char)(hex.p[i] - 32) : hex.p[i];

        if ((c < '0' || c > '9') && (c < 'A' || c > 'F'))
            return 0;
        v = v * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
    }
    return v;
}

/* Somebody decided that the call does not come about. */
static bool
is_refusal(unsigned cause)
{
    return cause == 1 || (cause >= 16 && cause <= 23) || cause == 28 || cause == 31;
}

/* A call that nobody answered was connected when it was cleared. */
static enum status
read_history(struct line *l, struct error *err)
{
    struct span setup = clock_text(l->d, value_of(l, "SetupTime"));
    struct span begun = clock_text(l->d, value_of(l, "ConnectTime"));
    struct span ended = clock_text(l->d, value_of(l, "DisconnectTime"));
    struct span id = value_of(l, "ConnectionId"), origin = value_of(l, "CallOrigin");
    unsigned cause = cause_of(value_of(l, "DisconnectCause"));
    bool answered = !span_eq(value_of(l, "ConnectTime"), value_of(l, "DisconnectTime"));
    struct fields *r;

    if (id.n == 0 || setup.n == 0 || begun.n == 0 || ended.n == 0 || origin.n == 0)
        return fail(err, ST_BAD_INPUT, "voipaaa: %s is missing or not whole: the line was cut",
                    id.n == 0      ? "ConnectionId"
                    : setup.n == 0 ? "SetupTime"
                    : begun.n == 0 ? "ConnectTime"
                    : ended.n == 0 ? "DisconnectTime"
                                   : "CallOrigin");
    r = document_record(l->d);
    give_all(l, r);
    fields_set(
        r, FIELD_ID,
        DOCUMENT_ID(l->d, id, origin, value_of(l, "CallLegType"), value_of(l, "PeerAddress")));
    fields_set(r, FIELD_LEG, DOCUMENT_ID(l->d, id, origin, value_of(l, "CallLegType")));
    fields_set(r, FIELD_DIRECTION, span_is(origin, "1") ? SPAN("originate") : SPAN("answer"));
    fields_set(r, FIELD_START, answered ? begun : setup);
    fields_set(r, FIELD_OUTCOME,
               answered            ? SPAN("ok")
               : is_refusal(cause) ? SPAN("rejected")
                                   : SPAN("failed"));
    if (answered)
        fields_set(r, FIELD_END, ended);
    else
        fields_set(r, FIELD_DURATION, SPAN("0"));
    if (cause != 0 && !(answered && cause == 16))
        fields_set(r, FIELD_CAUSE, document_text(l->d, "%u", cause));
    return ST_OK;
}

static enum status
read_feature(struct line *l, struct error *err)
{
    static const char *const patterns[] = {"%m/%d/%Y %T.%f", "%m/%d/%Y %T", NULL};
    struct span name = value_of(l, "fn"), time = value_of(l, "ft");
    struct fields *r;

    if (name.n == 0 || time.n == 0)
        return fail(err, ST_BAD_INPUT, "voipaaa: a feature without fn and ft: the line was cut");
    r = document_record(l->d);
    give_all(l, r);
    fields_set(r, FIELD_KIND, SPAN("feature"));
    fields_set(r, FIELD_FEATURES, name);
    fields_set(r, FIELD_START, document_moment(l->d, time, patterns));
    fields_set(r, FIELD_ID,
               DOCUMENT_ID(l->d, value_of(l, "bguid"), value_of(l, "fcid"), value_of(l, "fid"),
                           name, time));
    return ST_OK;
}

/* Behind the text; false: it is not there. */
static bool
behind(struct span s, const char *text, struct span *rest)
{
    size_t n = strlen(text);
    const char *at = memmem(s.p, s.n, text, n);

    if (at)
        *rest = span_of(at + n, s.n - (size_t)(at + n - s.p));
    return at != NULL;
}

static enum status
ios_read(struct document *d, struct span frame, struct error *err)
{
    struct line l = {.d = d};
    struct span rest;

    if (behind(frame, "VOIP_CALL_HISTORY:", &rest)) {
        take_values(&l, rest, ' ');
        return read_history(&l, err);
    }
    if (behind(frame, "FEAT_VSA=", &rest)) {
        take_values(&l, rest, ':');
        return read_feature(&l, err);
    }
    document_ignore(d, "no accounting in it");
    return ST_OK;
}

static const struct document_ops ios = {.frame = frame_line, .read = ios_read};

const struct parser_ops parser_cisco_ios =
    DOCUMENT_PARSER("cisco-ios", "accounting of Cisco voice gateways (VOIPAAA)", &ios,
                    document_prepare, document_release);
