/*
 * parse_cisco_meeting_server.c - records of Cisco Meeting Server (Acano), as its Call Bridges post
 * them.
 *
 *   <?xml version="1.0"?>
 *   <records session="2f8c..." callBridge="91aa...">
 *     <record type="callLegStart" time="2026-03-01T09:00:03Z" recordIndex="7" correlatorIndex="6">
 *       <callLeg id="d0c1..."><displayName>Ann</displayName><call>c4f0...</call></callLeg>
 *     </record>
 *   </records>
 *
 * A leg has joined when a record first says which call it is in: its start, or an update if
 * it had to wait in the lobby. All such records of a leg and a call have one id, so the others are
 * duplicates. The end of a leg does not say which call it was.
 */
#include "json_document.h"
#include "named_values.h"
#include "xml_tree.h"

struct post {
    struct document *d;
    struct span session, bridge;
    const struct xml_node *record, *subject; /* <record>, and the <call> or <callLeg> in it */
    struct named_values values;              /* of both, by the names of their elements */
};

/* --- fields --- */

static struct span
text(const struct post *p, const char *path)
{
    return xml_text(p->subject, path);
}

/* What the record says, as far as the format's map wants it. */
static struct fields
begin(struct post *p, const char *kind)
{
    struct named_values *v = &p->values;
    struct fields r;

    fields_begin(&r);
    *v = (struct named_values){.mem = p->d->mem};
    for (const struct xml_node *n = p->subject->first; n; n = n->next)
        values_add(v, n->name, n->text);
    values_add(v, SPAN("session"), p->session);
    values_add(v, SPAN("callBridge"), p->bridge);
    values_map(p->d, &r, v);
    fields_set(&r, FIELD_KIND, span_str(kind));
    fields_set(&r, FIELD_START, xml_attribute(p->record, "time"));
    fields_set(&r, FIELD_ID,
               DOCUMENT_ID(p->d, p->session, xml_attribute(p->record, "correlatorIndex")));
    return r;
}

static void
end(const struct post *p, const struct fields *r)
{
    values_show(p->d, document_event(p->d, r), &p->values);
}

static void
read_call(struct post *p, const char *kind)
{
    struct fields r = begin(p, kind);

    fields_set(&r, FIELD_CONFERENCE, xml_attribute(p->subject, "id"));
    fields_set(&r, FIELD_CONFERENCE_NAME, document_name(p->d, text(p, "name")));
    end(p, &r);
}

static void
give_person(const struct post *p, struct fields *r)
{
    struct span name = document_name(p->d, text(p, "displayName"));

    fields_set(r, FIELD_LEG, xml_attribute(p->subject, "id"));
    fields_set(r, FIELD_PARTICIPANT, text(p, "remoteParty"));
    fields_set(r, FIELD_PARTICIPANT, name);
    fields_set(r, FIELD_PARTICIPANT, text(p, "remoteAddress"));
    fields_set(r, FIELD_PARTICIPANT_NAME, name);
    fields_set(r, FIELD_DIRECTION, text(p, "direction"));
}

static void
read_join(struct post *p)
{
    struct span call = text(p, "call"), leg = xml_attribute(p->subject, "id");
    struct fields r;

    if (call.n == 0) {
        document_ignore(p->d, "leg that is in no call yet");
        return;
    }
    r = begin(p, "join");
    r.has &= ~FIELD_BIT(FIELD_ID);
    fields_set(&r, FIELD_ID, DOCUMENT_ID(p->d, leg, call, SPAN("join")));
    fields_set(&r, FIELD_CONFERENCE, call);
    give_person(p, &r);
    end(p, &r);
}

/* A share of the time, "0.0" being none of it. */
static bool
is_some(struct span share)
{
    for (size_t i = 0; i < share.n; i++)
        if (share.p[i] >= '1' && share.p[i] <= '9')
            return true;
    return false;
}

