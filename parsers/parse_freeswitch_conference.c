/*
 * parse_freeswitch_conference.c - mod_conference of FreeSWITCH: a whole conference in one document.
 *
 *   <cdr><conference>
 *     <name>4711-example.org</name>
 *     <start_time type="UNIX-epoch">1772355600</start_time>
 *     <end_time endconference_forced="false" type="UNIX-epoch">1772359200</end_time>
 *     <members>
 *       <member type="caller">
 *         <join_time>..</join_time><leave_time>..</leave_time>          0: never
 *         <flags><is_moderator>true</is_moderator>...<was_kicked>false</was_kicked>
 *                <is_ghost>false</is_ghost></flags>
 *         <caller_profile><caller_id_number/>...<uuid/></caller_profile>
 *       </member>
 *       <member type="recording_node"><join_time/><leave_time/><record_path/></member>
 *     </members>
 *     <rejected><attempt><reason>invalid_pin</reason><reject_time>..</reject_time>
 *                        [<caller_profile>]</attempt>...</rejected>
 *   </conference></cdr>
 *
 * The conference's id is nowhere but in the name of the file, UUID.cdr.xml. Of another name, or
 * none, the conference is known by its own name and its start. A caller becomes a leg, one who
 * comes back another; a recorder a feature; a rejected attempt a leg that was rejected.
 */
#include "freeswitch.h"
#include "json_document.h"
#include "xml_tree.h"

struct conference {
    struct span id, name, domain, hostname, end;
    const struct xml_node *node;
};

/* --- which one it is --- */

