/*
 * parse_teams_callrecord.c - call records of Microsoft Teams, as Graph answers for them with
 * $expand=sessions.
 *
 *   {"id":"e523...","version":1,"type":"groupCall","organizer_v2":{...},"sessions":[{"id":"..",
 *    "caller":{"@odata.type":"#microsoft.graph.callRecords.participantEndpoint",
 *    "associatedIdentity":{"id":"82..","displayName":"Ann","tenantId":"dc.."}},"callee":{...},
 *    "startDateTime":"2020-02-25T18:52:21.2169889Z","endDateTime":"...","modalities":["audio"]}]}
 *
 * In a group call a session is one person and the service; in a call of two it is both. Sessions of
 * one person that overlap are his devices and one stay. A record comes again with a higher version
 * when late data arrive: its stays are numbered, so that the later ones take the earlier ones'
 * places, whoever was in those; and since late sessions can join what looked like several stays,
 * the numbers that are left are voided, up to that of its sessions' ends.
 */
#include <stdlib.h>

#include "json_document.h"
#include "named_values.h"
#include "timetext.h"

struct session {
    struct span person, from_text, to_text;
    const struct json_value *session, *endpoint;
    int64_t from, to;
};

struct call {
    struct document *d;
    const struct json_value *record;
    struct session *sessions;
    size_t n, room;
};

static const char *const person_id[] = {"associatedIdentity.id", "identity.user.id",
                                        "identity.phone.id",     "identity.guest.id",
                                        "identity.acsUser.id",   NULL};
static const char *const person_label[] = {
    "associatedIdentity.displayName", "identity.user.displayName", "identity.phone.displayName",
    "identity.guest.displayName", NULL};
static const char *const person_tenant[] = {"associatedIdentity.tenantId", "identity.user.tenantId",
                                            NULL};
static const char *const organizer_tenant[] = {"organizer_v2.identity.user.tenantId",
                                               "organizer.user.tenantId", NULL};

/* --- sessions --- */

static bool
is_service(const struct json_value *endpoint)
{
    struct span type = json_text_of(json_find(endpoint, "@odata.type"));

    return type.n > 0 && memmem(type.p, type.n, "serviceEndpoint", 15) != NULL;
}

/* Nobody has no id, and is somebody else every time. */
static void
add_end(struct call *c, const struct json_value *session, const char *side)
{
    const struct json_value *endpoint = json_find(session, side);
    struct session s = {.session = session, .endpoint = endpoint};
    bool floating;

    if (!endpoint || endpoint->type != JSON_OBJECT || is_service(endpoint))
        return;
    s.person = json_first_text(endpoint, person_id);
    if (s.person.n == 0)
        s.person = json_at_text(session, "id");
    s.from_text = json_at_text(session, "startDateTime");
    s.to_text = json_at_text(session, "endDateTime");
    if (s.to_text.n == 0)
        s.to_text = json_at_text(c->record, "endDateTime");
    if (!timetext_read_auto(s.from_text, &s.from, &floating) ||
        !timetext_read_auto(s.to_text, &s.to, &floating)) {
        document_refuse(c->d, "start: a session without its times");
        return;
    }
    if (c->n < c->room)
        c->sessions[c->n++] = s;
}

static void
add_session(struct call *c, const struct json_value *session)
{
    if (session->type != JSON_OBJECT) {
        document_refuse(c->d, "something in the list is no object");
    } else if (json_at_true(session, "isTest")) {
        document_ignore(c->d, "a test call");
    } else {
        add_end(c, session, "caller");
        add_end(c, session, "callee");
    }
}

static int
compare_sessions(const void *a, const void *b)
{
    const struct session *x = a, *y = b;
    int c = span_cmp(x->person, y->person);

    if (c == 0)
        c = (x->from > y->from) - (x->from < y->from);
    return c ? c : (x->to > y->to) - (x->to < y->to);
}

/* --- stays --- */

static void
add_modalities(struct document *d, struct fields *r, const struct session *s, size_t n)
{
    static const struct {
        const char *modality, *feature;
    } known[] = {{"audio", "audio"},
                 {"video", "video"},
                 {"videoBasedScreenSharing", "screen_share"},
                 {"screenSharing", "screen_share"},
                 {"data", "data"}};
    unsigned seen = 0;

    for (size_t i = 0; i < n; i++) {
        const struct json_value *list = json_find(s[i].session, "modalities");

        for (const struct json_value *m = list ? list->first : NULL; m; m = m->next)
            for (size_t k = 0; k < sizeof known / sizeof *known; k++)
                seen |= span_is(json_text_of(m), known[k].modality) ? 1u << k : 0;
    }
    if (seen & 4u)
        seen &= ~8u; /* two words for one thing */
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (seen & (1u << k))
            fields_feature(d, r, known[k].feature);
}