static void
give_features(const struct post *p, struct fields *r)
{
    static const struct {
        const char *path, *feature;
    } usage[] = {
        {"mediaUsagePercentages/mainVideoContributor", "video"},
        {"mediaUsagePercentages/presentationContributor", "presentation"},
    };

    for (size_t i = 0; i < sizeof usage / sizeof *usage; i++)
        if (is_some(text(p, usage[i].path)))
            fields_feature(p->d, r, usage[i].feature);
}

/* durationSeconds has the lobby in it; activatedDuration is the time in the conference, and may be
 * missing where it is nothing. Somebody who was not let in was never there. */
static void
read_leave(struct post *p)
{
    struct span inside = text(p, "activatedDuration");
    bool refused = span_is(text(p, "confirmationStatus"), "rejected");
    struct fields r = begin(p, refused ? "leg" : "leave");

    give_person(p, &r);
    fields_set(&r, FIELD_REASON, text(p, "reason"));
    if (refused) {
        fields_set(&r, FIELD_OUTCOME, SPAN("rejected"));
        fields_set(&r, FIELD_CAUSE, SPAN("not admitted"));
        fields_set(&r, FIELD_DURATION, SPAN("0"));
    } else {
        fields_set(&r, FIELD_DURATION, inside.n > 0 ? inside : text(p, "durationSeconds"));
        give_features(p, &r);
    }
    end(p, &r);
}

static void
read_feature(struct post *p, const char *feature)
{
    struct fields r = begin(p, "feature");

    fields_feature(p->d, &r, feature);
    fields_set(&r, FIELD_CONFERENCE, text(p, "call"));
    fields_set(&r, FIELD_LEG, text(p, "callLeg"));
    end(p, &r);
}

/* --- records --- */

static void
read_record(struct post *p)
{
    struct span type = xml_attribute(p->record, "type");

    if (xml_attribute(p->record, "numPreceedingRecordsMissing").n > 0)
        document_refuse(p->d, "the Call Bridge has dropped records before one of these");
    if (!p->subject || xml_attribute(p->subject, "id").n == 0)
        document_refuse(p->d, "record: without an element that has an id");
    else if (span_is(type, "callStart"))
        read_call(p, "conference_start");
    else if (span_is(type, "callEnd"))
        read_call(p, "conference_end");
    else if (span_is(type, "callLegStart") || span_is(type, "callLegUpdate"))
        read_join(p);
    else if (span_is(type, "callLegEnd"))
        read_leave(p);
    else if (span_is(type, "recordingStart"))
        read_feature(p, "recording");
    else if (span_is(type, "streamingStart"))
        read_feature(p, "streaming");
    else
        document_ignore(p->d, "record that says nothing of usage");
}

static enum status
cms_read(struct document *d, struct span frame, struct error *err)
{
    struct post p = {.d = d};
    struct xml_node *root;
    enum status st;

    while (frame.n > 0 && (*frame.p == '\n' || *frame.p == '\r' || *frame.p == ' '))
        frame = span_of(frame.p + 1, frame.n - 1); /* of the post before */
    st = xml_parse(frame, d->mem, &root, err);
    if (st != ST_OK)
        return st;
    if (!span_is(root->name, "records"))
        return fail_at(err, ST_BAD_INPUT, 0, "the first element is not <records>");
    p.session = xml_attribute(root, "session");
    p.bridge = xml_attribute(root, "callBridge");
    if (p.session.n == 0)
        return fail_at(err, ST_BAD_INPUT, 0, "records: without a session");
    for (p.record = xml_find(root, "record"); p.record; p.record = xml_again(p.record)) {
        p.subject = p.record->first;
        read_record(&p);
    }
    return ST_OK;
}

static const struct document_ops cms = {.frame = frame_xml, .read = cms_read};

const struct parser_ops parser_cisco_meeting_server =
    DOCUMENT_PARSER("cisco-meeting-server", "records of Cisco Meeting Server's Call Bridges", &cms,
                    document_prepare, document_release);