static bool
is_uuid(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? c != '-' : !((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f')))
            return false;
    }
    return s.n == 36;
}

/* The beginning of the file's name, if it is a UUID. */
static struct span
uuid_of(struct span path)
{
    const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
    size_t at = slash ? (size_t)(slash - path.p) + 1 : 0;
    struct span s = span_of(path.p + at, path.n - at > 36 ? 36 : path.n - at);

    return is_uuid(s) ? s : SPAN("");
}

static struct conference
conference_of(struct document *d, const struct xml_node *node, struct span id)
{
    struct conference c = {
        .node = node,
        .id = id,
        .name = document_name(d, xml_text(node, "name")),
        .hostname = xml_text(node, "hostname"),
        .end = xml_text(node, "end_time"),
    };

    if (c.id.n == 0)
        c.id = DOCUMENT_ID(d, c.name, xml_text(node, "start_time"));
    c.domain = freeswitch_domain(c.name);
    return c;
}

/* --- its records --- */

/* What there is to map of a record, and what all of them share. */
static struct named_values
common(struct document *d, struct fields *r, const struct conference *c,
       const struct xml_node *profile, struct span start)
{
    struct named_values v = {.mem = d->mem};

    for (const struct xml_node *n = profile ? profile->first : NULL; n; n = n->next)
        values_add(&v, n->name, n->text);
    values_add(&v, SPAN("name"), c->name);
    values_add(&v, SPAN("domain"), c->domain);
    values_add(&v, SPAN("hostname"), c->hostname);
    values_map(d, r, &v);
    fields_set(r, FIELD_START, start);
    fields_set(r, FIELD_CONFERENCE, c->id);
    fields_set(r, FIELD_CONFERENCE_NAME, c->name);
    fields_set(r, FIELD_PARTICIPANT, document_name(d, values_get(&v, "caller_id_number")));
    fields_set(r, FIELD_PARTICIPANT_NAME, document_name(d, values_get(&v, "caller_id_name")));
    fields_set(r, FIELD_LEG, values_get(&v, "uuid"));
    return v;
}

static bool
flag(const struct xml_node *member, const char *path)
{
    return span_is(xml_text(member, path), "true");
}

/* Zero is never: who never left was there to the end. */
static struct span
leave_time(const struct conference *c, const struct xml_node *member)
{
    struct span left = xml_text(member, "leave_time");

    return left.n == 0 || span_is(left, "0") ? c->end : left;
}

static void
take_caller(struct document *d, const struct conference *c, const struct xml_node *member)
{
    const struct xml_node *profile = xml_find(member, "caller_profile");
    struct span joined = xml_text(member, "join_time"), left = leave_time(c, member);
    struct named_values v;
    struct fields r;

    if (flag(member, "flags/is_ghost")) {
        document_ignore(d, "ghost");
        return;
    }
    fields_begin(&r);
    fields_set(&r, FIELD_ID, DOCUMENT_ID(d, c->id, xml_text(profile, "uuid"), joined));
    v = common(d, &r, c, profile, joined);
    fields_set(&r, FIELD_END, left);
    if (flag(member, "flags/was_kicked"))
        fields_set(&r, FIELD_CAUSE, SPAN("kicked"));
    else if (!span_eq(left, xml_text(member, "leave_time")))
        fields_set(&r, FIELD_CAUSE, SPAN("no leave time"));
    values_show(d, document_event(d, &r), &v);
}

static void
take_recorder(struct document *d, const struct conference *c, const struct xml_node *member)
{
    struct span began = xml_text(member, "join_time"), path = xml_text(member, "record_path");
    struct named_values v;
    struct fields r;

    fields_begin(&r);
    fields_set(&r, FIELD_KIND, span_str(kind_name(KIND_FEATURE)));
    fields_set(&r, FIELD_ID, DOCUMENT_ID(d, c->id, SPAN("recording"), path, began));
    fields_feature(d, &r, "recording");
    v = common(d, &r, c, NULL, began);
    values_show(d, document_event(d, &r), &v);
}

/* The n-th of its document, which is written once: what tells attempts of strangers apart. */
static void
take_attempt(struct document *d, const struct conference *c, const struct xml_node *attempt, int n)
{
    struct span when = xml_text(attempt, "reject_time");
    struct named_values v;
    struct fields r;

    fields_begin(&r);
    fields_set(&r, FIELD_ID,
               DOCUMENT_ID(d, c->id, SPAN("rejected"), document_text(d, "%d", n), when));
    fields_set(&r, FIELD_OUTCOME, SPAN("rejected"));
    fields_set(&r, FIELD_CAUSE, document_name(d, xml_text(attempt, "reason")));
    fields_set(&r, FIELD_DURATION, SPAN("0"));
    v = common(d, &r, c, xml_find(attempt, "caller_profile"), when);
    values_show(d, document_event(d, &r), &v);
}

static void
take_members(struct document *d, const struct conference *c)
{
    for (const struct xml_node *n = xml_find(c->node, "members/member"); n; n = xml_again(n)) {
        struct span type = xml_attribute(n, "type");

        if (span_is(type, "recording_node"))
            take_recorder(d, c, n);
        else if (type.n == 0 || span_is(type, "caller"))
            take_caller(d, c, n);
        else
            document_ignore(d, "member of another type");
    }
}

static void
take_attempts(struct document *d, const struct conference *c)
{
    const struct xml_node *all = xml_find(c->node, "rejected"), *n;
    int attempt = 0;

    for (; all; all = xml_again(all))
        for (n = xml_find(all, "attempt"); n; n = xml_again(n))
            take_attempt(d, c, n, ++attempt);
}

static enum status
read_conference(struct document *d, struct span xml, struct span id, struct conference *out,
                struct error *err)
{
    struct xml_node *root;
    const struct xml_node *node;
    enum status st = xml_parse(xml, d->mem, &root, err);

    if (st != ST_OK)
        return st;
    node = xml_find(root, "conference");
    if (!span_is(root->name, "cdr") || !node)
        return fail_at(err, ST_BAD_INPUT, 0, "cdr/conference: missing");
    *out = conference_of(d, node, id);
    return ST_OK;
}

enum status
freeswitch_rejected(struct document *d, struct span xml, struct span id, struct error *err)
{
    struct conference c;
    enum status st = read_conference(d, xml, id, &c, err);

    if (st == ST_OK)
        take_attempts(d, &c);
    return st;
}

static enum status
freeswitch_conference_read(struct document *d, struct span frame, struct error *err)
{
    struct conference c;
    enum status st = read_conference(d, frame, uuid_of(d->name), &c, err);

    if (st != ST_OK)
        return st;
    take_members(d, &c);
    take_attempts(d, &c);
    return ST_OK;
}

static const struct document_ops freeswitch_conference = {.frame = frame_xml,
                                                          .read = freeswitch_conference_read};

const struct parser_ops parser_freeswitch_conference =
    DOCUMENT_PARSER("freeswitch-conference", "FreeSWITCH conference records (mod_conference)",
                    &freeswitch_conference, document_prepare, document_release);