/* A stay failed if every session of it did, before there was a call. */
static void
set_outcome(struct fields *r, const struct session *s, size_t n)
{
    struct span why = SPAN("");

    for (size_t i = 0; i < n; i++) {
        const struct json_value *failure = json_find(s[i].session, "failureInfo");

        if (!span_is(json_at_text(failure, "stage"), "callSetup"))
            return;
        why = json_at_text(failure, "reason");
    }
    fields_set(r, FIELD_OUTCOME, SPAN("failed"));
    fields_set(r, FIELD_CAUSE, SPAN("callSetup"));
    fields_set(r, FIELD_REASON, why);
    fields_set(r, FIELD_DURATION, SPAN("0"));
}

static void
identify(struct call *c, struct fields *r, size_t nth)
{
    fields_set(r, FIELD_ID,
               DOCUMENT_ID(c->d, json_at_text(c->record, "id"), document_text(c->d, "%zu", nth)));
    fields_set(r, FIELD_VERSION, json_at_text(c->record, "version"));
}

static void
take_stay(struct call *c, const struct session *s, size_t n, const struct session *last, size_t nth)
{
    struct document *d = c->d;
    struct fields *r = document_record(d);
    struct span id = json_at_text(c->record, "id");
    bool of_two = span_is(json_at_text(c->record, "type"), "peerToPeer");

    document_value(d, r, "organizer.tenantId", json_first_text(c->record, organizer_tenant));
    document_value(d, r, "person.tenantId", json_first_text(s->endpoint, person_tenant));
    document_value(d, r, "person.id", s->person);
    document_value(d, r, "person.userPrincipalName",
                   json_at_text(s->endpoint, "associatedIdentity.userPrincipalName"));
    document_value(d, r, "person.platform", json_at_text(s->endpoint, "userAgent.platform"));
    identify(c, r, nth);
    if (!of_two)
        fields_set(r, FIELD_CONFERENCE, id);
    fields_set(r, FIELD_PARTICIPANT, s->person);
    fields_set(r, FIELD_PARTICIPANT_NAME,
               document_name(d, json_first_text(s->endpoint, person_label)));
    set_outcome(r, s, n);
    fields_set(r, FIELD_START, s->from_text);
    if (!(r->has & FIELD_BIT(FIELD_DURATION)))
        fields_set(r, FIELD_END, last->to_text);
    add_modalities(d, r, s, n);
}

static void
take_stays(struct call *c)
{
    const struct session *s = c->sessions;
    size_t nth = 0;

    qsort(c->sessions, c->n, sizeof *c->sessions, compare_sessions);
    for (size_t i = 0, end; i < c->n; i = end) {
        size_t last = i;

        for (end = i + 1;
             end < c->n && span_eq(s[end].person, s[i].person) && s[end].from <= s[last].to; end++)
            if (s[end].to > s[last].to)
                last = end;
        take_stay(c, &s[i], end - i, &s[last], ++nth);
    }
    while (nth < c->n && !span_is(json_at_text(c->record, "version"), "1")) {
        struct fields *r = document_record(c->d);

        fields_set(r, FIELD_KIND, SPAN("void"));
        identify(c, r, ++nth);
        fields_set(r, FIELD_START, s[0].from_text);
    }
}

static void
teams_record(struct document *d, const struct json_value *record)
{
    const struct json_value *list = json_find(record, "sessions");
    struct call c = {.d = d, .record = record};

    if (json_find(record, "subscriptionId")) {
        document_ignore(d, json_find(record, "lifecycleEvent")
                               ? "a notification of the subscription's own state"
                               : "a notification: the record is to be fetched");
        return;
    }
    if (json_at_text(record, "id").n == 0 || json_at_text(record, "version").n == 0) {
        document_refuse(d, json_find(record, "caller") ? "a page of sessions without its record"
                                                       : "id: missing, or version");
        return;
    }
    if (!list || list->type != JSON_ARRAY) {
        document_ignore(d, "a call record without its sessions");
        return;
    }
    for (const struct json_value *s = list->first; s; s = s->next)
        c.room += 2;
    c.sessions = arena_alloc(d->mem, (c.room + 1) * sizeof *c.sessions);
    for (const struct json_value *s = list->first; s; s = s->next)
        add_session(&c, s);
    if (json_find(record, "sessions@odata.nextLink"))
        document_ignore(d, "further sessions that were not fetched");
    take_stays(&c);
}

static enum status
teams_read(struct document *d, struct span frame, struct error *err)
{
    static const char *const lists[] = {"value", NULL};

    return document_json(d, frame, lists, teams_record, err);
}

static const struct document_ops teams = {.frame = frame_json, .read = teams_read};
const struct parser_ops parser_teams_callrecord =
    DOCUMENT_PARSER("teams-callrecord", "call records of Microsoft Teams, with their sessions",
                    &teams, document_prepare, document_release);
